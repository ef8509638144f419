"""Columns of codes: what they stand for in a table, their numbers in the order of first use, and codes of pairs."""

from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from tracereport.native.loader import address, checked, column, library, view

Scalar = TypeVar("Scalar", bound=np.generic)

_FEW: Final = 2_000
"""Up to so many entries NumPy takes less time than it takes to call the library."""


def take(table: NDArray[Scalar], index: NDArray[np.integer[Any]]) -> NDArray[Scalar]:
    """``table[index]`` of one dimension, in a fraction of NumPy's time for indices of 32 bits.

    Args:
        table: entries of 1, 2, 4 or 8 bytes.
        index: of each entry that is taken its place in the table; below 0 it counts from the end.

    Raises:
        IndexError: an index is beyond the table.
    """
    if len(index) <= _FEW or index.dtype not in (np.int32, np.int64) or 0 in index.strides or table.dtype.hasobject:
        few: NDArray[Scalar] = table[index]
        return few
    table = np.ascontiguousarray(table)
    taken = np.empty(len(index), table.dtype)
    source = (address(table), len(table), table.itemsize, column(index), len(index))
    if library().tracereport_take(*source, address(taken)) < 0:
        raise IndexError("an index is beyond the table")
    return taken


def renumber(codes: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The codes numbered in the order of first use, and the code that each number stands for.

    A column whose codes are in this order already is given back as it is. One that holds one value throughout, with a
    stride of 0, stays one of that kind. What is needed of memory grows with the range of the codes.
    """
    if codes.strides == (0,) and len(codes):
        return np.broadcast_to(np.int32(0), len(codes)), codes[:1].copy()
    codes = np.ascontiguousarray(codes, np.int32)
    lowest = int(codes.min(initial=0))
    width = int(codes.max(initial=0)) - lowest + 1
    number, used = np.empty(width, np.int32), np.empty(width, np.int32)
    found = library().tracereport_renumber(address(codes), len(codes), lowest, width, address(number), address(used))
    used = used[: checked(found)].copy()
    if np.array_equal(used, np.arange(len(used))):
        return codes, used
    return take(number, codes if not lowest else codes - np.int32(lowest)), used


class PairTable:
    """The distinct pairs of codes seen so far, in the order of first use."""

    def __init__(self) -> None:
        self.native = library().tracereport_pairs_new()
        if not self.native:
            raise MemoryError("the native library")

    def __del__(self) -> None:
        """Give the memory back."""
        library().tracereport_pairs_free(self.native)

    def __len__(self) -> int:
        """The number of distinct pairs."""
        return int(library().tracereport_pairs_count(self.native))

    def intern(self, first: NDArray[np.int32], second: NDArray[np.int32]) -> NDArray[np.int32]:
        """The codes of pairs, those that are new included.

        Raises:
            MemoryError: there wasn't enough.
            OverflowError: there are more than 2^31 - 1 distinct ones.
        """
        first, second = np.ascontiguousarray(first, np.int32), np.ascontiguousarray(second, np.int32)
        if len(first) != len(second):
            raise ValueError("a pair without its second")
        codes = np.empty(len(first), np.int32)
        pairs = (address(first), address(second), len(first))
        checked(library().tracereport_intern_pairs(self.native, *pairs, address(codes)))
        return codes

    def pairs(self) -> NDArray[np.int32]:
        """All of them, by code; two columns."""
        count = len(self)
        if not count:
            return np.empty((0, 2), np.int32)
        start = library().tracereport_pairs(self.native)
        return view(start, np.dtype(np.int32), 2 * count, self).reshape(-1, 2).copy()
