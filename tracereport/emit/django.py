"""Traces what Django asks the database: one call per statement, with its values and its answer. No middleware.

::

    from tracereport.emit.django import trace_statements

    class ShopConfig(AppConfig):
        def ready(self) -> None:
            trace_statements()

Each call is named after verb and table (``select orders``); its parameters are the statement's text and the bound
values as ``p1``, ``p2``, ..., its result metrics ``rows`` and, of a read, a ``digest`` of the rows, and its caller is
the first function outside Django. While tracing is off a statement costs two function calls more. While it is on, the
rows of a read are fetched at once, within the call, unless they are streamed (``iterator()`` on a server-side cursor).
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django.db import connections
from django.db.backends.signals import connection_created

from tracereport.emit import is_on
from tracereport.emit.statements import begin_statement, is_read, name_many, name_values, record_answer

_MACHINERY = ("django", "asgiref")


def trace_statements() -> None:
    """Traces the statements of all connections that there are and will be. A second call changes nothing."""
    connection_created.connect(_trace_connection, dispatch_uid="tracereport.emit.django")
    for connection in connections.all(initialized_only=True):
        _trace_connection(connection=connection)


def _trace_connection(*, connection: Any, **_: object) -> None:  # noqa: ANN401  # of any backend
    if _trace_statement not in connection.execute_wrappers:
        connection.execute_wrappers.append(_trace_statement)


def _trace_statement(
    execute: Callable[..., Any],
    sql: object,
    params: Any,  # noqa: ANN401  # a sequence, a mapping, or many of them
    many: bool,
    context: Mapping[str, Any],
) -> Any:  # noqa: ANN401  # whatever the backend's cursor gives
    if not is_on():
        return execute(sql, params, many, context)
    text = str(sql)  # it may be one of psycopg's own objects
    values = name_many([*params]) if many else name_values(params)
    wrapper = context["cursor"]
    if isinstance(wrapper.cursor, _FetchedCursor):  # of the statement before, on the same cursor
        wrapper.cursor = wrapper.cursor.driver_cursor
    with begin_statement(text, values, _MACHINERY) as call:
        result = execute(sql, params, many, context)
        cursor = wrapper.cursor
        if cursor.description is None:
            if cursor.rowcount >= 0:
                call.record(rows=cursor.rowcount)
        elif is_read(text) and not getattr(cursor, "name", None):  # a server-side cursor has a name
            rows = cursor.fetchall()
            wrapper.cursor = _FetchedCursor(cursor, rows)
            record_answer(call, rows)
            if result is cursor:  # as SQLite's and Oracle's give themselves, to have their rows fetched
                result = wrapper.cursor
    return result


class _FetchedCursor:
    """A cursor whose rows are here already."""

    def __init__(self, driver_cursor: Any, rows: Iterable[Any]) -> None:  # noqa: ANN401  # of any driver
        self.driver_cursor = driver_cursor
        self._rows = deque(rows)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever else the driver's has
        return getattr(self.driver_cursor, name)

    def __iter__(self) -> Iterator[Any]:
        while self._rows:
            yield self._rows.popleft()

    def fetchone(self) -> Any:  # noqa: ANN401  # a row, as the driver makes them
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int = 1) -> list[Any]:
        return [self._rows.popleft() for _ in range(min(size, len(self._rows)))]

    def fetchall(self) -> list[Any]:
        return [*self]
