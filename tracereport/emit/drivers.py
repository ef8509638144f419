"""What the hooks for drivers of databases share: which database a connection asks, and what is told already.

A library above a driver may have a hook of its own. What it asks is told once, by that hook.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from .calls import current, find_running
from .hooks import is_settled
from .layers import name_layer, name_package
from .log import now
from .statements import Databases, Session, begin_statement, describe, name_many, name_values

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from types import FrameType

    from .calls import Call

_HOOKED = frozenset({"sqlalchemy", "django"})
_is_left: ContextVar[bool] = ContextVar("perf_trace_left", default=False)
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
        query: object = None,
    ) -> Call:
        """Begins the call that a statement is.

        The arguments are those of ``begin_statement``; a query is what the program has given the driver, if no text.
        """
        if self._test is not now.test:
            self._test, self._named = now.test, _databases.name(self._key, self._name)
        schema = None if self._session is None else self._session.schema
        return begin_statement(
            describe(sql),
            values,
            machinery,
            via=name_layer(start, machinery) or via,
            database=self._named,
            schema=schema,
            is_frame=is_frame,
            start=start,
            sent=(sql,) if query is None else (sql, query),
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


def is_told(frame: FrameType, packages: tuple[str, ...]) -> bool:
    """Whether a statement is told already, by the hook of a library above the driver, or is to be told by none.

    Args:
        frame: what sends it.
        packages: the driver's own, which may send it for others.
    """
    log = now.log
    if log is None or _is_left.get():
        return True
    call = find_running(current.get(), log)
    if call is not None and call.via != "python" and call.params and call.params[0].startswith("sql="):
        return True
    return is_of_hooked(frame, packages)


def is_of_hooked(frame: FrameType, packages: tuple[str, ...]) -> bool:
    """Whether a library asks a driver, by whatever part of it, whose own hook tells what is to be told of it."""
    asker: FrameType | None = frame
    package = name_package(frame)
    while package in packages and (asker := asker and asker.f_back) is not None:
        package = name_package(asker)
    return package in _HOOKED and is_settled(package)


def leave(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever it takes and gives
    """Carries out what a library asks in another thread, of which nothing is to be told there."""
    before = _is_left.set(True)
    try:
        return work(*args, **kwargs)
    finally:
        _is_left.reset(before)


def name_sets(parameter_sets: object) -> list[tuple[str, object]]:
    """The values of a statement that runs for many sets of them; nothing of what can be gone through but once."""
    return name_many(parameter_sets) if isinstance(parameter_sets, (list, tuple)) else []
