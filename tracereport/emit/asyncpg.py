"""Traces what a program asks PostgreSQL by asyncpg, by connections, pools and prepared statements.

Of rows that are gone through by a cursor nothing is told.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from asyncpg.connection import Connection
from asyncpg.prepared_stmt import PreparedStatement

from .calls import NOT_TRACED
from .drivers import Connected, is_told, name_sets
from .hooks import extend
from .layers import LAYERS
from .statements import describe, name_values, record_answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import FrameType

    from .calls import Call

_PACKAGES = ("asyncpg",)
_MACHINERY = (*_PACKAGES, *LAYERS)
_OWN_MODULE = "asyncpg.connection"
"""What sends statements of its own, such as to reset a connection that goes back to its pool."""
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame
_UNNAMED = Connected(None, "database")
_connected: WeakKeyDictionary[Any, Connected] = WeakKeyDictionary()


def trace_statements() -> None:
    """Traces the statements of all connections that there are and will be. A second call changes nothing."""
    for name, around in {"fetch": _fetch, "fetchrow": _fetch_row, "fetchval": _fetch_value}.items():
        extend(Connection, name, around)
        extend(PreparedStatement, name, around)
    for name in ("executemany", "fetchmany"):  # the second is of later versions
        for kind in (Connection, PreparedStatement):
            if hasattr(kind, name):
                extend(kind, name, _execute_many)
    extend(Connection, "execute", _execute)


# The library's method is called at once, not where its coroutine is first awaited: it may refuse at once.
def _fetch(fetch: Callable[..., Any], asked: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as asyncpg has it
    return _ask(fetch(asked, *args, **kwargs), lambda rows: rows, asked, args, kwargs)


def _fetch_row(fetch: Callable[..., Any], asked: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
    return _ask(fetch(asked, *args, **kwargs), lambda row: [] if row is None else [row], asked, args, kwargs)


def _fetch_value(fetch: Callable[..., Any], asked: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
    return _ask(fetch(asked, *args, **kwargs), lambda value: [] if value is None else [(value,)], asked, args, kwargs)


def _execute(execute: Callable[..., Any], asked: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
    return _ask(execute(asked, *args, **kwargs), None, asked, args, kwargs)


def _execute_many(execute: Callable[..., Any], asked: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
    return _ask(execute(asked, *args, **kwargs), None, asked, args, kwargs, is_many=True)


async def _ask(
    answering: Awaitable[Any],
    to_rows: Callable[[Any], Any] | None,
    asked: Any,  # noqa: ANN401  # a connection, or a prepared statement
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    is_many: bool = False,
) -> Any:  # noqa: ANN401  # as above
    frame = _get_frame(1)
    if is_told(frame, _PACKAGES) or frame.f_globals.get("__name__") == _OWN_MODULE:
        return await answering
    try:
        connected, sql, values, call = _begin(asked, args, kwargs, frame, is_many=is_many)
    except Exception:  # noqa: BLE001  # what a hook doesn't understand is told by the library
        connected, sql, values, call = _UNNAMED, "", (), NOT_TRACED
    with call:
        given = await answering
        with suppress(Exception):
            _record(call, sql, given, to_rows)
            connected.note(sql, values)
    return given


def _begin(
    asked: Any,  # noqa: ANN401  # as above
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    frame: FrameType,
    *,
    is_many: bool,
) -> tuple[Connected, str, Any, Call]:
    if isinstance(asked, PreparedStatement):
        connection, sql, values = asked._connection, asked.get_query(), args  # noqa: SLF001  # nothing else tells it
    else:
        connection = asked
        sql, *values = args or (kwargs.get("query") or kwargs["command"],)  # type: ignore[assignment]
    connected = _connected.get(connection)
    if connected is None:
        address, database = connection._addr, connection._params.database  # noqa: SLF001  # as above
        connected = _connected[connection] = Connected((str(address), database), str(database))
    named = name_sets(values[0] if values else kwargs.get("args")) if is_many else name_values(values)
    return connected, sql, values, connected.begin(sql, named, _MACHINERY, via="asyncpg", start=frame)


def _record(call: Call, sql: str, given: Any, to_rows: Callable[[Any], Any] | None) -> None:  # noqa: ANN401  # as above
    if to_rows is not None:
        if describe(sql).is_read:
            record_answer(call, to_rows(given))
        else:
            call.record(rows=len(to_rows(given)))
    elif isinstance(given, str) and given.rpartition(" ")[2].isdigit():  # UPDATE 3
        call.record(rows=int(given.rpartition(" ")[2]))
