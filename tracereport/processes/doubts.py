"""Which cuts between two processes may as well lie earlier, because the numbers don't say whose the last lines are.

A process ends where the next one first uses a number again. The lines right before that are the first process's, or
the second one has begun already: with its deepest calls (2, 1, 0), or with calls of another thread. Mostly the numbers
tell: lines that change sides leave gaps on one side and fill none on the other. Where they fill as many as they leave,
nothing tells, and neither process can be judged.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracereport.processes.stretches import Stretches

_TELLING_PIECES = 8

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class _Moves(NamedTuple):
    """Each earlier place that some cuts could have: all lines from there on change to the piece behind."""

    cut: Ints
    """The piece behind the cut."""
    line: Ints
    """The first line that changes sides; the numbers of all that do stand once in the two pieces."""
    largest_kept: Ints
    """The largest number that stays in the piece before."""
    largest_moved: Ints
    filled: Ints
    """How many lines move into a mixed stretch that lacks their numbers."""


def find_doubtful(number: Ints, first: Ints, previous: Ints, group: Ints, stretches: Stretches) -> Bools:
    """Per piece: whether a cut beside it may as well lie earlier.

    An earlier cut is as good if the two pieces then lack no more numbers than now (what a mixed stretch loses doesn't
    count), and if the line behind it can be the first of a process. It can if that process lacks its number or a larger
    one that moves. If it lacks nothing, it must be a chain of calls, each inside the one before, in which the lines
    would be nested. Such a chain looks the same whether a short process follows a long one (2 1 0 5 4 3 | 2 1 0) or the
    other way round (2 1 0 | 5 4 3 2 1 0). So the other pieces of the group are asked: if there are enough of them, and
    none ends with its call 0, processes here don't lie inside one call.

    Where the last lines of a piece may belong to the next one, it may in turn have begun with the same numbers. So a
    doubt about a cut is looked into again without the lines that the cut behind it puts in doubt.

    Args:
        number: per record.
        first: per piece: its first record.
        previous: per record: where its number last stood in its group, or -1.
        group: per piece: what may hold the same process; its pieces are cut as late as their numbers allow.
        stretches: which pieces are clean, and what the others lack.
    """
    clean = stretches.clean
    sure_end = np.append(first[1:], len(number))
    number, previous = np.append(number, -1), np.append(previous, -1)  # so that the end is a position, too
    doubted = sure_end.copy()
    nested = np.zeros(len(first), bool)
    cut = np.flatnonzero((group[1:] == group[:-1]) & (clean[1:] | clean[:-1])) + 1
    rises = np.cumsum(np.append(0, np.diff(number) > 0))
    while len(cut):
        moves = _find_moves(cut, number, first, previous, doubted, stretches)
        falls = rises[doubted - 1] == rises[first]
        lacks, lies_inside = _as_good(moves, number, first, doubted, clean, falls)
        nested[cut] = False
        nested[moves.cut[lies_inside]] = True
        earlier = sure_end.copy()
        np.minimum.at(earlier, moves.cut[lacks] - 1, moves.line[lacks])
        changed = cut[earlier[cut - 1] != doubted[cut - 1]] - 1
        doubted[cut - 1] = earlier[cut - 1]
        cut = changed[(changed > 0) & (clean[changed] | clean[changed - 1]) & (group[changed] == group[changed - 1])]

    doubtful = _beside(np.flatnonzero(doubted < sure_end) + 1, len(first))
    beside_nested = _beside(np.flatnonzero(nested), len(first))
    is_chain = rises[sure_end - 1] == rises[first]
    other = clean & ~doubtful & ~beside_nested & ~is_chain
    others = np.bincount(group, other)
    ends_with_0 = np.bincount(group, other & (number[sure_end - 1] == 0))
    roots_first = (others >= _TELLING_PIECES) & (ends_with_0 == 0)
    doubtful |= beside_nested & ~roots_first[group]
    return doubtful


def _find_moves(cut: Ints, number: Ints, first: Ints, previous: Ints, end: Ints, stretches: Stretches) -> _Moves:
    """All earlier places of these cuts: behind the last number that both pieces hold."""
    begin = _largest(previous, first[cut], end[cut]) + 1
    cut, begin = cut[begin < first[cut]], begin[begin < first[cut]]
    lines = first[cut] - begin
    place = np.repeat(np.arange(len(cut)), lines)
    line = np.arange(len(place)) - np.repeat(np.cumsum(lines) - lines - begin, lines)
    if not len(line):
        return _Moves(line, line, line, line, line)
    largest_kept = np.maximum(_largest(number, first[cut - 1], begin)[place], _running_maximum(number[line - 1], place))
    largest_moved = _running_maximum(number[line[::-1]], place[-1] - place[::-1])[::-1]
    fills = ~stretches.clean[cut[place]] & stretches.lacks(cut[place], number[line])
    filled_before = np.append(0, np.cumsum(fills))
    filled = np.repeat(filled_before[np.cumsum(lines)], lines) - filled_before[:-1]
    return _Moves(cut[place], line, largest_kept, largest_moved, filled)


def _as_good(moves: _Moves, number: Ints, first: Ints, end: Ints, clean: Bools, falls: Bools) -> tuple[Bools, Bools]:
    """Per move: whether it is as good as the cut, and the process behind lacks what moves; or it lacks nothing."""
    cut = moves.cut
    moved = first[cut] - moves.line
    largest_before = _largest(number, first[cut - 1], first[cut])
    largest_behind = _largest(number, first[cut], end[cut])
    lost = np.where(clean[cut - 1], moves.largest_kept - largest_before + moved, 0)
    lost += np.where(clean[cut], np.maximum(moves.largest_moved - largest_behind, 0) - moved, -moves.filled)
    lacks = (moves.largest_moved < largest_behind) | (number[moves.line] < largest_behind)
    return (lost <= 0) & lacks, (lost <= 0) & ~lacks & falls[cut]


def _largest(values: Ints, begin: Ints, end: Ints) -> Ints:
    """The largest value of each range."""
    return np.maximum.reduceat(values, np.stack([begin, end], axis=1).ravel())[::2] if len(begin) else begin


def _running_maximum(number: Ints, part: Ints) -> Ints:
    """Per number: the largest one up to it in its part; parts are numbered in their order."""
    distinct, rank = np.unique(number, return_inverse=True)
    lift = part * len(distinct)
    largest: Ints = distinct[np.maximum.accumulate(rank + lift) - lift]
    return largest


def _beside(cut: Ints, pieces: int) -> Bools:
    """Per piece: whether one of these cuts is at its start or its end."""
    beside = np.zeros(pieces, bool)
    beside[cut] = True
    beside[cut - 1] = True
    return beside
