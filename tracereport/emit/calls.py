"""A call: it takes its number when it begins, knows the one around it, and writes its line when it ends."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

from .answers import digest_field
from .lines import format_line, format_metric, format_params, to_text
from .log import Log, now
from .system import System

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from typing_extensions import Self

UNKNOWN = "unknown"
NO_FAILURES = (GeneratorExit, StopIteration, StopAsyncIteration)


class Call:
    """What ``with trace(...) as call`` gives. While tracing is off it is this class, which does nothing."""

    __slots__ = ()

    def record(self, **metrics: float) -> None:
        """Adds metrics to the call's line: what came out of it, as unsigned integers; a flag counts as 0 or 1.

        Results (``rows``, ``bytes``, ``found``, a ``digest``) are what a repeat is judged by. A time carries its unit
        as a suffix (``query_us``), and its decimals are cut off. What else is no unsigned 64-bit integer is left out.
        """

    def record_answer(self, name: str, count: int, text: str | None = None) -> None:
        """Records a count under a name, and as ``digest`` a hash of what the answer looks like as a text."""

    def mark(self, *, function: str | None = None, write: str | None = None, **marks: bool) -> None:
        """Says of the call what isn't an answer.

        Args:
            function: a name that is better than the one it began with, known only now.
            write: the table, or other resource, that the call changes; ``1`` where that isn't known.
            marks: ``failed``: it gave no answer; ``cached``: the answer came out of a cache; ``frame``: a place in
                the tree, no question.
        """

    def finish(self) -> None:
        """Ends the call and writes its line."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass


class Origin(NamedTuple):
    """Where a call comes from; None for what isn't known."""

    caller: str | None = None
    at: str | None = None
    activation: int | None = None
    via: str | None = None
    """The library that asks for the program, above that whose hook writes the line."""


NOWHERE = Origin()


class TracedCall(Call):
    """A call that is being timed: as long as it goes on it has a log.

    A *lazy* one takes its number when the first call inside it begins, and is written only if there was one.
    """

    caller: str
    function: str
    log: Log | None
    __slots__ = (
        "caller",
        "enclosing",
        "function",
        "log",
        "marks",
        "metrics",
        "number",
        "origin",
        "params",
        "started_ns",
        "test",
        "via",
    )

    def __init__(
        self,
        log: Log,
        function: str,
        origin: Origin,
        params: list[str],
        via: str,
        marks: dict[str, object],
        *,
        is_lazy: bool = False,
    ) -> None:
        enclosing = current.get()
        if enclosing is not None and enclosing.log is not log:
            enclosing = find_running(enclosing, log)
        self.enclosing = enclosing
        self.function = function
        caller = origin.caller
        if caller is None:
            caller = UNKNOWN if enclosing is None else enclosing.function
        self.caller = caller
        self.params = params
        self.metrics: dict[str, str] = {}
        self.via = via
        self.marks = marks
        self.origin = origin
        self.test = now.test
        self.log = log
        self.number: int | None = None
        if not is_lazy:
            if enclosing is not None and enclosing.number is None:
                enclosing.take_number(log)
            self.number = next(log.numbers)
        current.set(self)
        self.started_ns = System.now_ns()

    def take_number(self, log: Log) -> None:
        """Gives the call its number, those around it theirs first, if it has none."""
        if self.number is None:
            if self.enclosing is not None:
                self.enclosing.take_number(log)
            self.number = next(log.numbers)

    def record(self, **metrics: float) -> None:  # noqa: D102  # as above
        for name, value in metrics.items():
            field = format_metric(name, value)
            if field is not None:
                self.metrics[name] = field

    def record_answer(self, name: str, count: int, text: str | None = None) -> None:  # noqa: D102  # as above
        self.metrics[name] = f"{name}={count}"
        if text is not None:
            self.metrics["digest"] = digest_field(text)

    def mark(self, *, function: str | None = None, write: str | None = None, **marks: bool) -> None:  # noqa: D102  # as above
        if function is not None:
            self.function = to_text(function)
        if write is not None:
            self.marks["write"] = write
        for name, holds in marks.items():
            if holds:
                self.marks[name] = 1

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and not issubclass(kind, NO_FAILURES):
            self.marks["failed"] = 1
        innermost = current.get()
        if innermost is not self and self.is_around(innermost):
            current.set(self)  # what began inside this block is over as well: nothing behind it is inside it
        self.finish()

    def is_around(self, call: TracedCall | None) -> bool:
        """Whether a call stands inside this one, whatever of it goes on."""
        while call is not None and call is not self:
            call = call.enclosing
        return call is self

    def finish(self) -> None:  # noqa: D102  # as above
        elapsed_us = (System.now_ns() - self.started_ns) // 1000
        log, self.log = self.log, None
        if log is None:
            return
        innermost = current.get()
        # In whatever order calls end, and in whatever context: what goes on is the innermost that hasn't ended.
        if innermost is self:
            innermost = self.enclosing
        if innermost is not None and innermost.log is not log:
            innermost = find_running(innermost, log)
        current.set(innermost)
        if log is now.log and self.number is not None:
            log.write(format_line(self, elapsed_us, log.process))


def find_running(call: TracedCall | None, log: Log) -> TracedCall | None:
    """The call, or the nearest around it that goes on: a task's may have ended."""
    while call is not None and call.log is not log:
        call = call.enclosing
    return call


current: ContextVar[TracedCall | None] = ContextVar("perf_trace_call", default=None)
NOT_TRACED = Call()


def begin(
    function: str,
    params: Iterable[tuple[str, object]],
    caller: Origin | str | None = None,
    *,
    via: str = "python",
    is_frame: bool = False,
    write: str | None = None,
    is_lazy: bool = False,
) -> Call:
    """Begins a call by hand, for hooks that see start and end in two places; ``finish()`` ends it.

    Args:
        function: what is called.
        params: names and values of what it is asked for, in order. Values are written as ``str`` gives them.
        caller: who calls, from where; a text is the caller's name; None: the enclosing traced call.
        via: who writes the line: the hook's name.
        is_frame: the call is a place in the tree, such as a request, and asks nothing.
        write: the table, or other resource, that the call changes; ``1`` where that isn't known.
        is_lazy: the call is written only if a traced one happens inside it.
    """
    log = now.log
    if log is None:
        return NOT_TRACED
    origin = NOWHERE if caller is None else caller if isinstance(caller, Origin) else Origin(caller)
    marks: dict[str, object] = {}
    if is_frame:
        marks["frame"] = 1
    if write is not None:
        marks["write"] = write
    return TracedCall(log, to_text(function), origin, format_params(params), via, marks, is_lazy=is_lazy)
