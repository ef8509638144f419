"""When a process asks again: its call numbers from first to last, and the share of repeats along them."""

from collections.abc import Sequence
from typing import Any, Final

from tracereport.model import ActivityBin, Process, Report
from tracereport.sections.charts.chart import (
    Chart,
    ChartColumn,
    Row,
    legend_of,
    name_column,
    say_largest,
)
from tracereport.wording.labels import Labels
from tracereport.wording.phrases import format_count, format_counted
from tracereport.wording.units import format_call, format_left_out

_MOST_PROCESSES: Final = 8
_BAR_PX: Final = 38
_ONLY_BAR_PX: Final = 90
_NAME_PX: Final = 26
"""Of a lane, above its bars."""
_LANE_BINS: Final = 120
_MOST_BINS: Final = 240
"""Of all lanes together."""
_TABLE_ROWS: Final = 24
_LEAST_CALLS: Final = 10
"""Of a bin that a title may speak of: two calls in a row are no stretch."""
_KINDS: Final = (("first calls", "first"), ("repeats, by their share of the height", "repeat"))


def chart_activity(report: Report, label: Labels) -> Chart | None:
    """First calls and repeats along the call numbers, a lane per process; None where nothing was judged."""
    bins_of: dict[int, list[ActivityBin]] = {}
    for row in report.activity.rows:
        bins_of.setdefault(row.process, []).append(row)
    judged = [process for process in report.processes.rows if process.index in bins_of]
    shown = sorted(judged, key=lambda process: (-process.calls, process.index))[:_MOST_PROCESSES]
    if not shown:
        return None
    lanes = [(process, _merge(bins_of[process.index], min(_LANE_BINS, _MOST_BINS // len(shown)))) for process in shown]
    return Chart(
        name="activity",
        title=_title(lanes, label),
        alternative="A lane per process along its call numbers; how far a bar fills its lane is the share of calls "
        "that ask for what was asked before."
        + say_largest(
            (label(process.name), format_counted(sum(row.repeats for row in bins), "repeat")) for process, bins in lanes
        ),
        values=_values(len(lanes)),
        datasets=_datasets(lanes, label),
        columns=(
            name_column("process"),
            name_column("calls from"),
            name_column("to"),
            ChartColumn("first"),
            ChartColumn("repeats"),
        ),
        rows=tuple(
            (
                label(process.name),
                format_call(row.first_number),
                format_call(row.last_number),
                format_count(row.first_calls),
                format_count(row.repeats),
            )
            for process, bins in lanes
            for row in _merge(bins, max(2, _TABLE_ROWS // len(lanes)))
        ),
        legend=legend_of(*_KINDS),
        left_out=format_left_out(len(shown), report.processes.total),
    )


def _merge(bins: Sequence[ActivityBin], most: int) -> list[ActivityBin]:
    """The same calls in at most ``most`` bins, neighbours drawn together."""
    size = -(-len(bins) // most)
    return [
        ActivityBin(
            process=group[0].process,
            first_number=group[0].first_number,
            last_number=group[-1].last_number,
            first_calls=sum(row.first_calls for row in group),
            repeats=sum(row.repeats for row in group),
        )
        for group in (bins[start : start + size] for start in range(0, len(bins), size))
    ]


def _share(row: ActivityBin) -> float:
    calls = _count_calls(row)
    return row.repeats / calls if calls else 0.0


def _count_calls(row: ActivityBin) -> int:
    return row.first_calls + row.repeats


def _title(lanes: Sequence[tuple[Process, Sequence[ActivityBin]]], label: Labels) -> str:
    stretches = [(process, row) for process, bins in lanes for row in bins]
    long_enough = [stretch for stretch in stretches if _count_calls(stretch[1]) >= _LEAST_CALLS]
    process, densest = max(long_enough or stretches, key=lambda stretch: (_share(stretch[1]), _count_calls(stretch[1])))
    calls = format_counted(_count_calls(densest), "call")
    if not any(row.repeats for _, row in stretches):
        process, bins = lanes[0]
        return f"{label(process.name)}: nothing is asked twice from {format_call(bins[0].first_number)} on"
    return (
        f"{label(process.name)} repeats itself most from {format_call(densest.first_number)} to "
        f"{format_call(densest.last_number)}: {format_counted(densest.repeats, 'repeat')} in {calls}"
    )


def _values(count: int) -> dict[str, Any]:
    lane_px = (_BAR_PX if count > 1 else _ONLY_BAR_PX) + _NAME_PX
    return {"height": lane_px * count, "lanes": count, "barShare": _bar_share(count)}


def _bar_share(count: int) -> float:
    """The part of a lane that its bars may fill; its name stands above them."""
    return 1 - _NAME_PX / ((_BAR_PX if count > 1 else _ONLY_BAR_PX) + _NAME_PX)


def _datasets(lanes: Sequence[tuple[Process, Sequence[ActivityBin]]], label: Labels) -> dict[str, list[Row]]:
    count = len(lanes)
    bar_share = _bar_share(count)
    bars: list[Row] = [
        {
            "process": label(process.name),
            "from": row.first_number,
            "to": row.last_number,
            "bottom": count - lane - 1,
            "top": round(count - lane - 1 + bar_share * _share(row), 3),
            "first": row.first_calls,
            "repeats": row.repeats,
        }
        for lane, (process, bins) in enumerate(lanes)
        for row in bins
    ]
    names: list[Row] = [
        {
            "text": f"{label(process.name)} · {format_counted(process.calls, 'call')}",
            "at": count - lane - 1 + bar_share,
            "from": 0,
        }
        for lane, (process, _) in enumerate(lanes)
    ]
    return {"bars": bars, "names": names}
