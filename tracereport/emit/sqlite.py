"""Traces what a program asks SQLite by the standard library's ``sqlite3``: one call per statement.

Its connections and cursors are of classes above the library's, or above those that the program has chosen. The rows of
a read stay in the database until the program fetches them.
"""

from __future__ import annotations

import functools
import os
import sqlite3
import sqlite3.dbapi2
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .calls import NOT_TRACED
from .drivers import Connected, is_of_hooked, name_sets
from .hooks import call_from
from .kinds import OWN, make_kind
from .layers import LAYERS, name_package
from .read_later import ReadLater, tell
from .reading import UNCHANGING
from .statements import describe, name_values
from .system import System

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from .calls import Call

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_PACKAGES = ("sqlite3", "_sqlite3")
_MACHINERY = (*_PACKAGES, "aiosqlite", *LAYERS)
_TOOLS = frozenset({"coverage", "testmon", "IPython", "dbm"})
"""Packages whose databases are their own, and no part of what the program asks."""
_FACTORY_PLACE = 5
"""Where the factory stands among the arguments of ``sqlite3.connect``."""
_MAKES_PLAIN_CURSORS = sys.version_info >= (3, 11) and sys.implementation.name == "cpython"
"""Whether a connection's own ``execute`` makes a cursor without asking the connection's ``cursor`` for it."""
_UNNAMED = Connected(None, "database")
"""What a connection asks that asks while it is made."""
_connect = sqlite3.connect
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame


def trace_connections() -> None:
    """Traces the statements of all connections that are opened from now on. A second call changes nothing."""
    UNCHANGING.add(sqlite3.Row)
    for module in (sqlite3, sqlite3.dbapi2):
        if vars(module)["connect"] is _connect:
            setattr(module, "connect", _connect_traced)  # noqa: B010  # for the type checker


class _Connect:
    """As the library's own, and unlike a function, it is no method of a class that holds it."""

    def __init__(self) -> None:
        functools.update_wrapper(self, _connect)
        self.__module__ = "sqlite3"  # where it is found by whoever reads it from a pickle

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as the version has it
        frame = _get_frame(1)
        connect = call_from(frame)
        by_place = len(args) > _FACTORY_PLACE
        factory = args[_FACTORY_PLACE] if by_place else kwargs.get("factory", sqlite3.Connection)
        kind = factory if _is_left(frame) else make_kind(factory, _Connection, sqlite3.Connection)
        if kind is factory:
            return connect(_connect, *args, **kwargs)
        if by_place:
            args = (*args[:_FACTORY_PLACE], kind, *args[_FACTORY_PLACE + 1 :])
        else:
            kwargs["factory"] = kind
        connection = connect(_connect, *args, **kwargs)
        with suppress(Exception):  # the program's class may hold it for something else
            setattr(connection, OWN, _name(args[0] if args else kwargs["database"]))
        return connection

    def __reduce__(self) -> str:
        return "connect"

    def __repr__(self) -> str:
        return repr(_connect)


_connect_traced = _Connect()


def _is_left(frame: FrameType) -> bool:
    """Whether a connection is opened by a tool, or by a library whose own hook tells what it asks."""
    return name_package(frame) in _TOOLS or is_of_hooked(frame, _PACKAGES)


def _name(database: Any) -> Connected:  # noqa: ANN401  # a path, or what names no file
    name = os.fsdecode(database)
    if name in ("", ":memory:"):
        return Connected(object(), "memory")
    return Connected(name if name.startswith("file:") else System.path.abspath(name), System.path.basename(name))


class _Cursor(ReadLater, sqlite3.Cursor):
    __slots__ = ()

    def execute(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as the library's
        return tell(self, _PACKAGES, _begin, sqlite3.Cursor.execute, _get_frame(1), args, kwargs)

    def executemany(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        return tell(self, _PACKAGES, _begin_many, sqlite3.Cursor.executemany, _get_frame(1), args, kwargs)

    def executescript(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        return tell(self, _PACKAGES, _begin_script, sqlite3.Cursor.executescript, _get_frame(1), args, kwargs)


_traced_cursor = make_kind(sqlite3.Cursor, _Cursor, sqlite3.Cursor)


class _Connection(sqlite3.Connection):
    __slots__ = ()

    def cursor(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as the library's
        if args:
            args = (make_kind(args[0], _Cursor, sqlite3.Cursor), *args[1:])
        else:
            kwargs["factory"] = make_kind(kwargs.get("factory", sqlite3.Cursor), _Cursor, sqlite3.Cursor)
        return call_from(_get_frame(1))(super().cursor, *args, **kwargs)

    if _MAKES_PLAIN_CURSORS:

        def execute(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
            cursor = sqlite3.Connection.cursor(self, _traced_cursor)
            return tell(cursor, _PACKAGES, _begin, sqlite3.Cursor.execute, _get_frame(1), args, kwargs)

        def executemany(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
            cursor = sqlite3.Connection.cursor(self, _traced_cursor)
            return tell(cursor, _PACKAGES, _begin_many, sqlite3.Cursor.executemany, _get_frame(1), args, kwargs)

        def executescript(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
            cursor = sqlite3.Connection.cursor(self, _traced_cursor)
            return tell(cursor, _PACKAGES, _begin_script, sqlite3.Cursor.executescript, _get_frame(1), args, kwargs)


def _begin(cursor: Any, frame: FrameType, sql: str, parameters: Any = ()) -> tuple[str, Call]:  # noqa: ANN401  # as the library takes them
    return _begin_call(cursor, frame, sql, name_values(parameters))


def _begin_many(cursor: Any, frame: FrameType, sql: str, parameters: Any) -> tuple[str, Call]:  # noqa: ANN401  # as above
    return _begin_call(cursor, frame, sql, name_sets(parameters))


def _begin_script(cursor: Any, frame: FrameType, sql: str) -> tuple[str, Call]:  # noqa: ANN401  # as above
    return _begin_call(cursor, frame, sql, ()) if describe(sql).writes is not None else (sql, NOT_TRACED)


def _begin_call(cursor: Any, frame: FrameType, sql: str, values: Sequence[tuple[str, object]]) -> tuple[str, Call]:  # noqa: ANN401  # as above
    connected = getattr(cursor.connection, OWN, None) or _UNNAMED
    return sql, connected.begin(sql, values, _MACHINERY, via="sqlite3", start=frame)
