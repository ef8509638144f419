"""Trees that were given by whoever made the calls, held against what a tree can be."""

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tracereport.calls.calls import NO_PARENT, TREE_KINDS, Calls
from tracereport.model import TreeKind

_UNKNOWN: TreeKind = "unknown"


def refuse_impossible_parents(calls: Calls) -> Calls:
    """The calls without trees that can't be: those of processes in which a call is not younger than its parent.

    A call starts before the calls that it makes, and numbers are given at the start. So parents whose numbers are
    smaller make no cycle; and a tree needs numbers that stand for one call each.
    """
    has_tree = calls.processes.has_tree("nested", "given")
    if not has_tree.any():
        return calls
    impossible = has_tree[calls.process] & (calls.parent != NO_PARENT) & (calls.parent >= calls.number)
    refused = np.zeros(len(has_tree), bool)
    refused[calls.process[impossible]] = True
    twice = _find_twice(calls, has_tree & ~refused)
    refused[calls.process[twice]] = True
    if not refused.any():
        return calls
    tree = np.where(refused, np.uint8(TREE_KINDS.index(_UNKNOWN)), calls.processes.tree)
    return replace(
        calls,
        processes=replace(calls.processes, tree=tree),
        parent=np.where(refused[calls.process], NO_PARENT, calls.parent),
        impossible_parents=calls.impossible_parents + int(np.count_nonzero(impossible)) + int(np.count_nonzero(twice)),
    )


def _find_twice(calls: Calls, has_tree: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The calls of processes with a tree whose plausible number stands for another call of the process, too."""
    twice = np.zeros(len(calls), bool)
    row = np.flatnonzero(has_tree[calls.process] & ~calls.implausible)
    process, number = calls.process[row], calls.number[row]
    same = (process[1:] == process[:-1]) & (number[1:] > number[:-1])
    if np.all(same | (process[1:] > process[:-1])):
        return twice
    order = np.lexsort((number, process))
    process, number = process[order], number[order]
    again = np.flatnonzero((process[1:] == process[:-1]) & (number[1:] == number[:-1])) + 1
    twice[row[order[again]]] = True
    return twice
