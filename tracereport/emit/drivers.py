"""What the hooks for drivers of databases share: which database a connection asks, and what is told already.

A library above a driver may have a hook of its own. What it asks is told once, by that hook.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from .calls import NOT_TRACED, current, find_running
from .hooks import call_from, is_settled
from .layers import LAYERS, name_layer, name_package
from .log import now
from .statements import Databases, Session, begin_statement, describe, name_many, name_values

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from types import FrameType

    from .calls import Call

    _Named = Callable[[object], list[tuple[str, object]]]

_HOOKED = frozenset({"sqlalchemy", "django"})
_is_left: ContextVar[bool] = ContextVar("perf_trace_left", default=False)
_PARAMETERS = ("params", "params_seq", "args", "vars", "vars_list")
_databases = Databases()
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame


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
    if call is not None and call.via != "python" and len(call.fields) > 2 and call.fields[2].startswith("sql="):  # noqa: PLR2004  # behind its name and the caller
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


class Driver:
    """How the statements of a driver are traced that has all rows once a statement has been executed.

    Its methods go around those of the driver's cursors.
    """

    def __init__(
        self,
        via: str,
        packages: tuple[str, ...],
        *,
        connect: Callable[[Any], Connected],
        to_text: Callable[[Any, Any], str],
        record: Callable[[Call, Any, str], None],
    ) -> None:
        """Takes what is the driver's own.

        Args:
            via: the hook's name.
            packages: the driver's.
            connect: tells what a cursor's connection is, which is kept for that.
            to_text: gives a statement's text, by the cursor and what that was given.
            record: records a statement's answer, by the cursor and the text.
        """
        self._via = via
        self._packages = packages
        self._machinery = (*packages, *LAYERS)
        self._connect = connect
        self._to_text = to_text
        self._record = record
        self._connected: WeakKeyDictionary[Any, Connected] = WeakKeyDictionary()

    def execute(self, execute: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as the driver has it
        """Goes around ``execute``."""
        return self._execute(execute, name_values, _get_frame(2), cursor, args, kwargs)

    def execute_many(self, execute: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Goes around ``executemany``."""
        return self._execute(execute, name_sets, _get_frame(2), cursor, args, kwargs)

    async def execute_later(self, execute: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Goes around an asynchronous ``execute``."""
        return await self._execute_later(execute, name_values, _get_frame(1), cursor, args, kwargs)

    async def execute_many_later(self, execute: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Goes around an asynchronous ``executemany``."""
        return await self._execute_later(execute, name_sets, _get_frame(1), cursor, args, kwargs)

    def _execute(
        self,
        execute: Callable[..., Any],
        name: _Named,
        frame: FrameType,
        cursor: Any,  # noqa: ANN401  # as above
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:  # noqa: ANN401  # as above
        if is_told(frame, self._packages):
            return call_from(frame)(execute, cursor, *args, **kwargs)
        text, call = self._begin(name, frame, cursor, *args, **kwargs)
        with call:
            given = call_from(frame)(execute, cursor, *args, **kwargs)
            self._conclude(call, text, cursor, *args, **kwargs)
        return given

    async def _execute_later(
        self,
        execute: Callable[..., Any],
        name: _Named,
        frame: FrameType,
        cursor: Any,  # noqa: ANN401  # as above
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:  # noqa: ANN401  # as above
        if is_told(frame, self._packages):
            return await execute(cursor, *args, **kwargs)
        text, call = self._begin(name, frame, cursor, *args, **kwargs)
        with call:
            given = await execute(cursor, *args, **kwargs)
            self._conclude(call, text, cursor, *args, **kwargs)
        return given

    def _begin(self, name: _Named, frame: FrameType, cursor: Any, *args: Any, **kwargs: Any) -> tuple[str, Call]:  # noqa: ANN401  # as above
        """The statement's text and its call; none of what asks nothing, or can't be understood."""
        with suppress(Exception):
            query, parameters = _read_arguments(*args, **kwargs)
            text = self._to_text(cursor, query)
            if text.strip():
                values = name(parameters)
                return text, self._find(cursor).begin(
                    text, values, self._machinery, via=self._via, start=frame, query=query
                )
        return "", NOT_TRACED

    def _conclude(self, call: Call, text: str, cursor: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # as above
        with suppress(Exception):
            self._record(call, cursor, text)
            self._find(cursor).note(text, _read_arguments(*args, **kwargs)[1])

    def _find(self, cursor: Any) -> Connected:  # noqa: ANN401  # as above
        connection = cursor.connection
        known = self._connected.get(connection)
        if known is None:
            known = self._connected[connection] = self._connect(connection)
        return known

    def roll_back(self, roll_back: Callable[..., Any], connection: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Goes around a connection's ``rollback``, be it asynchronous or not."""
        if Session.is_any and connection in self._connected:
            self._connected[connection].roll_back()
        return roll_back(connection, *args, **kwargs)


def _read_arguments(query: Any, parameters: Any = None, *_: Any, **named: Any) -> tuple[Any, Any]:  # noqa: ANN401  # as above
    """The statement and its parameters, whatever a driver calls them."""
    if parameters is None:
        parameters = next((named[name] for name in _PARAMETERS if name in named), None)
    return query, parameters
