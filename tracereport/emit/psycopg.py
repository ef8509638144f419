"""Traces what a program asks PostgreSQL by psycopg 3, by cursors that wait and by asynchronous ones.

A read's answer is taken from what the server has sent; no row is made that the program doesn't fetch. Of rows that
come in parts, by a cursor in the server, ``stream()`` or a pipeline, there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from .answers import digest
from .drivers import Connected, Driver
from .hooks import extend
from .statements import describe

if TYPE_CHECKING:
    from .calls import Call


def trace_statements() -> None:
    """Traces the statements of all connections that there are and will be. A second call changes nothing."""
    for kind in (psycopg.Cursor, psycopg.ServerCursor):
        extend(kind, "execute", _driver.execute)
    for asynchronous in (psycopg.AsyncCursor, psycopg.AsyncServerCursor):
        extend(asynchronous, "execute", _driver.execute_later)
    extend(psycopg.Cursor, "executemany", _driver.execute_many)
    extend(psycopg.AsyncCursor, "executemany", _driver.execute_many_later)
    extend(psycopg.Connection, "rollback", _driver.roll_back)
    extend(psycopg.AsyncConnection, "rollback", _driver.roll_back)


def _connect(connection: Any) -> Connected:  # noqa: ANN401  # of either kind
    at = connection.info
    return Connected((at.host, at.port, at.dbname), at.dbname)


def _to_text(cursor: Any, query: Any) -> str:  # noqa: ANN401  # as above; as psycopg takes it
    if isinstance(query, str):
        return query
    return query.decode() if isinstance(query, bytes) else str(query.as_string(cursor))


def _record(call: Call, cursor: Any, text: str) -> None:  # noqa: ANN401  # as above
    if not describe(text).is_read:
        if cursor.rowcount >= 0:
            call.record(rows=cursor.rowcount)
    elif cursor.pgresult is not None and not getattr(cursor, "name", None):  # a cursor in the server has a name
        results = cursor._results  # noqa: SLF001  # of each of several statements
        values = [
            result.get_value(row, place)
            for result in results
            for row in range(result.ntuples)
            for place in range(result.nfields)
        ]
        call.record(rows=sum(result.ntuples for result in results), **digest(values))


_driver = Driver("psycopg", ("psycopg", "psycopg_pool"), connect=_connect, to_text=_to_text, record=_record)
