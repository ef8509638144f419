"""Processes that hold a call whose caller isn't there: numbers alone may cut two that ran at once into whole pieces.

A child process that ends with its call 0 right where its parent's call 0 stands leaves two pieces that lack no number,
each with a call of the other. But a call that names a traced function as its caller lies inside a call of it: that one
has a smaller number and ends later. Where none has, the call is another process's.
"""

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tracereport.calls.constant import Whole
from tracereport.native.keys import factorize, find_distinct
from tracereport.processes.splitting import Processes

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def join_orphaned(
    found: Processes,
    number: Whole,
    function: NDArray[np.int32],
    caller: NDArray[np.int32],
    tells_all: Bools,
) -> Processes:
    """The processes, all those of a segment as one that can't be judged where one of them holds an orphan.

    Only processes that lack no number are asked: where calls never finished, the caller may be one of them.

    Args:
        found: records of a process stand together.
        number: per record: the call number.
        function: per record: its code.
        caller: per record: the code of the function that it names as its caller; -1 for none.
        tells_all: per record: it says its process or its parent; where all of a process do, it isn't asked.
    """
    asked = _find_asked(found, number, tells_all)
    record = np.flatnonzero(asked[found.process] & ~found.implausible)
    if not len(record):
        return found
    segment = found.segment[found.process]
    width = int(max(function.max(initial=0), caller.max(initial=0))) + 1
    # Traced in the segment itself: what another one holds tells nothing of the processes of this one.
    in_question = np.isin(found.segment, found.segment[asked])[found.process]
    traced = _find_distinct((segment * width + function)[in_question])
    named = segment[record] * width + caller[record]
    asking = np.flatnonzero((caller[record] >= 0) & _is_among(named, traced))
    own = (found.process[record], number[record], function[record], caller[record])
    orphan = record[_find_orphans(*own, asking)]
    return _join(found, found.segment[found.process[orphan]]) if len(orphan) else found


def _find_asked(found: Processes, number: Whole, tells_all: Bools) -> Bools:
    """Which processes lack no number, have others in their segment, and hold records that don't tell all."""
    count = len(found.judged)
    calls = np.bincount(found.process[~found.implausible], minlength=count)
    largest = np.full(count, -1, np.int64)
    np.maximum.at(largest, found.process[~found.implausible], number[~found.implausible])
    told = np.bincount(found.process[tells_all], minlength=count) == np.bincount(found.process, minlength=count)
    has_others = np.bincount(found.segment)[found.segment] > 1
    asked: Bools = found.judged & has_others & (largest == calls - 1) & ~told
    return asked


def _join(found: Processes, segments: Ints) -> Processes:
    """The processes, those of each of these segments as one that can't be judged."""
    is_mixed = np.isin(found.segment, segments)
    starts = ~is_mixed | (np.diff(found.segment, prepend=-1) != 0)
    joined = np.cumsum(starts) - 1
    return replace(
        found,
        process=joined[found.process].astype(np.uint32),
        judged=(found.judged & ~is_mixed)[starts],
        shuffled=found.shuffled[starts],
        segment=found.segment[starts],
    )


def _find_distinct(keys: Ints) -> Ints:
    """The distinct keys, ascending."""
    return np.sort(keys[factorize(keys)[1]])


def _is_among(keys: Ints, distinct: Ints) -> Bools:
    place = np.minimum(np.searchsorted(distinct, keys), len(distinct) - 1)
    return np.equal(distinct[place], keys)


def _find_orphans(
    process: NDArray[np.uint32], number: Ints, function: NDArray[np.int32], caller: NDArray[np.int32], asking: Ints
) -> Ints:
    """Those of the ``asking`` records, which name a traced function as their caller, that no call of it encloses."""
    if not len(asking):
        return asking
    # Calls by process, function and number, each with the latest line of those up to it.
    functions, numbers = int(max(function.max(), caller.max())) + 1, find_distinct(number)
    group = process.astype(np.int64) * functions + function
    distinct = find_distinct(group)
    key = np.searchsorted(distinct, group) * len(numbers) + np.searchsorted(numbers, number)
    order = np.argsort(key, kind="stable")
    key, own_group = key[order], key[order] // len(numbers)
    lift = own_group * len(number)
    latest = np.maximum.accumulate(order + lift) - lift
    wanted = process[asking].astype(np.int64) * functions + caller[asking]
    wanted_group = np.minimum(np.searchsorted(distinct, wanted), len(distinct) - 1)
    exists = distinct[wanted_group] == wanted
    below = np.searchsorted(key, wanted_group * len(numbers) + np.searchsorted(numbers, number[asking])) - 1
    is_open = exists & (below >= 0) & (own_group[below] == wanted_group) & (latest[below] > asking)
    orphans: Ints = asking[~is_open]
    return orphans
