"""Traces what a program asks PostgreSQL by asyncpg, by connections, pools, prepared statements and cursors.

Rows that a cursor gives in parts are told once the program has read them; ``COPY`` tells how many there were.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from asyncpg.connection import Connection
from asyncpg.prepared_stmt import PreparedStatement

from .asyncpg_cursors import trace_cursors
from .calls import NOT_TRACED
from .drivers import Connected, is_told, name_sets
from .hooks import extend, find_caller
from .layers import LAYERS
from .statements import describe, name_values, record_answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import FrameType

    from .calls import Call

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_PACKAGES = ("asyncpg",)
_MACHINERY = (*_PACKAGES, *LAYERS)
_OWN_MODULES = ("asyncpg.connection", "asyncpg.utils")
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
    extend(Connection, "_copy_in", _copy)
    extend(Connection, "_copy_out", _copy)
    extend(Connection, "copy_records_to_table", _copy_records)
    trace_cursors(_begin_reading)


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


def _copy(copy: Callable[..., Any], connection: Any, sql: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
    return _ask(copy(connection, sql, *args, **kwargs), None, connection, (sql,), {})


def _copy_records(copy: Callable[..., Any], connection: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
    copying = copy(connection, *args, **kwargs)
    with suppress(Exception):  # as below
        table, schema, columns = args[0], kwargs.get("schema_name"), kwargs.get("columns")
        name = ".".join(f'"{part}"' for part in (schema, table) if part)
        listed = f" ({', '.join(columns)})" if isinstance(columns, (list, tuple)) else ""
        asked = f"COPY {name}{listed} FROM STDIN", kwargs["records"]
        return _ask(copying, None, connection, asked, {}, is_many=True)
    return copying


async def _ask(
    answering: Awaitable[Any],
    to_rows: Callable[[Any], Any] | None,
    asked: Any,  # noqa: ANN401  # a connection, or a prepared statement
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    is_many: bool = False,
) -> Any:  # noqa: ANN401  # as above
    frame = find_caller(_get_frame(1))
    connected, sql, values, call = _UNNAMED, "", (), NOT_TRACED
    if not _is_told(frame):
        with suppress(Exception):  # what a hook doesn't understand is told by the library
            connection, sql, values = _read_asked(asked, args, kwargs)
            connected = _find(connection)
            named = name_sets(values[0] if values else kwargs.get("args")) if is_many else name_values(values)
            call = connected.begin(sql, named, _MACHINERY, via="asyncpg", start=frame)
    with call:
        given = await answering
        if call is not NOT_TRACED:
            with suppress(Exception):
                _record(call, sql, given, to_rows)
        with suppress(Exception):
            connected.note(sql, values)
    return given


def _begin_reading(cursor: Any, frame: FrameType) -> Call:  # noqa: ANN401  # as above
    """The call that a cursor's statement is."""
    if not _is_told(frame):
        with suppress(Exception):
            connected = _find(cursor._connection)  # noqa: SLF001  # nothing else tells it
            values = name_values(cursor._args)  # noqa: SLF001  # as above
            return connected.begin(cursor._query, values, _MACHINERY, via="asyncpg", start=frame)  # noqa: SLF001  # as above
    return NOT_TRACED


def _is_told(frame: FrameType) -> bool:
    """Whether nothing is to be told: it is already, or the library sends it for itself, such as to reset a connection.

    What it sends for ``COPY`` is the program's.
    """
    own = frame.f_globals.get("__name__") in _OWN_MODULES and not frame.f_code.co_name.startswith("copy_")
    return own or is_told(frame, _PACKAGES)


def _read_asked(asked: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, str, Any]:  # noqa: ANN401  # as above
    """The connection, the statement and its values."""
    if isinstance(asked, PreparedStatement):
        return asked._connection, asked.get_query(), args  # noqa: SLF001  # nothing else tells it
    sql, *values = args or (kwargs.get("query") or kwargs["command"],)
    return asked, sql, values


def _find(connection: Any) -> Connected:  # noqa: ANN401  # as above
    connected = _connected.get(connection)
    if connected is None:
        address, database = connection._addr, connection._params.database  # noqa: SLF001  # as above
        connected = _connected[connection] = Connected((str(address), database), str(database))
    return connected


def _record(call: Call, sql: str, given: Any, to_rows: Callable[[Any], Any] | None) -> None:  # noqa: ANN401  # as above
    if to_rows is not None:
        if describe(sql).is_read:
            record_answer(call, to_rows(given))
        else:
            call.record(rows=len(to_rows(given)))
    elif isinstance(given, str) and given.rpartition(" ")[2].isdigit():  # UPDATE 3
        call.record(rows=int(given.rpartition(" ")[2]))
