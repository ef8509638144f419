"""Traces what a program asks MySQL or MariaDB by PyMySQL, mysqlclient or aiomysql, whose cursors are alike.

Of rows that come one by one, by a cursor that holds them in the server, no answer is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .drivers import Connected, Driver
from .hooks import extend
from .statements import describe, record_answer

if TYPE_CHECKING:
    from .calls import Call


def trace_pymysql() -> None:
    """Traces the statements of all cursors of PyMySQL. A second call changes nothing."""
    from pymysql.connections import Connection  # noqa: PLC0415  # only where it has been imported
    from pymysql.cursors import Cursor  # noqa: PLC0415  # as above

    _trace(Cursor, Connection, _pymysql)


def trace_mysqlclient() -> None:
    """Traces the statements of all cursors of mysqlclient. A second call changes nothing."""
    from MySQLdb.connections import Connection  # noqa: PLC0415  # as above
    from MySQLdb.cursors import BaseCursor  # noqa: PLC0415  # as above

    _trace(BaseCursor, Connection, _mysqlclient)


def trace_aiomysql() -> None:
    """Traces the statements of all cursors of aiomysql. A second call changes nothing."""
    from aiomysql.connection import Connection  # noqa: PLC0415  # as above
    from aiomysql.cursors import Cursor  # noqa: PLC0415  # as above

    extend(Cursor, "execute", _aiomysql.execute_later)
    extend(Cursor, "executemany", _aiomysql.execute_many_later)
    extend(Connection, "rollback", _aiomysql.roll_back)


def _trace(cursor: type, connection: type, driver: Driver) -> None:
    extend(cursor, "execute", driver.execute)
    extend(cursor, "executemany", driver.execute_many)
    extend(connection, "rollback", driver.roll_back)


def _connect(connection: Any) -> Connected:  # noqa: ANN401  # of any of the three
    database = getattr(connection, "db", None) or "database"
    name = database.decode() if isinstance(database, bytes) else str(database)
    return Connected((getattr(connection, "host", None), getattr(connection, "port", None), name), name)


def _to_text(cursor: Any, query: Any) -> str:  # noqa: ANN401  # as above; a text or bytes
    del cursor
    return query if isinstance(query, str) else bytes(query).decode("utf-8", "backslashreplace")


def _record(call: Call, cursor: Any, text: str) -> None:  # noqa: ANN401  # as above
    rows = cursor._rows  # noqa: SLF001  # all of them, from the first
    if cursor.description is None:
        call.record(rows=max(cursor.rowcount, 0))
    elif describe(text).is_read and isinstance(rows, (list, tuple)) and len(rows) == cursor.rowcount:
        record_answer(call, rows)


_pymysql = Driver("pymysql", ("pymysql",), connect=_connect, to_text=_to_text, record=_record)
_mysqlclient = Driver("mysqlclient", ("MySQLdb",), connect=_connect, to_text=_to_text, record=_record)
_aiomysql = Driver("aiomysql", ("aiomysql", "pymysql"), connect=_connect, to_text=_to_text, record=_record)
