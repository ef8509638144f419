r"""The emitter itself: one file, standard library only, to import or to copy.

::

    from perf_trace import size, trace, traced      # or: from tracereport.emit import ...

    @traced(result=size)
    def find_orders(customer_id: int) -> list[Order]: ...

    with trace("render", page=3) as call:
        body = template.render()
        call.record(bytes=len(body))

The environment variable ``PERF_TRACE`` switches it on: ``1`` writes to standard error, anything else is a file that is
appended to, in whose name ``%p`` stands for the process's number (one file for each process, forked ones included) and
``%n`` for the program's name; it is opened when the first call is written. Unset, empty, ``0`` or ``off``: a decorated
function costs one call and one comparison more, some 0.2 µs, and a ``with`` some 0.5 µs. ``PERF_TRACE_TEST``, ``_TRY``
and ``_PHASE`` name the test that a process belongs to.

A line is one write at the end of its call, by whatever way the call ends; the number is given at its start::

    PERF_TRACE|<number>|<function>|caller=<name>[|<param>=<value>]...|elapsed_us=<n>[|<metric>=<n>]...[|<field>]...

The fields behind the metrics are the emitter's own, and no answers:

=====================  ===============================================================================================
``test`` ``try``       the test that the call belongs to, and the how many-eth time it is tried
``phase``              ``setup``, ``call`` or ``teardown`` of that test
``frame=1``            a place in the tree (a request, a test, a template), no question
``write=<table>``      what the call changes; ``1`` where that isn't known
``failed=1``           the call ended by an exception: it gave no answer
``cached=1``           the answer came out of a cache
``via``                who wrote the line: ``python``, or a hook such as ``sqlalchemy``, with what relation it loads
``at=<path>:<line>``   the line of the source that made the call, from the root of the repository
``activation=<n>``     the run of a function that made the call, unique in the process; not where a call stands around
``process=<pid>``      the process, which tells apart those that share a file
``parent=<number>``    the call around this one, or ``none``
``escaped=1``          each ``|``, newline and backslash of the line's texts is written ``\x7c``, ``\x0a`` and ``\x5c``
=====================  ===============================================================================================

Tracing never makes a program fail: what can't be written or measured is left out.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import inspect
import itertools
import os
import re
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from inspect import Parameter
from operator import index
from threading import RLock
from time import perf_counter_ns, sleep
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sized
    from types import CodeType, FrameType, TracebackType
    from weakref import ReferenceType

    from typing_extensions import ParamSpec, Self

    _Params = ParamSpec("_Params")

__all__ = [
    "Call",
    "Origin",
    "begin",
    "digest",
    "find_origin",
    "found",
    "get_test",
    "is_on",
    "is_standard_error",
    "name_caller",
    "name_test",
    "runs_in",
    "set_test",
    "size",
    "start",
    "stop",
    "trace",
    "traced",
]

_Returned = TypeVar("_Returned")
_Result = Callable[[Any], Mapping[str, float]]
_Arguments = Callable[[tuple[Any, ...], dict[str, Any]], Iterable[tuple[str, object]]]

_VARIABLE = "PERF_TRACE"
_TEST_VARIABLES = {"test": "PERF_TRACE_TEST", "try": "PERF_TRACE_TRY", "phase": "PERF_TRACE_PHASE"}
OFF_WORDS = frozenset({"", "0", "off", "false", "no"})
_STANDARD_ERROR_WORDS = frozenset({"1", "on", "true", "yes", "stderr"})
_ELAPSED_NAMES = frozenset({"elapsed_ms", "elapsed_us", "elapsed_ns", "elapsed_s"})
_MARKS = ("frame", "write", "failed", "cached", "via")
_METRIC_NAMES = frozenset(
    {*_ELAPSED_NAMES, *_TEST_VARIABLES, *_MARKS, "at", "activation", "process", "parent", "escaped"}
)
_TIME_UNITS = ("_ms", "_us", "_ns")
_LARGEST_METRIC = 2**64 - 1
_ESCAPES = {ord("\\"): r"\x5c", ord("|"): r"\x7c", ord("\n"): r"\x0a"}
_UNKNOWN = "unknown"
_TEST_RUNNERS = ("_pytest", "pluggy", "pytest")
_SCHEDULERS = ("asyncio", "concurrent.futures", "threading", "multiprocessing", "anyio", *_TEST_RUNNERS)
_AROUND_TESTS = (*_SCHEDULERS, "contextlib", "unittest", "hypothesis", "pytest_asyncio")
_NO_FAILURES = (GeneratorExit, StopIteration, StopAsyncIteration)
_REPOSITORY_MARKS = (".git", ".hg")
_COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "<lambda>")
_FRAMES_TO_SEARCH = 12
_HAS_ACTIVATIONS = sys.version_info >= (3, 10)  # before, a frame that holds a trace function forgets its line
_files_inside: dict[tuple[str, ...], dict[str, bool]] = {}
"""By packages and source file: whether the file is of one of them. A stack of twenty frames is looked at per call."""
_START_FOLDER = os.sep
with suppress(OSError):  # it may be gone
    _START_FOLDER = os.getcwd()  # noqa: PTH109  # pathlib is slow to import
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame


class Call:
    """What ``with trace(...) as call`` gives. While tracing is off it is this class, which does nothing."""

    __slots__ = ()

    def record(self, **metrics: float) -> None:
        """Adds metrics to the call's line: what came out of it, as unsigned integers; a flag counts as 0 or 1.

        Results (``rows``, ``bytes``, ``found``, a ``digest``) are what a repeat is judged by. A time carries its unit
        as a suffix (``query_us``), and its decimals are cut off. What else is no unsigned 64-bit integer is left out.
        """

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


class _Activation:
    """Marks a running function's frame, for as long as that exists, by a number of its own.

    It lies where a frame keeps its trace function, and is one that wants no events.
    """

    __slots__ = ("number",)
    numbers = itertools.count(1)

    def __init__(self) -> None:
        self.number = next(self.numbers)

    def __call__(self, *_: object) -> None:
        pass


class _Log:
    """One run of the call counter, and the file that its lines go to, from the first one on."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.numbers = itertools.count()
        self.process = f"process={os.getpid()}"
        self.descriptor = -1
        self.lock = RLock()  # one that a signal's handler, or a finalizer, may come back to amid a write
        if is_standard_error(target):
            if sys.__stderr__ is None:  # closed before the program began: the next file that it opens gets the number 2
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            self.descriptor = 2

    def open(self) -> None:
        if self.descriptor < 0:
            self.descriptor = os.open(expand_target(self.target), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, line: str) -> None:
        rest = line.encode("utf-8", "backslashreplace")
        with self.lock:
            if self.descriptor < 0:
                try:
                    self.open()
                except OSError as error:
                    _give_up(self.target, error)
                    return
            while rest:  # a pipe takes a long line in parts
                rest = rest[self._write_some(rest) :]

    def _write_some(self, rest: bytes) -> int:
        """How many of the bytes are written, or given up."""
        try:
            return os.write(self.descriptor, rest)
        except BlockingIOError:  # a pipe that is full for now, and set not to block
            sleep(0.001)
            return 0
        except OSError:
            return len(rest)

    def close(self) -> None:
        with self.lock:
            if self.descriptor > 2:  # noqa: PLR2004  # standard error isn't ours to close
                os.close(self.descriptor)
            self.descriptor = -1


class _TracedCall(Call):
    """A call that is being timed.

    A *lazy* one takes its number when the first call inside it begins, and is written only if there was one.
    """

    before: list[str]
    __slots__ = (
        "before",
        "enclosing",
        "is_running",
        "log",
        "marks",
        "metrics",
        "number",
        "origin",
        "owner",
        "started_ns",
        "test",
    )

    def __init__(
        self,
        log: _Log,
        function: str,
        origin: Origin,
        params: Iterable[tuple[str, object]],
        marks: dict[str, object],
        *,
        is_lazy: bool = False,
        owner: ReferenceType[Any] | None = None,
    ) -> None:
        self.enclosing = _find_running(_current.get(), log)
        caller = origin.caller
        if caller is None:
            caller = _UNKNOWN if self.enclosing is None else self.enclosing.before[0]
        self.before = [_text(function), f"caller={caller}"]
        for name, value in params:
            self.before.append(f"{f'{name}_' if name in _ELAPSED_NAMES else name}={_text(value)}")
        self.metrics: dict[str, float] = {}
        self.marks = marks
        self.origin = origin
        self.owner = owner
        self.test = _test
        self.log = log
        self.is_running = True
        self.number: int | None = None
        if not is_lazy:
            self.take_number()
        _current.set(self)
        self.started_ns = perf_counter_ns()

    def take_number(self) -> int:
        if self.number is None:
            if self.enclosing is not None:
                self.enclosing.take_number()
            self.number = next(self.log.numbers)
        return self.number

    def record(self, **metrics: float) -> None:
        self.metrics.update(metrics)

    def mark(self, *, function: str | None = None, write: str | None = None, **marks: bool) -> None:
        if function is not None:
            self.before[0] = _text(function)
        if write is not None:
            self.marks["write"] = write
        self.marks.update((name, 1) for name, holds in marks.items() if holds)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and not issubclass(kind, _NO_FAILURES):
            self.marks["failed"] = 1
        # What began inside this block and hasn't ended by itself is over as well: nothing behind it is inside it.
        call = _current.get()
        while call is not None and call is not self:
            call = call.enclosing
        if call is self:
            _current.set(self)
        self.finish()

    def finish(self) -> None:
        elapsed_us = (perf_counter_ns() - self.started_ns) // 1000
        if not self.is_running:
            return
        self.is_running = False
        # In whatever order calls end, and in whatever context: what goes on is the innermost that hasn't ended.
        _current.set(_find_running(_current.get(), self.log))
        if self.log is _log and self.number is not None:
            self.log.write(self._line(elapsed_us))

    def _line(self, elapsed_us: int) -> str:
        before, behind = self.before, self._fields_behind()
        elapsed = f"elapsed_us={elapsed_us}"
        end = f"parent={'none' if self.enclosing is None else self.enclosing.number}"
        text = "|".join([*before, elapsed, *behind])
        if text.count("|") != len(before) + len(behind) or "\n" in text:
            before = [field.translate(_ESCAPES) for field in before]
            behind = [field.translate(_ESCAPES) for field in behind]
            end += "|escaped=1"
            text = "|".join([*before, elapsed, *behind])
        if "PERF_TRACE|" in text or text.endswith("PERF_TRACE"):
            # A text that ends with the mark looks like a torn line; the second elapsed field says that it is whole.
            elapsed = f"elapsed_ms={elapsed_us // 1000}|{elapsed}"
            text = "|".join([*before, elapsed, *behind])
        return f"PERF_TRACE|{self.number}|{text}|{end}\n"

    def _fields_behind(self) -> list[str]:
        """The metrics, and the emitter's own fields."""
        fields = []
        for name, value in self.metrics.items():
            number = _to_unsigned(name, value)
            if number is not None:
                fields.append(f"{name}_={number}" if name in _METRIC_NAMES else f"{name}={number}")
        fields += self.test
        marks, at, activation = self.marks, self.origin.at, self.origin.activation
        fields += [f"{name}={_text(marks[name])}" for name in _MARKS if name in marks]
        if at is not None:
            fields.append(f"at={at}")
        if activation is not None:
            fields.append(f"activation={activation}")
        fields.append(self.log.process)
        return fields


class _TracedSteps(Generator[Any, Any, Any]):
    """A generator as one call, entered at each step and left at each ``yield``: its consumer isn't part of it."""

    def __init__(self, call: _TracedCall, generator: Generator[Any, Any, Any]) -> None:
        self._call, self._generator = call, generator
        self._yielded = 0
        self._leave(call.enclosing)

    def send(self, value: Any) -> Any:  # noqa: ANN401  # whatever the generator takes and gives
        return self._step(self._generator.send, value)

    def throw(self, *error: Any) -> Any:  # noqa: ANN401  # as above
        return self._step(self._generator.throw, *error)

    def _step(self, resume: Callable[..., Any], *args: Any) -> Any:  # noqa: ANN401  # as above
        outside = _current.get()
        _current.set(self._inside)
        self._call.started_ns += perf_counter_ns() - self._left_ns
        try:
            yielded = resume(*args)
        except BaseException as error:
            self._leave(outside)
            self._call.record(yielded=self._yielded)
            self._call.mark(failed=not isinstance(error, _NO_FAILURES))
            self._call.finish()
            raise
        self._yielded += 1
        self._leave(outside)
        return yielded

    def _leave(self, outside: _TracedCall | None) -> None:
        self._left_ns = perf_counter_ns()
        self._inside = _current.get()
        _current.set(outside)


def _find_running(call: _TracedCall | None, log: _Log) -> _TracedCall | None:
    """The call, or the nearest around it that goes on: a task's may have ended, a statement's been given up."""
    while call is not None and not (
        call.is_running and call.log is log and (call.owner is None or call.owner() is not None)
    ):
        call = call.enclosing
    return call


_current: ContextVar[_TracedCall | None] = ContextVar("perf_trace_call", default=None)
_log: _Log | None = None
_test: tuple[str, ...] = tuple(
    f"{field}={os.environ[variable]}" for field, variable in _TEST_VARIABLES.items() if variable in os.environ
)
_NOT_TRACED = Call()


def start(target: str) -> None:
    """Switches tracing on, whatever the environment says.

    Args:
        target: ``1`` for standard error, or the file to append to, with ``%p`` for the process's number and ``%n`` for
            the program's name.

    Raises:
        OSError: the file can't be opened, or there is no standard error.
    """
    _start(target)
    if _log is not None:
        _log.open()


def _start(target: str) -> None:
    global _log  # noqa: PLW0603  # one log for each process is what this module is for
    stop()
    _log = _Log(target if is_standard_error(target) else os.path.abspath(target))  # noqa: PTH100  # pathlib is slow to import


def expand_target(target: str) -> str:
    """The file that a target names in this process."""
    return target.replace("%p", str(os.getpid())).replace("%n", _name_program())


def _name_program() -> str:
    path = sys.argv[0] if getattr(sys, "argv", None) else ""
    folder, name = os.path.split(path)
    if name.startswith("__main__."):  # python -m pytest
        name = os.path.basename(folder)  # noqa: PTH119  # pathlib is slow to import
    name = re.sub(r"[^\w.]", "_", name.removesuffix(".py")).strip("_")
    return name or "python"


def stop() -> None:
    """Switches tracing off; calls that are still running print nothing."""
    global _log
    log, _log = _log, None
    if log is not None:
        log.close()


def is_on() -> bool:
    """Whether calls are traced."""
    return _log is not None


def is_standard_error(target: str) -> bool:
    """Whether a value of ``PERF_TRACE`` asks for lines on standard error."""
    return target.lower() in _STANDARD_ERROR_WORDS


def name_test(name: str | None, *, attempt: int | None = None, phase: str | None = None) -> None:
    """Names the test that calls beginning from now on belong to, in any thread and in processes started from now on.

    Args:
        name: the test; None: they belong to no test.
        attempt: the how many-eth time the test is tried.
        phase: ``setup``, ``call`` or ``teardown``.
    """
    values = {"test": name, "try": attempt, "phase": phase} if name is not None else {}
    set_test(tuple(f"{field}={value}" for field, value in values.items() if value is not None))


def set_test(test: tuple[str, ...]) -> None:
    """Names the test that ``get_test`` gave, again."""
    global _test  # noqa: PLW0603
    if test == _test:
        return
    before, now = (dict(field.split("=", 1) for field in fields) for fields in (_test, test))
    _test = test
    for field, variable in _TEST_VARIABLES.items():
        value = now.get(field)
        if value is None:
            os.environ.pop(variable, None)
        elif value != before.get(field):
            with suppress(ValueError):  # an environment that can't hold it
                os.environ[variable] = value.replace("\0", "").encode("utf-8", "backslashreplace").decode()


def get_test() -> tuple[str, ...]:
    """The test that calls now belong to, for ``set_test``."""
    return _test


def begin(
    function: str,
    params: Iterable[tuple[str, object]],
    caller: Origin | str | None = None,
    *,
    via: str = "python",
    is_frame: bool = False,
    write: str | None = None,
    is_lazy: bool = False,
    owner: ReferenceType[Any] | None = None,
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
        owner: once that is gone, the call counts as over, whether or not it was finished.
    """
    if _log is None:
        return _NOT_TRACED
    origin = caller if isinstance(caller, Origin) else Origin(caller)
    marks: dict[str, object] = {"via": via}
    if is_frame:
        marks["frame"] = 1
    if write is not None:
        marks["write"] = write
    return _TracedCall(_log, function, origin, params, marks, is_lazy=is_lazy, owner=owner)


def trace(function: str | None = None, /, **params: object) -> Call:
    """Times the block of a ``with`` statement as one call.

    Args:
        function: the call's name; None: the function that the statement stands in.
        params: what it is asked for. One called ``caller`` names the caller.

    The caller is the function that the statement stands in, or, where that is the traced function itself, its caller.
    No ``yield`` belongs into the block, but that of a context manager or fixture: until the block goes on, whatever the
    consumer does would be part of the call. Decorate the generator with ``traced``.
    """
    if _log is None:
        return _NOT_TRACED
    frame = _get_frame().f_back
    place = _UNKNOWN if frame is None else _short_name(_qualified_name(frame.f_code, frame))
    if function is None or function in (place, place.rpartition(".")[2]):
        function = function or place
        frame = frame and frame.f_back
    origin = find_origin(frame)
    if "caller" in params:
        origin = origin._replace(caller=_text(params.pop("caller")))
    return _TracedCall(_log, function, origin, params.items(), {"via": "python"})


@overload
def traced(function: Callable[_Params, _Returned], /) -> Callable[_Params, _Returned]: ...


@overload
def traced(
    *,
    name: str | None = None,
    params: Iterable[str] | None = None,
    result: _Result | None = None,
    write: str | None = None,
) -> Callable[[Callable[_Params, _Returned]], Callable[_Params, _Returned]]: ...


def traced(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    params: Iterable[str] | None = None,
    result: _Result | None = None,
    write: str | None = None,
) -> Callable[..., Any]:
    """Times each call of a function, coroutine or generator, or of each public function that a class defines.

    A generator is one call from its first step to its last, that lasts as long as its steps do together, without its
    consumer's time between them; its result metric ``yielded`` says how many there were.

    Args:
        function: what is decorated, where the decorator stands without parentheses.
        name: the call's name; None: the function's qualified name.
        params: names of the arguments to log; None: all but ``self`` and ``cls``, with defaults filled in, so that
            one question has one form. Log identifiers rather than objects: an address makes each call another one.
        result: gives the metrics of what was returned, such as ``size``, ``found`` or ``digest``.
        write: what the function changes, such as a table's name; a write is no question that could be repeated.

    Raises:
        TypeError: it is no function, has no name, or is an asynchronous generator: trace what that one asks for.
    """
    wrap = functools.partial(_wrap, name=name, params=params, result=result, write=write)
    return wrap if function is None else wrap(function)


def _wrap(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    params: Iterable[str] | None = None,
    result: _Result | None = None,
    write: str | None = None,
) -> Callable[..., Any]:
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(_wrap(function.__func__, name=name, params=params, result=result, write=write))
    if isinstance(function, type) and name is None and params is None:
        wrap_members(function, functools.partial(_wrap, result=result, write=write))
        return function
    named = _Named(
        _find_name(function, name),
        _argument_reader(function, params),
        {"via": "python"} if write is None else {"via": "python", "write": write},
        result,
    )
    if inspect.isgeneratorfunction(function):
        if result is not None:
            raise TypeError(f"{named.name} is a generator: its result is how many it has yielded")
        return _wrap_generator(function, named)
    return _wrap_coroutine(function, named) if inspect.iscoroutinefunction(function) else _wrap_plain(function, named)


class _Named(NamedTuple):
    """What the calls of one decorated function have in common."""

    name: str
    arguments: _Arguments
    marks: dict[str, object]
    result: _Result | None

    def begin(self, log: _Log, origin: Origin, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _TracedCall:
        return _TracedCall(log, self.name, origin, self.arguments(args, kwargs), {**self.marks})

    def record(self, call: Call, returned: object) -> None:
        if self.result is not None:
            with suppress(Exception):
                call.record(**self.result(returned))


def _wrap_plain(function: Callable[..., Any], named: _Named) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever the function takes and gives
        if _log is None:
            return function(*args, **kwargs)
        with named.begin(_log, find_origin(_get_frame().f_back), args, kwargs) as call:
            returned = function(*args, **kwargs)
            named.record(call, returned)
        return returned

    return wrapper


def _wrap_coroutine(function: Callable[..., Any], named: _Named) -> Callable[..., Any]:
    async def run(origin: Origin, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401  # as above
        if _log is None:
            return await function(*args, **kwargs)
        with named.begin(_log, origin, args, kwargs) as call:
            returned = await function(*args, **kwargs)
            named.record(call, returned)
        return returned

    @functools.wraps(function)
    def coroutine_wrapper(*args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]:  # noqa: ANN401  # as above
        # Who calls is known here alone: once it is a task, the frame below is the event loop's.
        return function(*args, **kwargs) if _log is None else run(find_origin(_get_frame().f_back), args, kwargs)

    return mark_coroutine_function(coroutine_wrapper)


def _wrap_generator(function: Callable[..., Any], named: _Named) -> Callable[..., Any]:
    @functools.wraps(function)
    def generator_wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:  # noqa: ANN401  # as above
        steps = function(*args, **kwargs)
        if _log is not None:
            call = named.begin(_log, find_origin(_get_frame().f_back), args, kwargs)
            steps = _TracedSteps(call, steps)
        return (yield from steps)

    return generator_wrapper


def _find_name(function: Callable[..., Any], name: str | None) -> str:
    if isinstance(function, type) or not callable(function):
        raise TypeError(f"{function!r} is no function")
    named = function.func if isinstance(function, functools.partial) else function
    name = name or getattr(named, "__qualname__", None)
    if name is None:
        raise TypeError(f"{function!r} has no name: give it one, as traced(name=...)")
    if inspect.isasyncgenfunction(function):
        raise TypeError(f"{name} is an asynchronous generator: trace what it asks for, without a yield inside")
    return _short_name(name)


def wrap_members(owner: type, wrap: Callable[[Any], Any]) -> None:
    """Wraps each public function, static and class method that a class itself defines, in place."""
    for name, member in [*vars(owner).items()]:
        function = member.__func__ if isinstance(member, (staticmethod, classmethod)) else member
        if not name.startswith("_") and inspect.isfunction(function) and not inspect.isasyncgenfunction(function):
            setattr(owner, name, wrap(member))


def _argument_reader(function: Callable[..., Any], params: Iterable[str] | None) -> _Arguments:
    """What a call's arguments are by name, in the order of the signature: as ``signature.bind`` says, but faster."""
    parameters = inspect.signature(function).parameters.values()

    def names_of(*kinds: object) -> list[str]:
        return [each.name for each in parameters if each.kind in kinds]

    by_place = names_of(Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    by_name = names_of(Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    more_places, more_names = names_of(Parameter.VAR_POSITIONAL), names_of(Parameter.VAR_KEYWORD)
    defaults = {each.name: each.default for each in parameters if each.default is not Parameter.empty}
    logged = [each.name for each in parameters if each.name not in ("self", "cls")] if params is None else [*params]

    def read(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterable[tuple[str, object]]:
        bound = {**defaults, **dict(zip(by_place, args)), **kwargs}
        for name in more_places:
            bound[name] = args[len(by_place) :]
        for name in more_names:
            bound[name] = {key: value for key, value in kwargs.items() if key not in by_name}
        return [(name, bound[name]) for name in logged if name in bound]

    return read


def mark_coroutine_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Makes frameworks await what the wrapper returns, as they would what the function itself does."""
    if sys.version_info >= (3, 12):
        return inspect.markcoroutinefunction(function)
    import asyncio.coroutines  # noqa: PLC0415  # slow to import, and whoever has coroutines has it already

    function._is_coroutine = asyncio.coroutines._is_coroutine  # type: ignore[attr-defined]  # noqa: SLF001
    return function


def size(returned: Sized | None) -> dict[str, int]:
    """The result metric ``size``: how many there are; none for None."""
    return {"size": 0 if returned is None else len(returned)}


def found(returned: object) -> dict[str, int]:
    """The result metric ``found``: 0 for None, else 1."""
    return {"found": int(returned is not None)}


def digest(returned: object) -> dict[str, int]:
    """The result metric ``digest``: 63 bits of a hash of the answer's ``repr``; equal answers have equal ones."""
    code = hashlib.blake2b(repr(returned).encode("utf-8", "backslashreplace"), digest_size=8).digest()
    return {"digest": int.from_bytes(code, "big") >> 1}


def find_origin(frame: FrameType | None) -> Origin:
    """The function that a frame runs, the line it is at, and which run asks.

    Nothing where there is no frame, or it only schedules what others have handed in, as event loops and pytest do.
    The run is told where no call stands around, or a test alone: within a request, say, all that is asked belongs
    together anyway.
    """
    if frame is None or runs_in(frame, _SCHEDULERS):
        return Origin()
    code = frame.f_code
    path = _path_in_repository(code.co_filename)
    around = None if _log is None else _find_running(_current.get(), _log)
    is_loose = around is None or around.marks["via"] == "pytest"
    return Origin(
        _short_name(_qualified_name(code, frame)),
        None if path is None else f"{path}:{frame.f_lineno}",
        _number_activation(_find_run(frame) if around is not None else _leave_comprehension(frame))
        if is_loose
        else None,
    )


def name_caller(frame: FrameType | None) -> str | None:
    """The qualified name of the function that a frame runs, as ``find_origin`` gives it."""
    return find_origin(frame).caller


def _number_activation(frame: FrameType) -> int | None:
    """The number of this run of the frame's function; None where the frame is a debugger's or a tracer's."""
    held = frame.f_trace
    if held is None and _HAS_ACTIVATIONS and sys.gettrace() is None:
        frame.f_trace = held = _Activation()
    return held.number if type(held) is _Activation else None


def _find_run(frame: FrameType) -> FrameType:
    """The run within a test that a call belongs to: of the function that the test has called, else of the caller.

    What the test's own functions ask in a loop they ask there; what one function asks by way of others, it asks.
    """
    stack: list[FrameType] = []
    outer: FrameType | None = frame
    while outer is not None and not runs_in(outer, _TEST_RUNNERS):
        if not runs_in(outer, _AROUND_TESTS):
            stack.append(outer)
        outer = outer.f_back
    if outer is None or not stack:  # a thread of its own
        return _leave_comprehension(frame)
    test = stack.pop().f_code
    own = f"{_qualified_name(test, frame)}.<locals>."
    while stack:
        called = stack.pop()
        is_tests = called.f_code.co_filename == test.co_filename and (
            called.f_code.co_name in _COMPREHENSIONS or _qualified_name(called.f_code, called).startswith(own)
        )
        if not is_tests:
            return called
    return _leave_comprehension(frame)


def _leave_comprehension(frame: FrameType) -> FrameType:
    """The frame of the function that a comprehension, or a lambda, stands in, where it runs there."""
    if frame.f_code.co_name not in _COMPREHENSIONS:
        return frame
    name = _short_name(_qualified_name(frame.f_code, frame))
    around: FrameType | None = frame
    for _ in range(_FRAMES_TO_SEARCH):
        around = around and around.f_back
        if around is None:
            break
        code = around.f_code
        if code.co_filename == frame.f_code.co_filename and code.co_name not in _COMPREHENSIONS:
            return around if _short_name(_qualified_name(code, around)) == name else frame
    return frame


def _qualified_name(code: CodeType, frame: FrameType) -> str:
    name: str | None = getattr(code, "co_qualname", None)  # from Python 3.11 on
    if name is not None:
        return name
    if code.co_name in _COMPREHENSIONS and frame.f_back is not None and frame.f_back.f_globals is frame.f_globals:
        return f"{_qualified_name(frame.f_back.f_code, frame.f_back)}.<locals>.{code.co_name}"
    return _search_qualified_name(code, str(frame.f_globals.get("__name__")))


@functools.lru_cache(maxsize=4096)
def _search_qualified_name(code: CodeType, module: str) -> str:
    """What a module's function, or a method of one of its classes, is called that has this code; else its bare name."""
    namespaces: list[Mapping[str, Any]] = [vars(sys.modules[module])] if module in sys.modules else []
    for namespace in namespaces:
        for member in [*namespace.values()]:
            function = getattr(member, "__func__", member)
            function = inspect.unwrap(function) if callable(function) else function
            if getattr(function, "__code__", None) is code:
                return str(function.__qualname__)
            if isinstance(member, type) and member.__module__ == module and vars(member) not in namespaces:
                namespaces.append(vars(member))
    return code.co_name


@functools.lru_cache(maxsize=4096)
def _path_in_repository(filename: str) -> str | None:
    """A source file's path from the root of its repository, else from where the program began; None: it has none."""
    if filename.startswith("<"):
        return None
    path = os.path.normpath(os.path.join(_START_FOLDER, filename))  # noqa: PTH118  # pathlib is slow to import
    root = _find_root(os.path.dirname(path)) or _START_FOLDER  # noqa: PTH120  # as above
    inside = os.path.join(root, "")  # noqa: PTH118  # as above
    return path[len(inside) :].replace(os.sep, "/") if path.startswith(inside) else None


@functools.lru_cache(maxsize=4096)
def _find_root(folder: str) -> str | None:
    if any(os.path.exists(os.path.join(folder, mark)) for mark in _REPOSITORY_MARKS):  # noqa: PTH110, PTH118  # as above
        return folder
    above = os.path.dirname(folder)  # noqa: PTH120  # as above
    return None if above == folder else _find_root(above)


def known_files(packages: tuple[str, ...]) -> dict[str, bool]:
    """By source file whether ``runs_in`` has found it to be of the packages: a walk along a stack asks this first."""
    return _files_inside.setdefault(packages, {})


def runs_in(frame: FrameType, packages: tuple[str, ...]) -> bool:
    """Whether a frame runs code of one of the packages: not that of another whose name begins as theirs does."""
    known, file = known_files(packages), frame.f_code.co_filename
    is_inside = known.get(file)
    if is_inside is None:
        module = f"{frame.f_globals.get('__name__')}."
        is_inside = module.startswith(tuple(f"{package}." for package in packages))
        if not file.startswith("<"):  # what is made at run time, by any module
            known[file] = is_inside
    return is_inside


@functools.lru_cache(maxsize=4096)
def _short_name(qualified_name: str) -> str:
    return re.sub(r"\.<locals>(\.<\w+>)*", "", qualified_name)


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001  # an object that can't be printed must not end the call
        return f"<unprintable {type(value).__name__}>"


def _to_unsigned(name: str, value: object) -> int | None:
    try:
        number = int(value) if isinstance(value, float) and name.endswith(_TIME_UNITS) else index(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 0 <= number <= _LARGEST_METRIC else None


def _restart_after_fork() -> None:
    """Gives the forked process its own counter, and its own file where the name asks for one."""
    global _log  # noqa: PLW0603
    if _log is None:
        return
    target, _log = _log.target, None
    with suppress(OSError):
        _log = _Log(target)


def _start_from_environment() -> None:
    target = os.environ.get(_VARIABLE, "")
    if target.lower() in OFF_WORDS:
        return
    try:
        _start(target)
    except OSError as error:
        _give_up(target, error)


def _give_up(target: str, error: OSError) -> None:
    """Says once why nothing is traced, and lets the program go on."""
    stop()
    if sys.stderr is not None:
        sys.stderr.write(f"{_VARIABLE}={target}: {error.strerror}; nothing is traced\n")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_restart_after_fork)
_start_from_environment()
