"""Traces what a program asks PostgreSQL by psycopg 3, by cursors that wait and by asynchronous ones.

A read's answer is taken from what the server has sent; no row is made that the program doesn't fetch. Rows that come in
parts, by a cursor in the server or ``stream()``, are told once the program has read them; ``copy()`` tells how many
there were. Of rows in a pipeline no answer is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from .cursors import Driver
from .drivers import Connected
from .hooks import extend
from .statements import describe
from .streams import Streams

if TYPE_CHECKING:
    from .calls import Call

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours


def trace_statements() -> None:
    """Traces the statements of all connections that there are and will be. A second call changes nothing."""
    for kind in (psycopg.Cursor, psycopg.ServerCursor):
        extend(kind, "execute", _driver.execute)
    for asynchronous in (psycopg.AsyncCursor, psycopg.AsyncServerCursor):
        extend(asynchronous, "execute", _driver.execute_later)
    extend(psycopg.Cursor, "executemany", _driver.execute_many)
    extend(psycopg.Cursor, "stream", _streams.stream)
    extend(psycopg.Cursor, "copy", _streams.copy)
    extend(psycopg.AsyncCursor, "executemany", _driver.execute_many_later)
    extend(psycopg.AsyncCursor, "stream", _streams.stream_later)
    extend(psycopg.AsyncCursor, "copy", _streams.copy)
    extend(psycopg.Connection, "rollback", _driver.roll_back)
    extend(psycopg.AsyncConnection, "rollback", _driver.roll_back)
    _trace_parts()


def _trace_parts() -> None:
    """Traces what the program reads when it likes."""
    waiting = {"fetchone": _driver.fetch_one, "fetchmany": _driver.fetch_many, "fetchall": _driver.fetch_all}
    for name, around in {**waiting, "__next__": _driver.fetch_next}.items():
        if name in vars(psycopg.ServerCursor):  # by version ``__iter__`` gives the rows
            extend(psycopg.ServerCursor, name, around)
    later = {
        "fetchone": _driver.fetch_one_later,
        "fetchmany": _driver.fetch_many_later,
        "fetchall": _driver.fetch_all_later,
        "__anext__": _driver.fetch_one_later,
    }
    for name, around_later in later.items():
        if name in vars(psycopg.AsyncServerCursor):
            extend(psycopg.AsyncServerCursor, name, around_later)
    for kind in (psycopg.ServerCursor, psycopg.AsyncServerCursor):
        for name in ("scroll", "close"):
            extend(kind, name, _driver.leave)
    for name in ("read", "read_row", "write", "write_row"):
        extend(psycopg.Copy, name, _streams.work)
        extend(psycopg.AsyncCopy, name, _streams.work_later)


def _connect(connection: Any) -> Connected:  # noqa: ANN401  # of either kind
    at = connection.info
    return Connected((at.host, at.port, at.dbname), at.dbname)


def _to_text(cursor: Any, query: Any) -> str:  # noqa: ANN401  # as above; as psycopg takes it
    if isinstance(query, str):
        return query
    return query.decode() if isinstance(query, bytes) else str(query.as_string(cursor))


def _record(call: Call, cursor: Any, text: str) -> bool:  # noqa: ANN401  # as above
    if not describe(text).is_read:
        if cursor.rowcount >= 0:
            call.record(rows=cursor.rowcount)
        return True
    if isinstance(cursor, (psycopg.ServerCursor, psycopg.AsyncServerCursor)):
        return False
    if cursor.pgresult is not None:
        results = cursor._results  # noqa: SLF001  # of each of several statements
        values = [
            result.get_value(row, place)
            for result in results
            for row in range(result.ntuples)
            for place in range(result.nfields)
        ]
        call.record_answer("rows", sum(result.ntuples for result in results), repr(values))
    return True


_driver = Driver(
    "psycopg", ("psycopg", "psycopg_pool", "contextlib"), connect=_connect, to_text=_to_text, record=_record
)
_streams = Streams(_driver)
