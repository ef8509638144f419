"""The call tree: calls merged by the chain of functions above them, and self time, of processes whose tree is known."""

from collections.abc import Iterator
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_NAME, NO_PARENT
from tracereport.calls.coding import code_values, spread
from tracereport.calls.grouping import ROW_LIMIT, count_by, keep_rows, stable_order, sum_by
from tracereport.calls.ordered import NOWHERE, OrderedCalls
from tracereport.calls.selection import Shown
from tracereport.measures.repeats import Repeats
from tracereport.model import CallTree, Rows, TreePath

UNFINISHED = "(unfinished)"
"""Stands for a parent that never printed, at the start of its calls' paths."""

_NO_PATH, _UNFINISHED_PATH = 0, 1


class Paths(msgspec.Struct, frozen=True, eq=False):
    """The distinct paths, the shorter first, then by name. Numbers 0 and 1 stand for no path and for ``UNFINISHED``."""

    above: NDArray[np.int64]
    """Per path the one without its last function."""
    function: NDArray[np.int64]
    """Per path the name code of its last function."""
    length: NDArray[np.int64]
    """Per path how many names it has."""
    path_of_place: NDArray[np.int64]
    """The path of each judged call; 0 without a tree."""

    def codes(self, path: int, unfinished: int) -> list[int]:
        """The name codes of a path's functions, the outermost first; ``unfinished`` where ``UNFINISHED`` stands."""
        found: list[int] = []
        while path > _UNFINISHED_PATH:
            found.append(int(self.function[path]))
            path = int(self.above[path])
        if path == _UNFINISHED_PATH:
            found.append(unfinished)
        return found[::-1]


def count_call_tree(ordered: OrderedCalls, repeats: Repeats, shown: Shown | None = None) -> CallTree | None:
    """The merged paths by time, ties by calls, length and name; null where no tree is known.

    A path's self time is its own less that of the paths one function longer: those are its calls' children. It is below
    zero where children ran side by side.
    """
    in_tree = np.flatnonzero(ordered.in_tree)
    if not len(in_tree):
        return None
    merged = merge_paths(ordered)
    path, count = merged.path_of_place[in_tree], len(merged.function)
    total_ns = sum_by(path, ordered.calls.elapsed_ns[ordered.row[in_tree]], count)
    self_ns = total_ns.copy()
    np.subtract.at(self_ns, merged.above, total_ns)
    calls = count_by(path, count)
    redundant = count_by(path, count, repeats.is_repeat[in_tree])
    selected = calls if shown is None else count_by(path, count, shown.places[in_tree])
    rows = np.flatnonzero(selected).tolist()
    by_time = sorted(rows, key=lambda row: (-total_ns[row], -calls[row], row))
    greatest = max((merged.length[row] for row in rows), default=0)
    by_calls = sorted((row for row in rows if merged.length[row] == greatest), key=lambda row: (-calls[row], row))

    names = (*ordered.calls.names, UNFINISHED)

    def describe(kept: list[int]) -> Rows[TreePath]:
        paths = [
            TreePath(
                path=tuple([names[code] for code in merged.codes(row, unfinished=len(names) - 1)]),
                calls=int(calls[row]),
                total_ns=int(total_ns[row]),
                self_ns=int(self_ns[row]),
                redundant_calls=int(redundant[row]),
            )
            for row in kept[:ROW_LIMIT]
        ]
        return keep_rows(paths, total=len(kept))

    return CallTree(
        processes=len(np.unique(ordered.process[in_tree])),
        calls=len(in_tree),
        paths=describe(by_time),
        deepest=describe(by_calls),
    )


def count_self_ns(ordered: OrderedCalls) -> list[int | None]:
    """By name code the self time of a function's calls in trees, null where it has none."""
    names = len(ordered.calls.names)
    in_tree = np.flatnonzero(ordered.in_tree)
    function = ordered.calls.lookups.function[ordered.lookup]
    elapsed_ns = ordered.calls.elapsed_ns[ordered.row]
    child = in_tree[ordered.parent[in_tree] != NOWHERE]
    own_ns = sum_by(function[in_tree], elapsed_ns[in_tree], names).tolist()
    inside_ns = sum_by(function[ordered.parent[child]], elapsed_ns[child], names).tolist()
    has_calls = count_by(function[in_tree], names).tolist()
    return [own - inside if calls else None for own, inside, calls in zip(own_ns, inside_ns, has_calls, strict=True)]


def merge_paths(ordered: OrderedCalls) -> Paths:
    """Gives each call of a tree its path, level by level: two calls share one if their parents and functions do."""
    names = len(ordered.calls.names)
    function = ordered.calls.lookups.function[ordered.lookup]
    path_of_place = np.full(len(ordered), _NO_PATH, np.int64)
    above, functions = [np.array([_NO_PATH, _NO_PATH])], [np.array([NO_NAME, NO_NAME])]
    starts = [_UNFINISHED_PATH + 1]
    for places in _list_levels(ordered):
        parent = ordered.parent[places]
        is_orphan = ordered.calls.parent[ordered.row[places]] != NO_PARENT
        upper = np.where(parent == NOWHERE, np.where(is_orphan, _UNFINISHED_PATH, _NO_PATH), path_of_place[parent])
        distinct, code = code_values(upper * names + function[places], starts[-1] * names)
        path_of_place[places] = starts[-1] + code
        above.append(distinct // names)
        functions.append(distinct % names)
        starts.append(starts[-1] + len(distinct))
    paths = Paths(np.concatenate(above), np.concatenate(functions), np.zeros(starts[-1], np.int64), path_of_place)
    paths.length[_UNFINISHED_PATH] = 1
    for start, end in pairwise(starts):
        paths.length[start:end] = paths.length[paths.above[start:end]] + 1
    return paths


def _list_levels(ordered: OrderedCalls) -> Iterator[NDArray[np.intp]]:
    """The calls in trees: the roots, their children, and so on."""
    child = np.flatnonzero(ordered.parent != NOWHERE)
    child = child[stable_order(ordered.parent[child], len(ordered))]
    children = np.bincount(ordered.parent[child], minlength=len(ordered))
    first_child = np.cumsum(children) - children
    level = np.flatnonzero(ordered.in_tree & (ordered.parent == NOWHERE))
    while len(level):
        yield level
        level = child[spread(first_child[level], children[level])]
