"""Calls per function and per caller, split by what is known of their answers."""

from collections.abc import Mapping, Sequence
from typing import Final

from tracereport.model import UNKNOWN_CALLER, Caller, Function, Report
from tracereport.sections.call_kinds import KINDS, OTHERS, count_kinds
from tracereport.sections.charts.chart import (
    MOST_ROWS,
    ROW_PX,
    Chart,
    ChartColumn,
    Row,
    areas_of,
    kinds_of,
    legend_of,
    name_column,
    names_of,
    say_largest,
)
from tracereport.wording.labels import Labels
from tracereport.wording.phrases import format_count, format_counted, name_asked
from tracereport.wording.units import format_left_out, format_share

_MOST_CALLED: Final = 24
_ROOM_FOR_SUMS: Final = 1.08


def chart_function_calls(report: Report, label: Labels) -> Chart | None:
    """Calls per function; None without a function."""
    shown = report.functions.rows[:MOST_ROWS]
    if not shown:
        return None
    counts = [_count_function(row, label) for row in shown]
    return _chart_counts(
        "function",
        _title(report, max(shown, key=lambda row: row.unchanged), label),
        (*KINDS, OTHERS) if any(row["kinds"][-1] for row in counts) else KINDS,
        counts,
        format_left_out(len(shown), report.functions.total),
    )


def _count_function(row: Function, label: Labels) -> Row:
    return {
        "name": label(row.function),
        "functions": [label(row.function)],
        "calls": row.calls,
        "kinds": count_kinds(row),
    }


def chart_caller_calls(report: Report, label: Labels) -> Chart | None:
    """Calls per caller; None without a caller."""
    shown = report.callers.rows[:MOST_ROWS]
    if not shown:
        return None
    called = list_called(report, [row.caller for row in shown], label)
    counts = [_count_caller(row, called, label) for row in shown]
    busiest = max(shown, key=lambda row: (row.caller not in {None, UNKNOWN_CALLER}, row.calls))
    return _chart_counts(
        "caller",
        f"{label(busiest.caller)} makes {format_counted(busiest.calls, 'call')}, "
        f"{format_count(busiest.repeats)} of them for what was asked before",
        (*KINDS, OTHERS) if any(row["kinds"][-1] for row in counts) else KINDS,
        counts,
        format_left_out(len(shown), report.callers.total),
    )


def list_called(report: Report, callers: Sequence[str | None], label: Labels) -> dict[str | None, list[str]]:
    """The functions of each caller, by which it is shown or not; none of a caller of so many that it always is."""
    called: dict[str | None, list[str]] = {caller: [] for caller in callers}
    for edge in report.edges.rows:
        if edge.caller in called:
            called[edge.caller].append(edge.function)
    return {
        caller: list(map(label, functions)) if len(functions) <= _MOST_CALLED else []
        for caller, functions in called.items()
    }


def _count_caller(row: Caller, called: Mapping[str | None, list[str]], label: Labels) -> Row:
    return {
        "name": label(row.caller),
        "functions": called.get(row.caller, []),
        "calls": row.calls,
        "kinds": count_kinds(row),
    }


def _title(report: Report, worst: Function, label: Labels) -> str:
    totals = report.totals
    if not totals.judged_calls:
        busiest = report.functions.rows[0]
        return f"{label(busiest.function)} is called most: {format_counted(busiest.calls, 'call')}, none of them judged"
    if worst.unchanged:
        return (
            f"{label(worst.function)}: {format_count(worst.unchanged)} of {format_counted(worst.calls, 'call')} "
            f"({format_share(worst.unchanged, worst.calls)}) ask again for an unchanged answer"
        )
    asked = name_asked(totals.calls, totals.questions, totals.judged_questions)
    counted = format_counted(totals.judged_questions, asked)
    if totals.redundant_calls:
        return (
            f"{format_count(totals.redundant_calls)} of {counted} {'asks' if totals.redundant_calls == 1 else 'ask'} "
            "again, none for an answer that is known to be unchanged"
        )
    return f"No {asked} asks again in {counted}"


def _chart_counts(
    noun: str, title: str, kinds: Sequence[tuple[str, str]], counts: Sequence[Row], omitted: str
) -> Chart:
    bars = [
        {
            noun: row["name"],
            "functions": row["functions"],
            "kind": kind,
            "calls": calls,
            "share": format_share(calls, row["calls"]),
            "position": position,
        }
        for row in counts
        for position, ((kind, _), calls) in enumerate(zip(kinds, row["kinds"], strict=False))
        if calls
    ]
    return Chart(
        name=f"{noun}-calls",
        title=title,
        alternative=f"Bars of the calls per {noun}, each split into {', '.join(kind for kind, _ in kinds)}."
        + say_largest((row["name"], format_counted(row["calls"], "call")) for row in counts),
        values={
            "height": ROW_PX * len(counts),
            **names_of([row["name"] for row in counts]),
            **kinds_of(*kinds),
            "most": max(row["calls"] for row in counts) * _ROOM_FOR_SUMS,
        },
        datasets={
            "areas": areas_of([row["name"] for row in counts], noun),
            "bars": bars,
            "sums": [{noun: row["name"], "functions": row["functions"], "calls": row["calls"]} for row in counts],
        },
        columns=(name_column(noun), ChartColumn("calls"), *(ChartColumn(kind) for kind, _ in kinds)),
        rows=tuple(
            (row["name"], format_count(row["calls"]), *(format_count(calls) for calls in row["kinds"][: len(kinds)]))
            for row in counts
        ),
        functions=tuple(tuple(row["functions"]) for row in counts),
        legend=legend_of(*kinds),
        left_out=omitted,
    )
