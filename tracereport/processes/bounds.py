"""What is certain of stretches that can't be judged: so many repeats there are, whoever made which call.

Where no number stands more than k times, k processes wrote the stretch (each of them has counted from 0), and one more
where none of a process's first calls ended. Of n calls for the same thing each process makes one that is no repeat; so
at least n - (k + 1) are repeats.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import FAILED, QUESTION, Calls

Ints = NDArray[np.int64]

NO_ANSWER = -1


class Bounds(msgspec.Struct, frozen=True, eq=False):
    """Per process the repeats that it has at least; 0 for those that are judged. To be shown as "at least"."""

    repeats: Ints
    unchanged: Ints
    """Those of lookups whose answers are all recorded and equal."""


def bound_repeats(calls: Calls, answer: NDArray[np.integer]) -> Bounds:
    """The repeats that processes have at least which can't be judged.

    Args:
        calls: of all processes.
        answer: per set of metrics a code of its answer, equal where the answers are; ``NO_ANSWER`` where none was
            recorded.
    """
    count = len(calls.processes.name)
    repeats, unchanged = np.zeros(count, np.int64), np.zeros(count, np.int64)
    row = np.flatnonzero(~calls.judged)
    if not len(row):
        return Bounds(repeats, unchanged)
    processes = _count_processes(calls.process[row], calls.number[row], count)
    asks = (calls.kind[row] == QUESTION) & (calls.origins.answer[calls.origin[row]] != FAILED)
    row = row[asks & calls.lookups.values_known[calls.lookup[row]]]
    lookups = len(calls.lookups.function)
    key, group = np.unique(calls.process[row].astype(np.int64) * lookups + calls.lookup[row], return_inverse=True)
    process = key // max(lookups, 1)
    certain = np.maximum(np.bincount(group, minlength=len(key)) - (processes[process] + 1), 0)
    least, most = np.full(len(key), np.iinfo(np.int64).max), np.full(len(key), NO_ANSWER, np.int64)
    own = answer[calls.metric_set[row]]
    np.minimum.at(least, group, own)
    np.maximum.at(most, group, own)
    np.add.at(repeats, process, certain)
    np.add.at(unchanged, process, np.where((least == most) & (least != NO_ANSWER), certain, 0))
    return Bounds(repeats, unchanged)


def _count_processes(process: NDArray[np.int32], number: Ints, count: int) -> Ints:
    """Per process how often its most frequent number stands there."""
    order = np.lexsort((number, process))
    process, number = process[order], number[order]
    starts = np.flatnonzero((np.diff(process, prepend=-1) != 0) | (np.diff(number, prepend=-1) != 0))
    most = np.zeros(count, np.int64)
    np.maximum.at(most, process[starts], np.diff(starts, append=len(process)))
    return most
