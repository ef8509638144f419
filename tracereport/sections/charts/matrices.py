"""Who calls whom, and who asks again after whom: matrices whose cells carry their figure."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import altair as alt

from tracereport.model import UNKNOWN_CALLER, Report
from tracereport.sections import theme
from tracereport.sections.charts.chart import (
    CHOOSING,
    LETTER_PX,
    ROW_PX,
    Chart,
    ChartColumn,
    Row,
    cut_label,
    fade_others,
    figure,
    finish,
    longest_label,
    name_axis,
    name_column,
    records,
    row_areas,
    say_largest,
    word,
)
from tracereport.wording.labels import Labels
from tracereport.wording.phrases import format_count, format_counted
from tracereport.wording.units import format_bounds, format_left_out

_Entry = TypeVar("_Entry")

_MOST_NAMES: Final = 14
"""Names on each side of a matrix."""
_MOST_COLUMN_LETTERS: Final = 24
_FITTING_FONT: Final = f"bandwidth('x') < 28 ? 0 : {theme.CHART_FONT_PX}"
"""No figures where cells are narrower than those; the tooltip and the table still have them."""
_STEEP_PX: Final = 24
"""Width of a column below which names at 45 degrees would touch each other."""


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
        altair=_draw_matrix(
            cells,
            rows=("caller", "caller", list(map(label, callers))),
            columns=("function", "function called", list(map(label, functions))),
            count="calls",
            fill="repeat",
            tooltip=[
                word("caller"),
                word("function"),
                figure("calls"),
                figure("again", "asked again by it"),
                word("time", "total time"),
            ],
        ),
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
        altair=_draw_matrix(
            cells,
            rows=("previous", "asked before", list(map(label, earlier))),
            columns=("caller", "asks again", list(map(label, later))),
            count="unchanged",
            fill="unchanged",
            tooltip=[
                word("previous", "asked before"),
                word("caller", "asks again"),
                figure("unchanged", "unchanged repeats"),
            ],
        ),
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


def _draw_matrix(
    cells: Sequence[Row],
    *,
    rows: tuple[str, str, list[str]],
    columns: tuple[str, str, list[str]],
    count: str,
    fill: str,
    tooltip: list[Any],
) -> Any:  # noqa: ANN401
    """Cells with their figure; ``rows`` and ``columns`` are field, title and the names in their order.

    Cells of several functions are added up by the chart itself, over the chosen function where there is one.
    """
    (row_field, row_title, row_names), (column_field, column_title, column_names) = rows, columns
    fits = f"bandwidth('x') >= {LETTER_PX} * {longest_label(column_names)}"
    is_steep = f"bandwidth('x') < {_STEEP_PX}"
    letters = f"min(letters, {_MOST_COLUMN_LETTERS})"
    slant_px = f"{LETTER_PX} * min({letters}, {longest_label(column_names)}) * ({is_steep} ? 1 : 0.72) + 10"
    names = name_axis(row_names, row_field, row_title)
    areas, named = row_areas(names, row_names, row_field)
    sums: Counter[tuple[str, str]] = Counter()
    for cell in cells:
        sums[cell[row_field], cell[column_field]] += cell[count]
    most = max(sums.values())
    keys = list(dict.fromkeys((row_field, column_field, "function")))
    base = alt.Chart(records("cells")).encode(
        y=names,
        x=alt.X(
            f"{column_field}:N",
            title=column_title,
            sort=None,
            scale=alt.Scale(domain=column_names),
            axis=alt.Axis(
                orient="top",
                labelAngle=alt.ExprRef(f"({fits} ? 0 : {is_steep} ? -90 : 45)"),  # to the left, where there is room
                labelAlign=alt.ExprRef(f"({fits} ? 'center' : {is_steep} ? 'left' : 'right')"),
                labelBaseline=alt.ExprRef(f"({fits} ? 'bottom' : 'middle')"),
                labelExpr=cut_label(letters),
                labelLimit=0,
                minExtent=alt.ExprRef(f"{fits} ? 0 : {slant_px}"),
            ),
        ),
    )
    if "function" not in (row_field, column_field):
        keys.remove("function")
        base = base.transform_filter("!chosen || datum.function === chosen").transform_aggregate(
            **{count: f"sum({count})"}, groupby=keys
        )
    cursor = CHOOSING if "function" in keys else "default"
    opacity = fade_others() if "function" in keys else alt.OpacityValue(1)
    shade = base.mark_rect(fill=theme.colour(fill), stroke=theme.colour("ground"), strokeWidth=2, cursor=cursor).encode(
        fillOpacity=alt.FillOpacity(
            f"{count}:Q", legend=None, scale=alt.Scale(type="sqrt", domain=[0, most], range=[0.08, 0.6])
        ),
        opacity=opacity,
        tooltip=tooltip,
    )
    figures = base.mark_text(fontSize=alt.ExprRef(_FITTING_FONT)).encode(
        text=alt.Text(f"{count}:Q", format=","), opacity=opacity
    )
    return finish(areas, shade, figures, height=(ROW_PX + 2) * len(row_names), areas=named, cells=cells)
