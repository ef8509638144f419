"""What the calls that needn't have been made took: recorded and with the resolution added, nothing counted twice."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.ancestry import any_above
from tracereport.calls.coding import code_values
from tracereport.calls.grouping import stable_order, sum_by, sum_exactly
from tracereport.calls.ordered import OrderedCalls


class Saving(msgspec.Struct, frozen=True):
    """A range of time: the true one is at least ``lower_ns`` and below ``upper_ns``."""

    lower_ns: int
    upper_ns: int


def find_promised(ordered: OrderedCalls) -> NDArray[np.bool_]:
    """All but first calls: what symbol loading took isn't saved with them."""
    return ~ordered.calls.is_first[ordered.row]


def sum_saving(
    ordered: OrderedCalls, promised: NDArray[np.bool_], saved: NDArray[np.bool_], spared: NDArray[np.bool_]
) -> Saving:
    """The time of the saved calls. ``spared`` holds all calls that wouldn't be made, the saved ones among them.

    A call inside a spared one isn't counted again. Where the tree isn't known any of them may lie inside another: of
    such a process the one function counts that saves most, by its calls that can't lie inside one another.
    """
    tree_unknown = ordered.calls.processes.has_tree("unknown")[ordered.process]
    counts = saved & promised
    if ordered.in_tree.any():
        counts &= ~any_above(ordered, spared)
    counts[find_enclosed(ordered, np.flatnonzero(spared & tree_unknown))] = False
    counted = np.flatnonzero(counts)
    certain = counted[~tree_unknown[counted]]
    lower_ns, upper_ns = _sum_range(ordered, certain)
    best = _best_functions(ordered, counted[tree_unknown[counted]])
    more_lower_ns, more_upper_ns = _sum_range(ordered, best)
    return Saving(lower_ns + more_lower_ns, upper_ns + more_upper_ns)


def find_enclosed(ordered: OrderedCalls, places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Those of the places (ascending) whose call may lie inside another of them, of its process and function.

    What lies inside a call began after it and ended before it: it has a larger number and an earlier line, whatever
    the callers say. So a call can be told apart that ended after all those that began before it.
    """
    if not len(places):
        return places
    calls = ordered.calls
    key = ordered.process[places].astype(np.int64) * len(calls.names) + calls.lookups.function[ordered.lookup[places]]
    _, group = code_values(key, len(calls.processes.name) * len(calls.names))
    order = stable_order(group, int(group.max()) + 1)
    line = calls.line[ordered.row[places[order]]]
    # In bands of their own groups can't outdo one another.
    end = line + group[order].astype(np.int64) * (int(line.max()) + 1)
    return places[order[end < np.maximum.accumulate(end)]]


def _sum_range(ordered: OrderedCalls, places: NDArray[np.intp]) -> tuple[int, int]:
    row = ordered.row[places]
    lower_ns = sum_exactly(ordered.calls.elapsed_ns[row])
    return lower_ns, lower_ns + sum_exactly(ordered.calls.resolution_ns[row])


def _best_functions(ordered: OrderedCalls, places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Of each process the calls of the one function whose calls took longest."""
    if not len(places):
        return places
    calls = ordered.calls
    process = ordered.process[places].astype(np.int64)
    key = process * len(calls.names) + calls.lookups.function[ordered.lookup[places]]
    distinct, group = np.unique(key, return_inverse=True)
    lower_ns = sum_by(group, calls.elapsed_ns[ordered.row[places]], len(distinct)).tolist()
    resolution_ns = sum_by(group, calls.resolution_ns[ordered.row[places]], len(distinct)).tolist()
    best: dict[int, tuple[int, int, int]] = {}
    for index, key_of_group in enumerate(distinct.tolist()):
        candidate = (lower_ns[index], lower_ns[index] + resolution_ns[index], -index)
        owner = key_of_group // len(calls.names)
        best[owner] = max(best.get(owner, candidate), candidate)
    chosen = np.zeros(len(distinct), bool)
    chosen[[-index for _, _, index in best.values()]] = True
    return places[chosen[group]]
