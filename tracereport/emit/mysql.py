"""Traces what a program asks MySQL or MariaDB by PyMySQL, mysqlclient or aiomysql, whose cursors are alike.

Rows that come one by one, by a cursor that leaves them in the server, are told once the program has read them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .cursors import Driver
from .drivers import Connected
from .hooks import extend
from .statements import describe, record_answer

if TYPE_CHECKING:
    from .calls import Call

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours


def trace_pymysql() -> None:
    """Traces the statements of all cursors of PyMySQL. A second call changes nothing."""
    from pymysql.connections import Connection  # noqa: PLC0415  # only where it has been imported
    from pymysql.cursors import Cursor, SSCursor  # noqa: PLC0415  # as above

    _trace(Cursor, Connection, _pymysql)
    _trace_parts(SSCursor, _pymysql)


def trace_mysqlclient() -> None:
    """Traces the statements of all cursors of mysqlclient. A second call changes nothing."""
    from MySQLdb.connections import Connection  # noqa: PLC0415  # as above
    from MySQLdb.cursors import BaseCursor, CursorUseResultMixIn  # noqa: PLC0415  # as above

    _trace(BaseCursor, Connection, _mysqlclient)
    _trace_parts(CursorUseResultMixIn, _mysqlclient)


def trace_aiomysql() -> None:
    """Traces the statements of all cursors of aiomysql. A second call changes nothing."""
    from aiomysql.connection import Connection  # noqa: PLC0415  # as above
    from aiomysql.cursors import Cursor, SSCursor  # noqa: PLC0415  # as above

    extend(Cursor, "execute", _aiomysql.execute_later)
    extend(Cursor, "executemany", _aiomysql.execute_many_later)
    extend(Cursor, "callproc", _aiomysql.call_later)
    extend(Connection, "rollback", _aiomysql.roll_back)
    extend(SSCursor, "fetchone", _aiomysql.fetch_one_later)
    extend(SSCursor, "fetchmany", _aiomysql.fetch_many_later)
    extend(SSCursor, "fetchall", _aiomysql.fetch_all_later)
    extend(SSCursor, "scroll", _aiomysql.leave)
    extend(SSCursor, "close", _aiomysql.leave)


def _trace(cursor: type, connection: type, driver: Driver) -> None:
    extend(cursor, "execute", driver.execute)
    extend(cursor, "executemany", driver.execute_many)
    extend(cursor, "callproc", driver.call)
    extend(connection, "rollback", driver.roll_back)


def _trace_parts(cursor: type, driver: Driver) -> None:
    extend(cursor, "fetchone", driver.fetch_one)
    extend(cursor, "fetchmany", driver.fetch_many)
    extend(cursor, "fetchall", driver.fetch_all)
    for name in ("scroll", "close"):
        if hasattr(cursor, name):
            extend(cursor, name, driver.leave)


def _connect(connection: Any) -> Connected:  # noqa: ANN401  # of any of the three
    database = getattr(connection, "db", None) or "database"
    name = database.decode() if isinstance(database, bytes) else str(database)
    return Connected((getattr(connection, "host", None), getattr(connection, "port", None), name), name)


def _to_text(cursor: Any, query: Any) -> str:  # noqa: ANN401  # as above; a text or bytes
    del cursor
    return query if isinstance(query, str) else bytes(query).decode("utf-8", "backslashreplace")


def _record(call: Call, cursor: Any, text: str) -> bool:  # noqa: ANN401  # as above
    rows = cursor._rows  # noqa: SLF001  # all of them, from the first; None: they are in the server
    if cursor.description is None:
        call.record(rows=max(cursor.rowcount, 0))
    elif rows is None:
        return False
    elif describe(text).is_read and len(rows) == cursor.rowcount:
        record_answer(call, rows)
    else:  # a procedure's
        call.record(rows=len(rows))
    return True


_pymysql = Driver("pymysql", ("pymysql",), connect=_connect, to_text=_to_text, record=_record)
_mysqlclient = Driver("mysqlclient", ("MySQLdb",), connect=_connect, to_text=_to_text, record=_record)
_aiomysql = Driver("aiomysql", ("aiomysql", "pymysql"), connect=_connect, to_text=_to_text, record=_record)
