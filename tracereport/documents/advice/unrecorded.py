"""Many calls under one parent whose values weren't recorded: an N+1, or one question asked again."""

from collections.abc import Iterator

from tracereport.documents.advice.paragraphs import verify
from tracereport.documents.advice.words import Words
from tracereport.wording.phrases import format_count, format_counted


def advise(words: Words) -> Iterator[str]:
    """Advises to find out which of the two it is, and to ask once."""
    finding = words.finding
    yield (
        f"Ask {words.function} once for each {words.parent}: for all values in a single call, or for one and keep the "
        "answer."
    )
    worst = f" up to {format_count(finding.worst[0])} times" if finding.worst else ""
    yield (
        f"**What it is.** Here {words.caller} calls {words.function}{worst} in one {words.parent}. The values weren't "
        "recorded: it may be an N+1, or one question asked again. Either way "
        f"{format_counted(finding.avoidable_calls, 'call')} are too many."
    )
    yield "**When it is no problem.** If each answer decides what is asked next."
    yield (
        f"**How to fix it.** To see which of the two it is, {words.values()} Then collect what is asked and ask once, "
        "or keep the answer."
    )
    yield from verify(finding)
