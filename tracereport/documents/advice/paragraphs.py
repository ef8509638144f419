"""Paragraphs that several kinds of advice share."""

from collections.abc import Iterator, Sequence

from tracereport.documents.advice.words import Words
from tracereport.documents.markdown_text import code, sketch
from tracereport.model import Finding
from tracereport.wording.phrases import format_count, format_counted


def fence(lines: Sequence[str], language: str = "diff") -> str:
    """A block of code."""
    return "\n".join([f"```{language}", *lines, "```"])


def capitalize(text: str) -> str:
    """The text as a sentence begins."""
    return text[:1].upper() + text[1:]


def describe_answers(finding: Finding) -> Iterator[str]:
    """Sentences on the answers that the repeats got."""
    if finding.unchanged:
        were = "was" if finding.unchanged == 1 else "were"
        yield f"{format_count(finding.unchanged)} of them {were} given the answer that was already known."
    if finding.changed:
        were = "was" if finding.changed == 1 else "were"
        yield (
            f"{format_count(finding.changed)} {were} given a different one, because something was written in between. "
            "It was right to ask for these, and whatever keeps the answer must forget it after the write."
        )


def ask_for_proof(words: Words) -> Iterator[str]:
    """Sentences on the repeats whose answers aren't known."""
    if words.finding.unproven:
        yield (
            f"For {format_count(words.finding.unproven)} nothing shows whether the answer had changed, because the "
            f"trace has no result. To prove this, {words.prove()}"
        )


def describe_neighbours(finding: Finding) -> Iterator[str]:
    """A paragraph on repeats that directly follow the previous call, and one on those that found nothing."""
    if finding.sequential:
        repeats = capitalize(format_counted(finding.sequential, "repeat"))
        follow = "follows" if finding.sequential == 1 else "follow"
        yield (
            f"**Directly after one another.** {repeats} directly {follow} the call before, with no traced call in "
            f"between. {_who_made_both(finding)}"
        )
    if finding.negative:
        yield (
            f"**Absence.** {capitalize(format_counted(finding.negative, 'repeat'))} found nothing, as before. A cache "
            "that keeps only what it finds asks for these every time: keep the absence, too, and forget it when the "
            "thing is created."
        )


def _who_made_both(finding: Finding) -> str:
    if not finding.sequential_own:
        return "No single caller is known to have made both: hand the answer on from one to the other."
    if finding.sequential_own == finding.sequential:
        return "The same caller made both: a local variable is enough."
    return (
        f"For {format_count(finding.sequential_own)} of them the same caller made both: there a local variable is "
        "enough. For the others, hand the answer on from one to the other."
    )


def verify(finding: Finding) -> Iterator[str]:
    """How to check that the fix worked."""
    fingerprint = sketch(finding.fingerprint)
    if finding.kind == "slow" or (finding.kind == "fan-out" and finding.confidence == "low"):
        because = "times are noisy" if finding.kind == "slow" else "without a call tree it depends on threads"
        yield (
            f"**How to verify it.** A comparison leaves this finding out, because {because}. Run the same tests with "
            "the change, more than once, and look for it in each log; it should be gone:"
        )
        yield fence([f"tracereport after.log --explain {fingerprint}"], "sh")
        return
    yield "**How to verify it.** Make a report before the change, run the same tests with it, and compare:"
    yield fence(["tracereport before.log -o before.json", "tracereport after.log --baseline before.json"], "sh")
    saved = finding.calls_saved or finding.possible_calls_saved
    gone = f", and up to {format_counted(saved, 'call')} of {code(finding.function)} should be gone" if saved else ""
    yield (
        f"This finding, `{fingerprint}`, should read *resolved* or *better*{gone}. If another finding grew by as much, "
        "the calls have only moved."
    )
