"""Paths: the chain of functions above each call, and its own."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracereport.native.codes import PairTable
from tracereport.native.loader import address, checked, column, library

NO_PATH: Final = 0
ORPHAN_PATH: Final = 1
FIRST_PATH: Final = 2


class FoundPaths(NamedTuple):
    """The distinct paths, each behind the one above it; ``NO_PATH`` and ``ORPHAN_PATH`` are none of a call."""

    above: NDArray[np.int32]
    """Per path the one without its last function."""
    function: NDArray[np.int32]
    """Per path the code of its last function; -1 for those of no call."""
    of_call: NDArray[np.int32]
    """The path of each call; ``NO_PATH`` without a tree."""


def find_paths(
    parent: NDArray[np.integer[Any]],
    function: NDArray[np.integer[Any]],
    functions: int,
    in_tree: NDArray[np.bool_],
    is_orphan: NDArray[np.bool_],
    deepest: int,
) -> FoundPaths:
    """Gives each call of a tree its path: two calls share one if their parents and functions do.

    Args:
        parent: per call, as are all columns; -1 for none. It stands before its children.
        function: a code in ``[0, functions)``.
        functions: above all codes. Itself it stands for all functions below the ``deepest`` ones of a path.
        in_tree: whether the call has a path.
        is_orphan: of a call without a parent: whether its path goes on that of orphans.
        deepest: how many functions of a path there are at most; below 255.

    Raises:
        ValueError: a parent doesn't stand before its child, or a code is out of its range.
    """
    function = np.ascontiguousarray(function, np.int32)
    in_tree, is_orphan = np.ascontiguousarray(in_tree, np.bool_), np.ascontiguousarray(is_orphan, np.bool_)
    count = len(function)
    if not len(parent) == count == len(in_tree) == len(is_orphan):
        raise ValueError("columns of different lengths")
    table, of_call = PairTable(), np.empty(count, np.int32)
    calls = (column(parent), address(function), address(in_tree), address(is_orphan), count)
    checked(library().tracereport_find_paths(*calls, functions, deepest, table.native, address(of_call)))
    pairs = np.concatenate((np.array([[NO_PATH, -1]] * FIRST_PATH, np.int32), table.pairs()))
    return FoundPaths(pairs[:, 0].copy(), pairs[:, 1].copy(), of_call)
