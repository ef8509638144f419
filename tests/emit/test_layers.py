"""Libraries between a program and a driver: who asks is the program, in the library's own words."""

import asyncio
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from tests.tracing import tracing
from tracereport.emit import layers
from tracereport.emit import sqlalchemy as sqlalchemy_hook

INSTALLED = "/usr/lib/python3/dist-packages/{}.py"


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Makes a module of a library out of its source."""

    def make(name: str, source: str, file: str = INSTALLED) -> Any:
        module = ModuleType(name)
        exec(compile(source, file.format(name), "exec"), vars(module))  # noqa: S102  # our own
        monkeypatch.setitem(sys.modules, name, module)
        monkeypatch.setattr(layers._imported, "count", 0)  # another test may have had as many modules
        return module

    return make


ASKS = "def ask(db, sql, *values):\n    return db.execute(sql, values).fetchall()\n"


@pytest.mark.parametrize("name", ["tortoise", "pony", "piccolo", "dataset", "peewee", "playhouse", "databases"])
def test_the_library_asks_for_the_program(
    db: sqlite3.Connection, install: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    library = install(name, ASKS)

    def find() -> None:
        library.ask(db, "SELECT ?", 1)

    with tracing(tmp_path) as calls:
        find()
        db.execute("SELECT 2").fetchall()
    named = {"playhouse": "peewee", "databases": "sqlite3"}.get(name, name)
    assert [call.reserved["via"] for call in calls] == [named, "sqlite3"]
    assert calls[0].caller.endswith(".find")


@pytest.mark.parametrize("name", ["records", "databases", "dataset", "orm"])
def test_a_program_s_own_module_of_such_a_name_asks_itself(
    db: sqlite3.Connection, install: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    own = install(name, ASKS, str(tmp_path / "{}.py"))
    with tracing(tmp_path) as calls:
        own.ask(db, f"SELECT 'by {name}'")
        own.ask(db, "SELECT 1")
    assert {call.reserved["via"] for call in calls} == {"sqlite3"}
    assert calls[1].caller.endswith("test_a_program_s_own_module_of_such_a_name_asks_itself")


PEEWEE = """
class ForeignKeyAccessor:
    def __init__(self, field):
        self.field = field

    def get_rel_instance(self, db):
        return Database().execute(Query(), db)

class Expression:
    def __init__(self, lhs, op, rhs):
        self.lhs, self.op, self.rhs = lhs, op, rhs

class Query:
    _where = _limit = None

class Database:
    def execute(self, query, db):
        return db.execute("SELECT 1").fetchall()
"""


def test_peewee_s_relations_are_named(db: sqlite3.Connection, install: Callable[..., Any], tmp_path: Path) -> None:
    library = install("peewee", PEEWEE)
    field = SimpleNamespace(
        model=SimpleNamespace(__name__="Book"), name="author", rel_model=SimpleNamespace(__name__="Author"),
        backref="books",
    )  # fmt: skip
    asked = [(field, "=", None), (field, "=", 1), (field, "IN", None), (SimpleNamespace(), "=", None)]
    with tracing(tmp_path) as calls:
        library.ForeignKeyAccessor(field).get_rel_instance(db)
        for column, operator, limit in asked:
            query = library.Query()
            query._where, query._limit = library.Expression(column, operator, 5), limit
            library.Database().execute(query, db)
    assert [call.reserved["via"] for call in calls] == [
        "peewee:Book.author", "peewee:Author.books[]", "peewee", "peewee", "peewee",
    ]  # fmt: skip


RUNS_ITS_OWN_LOOP = """
import asyncio

async def answer(db):
    await asyncio.sleep(0)
    return db.execute("SELECT 1").fetchall()

def run_sync(db):
    return asyncio.run(answer(db))
"""


def test_who_calls_a_library_that_begins_a_loop_of_its_own_is_who_asks(
    db: sqlite3.Connection, install: Callable[..., Any], tmp_path: Path
) -> None:
    library = install("piccolo", RUNS_ITS_OWN_LOOP)

    def list_all() -> None:
        for _ in range(2):
            library.run_sync(db)

    async def answer() -> None:
        db.execute("SELECT 2").fetchall()

    with tracing(tmp_path) as calls:
        list_all()
        asyncio.run(answer())
    assert [call.caller.rpartition(".")[2] for call in calls] == ["list_all", "list_all", "answer"]
    assert calls[0].reserved["activation"] == calls[1].reserved["activation"] != calls[2].reserved["activation"]
    assert [call.reserved["via"] for call in calls] == ["piccolo", "piccolo", "sqlite3"]


def test_what_stands_above_sqlalchemy_asks_for_the_program(install: Callable[..., Any], tmp_path: Path) -> None:
    source = "def ask(connection, statement):\n    return connection.execute(statement).all()\n"
    libraries = [install(name, source) for name in ("dataset", "records")]
    engine = sa.create_engine("sqlite://")
    sqlalchemy_hook.trace_statements(engine)

    def find() -> None:
        for library in libraries:
            library.ask(connection, sa.text("SELECT 1"))

    with engine.connect() as connection, tracing(tmp_path) as calls:
        find()
    engine.dispose()
    assert [(call.reserved["via"], call.caller.rpartition(".")[2]) for call in calls] == [
        ("dataset", "find"),
        ("records", "find"),
    ]
