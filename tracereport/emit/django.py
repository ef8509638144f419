"""Traces what Django asks the database: one call per statement, with its values and its answer. No middleware.

``pytest --perf-trace`` and ``tracereport run`` switch it on by themselves. By hand::

    from perf_trace.django import trace_statements      # or: from tracereport.emit.django import ...

    class ShopConfig(AppConfig):
        def ready(self) -> None:
            trace_statements()

Each call is named after verb and table (``select orders``); its parameters are the statement's text, the bound values
as ``p1``, ``p2``, ..., and of another database than ``default`` its alias; its result metrics are ``rows`` and, of a
read, a ``digest`` of the rows, and its caller is the first function outside Django. What ``migrate`` does is a frame.
While tracing is off a statement costs two function calls more. While it is on, the rows of a read are fetched at once,
within the call, unless they are streamed (``iterator()`` on a server-side cursor); the program gets them as before.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from .django_machinery import MACHINERY, is_migrating
from .django_relations import find_fetching, find_relation
from .hooks import extend, safely
from .log import is_on
from .statements import Session, begin_statement, describe, goes_back, name_many, name_values, record_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .calls import Call
    from .statements import Statement

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_FRAMES_OF_OURS = 4
"""Of ``_begin`` and what it is called by, up to the extended method."""
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame
_sessions: WeakKeyDictionary[Any, Session] = WeakKeyDictionary()


def trace_statements() -> None:
    """Traces the statements of all connections that there are and will be. A second call changes nothing."""
    extend(CursorWrapper, "_execute", _execute_one, is_always=True)
    extend(CursorWrapper, "_executemany", _execute_many, is_always=True)
    extend(BaseDatabaseWrapper, "_rollback", _roll_back, is_always=True)


def _execute_one(execute: Callable[..., Any], wrapper: Any, sql: object, params: Any, *rest: object) -> Any:  # noqa: ANN401  # of any backend
    return _execute(
        functools.partial(execute, wrapper, sql, params, *rest), wrapper, str(sql), lambda: name_values(params)
    )


def _execute_many(execute: Callable[..., Any], wrapper: Any, sql: object, sets: Any, *rest: object) -> Any:  # noqa: ANN401  # as above
    if is_on():
        sets = [*sets]
    return _execute(functools.partial(execute, wrapper, sql, sets, *rest), wrapper, str(sql), lambda: name_many(sets))


def _execute(
    execute: Callable[[], Any],
    wrapper: Any,  # noqa: ANN401  # as above
    sql: str,
    find_values: Callable[[], Sequence[tuple[str, object]]],
) -> Any:  # noqa: ANN401  # whatever the backend's cursor gives
    if isinstance(wrapper.cursor, FetchedCursor):  # of the statement before, on the same cursor
        wrapper.cursor = wrapper.cursor.driver_cursor
    if not is_on():
        return execute()
    described = describe(sql)
    if described.asks_nothing or is_migrating.get():
        result = execute()
    else:
        with safely(_begin, wrapper.db, sql, described, find_values) as call:
            result = execute()
            cursor = wrapper.cursor
            if cursor.description is None:
                if cursor.rowcount >= 0:
                    call.record(rows=cursor.rowcount)
            elif described.is_read and not getattr(cursor, "name", None):  # a server-side cursor has a name
                rows = cursor.fetchall()
                record_answer(call, rows)
                if not goes_back(cursor):
                    wrapper.cursor = FetchedCursor(cursor, rows)
                    if result is cursor:  # as SQLite's and Oracle's give themselves, to have their rows fetched
                        result = wrapper.cursor
    if described.sets_schema is not None or (Session.is_any and wrapper.db in _sessions):
        _sessions.setdefault(wrapper.db, Session()).note(described, find_values())
    return result


def _begin(
    connection: Any,  # noqa: ANN401  # of any backend
    sql: str,
    statement: Statement,
    find_values: Callable[[], Sequence[tuple[str, object]]],
) -> Call:
    session = _sessions.get(connection) if Session.is_any else None
    # What stands between the queryset and here only carries its statement out, a wrapper of the program's too.
    fetching = find_fetching(_get_frame(_FRAMES_OF_OURS)) if statement.is_read else None
    relation = None if fetching is None else find_relation(fetching)
    return begin_statement(
        statement,
        find_values(),
        MACHINERY,
        via="django" if relation is None else f"django:{relation}",
        database=None if connection.alias == "default" else connection.alias,
        schema=None if session is None else session.schema,
        start=fetching,
        sent=(sql,),
    )


def _roll_back(roll_back: Callable[..., Any], connection: Any) -> Any:  # noqa: ANN401  # of any backend
    if connection in _sessions:
        _sessions[connection].roll_back()
    return roll_back(connection)


class FetchedCursor:
    """A cursor whose rows are here already. What depends on the place that it stands at is answered from them."""

    def __init__(self, driver_cursor: Any, rows: Sequence[Any]) -> None:  # noqa: ANN401  # of any driver
        self.driver_cursor = driver_cursor
        self._rows = rows
        self._place = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever else the driver's has
        if name == "rownumber" and hasattr(self.driver_cursor, name):
            return self._place
        return getattr(self.driver_cursor, name)

    def __iter__(self) -> Iterator[Any]:
        while (row := self.fetchone()) is not None:
            yield row

    def fetchone(self) -> Any:  # noqa: ANN401  # a row, as the driver makes them
        """The next row, or None."""
        return next(iter(self.fetchmany(1)), None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows."""
        if size is None:
            size = getattr(self.driver_cursor, "arraysize", 1)
        rows = [*self._rows[self._place : self._place + size]]
        self._place += len(rows)
        return rows

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        return self.fetchmany(len(self._rows))

    def nextset(self) -> Any:  # noqa: ANN401  # as the driver says it
        """Goes on to the next result, whose rows are fetched as they were: from the driver's cursor."""
        going_on = self.driver_cursor.nextset()
        if going_on:
            self._rows, self._place = self.driver_cursor.fetchall(), 0
        else:
            self._place = len(self._rows)
        return going_on

    def scroll(self, value: int, mode: str = "relative") -> None:
        """Goes to another row."""
        place = value + (self._place if mode == "relative" else 0)
        if not hasattr(self.driver_cursor, "scroll") or not 0 <= place < max(1, len(self._rows)):
            self.driver_cursor.scroll(value, mode=mode)
        self._place = place
