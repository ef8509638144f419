"""An N+1: one call for each of many values."""

from collections.abc import Iterator

from tracereport.documents.advice.paragraphs import fence, verify
from tracereport.documents.advice.words import Words
from tracereport.documents.markdown_text import prose
from tracereport.wording.phrases import format_count


def advise(words: Words) -> Iterator[str]:
    """Advises to ask for all values at once."""
    finding = words.finding
    yield words.load_first()
    worst = f", up to {format_count(finding.worst[0])} times in one {words.parent}" if finding.worst else ""
    low = (
        f" This finding is marked *low* ({prose(finding.reason)}): look at the calls before you change anything."
        if finding.confidence == "low"
        else ""
    )
    yield (
        f"**What it is.** An N+1: {words.caller} calls {words.function} once for each {words.varying}, with all other "
        f"parameters the same{worst}. Every call pays for its own round trip, parsing and locking, so the cost grows "
        f"with the data: what is quick in a test may be slow in production.{low}"
    )
    yield (
        f"**When it is no problem.** If there are few {words.varying}s and always will be; if each of them is only "
        f"known from the previous answer; or if {words.function} costs next to nothing and can't answer for several at "
        "once."
    )
    yield f"**How to fix it.** {words.load_fix()}"
    yield fence(words.load_sketch())
    yield from verify(finding)
