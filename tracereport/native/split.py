"""A chunk of a log -> its plain records in columns, and where the lines start that Python has to look at."""

import ctypes
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracereport.native.loader import address, library, view


class Records(NamedTuple):
    """Plain records in columns, one entry each. Places are offsets into the chunk."""

    line: NDArray[np.int64]
    """Counted from 0 at the chunk's start."""
    number: NDArray[np.int64]
    elapsed_ns: NDArray[np.int64]
    resolution_ns: NDArray[np.int64]
    signature_start: NDArray[np.int64]
    signature_end: NDArray[np.int64]
    caller_start: NDArray[np.int64]
    """-1 where none is named."""
    caller_end: NDArray[np.int64]
    lookup_start: NDArray[np.int64]
    """Into ``Split.lookups``, as its end is. -1 for an odd signature: one with a field that has no equals sign, or with
    both a statement and a field called ``write``."""
    lookup_end: NDArray[np.int64]
    metrics_start: NDArray[np.int64]
    metrics_end: NDArray[np.int64]


PLACE: Final = np.dtype([("line", np.int64), ("start", np.int64)])
"""A line of the chunk, and where it starts."""

_RECORDS, _ODD, _CANDIDATES, _LOOKUPS = range(4)


class Split:
    """What a chunk holds, as ``split_chunk`` found it."""

    def __init__(self, native: int) -> None:
        self._native = native

    def __del__(self) -> None:
        """Give the memory back."""
        library().tracereport_split_free(self._native)

    @property
    def lines(self) -> int:
        """The number of lines."""
        return int(library().tracereport_split_lines(self._native))

    @property
    def record_count(self) -> int:
        """How many plain records there are."""
        return self._count(_RECORDS)

    @property
    def records(self) -> Records:
        """The plain records."""
        columns = np.empty((len(Records._fields), self._count(_RECORDS)), np.int64)
        library().tracereport_split_records(self._native, address(columns))
        return Records(*columns)

    @property
    def odd(self) -> NDArray[Any]:
        """The other lines that hold the mark, as ``PLACE`` says."""
        return self._list(_ODD, PLACE)

    @property
    def candidates(self) -> NDArray[Any]:
        """The lines that may be a marker of cargo, nextest or libtest, as ``PLACE`` says."""
        return self._list(_CANDIDATES, PLACE)

    @property
    def lookups(self) -> NDArray[np.uint8]:
        """The signatures of the plain records without their callers."""
        return self._list(_LOOKUPS, np.dtype(np.uint8))

    def _count(self, which: int) -> int:
        count = ctypes.c_int64()
        library().tracereport_split_list(self._native, which, ctypes.addressof(count))
        return count.value

    def _list(self, which: int, kind: np.dtype[Any]) -> NDArray[Any]:
        count = ctypes.c_int64()
        start = library().tracereport_split_list(self._native, which, ctypes.addressof(count))
        return view(start, kind, count.value, self) if count.value else np.empty(0, kind)


def split_chunk(text: bytes, *, only_candidates: bool = False) -> Split:
    """Splits a chunk of lines, the last of which may have no end.

    Args:
        text: the chunk.
        only_candidates: leave out all records, which takes a quarter of the time.

    Raises:
        MemoryError: there wasn't enough.
    """
    whole = np.frombuffer(text, np.uint8)
    native = library().tracereport_split(address(whole), len(whole), only_candidates)
    if not native:
        raise MemoryError("the native library")
    return Split(native)


def is_utf8(text: bytes) -> bool:
    """Whether the bytes are UTF-8, as Python's own decoder takes it."""
    whole = np.frombuffer(text, np.uint8)
    return bool(library().tracereport_is_utf8(address(whole), len(whole)))
