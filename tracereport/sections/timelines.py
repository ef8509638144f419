"""The calls around what shows a finding, in the order in which they were made, equal ones in a row together."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final

import msgspec

from tracereport.model import Param, Report, Rows, Timeline, TimelineCall
from tracereport.sections.cells import Cell, Count, Figure, Numbers, Step, Words, time_range
from tracereport.sections.interface import CALL_ORDER, Column, SectionView, words
from tracereport.wording.phrases import Code, format_count, format_counted
from tracereport.wording.units import elide_middle, escape_controls, format_cut_list, format_param

ASKS_WORDS: Final = {
    "first": "first call",
    "fan-out": "one by one (fan-out)",
    "unchanged": "again, unchanged",
    "changed": "again, changed",
    "unproven": "again, no evidence",
    "write": "write",
    "frame": "",
    "other": "",
}
"""What a call asks for, in words; nothing of a place in the program, which asks nothing."""
_LISTED_VALUES: Final = 8
_VALUE_WIDTH: Final = 24
_PARAM_WIDTH: Final = 36


class Run(msgspec.Struct, frozen=True):
    """Calls that follow one another and look alike, or one call."""

    calls: tuple[TimelineCall, ...]

    @property
    def first(self) -> TimelineCall:
        """The first of them."""
        return self.calls[0]


class _Line(msgspec.Struct, frozen=True):
    """A run of a timeline; without one the timeline's heading."""

    of: Timeline
    run: Run | None


def list_runs(calls: Sequence[TimelineCall]) -> list[Run]:
    """The calls, those together that follow one another and look alike: by function, caller, parameters and level.

    A call with others inside of it stands alone.
    """
    parents = {call.parent for call in calls}

    def look(call: TimelineCall) -> tuple[object, ...]:
        own = call.number if call.number in parents else None
        names = tuple(param.name for param in call.params)
        return (own, call.parent, call.depth, call.function, call.caller, names, call.asks)

    return [Run(tuple(row)) for _, row in groupby(calls, key=look)]


class Timelines(SectionView[Timeline]):
    """Each timeline with a line for each run of its calls."""

    key = "timelines"
    title = "In Call Order"
    chapter = CALL_ORDER
    definition = "call-order"
    fix = "Equal calls in a row under one call are one call's work: ask for all at once, or keep the first answer."
    partial = "timelines.html"
    folded = "These calls in words"

    def rows(self, report: Report) -> Rows[Timeline]:
        """Of the first findings."""
        return report.timelines

    def expand(self, row: Timeline) -> Sequence[_Line]:
        """Where it is, then what was called."""
        return [_Line(row, None), *(_Line(row, run) for run in list_runs(row.calls.rows))]

    def columns(self, report: Report) -> Sequence[Column[_Line]]:
        """The calls as they stand below one another."""
        return (
            words("calls", _numbers),
            Column("times", _times),
            words("what was called", lambda line: _step(line, report)),
            words("asks", lambda line: Words(ASKS_WORDS[line.run.first.asks] if line.run else "")),
            Column("time", _time),
        )

    def functions(self, row: _Line, report: Report) -> Sequence[str]:
        """The function that was called; a heading is of all of them."""
        del report
        return tuple(dict.fromkeys(call.function for call in _calls(row)))


def describe_timeline(timeline: Timeline, report: Report, code: Code) -> str:
    """Where its calls stand, and which findings they show: ``in `test_a`, calls 1-40 of 120; finding `48b3` ``."""
    rows, total = timeline.calls.rows, timeline.calls.total
    place = f"in {code(timeline.unit)}" if timeline.unit is not None else f"in process {timeline.process}"
    if len(rows) < total:
        first = timeline.calls_before + 1
        place += f", calls {format_count(first)}-{format_count(first + len(rows) - 1)} of {format_count(total)}"
    else:
        place += f", all {format_counted(total, 'call')}"
    ranks = {finding.fingerprint: rank for rank, finding in enumerate(report.findings.rows, start=1)}
    shown = [format_count(ranks[own]) for own in timeline.fingerprints if own in ranks]
    return f"{'Finding' if len(shown) == 1 else 'Findings'} {format_cut_list(shown, len(shown))}: {place}"


def describe_run(run: Run, code: Code) -> str:
    """What was called: ```select products`: `pk_1` = 10, 11, 12``."""
    shared, values = _compare([call.params for call in run.calls])
    told = [code(elide_middle(format_param(param), _PARAM_WIDTH)) for param in shared]
    told += [f"{code(name)} = {code(_list_values(found))}" for name, found in values]
    function = code(run.first.function)
    return f"{function}: {', '.join(told)}" if told else function


def _list_values(values: Sequence[str]) -> str:
    shown = [elide_middle(escape_controls(value), _VALUE_WIDTH) or "''" for value in values[:_LISTED_VALUES]]
    return format_cut_list(shown, len(values))


def _compare(calls: Sequence[tuple[Param, ...]]) -> tuple[list[Param], list[tuple[str, list[str]]]]:
    """What all of them have, without a statement where parameters say more; and what varies."""
    first, *others = calls
    shared = [param for param in first if all(param in other for other in others)]
    values: dict[str, list[str]] = {}
    for params in calls:
        for param in params:
            if param not in shared:
                values.setdefault(param.name, []).append(param.value)
    is_statement_alone = len(first) == 1
    return [param for param in shared if is_statement_alone or param.name != "sql"], list(values.items())


def _calls(line: _Line) -> tuple[TimelineCall, ...]:
    return line.of.calls.rows if line.run is None else line.run.calls


def _numbers(line: _Line) -> Cell:
    return Numbers(tuple(call.number for call in _calls(line)))


def _times(line: _Line) -> Cell:
    return Count(len(_calls(line)))


def _step(line: _Line, report: Report) -> Cell:
    run = line.run
    if run is None:
        return Step(0, lambda code: describe_timeline(line.of, report, code))
    write: Callable[[Code], str] = lambda code: describe_run(run, code)  # noqa: E731
    return Step(run.first.depth, write)


def _time(line: _Line) -> Cell:
    if line.run is None:
        return Figure("")
    calls = line.run.calls
    return time_range(sum(call.elapsed_ns for call in calls), sum(call.elapsed_upper_ns for call in calls))
