"""What stands behind the elapsed field -> sets of metrics, each kept once, and what is said of the call itself."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracereport.native.loader import address, checked, contiguous, library, view
from tracereport.native.texts import KeptTexts

NONE: Final = -1
MISSING: Final = -2
"""What a record doesn't say."""
_NAMES, _RESERVED, _ODD, _OFFSET, _NAME, _VALUE = range(6)


class MetricCodes(NamedTuple):
    """What each text holds, by code; -1 where there is none."""

    metric_set: NDArray[np.int32]
    reserved: NDArray[np.int32]
    """Of all its reserved fields together, as one text."""
    odd: NDArray[np.int32]
    """Of a text that isn't plain, which has no other code and no number."""
    parent: NDArray[np.int64]
    """``NONE`` for ``parent=none``, ``MISSING`` where nothing is said."""
    activation: NDArray[np.int64]
    """``MISSING`` where nothing is said."""


class MetricTable:
    """The distinct sets of metrics of any number of chunks.

    A plain text is empty or holds fields, each behind a bar: ``name=<number>``; once each ``parent=<number>`` (or
    ``none``) and ``activation=<number>``; or a reserved one.

    Args:
        rules: which other fields are reserved. A rule is a field as a whole (``escaped=1``), one of this name whose
            value holds no ``=`` (``process=``), or one of this name with any value (``test=*``).
    """

    def __init__(self, rules: Iterable[str]) -> None:
        encoded = b"".join(bytes([len(rule)]) + rule.encode("ascii") for rule in rules)
        whole = np.frombuffer(encoded, np.uint8)
        self._native = library().tracereport_metrics_new(address(whole), len(whole))
        self._is_finished = False
        if not self._native:
            raise MemoryError("the native library")
        self.names, self.reserved, self.odd = (KeptTexts(self._part(part), self) for part in (_NAMES, _RESERVED, _ODD))

    def __del__(self) -> None:
        """Give the memory back."""
        if getattr(self, "_native", None):
            library().tracereport_metrics_free(self._native)

    def __len__(self) -> int:
        """The number of distinct sets."""
        return int(library().tracereport_metrics_count(self._native))

    def intern(
        self, buffer: bytes | NDArray[np.uint8], start: NDArray[np.integer[Any]], end: NDArray[np.integer[Any]]
    ) -> MetricCodes:
        """Reads the slices ``buffer[start:end]``.

        Raises:
            ValueError: a slice isn't inside the buffer, or the table is finished.
        """
        if self._is_finished or len(start) != len(end):
            raise ValueError("a finished table, or starts without ends")
        whole = np.frombuffer(buffer, np.uint8)
        start, end = contiguous(start), contiguous(end)
        metric_set, reserved, odd = np.empty((3, len(start)), np.int32)
        parent, activation = np.empty((2, len(start)), np.int64)
        slices = (address(whole), len(whole), address(start), address(end), len(start))
        written = (address(metric_set), address(reserved), address(odd), address(parent), address(activation))
        checked(library().tracereport_intern_metrics(self._native, *slices, *written))
        return MetricCodes(metric_set, reserved, odd, parent, activation)

    def finish(self) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint64]]:
        """The sets, flat: the fields of set ``i`` are ``offset[i]:offset[i + 1]`` of names (by code) and values.

        Nothing is copied, and nothing can be added any more.
        """
        self._is_finished = True
        offset = view(self._part(_OFFSET), np.dtype(np.int64), len(self) + 1, self)
        fields = int(offset[-1])
        name = view(self._part(_NAME), np.dtype(np.int32), fields, self)
        value = view(self._part(_VALUE), np.dtype(np.uint64), fields, self)
        return offset, name, value

    def _part(self, which: int) -> int:
        return int(library().tracereport_metrics_part(self._native, which))
