"""Traces what a program asks MySQL or MariaDB by MySQL's own driver, ``mysql.connector``.

Its cursors leave the rows in the server until the program reads them: they are told then.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from .cursors import Driver
from .drivers import Connected
from .hooks import extend
from .statements import describe

if TYPE_CHECKING:
    from .calls import Call

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours


def trace_cursors() -> None:
    """Traces the statements of all cursors that wait. A second call changes nothing."""
    methods = {
        "execute": _driver.execute,
        "executemany": _driver.execute_many,
        "callproc": _driver.call,
        "fetchone": _driver.fetch_one,
        "fetchmany": _driver.fetch_many,
        "fetchall": _driver.fetch_all,
        "__next__": _driver.fetch_next,
        "close": _driver.leave,
    }
    _extend_all(("mysql.connector.cursor", "mysql.connector.cursor_cext"), methods)
    _extend_all(("mysql.connector.connection", "mysql.connector.connection_cext"), {"rollback": _driver.roll_back})


def trace_asynchronous_cursors() -> None:
    """Traces the statements of all asynchronous cursors. A second call changes nothing."""
    methods = {
        "execute": _driver.execute_later,
        "executemany": _driver.execute_many_later,
        "callproc": _driver.call_later,
        "fetchone": _driver.fetch_one_later,
        "fetchmany": _driver.fetch_many_later,
        "fetchall": _driver.fetch_all_later,
        "__anext__": _driver.fetch_one_later,
        "close": _driver.leave,
    }
    _extend_all(("mysql.connector.aio.cursor",), methods)
    _extend_all(("mysql.connector.aio.connection",), {"rollback": _driver.roll_back})


def _extend_all(modules: tuple[str, ...], methods: dict[str, Any]) -> None:
    """Goes around methods of all classes of modules that have been imported: each kind of cursor has its own."""
    for module in modules:
        for kind in [*vars(sys.modules.get(module, sys)).values()]:
            if isinstance(kind, type) and kind.__module__ == module:
                for name in methods.keys() & vars(kind).keys():
                    extend(kind, name, methods[name])


def _find_connection(cursor: Any) -> Any:  # noqa: ANN401  # of either kind
    """What a cursor holds weakly, by a stand-in that can't be told from others."""
    return cursor._connection.is_connected.__self__  # noqa: SLF001  # nothing else tells it


def _connect(connection: Any) -> Connected:  # noqa: ANN401  # as above
    name = str(getattr(connection, "_database", None) or "database")  # asking for it by name would ask the server
    return Connected((getattr(connection, "_host", None), getattr(connection, "_port", None), name), name)


def _to_text(cursor: Any, query: Any) -> str:  # noqa: ANN401  # as above; a text or bytes
    del cursor
    return query if isinstance(query, str) else bytes(query).decode("utf-8", "backslashreplace")


def _record(call: Call, cursor: Any, text: str) -> bool:  # noqa: ANN401  # as above
    if cursor.description is not None and describe(text).is_read:
        return False
    if cursor.rowcount >= 0:
        call.record(rows=cursor.rowcount)
    return True


_driver = Driver(
    "mysql-connector", ("mysql",), connect=_connect, to_text=_to_text, record=_record, find_connection=_find_connection
)
