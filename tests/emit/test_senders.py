"""Functions of a program's own that are given the statement to send: who gives it is who asks."""

import asyncio
import functools
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from tests.tracing import tracing
from tracereport.emit import aiosqlite as aiosqlite_hook
from tracereport.emit import askers
from tracereport.emit import sqlalchemy as sqlalchemy_hook

BOOKS = "SELECT title FROM books WHERE author = ?"


def query(db: sqlite3.Connection, sql: str, args: tuple[object, ...] = (), *, one: bool = False) -> Any:
    rows = db.execute(sql, args).fetchall()
    return rows[:1] if one else rows


def query_one(db: sqlite3.Connection, sql: str, args: tuple[object, ...]) -> Any:
    return query(db, sql, args, one=True)


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: object, **kwargs: object) -> Any:
        return function(*args, **kwargs)

    return wrapper


@logged
def query_logged(db: sqlite3.Connection, *, sql: str, args: tuple[object, ...]) -> Any:
    return db.execute(sql, args).fetchall()


def limited(db: sqlite3.Connection, sql: str, args: tuple[object, ...]) -> Any:
    sql = f"{sql} LIMIT 1"
    return db.execute(sql, args).fetchall()


class Store:
    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db

    def rows(self, sql: str, *args: object) -> Iterator[Any]:
        yield from self.db.execute(sql, args)


def list_titles(db: sqlite3.Connection, authors: range) -> None:
    for author in authors:
        query(db, BOOKS, (author,))


def list_firsts(db: sqlite3.Connection, authors: range) -> None:
    for author in authors:
        query_one(db, BOOKS, (author,))


def list_logged(db: sqlite3.Connection, authors: range) -> None:
    for author in authors:
        query_logged(db, sql=BOOKS, args=(author,))


def list_limited(db: sqlite3.Connection, authors: range) -> None:
    for author in authors:
        limited(db, BOOKS, (author,))


def list_by_store(db: sqlite3.Connection, authors: range) -> None:
    for author in authors:
        list(Store(db).rows(BOOKS, author))


@pytest.mark.parametrize("asks", [list_titles, list_firsts, list_logged, list_limited, list_by_store])
def test_who_gives_a_statement_asks_it_in_one_run_and_at_his_line(
    db: sqlite3.Connection, tmp_path: Path, asks: Callable[..., None]
) -> None:
    with tracing(tmp_path) as calls:
        asks(db, range(3))
    assert [call.caller for call in calls] == [asks.__name__] * 3
    assert {call.reserved["at"] for call in calls} == {f"tests/emit/test_senders.py:{asks.__code__.co_firstlineno + 2}"}
    assert len({call.reserved["activation"] for call in calls}) == 1


def find_titles(db: sqlite3.Connection, author: int, ordered: str | None = None) -> Any:
    return db.execute(BOOKS, (author,)).fetchall() if ordered is None else []


def test_who_has_a_statement_of_his_own_asks_it_himself(db: sqlite3.Connection, tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        find_titles(db, 1)
        find_titles(db, 2, ordered=None)
    assert [call.caller for call in calls] == ["find_titles"] * 2


def ask_first(db: sqlite3.Connection, sql: str | None = None) -> Any:
    sql = sql or "SELECT title FROM books LIMIT 1"
    return db.execute(sql).fetchall()


def ask_after_own(db: sqlite3.Connection, sql: str) -> Any:
    db.execute("SELECT count(*) FROM books")
    return db.execute(sql).fetchall()


@pytest.mark.parametrize("begins_with_own", [False, True])
def test_one_that_has_a_statement_of_its_own_at_times_asks_only_that_itself(
    db: sqlite3.Connection, tmp_path: Path, begins_with_own: bool
) -> None:
    columns = f"'{begins_with_own}' AS name"  # a text that no test before has sent

    def give() -> None:
        ask_first(db, f"SELECT {columns}")

    askers._senders.clear()
    with tracing(tmp_path) as calls:
        for own in (begins_with_own, not begins_with_own, begins_with_own):
            if own:
                ask_first(db)
            else:
                give()
        ask_after_own(db, f"SELECT 2, {columns}")
    names = [str(call.caller).rpartition(".")[2] for call in calls]
    asked_own = [asker == "ask_first" for asker in names[:3]]
    assert asked_own == [begins_with_own, not begins_with_own, begins_with_own]
    assert names[3] == "ask_after_own"
    assert names[4] == "test_one_that_has_a_statement_of_its_own_at_times_asks_only_that_itself"


def test_what_is_compared_with_a_statement_is_asked_nothing(db: sqlite3.Connection, tmp_path: Path) -> None:
    class Touchy:
        def __eq__(self, other: object) -> bool:
            raise AssertionError(other)

        __hash__ = object.__hash__

    def touch(_: Touchy, db: sqlite3.Connection) -> None:
        db.execute(BOOKS, (1,)).fetchall()

    with tracing(tmp_path) as calls:
        touch(Touchy(), db)
    assert calls[0].caller is not None
    assert calls[0].caller.endswith("touch")


def run(connection: sa.Connection, statement: sa.Executable, **values: object) -> Any:
    return connection.execute(statement, values).all()


def run_text(connection: sa.Connection, sql: str, **values: object) -> Any:
    return connection.execute(sa.text(sql), values).all()


def test_a_statement_of_sqlalchemy_s_is_asked_by_who_makes_it(tmp_path: Path) -> None:
    engine = sa.create_engine("sqlite://", poolclass=StaticPool)
    sqlalchemy_hook.trace_statements(engine)
    books = sa.table("books", sa.column("title"), sa.column("author"))

    def list_selected(connection: sa.Connection) -> None:
        for author in range(2):
            run(connection, sa.select(books.c.title).where(books.c.author == author))

    def list_texts(connection: sa.Connection) -> None:
        for author in range(2):
            run_text(connection, "SELECT title FROM books WHERE author = :author", author=author)

    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE books (title TEXT, author INTEGER)"))
        with tracing(tmp_path) as calls:
            list_selected(connection)
            list_texts(connection)
    engine.dispose()
    assert [str(call.caller).rpartition(".")[2] for call in calls] == [*["list_selected"] * 2, *["list_texts"] * 2]


def test_a_coroutine_s_own_query_function_is_not_who_asks(
    db: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del db
    monkeypatch.setattr(aiosqlite.core.Connection, "_execute", aiosqlite.core.Connection._execute)
    aiosqlite_hook.hand_on_askers()

    async def fetch(connection: aiosqlite.Connection, sql: str) -> Any:
        async with connection.execute(sql) as cursor:
            return await cursor.fetchall()

    async def list_all() -> None:
        async with aiosqlite.connect(":memory:") as connection:
            await fetch(connection, "SELECT 1")
            await fetch(connection, "SELECT 2")

    with tracing(tmp_path) as calls:
        asyncio.run(list_all())
    assert [str(call.caller).rpartition(".")[2] for call in calls] == ["list_all"] * 2
