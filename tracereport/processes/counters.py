"""Stretches of processes that did the same at the same time: no count depends on which of them wrote which line.

Where k processes ask the same questions in the same order and get the same answers, as copies of one program do, each
number stands k times in their stretch, and all k records of it tell the same. Whoever wrote which, each process holds
one of each. So the first records of all numbers are taken for one process, the second ones for the next, and so on.
"""

from collections.abc import Callable

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tracereport.calls.constant import Whole
from tracereport.processes.splitting import Processes

Ints = NDArray[np.int64]


def split_equal_counters(found: Processes, number: Whole, tell: Callable[[Ints], Ints]) -> Processes:
    """The processes, with stretches that can't be judged split into equal ones where they are such.

    Args:
        found: records of a process stand together.
        number: per record: the call number.
        tell: gives codes of some of the records, equal where all that they tell is, but for numbers and times.

    Returns:
        The records of a split stretch's processes stand among each other's; the processes are ``shuffled``.
    """
    process = found.process.astype(np.int64)
    starts = np.searchsorted(process, np.arange(len(found.judged) + 1))
    judged, shuffled, segment = found.judged.copy(), found.shuffled.copy(), found.segment
    added: list[int] = []
    for index in np.flatnonzero(~found.judged).tolist():
        begin, end = int(starts[index]), int(starts[index + 1])
        copies = _find_copies(number[begin:end])
        if copies is None or not _tell_the_same(tell(np.arange(begin, end)), copies):
            continue
        judged[index] = shuffled[index] = True
        for copy in copies[1:]:
            process[begin + copy] = len(judged) + len(added)
            added.append(index)
    extra = np.array(added, np.int64)
    return replace(
        found,
        process=process.astype(np.uint32),
        judged=np.append(judged, np.ones(len(added), bool)),
        shuffled=np.append(shuffled, np.ones(len(added), bool)),
        segment=np.append(segment, segment[extra]),
    )


def _find_copies(number: Ints) -> NDArray[np.intp] | None:
    """The records of equal counters, one row of positions per process; None if a stretch isn't made of such."""
    calls = len(number)
    if number.max() >= calls:
        return None
    count = np.bincount(number)
    copies = int(count[0])
    if copies <= 1 or np.any(count != copies):
        return None
    # One row per number, its records in the order of their lines.
    records = np.argsort(number, kind="stable").reshape(-1, copies)
    order = np.argsort(records, axis=0)
    return None if np.any(order != order[:, :1]) else records.T


def _tell_the_same(told: Ints, copies: NDArray[np.intp]) -> bool:
    return bool(np.all(told[copies] == told[copies[0]]))
