"""Calls that take far longer than their function usually does."""

from collections.abc import Iterator

from tracereport.documents.advice.paragraphs import capitalize, verify
from tracereport.documents.advice.words import Words
from tracereport.wording.phrases import format_counted
from tracereport.wording.units import format_time


def advise(words: Words) -> Iterator[str]:
    """Advises to find out what they do that others don't."""
    finding = words.finding
    one = finding.calls == 1
    yield (
        f"Find out what {words.function} does in {'this call' if one else 'these calls'} and not in its others: a "
        "first load, a lock, a far larger answer."
    )
    yield (
        f"**What it is.** {capitalize(format_counted(finding.calls, 'call'))} of {words.function} by {words.caller} "
        f"{'takes' if one else 'take'} far longer than that function usually does, {format_time(finding.elapsed_ns)} "
        "in all. None of these calls is superfluous: each is slow by itself."
    )
    yield (
        "**When it is no problem.** If it is the first of its process, and opens, compiles or loads what later calls "
        "use. Times differ from run to run: one slow run says little."
    )
    yield (
        "**How to fix it.** Compare the parameters and metrics of the slow calls with those of quick ones. A time "
        "metric that grows with the elapsed time names the slow step. If none does, the time is spent in code that "
        "isn't measured: put a metric around half of that code, and look again."
    )
    yield from verify(finding)
