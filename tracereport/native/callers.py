"""Which call of the function that a call names as its caller was running when it began."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracereport.native.keys import group_order
from tracereport.native.loader import address, checked, contiguous, library

NONE_OPEN = -1


def find_only_open(
    scope: NDArray[np.integer[Any]],
    function: NDArray[np.integer[Any]],
    caller: NDArray[np.integer[Any]],
    line: NDArray[np.integer[Any]],
) -> NDArray[np.int64]:
    """The index of the one call of the named caller that is open when each call begins.

    A call is open when another of its process begins if its number is smaller and its line later.

    Args:
        scope: per call its process. Calls stand in the order of process and number.
        function: per call the code of its function.
        caller: per call the code of the function that it names as its caller; -1 for none.
        line: per call its line, unique in the process.

    Returns:
        One entry per call: the index of the only such call; ``NONE_OPEN`` where none or several are open.
    """
    count = len(scope)
    width = int(max(function.max(initial=0), caller.max(initial=0))) + 1
    span = int(line.max(initial=0)) + 1
    stretch = contiguous(scope) * width + function
    # Slots: by stretch, then by line.
    by_line = group_order(contiguous(line))
    order = by_line[group_order(stretch[by_line])]
    ordered = stretch[order]
    is_first = np.ones(count, bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    first = np.flatnonzero(is_first)
    index = np.cumsum(is_first) - 1
    start, slot, size = (np.empty(count, np.int64) for _ in range(3))
    start[order] = first[index]
    slot[order] = np.arange(count) - first[index]
    size[order] = np.diff(first, append=count)[index]
    wanted = np.where(caller >= 0, contiguous(scope) * width + caller, -1)
    begin, end = np.searchsorted(ordered, wanted, "left"), np.searchsorted(ordered, wanted, "right")
    # Stretches are numbered, so that stretch and line fit into one integer.
    stretch_of = np.concatenate((index, [len(first)]))[begin]
    below = np.searchsorted(index * span + line[order], stretch_of * span + line) - begin
    below = np.where(end > begin, below, 0)
    open_calls, total = np.empty(count, np.int64), np.empty(count, np.int64)
    columns = [
        contiguous(column) for column in (slot, start, size, np.where(end > begin, begin, 0), end - begin, below)
    ]
    addresses = [address(column) for column in columns]
    checked(library().tracereport_open_callers(count, *addresses, address(open_calls), address(total)))
    return np.where(open_calls == 1, total, NONE_OPEN)
