"""Before and after, per function."""

from typing import Final

import altair as alt

from tracereport.model import FunctionChange, Report
from tracereport.sections.charts.chart import (
    CHOOSING,
    MOST_ROWS,
    ROW_PX,
    Chart,
    ChartColumn,
    Row,
    colours,
    fade_others,
    figure,
    finish,
    legend_of,
    name_axis,
    name_column,
    records,
    row_areas,
    say_largest,
    word,
)
from tracereport.wording.labels import Labels
from tracereport.wording.phrases import format_count, format_counted
from tracereport.wording.units import format_change, format_left_out

_MORE: Final = "more than before"
_FEWER: Final = "fewer than before"
_DIRECTIONS: Final = ((_MORE, "worse"), (_FEWER, "better"))


def chart_comparison(report: Report, label: Labels) -> Chart | None:
    """Repeats per function on both sides, where they differ; None without a baseline or a difference."""
    if report.comparison is None:
        return None
    changed = [row for row in report.comparison.functions.rows if row.redundant_before != row.redundant_after]
    shown = sorted(changed, key=lambda row: (-abs(_difference(row)), row.function))[:MOST_ROWS]
    if not shown:
        return None
    rows: list[Row] = [
        {
            "function": label(row.function),
            "before": row.redundant_before,
            "after": row.redundant_after,
            "change": format_change(row.redundant_before, row.redundant_after),
            "direction": _MORE if _difference(row) > 0 else _FEWER,
        }
        for row in shown
    ]
    most = shown[0]
    direction = "more" if _difference(most) > 0 else "fewer"
    calls = format_counted(abs(_difference(most)), "call")
    functions = [row["function"] for row in rows]
    names = name_axis(functions)
    areas, named = row_areas(names, functions)
    base = alt.Chart(records("rows")).encode(
        y=names,
        opacity=fade_others(),
        color=alt.Color("direction:N", scale=colours(*_DIRECTIONS), legend=None),
        tooltip=[word("function"), figure("before"), figure("after"), word("change")],
    )
    spans = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("before:Q", title="repeated calls, before ○ and after ●", axis=alt.Axis(tickMinStep=1, format=",d")),
        x2=alt.X2("after"),
    )
    before = base.mark_point(filled=False, size=70, strokeWidth=2, cursor=CHOOSING).encode(x=alt.X("before:Q"))
    after = base.mark_point(filled=True, size=90, cursor=CHOOSING).encode(x=alt.X("after:Q"))
    return Chart(
        name="comparison",
        title=f"{label(most.function)} repeats {calls} {direction} than before",
        alternative="A row per function with a ring at its repeats before and a dot at its repeats now."
        + say_largest((row["function"], row["change"]) for row in rows),
        altair=finish(areas, spans, before, after, height=ROW_PX * len(rows), areas=named, rows=rows),
        columns=(name_column("function"), ChartColumn("repeats before"), ChartColumn("after"), ChartColumn("change")),
        rows=tuple(
            (row["function"], format_count(row["before"]), format_count(row["after"]), row["change"]) for row in rows
        ),
        functions=tuple((function,) for function in functions),
        legend=legend_of(*_DIRECTIONS),
        left_out=format_left_out(len(shown), len(changed)),
    )


def _difference(row: FunctionChange) -> int:
    return row.redundant_after - row.redundant_before
