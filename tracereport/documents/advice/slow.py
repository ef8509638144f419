"""Calls that take far longer than their function usually does."""

from collections.abc import Iterator

from tracereport.documents.advice.paragraphs import capitalize, verify
from tracereport.documents.advice.words import Words
from tracereport.wording.phrases import format_counted
from tracereport.wording.units import format_time


def advise(words: Words) -> Iterator[str]:
    """Find out what they do that others don't."""
    finding = words.finding
    one = finding.calls == 1
    yield (
        f"Find out what {words.function} does in {'this call' if one else 'these calls'} and not in its others: a "
        "first load, a lock, a far larger answer."
    )
    yield (
        f"**What it is.** {capitalize(format_counted(finding.calls, 'call'))} of {words.function} by {words.caller} "
        f"{'takes' if one else 'take'} far longer than that function usually does, {format_time(finding.elapsed_ns)} "
        "in all. No call is superfluous here: each is slow by itself."
    )
    yield (
        "**When it is no problem.** If it is the first of its process, and opens, compiles or loads what the later "
        "ones use. Times differ from run to run: one slow run says little."
    )
    yield (
        "**How to fix it.** Compare the parameters and metrics of the slow calls with those of quick ones. A time "
        "metric that grows with the elapsed time names the step. Where none does, the time goes by in what isn't "
        "measured: put a metric around half of it, and look again."
    )
    yield from verify(finding)
