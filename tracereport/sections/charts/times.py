"""Where the time goes: inclusive and self time, the distribution of elapsed times, and what makes them up."""

from collections.abc import Sequence
from itertools import cycle, pairwise
from typing import Any, Final

import altair as alt

from tracereport.model import Breakdown, Function, Report
from tracereport.sections import theme
from tracereport.sections.charts.chart import (
    CHOOSING,
    MOST_ROWS,
    PERCENT_LABEL,
    ROW_PX,
    Chart,
    ChartColumn,
    Key,
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
from tracereport.wording.phrases import format_count, format_rate
from tracereport.wording.units import (
    format_bounds,
    format_cut_list,
    format_elapsed,
    format_left_out,
    format_share,
    format_time,
    unit_of,
)

_TOTAL: Final = ("total, nested calls included", "time")
_SELF: Final = ("self", "self")
_BOUND: Final = Key("at most, since times are cut off", "currentColor", dash="1 0")
_MOST_METRICS: Final = 5
_NAMED_METRICS: Final = 2
_MOST_CELLS: Final = 240
_TEXT_PX_PER_BIN: Final = 60
_BINS_SHARE: Final = 0.7
"""Of the chart's width; names take the rest."""


def chart_function_times(report: Report, label: Labels) -> Chart | None:
    """Inclusive and self time per function; None where every recorded time is zero."""
    by_time = sorted(report.functions.rows, key=lambda row: (-row.total_elapsed_ns, row.function))
    shown = [row for row in by_time[:MOST_ROWS] if row.total_elapsed_upper_ns]
    if not shown or not shown[0].total_elapsed_ns:
        return None
    has_self = any(row.self_ns is not None for row in shown)
    longest = shown[0]
    title = f"{label(longest.function)} takes longest: {_format_total(longest)}"
    if longest.self_ns is not None:
        title += f", {format_self_time(longest)} of it in its own code"
    return Chart(
        name="function-times",
        title=title,
        alternative="Bars of the time inside of each function, nested calls included"
        + (", with its self time as a darker bar inside" if has_self else "")
        + ". A thin line reaches to the upper bound of what truncated times allow."
        + say_largest((label(row.function), _format_total(row)) for row in shown),
        altair=_draw_times(shown, label, has_self=has_self),
        columns=(name_column("function"), ChartColumn("total time"), ChartColumn("self time")),
        rows=tuple((label(row.function), _format_total(row), format_self_time(row)) for row in shown),
        functions=tuple((label(row.function),) for row in shown),
        legend=(*legend_of(*((_TOTAL, _SELF) if has_self else (_TOTAL,))), _BOUND),
        left_out=format_left_out(len(shown), report.functions.total),
    )


def _format_total(row: Function) -> str:
    return format_bounds(row.total_elapsed_ns, row.total_elapsed_upper_ns)


def _draw_times(shown: Sequence[Function], label: Labels, *, has_self: bool) -> Any:  # noqa: ANN401
    unit, unit_ns = unit_of(shown[0].total_elapsed_ns)
    rows: list[Row] = [
        {
            "function": label(row.function),
            "total": row.total_elapsed_ns / unit_ns,
            "upper": row.total_elapsed_upper_ns / unit_ns,
            "self": None if row.self_ns is None else row.self_ns / unit_ns,
            "total_text": _format_total(row),
            "self_text": format_self_time(row),
        }
        for row in shown
    ]
    names = name_axis([row["function"] for row in rows])
    base = alt.Chart(records("rows")).encode(
        y=names,
        opacity=fade_others(),
        tooltip=[
            word("function"),
            word("total_text", "total time"),
            word("self_text", "self time"),
        ],
    )
    total = base.mark_bar(height=alt.RelativeBandSize(0.62), color=theme.colour("time"), cursor=CHOOSING).encode(
        x=alt.X("total:Q", title=f"total time, {unit}")
    )
    own = base.mark_bar(height=alt.RelativeBandSize(0.24), color=theme.colour("self"), cursor=CHOOSING).encode(
        x=alt.X("self:Q")
    )
    layers = [total, own] if has_self else [total]
    bound = base.mark_rule(opacity=0.7).encode(x=alt.X("total:Q"), x2=alt.X2("upper"))
    areas, named = row_areas(names, [row["function"] for row in rows])
    return finish(areas, bound, *layers, height=ROW_PX * len(shown), areas=named, rows=rows)


def chart_latencies(report: Report, label: Labels) -> Chart | None:
    """The distribution of elapsed times per function on a scale of powers of two; None without any call."""
    shown = [row for row in report.functions.rows[:MOST_ROWS] if row.histogram.rows]
    if not shown:
        return None
    most_bins = max(len(row.histogram.rows) for row in shown)
    shown = shown[: max(1, _MOST_CELLS // most_bins)]
    lowers = _fill_powers({row_bin.lower_ns for row in shown for row_bin in row.histogram.rows if row_bin.calls})
    widest = max(shown, key=lambda row: (row.p99_elapsed_ns, row.calls))
    return Chart(
        name="latencies",
        title=f"{label(widest.function)}: half of the calls within "
        f"{_format_percentile(widest, widest.p50_elapsed_ns)}, "
        f"99 % within {_format_percentile(widest, widest.p99_elapsed_ns)}",
        alternative="A row per function and a column per range of elapsed time, each twice the one before; the darker "
        "a cell, the larger the share of the function's calls. The first column, hatched, holds the times that were "
        "cut off to zero."
        + say_largest(
            (label(row.function), f"99 % within {_format_percentile(row, row.p99_elapsed_ns)}") for row in shown
        ),
        altair=_draw_latencies(shown, lowers, label),
        columns=(name_column("function"), *(ChartColumn(_format_bin(lower, shown)) for lower in lowers)),
        rows=tuple((label(row.function), *_bin_counts(row, lowers)) for row in shown),
        functions=tuple((label(row.function),) for row in shown),
        legend=(
            *([Key("cut off to zero", theme.HATCH)] if 0 in lowers else []),
            Key("calls, the darker the larger their share of the function's", theme.colour("time")),
        ),
        left_out=format_left_out(len(shown), report.functions.total),
    )


def _fill_powers(lowers: set[int]) -> list[int]:
    """The ranges' lower ends with those powers of two between them that no call fell into."""
    recorded = sorted(lowers - {0})
    filled = set(lowers)
    for lower, upper in pairwise(recorded):
        while (lower := 2 * lower) < upper:
            filled.add(lower)
    return sorted(filled)


def format_self_time(row: Function) -> str:
    """A function's self time; a recorded zero is no more than what may have been cut off of its calls."""
    return "not known" if row.self_ns is None else format_elapsed(row.self_ns, row.calls * row.resolution_ns)


def _format_percentile(row: Function, elapsed_ns: int) -> str:
    return format_elapsed(elapsed_ns, row.resolution_ns)


def _format_bin(lower_ns: int, shown: Sequence[Function]) -> str:
    """``< 1 ms`` for what was cut off, else where the range starts."""
    return format_time(lower_ns) if lower_ns else format_bounds(0, max(row.resolution_ns for row in shown))


def _bin_counts(row: Function, lowers: Sequence[int]) -> list[str]:
    calls_from = {row_bin.lower_ns: row_bin.calls for row_bin in row.histogram.rows}
    return [format_count(calls_from.get(lower, 0)) for lower in lowers]


def _draw_latencies(shown: Sequence[Function], lowers: Sequence[int], label: Labels) -> Any:  # noqa: ANN401
    cells: list[Row] = [
        {
            "function": label(row.function),
            "elapsed": _format_bin(row_bin.lower_ns, shown),
            "calls": row_bin.calls,
            "share": row_bin.calls / row.calls,
            "share_text": format_share(row_bin.calls, row.calls),
            "cut_off": not row_bin.lower_ns,
        }
        for row in shown
        for row_bin in row.histogram.rows
        if row_bin.calls
    ]
    functions = [label(row.function) for row in shown]
    names = name_axis(functions)
    areas, named = row_areas(names, functions)
    base = alt.Chart(records("cells")).encode(
        y=names,
        x=alt.X(
            "elapsed:N",
            title="elapsed time of a call, from",
            sort=None,
            scale=alt.Scale(domain=[_format_bin(lower, shown) for lower in lowers]),
            axis=alt.Axis(labelAngle=0, labelOverlap=True),
        ),
    )
    shade = base.mark_rect(stroke=theme.colour("ground"), strokeWidth=2, cursor=CHOOSING).encode(
        fill=alt.FillValue(theme.colour("time"), condition={"test": "datum.cut_off", "value": theme.HATCH}),
        fillOpacity=alt.FillOpacity(
            "share:Q", legend=None, scale=alt.Scale(type="sqrt", domain=[0, 1], range=[0.06, 0.75])
        ),
        opacity=fade_others(),
        tooltip=[
            word("function"),
            word("elapsed", "from"),
            figure("calls"),
            word("share_text", "of its calls"),
        ],
    )
    if len(lowers) * _TEXT_PX_PER_BIN > 0.7 * 880:
        return finish(areas, shade, height=ROW_PX * len(shown), areas=named, cells=cells)
    figures = base.mark_text().encode(text=alt.Text("calls:Q", format=","), opacity=fade_others())
    return finish(areas, shade, figures, height=ROW_PX * len(shown), areas=named, cells=cells)


def chart_breakdown(report: Report, label: Labels) -> Chart | None:
    """What the time metrics of each function make up of its elapsed time; None without time metrics."""
    timed = [row for row in report.breakdown.rows if row.unaccounted_share is not None]
    shown = timed[:MOST_ROWS]
    if not shown:
        return None
    parts = [part for row in shown for part in _parts(row, label)]
    names = dict.fromkeys(part["part"] for part in parts if part["part"] != _UNACCOUNTED)
    kinds = (*zip(names, cycle(_METRIC_TONES)), (_UNACCOUNTED, "unproven"))
    first = shown[0]
    times = _time_metrics(first)
    named = [label(metric.name) for metric in times[:_NAMED_METRICS]]
    return Chart(
        name="breakdown",
        title=f"{label(first.function)}: {format_cut_list(named, len(times))} "
        f"{'leaves' if len(times) == 1 else 'leave'} {format_rate(first.unaccounted_share)} of the elapsed time "
        "unaccounted for",
        alternative="Bars of 100 % of each function's elapsed time, split into its time metrics and, hatched, the rest "
        "that none of them accounts for. A bar beyond 100 % has metrics that add up to more than the elapsed time."
        + say_largest((label(row.function), f"{format_rate(row.unaccounted_share)} unaccounted for") for row in shown),
        altair=_draw_breakdown(shown, parts, kinds, label),
        columns=(name_column("function"), name_column("part"), ChartColumn("time"), ChartColumn("of elapsed")),
        rows=tuple((part["function"], part["part"], part["time"], part["share_text"]) for part in parts),
        functions=tuple((part["function"],) for part in parts),
        legend=legend_of(*kinds),
        left_out=format_left_out(len(shown), report.breakdown.total),
    )


_UNACCOUNTED: Final = "unaccounted"
_METRIC_TONES: Final = ("time", "self", "better", "repeat", "first")


def _time_metrics(row: Breakdown) -> list[Any]:
    return [metric for metric in row.metrics.rows if metric.kind == "time"]


def _parts(row: Breakdown, label: Labels) -> list[Row]:
    metrics = _time_metrics(row)[:_MOST_METRICS]
    named = [(label(metric.name), metric.total, metric.share_of_elapsed or 0.0) for metric in metrics]
    named.append((_UNACCOUNTED, row.unaccounted_ns or 0, row.unaccounted_share or 0.0))
    return [
        {
            "function": label(row.function),
            "part": name,
            "position": position,
            "share": max(share, 0.0),
            "time": format_time(total_ns),
            "share_text": format_rate(share),
        }
        for position, (name, total_ns, share) in enumerate(named)
    ]


def _draw_breakdown(
    shown: Sequence[Breakdown], parts: Sequence[Row], kinds: Sequence[tuple[str, str]], label: Labels
) -> Any:  # noqa: ANN401
    functions = [label(row.function) for row in shown]
    names = name_axis(functions)
    areas, named = row_areas(names, functions)
    bars = (
        alt.Chart(records("parts"))
        .mark_bar(height=alt.RelativeBandSize(0.62), cursor=CHOOSING)
        .encode(
            y=names,
            x=alt.X("share:Q", title="share of elapsed time", axis=alt.Axis(labelExpr=PERCENT_LABEL)),
            color=alt.Color("part:N", scale=colours(*kinds), legend=None),
            order=alt.Order("position:Q"),
            opacity=fade_others(),
            tooltip=[word("function"), word("part"), word("time"), word("share_text", "of elapsed")],
        )
    )
    shares = [part for part in parts if part["share"]]
    return finish(areas, bars, height=ROW_PX * len(shown), areas=named, parts=shares)
