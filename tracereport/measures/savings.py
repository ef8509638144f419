"""What the calls that needn't have been made took: recorded and with the resolution added, nothing counted twice.

A call inside a spared one isn't counted again. Of what lies inside a call never more counts than the call itself took:
where its children ran side by side, their times don't add up. What symbol loading took is never promised.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.coding import code_tuples
from tracereport.calls.grouping import Integers, count_by, sum_by
from tracereport.calls.ordered import OrderedCalls
from tracereport.measures.context import Context
from tracereport.measures.interface import Measure
from tracereport.measures.partials import Column, Table, merge_tables
from tracereport.measures.traits import ASKED_UNCHANGED, CACHED, UNCHANGED, UNPROVEN, WRITTEN
from tracereport.native.keys import group_order
from tracereport.native.savings import SavedTimes, find_limits, sum_saved
from tracereport.native.tally import Mask
from tracereport.native.trees import find_marks_above

NO_FUNCTION: Final = -1
_SURE, _POSSIBLE = 1, 2
"""Marks of calls that wouldn't be made: those whose answers were unchanged, and those that prove nothing."""


def count_savings(context: Context) -> Table:
    """By function the time of its unchanged repeats, and of its unproven ones without a write before them.

    What a function's answers prove, the whole input tells. Where they prove nothing, what is saved becomes possible at
    best, and only if nothing was written before: ``turned`` is the time of these. ``alone`` is that of all unchanged
    repeats, whether they lie inside one another or not.
    """
    names, function = len(context.calls.names), context.function_of_signature
    sums = {}
    if context.is_flat:
        cells = context.cells
        own = function[cells.signature]
        for name, (saved, _) in _list_saved(cells.traits).items():
            of_saved = np.where(saved & cells.is_promised, own, np.int32(NO_FUNCTION))
            sums[f"{name}_ns"] = sum_by(of_saved, cells.elapsed_ns, names)
            sums[f"{name}_range_ns"] = sum_by(of_saved, cells.resolution_ns, names)
    else:
        for name, times in _sum_in_trees(context).items():
            sums[f"{name}_ns"], sums[f"{name}_range_ns"] = times.recorded_ns, times.range_ns
    found = np.flatnonzero(count_by(function[context.ordered.signature], names))
    return Table(
        key={"function": Column(found, context.calls.names)},
        sums={name: column[found] for name, column in sums.items()},
    )


def _list_saved(traits: NDArray[np.uint16]) -> dict[str, tuple[NDArray[np.bool_], int]]:
    """Per sum whose time it is, and the marks of all that wouldn't be made; 0: nothing else is spared."""
    unchanged = ASKED_UNCHANGED.of(traits)
    return {
        "saving": (unchanged, _SURE),
        "turned": (Mask(UNCHANGED, CACHED | WRITTEN).of(traits), _SURE | _POSSIBLE),
        "possible": (Mask(UNPROVEN.having, UNPROVEN.lacking | WRITTEN).of(traits), _SURE | _POSSIBLE),
        # An upper bound, whatever else is spared.
        "alone": (unchanged, 0),
    }


def _sum_in_trees(context: Context) -> dict[str, SavedTimes]:
    """Each sum by function, where calls may lie inside one another."""
    names, sums = len(context.calls.names), {}
    listed = _list_saved(context.repeats.traits)
    marks = listed["saving"][0] * np.uint8(_SURE) | listed["possible"][0] * np.uint8(_POSSIBLE)
    above = find_marks_above(context.ordered.parent, marks)
    before = None
    for name, (saved, spared) in listed.items():
        if spared:
            counts = _keep_outermost(context, saved & ((above & spared) == 0), (marks & spared) != 0)
        else:
            counts = saved & context.is_promised
        if before is None or not spared or not np.array_equal(counts, before):
            before = counts
            # Alone, no function's calls use up what of a parent's time another's may save.
            times = sum_times(context, counts, context.function, names, apart=not spared)
        sums[name] = times
    return sums


def _keep_outermost(context: Context, saved: NDArray[np.bool_], spared: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The saved calls whose time counts, of those that lie in no spared one of their tree.

    Where the tree isn't known any of the spared calls, which are all that wouldn't be made, may lie inside another: of
    such a process the one function counts that saves most, by its calls that can't lie inside one another.
    """
    ordered = context.ordered
    counts = saved & context.is_promised
    tree_unknown = context.is_tree_unknown
    if not tree_unknown.any():
        return counts
    counts[find_enclosed(ordered, np.flatnonzero(spared & tree_unknown))] = False
    uncertain = np.flatnonzero(counts & tree_unknown)
    counts[uncertain] = False
    counts[_best_functions(ordered, uncertain)] = True
    return counts


def sum_times(
    context: Context,
    counts: NDArray[np.bool_],
    group: Integers,
    groups: int,
    *,
    apart: bool,
    exclusive: NDArray[np.bool_] | None = None,
) -> SavedTimes:
    """The time of the counted calls by group, as long as the time of no call that they lie in is used up.

    Args:
        context: of the calls.
        counts: per place, as ``group`` and ``exclusive`` are.
        group: of each counted call a number below ``groups``.
        groups: above all of them.
        apart: each group is counted for itself: its calls use up nothing of what those of others may save.
        exclusive: the calls whose time is added up by itself, too.
    """
    calls, ordered = context.calls, context.ordered
    elapsed_ns, resolution_ns = ordered.take(calls.elapsed_ns), ordered.take(calls.resolution_ns)
    limits = None
    if ordered.in_tree.any():
        limits = context.make_once("limits", lambda: find_limits(ordered.parent, elapsed_ns, resolution_ns))
    return sum_saved(limits, elapsed_ns, resolution_ns, counts, group, groups, apart=apart, exclusive=exclusive)


def find_enclosed(
    ordered: OrderedCalls, places: NDArray[np.intp], owner: NDArray[np.int64] | None = None
) -> NDArray[np.intp]:
    """Those of the places (ascending) whose call may lie inside another of them, of its process and function.

    What lies inside a call began after it and ended before it: it has a larger number and an earlier line, whatever
    the callers say. So a call can be told apart that ended after all those that began before it.

    ``owner`` divides the places, one entry each, into sets that are seen each for itself.
    """
    if not len(places):
        return places
    calls = ordered.calls
    _, group = code_tuples(
        (ordered.process[places], len(calls.processes.name)),
        *([] if owner is None else [(owner, int(owner.max()) + 1)]),
        (calls.lookups.function[ordered.lookup[places]], len(calls.names)),
    )
    order = group_order(group)
    line = calls.line[ordered.rows(places[order])]
    # In bands of their own groups can't outdo one another.
    end: NDArray[np.int64] = line + group[order].astype(np.int64) * (int(line.max()) + 1)
    return places[order[end < np.maximum.accumulate(end)]]


def _best_functions(ordered: OrderedCalls, places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Of each process the calls of the one function whose calls took longest."""
    if not len(places):
        return places
    calls = ordered.calls
    process = ordered.process[places].astype(np.int64)
    key = process * len(calls.names) + calls.lookups.function[ordered.lookup[places]]
    distinct, group = np.unique(key, return_inverse=True)
    lower_ns = sum_by(group, calls.elapsed_ns[ordered.rows(places)], len(distinct)).tolist()
    resolution_ns = sum_by(group, calls.resolution_ns[ordered.rows(places)], len(distinct)).tolist()
    best: dict[int, tuple[int, int, int]] = {}
    for index, key_of_group in enumerate(distinct.tolist()):
        candidate = (lower_ns[index], lower_ns[index] + resolution_ns[index], -index)
        owner = key_of_group // len(calls.names)
        best[owner] = max(best.get(owner, candidate), candidate)
    chosen = np.zeros(len(distinct), bool)
    chosen[[-index for _, _, index in best.values()]] = True
    return places[chosen[group]]


MEASURE = Measure("savings", count_savings, merge_tables)
