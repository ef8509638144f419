"""Where one process ends and the next begins, told by the call numbers between two markers.

Every process counts its calls from 0, so a number that the current process has already used belongs to a new one. That
alone gives most cuts. But a process's first lines are its deepest calls (2, 1, 0), and if the process before ended at
1, the 2 isn't a used number yet. So a log has two extreme readings: every cut as late as the numbers allow, and every
cut as early as they allow; the true cuts lie between the two.

The late reading counts, since nearly all first lines are used numbers. What it says of a process is *judged* unless

- the numbers show that processes may have run at once (``stretches``), or
- an earlier cut leaves as few unfinished calls and may be the start of a process (``doubts``).

Where the late reading finds no process of its own between two cuts that are sure, the early one may: if its processes
pass the first test, and both their cuts look like the start of a process (``_starts_well``). What neither can judge is
one stretch, marked as interleaved: a guess that joins two processes would invent repeats.

What is left is coincidence: a process that pauses right behind its number 5 for another one that ends with its own 5
leaves the same numbers as two that ran one after the other. The smaller the processes, the likelier that is.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.constant import Whole, is_constant, repeat_runs
from tracereport.processes.doubts import find_doubtful
from tracereport.processes.stretches import OPEN_CALLS, find_stretches

_FAR = 100_000
_FEW = 10
"""Numbers out of place are fewer than one in so many."""
_SMALL_START = 16
"""A first line's number is smaller: the calls before it are still open."""
_TABLE_ROWS_PER_RECORD = 8

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class Processes(msgspec.Struct, frozen=True):
    """The processes of all inputs, in the order of their first lines."""

    process: NDArray[np.uint32]
    """Per record: which process it belongs to."""
    judged: Bools
    """Per process: false for a stretch of several that can't be told apart."""
    implausible: Bools
    """Per record: its number is out of place (quoted, or hostile)."""
    segment: Ints
    """Per process: the stretch between two markers that it stands in."""
    shuffled: Bools
    """Per process: it is one of several equal ones, and any of them may have written any of their lines."""


def find_processes(number: Whole, segment: Ints) -> Processes:
    """Which process each record belongs to, and which processes can be judged.

    Numbers behind a gap of more than 100,000 that are fewer than a tenth of a process's records are implausible. They
    take no part; each is put to the record before it, or at the start of a segment to the one behind.

    Args:
        number: per record: the call number, less than 2^63.
        segment: per record, non-decreasing: the stretch between two markers or file starts. No process spans two.

    Returns:
        Arrays per record and per process.
    """
    implausible = np.zeros(len(number), bool)
    if not len(number):
        none = np.zeros(0, bool)
        return Processes(np.zeros(0, np.uint32), none, implausible, np.zeros(0, np.int64), none)
    starts = [0] if is_constant(segment) else np.flatnonzero(np.diff(segment, prepend=segment[0] - 1))
    group = _split_cut_off(number, np.array(starts, np.int64))
    kept, plausible, first = None, number, group
    while True:
        crowd = _find_crowd(plausible, first)
        far = _find_far(plausible, np.sort(np.append(crowd.alone, crowd.record[crowd.latest])))
        if not len(far):
            break
        implausible[far if kept is None else kept[far]] = True
        kept = np.flatnonzero(~implausible)
        plausible, first = number[kept], np.searchsorted(kept, group)

    start, judged = _judge(crowd)
    start = np.append(crowd.alone, crowd.record[start])
    order = np.argsort(start)
    start, judged = start[order], np.append(np.ones(len(crowd.alone), bool), judged)[order]
    first_record = start.copy() if kept is None else kept[start]
    first_record[np.searchsorted(start, first)] = group
    records = np.diff(first_record, append=len(number))
    process = repeat_runs(np.arange(len(records), dtype=np.uint32), records)
    return Processes(process, judged, implausible, segment[first_record], np.zeros(len(judged), bool))


def find_implausible(number: Whole, process: NDArray[np.int32]) -> Bools:
    """Per record: whether its number is out of place among those of its process, which is known."""
    implausible = np.zeros(len(number), bool)
    kept = np.argsort(process, kind="stable")
    while len(kept):
        far = _find_far(number[kept], np.flatnonzero(np.diff(process[kept], prepend=-1)))
        if not len(far):
            break
        implausible[kept[far]] = True
        kept = np.delete(kept, far)
    return implausible


def _split_cut_off(value: Whole, first: Ints) -> Ints:
    """Where the groups start that can share a process: segments, but for the end of a log that was cut off before it.

    Where a log begins in the middle of a process, the next one's low numbers were never used. The two are told apart
    where all numbers before are above all behind, with a gap between that no open calls explain. The part before must
    be dense, or it is a number out of place.
    """
    starts_high = value[first] > np.minimum.reduceat(value, first) + OPEN_CALLS
    cuts = []
    for begin, end in zip(first[starts_high], np.append(first[1:], len(value))[starts_high], strict=True):
        lines = value[begin:end]
        least_before = np.minimum.accumulate(lines)[:-1]
        most_behind = np.maximum.accumulate(lines[::-1])[::-1][1:]
        sizes = np.flatnonzero(least_before - most_behind > OPEN_CALLS)[:1] + 1
        cuts += [begin + size for size in sizes if size > 1 and 2 * size > np.ptp(lines[:size])]
    return np.sort(np.append(first, np.array(cuts, np.int64)))


def _find_far(value: Whole, first: Ints) -> Ints:
    """The records of pieces whose numbers are out of place: behind a wide gap, and few."""
    end = np.append(first[1:], len(value))
    missing = np.maximum.reduceat(value, first) - np.minimum.reduceat(value, first) - (end - first - 1)
    found = [np.zeros(0, np.int64)]
    for begin, stop in zip(first[missing >= _FAR], end[missing >= _FAR], strict=True):
        order = np.argsort(value[begin:stop], kind="stable") + begin
        below = np.flatnonzero(np.diff(value[order]) > _FAR) + 1
        few_below, few_above = _FEW * below < len(order), _FEW * (len(order) - below) < len(order)
        found.append(order[: below[few_below].max(initial=0)])
        found.append(order[below[few_above].min(initial=len(order)) :])
    return np.concatenate(found)


class _Crowd(msgspec.Struct, frozen=True):
    """The groups in which a number stands twice: several processes wrote each of them. The others hold one each."""

    alone: Ints
    """Per other group: its first record."""
    record: Ints
    """The records of the crowded groups; all that follows gives records by their position among these."""
    number: Whole
    """Per record."""
    previous: Ints
    """Per record: where its number last stood in its group, or -1."""
    first: Ints
    """Per group: its first record."""
    latest: Ints
    """Per piece: its first record in the late reading."""


def _find_crowd(value: Whole, first: Ints) -> _Crowd:
    """The groups of several processes, and their late reading."""
    sizes = np.diff(first, append=len(value))
    crowded = _find_repeating(value, first, sizes)
    record = np.flatnonzero(np.repeat(crowded, sizes)) if crowded.any() else np.zeros(0, np.int64)
    number, sizes = value[record], sizes[crowded]
    previous = np.full(len(record), -1, np.int64)
    order = np.lexsort((number, np.repeat(np.arange(len(sizes)), sizes)))
    start = np.cumsum(sizes) - sizes
    again = np.flatnonzero(_equals_one_before(number[order], start))
    previous[order[again]] = order[again - 1]
    return _Crowd(first[~crowded], record, number, previous, start, _cut_late(previous, start))


def _find_repeating(value: Whole, first: Ints, sizes: Ints) -> Bools:
    """Per group: whether a number stands in it twice."""
    rises = np.ones(len(value), bool)
    np.greater(value[1:], value[:-1], out=rises[1:])
    rises[first] = True
    repeating = ~np.logical_and.reduceat(rises, first)
    if not repeating.any():
        return repeating
    member = np.repeat(repeating, sizes)
    number, sizes = value[member], sizes[repeating]
    start = np.cumsum(sizes) - sizes
    lowest = np.minimum.reduceat(number, start)
    width = np.maximum.reduceat(number, start) - lowest
    if width.sum(dtype=np.float64) <= _TABLE_ROWS_PER_RECORD * len(value):
        width += 1
        seen = np.zeros(width.sum(), bool)
        table = np.cumsum(width) - width
        seen[number + np.repeat(table - lowest, sizes)] = True
        repeating[repeating] = np.add.reduceat(seen, table, dtype=np.int64) < sizes
        return repeating
    order = np.lexsort((number, np.repeat(np.arange(len(sizes)), sizes)))
    repeating[repeating] = np.logical_or.reduceat(_equals_one_before(number[order], start), start)
    return repeating


def _equals_one_before(number: Whole, first: Ints) -> Bools:
    """Per record: whether the one before it in its group has the same number."""
    equal = np.zeros(len(number), bool)
    np.equal(number[1:], number[:-1], out=equal[1:])
    equal[first] = False
    return equal


def _cut_late(previous: Ints, first: Ints) -> Ints:
    """Where pieces start if each goes on up to the first number that it has already used, or to its group's end.

    The piece that starts at s ends at the first record whose number, or that of one before, last stood at s or behind.
    """
    used = previous.copy()
    used[first] = first - 1
    record = np.flatnonzero(used >= 0)
    reach = np.maximum.accumulate(used[record])
    following = np.searchsorted(reach, record).tolist()
    at = int(np.searchsorted(reach, 0))
    starts = []
    while at < len(following):
        starts.append(at)
        at = following[at]
    return np.append(first[:1], record[starts])


def _cut_early(previous: Ints, first: Ints) -> Ints:
    """As ``_cut_late``, but each piece comes as close to its start as its numbers allow: the same, read backwards."""
    size = len(previous)
    backwards = np.full(size, -1, np.int64)
    repeated = np.flatnonzero(previous >= 0)
    backwards[size - 1 - previous[repeated]] = size - 1 - repeated
    last = np.append(first[1:], size) - 1
    ends = size - _cut_late(backwards, (size - 1 - last)[::-1])[::-1]
    return np.append(first[:1], ends[:-1])


def _judge(crowd: _Crowd) -> tuple[Ints, Bools]:
    """The processes of crowded groups: where each starts, and whether it can be judged."""
    number, latest = crowd.number, crowd.latest
    if not len(number):
        return latest, np.zeros(0, bool)
    group = np.searchsorted(crowd.first, latest, "right") - 1
    stretches = find_stretches(number, latest, group)
    clean = stretches.clean
    judged = clean & ~find_doubtful(number, latest, crowd.previous, group, stretches)
    start = latest.copy()

    earliest = _cut_early(crowd.previous, crowd.first)
    zone = np.cumsum(earliest == latest) - 1  # cuts that both readings share are sure
    without = np.bincount(zone, clean) == 0
    without &= np.bincount(zone) > 1
    if without.any():
        early_clean = find_stretches(number, earliest, group).clean
        starts_well = _starts_well(crowd, earliest, early_clean)
        early_judged = early_clean & starts_well & np.append(starts_well[1:], True)
        better = (without & (np.bincount(zone, early_judged) > 0))[zone]
        start[better], judged[better] = earliest[better], early_judged[better]

    starts_stretch = judged | np.append(True, judged[:-1])[: len(judged)]
    starts_stretch[np.searchsorted(start, crowd.first)] = True
    return start[starts_stretch], judged[starts_stretch]


def _starts_well(crowd: _Crowd, earliest: Ints, clean: Bools) -> Bools:
    """Per piece of the early reading: whether it may start where it does, if the late reading starts it later.

    It starts with a small number, since few calls are open before the first one ends, and its largest isn't among the
    disputed lines. These can't well be the last ones of the piece before: that one holds one of their numbers already,
    or isn't clean and lost anyway; or they are what a process starts with, as all smaller numbers fall from there on.
    """
    number, latest = crowd.number, crowd.latest
    disputed = np.stack([earliest, latest], axis=1).ravel()
    small = number[earliest] < _SMALL_START
    small &= np.maximum.reduceat(number, disputed)[::2] < np.maximum.reduceat(number, earliest)
    held_before = np.maximum.reduceat(crowd.previous, disputed)[::2] >= np.append(0, earliest[:-1])
    lost_before = np.append(False, ~clean[:-1])

    piece = np.repeat(np.arange(len(earliest)), np.diff(earliest, append=len(number)))
    smaller = np.flatnonzero(number < number[earliest][piece])
    rising = smaller[1:][(np.diff(number[smaller]) > 0) & (np.diff(piece[smaller]) == 0)]
    falling = np.bincount(piece[rising], minlength=len(earliest)) == 0
    starts_well: Bools = (earliest == latest) | (small & (held_before | lost_before | falling))
    return starts_well
