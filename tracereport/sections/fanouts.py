"""Calls that are made once for each value where one call could do."""

from collections.abc import Sequence

from tracereport.model import FanOut, Report, Rows
from tracereport.sections.cells import Asked, Calls, Cell, Place, Words, list_names, time_range
from tracereport.sections.interface import REDUNDANCY, Column, SectionView, counts, figures, words
from tracereport.wording.scope import name_record


class FanOuts(SectionView[FanOut]):
    """Groups of calls that differ in one parameter."""

    key = "fan-outs"
    title = "Fan-Out (N+1)"
    chapter = REDUNDANCY
    definition = "fan-out"
    fix = "Ask for all values in one batch call."
    as_entries = True

    def rows(self, report: Report) -> Rows[FanOut]:
        """By avoidable calls."""
        return report.fanouts

    def columns(self, report: Report) -> Sequence[Column[FanOut]]:
        """What varies, what that costs, and under which call."""
        return (
            counts("calls", lambda row: row.calls, "calls"),
            words("asked one by one", lambda row: Asked(row.function, row.fixed_params, row.caller)),
            words("once for each", _varying),
            counts("values", lambda row: row.distinct_values),
            counts("avoidable", lambda row: row.avoidable_calls, "fan-out"),
            figures("time", lambda row: time_range(row.elapsed_ns, row.elapsed_upper_ns), "self"),
            words("under", lambda row: _parent(row, name_record(report))),
            words("confidence", lambda row: Words(row.confidence), "confidence"),
            words("call numbers", lambda row: Calls(row.call_references)),
        )

    def functions(self, row: FanOut, report: Report) -> Sequence[str]:
        """The function that is asked."""
        del report
        return (row.function,)


def _parent(row: FanOut, record: str) -> Cell:
    if row.parent is None:
        return Words("no tree is known")
    return Place(row.parent.number, row.parent.line, row.parent_function or "", record)


def _varying(row: FanOut) -> Cell:
    """What differs from call to call."""
    if row.varying_params:
        return list_names(row.varying_params)
    return Words("row" if row.writes else "call, values not recorded")
