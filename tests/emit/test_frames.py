"""What is read of a running function leaves nothing behind in it."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.tracing import tracing
from tracereport.emit import sqlite
from tracereport.emit.frames import read_locals


class Held:
    """Counts those that have ended."""

    ended = 0

    def __del__(self) -> None:
        Held.ended += 1


@pytest.fixture(autouse=True)
def none_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Held, "ended", 0)


def test_what_a_function_lets_go_ends_at_once() -> None:
    def work(first: int, _second: int) -> None:
        held = Held()
        assert read_locals(sys._getframe(), ("first", "_second", "nothing")) == [1, 2, None]
        del held
        assert Held.ended == 1
        assert first == 1

    work(1, 2)


def test_a_program_s_own_copy_of_its_locals_stays_whole() -> None:
    def work(first: int) -> dict[str, Any]:
        def inner() -> int:
            return first

        own = locals()
        assert read_locals(sys._getframe(), ("first",)) == [1]
        assert (own["first"], inner()) == (1, 1)
        return own

    assert work(1)["first"] == 1


def test_a_module_s_names_are_its_own() -> None:
    names: dict[str, Any] = {"read_locals": read_locals, "sys": sys}
    exec("found = read_locals(sys._getframe(), ('sys',))", names)  # noqa: S102  # a frame of a module's kind
    assert names["found"] == [sys]
    assert names["sys"] is sys


def test_a_statement_that_is_given_holds_nothing_of_who_gives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (sqlite3, sqlite3.dbapi2):
        monkeypatch.setattr(module, "connect", sqlite._connect)
    sqlite.trace_connections()

    def query(sql: str, _: object) -> None:
        db.execute(sql).fetchall()

    def work(text: str) -> None:
        held = Held()
        query(text, held)
        del held
        assert Held.ended == 1

    with tracing(tmp_path) as calls, closing(sqlite3.connect(":memory:")) as db:
        work("SELECT 1")
    assert len(calls) == 1
