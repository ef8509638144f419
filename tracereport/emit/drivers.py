"""What the hooks for drivers of databases share: which database a connection asks, and what is told already.

A library above a driver may have a hook of its own. What it asks is told once, by that hook.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .calls import current, find_running
from .hooks import is_settled
from .log import now
from .statements import Databases, Session, begin_statement, describe, name_many, name_values

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from types import FrameType

    from .calls import Call

LAYERS = (
    "peewee", "playhouse", "pandas", "sqlite_utils", "dataset", "records", "databases", "pony", "tortoise", "piccolo",
    "sqlalchemy", "django", "pugsql", "aiosql", "gino", "dbutils", "pypika_tortoise", "pydal", "orm",
)  # fmt: skip
"""Packages between a program and a driver, which only send what the program has asked of them."""
_HOOKED = frozenset({"sqlalchemy", "django"})
_databases = Databases()


class Connected:
    """What is known of a connection: the database that it asks, and what it has been told of schemas."""

    __slots__ = ("_key", "_name", "_named", "_session", "_test")

    def __init__(self, key: Hashable, name: str) -> None:
        """Takes what tells the database from others, and what to call it where there are several."""
        self._key = key
        self._name = name
        self._test: object = None
        self._named: str | None = None
        self._session: Session | None = None

    def begin(
        self,
        sql: str,
        values: Sequence[tuple[str, object]],
        machinery: tuple[str, ...],
        *,
        via: str,
        is_frame: bool = False,
        start: FrameType | None = None,
    ) -> Call:
        """Begins the call that a statement is; the arguments are those of ``begin_statement``."""
        if self._test is not now.test:
            self._test, self._named = now.test, _databases.name(self._key, self._name)
        schema = None if self._session is None else self._session.schema
        return begin_statement(
            sql, values, machinery, via=via, database=self._named, schema=schema, is_frame=is_frame, start=start
        )

    def note(self, sql: str, parameters: object) -> None:
        """Notes what a statement that has been executed tells the connection."""
        statement = describe(sql)
        if self._session is None and statement.sets_schema is not None:
            self._session = Session()
        if self._session is not None:
            self._session.note(statement, name_values(parameters))

    def roll_back(self) -> None:
        """Notes that what was told since the transaction began may hold no more."""
        if self._session is not None:
            self._session.roll_back()


def is_told(frame: FrameType) -> bool:
    """Whether a statement that a frame sends now is told already, by the hook of a library above; or nothing is."""
    log = now.log
    if log is None:
        return True
    call = find_running(current.get(), log)
    if call is not None and call.via != "python" and len(call.fields) > 2 and call.fields[2].startswith("sql="):  # noqa: PLR2004  # behind its name and the caller
        return True
    return is_of_hooked(frame)


def is_of_hooked(frame: FrameType) -> bool:
    """Whether a frame runs code of a library whose own hook tells what is to be told of what it asks."""
    package = name_package(frame)
    return package in _HOOKED and is_settled(package)


def name_package(frame: FrameType) -> str:
    """The package of the code that a frame runs."""
    return str(frame.f_globals.get("__name__")).partition(".")[0]


def name_sets(parameter_sets: object) -> list[tuple[str, object]]:
    """The values of a statement that runs for many sets of them; nothing of what can be gone through but once."""
    return name_many(parameter_sets) if isinstance(parameter_sets, (list, tuple)) else []
