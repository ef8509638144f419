"""Who calls what, and how much of it again."""

from collections.abc import Sequence

from tracereport.model import Caller, Edge, Report, Rows
from tracereport.sections.call_kinds import bars_of_calls
from tracereport.sections.cells import CallerName, FunctionName, time_range
from tracereport.sections.interface import (
    CALLERS,
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

_MOST_CALLED = 24
"""Functions of a caller above which it is shown whatever function is chosen."""


class CallPatterns(SectionView[Edge]):
    """Which function calls which."""

    key = "call-patterns"
    title = "Call Patterns"
    chapter = CALLERS
    definition = "calls"
    fix = "Where one caller makes most of the calls, change the caller, not the function."
    charts = ("edges",)

    def rows(self, report: Report) -> Rows[Edge]:
        """By calls."""
        return report.edges

    def columns(self, report: Report) -> Sequence[Column[Edge]]:
        """Calls, and repeats by the caller itself."""
        changed = by_key(report.comparison.edges.rows if report.comparison is not None else (), "caller", "function")

        def change_of(row: Edge) -> object:
            return changed.get((row.caller, row.function))

        return (
            counts("calls", lambda row: row.calls, "calls"),
            *changes(report, change_of, "calls"),
            words("caller", lambda row: CallerName(row.caller)),
            words("function", lambda row: FunctionName(row.function)),
            counts("again", lambda row: row.again_calls, "redundant"),
            *changes(report, change_of, "again"),
            figures("total", lambda row: time_range(row.total_elapsed_ns, row.total_elapsed_upper_ns), "self"),
        )

    def functions(self, row: Edge, report: Report) -> Sequence[str]:
        """The function that is called."""
        del report
        return (row.function,)


class Callers(SectionView[Caller]):
    """How much each caller asks, and how often for what was asked before."""

    key = "callers-by-calls"
    title = "Callers"
    chapter = CALLERS
    definition = "redundant"
    fix = "A caller that asks again for an unchanged answer should keep it."

    def rows(self, report: Report) -> Rows[Caller]:
        """By calls."""
        return report.callers

    def columns(self, report: Report) -> Sequence[Column[Caller]]:
        """Calls and repeats with what they were told, then the time of all calls."""
        changed = by_key(report.comparison.callers.rows if report.comparison is not None else (), "caller")

        def change_of(row: Caller) -> object:
            return changed.get((row.caller,))

        return (
            counts("calls", lambda row: row.calls, "calls"),
            *changes(report, change_of, "calls"),
            words("caller", lambda row: CallerName(row.caller)),
            *batched(report),
            counts("repeats", lambda row: row.repeats, "redundant"),
            *answers(),
            counts("again", lambda row: row.again_calls, "redundant"),
            *changes(report, change_of, "again"),
            figures("total", lambda row: time_range(row.total_elapsed_ns, row.total_elapsed_upper_ns), "self"),
        )

    def bars(self, report: Report) -> Bars[Caller]:
        """Calls by what they ask for."""
        return bars_of_calls(report.callers.rows)

    def functions(self, row: Caller, report: Report) -> Sequence[str]:
        """What it calls."""
        called = [edge.function for edge in report.edges.rows if edge.caller == row.caller]
        return called if len(called) <= _MOST_CALLED else ()
