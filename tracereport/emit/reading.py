"""Cursors whose rows the program reads when it likes: they are told once it has read them, and read by nobody else.

Whatever a cursor gives or raises is the driver's. Warnings that the driver gives name the line of the program, as they
do without.
"""

from __future__ import annotations

import atexit
import hashlib
import sys
from contextlib import suppress
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from . import log
from .calls import NOT_TRACED, TracedCall, current
from .drivers import is_told
from .hooks import call_from
from .kinds import OWN
from .statements import describe, to_plain_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from .calls import Call

UNCHANGING: set[type] = {tuple}
"""Kinds of rows that can wait for others to be taken down: the program can't change them."""
_ROWS_AT_ONCE = 100
_open: set[Reading] = set()
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame


class _Answer:
    """Rows that are taken down as they are read: how many, and the digest that they would have as one list."""

    __slots__ = ("_hash", "_is_hashed", "_is_plain", "_waiting", "count")

    def __init__(self) -> None:
        self.count = 0
        self._hash = hashlib.blake2b(digest_size=8)
        self._is_hashed = False
        self._is_plain = True
        self._waiting: list[Any] = []

    def add(self, rows: Sequence[Any]) -> None:
        """Takes down the next rows."""
        self.count += len(rows)
        if self._is_plain:
            if len(rows) == 1 and type(rows[0]) in UNCHANGING:
                self._waiting.append(rows[0])
                if len(self._waiting) == _ROWS_AT_ONCE:
                    self._hash_rows()
            else:
                self._hash_rows()
                self._waiting += rows
                self._hash_rows()

    def _hash_rows(self) -> None:
        if not self._waiting:
            return
        try:
            text = repr(to_plain_rows(self._waiting))
        except Exception:  # noqa: BLE001  # rows of the program's own kind, or values that can't be printed
            self._is_plain = False
        else:
            text = f", {text[1:-1]}" if self._is_hashed else text[:-1]
            self._hash.update(text.encode("utf-8", "backslashreplace"))
            self._is_hashed = True
        self._waiting = []

    def record(self, call: Call) -> None:
        """Records what has been read."""
        call.record(rows=self.count)
        self._hash_rows()
        if self._is_plain:
            self._hash.update(b"]" if self._is_hashed else b"[]")
            call.record(digest=int.from_bytes(self._hash.digest(), "big") >> 1)


class Reading:
    """A statement that has been executed, and whose rows the program has yet to read.

    It is told when it is read to its end, when its cursor goes on to another statement, or when tracing ends. Only the
    time that the driver takes counts, and what the program asks in between isn't part of the call.
    """

    __slots__ = ("_answer", "_call", "_is_fetching", "_left_ns")

    def __init__(self, call: TracedCall) -> None:
        self._call: TracedCall | None = call
        _open.add(self)
        self._answer: _Answer | None = None
        self._is_fetching = False
        self._left_ns = perf_counter_ns()
        current.set(call.enclosing)

    def read(
        self,
        to_rows: Callable[[Any], Sequence[Any]],
        fetch: Callable[..., Any],
        *args: Any,  # noqa: ANN401  # whatever the driver takes
        **kwargs: Any,  # noqa: ANN401  # as above
    ) -> Any:  # noqa: ANN401  # and gives
        """Has the driver fetch rows, within the call, and takes them down; none are the end.

        Args:
            to_rows: makes a sequence of rows of what the driver gives.
            fetch: the driver's method; it may call another one of the cursor's.
            *args: what the method gets.
            **kwargs: what it gets by name.
        """
        call = self._call
        if call is None or self._is_fetching:
            return fetch(*args, **kwargs)
        call.started_ns += perf_counter_ns() - self._left_ns
        self._is_fetching = True
        rows: Sequence[Any] = ()
        try:
            fetched = fetch(*args, **kwargs)
            rows = to_rows(fetched)
        except StopIteration:
            raise
        except BaseException:
            call.mark(failed=True)
            raise
        finally:
            self._is_fetching = False
            self._left_ns = perf_counter_ns()
            if self._answer is None:
                self._answer = _Answer()
            if rows:
                self._answer.add(rows)
            else:
                self.end()
        return fetched

    def end(self) -> None:
        """Tells the call, unless it has been told."""
        call, self._call = self._call, None
        if call is None:
            return
        _open.discard(self)
        if self._answer is not None and "failed" not in call.marks:
            self._answer.record(call)
        call.started_ns += perf_counter_ns() - self._left_ns
        call.finish()


class _Held:
    """What a cursor holds: once nobody holds the cursor, nothing more is read."""

    __slots__ = ("reading",)

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def __del__(self) -> None:
        self.reading.end()


def _end_all() -> None:
    for reading in [*_open]:
        reading.end()


log.ends.append(_end_all)
atexit.register(_end_all)


class ReadLater:
    """What stands above a driver's class of cursors to trace it."""

    __slots__ = ()

    def fetchone(self) -> Any:  # noqa: ANN401, D102  # a row; as the driver's
        return _fetch(self, _get_frame(1), _as_row_or_none, super().fetchone)  # type: ignore[misc]

    def fetchmany(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401, D102  # as above
        return _fetch(self, _get_frame(1), _as_they_are, super().fetchmany, *args, **kwargs)  # type: ignore[misc]

    def fetchall(self) -> Any:  # noqa: ANN401, D102  # as above
        rows = _fetch(self, _get_frame(1), _as_they_are, super().fetchall)  # type: ignore[misc]
        end_reading(self)
        return rows

    def __next__(self) -> Any:  # noqa: ANN401  # as above
        return _fetch(self, _get_frame(1), _as_row, super().__next__)  # type: ignore[misc]

    def close(self) -> Any:  # noqa: ANN401, D102  # as above
        end_reading(self)
        return call_from(_get_frame(1))(super().close)  # type: ignore[misc]


def _as_they_are(rows: Sequence[Any]) -> Sequence[Any]:
    return rows


def _as_row(row: object) -> Sequence[Any]:
    return (row,)


def _as_row_or_none(row: object) -> Sequence[Any]:
    return () if row is None else (row,)


def _fetch(
    cursor: Any,  # noqa: ANN401  # of any driver
    frame: FrameType,
    to_rows: Callable[[Any], Sequence[Any]],
    fetch: Callable[..., Any],
    *args: Any,  # noqa: ANN401  # as the driver has it
    **kwargs: Any,  # noqa: ANN401  # as above
) -> Any:  # noqa: ANN401  # as above
    reading = _find_reading(cursor)
    if reading is None:
        return call_from(frame)(fetch, *args, **kwargs)
    return reading.read(to_rows, call_from(frame), fetch, *args, **kwargs)


def _find_reading(cursor: Any) -> Reading | None:  # noqa: ANN401  # as above
    held = getattr(cursor, OWN, None)
    return None if held is None else held.reading


def end_reading(cursor: Any) -> None:  # noqa: ANN401  # as above
    """Tells what was read of the statement before on the same cursor."""
    reading = _find_reading(cursor)
    if reading is not None:
        setattr(cursor, OWN, None)
        reading.end()


def tell(
    cursor: Any,  # noqa: ANN401  # as above
    packages: tuple[str, ...],
    begin: Callable[..., tuple[str, Call]],
    execute: Callable[..., Any],
    frame: FrameType,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:  # noqa: ANN401  # what the driver gives
    """Executes a statement as a call, unless it is told already; a read's call goes on until its rows are read.

    Args:
        cursor: a traced one.
        packages: the driver's.
        begin: gives the statement's text, and its call, by the cursor, the frame that asks, and the arguments.
        execute: the driver's method.
        frame: the frame that asks.
        args: what the method gets.
        kwargs: what it gets by name.
    """
    end_reading(cursor)
    if is_told(frame, packages):
        return call_from(frame)(execute, cursor, *args, **kwargs)
    try:
        sql, call = begin(cursor, frame, *args, **kwargs)
    except Exception:  # noqa: BLE001  # what a hook doesn't understand is told by the driver
        sql, call = "", NOT_TRACED
    is_over = True
    try:
        given = call_from(frame)(execute, cursor, *args, **kwargs)
        with suppress(Exception):
            is_over = not _is_read_later(cursor, sql, call)
    except BaseException:
        call.mark(failed=True)
        raise
    finally:
        if is_over:
            call.finish()
    return given


def _is_read_later(cursor: Any, sql: str, call: Call) -> bool:  # noqa: ANN401  # as above
    if describe(sql).is_read and isinstance(call, TracedCall) and cursor.description is not None:
        setattr(cursor, OWN, _Held(Reading(call)))
        return True
    if cursor.rowcount >= 0:
        call.record(rows=cursor.rowcount)
    return False
