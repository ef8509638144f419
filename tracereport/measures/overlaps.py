"""Children that ran side by side inside of a call: tasks, threads, requests of several services.

The time that they share counts once: where starts are known, what they take of the call is the union of their
intervals. Elsewhere nothing tells how long they ran together, and no self time is claimed of the call.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_START
from tracereport.calls.grouping import sum_by
from tracereport.calls.ordered import NOWHERE, OrderedCalls
from tracereport.native.keys import group_order

_LATEST = np.iinfo(np.int64).max


class Overlaps(msgspec.Struct, frozen=True, eq=False):
    """The calls whose children ran side by side, or went on after them."""

    place: NDArray[np.intp]
    shared_ns: NDArray[np.int64]
    """By how much the times of the children add up to more than they take of the call; 0 where that isn't known."""
    is_unknown: NDArray[np.bool_]


class _Families(msgspec.Struct, frozen=True, eq=False):
    """Calls of given trees with their children, family by family, these in the order of their numbers."""

    parent: NDArray[np.intp]
    """Place of each family's parent."""
    child: NDArray[np.intp]
    """Places of all children."""
    family: NDArray[np.int64]
    """Of each child."""

    def __len__(self) -> int:
        return len(self.parent)


def find_overlaps(ordered: OrderedCalls) -> Overlaps:
    """Finds them in given trees: in a nested one each child had ended before the next one began."""
    families = _find_families(ordered)
    calls = ordered.calls
    total_ns = sum_by(families.family, calls.elapsed_ns[ordered.rows(families.child)], len(families))
    knows_starts = _knows_starts(ordered, families) & np.asarray(total_ns < _LATEST, bool)
    is_unknown = ~knows_starts & _ran_side_by_side(ordered, families, total_ns)
    shared_ns = np.zeros(len(families), np.int64)
    known = np.flatnonzero(knows_starts)
    shared_ns[known] = total_ns[known] - _unite(ordered, _choose(families, known))
    found = np.flatnonzero(is_unknown | (shared_ns != 0))
    return Overlaps(families.parent[found], shared_ns[found], is_unknown[found])


def _find_families(ordered: OrderedCalls) -> _Families:
    is_given = ordered.calls.processes.has_tree("given")
    if not is_given.any():
        nobody = np.empty(0, np.intp)
        return _Families(nobody, nobody, nobody)
    child = np.flatnonzero((ordered.parent != NOWHERE) & is_given[ordered.process])
    child = child[group_order(ordered.parent[child])]
    is_first = np.diff(ordered.parent[child], prepend=-1) != 0
    return _Families(ordered.parent[child[is_first]].astype(np.intp), child, np.cumsum(is_first) - 1)


def _choose(families: _Families, wanted: NDArray[np.intp]) -> _Families:
    """Some families, numbered anew."""
    number = np.full(len(families), -1, np.int64)
    number[wanted] = np.arange(len(wanted))
    family = number[families.family]
    return _Families(families.parent[wanted], families.child[family >= 0], family[family >= 0])


def _knows_starts(ordered: OrderedCalls, families: _Families) -> NDArray[np.bool_]:
    """Per family whether all of its starts are known."""
    start_ns = ordered.calls.start_ns
    if start_ns is None:
        return np.zeros(len(families), bool)
    known: NDArray[np.bool_] = start_ns[ordered.rows(families.parent)] != NO_START
    known[families.family[start_ns[ordered.rows(families.child)] == NO_START]] = False
    return known


def _ran_side_by_side(ordered: OrderedCalls, families: _Families, total_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Per family whether its children surely did: together they take more time than the call has.

    Or one that began later was written earlier, since it ended earlier.
    """
    row = ordered.rows(families.parent)
    calls = ordered.calls
    side_by_side = np.asarray(total_ns - calls.elapsed_ns[row] >= calls.resolution_ns[row], bool)
    written = ordered.rows(families.child)
    is_earlier = (np.diff(written) < 0) & (np.diff(families.family) == 0)
    side_by_side[families.family[1:][is_earlier]] = True
    return side_by_side


def _unite(ordered: OrderedCalls, families: _Families) -> NDArray[np.int64]:
    """Per family the time of its call in which a child was running."""
    begin_ns, end_ns = _measure_from_parent(ordered, families)
    if not len(begin_ns):
        return np.zeros(len(families), np.int64)
    order = np.lexsort((begin_ns, families.family))
    family, begin_ns, end_ns = families.family[order], begin_ns[order], end_ns[order]
    ends_ns, rank = np.unique(end_ns, return_inverse=True)
    # The latest end up to each child: family by family, since each one's codes lie above those before it.
    latest = np.maximum.accumulate(family * len(ends_ns) + rank)
    before_ns = ends_ns[latest[:-1] % len(ends_ns)]
    covered_ns = np.zeros(len(family), np.int64)
    covered_ns[1:] = np.where(family[1:] == family[:-1], before_ns, 0)
    united: NDArray[np.int64] = sum_by(family, np.maximum(end_ns - np.maximum(begin_ns, covered_ns), 0), len(families))
    return united


def _measure_from_parent(ordered: OrderedCalls, families: _Families) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """When each child began and ended, from the start of its parent on, and as far as that ran."""
    calls = ordered.calls
    if calls.start_ns is None:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    child, parent = ordered.rows(families.child), ordered.rows(families.parent[families.family])
    first_ns = calls.start_ns[parent]
    last_ns = _find_end(first_ns, calls.elapsed_ns[parent])
    begin_ns = np.clip(calls.start_ns[child], first_ns, last_ns)
    end_ns = np.clip(_find_end(calls.start_ns[child], calls.elapsed_ns[child]), first_ns, last_ns)
    return begin_ns - first_ns, end_ns - first_ns


def _find_end(start_ns: NDArray[np.int64], elapsed_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """When calls ended; at the end of time those that would have ended after it."""
    end_ns: NDArray[np.int64] = start_ns + np.minimum(elapsed_ns, _LATEST - np.maximum(start_ns, 0))
    return end_ns
