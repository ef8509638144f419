"""Before and after, per function."""

from typing import Final

from tracereport.model import FunctionChange, Report
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
    return Chart(
        name="comparison",
        title=f"{label(most.function)} repeats {calls} {direction} than before",
        alternative="A row per function with a ring at its repeats before and a dot at its repeats now."
        + say_largest((row["function"], row["change"]) for row in rows),
        values={"height": ROW_PX * len(rows), **names_of(functions), **kinds_of(*_DIRECTIONS)},
        datasets={"areas": areas_of(functions), "rows": rows},
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
