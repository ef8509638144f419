"""What a cache of each size would answer, per function."""

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from typing import Any, Final

from tracereport.model import CacheCurve, CachePoint, Report
from tracereport.sections import theme
from tracereport.sections.charts.chart import (
    Chart,
    ChartColumn,
    Key,
    Row,
    name_column,
    say_largest,
)
from tracereport.wording.labels import Labels
from tracereport.wording.phrases import format_count, format_counted
from tracereport.wording.sentences import useful_caches
from tracereport.wording.units import format_left_out, format_share

_HEIGHT_PX: Final = 300
_STYLES: Final = (
    ("time", (1, 0)),
    ("repeat", (6, 3)),
    ("better", (2, 2)),
    ("self", (10, 3, 2, 3)),
    ("first", (12, 4)),
    ("quiet", (1, 5)),
)
"""Tone and dashes of each curve, the best first; so many curves are shown."""


def chart_cache_curves(report: Report, label: Labels) -> Chart | None:
    """Share of a function's calls that a cache answers correctly, by its capacity.

    None where nothing could hit, or where one entry answers all: the table of cache sizes says that in a row.
    """
    useful = useful_caches(report.cache_curves)
    hitting = [curve for curve in useful.rows if _most_hits(curve)]
    shown = sorted(hitting, key=lambda curve: (-curve.possible_hits, curve.function))[: len(_STYLES)]
    if all(len(curve.points.rows) < 2 for curve in shown):  # noqa: PLR2004  # a single point is no curve
        return None
    points = [_point(curve, point, label) for curve in shown for point in curve.points.rows]
    best = shown[0]
    return Chart(
        name="cache",
        title=_title(best, label),
        alternative="Lines that rise with the capacity of a cache: what share of its possible hits each function's "
        "cache would have. Larger points stand where 50, 80 and 95 % are reached."
        + say_largest(
            (label(curve.function), f"{format_counted(curve.capacity_for_80, 'entry', 'entries')} for 80 %")
            for curve in shown
            if curve.capacity_for_80 is not None
        ),
        values=_values(points, [label(curve.function) for curve in shown]),
        datasets={"points": points, "readings": _readings(shown, points, label)},
        columns=(
            name_column("function"),
            ChartColumn("entries"),
            ChartColumn("calls answered"),
            ChartColumn("of all possible hits"),
        ),
        rows=tuple(
            (point["function"], format_count(point["entries"]), format_count(point["hits"]), point["share_text"])
            for point in points
        ),
        functions=tuple((point["function"],) for point in points),
        legend=tuple(
            Key(label(curve.function), theme.colour(tone), dash=" ".join(map(str, dash)))
            for curve, (tone, dash) in zip(shown, _STYLES[: len(shown)], strict=True)
        ),
        left_out=format_left_out(len(shown), useful.total),
    )


def _title(best: CacheCurve, label: Labels) -> str:
    if best.capacity_for_80 is None:
        return f"{label(best.function)}: a cache would answer at most {format_counted(best.possible_hits, 'call')}"
    entries = format_counted(best.capacity_for_80, "entry", "entries")
    return f"{label(best.function)}: a cache of {entries} reaches 80 % of all possible hits"


def _most_hits(curve: CacheCurve) -> int:
    """What a cache without a limit would answer rightly; stale hits are misses."""
    return max((point.hits - point.stale_hits for point in curve.points.rows), default=0)


def _point(curve: CacheCurve, point: CachePoint, label: Labels) -> Row:
    hits = point.hits - point.stale_hits
    marks = {curve.capacity_for_50: "50 %", curve.capacity_for_80: "80 %", curve.capacity_for_95: "95 %"}
    return {
        "function": label(curve.function),
        "entries": point.capacity,
        "hits": hits,
        "share": hits / _most_hits(curve),
        "share_text": format_share(hits, _most_hits(curve)),
        "reached": marks.get(point.capacity, ""),
    }


def _readings(shown: Sequence[CacheCurve], points: Sequence[Row], label: Labels) -> list[Row]:
    """What each function's cache answers at each capacity that a curve has a point at.

    Between the points of a curve it answers at least what it did at the one before, and no more behind the last one.
    Each reading has the room from halfway to the capacity before it to halfway to the one behind it.
    """
    capacities = sorted({point["entries"] for point in points})
    edges = [1.0, *(sqrt(lower * upper) for lower, upper in pairwise(capacities)), float(max(2, capacities[-1]))]
    readings: list[Row] = []
    for position, capacity in enumerate(capacities):
        reading: Row = {"entries": capacity, "from": edges[position], "to": edges[position + 1]}
        for number, curve in enumerate(shown):
            own = [point for point in points if point["function"] == label(curve.function)]
            reached = [point for point in own if point["entries"] <= capacity]
            if not reached:
                reading[f"answer{number}"] = "-"
                continue
            last = reached[-1]
            is_between = last["entries"] < capacity and last is not own[-1]
            calls = format_counted(last["hits"], "call")
            reading[f"answer{number}"] = f"{'at least ' if is_between else ''}{last['share_text']}, {calls}"
        readings.append(reading)
    return readings


def _values(points: Sequence[Row], functions: Sequence[str]) -> dict[str, Any]:
    styles = _STYLES[: len(functions)]
    most_entries = max(2, *(point["entries"] for point in points))
    return {
        "height": _HEIGHT_PX,
        "functions": list(functions),
        "tones": [theme.colour(tone) for tone, _ in styles],
        "dashes": [list(dashes) for _, dashes in styles],
        "mostEntries": most_entries,
        "powers": [2**power for power in range(most_entries.bit_length())],
        **{f"answer{number}": function for number, function in enumerate(functions)},
    }
