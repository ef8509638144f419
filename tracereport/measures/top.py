"""The first rows of a list: how those of several parts of an input are put together."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

import msgspec

from tracereport.errors import InputError

Row = TypeVar("Row")


class Top(msgspec.Struct, Generic[Row], frozen=True):
    """The first rows of a list in a total order, and how many there are in all."""

    total: int
    rows: Sequence[Row]
    """In that order; those of a stored part are ``PackedRows``."""


class PackedRows(Sequence[Row]):
    """Rows as they stand in a stored part: each is made when it is asked for.

    Args:
        kind: of the rows.
        packed: all of them, as ``pack`` gives them.

    Raises:
        MsgspecError: they are none.
    """

    def __init__(self, kind: type[Row], packed: bytes) -> None:
        self.kind = kind
        self._decoder = msgspec.msgpack.Decoder(kind)
        self._rows = msgspec.msgpack.decode(packed, type=list[msgspec.Raw])

    @staticmethod
    def pack(rows: Sequence[msgspec.Struct]) -> bytes:
        """Rows of one kind as bytes.

        Raises:
            OverflowError: a number is beyond 64 bits.
            UnicodeEncodeError: a text isn't of Unicode.
        """
        return msgspec.msgpack.encode(rows)

    def __len__(self) -> int:
        """The number of rows."""
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        """One row, or some."""
        if isinstance(index, slice):
            return tuple(map(self._make, self._rows[index]))
        return self._make(self._rows[index])

    def __iter__(self) -> Iterator[Row]:
        """Each row in turn."""
        return map(self._make, self._rows)

    def _make(self, row: msgspec.Raw) -> Row:
        try:
            return self._decoder.decode(row)
        except msgspec.MsgspecError as error:
            raise InputError(f"a part is damaged: {error}", "Measure again into an empty folder.") from error


def merge_tops(tops: Sequence[Top[Row]], rank: Callable[[Row], Any], limit: int) -> Top[Row]:
    """The first ``limit`` rows of all lists, which are each in the order of ``rank``; no others are looked at."""
    if len(tops) == 1:
        return tops[0]
    rows = heapq.merge(*(top.rows for top in tops), key=rank)
    return Top(sum(top.total for top in tops), tuple(row for row, _ in zip(rows, range(limit), strict=False)))
