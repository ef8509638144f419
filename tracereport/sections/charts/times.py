"""Where the time goes: inclusive and self time, the distribution of elapsed times, and what makes them up."""

from collections.abc import Sequence
from itertools import cycle, pairwise
from typing import Any, Final

from tracereport.model import Breakdown, Function, Report
from tracereport.sections import theme
from tracereport.sections.charts.chart import (
    MOST_ROWS,
    ROW_PX,
    Chart,
    ChartColumn,
    Key,
    Row,
    areas_of,
    bars_of,
    kinds_of,
    legend_of,
    name_column,
    names_of,
    say_largest,
)
from tracereport.wording.labels import Labels
from tracereport.wording.phrases import format_count, format_rate
from tracereport.wording.units import (
    format_bounds,
    format_cut_list,
    format_elapsed,
    format_left_out,
    format_self_time,
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
_BINS_PX: Final = 616
"""Of the chart's width; names take the rest."""


def chart_function_times(report: Report, label: Labels) -> Chart | None:
    """Inclusive and self time per function; None where every recorded time is zero."""
    by_time = sorted(report.functions.rows, key=lambda row: (-row.total_elapsed_ns, row.function))
    shown = [row for row in by_time[:MOST_ROWS] if row.total_elapsed_upper_ns]
    if not shown or not shown[0].total_elapsed_ns:
        return None
    has_self = any(row.self_ns is not None for row in shown)
    longest = shown[0]
    names = [label(row.function) for row in shown]
    unit, unit_ns = unit_of(longest.total_elapsed_ns)
    title = f"{label(longest.function)} takes longest: {_format_total(longest)}"
    if longest.self_ns is not None:
        title += f", {_format_self(longest)} of it in its own code"
    return Chart(
        name="function-times",
        title=title,
        alternative="Bars of the time inside of each function, nested calls included"
        + (", with its self time as a darker bar inside" if has_self else "")
        + ". A thin line reaches to the upper bound of what truncated times allow."
        + say_largest((label(row.function), _format_total(row)) for row in shown),
        values={"height": ROW_PX * len(shown), **names_of(names), "title": f"total time, {unit}"},
        datasets={"areas": areas_of(names), "rows": _time_rows(shown, label, unit_ns)},
        columns=(name_column("function"), ChartColumn("total time"), ChartColumn("self time")),
        rows=tuple((label(row.function), _format_total(row), _format_self(row)) for row in shown),
        functions=tuple((label(row.function),) for row in shown),
        legend=(*legend_of(*((_TOTAL, _SELF) if has_self else (_TOTAL,))), _BOUND),
        left_out=format_left_out(len(shown), report.functions.total),
    )


def _format_total(row: Function) -> str:
    return format_bounds(row.total_elapsed_ns, row.total_elapsed_upper_ns)


def _time_rows(shown: Sequence[Function], label: Labels, unit_ns: int) -> list[Row]:
    return [
        {
            "function": label(row.function),
            "total": row.total_elapsed_ns / unit_ns,
            "upper": row.total_elapsed_upper_ns / unit_ns,
            "self": max(row.self_ns or 0, 0) / unit_ns,
            "total_text": _format_total(row),
            "self_text": _format_self(row),
        }
        for row in shown
    ]


def chart_latencies(report: Report, label: Labels) -> Chart | None:
    """The distribution of elapsed times per function on a scale of powers of two; None without any call."""
    shown = [row for row in report.functions.rows[:MOST_ROWS] if row.histogram.rows]
    if not shown:
        return None
    most_bins = max(len(row.histogram.rows) for row in shown)
    shown = shown[: max(1, _MOST_CELLS // most_bins)]
    lowers = _fill_powers({row_bin.lower_ns for row in shown for row_bin in row.histogram.rows if row_bin.calls})
    widest = max(shown, key=lambda row: (row.p99_elapsed_ns, row.calls))
    names = [label(row.function) for row in shown]
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
        values={
            "height": ROW_PX * len(shown),
            **names_of(names),
            "ranges": [_format_bin(lower, shown) for lower in lowers],
            "showsFigures": len(lowers) * _TEXT_PX_PER_BIN <= _BINS_PX,
        },
        datasets={"areas": areas_of(names), "cells": _latency_cells(shown, label)},
        columns=(name_column("function"), *(ChartColumn(_format_bin(lower, shown)) for lower in lowers)),
        rows=tuple((label(row.function), *_bin_counts(row, lowers)) for row in shown),
        functions=tuple((label(row.function),) for row in shown),
        bars=bars_of(
            (label(row.function), f"99 % within {_format_percentile(row, row.p99_elapsed_ns)}", row.p99_elapsed_ns)
            for row in shown
        ),
        bar_fill=theme.colour("time"),
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


def _format_self(row: Function) -> str:
    return format_self_time(row.self_ns, row.self_upper_ns)


def _format_percentile(row: Function, elapsed_ns: int) -> str:
    return format_elapsed(elapsed_ns, row.resolution_ns)


def _format_bin(lower_ns: int, shown: Sequence[Function]) -> str:
    """``< 1 ms`` for what was cut off, else where the range starts."""
    return format_time(lower_ns) if lower_ns else format_bounds(0, max(row.resolution_ns for row in shown))


def _bin_counts(row: Function, lowers: Sequence[int]) -> list[str]:
    calls_from = {row_bin.lower_ns: row_bin.calls for row_bin in row.histogram.rows}
    return [format_count(calls_from.get(lower, 0)) for lower in lowers]


def _latency_cells(shown: Sequence[Function], label: Labels) -> list[Row]:
    return [
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


def chart_breakdown(report: Report, label: Labels) -> Chart | None:
    """What the time metrics of each function make up of its elapsed time; None without time metrics."""
    timed = [row for row in report.breakdown.rows if row.unaccounted_share is not None]
    shown = timed[:MOST_ROWS]
    if not shown:
        return None
    parts = [part for row in shown for part in _parts(row, label)]
    names = dict.fromkeys(part["part"] for part in parts if part["part"] != _UNACCOUNTED)
    kinds = (*zip(names, cycle(_METRIC_TONES)), (_UNACCOUNTED, "unproven"))
    functions = [label(row.function) for row in shown]
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
        values={"height": ROW_PX * len(shown), **names_of(functions), **kinds_of(*kinds)},
        datasets={"areas": areas_of(functions), "parts": [part for part in parts if part["share"]]},
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
