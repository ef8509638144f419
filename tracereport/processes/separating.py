"""Processes told apart by what their calls say of them, where they say it; by their call numbers where they don't."""

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tracereport.native.keys import factorize
from tracereport.processes.splitting import Processes, find_processes

Ints = NDArray[np.int64]

NOT_SAID = -1


def separate_processes(number: NDArray[np.uint64], segment: Ints, said: Ints) -> Processes:
    """Which process each record belongs to, and which processes can be judged.

    The records of a segment that name one process are split as if they stood alone, since a system gives its process
    numbers again; so are those that name none. So the records of a process needn't stand together.

    Args:
        number: per record: the call number, less than 2^63.
        segment: per record, non-decreasing: the stretch between two markers or file starts. No process spans two.
        said: per record: what it calls its process, ``NOT_SAID`` where it doesn't.

    Returns:
        Arrays per record and per process; processes in the order of their first records.
    """
    if not len(said) or said.max() == NOT_SAID:
        return find_processes(number, segment)
    order = np.lexsort((said, segment))
    changes = (np.diff(segment[order], prepend=-1) != 0) | (np.diff(said[order], prepend=NOT_SAID) != 0)
    stream = np.cumsum(changes)
    found = find_processes(number[order], stream)
    process = np.empty_like(found.process)
    process[order] = found.process
    implausible = np.empty_like(found.implausible)
    implausible[order] = found.implausible
    in_order, first = factorize(process)
    return replace(
        found,
        process=in_order.astype(np.uint32),
        judged=found.judged[process[first]],
        implausible=implausible,
        segment=segment[first],
    )
