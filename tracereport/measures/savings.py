"""What the calls that needn't have been made took: recorded and with the resolution added, nothing counted twice.

A call inside a spared one isn't counted again. Of what lies inside a call never more counts than the call itself took:
where its children ran side by side, their times don't add up. What symbol loading took is never promised.
"""

from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.ancestry import any_above, nearest_above
from tracereport.calls.coding import code_tuples
from tracereport.calls.constant import map_rows
from tracereport.calls.grouping import count_by, sum_by
from tracereport.calls.ordered import NOWHERE, OrderedCalls
from tracereport.measures.context import Context
from tracereport.measures.interface import Measure
from tracereport.measures.partials import Array, Column, Table, add_up, merge_tables
from tracereport.measures.traits import ASKED_UNCHANGED, CACHED, UNCHANGED, UNPROVEN, WRITTEN
from tracereport.native.keys import group_order
from tracereport.native.pairs import number_pairs
from tracereport.native.tally import Mask
from tracereport.native.trees import cap_times, find_overfull

NO_FUNCTION: Final = -1
_STEPS_UP: Final = 64
"""Calls above a call that may limit what it saves; a call below more of them promises nothing."""


class Counted(msgspec.Struct, frozen=True, eq=False):
    """What each call of a set adds to its saving, one entry each."""

    place: NDArray[np.intp]
    """Ascending."""
    lower_ns: NDArray[np.int64]
    range_ns: NDArray[np.int64]
    """How far the upper end lies above (or below, if others may use up more of a parent's time): the sum of both may
    have more than 63 bits."""

    def add_up(self, owner: NDArray[np.integer[Any]], count: int) -> tuple[Array, Array]:
        """Both sums of each of ``count`` owners; ``owner`` runs over all places."""
        own = owner[self.place]
        return sum_by(own, self.lower_ns, count), add_up(own, self.range_ns, count)


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
        for name, saved, _ in _list_saved(cells.traits):
            of_saved = np.where(saved & cells.is_promised, own, np.int32(NO_FUNCTION))
            sums[f"{name}_ns"] = sum_by(of_saved, cells.elapsed_ns, names)
            sums[f"{name}_range_ns"] = sum_by(of_saved, cells.resolution_ns, names)
    else:
        own, before = context.function, None
        for name, saved, spared in _list_saved(context.repeats.traits):
            counts = saved & context.is_promised if spared is None else find_outermost(context, saved, spared)
            # Alone, no function's calls use up what of a parent's time another's may save.
            owner = own if spared is None else None
            if before is None or owner is not None or not np.array_equal(counts, before):
                before, added = counts, count_time(context, counts, owner).add_up(own, names)
            sums[f"{name}_ns"], sums[f"{name}_range_ns"] = added
    found = np.flatnonzero(count_by(function[context.ordered.signature], names))
    return Table(
        key={"function": Column(found, context.calls.names)},
        sums={name: column[found] for name, column in sums.items()},
    )


def _list_saved(
    traits: NDArray[np.uint16],
) -> tuple[tuple[str, NDArray[np.bool_], NDArray[np.bool_] | None], ...]:
    """The name of each sum, whose time it is, and all that wouldn't be made; null: nothing else is spared."""
    unchanged = ASKED_UNCHANGED.of(traits)
    unproven = Mask(UNPROVEN.having, UNPROVEN.lacking | WRITTEN).of(traits)
    return (
        ("saving", unchanged, unchanged),
        ("turned", Mask(UNCHANGED, CACHED | WRITTEN).of(traits), unchanged | unproven),
        ("possible", unproven, unchanged | unproven),
        # An upper bound, whatever else is spared.
        ("alone", unchanged, None),
    )


def find_outermost(context: Context, saved: NDArray[np.bool_], spared: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The saved calls whose time counts. ``spared`` holds all calls that wouldn't be made, the saved ones among them.

    Where the tree isn't known any of them may lie inside another: of such a process the one function counts that saves
    most, by its calls that can't lie inside one another.
    """
    ordered = context.ordered
    counts = saved & context.is_promised
    if ordered.in_tree.any():
        counts &= ~any_above(ordered, spared)
    tree_unknown = context.is_tree_unknown
    if not tree_unknown.any():
        return counts
    counts[find_enclosed(ordered, np.flatnonzero(spared & tree_unknown))] = False
    uncertain = np.flatnonzero(counts & tree_unknown)
    counts[uncertain] = False
    counts[_best_functions(ordered, uncertain)] = True
    return counts


def count_time(context: Context, counts: NDArray[np.bool_], owner: NDArray[np.integer[Any]] | None = None) -> Counted:
    """What each counted call adds: its time, as long as the time of no call that it lies in is used up.

    ``owner`` divides the calls into sets that are counted each for itself.
    """
    calls, ordered = context.calls, context.ordered
    place = np.flatnonzero(counts)
    row = ordered.rows(place)
    counted = Counted(place, calls.elapsed_ns[row], np.array(map_rows(calls.resolution_ns, row)))
    if not ordered.in_tree.any():
        return counted
    limits = context.make_once("limits", lambda: _find_limits(ordered))
    depth = limits.depth[place]
    counted.lower_ns[depth > _STEPS_UP] = counted.range_ns[depth > _STEPS_UP] = 0
    limited = np.flatnonzero((depth > 0) & (depth <= _STEPS_UP))
    limit = limits.above[place[limited]]
    for level in range(int(depth[limited].max(initial=0)) - 1, -1, -1):
        at = np.flatnonzero((limit != NOWHERE) & (limits.depth[limit] == level))
        _limit_times(counted, ordered, limited[at], limit[at], owner)
        limit[at] = limits.above[limit[at]]
    return counted


class _Limits(msgspec.Struct, frozen=True, eq=False):
    """The calls that limit what those inside save: theirs took longer than they themselves."""

    above: NDArray[np.intp]
    """Per place the nearest such call that it lies in; ``NOWHERE`` without one."""
    depth: NDArray[np.int64]
    """In how many such calls it lies, up to one more than are looked at."""


def _find_limits(ordered: OrderedCalls) -> _Limits:
    calls = ordered.calls
    # What isn't overfull limits nothing.
    overfull = find_overfull(ordered.parent, ordered.take(calls.elapsed_ns), ordered.take(calls.resolution_ns))
    above = nearest_above(ordered, overfull)
    return _Limits(above, _count_above(above))


def _count_above(limiting: NDArray[np.intp]) -> NDArray[np.int64]:
    """How many limiting calls each call lies in, up to one more than are looked at."""
    depth = np.zeros(len(limiting), np.int64)
    walking = np.flatnonzero(limiting != NOWHERE)
    current = limiting[walking]
    for _ in range(_STEPS_UP + 1):
        depth[walking] += 1
        current = limiting[current]
        walking, current = walking[current != NOWHERE], current[current != NOWHERE]
        if not len(walking):
            break
    return depth


def _limit_times(
    counted: Counted,
    ordered: OrderedCalls,
    child: NDArray[np.intp],
    limit: NDArray[np.intp],
    owner: NDArray[np.integer[Any]] | None,
) -> None:
    """Lowers the times of calls that lie in the same one (and are of the same owner) to what that one took.

    Args:
        counted: is changed.
        ordered: the calls.
        child: which of the counted ones, ascending.
        limit: per child the place of the call that it lies in.
        owner: per place; null where all have the same.
    """
    if not len(child):
        return
    calls = ordered.calls
    own = np.zeros(len(child), np.int32) if owner is None else owner[counted.place[child]]
    group, _ = number_pairs(own, int(own.max()) + 1, limit, len(ordered))
    row = ordered.rows(limit)
    limit_ns, limit_range_ns = calls.elapsed_ns[row], map_rows(calls.resolution_ns, row)
    capped = cap_times(group, limit_ns, limit_range_ns, counted.lower_ns[child], counted.range_ns[child])
    counted.lower_ns[child], counted.range_ns[child] = capped


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
