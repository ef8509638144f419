"""Rows that a driver gives in parts, what it copies, and procedures: told with what the program has read of them."""

import asyncio
import io
import sys
import weakref
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.tracing import tracing
from tests.written_lines import WrittenCall
from tracereport import emit
from tracereport.emit import drivers
from tracereport.emit.statements import Databases, Session

SCHEMA = (
    "DROP TABLE IF EXISTS books; CREATE TABLE books (id int, title text);"
    "INSERT INTO books VALUES (1, 'a'), (2, 'b'), (3, 'c');"
    "CREATE OR REPLACE FUNCTION after(start int) RETURNS SETOF int LANGUAGE sql "
    "AS 'SELECT id FROM books WHERE id > start'"
)
ALL = "SELECT id FROM books ORDER BY id"
ROWS = [(1,), (2,), (3,)]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "_databases", Databases())
    monkeypatch.setattr(Session, "is_any", False)


def tell(calls: list[WrittenCall]) -> list[tuple[Any, ...]]:
    """What matters of calls: name, rows, whether an answer is known, what they change, and whether they failed."""
    return [
        (
            call.function,
            call.metrics.get("rows"),
            "digest" in call.metrics,
            call.reserved.get("write"),
            call.reserved.get("failed"),
        )
        for call in calls
    ]


def read(rows: int | None) -> tuple[Any, ...]:
    """What is told of a read of the books."""
    return "select books", rows, rows is not None, None, None


def compare(tmp_path: Path, work: Callable[[], Any]) -> list[WrittenCall]:
    """The calls of some work, which gives the same while tracing is off."""
    given = work()
    with tracing(tmp_path) as calls:
        assert work() == given
        with emit.trace("after it"):
            pass
    assert {call.parent for call in calls} == {None}
    told = [call for call in calls if call.function != "after it" and "frame" not in call.reserved]
    assert {call.caller.rpartition(".")[2] for call in told} == {"ask"}
    return told


class TestPsycopg:
    @pytest.fixture(autouse=True)
    def traced(self, server: dict[str, Any]) -> None:
        self.library = pytest.importorskip("psycopg")
        from tracereport.emit.psycopg import trace_statements  # noqa: PLC0415  # only where it is installed

        trace_statements()
        trace_statements()
        self.at = {**server, "dbname": "postgres"}

    def compare(self, tmp_path: Path, work: Callable[[Any], Any]) -> list[WrittenCall]:
        """The calls of some work on a connection, or on an asynchronous one if it is asynchronous."""

        async def ask_later() -> Any:
            async with await self.library.AsyncConnection.connect(**self.at) as db:
                return await work(db)

        def ask_now() -> Any:
            with closing(self.library.connect(**self.at)) as db:
                db.execute(SCHEMA)
                db.commit()
                return asyncio.run(ask_later()) if asyncio.iscoroutinefunction(work) else work(db)

        return compare(tmp_path, ask_now)

    def test_a_cursor_in_the_server(self, tmp_path: Path) -> None:
        def ask(db: Any) -> Any:
            with db.cursor("parts") as cursor:
                cursor.execute(ALL)
                given = [cursor.fetchone(), cursor.fetchmany(1), cursor.fetchall(), cursor.fetchone()]
                cursor.execute(ALL)
                given += [[*cursor], cursor.fetchall()]
                cursor.execute(ALL)
                given.append(cursor.fetchmany(2))
                cursor.execute(ALL)
                cursor.scroll(1)
                given.append(cursor.fetchone())
                with pytest.raises(self.library.Error):
                    cursor.execute("SELECT 1 FROM nowhere")
                return given

        calls = self.compare(tmp_path, ask)
        assert tell(calls) == [read(3), read(3), read(2), read(None), ("select nowhere", None, False, None, "1")]
        assert calls[0].metrics == calls[1].metrics != calls[2].metrics

    def test_a_stream(self, tmp_path: Path) -> None:
        def ask(db: Any) -> Any:
            cursor = db.cursor()
            given = [*cursor.stream("SELECT id FROM books WHERE id > %s", (1,))]
            for row in cursor.stream(ALL):
                given.append(row)
                break
            rows = cursor.stream(ALL)
            given.append(next(rows))
            with pytest.raises(KeyError):
                rows.throw(KeyError())
            with pytest.raises(TypeError):
                cursor.stream()
            with pytest.raises(self.library.Error):
                [*cursor.stream("SELECT 1 FROM nowhere")]
            return given

        calls = self.compare(tmp_path, ask)
        assert tell(calls) == [
            read(2), read(1), ("select books", None, False, None, "1"), ("select nowhere", None, False, None, "1"),
        ]  # fmt: skip
        assert calls[0].params[1] == ("p1", "1")

    def test_a_copy(self, tmp_path: Path) -> None:
        def ask(db: Any) -> Any:
            cursor = db.cursor()
            with cursor.copy("COPY books FROM STDIN") as copy:
                copy.write_row((7, "q"))
                db.adapters  # noqa: B018  # the connection is the copy's, the program's time its own
                copy.write("8\tr\n")
            given = [cursor.rowcount]
            with cursor.copy("COPY (SELECT id FROM books) TO STDOUT") as copy:
                given.append([*copy.rows()])
            with ExitStack() as stack:
                given.append(b"".join(stack.enter_context(cursor.copy("COPY books TO STDOUT"))))
            with pytest.raises(KeyError), cursor.copy("COPY books FROM STDIN"):
                raise KeyError
            db.rollback()
            with pytest.raises(self.library.Error), cursor.copy("COPY nowhere FROM STDIN"):
                pass
            with pytest.raises(TypeError):
                cursor.copy()
            return given

        assert tell(self.compare(tmp_path, ask)) == [
            ("copy books", 2, False, "books", None),
            ("copy books", 5, False, None, None),
            ("copy books", 5, False, None, None),
            ("copy books", None, False, "books", "1"),
            ("copy nowhere", None, False, "nowhere", "1"),
        ]

    def test_all_of_them_by_coroutines(self, tmp_path: Path) -> None:
        async def ask(db: Any) -> Any:
            cursor = db.cursor()
            given = [[row async for row in cursor.stream(ALL)]]
            rows = cursor.stream(ALL)
            given.append(await rows.__anext__())
            with pytest.raises(KeyError):
                await rows.athrow(KeyError())
            rows = cursor.stream(ALL)
            given.append(await rows.__anext__())
            await rows.aclose()
            async with cursor.copy("COPY books FROM STDIN") as copy:
                await copy.write_row((7, "q"))
            async with cursor.copy("COPY books TO STDOUT") as copy:
                given.append([row async for row in copy.rows()])
            with pytest.raises(KeyError):
                async with cursor.copy("COPY books FROM STDIN"):
                    raise KeyError
            await db.rollback()
            with pytest.raises(self.library.Error):
                async with cursor.copy("COPY nowhere FROM STDIN"):
                    pass
            await db.rollback()
            async with db.cursor("parts") as cursor:
                await cursor.execute(ALL)
                given.append([row async for row in cursor])
                await cursor.execute(ALL)
                given += [await cursor.fetchone(), await cursor.fetchmany(1), await cursor.fetchall()]
            return given

        calls = self.compare(tmp_path, ask)
        assert tell(calls) == [
            read(3),
            ("select books", None, False, None, "1"),
            read(1),
            ("copy books", 1, False, "books", None),
            ("copy books", 4, False, None, None),
            ("copy books", None, False, "books", "1"),
            ("copy nowhere", None, False, "nowhere", "1"),
            read(3),
            read(3),
        ]
        assert calls[0].metrics == calls[-1].metrics


def test_psycopg2_s_parts_copies_and_procedures(
    server: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    psycopg2 = pytest.importorskip("psycopg2")
    from tracereport.emit import psycopg2 as hook  # noqa: PLC0415  # only where it is installed

    monkeypatch.setattr(psycopg2, "_connect", hook._connect)
    hook.trace_connections()

    def ask() -> Any:
        with closing(psycopg2.connect(dbname="postgres", **server)) as db, db.cursor() as cursor:
            cursor.execute(SCHEMA)
            cursor.callproc("after", (1,))
            given = [cursor.fetchall()]
            cursor.callproc("after", {"start": 2})
            given.append(cursor.fetchone())
            cursor.copy_from(io.StringIO("7\n8\n"), "books", columns=("id",))
            out = io.StringIO()
            cursor.copy_to(out, "books", "\t", "-")
            cursor.copy_expert("COPY books (id) TO STDOUT", out)
            given.append(out.getvalue())
            for read_rows in (list, lambda parts: [parts.fetchone(), *parts.fetchmany(2), *parts.fetchall()]):
                with db.cursor("parts") as parts:
                    parts.execute(ALL)
                    given.append(read_rows(parts))
            cursor.copy_from(io.StringIO("9\n"), "books", columns=(name for name in ["id"]))
            with pytest.raises(psycopg2.Error):
                cursor.callproc("nowhere")
            return given

    calls = compare(tmp_path, ask)
    assert tell(calls) == [
        ("select after", 2, True, None, None),
        ("select after", 1, True, None, None),
        ("copy books", 2, False, "books", None),
        ("copy books", 5, False, None, None),
        ("copy books", 5, False, None, None),
        read(5),
        read(5),
        ("copy books", 1, False, "books", None),
        ("select nowhere", None, False, None, "1"),
    ]
    assert [call.params[0][1] for call in calls][1:4] == [
        "SELECT * FROM after(start := %s)", "COPY books (id) FROM STDIN", "COPY books TO STDOUT",
    ]  # fmt: skip
    assert calls[5].metrics == calls[6].metrics


def test_asyncpg_s_cursors_and_copies(server: dict[str, Any], tmp_path: Path) -> None:
    asyncpg = pytest.importorskip("asyncpg")
    from tracereport.emit.asyncpg import trace_statements  # noqa: PLC0415  # only where it is installed

    trace_statements()
    trace_statements()

    async def read_all(db: Any) -> Any:
        given: list[Any] = [[row["id"] async for row in db.cursor("SELECT id FROM books WHERE id > $1", 1)]]
        async for row in db.cursor(ALL):
            given.append(row["id"])
            break
        cursor = await db.cursor(ALL)
        given += [await cursor.fetchrow(), await cursor.fetch(1), await cursor.fetch(50), await cursor.fetchrow()]
        cursor = await db.cursor(ALL)
        given += [await cursor.forward(1), await cursor.fetchrow(), repr(cursor).partition(" ")[0]]
        statement = await db.prepare("SELECT id FROM books WHERE id < $1")
        given.append([row["id"] async for row in statement.cursor(3, prefetch=1)])
        with pytest.raises(asyncpg.InterfaceError, match="greater than zero"):
            await cursor.fetch(0)
        del cursor
        return given

    async def copy_all(db: Any) -> Any:
        out = io.BytesIO()
        return [
            await db.copy_records_to_table("books", records=[(7, "q"), (8, "r")], schema_name="public"),
            await db.copy_to_table("books", source=io.BytesIO(b"9\ts\n")),
            await db.copy_from_table("books", columns=["id"], output=out),
            await db.copy_records_to_table("books", records=iter([(9,)]), columns=(name for name in ["id"])),
            await db.copy_from_query("SELECT id FROM books WHERE id > $1", 1, output=out),
            out.getvalue(),
        ]

    async def ask() -> Any:
        async with asyncpg.create_pool(**server, database="postgres", min_size=1, max_size=1) as pool:
            async with pool.acquire() as db:
                await db.execute(SCHEMA)
                with pytest.raises(asyncpg.NoActiveSQLTransactionError):
                    await db.cursor(ALL)
                async with db.transaction():
                    given = await read_all(db)
            return given + await copy_all(pool)

    given = asyncio.run(ask())
    with tracing(tmp_path) as calls:
        assert asyncio.run(ask()) == given
    asked = [call for call in calls if "frame" not in call.reserved]
    assert tell(asked) == [
        ("select books", None, False, None, "1"),
        read(2),
        read(1),
        read(3),
        read(None),
        read(2),
        ("copy public.books", 2, False, "public.books", None),
        ("copy books", 1, False, "books", None),
        ("copy books", 6, False, None, None),
        ("copy books", 1, False, "books", None),
        ("copy books", 6, False, None, None),
    ]
    assert [dict(call.params).get("parameter_sets") for call in asked[6:8]] == ["2", None]
    assert {call.caller.rpartition(".")[2] for call in asked} == {"ask", "read_all", "copy_all"}


class Server:
    """Stands for a connection to a MySQL whose rows come one by one."""

    encoding = "utf-8"
    host, port, db = "127.0.0.1", 3306, "shop"
    _result: Any = None

    def __init__(self) -> None:
        self.sent: list[str] = []

    def escape(self, value: object) -> str:
        return repr(value)

    def next_result(self, *, unbuffered: bool = False) -> None:
        del unbuffered

    def query(self, sql: Any, *, unbuffered: bool = False) -> None:
        text = sql.decode() if isinstance(sql, (bytes, bytearray)) else sql
        self.sent.append(text)
        gives = text.startswith(("SELECT", "CALL"))
        left = iter([("a",), ("b",), ("c",)])
        self._result = SimpleNamespace(
            affected_rows=3, description=(("title",),) if gives else None, insert_id=0, warning_count=0, has_next=False,
            rows=(("a",), ("b",)) if gives and not unbuffered else None, unbuffered_active=False,
            _read_rowdata_packet_unbuffered=lambda: next(left, None), _finish_unbuffered_query=lambda: None,
        )  # fmt: skip


def test_pymysql_s_parts_and_procedures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pymysql")
    from pymysql.cursors import Cursor, SSCursor  # noqa: PLC0415  # only where it is installed

    from tracereport.emit import mysql  # noqa: PLC0415  # as above

    for kind, names in {Cursor: ("execute", "executemany", "callproc"), SSCursor: ("fetchone", "fetchall")}.items():
        for name in names:
            monkeypatch.setattr(kind, name, getattr(kind, name))
    mysql.trace_pymysql()

    def ask() -> Any:
        connection: Any = Server()
        cursor, parts = Cursor(connection), SSCursor(connection)
        given = [cursor.callproc("after", (1,)), cursor.fetchall()]
        parts.execute("SELECT title FROM books")
        given += [parts.fetchone(), parts.fetchmany(1), parts.fetchall(), parts.fetchone()]
        for read_rows in (list, lambda rows: [*rows.fetchall_unbuffered()], lambda rows: rows.fetchmany(2)):
            parts.execute("SELECT title FROM books")
            given.append(read_rows(parts))
        parts.close()
        cursor.close()
        return [*given, connection.sent]

    calls = compare(tmp_path, ask)
    assert tell(calls) == [("call after", 2, False, "1", None), *map(read, (3, 3, 3, 2))]
    assert calls[0].params == (("sql", "CALL after(%s)"), ("p1", "1"))
    assert calls[1].metrics == calls[2].metrics == calls[3].metrics != calls[4].metrics


CONNECTOR = """
class MySQLConnection:
    _host, _port, _database = "127.0.0.1", 3306, "shop"

    def is_connected(self):
        return True

    def rollback(self):
        pass

class MySQLCursor:
    def __init__(self, connection):
        self._connection = connection
        self.description, self.rowcount, self._left = None, -1, []

    def execute(self, operation, params=()):
        if "nowhere" in operation:
            raise LookupError(operation)
        gives = operation.startswith("SELECT")
        self.description = [("title",)] if gives else None
        self._left, self.rowcount = ([("a",), ("b",), ("c",)], -1) if gives else ([], 2)

    def executemany(self, operation, seq_params):
        for params in seq_params:
            self.execute(operation, params)

    def callproc(self, procname, args=()):
        self.execute("SET @x = 1")
        return args

    def fetchone(self):
        return self._left.pop(0) if self._left else None

    def fetchmany(self, size=1):
        return [self._left.pop(0) for _ in range(min(size, len(self._left)))]

    def fetchall(self):
        return self.fetchmany(9)

    def __iter__(self):
        return iter(self.fetchone, None)

    def close(self):
        pass

class MySQLCursorDict(MySQLCursor):
    def fetchall(self):
        return [{"title": title} for title, in super().fetchall()]
"""
"""What ``mysql.connector`` has, with rows that are made up."""


def test_mysql_connector_s_cursors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library: Any = ModuleType("mysql.connector.cursor")
    exec(compile(CONNECTOR, "/usr/lib/python3/dist-packages/mysql/cursor.py", "exec"), vars(library))  # noqa: S102  # ours
    monkeypatch.setitem(sys.modules, library.__name__, library)
    from tracereport.emit.mysql_connector import trace_cursors  # noqa: PLC0415  # beside the others

    trace_cursors()
    trace_cursors()
    connection = library.MySQLConnection()

    def ask() -> Any:
        cursor, named = (kind(weakref.proxy(connection)) for kind in (library.MySQLCursor, library.MySQLCursorDict))
        cursor.execute("SELECT title FROM books")
        given = [cursor.fetchone(), cursor.fetchmany(1), cursor.fetchall()]
        cursor.execute(operation="SELECT title FROM books WHERE id > %(start)s", params={"start": 1})
        given.append([*cursor])
        named.execute("SELECT title FROM books")
        given += [named.fetchall(), named.fetchone()]
        cursor.executemany("INSERT INTO books VALUES (%s)", seq_params=[(1,), (2,)])
        given.append(cursor.callproc("after", (1,)))
        with pytest.raises(LookupError):
            cursor.execute("SELECT 1 FROM nowhere")
        cursor.close()
        return given

    calls = compare(tmp_path, ask)
    assert tell(calls) == [
        *map(read, (3, 3, 3)),
        ("insert books", 2, False, "books", None),
        ("call after", 2, False, "1", None),
        ("select nowhere", None, False, None, "1"),
    ]
    assert (calls[1].params[1], calls[3].params[1]) == (("start", "1"), ("parameter_sets", "2"))
