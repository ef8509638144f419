"""What goes around the generators and context managers by which a driver hands over rows, or takes them, in parts."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from .calls import NO_FAILURES, NOT_TRACED
from .reading import Pausing, Reading, as_row
from .statements import name_values

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from types import FrameType

    from typing_extensions import Self

    from .calls import Call, TracedCall
    from .cursors import Driver

_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame


class Streams:
    """The methods that go around those of a driver; ``..._later`` around asynchronous ones."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._copying: WeakKeyDictionary[Any, Pausing] = WeakKeyDictionary()

    # What is wrong with the arguments the library says at once, the rest where the program begins to read.
    def stream(self, stream: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as the driver has it
        """Goes around ``stream``."""
        return self._stream(stream(cursor, *args, **kwargs), cursor, args, kwargs)

    def stream_later(self, stream: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Goes around an asynchronous ``stream``."""
        return self._stream_later(stream(cursor, *args, **kwargs), cursor, args, kwargs)

    def copy(self, copy: Callable[..., Any], cursor: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Goes around ``copy``, be it asynchronous or not."""
        return _Copy(self, copy(cursor, *args, **kwargs), cursor, args, kwargs)

    def begin(self, frame: FrameType, cursor: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Pausing:  # noqa: ANN401  # as above
        """Begins the call that copying is."""
        return _Copying(self._driver.begin(frame, cursor, name_values, args, kwargs)[1], cursor)

    def hold(self, copied: Any, copying: Pausing) -> None:  # noqa: ANN401  # as above
        """Counts the time in which something hands over parts."""
        with suppress(TypeError):  # a class of the program's
            self._copying[copied] = copying

    def work(self, work: Callable[..., Any], copying: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Goes around what hands over a part within ``copy``."""
        pausing = self._copying.get(copying)
        if pausing is None or not pausing.is_idle:
            return work(copying, *args, **kwargs)
        with pausing:
            return work(copying, *args, **kwargs)

    async def work_later(self, work: Callable[..., Any], copying: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Goes around what hands over a part within an asynchronous ``copy``."""
        pausing = self._copying.get(copying)
        if pausing is None or not pausing.is_idle:
            return await work(copying, *args, **kwargs)
        with pausing:
            return await work(copying, *args, **kwargs)

    def _stream(
        self,
        rows: Generator[Any],
        cursor: Any,  # noqa: ANN401  # as above
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Generator[Any]:
        reading = Reading(self._driver.begin(_get_frame(1), cursor, name_values, args, kwargs)[1])
        try:
            yield from _Rows(rows, reading)
        finally:
            reading.end()

    async def _stream_later(
        self,
        rows: AsyncGenerator[Any],
        cursor: Any,  # noqa: ANN401  # as above
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> AsyncGenerator[Any]:
        reading = Reading(self._driver.begin(_get_frame(1), cursor, name_values, args, kwargs)[1])
        step: Any = rows.__anext__()
        try:
            while True:
                try:
                    row = await reading.read_later(as_row, step)
                except StopAsyncIteration:
                    return
                try:
                    yield row
                except NO_FAILURES:
                    raise
                except BaseException as error:  # noqa: BLE001  # the program's, into what is asked
                    step = rows.athrow(error)
                else:
                    step = rows.__anext__()
        finally:
            await rows.aclose()
            reading.end()


class _Rows:
    """Rows as a generator gives them, taken down as they are read."""

    __slots__ = ("_reading", "_rows")

    def __init__(self, rows: Generator[Any], reading: Reading) -> None:
        self._rows = rows
        self._reading = reading

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:  # noqa: ANN401  # as above
        return self._reading.read(as_row, next, self._rows)

    def throw(self, *error: Any) -> Any:  # noqa: ANN401  # as above
        return self._reading.read(as_row, self._rows.throw, *error)

    def close(self) -> None:
        self._rows.close()


class _Copying(Pausing):
    """A ``COPY`` that goes on."""

    __slots__ = ("_cursor",)

    def __init__(self, call: Call, cursor: Any) -> None:  # noqa: ANN401  # as above
        super().__init__(call)
        self._cursor = cursor

    def _record(self, call: TracedCall) -> None:
        with suppress(Exception):
            if self._cursor.rowcount >= 0:
                call.record(rows=self._cursor.rowcount)


class _Copy:
    """What ``copy`` gives to a ``with`` block."""

    def __init__(
        self,
        streams: Streams,
        manager: Any,  # noqa: ANN401  # as above
        cursor: Any,  # noqa: ANN401  # as above
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self._streams = streams
        self._manager = manager
        self._asked = cursor, args, kwargs
        self._copying = Pausing(NOT_TRACED)

    def __enter__(self) -> Any:  # noqa: ANN401  # as above
        self._copying = self._streams.begin(_get_frame(1), *self._asked)
        try:
            with self._copying:
                copied = self._manager.__enter__()
        except BaseException:
            self._copying.end()
            raise
        self._streams.hold(copied, self._copying)
        return copied

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> Any:  # noqa: ANN401  # as above
        try:
            self._copying.note_error(kind)
            with self._copying:
                return self._manager.__exit__(kind, *rest)
        finally:
            self._copying.end()

    async def __aenter__(self) -> Any:  # noqa: ANN401  # as above
        self._copying = self._streams.begin(_get_frame(1), *self._asked)
        try:
            with self._copying:
                copied = await self._manager.__aenter__()
        except BaseException:
            self._copying.end()
            raise
        self._streams.hold(copied, self._copying)
        return copied

    async def __aexit__(self, kind: type[BaseException] | None, *rest: object) -> Any:  # noqa: ANN401  # as above
        try:
            self._copying.note_error(kind)
            with self._copying:
                return await self._manager.__aexit__(kind, *rest)
        finally:
            self._copying.end()
