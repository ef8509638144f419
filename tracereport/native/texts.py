"""Texts in one buffer of bytes: interned across any number of buffers, taken, and ranked.

A table of texts is a pair of arrays: text ``i`` is ``data[offset[i]:offset[i + 1]]``.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracereport.native.loader import address, checked, contiguous, library, view

Table = tuple[NDArray[np.uint8], NDArray[np.int64]]


def take_texts(data: NDArray[np.uint8], offset: NDArray[np.int64], indices: NDArray[np.integer[Any]]) -> Table:
    """Some of the texts, in this order.

    Raises:
        ValueError: an index is none of a text.
    """
    indices, count = contiguous(indices), len(offset) - 1
    if len(indices) and not (indices.min() >= 0 and indices.max() < count):
        raise ValueError("an index is none of a text")
    taken_offset = np.zeros(len(indices) + 1, np.int64)
    np.cumsum(np.diff(offset)[indices], out=taken_offset[1:])
    taken = np.empty(int(taken_offset[-1]), np.uint8)
    source = (address(data), len(data), address(offset), count)
    target = (address(indices), len(indices), address(taken), address(taken_offset), len(taken))
    checked(library().tracereport_take_texts(*source, *target))
    return taken, taken_offset


def rank_texts(data: NDArray[np.uint8], offset: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rank of each text among the distinct ones, from 0 on, by bytes (which for UTF-8 is by code points)."""
    count = len(offset) - 1
    rank = np.empty(count, np.int64)
    checked(library().tracereport_rank_texts(address(data), len(data), address(offset), count, address(rank)))
    return rank


def find_byte(data: NDArray[np.uint8], offset: NDArray[np.int64], byte: str) -> NDArray[np.int64]:
    """Where in ``data`` each text first holds the byte, or where it ends."""
    count = len(offset) - 1
    place = np.empty(count, np.int64)
    table = (address(data), len(data), address(offset), count)
    checked(library().tracereport_find_byte(*table, ord(byte), address(place)))
    return place


class SplitParams(NamedTuple):
    """The parameters of texts such as ``function|name=value|...``: slices of the texts' own bytes."""

    params: NDArray[np.int64]
    """Per text, how many it has."""
    start: NDArray[np.int64]
    """Per parameter, text by text, as all that follow."""
    equals: NDArray[np.int64]
    """Where its name ends."""
    end: NDArray[np.int64]
    shapes: Table
    """Per text its function and the names of its parameters, a ``|`` between them."""


def split_params(data: NDArray[np.uint8], offset: NDArray[np.int64]) -> SplitParams:
    """Cuts texts at their ``|``, and each parameter at its first ``=``."""
    count = len(offset) - 1
    room = int(np.count_nonzero(data == ord("|")))
    params, (start, equals, end) = np.empty(count, np.int64), np.empty((3, room), np.int64)
    shape, shape_offset = np.empty(len(data), np.uint8), np.empty(count + 1, np.int64)
    table = (address(data), len(data), address(offset), count)
    places = (address(start), address(equals), address(end), room)
    written = (address(shape), address(shape_offset))
    found = checked(library().tracereport_split_params(*table, address(params), *places, *written))
    return SplitParams(params, start[:found], equals[:found], end[:found], (shape, shape_offset))


class KeptTexts:
    """The distinct texts that the library has kept so far, by code.

    Args:
        native: the library's table.
        owner: what frees it.
    """

    def __init__(self, native: int, owner: object = None) -> None:
        self._native = native
        self._owner = owner

    def __len__(self) -> int:
        """The number of distinct texts."""
        return int(library().tracereport_interner_count(self._native))

    def copy(self, first: int = 0) -> Table:
        """The texts from this code on."""
        data, offset = self._view()
        offset = offset[first:]
        return data[offset[0] : offset[-1]].copy(), offset - offset[0]

    def _view(self) -> Table:
        """All texts where they stand: only as long as no other is added."""
        offset = view(library().tracereport_interner_offset(self._native), np.dtype(np.int64), len(self) + 1, self)
        return view(
            library().tracereport_interner_bytes(self._native), np.dtype(np.uint8), int(offset[-1]), self
        ), offset


class Interner(KeptTexts):
    """The distinct texts of any number of buffers, in the order of their first use.

    Texts are told apart by their hashes and then byte by byte: a code stands for one text.
    """

    def __init__(self) -> None:
        super().__init__(library().tracereport_interner_new() or 0)
        self._is_finished = False
        if not self._native:
            raise MemoryError("the native library")

    def __del__(self) -> None:
        """Give the memory back."""
        if getattr(self, "_native", None) and library is not None:  # at its end Python takes modules apart
            library().tracereport_interner_free(self._native)

    def intern(
        self, buffer: bytes | NDArray[np.uint8], start: NDArray[np.integer[Any]], end: NDArray[np.integer[Any]]
    ) -> NDArray[np.int32]:
        """The codes of the slices ``buffer[start:end]``; those that start at -1 are no text and have the code -1.

        Raises:
            ValueError: a slice isn't inside the buffer, or the table is finished.
        """
        if self._is_finished:
            raise ValueError("a finished table")
        return self._code(buffer, start, end, is_kept=True)

    def find(
        self, buffer: bytes | NDArray[np.uint8], start: NDArray[np.integer[Any]], end: NDArray[np.integer[Any]]
    ) -> NDArray[np.int32]:
        """As ``intern``, but nothing is added: what isn't in the table has the code -1."""
        return self._code(buffer, start, end, is_kept=False)

    def _code(
        self,
        buffer: bytes | NDArray[np.uint8],
        start: NDArray[np.integer[Any]],
        end: NDArray[np.integer[Any]],
        *,
        is_kept: bool,
    ) -> NDArray[np.int32]:
        if len(start) != len(end):
            raise ValueError("starts without ends")
        whole = np.frombuffer(buffer, np.uint8)
        start, end = contiguous(start), contiguous(end)
        codes = np.empty(len(start), np.int32)
        slices = (address(whole), len(whole), address(start), address(end), len(start))
        checked(library().tracereport_intern(self._native, *slices, is_kept, address(codes)))
        return codes

    def finish(self) -> Table:
        """All texts, by code. They stay where they are: nothing is copied, and nothing can be added any more."""
        self._is_finished = True
        return self._view()
