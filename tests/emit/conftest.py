"""What tests of drivers share: a PostgreSQL of their own, and books in SQLite, whose statements are traced."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.needs import required
from tests.ports import LOOPBACK
from tests.postgres import find_tool, running
from tracereport.emit import drivers, sqlite
from tracereport.emit.statements import Databases


@pytest.fixture(scope="session")
def server() -> Iterator[dict[str, Any]]:
    """How a driver connects to it, but for the database."""
    required(find_tool("postgres"), "Debian's postgresql")
    with running() as (port, _):
        yield {"host": LOOPBACK, "port": port, "user": "shop"}


@pytest.fixture
def db(monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    monkeypatch.setattr(drivers, "_databases", Databases())
    for module in (sqlite3, sqlite3.dbapi2):
        monkeypatch.setattr(module, "connect", sqlite._connect)
    sqlite.trace_connections()
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE books (title TEXT, author INTEGER)")
        yield connection
