"""Plain sqlite3: one call a statement, rows read when the program reads them, and nothing else changed."""

import asyncio
import copy
import gc
import os
import pickle
import sqlite3
import sqlite3.dbapi2
import subprocess
import sys
import threading
import warnings
import weakref
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.paths import ROOT
from tests.tracing import tracing
from tracereport import emit
from tracereport.command.emitter_files import python_environment
from tracereport.emit import drivers, hooks
from tracereport.emit import sqlite as hook
from tracereport.emit.statements import Databases


@pytest.fixture(autouse=True)
def traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "_databases", Databases())
    for module in (sqlite3, sqlite3.dbapi2):
        monkeypatch.setattr(module, "connect", hook._connect)
    hook.trace_connections()
    hook.trace_connections()


@pytest.fixture
def db(traced: None) -> Iterator[sqlite3.Connection]:
    del traced
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript("CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT)")
        connection.executemany("INSERT INTO authors VALUES (?, ?)", [(1, "a|b"), (2, "c"), (3, "d")])
        yield connection


def find_name(db: sqlite3.Connection, key: int) -> Any:
    return db.execute("SELECT name FROM authors WHERE id = ?", (key,)).fetchone()[0]


def test_a_statement_is_a_call_of_the_function_that_asks_with_its_values_and_its_answer(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    with tracing(tmp_path) as calls:
        assert [find_name(db, key) for key in (1, 2, 1)] == ["a|b", "c", "a|b"]
        db.execute("SELECT name FROM authors WHERE id = :id", {"id": 9}).fetchall()
    assert [(call.function, call.caller, call.params[1], call.metrics["rows"]) for call in calls] == [
        ("select authors", "find_name", ("p1", "1"), 1),
        ("select authors", "find_name", ("p1", "2"), 1),
        ("select authors", "find_name", ("p1", "1"), 1),
        (
            "select authors",
            "test_a_statement_is_a_call_of_the_function_that_asks_with_its_values_and_its_answer",
            ("id", "9"),
            0,
        ),
    ]
    assert calls[0].metrics == calls[2].metrics != calls[1].metrics
    assert calls[0].params[0] == ("sql", "SELECT name FROM authors WHERE id = ?")
    line = find_name.__code__.co_firstlineno + 1
    assert calls[0].reserved["at"] == f"tests/emit/test_sqlite.py:{line}"
    assert {call.reserved["via"] for call in calls} == {"sqlite3"}
    assert len({call.reserved["activation"] for call in calls}) == 4


def test_writes_are_traced_and_schema_and_transactions_are_not(db: sqlite3.Connection, tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        db.execute("UPDATE authors SET name = ?", ("x",))
        db.executemany("INSERT INTO authors (name) VALUES (?)", [("e",), ("f",)])
        db.executemany("INSERT INTO authors (name) VALUES (?)", ((name,) for name in "gh"))
        db.commit()
        db.execute("BEGIN")
        db.execute("ROLLBACK")
        db.execute("PRAGMA user_version").fetchall()
        db.executescript("CREATE TABLE b (id); INSERT INTO b VALUES (1)")
        db.executescript("INSERT INTO b VALUES (2); INSERT INTO b VALUES (3)")
    told = [(call.function, call.reserved.get("write"), call.metrics) for call in calls]
    assert told == [
        ("update authors", "authors", {"rows": 3}),
        ("insert authors", "authors", {"rows": 2}),
        ("insert authors", "authors", {"rows": 2}),
        ("insert b", "b", {}),
    ]
    assert [dict(call.params).get("parameter_sets") for call in calls[1:3]] == ["2", None]


def read_all(cursor: sqlite3.Cursor) -> list[Any]:
    return cursor.fetchall()


def read_singly(cursor: sqlite3.Cursor) -> list[Any]:
    return [row for row in iter(cursor.fetchone, None)]  # noqa: C416  # as programs write it


def read_by_twos(cursor: sqlite3.Cursor) -> list[Any]:
    return [row for rows in iter(lambda: cursor.fetchmany(2), []) for row in rows]


@pytest.mark.parametrize("read", [read_all, read_singly, read_by_twos, list])
@pytest.mark.parametrize("kind", [None, sqlite3.Row, lambda cursor, row: {cursor.description[0][0]: row[0]}])
def test_however_rows_are_read_the_answer_is_the_same(
    db: sqlite3.Connection, tmp_path: Path, read: Any, kind: Any
) -> None:
    db.row_factory = kind
    with tracing(tmp_path) as calls:
        rows = read(db.execute("SELECT name FROM authors"))
        read_all(db.execute("SELECT name FROM authors"))
        db.execute("UPDATE authors SET name = 'z' WHERE id = 2")
        read(db.execute("SELECT name FROM authors"))
    assert [row if kind is None else tuple(row) for row in rows][:1] in ([("a|b",)], [("name",)])
    first, same, _, changed = calls
    assert first.metrics == same.metrics
    assert (first.metrics["rows"], changed.metrics["rows"]) == (3, 3)
    assert first.metrics["digest"] != changed.metrics["digest"]


def test_rows_of_the_program_s_own_kind_are_judged_by_what_they_hold(db: sqlite3.Connection, tmp_path: Path) -> None:
    class Author:
        def __init__(self, name: str) -> None:
            self.name = name

    @dataclass
    class Written:
        name: str

    class Empty:
        __slots__ = ()

    with tracing(tmp_path) as calls:
        for kind in (Author, Written):
            for name in ("c", "c", "d"):
                cursor = db.cursor()
                cursor.row_factory = lambda _, row, kind=kind: kind(*row)
                assert cursor.execute("SELECT name FROM authors WHERE name = ?", (name,)).fetchall()[0].name == name
        cursor.row_factory = lambda *_: Empty()
        cursor.execute("SELECT name FROM authors").fetchall()
    for first, same, other in (calls[:3], calls[3:6]):
        assert first.metrics == same.metrics
        assert first.metrics["digest"] != other.metrics["digest"]
    assert calls[6].metrics == {"rows": 3}


def test_no_row_is_read_that_the_program_does_not_read(db: sqlite3.Connection, tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        endless = db.execute("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n")
        assert [next(endless), endless.fetchone(), endless.fetchmany(2)] == [(1,), (2,), [(3,), (4,)]]
        endless.close()
        seen = 0
        for (key,) in db.execute("SELECT id FROM authors ORDER BY id"):
            db.execute("DELETE FROM authors WHERE id > ?", (key,))
            seen += 1
    assert [(call.function, call.metrics["rows"]) for call in calls if "write" not in call.reserved] == [
        ("with n", 4),
        ("select authors", seen),
    ]
    assert seen < 3


def test_what_is_asked_while_rows_are_read_is_not_inside_the_statement(db: sqlite3.Connection, tmp_path: Path) -> None:
    with tracing(tmp_path) as calls, emit.trace("page"):
        for (key,) in db.execute("SELECT id FROM authors"):
            find_name(db, key)
    page = next(call.number for call in calls if call.function == "page")
    assert {call.parent for call in calls if call.function != "page"} == {page}
    assert sorted(call.number for call in calls) == [0, 1, 2, 3, 4]


def test_a_cursor_that_nobody_reads_on_is_told_where_it_ends(db: sqlite3.Connection, tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        kept = db.execute("SELECT id FROM authors")
        kept.fetchone()
        again = db.cursor()
        again.execute("SELECT 1").fetchone()
        again.execute("SELECT 2").fetchone()
        db.execute("SELECT 3").fetchone()
        gc.collect()
        db.execute("SELECT 4")
    assert kept.fetchone() == (2,)
    assert sorted((call.params[0][1], call.metrics.get("rows")) for call in calls) == [
        ("SELECT 1", 1),
        ("SELECT 2", 1),
        ("SELECT 3", 1),
        ("SELECT 4", None),
        ("SELECT id FROM authors", 1),
    ]


def test_an_error_is_the_library_s_and_the_call_has_failed(db: sqlite3.Connection, tmp_path: Path) -> None:
    def refuse() -> int:
        raise LookupError

    db.create_function("refuse", 0, refuse)
    with tracing(tmp_path) as calls:
        with pytest.raises(sqlite3.OperationalError, match="no such table: nowhere"):
            db.execute("SELECT 1 FROM nowhere")
        cursor = db.execute("SELECT CASE id WHEN 1 THEN 1 ELSE refuse() END FROM authors")
        with pytest.raises(sqlite3.OperationalError, match="raised exception"):
            cursor.fetchall()
        for wrong in ((), (5,), ("SELECT 1", (), 3)):
            with pytest.raises(TypeError):
                db.execute(*wrong)
        with pytest.raises(sqlite3.ProgrammingError):
            db.execute("SELECT ?", (1, 2))
    assert [(call.function, call.reserved["failed"]) for call in calls] == [
        ("select nowhere", "1"),
        ("select authors", "1"),
        ("select", "1"),
    ]


def test_connections_and_cursors_are_what_they_were(db: sqlite3.Connection) -> None:
    cursor = db.cursor()
    assert isinstance(db, sqlite3.Connection)
    assert isinstance(cursor, sqlite3.Cursor)
    assert repr(db).startswith("<sqlite3.Connection object at ")
    assert repr(cursor).startswith("<sqlite3.Cursor object at ")
    assert (type(db), type(cursor)) == (sqlite3.Connection, sqlite3.Cursor)
    assert {sqlite3.Cursor: "known"}[type(cursor)] == "known"
    kinds: list[type] = [type(cursor), type(db)]
    assert kinds.index(type(db)) == 1
    assert type("Own", (type(cursor),), {}) not in (type(cursor), sqlite3.Cursor)
    assert cursor.connection is db
    assert iter(cursor) is cursor
    assert cursor.execute("SELECT id FROM authors") is cursor
    for each in (db, cursor):
        with pytest.raises(AttributeError):
            each.color = "red"  # type: ignore[union-attr]
    assert sqlite3.connect is sqlite3.dbapi2.connect
    assert sqlite3.connect.__name__ == "connect"
    with closing(sqlite3.connect(":memory:")) as other:
        db.commit()
        db.backup(other)
        assert [*other.iterdump()] == [*db.iterdump()]


class Books:
    connect: Any = sqlite3.connect

    def count(self) -> int:
        with closing(self.connect(":memory:")) as connection:
            return len(connection.execute("SELECT 1").fetchall())


def test_connect_is_held_and_carried_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Books, "connect", sqlite3.connect)
    assert Books().count() == 1
    assert pickle.loads(pickle.dumps(sqlite3.connect)) is sqlite3.connect  # noqa: S301  # our own
    assert copy.deepcopy(sqlite3.connect) is sqlite3.connect
    assert repr(sqlite3.connect) == repr(hook._connect)
    assert sqlite3.connect.__doc__ == hook._connect.__doc__


def test_what_executed_code_holds_goes_with_it(db: sqlite3.Connection, tmp_path: Path) -> None:
    """A doctest's names, and a notebook's, are those of no module."""
    names: dict[str, Any] = {"db": db, "held": Books()}
    held = weakref.ref(names["held"])
    with tracing(tmp_path):
        exec("rows = db.execute('SELECT name FROM authors').fetchall()", names)  # noqa: S102  # our own
    assert len(names["rows"]) == 3
    del names
    gc.collect()
    assert held() is None


def test_classes_that_the_program_chooses_stay_its_own(tmp_path: Path) -> None:
    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, *args: Any) -> Any:
            return super().execute(sql.replace("BOOKS", "authors"), *args)

    class Connection(sqlite3.Connection):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.execute("CREATE TABLE authors (id)")
            self.opened = True

        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

    made: list[type] = []

    class Watched(sqlite3.Connection):
        def __init_subclass__(cls) -> None:
            made.append(cls)

    chosen: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((":memory:",), {"factory": Connection}),
        *([((":memory:", 5, 0, None, True, Connection), {})] if sys.version_info < (3, 15) else []),
    ]
    make: Any = lambda *args, **_: Connection(*args)  # noqa: E731  # a factory that is no class
    with tracing(tmp_path) as calls:
        for args, options in chosen:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                db = sqlite3.connect(*args, **options)
            assert isinstance(db, Connection)
            assert db.opened
            assert type(db).__name__ == "Connection"
            cursor = db.cursor()
            assert isinstance(cursor, Cursor)
            assert cursor.execute("SELECT id FROM BOOKS").fetchall() == []
            assert type(db.cursor(sqlite3.Cursor)) is not Cursor
            db.close()
        with closing(sqlite3.connect(":memory:", factory=make)) as left:
            assert type(left) is Connection
        with closing(sqlite3.connect(":memory:", factory=Watched)) as left:
            assert type(left) is Watched
    assert [call.function for call in calls] == ["select authors"] * 2
    assert made == []


def test_a_warning_names_the_line_of_the_program(db: sqlite3.Connection, tmp_path: Path) -> None:
    class Price:
        pass

    def adapt(_: Price) -> int:
        warnings.warn("prices are old", DeprecationWarning, stacklevel=2)
        return 5

    sqlite3.register_adapter(Price, adapt)
    with tracing(tmp_path), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        db.execute("SELECT ?", (Price(),)).fetchone()
        db.cursor().execute("SELECT ?", (Price(),))
    line = test_a_warning_names_the_line_of_the_program.__code__.co_firstlineno + 11
    assert [(each.filename, each.lineno) for each in caught] == [(__file__, line), (__file__, line + 1)]


def test_databases_are_named_from_the_second_one_on(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        for path in (tmp_path / "shop.db", str(tmp_path / "shop.db"), ":memory:", (tmp_path / "log.db").as_uri()):
            with closing(sqlite3.connect(path, uri=str(path).startswith("file:"))) as db:
                db.execute("SELECT 1").fetchall()
    assert [dict(call.params).get("database") for call in calls] == [None, None, "memory", "log.db"]


def test_what_a_library_with_a_hook_of_its_own_asks_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    from tracereport.emit.sqlalchemy import trace_statements  # noqa: PLC0415  # only where it is installed

    def ask(**options: Any) -> tuple[list[str], type]:
        engine = sqlalchemy.create_engine("sqlite://", **options)
        if is_on:
            trace_statements(engine)
        with tracing() as calls, engine.connect() as connection:
            assert connection.execute(sqlalchemy.text("SELECT 42")).all() == [(42,)]
            kind = type(connection.connection.dbapi_connection)
        engine.dispose()
        return [call.reserved["via"] for call in calls if call.params[0][1] == "SELECT 42" or is_on], kind

    given = {"creator": lambda: sqlite3.connect(":memory:")}
    for is_on in (True, False):
        monkeypatch.setattr(hooks, "_settled", {"sqlalchemy"} if is_on else set())
        own_vias, own_kind = ask()
        assert own_vias == ask(**given)[0] == ["sqlalchemy" if is_on else "sqlite3"]
        assert (own_kind is sqlite3.Connection) is is_on


def test_a_tool_s_own_database_is_no_part_of_the_program(tmp_path: Path) -> None:
    names: dict[str, Any] = {"__name__": "coverage.sqldata", "sqlite3": sqlite3}
    exec("def connect(): return sqlite3.connect(':memory:')", names)  # noqa: S102  # in a module of that name
    with tracing(tmp_path) as calls, closing(names["connect"]()) as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]
    assert calls == []


def test_a_function_that_is_traced_with_its_statement_leaves_that_a_call(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    @emit.traced
    def query(sql: str) -> list[Any]:
        return db.execute(sql).fetchall()

    with tracing(tmp_path) as calls:
        query("SELECT 1")
    assert [call.reserved["via"] for call in calls] == ["sqlite3", "python"]


def test_threads_of_their_own_are_refused_as_before(db: sqlite3.Connection) -> None:
    refused: list[type] = []

    def ask() -> None:
        try:
            db.execute("SELECT 1")
        except sqlite3.Error as error:
            refused.append(type(error))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert refused == [sqlite3.ProgrammingError]


def test_what_a_coroutine_asks_by_aiosqlite_is_its_own(tmp_path: Path) -> None:
    aiosqlite = pytest.importorskip("aiosqlite")
    from tracereport.emit.aiosqlite import hand_on_askers  # noqa: PLC0415  # only where it is installed

    hand_on_askers()

    async def find(db: Any, key: int) -> Any:
        async with db.execute("SELECT ?", (key,)) as cursor:
            return await cursor.fetchone()

    async def page() -> list[Any]:
        async with aiosqlite.connect(":memory:") as db:
            with emit.trace("page"):
                return [await find(db, key) for key in (1, 2)] + [*await db.execute_fetchall("SELECT 3")]

    with tracing(tmp_path) as calls:
        assert asyncio.run(page()) == [(1,), (2,), (3,)]
    number = next(call.number for call in calls if call.function == "page")
    told = sorted((call.params[0][1], call.caller, call.parent, call.metrics["rows"]) for call in calls if call.number)
    short = "test_what_a_coroutine_asks_by_aiosqlite_is_its_own"
    assert told == [
        ("SELECT 3", f"{short}.page", number, 1),
        ("SELECT ?", f"{short}.find", number, 1),
        ("SELECT ?", f"{short}.find", number, 1),
    ]


def test_while_it_is_off_everything_is_answered(db: sqlite3.Connection) -> None:
    assert find_name(db, 2) == "c"
    assert list(db.execute("SELECT id FROM authors")) == [(1,), (2,), (3,)]


def test_a_script_s_last_cursor_is_told_when_it_ends(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sqlite3\ncursor = sqlite3.connect(':memory:').execute('SELECT 7')\nprint(cursor.fetchone())\n",
        encoding="utf-8",
    )
    environment = {**os.environ, "PERF_TRACE": str(tmp_path / "trace.log"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, script],
        env={**environment, **python_environment(environment)},
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"(7,)\n"
    assert (tmp_path / "trace.log").read_text(encoding="utf-8").count("sql=SELECT 7|") == 1
