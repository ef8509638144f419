"""Who calls whom, and who asks again after whom: matrices whose cells carry their figure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

import altair as alt

from tracereport.documents import theme
from tracereport.documents.charts.chart import (
    ROW_PX,
    Chart,
    ChartColumn,
    Row,
    fade_others,
    figure,
    finish,
    name_column,
    records,
    word,
)
from tracereport.documents.labels import Labels
from tracereport.documents.units import format_bounds, format_left_out
from tracereport.model import UNKNOWN_CALLER, Report
from tracereport.phrases import format_count, format_counted

_MOST_NAMES: Final = 14
"""Names on each side of a matrix."""
_FITTING_FONT: Final = f"bandwidth('x') < 28 ? 0 : {theme.CHART_FONT_PX}"
"""No figures where cells are narrower than those; the tooltip and the table still have them."""
_UPRIGHT_NAMES: Final = 6
"""Columns up to which their names fit above them."""


def chart_edges(report: Report, label: Labels) -> Chart | None:
    """Calls by caller and callee; None without an edge."""
    callers = _first_names(edge.caller for edge in report.edges.rows)
    functions = _first_names(edge.function for edge in report.edges.rows)
    shown = [edge for edge in report.edges.rows if edge.caller in callers and edge.function in functions]
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
        "the darker the more.",
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
        left_out=format_left_out(len(shown), report.edges.total),
    )


def chart_asked_again(report: Report, label: Labels) -> Chart | None:
    """Unchanged repeats by the caller that asked before and the one that asked again; None without any."""
    unchanged = [row for row in report.asked_again.rows if row.unchanged]
    earlier = _first_names(row.previous_caller for row in unchanged)
    later = _first_names(row.caller for row in unchanged)
    shown = [row for row in unchanged if row.previous_caller in earlier and row.caller in later]
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
        "cell holds the repeats whose answer had not changed, the stronger the colour the more.",
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
        left_out=format_left_out(len(shown), report.asked_again.total),
    )


def _first_names(names: Iterable[str | None]) -> list[str | None]:
    return list(dict.fromkeys(names))[:_MOST_NAMES]


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
    is_wide = len(column_names) <= _UPRIGHT_NAMES
    sums: Counter[tuple[str, str]] = Counter()
    for cell in cells:
        sums[cell[row_field], cell[column_field]] += cell[count]
    most = max(sums.values())
    keys = list(dict.fromkeys((row_field, column_field, "function")))
    base = alt.Chart(records("cells")).encode(
        y=alt.Y(
            f"{row_field}:N",
            title=row_title,
            sort=None,
            scale=alt.Scale(domain=row_names),
        ),
        x=alt.X(
            f"{column_field}:N",
            title=column_title,
            sort=None,
            scale=alt.Scale(domain=column_names),
            axis=alt.Axis(
                orient="top",
                labelAngle=0 if is_wide else -45,
                labelLimit=alt.ExprRef("bandwidth('x')") if is_wide else 170,
            ),
        ),
    )
    if "function" not in (row_field, column_field):
        keys.remove("function")
        base = base.transform_filter("!chosen || datum.function === chosen").transform_aggregate(
            **{count: f"sum({count})"}, groupby=keys
        )
    opacity = fade_others() if "function" in keys else alt.OpacityValue(1)
    shade = base.mark_rect(fill=theme.colour(fill), stroke=theme.colour("ground"), strokeWidth=2).encode(
        fillOpacity=alt.FillOpacity(
            f"{count}:Q", legend=None, scale=alt.Scale(type="sqrt", domain=[0, most], range=[0.08, 0.6])
        ),
        opacity=opacity,
        tooltip=tooltip,
    )
    figures = base.mark_text(fontSize=alt.ExprRef(_FITTING_FONT)).encode(
        text=alt.Text(f"{count}:Q", format=","), opacity=opacity
    )
    return finish(shade, figures, height=(ROW_PX + 2) * len(row_names), cells=cells)
