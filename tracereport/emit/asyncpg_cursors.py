"""Cursors of asyncpg that tell what the program reads; their classes take the place of the library's own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from asyncpg import Record, cursor

from .kinds import OWN
from .log import now
from .reading import UNCHANGING, Held, Reading, as_row, as_row_or_none, as_they_are

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from types import FrameType

    from .calls import Call

    _Begin = Callable[[Any, FrameType], Call]

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame


def trace_cursors(begin: _Begin) -> None:
    """Traces all cursors that are opened from now on. A second call changes nothing.

    Args:
        begin: begins the call that a cursor's statement is, by the cursor and the frame that asks.
    """
    UNCHANGING.add(Record)
    for name, make in (("Cursor", _make_cursor), ("CursorIterator", _make_iterator)):
        kind = vars(cursor)[name]
        if not hasattr(kind, OWN):
            traced: Any = make(kind, begin)
            traced.__name__, traced.__qualname__ = kind.__name__, kind.__qualname__
            traced.__module__, traced.__doc__ = kind.__module__, kind.__doc__
            setattr(cursor, name, traced)


def _make_cursor(kind: Any, begin: _Begin) -> type:  # noqa: ANN401  # asyncpg's class
    class Cursor(kind):  # type: ignore[misc]  # whichever it is
        __slots__ = (OWN,)

        async def _init(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as asyncpg has it
            call = begin(self, _get_frame(1))
            try:
                given = await super()._init(*args, **kwargs)
            except BaseException:
                call.mark(failed=True)
                call.finish()
                raise
            setattr(self, OWN, Held(Reading(call)))
            return given

        def fetch(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
            return _read(self, as_they_are, super().fetch(*args, **kwargs))

        def fetchrow(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
            return _read(self, as_row_or_none, super().fetchrow(*args, **kwargs))

        def forward(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
            going = super().forward(*args, **kwargs)
            getattr(self, OWN).reading.end()  # what comes behind isn't the answer from its beginning
            return going

    return Cursor


def _make_iterator(kind: Any, begin: _Begin) -> type:  # noqa: ANN401  # as above
    class CursorIterator(kind):  # type: ignore[misc]  # as above
        __slots__ = (OWN,)

        def __anext__(self) -> Any:  # noqa: ANN401  # as above
            fetching = super().__anext__()
            return fetching if now.log is None else _read_next(self, fetching, begin)

    return CursorIterator


async def _read(own: Any, to_rows: Callable[[Any], Sequence[Any]], fetching: Awaitable[Any]) -> Any:  # noqa: ANN401  # as above
    return await getattr(own, OWN).reading.read_later(to_rows, fetching)


async def _read_next(own: Any, fetching: Awaitable[Any], begin: _Begin) -> Any:  # noqa: ANN401  # as above
    held = getattr(own, OWN, None)
    if held is None:
        held = Held(Reading(begin(own, _get_frame(1))))
        setattr(own, OWN, held)
    return await held.reading.read_later(as_row, fetching)
