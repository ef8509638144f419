"""Traces the statements of drivers whose cursors are written in Python, by wrapping the cursors' methods."""

from __future__ import annotations

import sys
from contextlib import suppress
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from .calls import NOT_TRACED, TracedCall
from .drivers import is_told, name_sets
from .hooks import call_from, find_caller
from .layers import LAYERS
from .reading import Held, Reading, as_row_or_none, as_they_are
from .statements import Session, name_values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType, TracebackType

    from typing_extensions import Self

    from .calls import Call
    from .drivers import Connected

    _Name = Callable[[object], list[tuple[str, object]]]

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_PARAMETERS = ("params", "params_seq", "args", "vars", "vars_list", "seq_params")
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame


class Driver:
    """A driver, whose cursors have all rows after executing a statement, or fetch them in parts.

    The methods wrap those of the driver's cursors; the ones called ``..._later`` wrap asynchronous methods.
    """

    def __init__(
        self,
        via: str,
        packages: tuple[str, ...],
        *,
        connect: Callable[[Any], Connected],
        to_text: Callable[[Any, Any], str],
        record: Callable[[Call, Any, str], bool],
        find_connection: Callable[[Any], Any] = attrgetter("connection"),
    ) -> None:
        """Takes what differs between drivers.

        Args:
            via: the hook's name.
            packages: the driver's packages.
            connect: describes a cursor's connection; the result is kept for each connection.
            to_text: returns a statement's text, from the cursor and the first argument.
            record: records a statement's answer, from the call, the cursor and the text; false if the program hasn't
                read the rows yet.
            find_connection: returns a cursor's connection.
        """
        self.packages = packages
        self.record = record
        self._via = via
        self._machinery = (*packages, *LAYERS)
        self._connect = connect
        self._to_text = to_text
        self._find_connection = find_connection
        self._connected: WeakKeyDictionary[Any, Connected] = WeakKeyDictionary()
        self._held: WeakKeyDictionary[Any, Held] = WeakKeyDictionary()

    def execute(self, execute: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as the driver has it
        """Wraps ``execute``."""
        frame = _get_frame(2)
        with _Sending(self, frame, cursor, name_values, args, kwargs):
            return call_from(frame)(execute, cursor, *args, **kwargs)

    def execute_many(self, execute: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Wraps ``executemany``."""
        frame = _get_frame(2)
        with _Sending(self, frame, cursor, name_sets, args, kwargs):
            return call_from(frame)(execute, cursor, *args, **kwargs)

    def call(self, call: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Wraps ``callproc``."""
        frame = _get_frame(2)
        with _Sending(self, frame, cursor, name_values, *_read_procedure(*args, **kwargs)):
            return call_from(frame)(call, cursor, *args, **kwargs)

    async def execute_later(self, execute: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Wraps an asynchronous ``execute``."""
        with _Sending(self, find_caller(_get_frame(1)), cursor, name_values, args, kwargs):
            return await execute(cursor, *args, **kwargs)

    async def execute_many_later(self, execute: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Wraps an asynchronous ``executemany``."""
        with _Sending(self, find_caller(_get_frame(1)), cursor, name_sets, args, kwargs):
            return await execute(cursor, *args, **kwargs)

    async def call_later(self, call: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Wraps an asynchronous ``callproc``."""
        with _Sending(self, find_caller(_get_frame(1)), cursor, name_values, *_read_procedure(*args, **kwargs)):
            return await call(cursor, *args, **kwargs)

    # Rows that the program reads when it likes

    def fetch_one(self, fetch: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Wraps ``fetchone``."""
        return self._fetch(as_row_or_none, fetch, cursor, *args, **kwargs)

    def fetch_many(self, fetch: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Wraps ``fetchmany``."""
        return self._fetch(as_they_are, fetch, cursor, *args, **kwargs)

    def fetch_all(self, fetch: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Wraps ``fetchall``."""
        rows = self._fetch(as_they_are, fetch, cursor, *args, **kwargs)
        self._end_idle(cursor)
        return rows

    def fetch_next(self, fetch: Callable[..., Any], cursor: Any) -> Any:  # noqa: ANN401  # as above
        """Wraps ``__next__``."""
        return self._fetch(as_row_or_none, fetch, cursor)

    def leave(self, leave: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Wraps methods that end reading in order, ``close`` and ``scroll``, asynchronous ones included."""
        self.end_reading(cursor)
        return leave(cursor, *args, **kwargs)

    async def fetch_one_later(self, fetch: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Wraps an asynchronous ``fetchone``, or ``__anext__``."""
        return await self._fetch_later(as_row_or_none, fetch, cursor, *args, **kwargs)

    async def fetch_many_later(self, fetch: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Wraps an asynchronous ``fetchmany``."""
        return await self._fetch_later(as_they_are, fetch, cursor, *args, **kwargs)

    async def fetch_all_later(self, fetch: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Wraps an asynchronous ``fetchall``."""
        rows = await self._fetch_later(as_they_are, fetch, cursor, *args, **kwargs)
        self._end_idle(cursor)
        return rows

    def _fetch(
        self,
        to_rows: Callable[[Any], Sequence[Any]],
        fetch: Callable[..., Any],
        cursor: Any,  # noqa: ANN401  # as above
        *args: Any,  # noqa: ANN401  # as above
        **kwargs: Any,  # noqa: ANN401  # as above
    ) -> Any:  # noqa: ANN401  # as above
        held = self._held.get(cursor)
        if held is None:
            return fetch(cursor, *args, **kwargs)
        return held.reading.read(to_rows, fetch, cursor, *args, **kwargs)

    async def _fetch_later(
        self,
        to_rows: Callable[[Any], Sequence[Any]],
        fetch: Callable[..., Any],
        cursor: Any,  # noqa: ANN401  # as above
        *args: Any,  # noqa: ANN401  # as above
        **kwargs: Any,  # noqa: ANN401  # as above
    ) -> Any:  # noqa: ANN401  # as above
        held = self._held.get(cursor)
        if held is None:
            return await fetch(cursor, *args, **kwargs)
        return await held.reading.read_later(to_rows, fetch(cursor, *args, **kwargs))

    def hold(self, cursor: Any, call: Call) -> None:  # noqa: ANN401  # as above
        """Leaves a statement's call open until the program has read its rows from the cursor."""
        self._held[cursor] = Held(Reading(call))

    def end_reading(self, cursor: Any) -> None:  # noqa: ANN401  # as above
        """Writes the line of the cursor's previous statement, with the rows that were read."""
        held = self._held.pop(cursor, None) if self._held else None
        if held is not None:
            held.reading.end()

    def _end_idle(self, cursor: Any) -> None:  # noqa: ANN401  # as above
        """Tells what was read, unless another method of the driver's goes on: it may make other rows of these."""
        held = self._held.get(cursor)
        if held is not None and held.reading.is_idle:
            self.end_reading(cursor)

    # What is known of connections

    def begin(
        self,
        frame: FrameType,
        cursor: Any,  # noqa: ANN401  # as above
        name: _Name,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> tuple[str, Call]:
        """The statement's text and its call; no call if it is empty, traced elsewhere, or can't be understood."""
        if not is_told(frame, self.packages):
            with suppress(Exception):
                query, parameters = _read_arguments(*args, **kwargs)
                text = self._to_text(cursor, query)
                if text.strip():
                    told = {"via": self._via, "start": frame, "query": query}
                    return text, self._find(cursor).begin(text, name(parameters), self._machinery, **told)
        return "", NOT_TRACED

    def note(self, cursor: Any, text: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:  # noqa: ANN401  # as above
        """Notes the schema that an executed statement sets."""
        self._find(cursor).note(text, _read_arguments(*args, **kwargs)[1])

    def _find(self, cursor: Any) -> Connected:  # noqa: ANN401  # as above
        connection = self._find_connection(cursor)
        known = self._connected.get(connection)
        if known is None:
            known = self._connected[connection] = self._connect(connection)
        return known

    def roll_back(self, roll_back: Callable[..., Any], connection: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Wraps a connection's ``rollback``, asynchronous or not."""
        if Session.is_any and connection in self._connected:
            self._connected[connection].roll_back()
        return roll_back(connection, *args, **kwargs)


class _Sending:
    """The call of a statement, while the driver sends it and receives the answer."""

    __slots__ = ("_args", "_call", "_cursor", "_driver", "_kwargs", "_text")

    def __init__(
        self,
        driver: Driver,
        frame: FrameType,
        cursor: Any,  # noqa: ANN401  # as above
        name: _Name,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        driver.end_reading(cursor)
        self._text, self._call = driver.begin(frame, cursor, name, args, kwargs)
        self._driver, self._cursor, self._args, self._kwargs = driver, cursor, args, kwargs

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        call, cursor = self._call, self._cursor
        if kind is None and self._text:
            with suppress(Exception):
                self._driver.note(cursor, self._text, self._args, self._kwargs)
        if kind is None and isinstance(call, TracedCall):
            is_over = True
            with suppress(Exception):
                is_over = self._driver.record(call, cursor, self._text)
            if not is_over:
                self._driver.hold(cursor, call)
                return
        call.__exit__(kind, error, traceback)


def _read_arguments(query: Any = None, parameters: Any = None, *_: Any, **named: Any) -> tuple[Any, Any]:  # noqa: ANN401  # as above
    """The statement and its parameters, under any driver's names for them."""
    if query is None:
        query = named["operation"]
    if parameters is None:
        parameters = next((named[name] for name in _PARAMETERS if name in named), None)
    return query, parameters


def _read_procedure(*args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:  # noqa: ANN401  # as above
    """The call of a procedure as a statement with parameters."""
    with suppress(Exception):
        name, parameters = _read_arguments(*(args or (kwargs["procname"],)), **kwargs)
        places = ", ".join(["%s"] * len(parameters or ()))
        return (f"CALL {name}({places})", parameters), {}
    return args, kwargs
