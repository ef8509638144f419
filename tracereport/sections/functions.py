"""Functions: how often each is called and asked again, and where its time goes."""

from collections.abc import Sequence

from tracereport.model import Function, Report, Rows
from tracereport.sections.call_kinds import bars_of_calls
from tracereport.sections.cells import FunctionName, recorded_time, self_time, time_range
from tracereport.sections.interface import (
    FUNCTIONS,
    Bars,
    Column,
    SectionView,
    answers,
    batched,
    by_key,
    changes,
    counts,
    figures,
    words,
)


class _OfFunctions(SectionView[Function]):
    """A table of functions, the most called first."""

    chapter = FUNCTIONS

    def rows(self, report: Report) -> Rows[Function]:
        """By calls."""
        return report.functions

    def functions(self, row: Function, report: Report) -> Sequence[str]:
        """Itself."""
        del report
        return (row.function,)


class Functions(_OfFunctions):
    """Calls and repeats."""

    key = "functions-by-calls"
    title = "Top {top} Functions by Call Count"
    definition = "calls"
    fix = "Start where most is asked again for an unchanged answer; batch or cache what is called hundreds of times."

    def columns(self, report: Report) -> Sequence[Column[Function]]:
        """Calls and repeats with what they were told, then the time of all calls."""
        changed = by_key(report.comparison.functions.rows if report.comparison is not None else (), "function")

        def change_of(row: Function) -> object:
            return changed.get((row.function,))

        return (
            counts("calls", lambda row: row.calls, "calls"),
            *changes(report, change_of, "calls"),
            words("function", lambda row: FunctionName(row.function)),
            *batched(report),
            counts("repeats", lambda row: row.redundant_calls, "redundant"),
            *changes(report, change_of, "redundant"),
            *answers(),
            figures("total", lambda row: time_range(row.total_elapsed_ns, row.total_elapsed_upper_ns), "self"),
            counts("lookups", lambda row: row.lookups, "lookup"),
        )

    def bars(self, report: Report) -> Bars[Function]:
        """Calls by what they ask for."""
        return bars_of_calls(report.functions.rows)

    def empty(self, report: Report) -> str:
        """That nothing was traced."""
        del report
        return "None: no call was traced."


class FunctionTimes(_OfFunctions):
    """Total and self time, and how a single call compares."""

    key = "function-times"
    title = "Times of Functions"
    definition = "percentiles"
    fix = "Look first where self time is large: the time is spent there and not in what is called from there."
    charts = ("latencies",)

    def columns(self, report: Report) -> Sequence[Column[Function]]:
        """The sums first."""
        knows_self = any(row.self_ns is not None for row in report.functions.rows)
        return (
            figures("total", lambda row: time_range(row.total_elapsed_ns, row.total_elapsed_upper_ns), "self"),
            words("function", lambda row: FunctionName(row.function)),
            *([figures("self", lambda row: self_time(row.self_ns, row.self_upper_ns), "self")] if knows_self else []),
            figures("p50", lambda row: recorded_time(row.p50_elapsed_ns, row.resolution_ns), "percentiles"),
            figures("p90", lambda row: recorded_time(row.p90_elapsed_ns, row.resolution_ns), "percentiles"),
            figures("p99", lambda row: recorded_time(row.p99_elapsed_ns, row.resolution_ns), "percentiles"),
            figures("max", lambda row: recorded_time(row.max_elapsed_ns, row.resolution_ns), "percentiles"),
        )

    def bars(self, report: Report) -> Bars[Function]:
        """Self time inside of the whole, and what truncation may hide."""
        knows_self = any(row.self_ns is not None for row in report.functions.rows)
        inside = (("self", "self"), ("in calls inside", "time")) if knows_self else (("total", "time"),)
        legend = (*inside, ("at most, since times are cut off", "line"))
        return Bars("time", legend, lambda row: _time_parts(row)[-len(legend) :])


def _time_parts(row: Function) -> Sequence[float]:
    """Self time, the rest, and what truncation may hide."""
    own_ns = min(max(row.self_ns or 0, 0), row.total_elapsed_ns)
    return (own_ns, row.total_elapsed_ns - own_ns, row.total_elapsed_upper_ns - row.total_elapsed_ns)
