"""Drivers without a library above them, on a real PostgreSQL: one call a statement, and nothing else changed."""

import asyncio
import sqlite3
import sqlite3.dbapi2
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.ports import LOOPBACK
from tests.tracing import tracing
from tests.written_lines import WrittenCall
from tracereport import emit
from tracereport.emit import drivers, hooks, sqlite
from tracereport.emit.libraries import HOOKS
from tracereport.emit.statements import Databases, Session


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "_databases", Databases())
    monkeypatch.setattr(Session, "is_any", False)


SCHEMA = (
    "DROP TABLE IF EXISTS authors; CREATE TABLE authors (id int, name text);"
    "INSERT INTO authors VALUES (1, 'a|b'), (2, 'c'), (3, 'd')"
)
BY_ID = "SELECT name FROM authors WHERE id = %s"


def tell(calls: list[WrittenCall]) -> list[tuple[Any, ...]]:
    """What matters of calls: name, value, answer, and what they change."""
    return [
        (
            call.function,
            call.params[1][1] if len(call.params) > 1 else None,
            call.metrics.get("rows"),
            call.reserved.get("write"),
        )
        for call in calls
    ]


def read_in_parts(cursor: Any) -> list[Any]:
    return [cursor.fetchone(), *cursor.fetchmany(1), *cursor.fetchall()]


class WaitingDriver:
    """What psycopg and psycopg2 have in common."""

    library: Any
    sql: Any

    def open(self, server: dict[str, Any]) -> Any:
        raise NotImplementedError

    def test_a_statement_is_a_call_of_the_function_that_asks(self, server: dict[str, Any], tmp_path: Path) -> None:
        def find(key: int) -> Any:
            cursor.execute(BY_ID, (key,))
            return cursor.fetchone()

        with closing(self.open(server)) as db, db.cursor() as cursor:
            cursor.execute(SCHEMA)
            with tracing(tmp_path) as calls:
                assert [find(key) for key in (1, 9, 1)] == [("a|b",), None, ("a|b",)]
                cursor.execute("UPDATE authors SET name = %(name)s", {"name": "z"})
                cursor.executemany("INSERT INTO authors VALUES (%s, %s)", [(7, "q"), (8, "r")])
                cursor.execute("SAVEPOINT s")
        assert tell(calls) == [
            ("select authors", "1", 1, None),
            ("select authors", "9", 0, None),
            ("select authors", "1", 1, None),
            ("update authors", "z", 3, "authors"),
            ("insert authors", "2", calls[4].metrics.get("rows"), "authors"),
        ]
        assert calls[0].metrics == calls[2].metrics != calls[1].metrics
        line = find.__code__.co_firstlineno + 1
        assert calls[0].reserved["at"] == f"tests/emit/test_drivers.py:{line}"
        assert calls[0].caller.endswith(".find")

    def test_the_cursor_answers_as_before(self, server: dict[str, Any], tmp_path: Path) -> None:
        seen = []
        for is_on in (False, True):
            with closing(self.open(server)) as db, db.cursor() as cursor, tracing(tmp_path) as calls:
                if not is_on:
                    emit.stop()
                cursor.execute(SCHEMA)
                cursor.execute("SELECT id FROM authors ORDER BY id")
                answers = [cursor.fetchone(), cursor.rownumber, cursor.fetchmany(1), [*cursor], cursor.fetchall()]
                cursor.scroll(0, mode="absolute")
                answers += [cursor.fetchall(), cursor.rowcount, cursor.description[0].name, cursor.statusmessage]
                with db.cursor("in_the_server") as parts:
                    parts.execute("SELECT id FROM authors ORDER BY id")
                    answers += [parts.fetchone(), [*parts]]
                seen.append(answers)
        assert seen[0] == seen[1]
        assert len(seen[1]) == 11
        assert [call.function for call in calls] == ["select authors"] * 2

    def test_a_statement_that_fails_has_failed_and_what_is_composed_or_bytes_is_read(
        self, server: dict[str, Any], tmp_path: Path
    ) -> None:
        with closing(self.open(server)) as db, db.cursor() as cursor, tracing(tmp_path) as calls:
            cursor.execute(SCHEMA.encode())
            table = self.sql.Identifier("authors")
            cursor.execute(self.sql.SQL("SELECT name FROM {} WHERE id = %s").format(table), (2,))
            assert cursor.fetchall() == [("c",)]
            with pytest.raises(self.library.Error, match="nowhere"):
                cursor.execute("SELECT 1 FROM nowhere")
            db.rollback()
            with pytest.raises(TypeError):
                cursor.execute()
        assert [(call.function, call.reserved.get("failed")) for call in calls] == [
            ("select authors", None),
            ("select nowhere", "1"),
        ]
        assert calls[0].params == (("sql", 'SELECT name FROM "authors" WHERE id = %s'), ("p1", "2"))

    def test_schemas_and_databases_are_told_apart(self, server: dict[str, Any], tmp_path: Path) -> None:
        with tracing(tmp_path) as calls:
            for name in ("postgres", "template1"):
                with closing(self.open({**server, "dbname": name})) as db, db.cursor() as cursor:
                    cursor.execute("SELECT 1")
                    cursor.execute("SET search_path TO tenant")
                    cursor.execute("SELECT 1")
                    db.rollback()
                    cursor.execute("SELECT 1")
        asked = [dict(call.params) for call in calls if call.function == "select"]
        assert [each.get("database") for each in asked] == [None] * 3 + ["template1"] * 3
        schemas = [each.get("schema") for each in asked]
        assert schemas[:2] == schemas[3:5] == [None, "tenant"]
        assert len({*schemas}) == 4

    def test_what_a_library_with_a_hook_of_its_own_asks_is_told_once(
        self, server: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sqlalchemy = pytest.importorskip("sqlalchemy")
        from tracereport.emit.sqlalchemy import trace_statements  # noqa: PLC0415  # only where it is installed

        monkeypatch.setattr(hooks, "_settled", {"sqlalchemy"})
        url = sqlalchemy.URL.create(
            f"postgresql+{self.library.__name__}", server["user"], None, LOOPBACK, server["port"], "postgres"
        )
        for is_on in (True, False):
            engine = sqlalchemy.create_engine(url)
            if is_on:
                trace_statements(engine)
            with tracing() as calls, engine.begin() as connection:
                assert connection.execute(sqlalchemy.text("SELECT 42")).all() == [(42,)]
            engine.dispose()
            assert {call.reserved["via"] for call in calls} == ({"sqlalchemy"} if is_on else set())


class TestPsycopg(WaitingDriver):
    @pytest.fixture(autouse=True)
    def traced(self) -> None:
        self.library = pytest.importorskip("psycopg")
        from psycopg import sql  # noqa: PLC0415  # only where it is installed

        from tracereport.emit.psycopg import trace_statements  # noqa: PLC0415  # as above

        self.sql = sql
        trace_statements()
        trace_statements()

    def open(self, server: dict[str, Any]) -> Any:
        return self.library.connect(**{"dbname": "postgres", **server})

    def test_rows_of_any_kind_have_one_answer_and_none_is_made_for_us(
        self, server: dict[str, Any], tmp_path: Path
    ) -> None:
        made: list[tuple[Any, ...]] = []

        def factory(_: Any) -> Any:
            def make(values: Any) -> dict[str, Any]:
                made.append(tuple(values))
                return {"name": values[0]}

            return make

        with closing(self.open(server)) as db, tracing(tmp_path) as calls:
            db.execute(SCHEMA)
            assert db.execute(BY_ID, (1,)).fetchall() == [("a|b",)]
            with db.cursor(row_factory=factory) as cursor:
                cursor.execute(BY_ID, (1,))
                assert made == []
                assert cursor.fetchall() == [{"name": "a|b"}]
        assert calls[0].metrics == calls[1].metrics

    def test_a_pipeline_and_several_results_go_on_as_they_did(self, server: dict[str, Any], tmp_path: Path) -> None:
        with closing(self.open(server)) as db, tracing(tmp_path) as calls:
            with db.cursor() as cursor:
                cursor.execute("SELECT 1; SELECT 2")
                assert (cursor.fetchall(), cursor.nextset(), cursor.fetchall()) == ([(1,)], True, [(2,)])
            with db.pipeline():
                first, second = db.execute("SELECT 3"), db.execute("SELECT 4")
                assert (second.fetchone(), first.fetchone()) == ((4,), (3,))
            assert db.execute("").description is None
        assert [call.metrics.get("rows") for call in calls] == [2, None, None]

    def test_coroutines_ask_in_their_own_name(self, server: dict[str, Any], tmp_path: Path) -> None:
        async def find(db: Any, key: int) -> Any:
            cursor = await db.execute("SELECT %s::int", (key,))
            return await cursor.fetchone()

        async def page() -> Any:
            async with await self.library.AsyncConnection.connect(**{"dbname": "postgres", **server}) as db:
                found = [await find(db, key) for key in (1, 2)]
                async with db.cursor() as cursor:
                    await cursor.executemany("SELECT %s::int", [(3,), (4,)])
                await db.rollback()
                return found

        with tracing(tmp_path) as calls:
            assert asyncio.run(page()) == [(1,), (2,)]
        assert tell(calls)[:2] == [("select", "1", 1, None), ("select", "2", 1, None)]
        assert calls[0].caller.endswith("find")
        assert [call.reserved["via"] for call in calls] == ["psycopg"] * 3


class TestPsycopg2(WaitingDriver):
    @pytest.fixture(autouse=True)
    def traced(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.library = pytest.importorskip("psycopg2")
        from psycopg2 import sql  # noqa: PLC0415  # only where it is installed

        from tracereport.emit import psycopg2 as hook  # noqa: PLC0415  # as above

        self.sql = sql
        monkeypatch.setattr(self.library, "_connect", hook._connect)
        hook.trace_connections()
        hook.trace_connections()

    def open(self, server: dict[str, Any]) -> Any:
        return self.library.connect(**{"dbname": "postgres", **server})

    def test_classes_that_the_program_chooses_stay_its_own(self, server: dict[str, Any], tmp_path: Path) -> None:
        from psycopg2 import extensions, extras  # noqa: PLC0415  # as above

        kinds = (extras.DictCursor, extras.RealDictCursor, extras.NamedTupleCursor)
        with closing(self.open(server)) as db, tracing(tmp_path) as calls:
            assert isinstance(db, extensions.connection)
            assert repr(db).startswith("<connection object at")
            db.cursor().execute(SCHEMA)
            for kind in kinds:
                for read in (list, read_in_parts):
                    with db.cursor(cursor_factory=kind) as cursor:
                        assert isinstance(cursor, kind)
                        cursor.execute("SELECT id, name FROM authors ORDER BY id")
                        rows = read(cursor)
                        assert (len(rows), getattr(rows[1], "name", None) or rows[1]["name"]) == (3, "c")
            with db.cursor("in_the_server", extras.DictCursor) as cursor:
                assert isinstance(cursor, extras.DictCursor)
        asked = [call for call in calls if call.function == "select authors"]
        assert [call.metrics["rows"] for call in asked] == [3] * 6
        for first, second in zip(asked[::2], asked[1::2], strict=True):
            assert first.metrics == second.metrics
        with closing(
            self.library.connect(connection_factory=extras.LoggingConnection, **{"dbname": "postgres", **server})
        ) as db:
            assert isinstance(db, extras.LoggingConnection)
        with closing(self.library.connect(cursor_factory=extras.DictCursor, **{"dbname": "postgres", **server})) as db:
            assert db.cursor_factory is extras.DictCursor
            assert isinstance(db.cursor(), extras.DictCursor)

    def test_what_looks_at_the_library_s_own_classes_takes_ours(self, server: dict[str, Any]) -> None:
        from psycopg2 import extensions, extras  # noqa: PLC0415  # as above

        with closing(self.open(server)) as db, db.cursor() as cursor:
            cursor.execute(SCHEMA)
            extras.register_uuid(conn_or_curs=db)
            extensions.register_type(extensions.UNICODE, cursor)
            assert extras.register_composite("authors", cursor).name == "authors"
            extras.execute_values(cursor, "INSERT INTO authors VALUES %s", [(7, "q"), (8, "r")])
            cursor.execute("SELECT count(*) FROM authors")
            assert cursor.fetchone() == (5,)
            assert self.sql.Identifier("a").as_string(cursor) == '"a"'


def test_asyncpg_tells_what_connections_pools_and_prepared_statements_ask(
    server: dict[str, Any], tmp_path: Path
) -> None:
    asyncpg = pytest.importorskip("asyncpg")
    from tracereport.emit.asyncpg import trace_statements  # noqa: PLC0415  # only where it is installed

    trace_statements()
    trace_statements()
    by_id = BY_ID.replace("%s", "$1")

    async def find(db: Any, key: int) -> Any:
        return await db.fetchval(by_id, key)

    async def page() -> Any:
        async with asyncpg.create_pool(**server, database="postgres", min_size=1, max_size=1) as pool:
            await pool.execute(SCHEMA)
            async with pool.acquire() as db:
                assert [await find(db, key) for key in (1, 9)] == ["a|b", None]
                assert (await db.fetchrow(by_id, 2))["name"] == "c"
                assert len(await db.fetch("SELECT * FROM authors")) == 3
                assert await db.execute("UPDATE authors SET name = $1", "z") == "UPDATE 3"
                await db.executemany("INSERT INTO authors VALUES ($1, $2)", [(7, "q"), (8, "r")])
                async with db.transaction():
                    statement = await db.prepare(by_id)
                    assert await statement.fetchval(7) == "q"
                    await statement.executemany([(1,), (2,)])
                with pytest.raises(asyncpg.PostgresError, match="nowhere"):
                    await db.fetch("SELECT 1 FROM nowhere")
            with pytest.raises(asyncpg.InterfaceError, match="released"):
                statement.fetchval(7)
            return await find(pool, 8)

    with tracing(tmp_path) as calls:
        assert asyncio.run(page()) == "r"
    assert tell(calls) == [
        ("select authors", "1", 1, None),
        ("select authors", "9", 0, None),
        ("select authors", "2", 1, None),
        ("select authors", None, 3, None),
        ("update authors", "z", 3, "authors"),
        ("insert authors", "2", None, "authors"),
        ("select authors", "7", 1, None),
        ("select authors", "2", None, None),
        ("select nowhere", None, None, None),
        ("select authors", "8", 1, None),
    ]
    assert {call.caller.rpartition(".")[2] for call in calls} == {"find", "page"}
    assert [call.reserved.get("failed") for call in calls].count("1") == 1


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg", "aiosqlite"])
def test_what_sqlalchemy_asks_by_an_asynchronous_driver_is_told_once(
    server: dict[str, Any], monkeypatch: pytest.MonkeyPatch, driver: str
) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    pytest.importorskip(driver)
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415  # only where it is installed

    monkeypatch.setattr(hooks, "_settled", {"sqlalchemy"})
    for package in (sqlite3, sqlite3.dbapi2):
        monkeypatch.setattr(package, "connect", sqlite._connect)
    for name in ("sqlite3", "asyncpg", "psycopg"):
        for module, function in HOOKS[name]:
            if module in sys.modules:
                hooks._switch_on(name, function)
    if driver == "aiosqlite":
        url = sqlalchemy.URL.create("sqlite+aiosqlite")
    else:
        url = sqlalchemy.URL.create(f"postgresql+{driver}", server["user"], None, LOOPBACK, server["port"], "postgres")

    async def ask() -> Any:
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            answer = (await connection.execute(sqlalchemy.text("SELECT 42"))).all()
        await engine.dispose()
        return answer

    with tracing() as calls:
        assert asyncio.run(ask()) == [(42,)]
    assert calls == []


class Server:
    """Stands for a connection to a MySQL: it answers what its cursors look at."""

    encoding = "utf-8"
    host, port, db = "127.0.0.1", 3306, b"shop"
    _result: Any = None

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.rows: tuple[tuple[Any, ...], ...] | None = None

    def escape(self, value: object) -> str:
        return repr(value)

    def query(self, sql: Any, *, unbuffered: bool = False) -> None:
        del unbuffered
        text = sql.decode() if isinstance(sql, (bytes, bytearray)) else sql
        self.sent.append(text)
        if "nowhere" in text:
            raise LookupError(text)
        is_read = text.startswith("SELECT")
        rows = (("a",), ("b",)) if is_read else None
        self._result = SimpleNamespace(
            affected_rows=2, description=(("name",),) if is_read else None, rows=rows, insert_id=0, warning_count=0,
            has_next=False, field_count=int(is_read), fields=(),
        )  # fmt: skip

    def rollback(self) -> None:
        pass


def test_pymysql_s_cursors_tell_what_they_send(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pymysql = pytest.importorskip("pymysql")
    from pymysql.cursors import Cursor, SSCursor  # noqa: PLC0415  # only where it is installed

    from tracereport.emit import mysql  # noqa: PLC0415  # as above

    monkeypatch.setattr(Cursor, "execute", Cursor.execute)
    monkeypatch.setattr(Cursor, "executemany", Cursor.executemany)
    mysql.trace_pymysql()
    mysql.trace_pymysql()
    connection: Any = Server()
    cursor = Cursor(connection)

    def find(key: int) -> Any:
        cursor.execute("SELECT name FROM authors WHERE id = %s", (key,))
        return cursor.fetchone()

    with tracing(tmp_path) as calls:
        assert [find(1), find(2), cursor.fetchall()] == [("a",), ("a",), (("b",),)]
        assert cursor.executemany("INSERT INTO authors VALUES (%s)", [("c",), ("d",)]) == 2
        assert cursor.executemany("UPDATE authors SET name = %s", [("c",), ("d",)]) == 4
        with pytest.raises(LookupError):
            cursor.execute("SELECT 1 FROM nowhere")
        connection._result = None
    assert connection.sent[2:5] == [
        "INSERT INTO authors VALUES ('c'),('d')",
        "UPDATE authors SET name = 'c'",
        "UPDATE authors SET name = 'd'",
    ]
    assert tell(calls) == [
        ("select authors", "1", 2, None),
        ("select authors", "2", 2, None),
        ("insert authors", "2", 2, "authors"),
        ("update authors", "2", 4, "authors"),
        ("select nowhere", None, None, None),
    ]
    assert calls[0].metrics["digest"] == calls[1].metrics["digest"]
    assert calls[0].caller.endswith(".find")
    assert calls[4].reserved["failed"] == "1"
    assert issubclass(SSCursor, Cursor)
    assert pymysql.connections.Connection.rollback.__name__ == "rollback"
