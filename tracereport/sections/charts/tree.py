"""The call tree as an icicle: what runs inside of what, as wide as the calls in it."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from tracereport.model import CallTree, Report, TreePath
from tracereport.sections.charts.chart import (
    Chart,
    ChartColumn,
    Row,
    name_column,
    say_largest,
)
from tracereport.wording.labels import Labels
from tracereport.wording.phrases import format_count, format_counted
from tracereport.wording.units import elide_middle, format_elapsed, format_left_out, format_share

_MOST_PATHS: Final = 200
_LEAST_WIDTH: Final = 0.002
"""Of the whole, below which a path would be no more than a hairline."""
LEVEL_PX: Final = 30
_TABLE_PATHS: Final = 40
_PATH_WIDTH: Final = 120


class _Box(msgspec.Struct, frozen=True):
    """A path with its left and right edge in the whole; ``row`` is None for a caller that is no row of its own."""

    path: tuple[str, ...]
    row: TreePath | None
    left: float
    right: float


def chart_tree(report: Report, label: Labels) -> Chart | None:
    """Merged paths of the known trees; None where no tree is known or none has two levels."""
    tree = report.call_tree
    if tree is None or not any(len(row.path) > 1 for row in tree.paths.rows):
        return None
    boxes = _place(tree.paths.rows)
    resolution_of = {row.function: row.resolution_ns for row in report.functions.rows}

    def write_time(time_ns: int, row: TreePath) -> str:
        return format_elapsed(time_ns, row.calls * resolution_of.get(row.path[-1], 0))

    widest = boxes[0]
    depth = max(len(box.path) for box in boxes)
    return Chart(
        name="tree",
        title=_title(report, tree, widest, label),
        alternative="An icicle: each level lies below its callers, and the width of a box is the number of calls of "
        "that path and of all paths below it."
        + say_largest((_join(row.path, label), format_counted(row.calls, "call")) for row in tree.paths.rows),
        values={"height": LEVEL_PX * depth, "depth": depth},
        datasets={"rows": _rows(boxes, label, write_time)},
        columns=(
            name_column("path"),
            ChartColumn("calls"),
            ChartColumn("repeats"),
            ChartColumn("total time"),
            ChartColumn("self time"),
        ),
        rows=tuple(
            (
                _join(row.path, label),
                format_count(row.calls),
                format_count(row.redundant_calls),
                write_time(row.total_ns, row),
                write_time(row.self_ns, row),
            )
            for row in tree.paths.rows[:_TABLE_PATHS]
        ),
        functions=tuple((label(row.path[-1]),) for row in tree.paths.rows[:_TABLE_PATHS]),
        left_out=format_left_out(sum(box.row is not None for box in boxes), tree.paths.total),
    )


def _title(report: Report, tree: CallTree, widest: _Box, label: Labels) -> str:
    known = "all calls"
    if tree.calls < report.totals.calls:
        known = f"the {format_counted(tree.calls, 'call')} whose tree is known"
    return f"{format_share(widest.right - widest.left, 1)} of {known} run inside of {label(widest.path[0])}"


def _join(path: Sequence[str], label: Labels) -> str:
    return elide_middle(" \u203a ".join(map(label, path)), _PATH_WIDTH)


def _place(paths: Sequence[TreePath]) -> list[_Box]:
    """The boxes level by level, the widest first below each caller; hairlines are left out."""
    row_of = {row.path: row for row in paths}
    calls: dict[tuple[str, ...], int] = {}
    for row in paths:
        for depth in range(len(row.path) + 1):
            calls[row.path[:depth]] = calls.get(row.path[:depth], 0) + row.calls
    below: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for path in calls:
        if path:
            below.setdefault(path[:-1], []).append(path)
    boxes: list[_Box] = []
    waiting: deque[tuple[tuple[str, ...], float]] = deque([((), 0.0)])
    while waiting and len(boxes) < _MOST_PATHS:
        caller, left = waiting.popleft()
        for path in sorted(below.get(caller, ()), key=lambda path: (-calls[path], path)):
            right = left + calls[path] / calls[()]
            if right - left >= _LEAST_WIDTH:
                boxes.append(_Box(path, row_of.get(path), left, right))
                waiting.append((path, left))
            left = right
    return boxes


def _rows(boxes: Sequence[_Box], label: Labels, write_time: Callable[[int, TreePath], str]) -> list[Row]:
    return [
        {
            "function": label(box.path[-1]),
            "level": len(box.path) - 1,
            "left": box.left,
            "right": box.right,
            "calls": box.row.calls if box.row else None,
            "repeats": box.row.redundant_calls if box.row else None,
            "total": write_time(box.row.total_ns, box.row) if box.row else "not known",
            "own": write_time(box.row.self_ns, box.row) if box.row else "not known",
            "path": _join(box.path, label),
        }
        for box in boxes
    ]
