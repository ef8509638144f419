"""Who calls whom, and who asks again after whom: matrices whose cells carry their figure."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from tracereport.model import UNKNOWN_CALLER, Report
from tracereport.sections import theme
from tracereport.sections.charts.chart import (
    ROW_PX,
    Chart,
    ChartColumn,
    Row,
    areas_of,
    bars_of,
    longest_label,
    name_column,
    names_of,
    say_largest,
)
from tracereport.wording.labels import Labels
from tracereport.wording.phrases import format_count, format_counted
from tracereport.wording.units import format_bounds, format_left_out

_Entry = TypeVar("_Entry")

_ARROW: Final = "\u2192"
_MOST_NAMES: Final = 14
"""Names on each side of a matrix."""


def chart_edges(report: Report, label: Labels) -> Chart | None:
    """Calls by caller and callee; None without an edge."""
    shown = _fit(report.edges.rows, lambda edge: (edge.caller, edge.function))
    callers = list(dict.fromkeys(edge.caller for edge in shown))
    functions = list(dict.fromkeys(edge.function for edge in shown))
    if not shown:
        return None
    busiest = max(shown, key=lambda edge: (edge.caller not in {None, UNKNOWN_CALLER}, edge.calls))
    cells: list[Row] = [
        {
            "caller": label(edge.caller),
            "function": label(edge.function),
            "calls": edge.calls,
            "again": edge.again_calls,
            "time": format_bounds(edge.total_elapsed_ns, edge.total_elapsed_upper_ns),
        }
        for edge in shown
    ]
    return Chart(
        name="edges",
        title=f"{label(busiest.caller)} calls {label(busiest.function)} most: {format_counted(busiest.calls, 'call')}",
        alternative="A matrix with a row per caller and a column per function; each cell holds the number of calls, "
        "the darker the more."
        + say_largest(
            (f"{cell['caller']}, {cell['function']}", format_counted(cell["calls"], "call")) for cell in cells
        ),
        values=_values(
            cells, ("caller", "function"), "calls", (list(map(label, callers)), list(map(label, functions)))
        ),
        datasets={"areas": areas_of(list(map(label, callers)), "caller"), "cells": cells},
        columns=(
            name_column("caller"),
            name_column("function"),
            ChartColumn("calls"),
            ChartColumn("asked again by it"),
        ),
        rows=tuple(
            (cell["caller"], cell["function"], format_count(cell["calls"]), format_count(cell["again"]))
            for cell in cells
        ),
        functions=tuple((cell["function"],) for cell in cells),
        left_out=format_left_out(len(shown), report.edges.total),
        bars=bars_of(
            (f"{cell['caller']} {_ARROW} {cell['function']}", format_count(cell["calls"]), cell["calls"])
            for cell in cells
        ),
        bar_fill=theme.colour("repeat"),
    )


def chart_asked_again(report: Report, label: Labels) -> Chart | None:
    """Unchanged repeats by the caller that asked before and the one that asked again; None without any."""
    unchanged = [row for row in report.asked_again.rows if row.unchanged]
    shown = _fit(unchanged, lambda row: (row.previous_caller, row.caller))
    earlier = list(dict.fromkeys(row.previous_caller for row in shown))
    later = list(dict.fromkeys(row.caller for row in shown))
    if not shown:
        return None
    worst = max(shown, key=lambda row: row.unchanged)
    whom = "itself" if worst.caller == worst.previous_caller else label(worst.previous_caller)
    cells: list[Row] = [
        {
            "previous": label(row.previous_caller),
            "caller": label(row.caller),
            "function": label(row.function),
            "unchanged": row.unchanged,
        }
        for row in shown
    ]
    return Chart(
        name="asked-again",
        title=f"{label(worst.caller)} asks again after {whom}: {format_count(worst.unchanged)} times for an "
        "unchanged answer",
        alternative="A matrix with a row per caller that asked before and a column per caller that asked again; each "
        "cell holds the repeats whose answer had not changed, the stronger the colour the more."
        + say_largest((f"{cell['previous']}, {cell['caller']}", format_count(cell["unchanged"])) for cell in cells),
        values=_values(
            cells, ("previous", "caller"), "unchanged", (list(map(label, earlier)), list(map(label, later)))
        ),
        datasets={"areas": areas_of(list(map(label, earlier)), "previous"), "cells": cells},
        columns=(
            name_column("asked before"),
            name_column("asks again"),
            name_column("function"),
            ChartColumn("unchanged repeats"),
        ),
        rows=tuple(
            (cell["previous"], cell["caller"], cell["function"], format_count(cell["unchanged"])) for cell in cells
        ),
        functions=tuple((cell["function"],) for cell in cells),
        left_out=format_left_out(len(shown), report.asked_again.total),
        bars=bars_of(
            (f"{cell['previous']} {_ARROW} {cell['caller']}", format_count(cell["unchanged"]), cell["unchanged"])
            for cell in cells
        ),
        bar_fill=theme.colour("unchanged"),
    )


def _fit(entries: Sequence[_Entry], place: Callable[[_Entry], tuple[str | None, str | None]]) -> list[_Entry]:
    """The first of the entries whose rows and columns have room in one matrix; so none of either is empty."""
    rows: set[str | None] = set()
    columns: set[str | None] = set()
    fitting = []
    for entry in entries:
        row, column = place(entry)
        if (row in rows or len(rows) < _MOST_NAMES) and (column in columns or len(columns) < _MOST_NAMES):
            rows.add(row)
            columns.add(column)
            fitting.append(entry)
    return fitting


def _values(
    cells: Sequence[Row], fields: tuple[str, str], count: str, names: tuple[list[str], list[str]]
) -> dict[str, Any]:
    """The values of a matrix: ``fields`` and ``names`` of its rows and its columns, ``count`` what its cells hold."""
    row_names, column_names = names
    sums: Counter[tuple[str, str]] = Counter()
    for cell in cells:
        sums[cell[fields[0]], cell[fields[1]]] += cell[count]
    return {
        "height": (ROW_PX + 2) * len(row_names),
        **names_of(row_names),
        "columns": list(column_names),
        "longestColumn": longest_label(column_names),
        "most": max(sums.values()),
    }
