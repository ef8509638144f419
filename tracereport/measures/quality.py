"""Data quality: what would mislead a reader of the report, each with the remedy."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_NAME, Calls, Facts
from tracereport.calls.facts import count_notices
from tracereport.calls.grouping import keep_rows
from tracereport.measures.context import Context
from tracereport.measures.distribution import count_times, split_times, subtract_times
from tracereport.measures.few_told import count_unproven, describe_unproven
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.lines_told import describe_lines
from tracereport.measures.partials import Table, merge_tables
from tracereport.measures.units_told import describe_units
from tracereport.measures.usage import describe_usage, find_remedies
from tracereport.model import UNKNOWN_CALLER, QualityWarning, Rows
from tracereport.wording.phrases import format_counted

if TYPE_CHECKING:
    from tracereport.measures.functions import FunctionsPart
    from tracereport.measures.slow import SlowPart

_LOADING_NS: Final = 50_000_000
_MICROSECOND_NS: Final = 1_000
_USUAL_PERCENT: Final = 90
"""So many of a function's later calls tell what it usually takes."""
_NAME_CALLER: Final = "Let the emitter write who calls as the parameter caller, as in caller=load_node."


class QualityPart(msgspec.Struct, frozen=True, eq=False):
    """Counts of calls that would mislead a reader."""

    interleaved: int
    implausible: int
    impossible_parents: int
    truncated: int
    """Calls that read 0 in a unit coarser than a nanosecond."""
    loading: Table
    """First calls that may have loaded symbols, by function and elapsed time."""
    few: Table
    """What is asked for too few values to tell a loop, by function, caller and place."""


def measure_quality(context: Context) -> QualityPart:
    """Counts what would mislead."""
    calls = context.calls
    first = _find_long_first_calls(context)
    return QualityPart(
        interleaved=int(np.count_nonzero(~calls.judged)),
        implausible=int(np.count_nonzero(calls.implausible)),
        impossible_parents=calls.impossible_parents,
        truncated=int(np.count_nonzero((calls.elapsed_ns == 0) & (calls.resolution_ns > 1))),
        loading=count_times(calls.function[first], calls.elapsed_ns[first], calls.names),
        few=count_unproven(context),
    )


def merge_quality(parts: Sequence[QualityPart]) -> QualityPart:
    """The counts of all parts."""
    return QualityPart(
        interleaved=sum(part.interleaved for part in parts),
        implausible=sum(part.implausible for part in parts),
        impossible_parents=sum(part.impossible_parents for part in parts),
        truncated=sum(part.truncated for part in parts),
        loading=merge_tables([part.loading for part in parts]),
        few=merge_tables([part.few for part in parts]),
    )


def _find_long_first_calls(context: Context) -> NDArray[np.intp]:
    """First calls of judged processes that took long, where a backtrace names callers."""
    calls = context.calls
    is_named = ~_is_called(calls, UNKNOWN_CALLER)
    is_named[NO_NAME] = False
    names_callers = np.zeros(len(calls.processes.name), bool)
    names_callers[calls.process[is_named[calls.caller]]] = True
    # An emitter that says the parent has no need of a backtrace.
    names_callers &= ~calls.processes.has_tree("given")
    first = np.flatnonzero(context.is_first & calls.judged & (calls.elapsed_ns >= _LOADING_NS))
    return first[names_callers[calls.process[first]]]


def _is_called(calls: Calls, name: str) -> NDArray[np.bool_]:
    """Per name code whether it is this name; the last one is for ``NO_NAME``."""
    return np.array([own == name for own in calls.names] + [False], bool)


def find_warnings(whole: Whole) -> Rows[QualityWarning]:
    """All warnings that the calls and the lines give cause for."""
    part: QualityPart = whole["quality"]
    facts: Facts | None = whole["input"]
    notices = count_notices(facts) if facts is not None else {}
    return keep_rows(
        [
            *_of_input(facts),
            *describe_usage(notices),
            *_of_processes(part, whole["processes"].processes, notices),
            *describe_units(whole, notices, part.interleaved),
            *describe_unproven(part.few),
            *describe_lines(notices),
            *_of_callers(whole, notices),
            *_of_first_calls(whole, part),
            *_of_times(whole, part),
        ]
    )


def warn_of_unread(error: str, remedy: str, count: int = 1) -> QualityWarning:
    """The warning that something of the input isn't in the figures; of several things the first is named."""
    return QualityWarning(
        code="unreadable",
        message=f"{error}; the figures are of what could be read.",
        remedy=remedy,
        count=count,
        misleading=True,
    )


def _of_input(facts: Facts | None) -> Iterator[QualityWarning]:
    if facts is None:
        return
    for error in facts.input.errors:
        yield warn_of_unread(error, "Make the log again or copy it again; a killed job leaves half an archive.")
    if facts.input.partial:
        yield QualityWarning(
            code="partial-table",
            message="The table of calls was written under a selection: calls are missing from it.",
            remedy="Write the table without --function, --caller, --process, --test, --param and --call.",
            count=1,
            misleading=True,
        )


def _separate_processes(notices: Mapping[str, int]) -> str:
    """How to keep processes apart, by what wrote the log and how the tests were run."""
    if (remedies := find_remedies(notices)) is not None:
        return remedies[1]
    if notices.get("cargo") and not notices.get("nextest"):
        return "Run the tests with -- --test-threads=1 or cargo-nextest, or give each process a log of its own."
    return "Let each record say process=<number> behind its time, as our emitters do, or give each process its own log."


def _name_callers(notices: Mapping[str, int], known: int) -> str:
    """How to learn who calls, by what wrote the log and what is known already."""
    if (remedies := find_remedies(notices)) is not None:
        return remedies[0]
    if known:
        return (
            "Some callers are known. In Rust, build with symbols (debug = 1 in the profile); "
            "elsewhere trace the function that asks, or write its name as the parameter caller."
        )
    if notices.get("cargo") or notices.get("nextest"):
        return "Run with RUST_BACKTRACE=1: the emitter takes the caller's name from the backtrace."
    return "In Rust, run with RUST_BACKTRACE=1; elsewhere let the emitter write who calls as the parameter caller."


def _of_processes(part: QualityPart, processes: Table, notices: Mapping[str, int]) -> Iterator[QualityWarning]:
    certain, unfinished = (int(processes.sums[name].sum()) for name in ("least_repeats", "unfinished_calls"))
    if not_judged := part.interleaved:
        yield QualityWarning(
            code="interleaved",
            message=f"Not judged: {format_counted(not_judged, 'call')} of processes that wrote at the same time. "
            "Their calls and times are counted, their repeats can't be told"
            + (f"; at least {certain:,} of them ask again, whoever made them." if certain else "."),
            remedy=_separate_processes(notices),
            count=not_judged,
            misleading=True,
        )
    if implausible := part.implausible:
        yield QualityWarning(
            code="implausible-numbers",
            message="1 call has a number far from all others: a record quoted in a value, or a damaged line. "
            "It takes no part in trees and unfinished calls."
            if implausible == 1
            else f"{implausible:,} calls have numbers far from all others: records quoted in values, or damaged lines. "
            "They take no part in trees and unfinished calls.",
            remedy="Look at the lines with --format raw; keep trace lines out of traced values.",
            count=implausible,
            misleading=True,
        )
    if count := part.impossible_parents:
        yield QualityWarning(
            code="impossible-parents",
            message=f"{format_counted(count, 'call names', 'calls name')} a parent that began later, "
            "or a number that stands for two calls: no tree is made of their processes.",
            remedy="Give each call of a process a number of its own when it starts, and name its parent by that.",
            count=count,
            misleading=True,
        )
    if unfinished:
        yield QualityWarning(
            code="unfinished",
            message=f"{format_counted(unfinished, 'call')} began and never printed: "
            "killed, leaked, aborted or filtered.",
            remedy="Let the tests run to their end and keep the whole log; a call that is leaked can't be measured.",
            count=unfinished,
            misleading=True,
        )


def _of_callers(whole: Whole, notices: Mapping[str, int]) -> Iterator[QualityWarning]:
    by_caller = dict(whole.edges.by("caller").rows("caller", "calls"))
    unknown, missing = by_caller.get(UNKNOWN_CALLER, 0), by_caller.get(None, 0)
    if 2 * (unknown + missing) <= sum(by_caller.values()):
        return
    consequence = "who asks, and whether two callers ask for the same, can't be told."
    if unknown:
        yield QualityWarning(
            code="no-callers",
            message=f"{format_counted(unknown, 'call has', 'calls have')} an unknown caller: {consequence}",
            remedy=_name_callers(notices, sum(by_caller.values()) - unknown - missing),
            count=unknown,
            misleading=True,
        )
    if missing:
        yield QualityWarning(
            code="missing-callers",
            message=f"{format_counted(missing, 'call says', 'calls say')} nothing of a caller: {consequence}",
            remedy=(find_remedies(notices) or (_NAME_CALLER,))[0],
            count=missing,
            misleading=True,
        )


def _of_first_calls(whole: Whole, part: QualityPart) -> Iterator[QualityWarning]:
    if count := _count_loading(whole, part):
        yield QualityWarning(
            code="symbol-loading",
            message=f"{format_counted(count, 'first call')} of a process took "
            f"{_LOADING_NS // 1_000_000} ms or more beyond what later calls of the function take: "
            "the time that a first backtrace takes to load symbols stands in them.",
            remedy="Don't compare times of first calls; counts are not touched. No saving is promised from them.",
            count=count,
            misleading=False,
        )


def _count_loading(whole: Whole, part: QualityPart) -> int:
    """First calls that took far longer than their function's later ones."""
    slow: SlowPart = whole["slow_calls"]
    functions: FunctionsPart = whole["functions"]
    first = split_times(part.loading)
    if not first:
        return 0
    later = split_times(subtract_times(functions.times, slow.incomparable))
    found = 0
    for function, times in first.items():
        # Where nothing else is known of a function, its first call may well be as long as the others.
        if function in later:
            excess_ns = times.elapsed_ns - later[function].percentile(_USUAL_PERCENT)
            found += int(times.calls[excess_ns >= _LOADING_NS].sum())
    return found


def _of_times(whole: Whole, part: QualityPart) -> Iterator[QualityWarning]:
    truncated = part.truncated
    if 2 * truncated > int(whole.edges.sums["calls"].sum()):
        yield QualityWarning(
            code="truncated-times",
            message=f"{format_counted(truncated, 'call reads', 'calls read')} 0 because times are cut off: "
            "sums are lower bounds, and every time is shown with its range.",
            remedy=_name_finer_unit(whole),
            count=truncated,
            misleading=False,
        )


def _name_finer_unit(whole: Whole) -> str:
    """What to print instead of what is printed."""
    functions: FunctionsPart = whole["functions"]
    coarsest_ns = max(int(resolution_ns) for (resolution_ns,) in functions.resolution.rows("resolution_ns"))
    if coarsest_ns <= _MICROSECOND_NS:
        return "They took less than a microsecond each: print elapsed_ns instead of elapsed_us if that matters."
    return "Print elapsed_us or elapsed_ns instead of elapsed_ms."


MEASURE = Measure("quality", measure_quality, merge_quality, find_warnings)
