"""Which pieces of a log are one process, and which stretches may hold several that ran at once.

A piece is a run of lines in which no call number stands twice. Where processes ran one after the other, the pieces are
the processes; where they ran at once, a piece holds lines of several, and nothing in a line tells them apart. But the
numbers do: a process holds 0, 1, 2, ... up to its largest, all but the calls that never finished.

So each reading of a log has a price, the calls that never finished in it, and pieces are taken for processes unless a
reading that mixes them is cheaper. That shows in one sign: **a number that one piece lacks is the largest of another**.
The calls behind the gap could go on from that other piece, or it holds calls of this one that ended late; either fills
some of the gap. Without the sign nothing is gained by lending numbers: what one piece wins another loses.

Two such blocks and all between them are joined, the nearest first, and the whole is from then on priced as the cheapest
set of processes that it can hold. This goes on until no block is left that another could complete. A piece that was
joined to nothing is *clean*.
"""

from typing import NamedTuple, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.native.keys import find_distinct

OPEN_CALLS = 100
"""So many calls aren't open at once before the first line of a process: if it lacks more, its start was cut off."""
LONG_PAUSE = 8
"""A single missing call is no sign beyond so many blocks: more likely it never finished than that a process paused."""

_MOST_ROWS = 10_000_000

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class _Ends(NamedTuple):
    """The largest numbers of the processes that blocks hold."""

    block: Ints
    number: Ints


class _Gaps(NamedTuple):
    """The ranges of numbers that processes of blocks lack."""

    block: Ints
    lowest: Ints
    highest: Ints
    missing: Ints
    """How many numbers they span."""
    cut_off: Bools
    """At the start of a log that was cut off: no later line can fill it."""


Rows = TypeVar("Rows", _Ends, _Gaps)


class Stretches(msgspec.Struct, frozen=True):
    """Pieces of a log, joined as far as their numbers say."""

    clean: Bools
    """Per piece: whether it is one process, as far as the numbers tell."""
    _distinct: Ints
    _block: Ints
    _gaps: _Gaps

    def lacks(self, piece: Ints, number: Ints) -> Bools:
        """Whether the stretch that a piece is in lacks a number of its group."""
        places = len(self._distinct) + 1
        rank = np.searchsorted(self._distinct, number)
        order = np.lexsort((self._gaps.lowest, self._gaps.block))
        lowest = np.append(-1, self._gaps.block[order] * places + self._gaps.lowest[order])
        highest = np.append(-1, self._gaps.block[order] * places + self._gaps.highest[order])
        place = self._block[piece] * places + rank
        lacks: Bools = place <= highest[np.searchsorted(lowest, place, "right") - 1]
        return lacks


def find_stretches(number: Ints, first: Ints, group: Ints) -> Stretches:
    """Which pieces may be mixed with others.

    Args:
        number: per record: its call number, at most once in a piece.
        first: per piece: the position of its first record.
        group: per piece, non-decreasing: only pieces of one group can hold calls of the same process.
    """
    records = np.diff(first, append=len(number))
    lacking = np.maximum.reduceat(number, first) >= records
    suspect = np.isin(group, group[lacking])
    piece = np.repeat(np.arange(np.count_nonzero(suspect)), records[suspect])
    distinct, rank = np.unique(number[np.repeat(suspect, records)], return_inverse=True)
    block_of_suspect, gaps = _join(rank, piece, group[suspect], distinct)
    clean = np.ones(len(first), bool)
    clean[suspect] = np.bincount(block_of_suspect)[block_of_suspect] == 1
    block = np.full(len(first), -1)
    block[suspect] = block_of_suspect
    return Stretches(clean, distinct, block, gaps)


def _join(rank: Ints, piece: Ints, group: Ints, distinct: Ints) -> tuple[Ints, _Gaps]:
    """Per piece: the block that it is in when all that could complete each other are joined; and what blocks lack."""
    block = np.arange(len(group))
    ends, gaps = _price(piece, rank, distinct)
    priced = 0
    while len(group):
        group_of_block = group[np.flatnonzero(np.diff(block, prepend=-1))]
        lower, upper = _find_pairs(ends, gaps, group_of_block, len(distinct))
        if not len(lower):
            break
        if priced > _MOST_ROWS:  # enough: what could still grow is given up with its whole group
            lower, upper = _whole_groups(lower, group_of_block)
        blocks = len(group_of_block)
        open_pairs = np.cumsum(np.bincount(lower, minlength=blocks) - np.bincount(upper, minlength=blocks))
        joined = np.append(0, np.cumsum(open_pairs[:-1] == 0))
        grown = np.bincount(joined) > 1
        block = joined[block]
        record = np.flatnonzero(grown[block][piece])
        priced += len(record)
        grown_ends, grown_gaps = _price(block[piece[record]], rank[record], distinct)
        ends = _replace(ends, joined, grown, grown_ends)
        gaps = _replace(gaps, joined, grown, grown_gaps)
    return block, gaps


def _replace(rows: Rows, joined: Ints, grown: Bools, by: Rows) -> Rows:
    """The rows by their new blocks, those of blocks that have grown replaced."""
    block = joined[rows.block]
    stays = ~grown[block]
    return type(rows)(*(np.append(old[stays], new) for old, new in zip((block, *rows[1:]), by, strict=True)))


def _price(block: Ints, number: Ints, distinct: Ints) -> tuple[_Ends, _Gaps]:
    """Each block read as the cheapest set of processes: where they end, and what they lack.

    As many of them reach a number as the most frequent number from there on is frequent.
    """
    if not len(block):
        return _Ends(block, number), _Gaps(block, block, block, block, np.zeros(0, bool))
    order = np.argsort(block * len(distinct) + number, kind="stable")
    block, number = block[order], number[order]
    first = np.flatnonzero((np.diff(block, prepend=-1) != 0) | (np.diff(number, prepend=-1) != 0))
    count = np.diff(first, append=len(block))
    block, number = block[first], number[first]

    lift = (block[-1] - block) * (count.max() + 1)  # lets one running maximum start anew at each block
    reach = np.maximum.accumulate((count + lift)[::-1])[::-1] - lift
    last = np.diff(block, append=-1) != 0
    end = reach > np.where(last, 0, np.append(reach[1:], 0))

    held = np.flatnonzero(count == reach)
    below = np.append(-1, number[held[:-1]])
    below[np.append(True, last[held[:-1]])] = -1
    held, below = held[number[held] - below > 1], below[number[held] - below > 1]
    missing = distinct[number[held]] - np.where(below < 0, -1, distinct[below]) - 1
    least_of_block = distinct[number[np.append(True, last[:-1])]]
    least = least_of_block[np.cumsum(last)[held] - last[held]]
    cut_off = (below < 0) & (least > OPEN_CALLS)
    return _Ends(block[end], number[end]), _Gaps(block[held], below + 1, number[held] - 1, missing, cut_off)


def _find_pairs(ends: _Ends, gaps: _Gaps, group: Ints, numbers: int) -> tuple[Ints, Ints]:
    """The nearest blocks of a group of which one ends in a gap of the other: the lower ones and the upper ones."""
    place = np.sort(ends.block * numbers + ends.number)
    pairs = []
    for step in (-1, 1):
        other = gaps.block + step
        inside = (other >= 0) & (other < len(group)) & ((step < 0) | ~gaps.cut_off)
        inside[inside] = group[other[inside]] == group[gaps.block[inside]]
        begin = np.searchsorted(place, other * numbers + gaps.lowest, "left")
        end = np.searchsorted(place, other * numbers + gaps.highest, "right")
        pairs.append(gaps.block[inside & (begin < end)] + min(step, 0))
    lower = np.concatenate(pairs)
    return (lower, lower + 1) if len(lower) else _find_distant_pairs(ends, gaps, group, numbers)


def _find_distant_pairs(ends: _Ends, gaps: _Gaps, group: Ints, numbers: int) -> tuple[Ints, Ints]:
    """As ``_find_pairs``, where no neighbours are a pair: in each group those that are least far apart."""
    place = group[ends.block] * numbers + ends.number
    order = np.argsort(place, kind="stable")
    place = place[order]
    begin = np.searchsorted(place, group[gaps.block] * numbers + gaps.lowest, "left")
    found = np.searchsorted(place, group[gaps.block] * numbers + gaps.highest, "right") - begin
    if found.sum() > _MOST_ROWS:
        return _whole_groups(gaps.block[found > 0], group)
    gap = np.repeat(np.arange(len(found)), found)
    within = np.arange(len(gap)) - np.repeat(np.cumsum(found) - found, found)
    block, other = gaps.block[gap], ends.block[order[begin[gap] + within]]
    distance = np.abs(block - other)
    fills = ((other < block) | ~gaps.cut_off[gap]) & ((gaps.missing[gap] > 1) | (distance <= LONG_PAUSE))
    block, other, distance = block[fills], other[fills], distance[fills]
    least = np.full(group[-1] + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, group[block], distance)
    nearest = distance == least[group[block]]
    return np.minimum(block, other)[nearest], np.maximum(block, other)[nearest]


def _whole_groups(block: Ints, group: Ints) -> tuple[Ints, Ints]:
    """The first and the last block of each group that one of these blocks is in."""
    groups = find_distinct(group[block])
    return np.searchsorted(group, groups, "left"), np.searchsorted(group, groups, "right") - 1
