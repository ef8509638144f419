"""The call tree as an icicle: what runs inside of what, as wide as the calls in it or as the time."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from tracereport.model import CallTree, Report, TreePath
from tracereport.sections.call_kinds import KINDS, OTHERS, count_kinds
from tracereport.sections.charts.chart import (
    Chart,
    ChartColumn,
    Row,
    kinds_of,
    legend_of,
    name_column,
    say_largest,
)
from tracereport.wording.labels import Labels
from tracereport.wording.phrases import format_count, format_counted
from tracereport.wording.units import (
    elide_middle,
    format_bounds,
    format_left_out,
    format_self_time,
    format_share,
    shorten_path,
)

_Path: TypeAlias = tuple[str, ...]
_Span: TypeAlias = tuple[float, float]

_MOST_PATHS: Final = 200
_MOST_LEVELS: Final = 24
"""What lies deeper is in the box above it."""
_LEAST_WIDTH: Final = 0.002
"""Of the whole, below which a path would be no more than a hairline."""
LEVEL_PX: Final = 30
ALL_KINDS: Final = (*KINDS, OTHERS)
COUNT_FIELDS: Final = ("first", "fanOut", "unchanged", "changed", "unproven", "others")
"""Of a box: its calls of each of ``ALL_KINDS``."""
_TABLE_PATHS: Final = 40
_PATH_WIDTH: Final = 120
STRIP: Final = 0.34
"""Of a box's height: the strip that says what its calls ask for. The name stands above it, on a quiet ground."""


class _Box(msgspec.Struct, frozen=True):
    """A path with its edges in the whole by calls and by time; ``row`` is None for a caller that is no row of its own.

    ``by_time`` is None where no time was recorded.
    """

    path: _Path
    row: TreePath | None
    by_calls: _Span
    by_time: _Span | None


def chart_tree(report: Report, label: Labels) -> Chart | None:
    """Merged paths of the known trees; None where no tree is known or none has two levels."""
    tree = report.call_tree
    if tree is None or not any(len(row.path) > 1 for row in tree.paths.rows):
        return None
    boxes = _place(tree.paths.rows)
    widest = max(boxes, key=lambda box: box.by_calls[1] - box.by_calls[0])
    depth = max(len(box.path) for box in boxes)
    return Chart(
        name="tree",
        title=_title(report, tree, widest, label),
        alternative="An icicle: each level lies below its callers, and the width of a box is the number of calls of "
        "that path and of all paths below it. The strip in a box says what its calls ask for."
        + say_largest((_join(row.path, label), format_counted(row.calls, "call")) for row in tree.paths.rows),
        values={"height": LEVEL_PX * depth, "depth": depth, **kinds_of(*ALL_KINDS)},
        datasets={
            "rows": [_row(box, label) for box in boxes],
            "strips": [strip for box in boxes for strip in _strips(box, label)],
        },
        columns=(
            name_column("path"),
            ChartColumn("calls"),
            *(ChartColumn(kind) for kind, _ in ALL_KINDS),
            ChartColumn("total time"),
            ChartColumn("self time"),
        ),
        rows=tuple(
            (
                _join(row.path, label),
                format_count(row.calls),
                *map(format_count, _counts(row)),
                _total(row),
                _self(row),
            )
            for row in tree.paths.rows[:_TABLE_PATHS]
        ),
        functions=tuple((label(row.path[-1]),) for row in tree.paths.rows[:_TABLE_PATHS]),
        legend=legend_of(*_present_kinds(tree.paths.rows)),
        left_out=format_left_out(sum(box.row is not None for box in boxes), tree.paths.total),
    )


def _title(report: Report, tree: CallTree, widest: _Box, label: Labels) -> str:
    known = "all calls"
    if tree.calls < report.totals.calls:
        known = f"the {format_counted(tree.calls, 'call')} whose tree is known"
    left, right = widest.by_calls
    return f"{format_share(right - left, 1)} of {known} run inside of {label(widest.path[0])}"


def _join(path: _Path, label: Labels) -> str:
    return elide_middle(" \u203a ".join(map(label, shorten_path(path))), _PATH_WIDTH)


def _total(row: TreePath) -> str:
    return format_bounds(row.total_ns, row.total_upper_ns or row.total_ns)


def _self(row: TreePath) -> str:
    return format_self_time(row.self_ns, row.self_upper_ns)


def _place(paths: Sequence[TreePath]) -> list[_Box]:
    """The boxes level by level, the widest first below each caller; hairlines are left out."""
    row_of = {row.path: row for row in paths}
    calls: dict[_Path, int] = {}
    for row in paths:
        for depth in range(min(len(row.path), _MOST_LEVELS) + 1):
            calls[row.path[:depth]] = calls.get(row.path[:depth], 0) + row.calls
    below: dict[_Path, list[_Path]] = {}
    for path in calls:
        if path:
            below.setdefault(path[:-1], []).append(path)
    by_calls = _lay_out(below, lambda path: calls[path])
    time_ns = _sum_times(row_of, calls, below)
    by_time = _lay_out(below, lambda path: time_ns[path]) if time_ns[()] else None

    def width(path: _Path) -> float:
        spans = [by_calls[path], *([by_time[path]] if by_time is not None else [])]
        return max(right - left for left, right in spans)

    wide = [path for path in by_calls if path and width(path) >= _LEAST_WIDTH]
    shown = sorted(wide, key=lambda path: (-width(path), len(path), path))[:_MOST_PATHS]
    return [
        _Box(path, row_of.get(path), by_calls[path], None if by_time is None else by_time[path])
        for path in sorted(shown, key=lambda path: (len(path), by_calls[path], path))
    ]


def _sum_times(
    row_of: Mapping[_Path, TreePath], calls: Mapping[_Path, int], below: Mapping[_Path, Sequence[_Path]]
) -> dict[_Path, int]:
    """The time inside of each path: its own total, or where it is no row of its own that of the paths below it."""
    time_ns: dict[_Path, int] = {}
    for path in sorted(calls, key=len, reverse=True):
        inside_ns = sum(time_ns[child] for child in below.get(path, ()))
        time_ns[path] = max(row_of[path].total_ns, 0) if path in row_of else inside_ns
    return time_ns


def _lay_out(below: Mapping[_Path, Sequence[_Path]], amount: Callable[[_Path], int]) -> dict[_Path, _Span]:
    """Where each path lies in the whole; children that have more than their caller, side by side in time, share it."""
    spans: dict[_Path, _Span] = {(): (0.0, 1.0)}
    waiting: deque[_Path] = deque([()])
    while waiting:
        caller = waiting.popleft()
        children = sorted(below.get(caller, ()), key=lambda path: (-amount(path), path))
        left, right = spans[caller]
        whole = max(amount(caller), sum(map(amount, children))) or 1
        for path in children:
            end = left + (right - spans[caller][0]) * amount(path) / whole
            spans[path] = (left, end)
            left = end
        waiting.extend(children)
    return spans


def _row(box: _Box, label: Labels) -> Row:
    row = box.row
    by_time = box.by_time or box.by_calls
    return {
        "function": label(box.path[-1]),
        "level": len(box.path) - 1,
        "left": box.by_calls[0],
        "right": box.by_calls[1],
        "leftInTime": by_time[0],
        "rightInTime": by_time[1],
        "calls": row.calls if row else None,
        **dict(zip(COUNT_FIELDS, _counts(row) if row else [None] * len(ALL_KINDS), strict=True)),
        "total": _total(row) if row else "not known",
        "own": _self(row) if row else "not known",
        "path": _join(box.path, label),
    }


def _present_kinds(paths: Sequence[TreePath]) -> list[tuple[str, str]]:
    """Those of ``ALL_KINDS`` that any path has calls of."""
    sums = [sum(counts) for counts in zip(*map(_counts, paths), strict=True)]
    return [kind for kind, calls in zip(ALL_KINDS, sums, strict=True) if calls]


def _counts(row: TreePath) -> tuple[int, ...]:
    """Of each of ``ALL_KINDS`` its calls."""
    return count_kinds(row)


def _strips(box: _Box, label: Labels) -> Iterator[Row]:
    """The parts of a box's strip, from left to right, as shares of the box's width; of a caller without calls one."""
    by_time = box.by_time or box.by_calls
    counts = _counts(box.row) if box.row is not None else (*[0] * len(KINDS), 1)
    whole = sum(counts)
    before = 0
    for (kind, _), calls in zip(ALL_KINDS, counts, strict=True):
        if calls:
            edges = (before / whole, (before + calls) / whole)
            left, right = (_between(box.by_calls, edge) for edge in edges)
            left_in_time, right_in_time = (_between(by_time, edge) for edge in edges)
            yield {
                "function": label(box.path[-1]),
                "level": len(box.path) - 1,
                "kind": kind,
                "left": left,
                "right": right,
                "leftInTime": left_in_time,
                "rightInTime": right_in_time,
            }
        before += calls


def _between(span: _Span, share: float) -> float:
    left, right = span
    return left + (right - left) * share
