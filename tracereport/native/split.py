"""A chunk of a log -> its plain records in columns, and where the lines start that Python has to look at."""

import ctypes
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tracereport.native.loader import address, library, view

RECORD: Final = np.dtype(
    [
        (name, np.int64)
        for name in (
            "line",
            "number",
            "elapsed_ns",
            "resolution_ns",
            "signature_start",
            "signature_end",
            "caller_start",
            "caller_end",
            "lookup_start",
            "lookup_end",
            "metrics_start",
            "metrics_end",
        )
    ]
)
"""A plain record. Lines are counted from 0 at the chunk's start, places are offsets into the chunk, and those of the
lookup into ``Split.lookups``. A caller that isn't named starts at -1; so does the lookup of an odd signature:
one with a field that has no equals sign, or with both a statement and a field called ``write``."""

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
    def records(self) -> NDArray[Any]:
        """The plain records, as ``RECORD`` says."""
        return self._list(_RECORDS, RECORD)

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

    def _list(self, which: int, kind: np.dtype[Any]) -> NDArray[Any]:
        count = ctypes.c_int64()
        start = library().tracereport_split_list(self._native, which, ctypes.addressof(count))
        return view(start, kind, count.value, self) if count.value else np.empty(0, kind)


def split_chunk(text: bytes) -> Split:
    """Splits a chunk of lines, the last of which may have no end.

    Raises:
        MemoryError: there wasn't enough.
    """
    whole = np.frombuffer(text, np.uint8)
    native = library().tracereport_split(address(whole), len(whole))
    if not native:
        raise MemoryError("the native library")
    return Split(native)


def is_utf8(text: bytes) -> bool:
    """Whether the bytes are UTF-8, as Python's own decoder takes it."""
    whole = np.frombuffer(text, np.uint8)
    return bool(library().tracereport_is_utf8(address(whole), len(whole)))
