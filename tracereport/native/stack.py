"""Lines as the pops of a stack: which call made which, and what the calls say against it."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracereport.native.loader import address, checked, column, contiguous, library

NO_NUMBER: Final = -1


class Replayed(NamedTuple):
    """Processes held against a stack: one entry each, but for ``parent``. Nothing else counts where it doesn't work."""

    parent: NDArray[np.int64]
    """Per record: the number of the call that it lies in; ``NO_NUMBER`` for none."""
    works: NDArray[np.bool_]
    """Each call ends while it is the last one that has started and not ended."""
    adopted: NDArray[np.int64]
    """Calls that lie inside another."""
    confirmed: NDArray[np.int64]
    """Of these, those that name the function of that other one as their caller."""
    is_denied: NDArray[np.bool_]
    """One of them names another function."""
    is_silent: NDArray[np.bool_]
    """One of them names no caller, though another call of its function does."""
    is_overfilled: NDArray[np.bool_]
    """A call took less than its children together, by its resolution or more."""


def replay(
    number: NDArray[np.int64],
    signature: NDArray[np.int32],
    caller: NDArray[np.int32],
    function: NDArray[np.int32],
    elapsed_ns: NDArray[np.integer[Any]],
    resolution_ns: NDArray[np.integer[Any]],
    first: NDArray[np.integer[Any]],
) -> Replayed:
    """Runs the lines of each process on a stack: a call is pushed before the first line of its number or a larger one.

    Args:
        number: per record, in the order of the lines; those of a process stand together.
        signature: per record.
        caller: per signature: code of the caller's name; below 0 for none.
        function: per signature: code of the function's name.
        elapsed_ns: per record.
        resolution_ns: per record.
        first: per process: where its records begin.

    Raises:
        ValueError: a code or time is below 0, a signature isn't there, or the processes don't stand in order.
    """
    number, first = contiguous(number), contiguous(first)
    signature, caller, function = (np.ascontiguousarray(codes, np.int32) for codes in (signature, caller, function))
    count = len(number)
    if not count == len(signature) == len(elapsed_ns) == len(resolution_ns) or len(caller) != len(function):
        raise ValueError("columns of different lengths")
    names = int(max(caller.max(initial=-1), function.max(initial=-1))) + 1
    parent, found = np.empty(count, np.int64), np.empty((len(first), 6), np.int64)
    elapsed, resolution = column(elapsed_ns), column(resolution_ns)
    records = (address(number), address(signature), count, address(caller), address(function), len(function), names)
    processes = (address(first), len(first), address(parent), address(found))
    checked(library().tracereport_replay(*records, elapsed, resolution, *processes))
    works, adopted, confirmed, *signs = found.T
    return Replayed(parent, works > 0, adopted, confirmed, *(sign > 0 for sign in signs))
