"""Traces what a program asks PostgreSQL by psycopg2: one call per statement.

Its connections and cursors are of classes above the library's, or above those that the program has chosen. Of an
asynchronous connection no answer is known.
"""

from __future__ import annotations

import functools
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg2
from psycopg2 import extensions

from .drivers import Connected, is_of_hooked, name_sets
from .kinds import OWN, make_kind
from .layers import LAYERS
from .read_later import ReadLater, end_reading, tell
from .statements import name_values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from .calls import Call

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_PACKAGES = ("psycopg2", "aiopg")
_MACHINERY = (*_PACKAGES, *LAYERS)
_UNNAMED = Connected(None, "database")
"""What a connection asks that asks while it is made."""
_CURSOR_PLACE = 1
"""Where the class of a cursor stands among the arguments of a connection's ``cursor``."""
_connect: Callable[..., Any] = psycopg2._connect  # noqa: SLF001  # what its ``connect`` connects by
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame


def trace_connections() -> None:
    """Traces the statements of all connections that are opened from now on. A second call changes nothing."""
    psycopg2._connect = _connect_traced  # noqa: SLF001  # as above


@functools.wraps(_connect)
def _connect_traced(dsn: Any, connection_factory: Any = None, **kwargs: Any) -> Any:  # noqa: ANN401  # as the library has it
    opener = _get_frame(1).f_back
    kind = make_kind(connection_factory or extensions.connection, _Connection, extensions.connection)
    if (opener is not None and is_of_hooked(opener, _PACKAGES)) or kind is connection_factory:
        return _connect(dsn, connection_factory=connection_factory, **kwargs)
    connection = _connect(dsn, connection_factory=kind, **kwargs)
    with suppress(Exception):  # it may not be open yet, or the program's class has left it unmade
        at = connection.get_dsn_parameters()
        name = at.get("dbname", "database")
        setattr(connection, OWN, Connected((at.get("host"), at.get("port"), name), name))
    return connection


class _Cursor(ReadLater, extensions.cursor):  # type: ignore[misc]  # it has no types
    __slots__ = ()

    def execute(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as the library's
        given = tell(self, _PACKAGES, _begin, extensions.cursor.execute, _get_frame(1), args, kwargs)
        with suppress(Exception):  # what can't be understood is no matter of the program's
            _note(self, *args, **kwargs)
        return given

    def executemany(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        return tell(self, _PACKAGES, _begin_many, extensions.cursor.executemany, _get_frame(1), args, kwargs)

    def callproc(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        return tell(self, _PACKAGES, _begin_procedure, extensions.cursor.callproc, _get_frame(1), args, kwargs)

    def copy_from(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        return tell(self, _PACKAGES, _begin_copy_from, extensions.cursor.copy_from, _get_frame(1), args, kwargs)

    def copy_to(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        return tell(self, _PACKAGES, _begin_copy_to, extensions.cursor.copy_to, _get_frame(1), args, kwargs)

    def copy_expert(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        return tell(self, _PACKAGES, _begin_copy, extensions.cursor.copy_expert, _get_frame(1), args, kwargs)

    def scroll(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        end_reading(self)
        return super().scroll(*args, **kwargs)


class _Connection(extensions.connection):  # type: ignore[misc]  # as above
    __slots__ = ()

    def cursor(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as the library's
        by_place = len(args) > _CURSOR_PLACE
        given = args[_CURSOR_PLACE] if by_place else kwargs.get("cursor_factory")
        kind = make_kind(given or self.cursor_factory or extensions.cursor, _Cursor, extensions.cursor)
        if by_place:
            return super().cursor(args[0], kind, *args[_CURSOR_PLACE + 1 :], **kwargs)
        return super().cursor(*args, **{**kwargs, "cursor_factory": kind})

    def rollback(self) -> None:
        connected = getattr(self, OWN, None)
        if connected is not None:
            connected.roll_back()
        super().rollback()


def _begin(cursor: Any, frame: FrameType, query: Any, vars: Any = None) -> tuple[str, Call]:  # noqa: A002, ANN401  # as the library calls it
    return _begin_call(cursor, frame, query, name_values(vars))


def _begin_many(cursor: Any, frame: FrameType, query: Any, vars_list: Any) -> tuple[str, Call]:  # noqa: ANN401  # as above
    return _begin_call(cursor, frame, query, name_sets(vars_list))


def _begin_procedure(cursor: Any, frame: FrameType, procname: str, parameters: Any = None) -> tuple[str, Call]:  # noqa: ANN401  # as above
    named = isinstance(parameters, dict)
    known = parameters if named or isinstance(parameters, (list, tuple)) else ()
    places = ", ".join(f"{name} := %s" if named else "%s" for name in known)
    return _begin_call(cursor, frame, f"SELECT * FROM {procname}({places})", name_values(parameters))  # noqa: S608  # as the library sends it


def _begin_copy(cursor: Any, frame: FrameType, sql: Any, *_: Any, **__: Any) -> tuple[str, Call]:  # noqa: ANN401  # as above
    return _begin_call(cursor, frame, sql, ())


def _begin_copy_from(
    cursor: Any,  # noqa: ANN401  # as above
    frame: FrameType,
    file: Any,  # noqa: ANN401  # as above
    table: str,
    sep: Any = None,  # noqa: ANN401  # as above
    null: Any = None,  # noqa: ANN401  # as above
    size: Any = None,  # noqa: ANN401  # as above
    columns: Any = None,  # noqa: ANN401  # as above
) -> tuple[str, Call]:
    del file, sep, null, size
    return _begin_call(cursor, frame, f"COPY {table}{_list_columns(columns)} FROM STDIN", ())


def _begin_copy_to(
    cursor: Any,  # noqa: ANN401  # as above
    frame: FrameType,
    file: Any,  # noqa: ANN401  # as above
    table: str,
    sep: Any = None,  # noqa: ANN401  # as above
    null: Any = None,  # noqa: ANN401  # as above
    columns: Any = None,  # noqa: ANN401  # as above
) -> tuple[str, Call]:
    del file, sep, null
    return _begin_call(cursor, frame, f"COPY {table}{_list_columns(columns)} TO STDOUT", ())


def _list_columns(columns: object) -> str:
    # What can be gone through but once is the library's to go through.
    return f" ({', '.join(map(str, columns))})" if isinstance(columns, (list, tuple)) else ""


def _begin_call(
    cursor: Any,  # noqa: ANN401  # as above
    frame: FrameType,
    query: Any,  # noqa: ANN401  # as above
    values: Sequence[tuple[str, object]],
) -> tuple[str, Call]:
    sql = _to_text(cursor, query)
    connected = getattr(cursor.connection, OWN, None) or _UNNAMED
    return sql, connected.begin(sql, values, _MACHINERY, via="psycopg2", start=frame)


def _to_text(cursor: Any, query: Any) -> str:  # noqa: ANN401  # as above
    if isinstance(query, str):
        return query
    return query.decode() if isinstance(query, bytes) else str(query.as_string(cursor))


def _note(cursor: Any, query: Any, vars: Any = None) -> None:  # noqa: A002, ANN401  # as above
    connected = getattr(cursor.connection, OWN, None)
    if connected is not None and not cursor.connection.closed:
        connected.note(_to_text(cursor, query), vars)
