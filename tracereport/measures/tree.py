"""The call tree: calls merged by the chain of functions above them, of processes whose tree is known."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np

from tracereport.calls.calls import NO_PARENT
from tracereport.calls.grouping import ROW_LIMIT, count_by, keep_rows, sum_by
from tracereport.calls.ordered import NOWHERE
from tracereport.measures.context import Context
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.partials import Column, Table, merge_tables, shrink
from tracereport.measures.traits import ASKED, RECORDED
from tracereport.model import CallTree, TreePath
from tracereport.native.paths import FIRST_PATH, FoundPaths, find_paths
from tracereport.native.tally import count_traits
from tracereport.native.trees import sum_children

UNFINISHED: Final = "(unfinished)"
"""Stands for a parent that never printed, at the start of its calls' paths."""
DEEPER: Final = "(deeper)"
"""Stands, at the end of a path, for all calls below its ``DEEPEST`` functions."""
DEEPEST: Final = 100
"""Functions of a path: what lies below is merged, so that paths of any depth stay small."""

_MASKS: Final = {
    "redundant_calls": RECORDED["repeats"],
    **ASKED,
    **{name: RECORDED[name] for name in ("unchanged", "cached", "changed")},
}
_SUMS: Final = ("calls", *_MASKS, "total_ns", "resolution_ns", "self_ns", "unknown_self", "shown")


class TreePart(msgspec.Struct, frozen=True, eq=False):
    """The merged paths of some processes."""

    processes: int
    """How many have a known tree."""
    paths: Table
    """By path (JSON of its names): calls, repeats, total and self time, and the resolution of all its calls.

    ``unknown_self`` counts the calls whose self time isn't known.
    """


def measure_tree(context: Context) -> TreePart:
    """The merged paths.

    A path's self time is its own less that of the paths one function longer: those are its calls' children. What these
    share, running side by side, counts once.
    """
    calls, ordered = context.calls, context.ordered
    if not ordered.in_tree.any():
        return TreePart(
            0, Table(key={"path": Column(np.empty(0, np.int64), ())}, sums=dict.fromkeys(_SUMS, np.empty(0, np.int64)))
        )
    paths = _find_paths(context)
    path, count = paths.of_call, len(paths.above)
    elapsed_ns = ordered.take(calls.elapsed_ns)
    size = count_by(path, count)
    found = np.flatnonzero(size[FIRST_PATH:]) + FIRST_PATH
    total_ns = sum_by(path, elapsed_ns, count)[found]
    inside_ns = sum_children(ordered.parent, path, elapsed_ns, count)[found]
    overlaps = context.overlaps
    overlapping = path[overlaps.place]
    shared_ns = sum_by(overlapping, overlaps.shared_ns, count)[found]
    counted = count_traits(path, context.traits, _MASKS, count)
    shown = size if context.shown is None else count_by(path, count, context.shown.places)
    texts = _write_paths(paths, calls.names)
    has_tree = count_by(ordered.process, len(calls.processes.name), ordered.in_tree) > 0
    columns = (
        size[found],
        *(column[found] for column in counted.values()),
        total_ns,
        sum_by(path, ordered.take(calls.resolution_ns), count)[found],
        shrink(total_ns.astype(object) - inside_ns + shared_ns),
        count_by(overlapping, count, overlaps.is_unknown)[found],
        shown[found],
    )
    return TreePart(
        processes=int(np.count_nonzero(has_tree)),
        paths=Table(
            key={"path": Column(np.arange(len(found)), tuple([texts[own] for own in found.tolist()]))},
            sums=dict(zip(_SUMS, columns, strict=True)),
        ),
    )


def _find_paths(context: Context) -> FoundPaths:
    calls, ordered = context.calls, context.ordered
    is_orphan = (ordered.parent == NOWHERE) & (ordered.take(calls.parent) != NO_PARENT)
    return find_paths(ordered.parent, context.function, len(calls.names), ordered.in_tree, is_orphan, DEEPEST)


def _write_paths(paths: FoundPaths, names: Sequence[str]) -> list[str]:
    """Each path's names as JSON; the one that stands for what is deeper is behind all others."""
    written: list[list[str]] = [[], [UNFINISHED]]
    names = (*names, DEEPER)
    for above, function in zip(paths.above[FIRST_PATH:].tolist(), paths.function[FIRST_PATH:].tolist(), strict=True):
        written.append([*written[above], names[function]])
    return [msgspec.json.encode(own).decode() for own in written]


def merge_trees(parts: Sequence[TreePart]) -> TreePart:
    """The paths of all parts."""
    return TreePart(sum(part.processes for part in parts), merge_tables([part.paths for part in parts]))


def list_call_tree(whole: Whole) -> CallTree | None:
    """The merged paths by time, ties by calls, length and name; null where no tree is known."""
    part: TreePart = whole["call_tree"]
    if not part.processes:
        return None
    columns = ("path", *part.paths.sums)
    found = [dict(zip(columns, values, strict=True)) for values in part.paths.rows(*columns)]
    rows = [_describe_path(row, whole) for row in found if row["shown"] or not whole.is_narrowed]
    rows.sort(key=lambda row: (-row.total_ns, -row.calls, len(row.path), row.path))
    greatest = max((len(row.path) for row in rows), default=0)
    deepest = sorted((row for row in rows if len(row.path) == greatest), key=lambda row: (-row.calls, row.path))
    return CallTree(
        processes=part.processes,
        calls=int(part.paths.sums["calls"].sum()),
        paths=keep_rows(rows, ROW_LIMIT),
        deepest=keep_rows(deepest, ROW_LIMIT),
    )


def _describe_path(row: dict[str, Any], whole: Whole) -> TreePath:
    """One path; equal answers of a function that always answers the same prove nothing, here as everywhere."""
    path = tuple(msgspec.json.decode(row["path"], type=list[str]))
    is_unproven = path[-1] == DEEPER or whole.grades.get(path[-1]) == "constant"
    unchanged = row["cached"] + (0 if is_unproven else row["unchanged"])
    return TreePath(
        path=path,
        calls=row["calls"],
        total_ns=row["total_ns"],
        total_upper_ns=row["total_ns"] + row["resolution_ns"],
        self_ns=None if row["unknown_self"] else row["self_ns"],
        self_upper_ns=None if row["unknown_self"] else row["self_ns"] + row["resolution_ns"],
        redundant_calls=row["redundant_calls"],
        first_calls=row["first"],
        fan_out_calls=row["fan_out"],
        unchanged=unchanged,
        changed=row["changed"],
        unproven=row["redundant_calls"] - unchanged - row["changed"],
    )


MEASURE = Measure("call_tree", measure_tree, merge_trees, list_call_tree)
