"""Cursors of drivers in C whose rows the program reads when it likes: what stands above their classes to trace them.

Warnings that the driver gives name the line of the program, as they do without.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .calls import NOT_TRACED, TracedCall
from .drivers import is_told
from .hooks import call_from
from .kinds import OWN
from .reading import Held, Reading, as_row, as_row_or_none, as_they_are
from .statements import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from .calls import Call

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame


class ReadLater:
    """What stands above a driver's class of cursors to trace it."""

    __slots__ = ()

    def fetchone(self) -> Any:  # noqa: ANN401, D102  # a row; as the driver's
        return _fetch(self, _get_frame(1), as_row_or_none, super().fetchone)  # type: ignore[misc]

    def fetchmany(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401, D102  # as above
        return _fetch(self, _get_frame(1), as_they_are, super().fetchmany, *args, **kwargs)  # type: ignore[misc]

    def fetchall(self) -> Any:  # noqa: ANN401, D102  # as above
        rows = _fetch(self, _get_frame(1), as_they_are, super().fetchall)  # type: ignore[misc]
        end_reading(self)
        return rows

    def __next__(self) -> Any:  # noqa: ANN401  # as above
        return _fetch(self, _get_frame(1), as_row, super().__next__)  # type: ignore[misc]

    def close(self) -> Any:  # noqa: ANN401, D102  # as above
        end_reading(self)
        return call_from(_get_frame(1))(super().close)  # type: ignore[misc]


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
    if describe(sql).is_read and isinstance(call, TracedCall) and _gives_rows(cursor):
        setattr(cursor, OWN, Held(Reading(call)))
        return True
    if cursor.rowcount >= 0:
        call.record(rows=cursor.rowcount)
    return False


def _gives_rows(cursor: Any) -> bool:  # noqa: ANN401  # as above
    """Whether there are rows to read: one in the server, which has a name, says so when the first has come."""
    return cursor.description is not None or getattr(cursor, "name", None) is not None
