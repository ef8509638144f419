"""The slowest calls, and those far out of their own function's distribution."""

from collections.abc import Sequence

from tracereport.model import Report, Rows, SlowCalls, SlowestCall
from tracereport.sections.cells import (
    Asked,
    CallerName,
    Calls,
    Figure,
    FunctionName,
    Metrics,
    Name,
    Place,
    recorded_time,
    time_range,
)
from tracereport.sections.interface import SLOWEST, Column, SectionView, counts, figures, words
from tracereport.wording.scope import name_record
from tracereport.wording.units import format_exact_time, format_time


class SlowestCalls(SectionView[SlowestCall]):
    """The longest calls with what they asked and where they stand."""

    key = "slowest-calls"
    title = "Slowest Calls"
    chapter = SLOWEST
    definition = "self"
    fix = "Look at the breakdown of the function: its largest share is where the time goes."

    def rows(self, report: Report) -> Rows[SlowestCall]:
        """The longest first, nested calls included."""
        return report.slowest_calls

    def columns(self, report: Report) -> Sequence[Column[SlowestCall]]:
        """The process only where there are several."""
        several = report.processes.total > 1
        return (
            figures("elapsed", _elapsed, "self"),
            words("what was asked", lambda row: Asked(row.function, row.params, row.caller)),
            words("call", lambda row: Place(row.number, row.line, record=name_record(report))),
            *([words("process", lambda row: Name(row.process_name))] if several else []),
            Column("metrics", lambda row: Metrics(row.metrics), figures=False, spare=True),
        )

    def functions(self, row: SlowestCall, report: Report) -> Sequence[str]:
        """The function that was called."""
        del report
        return (row.function,)


def _elapsed(row: SlowestCall) -> Figure:
    return recorded_time(row.elapsed_ns, row.elapsed_upper_ns - row.elapsed_ns)


class FarSlower(SectionView[SlowCalls]):
    """Calls over the limit that their function's other calls set."""

    key = "slow-calls"
    title = "Slow Calls"
    chapter = SLOWEST
    definition = "slow"
    fix = "Find out what these do that the others of the function don't: a first load, a lock, a larger answer."
    as_entries = True

    def rows(self, report: Report) -> Rows[SlowCalls]:
        """By function and caller."""
        return report.slow_calls

    def columns(self, report: Report) -> Sequence[Column[SlowCalls]]:
        """The limit stands beside what was over it."""
        del report
        return (
            counts("calls", lambda row: row.calls),
            words("function", lambda row: FunctionName(row.function)),
            words("caller", lambda row: CallerName(row.caller)),
            figures("over", lambda row: Figure(format_time(row.limit_ns), format_exact_time(row.limit_ns))),
            figures("time", lambda row: time_range(row.elapsed_ns, row.elapsed_upper_ns)),
            words("call numbers", lambda row: Calls(row.worst)),
        )

    def note(self, report: Report) -> str:
        """The rule."""
        rules = dict.fromkeys(row.rule for row in report.slow_calls.rows)
        return f"Over the limit: {'; '.join(rules)}." if rules else ""

    def functions(self, row: SlowCalls, report: Report) -> Sequence[str]:
        """The function that was called."""
        del report
        return (row.function,)
