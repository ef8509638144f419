"""Which call of the function that a call names as its caller was running when it began."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracereport.native.keys import factorize, group_order
from tracereport.native.loader import address, checked, column, contiguous, library

NONE_OPEN = -1
_NOT_NESTED = -2
_MOST_SPARSE, _FEW = 4, 1024
"""Up to so many functions (of processes) for each call, and so many more, need no numbering."""


def find_only_open(
    scope: NDArray[np.integer[Any]],
    function: NDArray[np.integer[Any]],
    caller: NDArray[np.integer[Any]],
    line: NDArray[np.integer[Any]],
) -> NDArray[np.int32]:
    """The index of the one call of the named caller that is open when each call begins.

    A call is open when another of its process begins if its number is smaller and its line later.

    Args:
        scope: per call its process. Calls stand in the order of process and number.
        function: per call the code of its function.
        caller: per call the code of the function that it names as its caller; below 0 for none.
        line: per call its line, unique in the process.

    Returns:
        One entry per call: the index of the only such call; ``NONE_OPEN`` where none or several are open.

    Raises:
        ValueError: a function's code is below 0, or the columns have different lengths.
    """
    count = len(scope)
    if not count == len(function) == len(caller) == len(line):
        raise ValueError("columns of different lengths")
    scope, function, caller = (np.ascontiguousarray(codes, np.int32) for codes in (scope, function, caller))
    names = int(max(function.max(initial=-1), caller.max(initial=-1))) + 1
    found = np.empty(count, np.int32)
    columns = (address(scope), address(function), address(caller), names, column(line))
    left = checked(library().tracereport_open_on_stack(count, *columns, address(found)))
    if left:
        others = np.flatnonzero(found == _NOT_NESTED)
        index = _find_by_order(scope[others], function[others], caller[others], line[others])
        found[others] = np.where(index == NONE_OPEN, NONE_OPEN, others[index])
    return found


def _find_by_order(
    scope: NDArray[np.integer[Any]],
    function: NDArray[np.integer[Any]],
    caller: NDArray[np.integer[Any]],
    line: NDArray[np.integer[Any]],
) -> NDArray[np.int64]:
    """The same, whatever lies inside what."""
    count = len(scope)
    width = int(max(function.max(), caller.max())) + 1
    stretches = (int(scope.max()) + 1) * width
    is_dense = stretches <= min(_MOST_SPARSE * count + _FEW, np.iinfo(np.int32).max)
    key = (np.ascontiguousarray(scope, np.int32) if is_dense else contiguous(scope)) * width
    stretch, wanted = key + function, np.where(caller >= 0, key + caller, NONE_OPEN)
    if not is_dense:
        # What is wanted is numbered as what there is.
        code, first = factorize(np.concatenate((stretch, np.where(caller >= 0, wanted, stretch))))
        stretch, wanted = code[:count], np.where(caller >= 0, code[count:], NONE_OPEN)
        stretches = len(first)
    stretch, wanted = (np.ascontiguousarray(column, np.int32) for column in (stretch, wanted))
    by_line = group_order(line)
    found = np.empty(count, np.int64)
    addresses = address(by_line), address(stretch), address(wanted)
    checked(library().tracereport_open_callers(count, *addresses, stretches, address(found)))
    return found
