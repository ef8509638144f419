"""Calls that stay open while the program does other things, because it reads their rows in parts.

A cursor's results and exceptions stay as they are, and no row is read that the program doesn't read.
"""

from __future__ import annotations

import atexit
import hashlib
from typing import TYPE_CHECKING, Any

from . import log
from .calls import NO_FAILURES, TracedCall, current
from .statements import to_plain_rows
from .system import System

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from typing_extensions import Self

    from .calls import Call

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
UNCHANGING: set[type] = {tuple}
"""Types of rows that can be hashed later, together with others: the program can't change them."""
_ROWS_AT_ONCE = 100
_open: set[Pausing] = set()


class _Answer:
    """Counts rows as they are read, and takes down the digest that they would have as one list."""

    __slots__ = ("_hash", "_is_plain", "_waiting", "count")

    def __init__(self) -> None:
        self.count = 0
        self._hash: Any = None  # of the rows that no longer wait
        self._is_plain = True
        self._waiting: list[Any] = []

    def add(self, rows: Sequence[Any]) -> None:
        """Adds the next rows."""
        self.count += len(rows)
        if self._is_plain:
            self._waiting += rows
            if len(self._waiting) >= _ROWS_AT_ONCE or not UNCHANGING.issuperset(map(type, rows)):
                self._hash_rows()

    def _hash_rows(self) -> None:
        text = self._take_text()
        if text is not None:
            if self._hash is None:
                self._hash = hashlib.blake2b(digest_size=8)
            else:
                text = f", {text[1:]}"
            self._hash.update(text[:-1].encode("utf-8", "backslashreplace"))

    def _take_text(self) -> str | None:
        """The rows that wait, as a text; None where they have none, nor what comes behind them."""
        try:
            text = repr(to_plain_rows(self._waiting))
        except Exception:  # noqa: BLE001  # rows of the program's own kind, or values that can't be printed
            self._is_plain = False
            text = None
        self._waiting = []
        return text

    def record(self, call: Call) -> None:
        """Records the number of rows and their digest."""
        if self._hash is None:
            call.record_answer("rows", self.count, self._take_text() if self._is_plain else None)
            return
        call.record(rows=self.count)
        if self._waiting:
            self._hash_rows()
        if self._is_plain:
            self._hash.update(b"]")
            call.record(digest=int.from_bytes(self._hash.digest(), "big") >> 1)


class Pausing:
    """A call that stays open while the program does other things, until it is ended or tracing stops.

    It counts only the time in which the driver works for it, which is within ``with pausing:``. Calls that the program
    makes in between aren't part of it.
    """

    __slots__ = ("_call", "_is_working", "_left_ns")

    def __init__(self, call: Call) -> None:
        self._call: TracedCall | None = None
        self._is_working = False
        self._left_ns = System.now_ns()
        if isinstance(call, TracedCall):
            self._call = call
            _open.add(self)
            current.set(call.enclosing)

    @property
    def is_idle(self) -> bool:
        """Whether the driver isn't working for it yet, as it is when one of its methods calls another."""
        return self._call is not None and not self._is_working

    def __enter__(self) -> Self:
        if self._call is not None:
            self._call.started_ns += System.now_ns() - self._left_ns
        self._is_working = True
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._is_working = False
        self._left_ns = System.now_ns()
        self.note_error(kind)

    def note_error(self, kind: type[BaseException] | None) -> None:
        """Notes that the call failed, if it did by an exception of that kind."""
        if kind is not None and not issubclass(kind, NO_FAILURES) and self._call is not None:
            self._call.mark(failed=True)

    def end(self) -> None:
        """Writes the call's line, unless it has been written."""
        call, self._call = self._call, None
        if call is None:
            return
        _open.discard(self)
        if "failed" not in call.marks:
            self._record(call)
        call.started_ns += System.now_ns() - self._left_ns
        call.finish()

    def _record(self, call: TracedCall) -> None:
        """Records what came of it."""


class Reading(Pausing):
    """A statement that has been executed, and whose rows the program has yet to read.

    It is told when it is read to its end, when its cursor goes on to another statement, or when tracing ends.
    """

    __slots__ = ("_answer", "_rows")

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._answer: _Answer | None = None
        self._rows: Sequence[Any] = ()

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
        if call is None or self._is_working:
            return fetch(*args, **kwargs)
        # As ``with self:`` does it, in fewer steps: each row comes by here.
        call.started_ns += System.now_ns() - self._left_ns
        self._is_working = True
        rows: Sequence[Any] = ()
        try:
            fetched = fetch(*args, **kwargs)
            rows = to_rows(fetched)
        except StopIteration:
            raise
        except BaseException as error:
            self.note_error(type(error))
            raise
        finally:
            self._take(rows)
        return fetched

    async def read_later(self, to_rows: Callable[[Any], Sequence[Any]], fetching: Awaitable[Any]) -> Any:  # noqa: ANN401  # as above
        """Has an asynchronous driver fetch rows; the rest is as above."""
        if not self.is_idle:
            return await fetching
        with self:
            fetched = await fetching
            self._rows = to_rows(fetched)
        return fetched

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.note_error(kind)
        rows, self._rows = self._rows, ()
        self._take(rows)

    def _take(self, rows: Sequence[Any]) -> None:
        """Takes down what the driver has given."""
        self._is_working = False
        self._left_ns = System.now_ns()
        if self._answer is None:
            self._answer = _Answer()
        if rows:
            self._answer.add(rows)
        else:
            self.end()

    def _record(self, call: TracedCall) -> None:
        if self._answer is not None:
            self._answer.record(call)


class Held:
    """What a cursor holds: once nobody holds the cursor, nothing more is read."""

    __slots__ = ("reading",)

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def __del__(self) -> None:
        self.reading.end()


def as_they_are(rows: Sequence[Any]) -> Sequence[Any]:
    """What gives rows gives them."""
    return rows


def as_row(row: object) -> Sequence[Any]:
    """What gives a row gives one."""
    return (row,)


def as_row_or_none(row: object) -> Sequence[Any]:
    """What gives a row, or None, gives one, or the end."""
    return () if row is None else (row,)


def _end_all() -> None:
    for each in [*_open]:
        each.end()


log.ends.append(_end_all)
atexit.register(_end_all)
