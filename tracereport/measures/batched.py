"""Groups of calls that look like a loop over rows but aren't: each call is for many rows, a page, or the same row.

The statements tell (``calls.batches``); other calls are left as they are.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.batches import (
    adds_nothing_twice,
    asks_for_many,
    asks_for_range,
    may_ask_for_many,
    may_write_range,
    sends_many_kinds,
    writes_many,
    writes_range,
)
from tracereport.calls.grouping import count_by
from tracereport.calls.lookup_text import decode_lookup
from tracereport.calls.ordered import OrderedCalls
from tracereport.calls.paths import REQUEST
from tracereport.native.keys import find_distinct, list_members
from tracereport.native.pairs import number_pairs


def find_batched_questions(
    ordered: OrderedCalls,
    group: NDArray[np.int32],
    first: NDArray[np.integer],
    varying_of: Callable[[int], Sequence[int]],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Finds groups whose questions ask for many keys or a page each, and groups whose questions ask for a range each.

    Args:
        ordered: all calls.
        group: the group of each place, negative for none.
        first: the place of each group's first call.
        varying_of: returns the positions of the parameters that vary in a group.

    Returns:
        Two flags for each group.
    """
    is_batched, is_range = np.zeros((2, len(first)), bool)
    texts = ordered.calls.lookups.text
    wanted, index = np.unique(ordered.lookup[first], return_inverse=True)
    may_be = np.array([may_ask_for_many(text) for text in texts.take(wanted).to_list()], bool)
    groups = np.flatnonzero(may_be[index])
    size = count_by(group, len(first))[groups]
    for own, members in zip(groups.tolist(), list_members(group, groups, size, len(first)), strict=True):
        lookups = texts.take(find_distinct(ordered.lookup[members])).to_list()
        names = [name for name, _ in decode_lookup(lookups[0])[1]]
        varying = [names[position] for position in varying_of(own)]
        is_batched[own] = asks_for_many(lookups, varying)
        is_range[own] = asks_for_range(lookups, varying)
    return is_batched, is_range


def find_batched_writes(
    ordered: OrderedCalls, group: NDArray[np.int32], first: NDArray[np.integer], least: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Finds groups of writes that are for many rows each, for fewer than ``least``, or for several endpoints.

    Returns:
        A flag for each group; and one whether its writes are for a range of rows each.
    """
    calls = ordered.calls
    lookup, count = ordered.lookup[first], len(first)
    wanted, index = np.unique(lookup, return_inverse=True)
    texts = calls.lookups.text.take(wanted).to_list()
    is_many = np.array([writes_many(text) for text in texts], bool)[index]
    is_request = np.array([REQUEST.match(text) is not None for text in texts], bool)[index]
    changes = np.array([adds_nothing_twice(text) for text in texts], bool)[index] & calls.lookups.values_known[lookup]
    if changes.any():
        _, member = number_pairs(group, count, ordered.lookup, len(calls.lookups.function))
        distinct = count_by(group[member], count)
        is_many |= changes & (distinct < least)
    is_range = np.array([may_write_range(text) for text in texts], bool)[index] & ~is_many
    groups = np.flatnonzero((is_request & ~is_many) | is_range)
    size = count_by(group, count)[groups]
    for own, members in zip(groups.tolist(), list_members(group, groups, size, count), strict=True):
        lookups = calls.lookups.text.take(find_distinct(ordered.lookup[members])).to_list()
        if is_range[own]:
            is_range[own] = writes_range(lookups)
        else:
            is_many[own] = sends_many_kinds(lookups)
    return is_many, is_range
