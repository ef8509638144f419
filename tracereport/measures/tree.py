"""The call tree: calls merged by the chain of functions above them, of processes whose tree is known."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_NAME, NO_PARENT
from tracereport.calls.coding import code_values, spread
from tracereport.calls.constant import repeat_value
from tracereport.calls.grouping import ROW_LIMIT, count_by, keep_rows, sum_by
from tracereport.calls.ordered import NOWHERE, OrderedCalls
from tracereport.measures.context import Context
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.partials import Column, Table, merge_tables, shrink
from tracereport.measures.traits import ASKED, RECORDED
from tracereport.model import CallTree, TreePath
from tracereport.native.keys import find_distinct, group_order
from tracereport.native.tally import count_traits

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

_NO_PATH, _UNFINISHED_PATH = 0, 1


class Paths(msgspec.Struct, frozen=True, eq=False):
    """The distinct paths, the shorter first, then by name. Numbers 0 and 1 stand for no path and for ``UNFINISHED``."""

    above: NDArray[np.int64]
    """Per path the one without its last function."""
    function: NDArray[np.int64]
    """Per path the name code of its last function; that behind all names stands for ``DEEPER``."""
    path_of_place: NDArray[np.int64]
    """The path of each call; 0 without a tree."""

    def codes(self, path: int, unfinished: int) -> list[int]:
        """The name codes of a path's functions, the outermost first; ``unfinished`` where ``UNFINISHED`` stands."""
        found: list[int] = []
        while path > _UNFINISHED_PATH:
            found.append(int(self.function[path]))
            path = int(self.above[path])
        if path == _UNFINISHED_PATH:
            found.append(unfinished)
        return found[::-1]


class TreePart(msgspec.Struct, frozen=True, eq=False):
    """The merged paths of some processes."""

    processes: int
    """How many have a known tree."""
    paths: Table
    """By path (JSON of its names): calls, repeats, total and self time, and the resolution of all its calls."""


def measure_tree(context: Context) -> TreePart:
    """The merged paths.

    A path's self time is its own less that of the paths one function longer: those are its calls' children. It is below
    zero where children ran side by side.
    """
    calls, ordered = context.calls, context.ordered
    in_tree = np.flatnonzero(ordered.in_tree)
    merged = merge_paths(ordered)
    path, count = merged.path_of_place[in_tree], len(merged.function)
    total_ns = sum_by(path, calls.elapsed_ns[ordered.rows(in_tree)], count)
    child = in_tree[ordered.parent[in_tree] != NOWHERE]
    inside_ns = sum_by(merged.path_of_place[ordered.parent[child]], calls.elapsed_ns[ordered.rows(child)], count)
    size, traits = count_by(path, count), context.traits[in_tree]
    found = np.flatnonzero(size)
    names = (*calls.names, DEEPER, UNFINISHED)
    texts = [
        msgspec.json.encode([names[code] for code in merged.codes(row, unfinished=len(names) - 1)]).decode()
        for row in found.tolist()
    ]
    shown = size if context.shown is None else count_by(path, count, context.shown.places[in_tree])
    return TreePart(
        processes=len(find_distinct(ordered.process[in_tree])),
        paths=Table(
            key={"path": Column(np.arange(len(found)), tuple(texts))},
            sums={
                "calls": size[found],
                **{name: counted[found] for name, counted in count_traits(path, traits, _MASKS, count).items()},
                "total_ns": total_ns[found],
                "resolution_ns": sum_by(path, calls.resolution_ns[ordered.rows(in_tree)], count)[found],
                "self_ns": shrink(total_ns[found].astype(object) - inside_ns[found]),
                "shown": shown[found],
            },
        ),
    )


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
        self_ns=row["self_ns"],
        self_upper_ns=row["self_ns"] + row["resolution_ns"],
        redundant_calls=row["redundant_calls"],
        first_calls=row["first"],
        fan_out_calls=row["fan_out"],
        unchanged=unchanged,
        changed=row["changed"],
        unproven=row["redundant_calls"] - unchanged - row["changed"],
    )


def merge_paths(ordered: OrderedCalls) -> Paths:
    """Gives each call of a tree its path, level by level: two calls share one if their parents and functions do."""
    deeper = len(ordered.calls.names)
    names = deeper + 1
    if not ordered.in_tree.any():
        none = np.array([_NO_PATH, _NO_PATH])
        return Paths(none, np.full(2, NO_NAME), repeat_value(np.int64(_NO_PATH), len(ordered)))
    function = ordered.calls.lookups.function[ordered.lookup]
    path_of_place = np.full(len(ordered), _NO_PATH, np.int64)
    above, functions = [np.array([_NO_PATH, _NO_PATH])], [np.array([NO_NAME, NO_NAME])]
    start = _UNFINISHED_PATH + 1
    for depth, places in enumerate(_list_levels(ordered)):
        parent = ordered.parent[places]
        if depth > DEEPEST:
            path_of_place[places] = path_of_place[parent]
            continue
        is_orphan = ordered.calls.parent[ordered.rows(places)] != NO_PARENT
        upper = np.where(parent == NOWHERE, np.where(is_orphan, _UNFINISHED_PATH, _NO_PATH), path_of_place[parent])
        last = function[places] if depth < DEEPEST else np.full(len(places), deeper)
        distinct, code = code_values(upper * names + last, start * names)
        path_of_place[places] = start + code
        above.append(distinct // names)
        functions.append(distinct % names)
        start += len(distinct)
    return Paths(np.concatenate(above), np.concatenate(functions), path_of_place)


def _list_levels(ordered: OrderedCalls) -> Iterator[NDArray[np.intp]]:
    """The calls in trees: the roots, their children, and so on."""
    child = np.flatnonzero(ordered.parent != NOWHERE)
    child = child[group_order(ordered.parent[child])]
    children = np.bincount(ordered.parent[child], minlength=len(ordered))
    first_child = np.cumsum(children) - children
    level = np.flatnonzero(ordered.in_tree & (ordered.parent == NOWHERE))
    while len(level):
        yield level
        level = child[spread(first_child[level], children[level])]


MEASURE = Measure("call_tree", measure_tree, merge_trees, list_call_tree)
