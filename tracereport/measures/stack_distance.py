"""Stack distances: how many other lookups were asked since a lookup was asked last.

An LRU cache of capacity c answers exactly the calls whose distance is below c, so that one pass gives the hits of every
capacity at once (Mattson, Gecsei, Slutz, Traiger: Evaluation techniques for storage hierarchies, IBM Systems Journal,
1970).

The distance of call i, last asked at p, is i - p - 1 less the calls in between that only repeat one another: those
repeats j whose own previous call lies in between as well, ``p < previous[j] < j < i``. So it is a count of inversions
in the sequence of previous positions. It is counted by a wavelet tree of 128 branches instead of two: three levels do
for two million repeats, and each is a handful of passes over whole columns.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.grouping import stable_order

FIRST: Final = -1
"""The distance of a lookup's first call."""

_BITS: Final = 7
_BRANCHES: Final = 1 << _BITS
"""Branches of the tree and calls of a block: with 128 a digit, and a count inside a block, fits into a byte."""


def stack_distances(lookup: NDArray[np.integer]) -> NDArray[np.int64]:
    """The exact stack distance of each call.

    Args:
        lookup: the lookups asked, in order; any non-negative integers. Calls of several processes may stand one behind
            the other if they have no lookup in common.

    Returns:
        One entry per call: the number of distinct other lookups since the last call of the same lookup (0: directly
        repeated; a cache hits from capacity distance + 1 on), ``FIRST`` for the first.
    """
    return distances_since(find_previous(lookup))


def find_previous(lookup: NDArray[np.integer]) -> NDArray[np.int32]:
    """The position of the same lookup's call just before each call, ``FIRST`` for the first."""
    order = stable_order(lookup, int(lookup.max(initial=0)) + 1)
    ordered = lookup[order]
    repeated = ordered[1:] == ordered[:-1]
    previous = np.full(lookup.size, FIRST, np.int32)
    previous[order[1:][repeated]] = order[:-1][repeated]
    return previous


def distances_since(previous: NDArray[np.int32]) -> NDArray[np.int64]:
    """As ``stack_distances``, from what ``find_previous`` gives."""
    position = np.flatnonzero(previous != FIRST).astype(np.int32)
    last = previous[position]
    asked_again = np.zeros(previous.size, np.bool_)
    asked_again[last] = True
    rank = (np.cumsum(asked_again, dtype=np.int32) - 1)[last]
    distance = np.full(previous.size, FIRST, np.int64)
    distance[position] = position - last - 1 - _count_greater_before(rank)[rank]
    return distance


def _count_greater_before(sequence: NDArray[np.int32]) -> NDArray[np.int32]:
    """For each value of a permutation of 0 ... n - 1, by value: how many greater ones stand before it.

    Two values part at their highest differing digit (to the base 128), so each level counts the pairs that agree above
    its own digit. A level's groups are the values that agree so far, each in the order of the sequence.
    """
    blocks = -(-sequence.size // _BRANCHES)
    padded = blocks * _BRANCHES
    # Greater values behind the end are before none: they fill the last block without a trace.
    value = np.concatenate((sequence, np.arange(sequence.size, padded, dtype=np.int32)))
    greater = np.zeros(padded, np.int32)
    highest = max(padded - 1, 0).bit_length() - 1
    for shift in range(highest // _BITS * _BITS, -1, -_BITS):
        group = value >> (shift + _BITS)
        if shift + _BITS <= highest:
            order = stable_order(group, (padded - 1 >> shift + _BITS) + 1)
            value, group = value[order], group[order]
        digit = ((value >> shift) & (_BRANCHES - 1)).astype(np.uint8).reshape(blocks, _BRANCHES)
        count = _count_greater_before_in_block(digit).reshape(-1)
        if shift:  # at the last level a group is a block
            count += _count_greater_before_block(digit).reshape(-1)
            # The groups before are whole: they hold 1 << shift values of each digit.
            count -= group * (_BRANCHES - 1 - digit.reshape(-1).astype(np.int32) << shift)
        greater[value] += count
    return greater[: sequence.size]


def _count_greater_before_in_block(digit: NDArray[np.uint8]) -> NDArray[np.int32]:
    """For each digit of each row: how many greater ones stand before it in its row."""
    column = np.ascontiguousarray(digit.T)
    count = np.zeros(column.shape, np.uint8)
    for place in range(len(column) - 1):
        count[place + 1 :] += column[place] > column[place + 1 :]
    return count.T.astype(np.int32)


def _count_greater_before_block(digit: NDArray[np.uint8]) -> NDArray[np.int32]:
    """For each digit of each row: how many greater ones stand in the rows before."""
    blocks = len(digit)
    branches = int(digit.max()) + 1
    cell = digit + np.arange(0, blocks * branches, branches)[:, None]
    held = np.bincount(cell.reshape(-1), minlength=blocks * branches).astype(np.int32).reshape(blocks, branches)
    before = np.zeros_like(held)
    np.cumsum(held[:-1], axis=0, out=before[1:])
    greater = np.zeros_like(held)
    np.cumsum(before[:, :0:-1], axis=1, out=greater[:, -2::-1])
    count: NDArray[np.int32] = greater.reshape(-1)[cell]
    return count
