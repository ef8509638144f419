"""Shared by the hooks for database drivers: a connection's database, and which statements another hook traces.

A library above a driver may have a hook of its own, which then traces its statements.
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
    """What is known of a connection: its database, and the schema that was set."""

    __slots__ = ("_key", "_name", "_named", "_session", "_test")

    def __init__(self, key: Hashable, name: str) -> None:
        """Takes what identifies the database, and a name for it if there are several."""
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
        start: FrameType | None = None,
        query: object = None,
    ) -> Call:
        """Begins the call of a statement.

        The arguments are those of ``begin_statement``; ``query`` is what the program passed to the driver, if no text.
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
            start=start,
            sent=(sql,) if query is None else (sql, query),
        )

    def note(self, sql: str, parameters: object) -> None:
        """Notes the schema that an executed statement sets."""
        statement = describe(sql)
        if self._session is None and statement.sets_schema is not None:
            self._session = Session()
        if self._session is not None:
            self._session.note(statement, name_values(parameters))

    def roll_back(self) -> None:
        """Notes that a schema which was set in the transaction may no longer hold."""
        if self._session is not None:
            self._session.roll_back()


def is_told(frame: FrameType, packages: tuple[str, ...]) -> bool:
    """Whether a statement isn't to be traced here: another library's hook traces it, or none should.

    Args:
        frame: what sends it.
        packages: the driver's own packages, which may send it for others.
    """
    log = now.log
    if log is None or _is_left.get():
        return True
    call = find_running(current.get(), log)
    if call is not None and call.via != "python" and call.params and call.params[0].startswith("sql="):
        return True
    return is_of_hooked(frame, packages)


def is_of_hooked(frame: FrameType, packages: tuple[str, ...]) -> bool:
    """Whether the library that uses the driver has a hook of its own, which traces its statements."""
    asker: FrameType | None = frame
    package = name_package(frame)
    while package in packages and (asker := asker and asker.f_back) is not None:
        package = name_package(asker)
    return package in _HOOKED and is_settled(package)


def leave(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever it takes and gives
    """Runs a library's work in another thread without tracing its statements there."""
    before = _is_left.set(True)
    try:
        return work(*args, **kwargs)
    finally:
        _is_left.reset(before)


def name_sets(parameter_sets: object) -> list[tuple[str, object]]:
    """The values of a statement that runs for many sets of them; none if they can only be iterated once."""
    return name_many(parameter_sets) if isinstance(parameter_sets, (list, tuple)) else []
