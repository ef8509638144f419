r"""Writes trace lines from Python code: one file, standard library only, to import or to copy.

::

    from tracereport.emit import size, trace, traced

    @traced(result=size)
    def find_orders(customer_id: int) -> list[Order]: ...

    with trace("render", page=3) as call:
        body = template.render()
        call.record(bytes=len(body))

The environment variable ``PERF_TRACE`` switches it on: ``1`` writes to standard error, anything else is a file that is
appended to, in whose name ``%p`` stands for the process's number (one file for each process, forked ones included).
Unset, empty, ``0`` or ``off``: a decorated function costs one call and one comparison more, some 0.2 µs, and a ``with``
some 0.5 µs. ``PERF_TRACE_TEST`` names the test that a process belongs to.

A line is one write at the end of its call, by whatever way the call ends; the number is given at its start::

    PERF_TRACE|<number>|<function>|caller=<name>[|<param>=<value>]...|elapsed_us=<n>[|<metric>=<n>]...|parent=<number>

with ``parent=none`` for a call inside no other one. A ``|`` or newline in a text is written ``\x7c`` or ``\x0a``; such
a line ends with ``|escaped=1``, and each backslash of its texts is written ``\x5c``. Tracing never makes a program
fail: what can't be written or measured is left out.
"""

import errno
import functools
import hashlib
import inspect
import itertools
import os
import re
import sys
from collections.abc import Callable, Coroutine, Generator, Iterable, Mapping, Sized
from contextlib import suppress
from contextvars import ContextVar
from inspect import Parameter
from operator import index
from threading import RLock
from time import perf_counter_ns, sleep
from types import FrameType, TracebackType
from typing import Any, ParamSpec, Self, TypeVar, overload

__all__ = [
    "Call",
    "begin",
    "digest",
    "found",
    "is_on",
    "is_standard_error",
    "name_caller",
    "name_test",
    "runs_in",
    "size",
    "start",
    "stop",
    "trace",
    "traced",
]

_Params = ParamSpec("_Params")
_Returned = TypeVar("_Returned")
_Result = Callable[[Any], Mapping[str, float]]
_Arguments = Callable[[tuple[Any, ...], dict[str, Any]], Iterable[tuple[str, object]]]

_VARIABLE = "PERF_TRACE"
_TEST_VARIABLE = "PERF_TRACE_TEST"
_OFF_WORDS = frozenset({"", "0", "off", "false", "no"})
_STANDARD_ERROR_WORDS = frozenset({"1", "on", "true", "yes", "stderr"})
_ELAPSED_NAMES = frozenset({"elapsed_ms", "elapsed_us", "elapsed_ns", "elapsed_s"})
_METRIC_NAMES = _ELAPSED_NAMES | {"parent", "escaped", "test"}
_TIME_UNITS = ("_ms", "_us", "_ns")
_LARGEST_METRIC = 2**64 - 1
_ESCAPES = {ord("\\"): r"\x5c", ord("|"): r"\x7c", ord("\n"): r"\x0a"}
_UNKNOWN = "unknown"
_SCHEDULERS = ("asyncio", "concurrent.futures", "threading", "multiprocessing")
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame


class Call:
    """What ``with trace(...) as call`` gives. While tracing is off it is this class, which does nothing."""

    __slots__ = ()

    def record(self, **metrics: float) -> None:
        """Adds metrics to the call's line: what came out of it, as unsigned integers; a flag counts as 0 or 1.

        Results (``rows``, ``bytes``, ``found``, a ``digest``) are what a repeat is judged by. A time carries its unit
        as a suffix (``query_us``), and its decimals are cut off. What else is no unsigned 64-bit integer is left out.
        """

    def finish(self) -> None:
        """Ends the call and writes its line."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass


class _Log:
    """One run of the call counter, and the file that its lines go to."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.numbers = itertools.count()
        self.descriptor = 2
        self.lock = RLock()  # one that a signal's handler, or a finalizer, may come back to amid a write
        if is_standard_error(target):
            if sys.__stderr__ is None:  # closed before the program began: the next file that it opens gets the number 2
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        else:
            path = target.replace("%p", str(os.getpid()))
            self.descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, line: str) -> None:
        rest = memoryview(line.encode("utf-8", "backslashreplace"))
        with self.lock, suppress(OSError):  # a pipe takes a long line in parts
            while rest:
                try:
                    rest = rest[os.write(self.descriptor, rest) :]
                except BlockingIOError:  # a pipe that is full for now, and set not to block
                    sleep(0.001)

    def close(self) -> None:
        if self.descriptor > 2:  # noqa: PLR2004  # standard error isn't ours to close
            os.close(self.descriptor)


class _TracedCall(Call):
    """A call that is being timed."""

    __slots__ = ("before", "enclosing", "function", "is_running", "log", "metrics", "number", "started_ns")
    function: str

    def __init__(self, log: _Log, function: str, caller: str | None, params: Iterable[tuple[str, object]]) -> None:
        self.enclosing = _find_running(_current.get(), log)
        if caller is None:
            caller = _UNKNOWN if self.enclosing is None else self.enclosing.function
        self.function = _text(function)
        self.before = [self.function, f"caller={caller}"]
        for name, value in params:
            self.before.append(f"{f'{name}_' if name in _ELAPSED_NAMES else name}={_text(value)}")
        self.metrics: dict[str, float] = {}
        self.log = log
        self.is_running = True
        self.number = next(log.numbers)
        _current.set(self)
        self.started_ns = perf_counter_ns()

    def record(self, **metrics: float) -> None:
        self.metrics.update(metrics)

    def __exit__(self, *_: object) -> None:
        self.finish()

    def finish(self) -> None:
        elapsed_us = (perf_counter_ns() - self.started_ns) // 1000
        if not self.is_running:
            return
        self.is_running = False
        # In whatever order calls end, and in whatever context: what goes on is the innermost that hasn't ended.
        _current.set(_find_running(_current.get(), self.log))
        if self.log is _log:
            self.log.write(self._line(elapsed_us))

    def _line(self, elapsed_us: int) -> str:
        before = self.before
        behind = [
            f"{f'{name}_' if name in _METRIC_NAMES else name}={number}"
            for name, value in self.metrics.items()
            if (number := _to_unsigned(name, value)) is not None
        ]
        if _test is not None:
            behind.append(f"test={_test}")
        elapsed = f"elapsed_us={elapsed_us}"
        end = f"parent={'none' if self.enclosing is None else self.enclosing.number}"
        text = "|".join([*before, elapsed, *behind])
        if text.count("|") != len(before) + len(behind) or "\n" in text:
            before = [field.translate(_ESCAPES) for field in before]
            behind = [field.translate(_ESCAPES) for field in behind]
            end += "|escaped=1"
            text = "|".join([*before, elapsed, *behind])
        if "PERF_TRACE|" in f"{text}|":
            # A text that ends with the mark looks like a torn line; the second elapsed field says that it is whole.
            elapsed = f"elapsed_ms={elapsed_us // 1000}|{elapsed}"
            text = "|".join([*before, elapsed, *behind])
        return f"PERF_TRACE|{self.number}|{text}|{end}\n"


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
        except BaseException:
            self._leave(outside)
            self._call.record(yielded=self._yielded)
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
    """The call, or the nearest around it that hasn't ended (as a task's may) nor is in the log from before a fork."""
    while call is not None and not (call.is_running and call.log is log):
        call = call.enclosing
    return call


_current: ContextVar[_TracedCall | None] = ContextVar("perf_trace_call", default=None)
_log: _Log | None = None
_test: str | None = os.environ.get(_TEST_VARIABLE)
_NOT_TRACED = Call()


def start(target: str) -> None:
    """Switches tracing on, whatever the environment says.

    Args:
        target: ``1`` for standard error, or the file to append to, with ``%p`` for the process's number.

    Raises:
        OSError: the file can't be opened, or there is no standard error.
    """
    global _log  # noqa: PLW0603  # one log for each process is what this module is for
    stop()
    _log = _Log(target if is_standard_error(target) else os.path.abspath(target))  # noqa: PTH100  # pathlib is slow to import


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


def name_test(name: str | None) -> None:
    """Names the test that the calls ending from now on belong to, in any thread and in processes started from now on.

    None: they belong to no test.
    """
    global _test  # noqa: PLW0603
    _test = name
    os.environ.pop(_TEST_VARIABLE, None)
    if name is not None:
        with suppress(ValueError):  # an environment that can't hold it
            os.environ[_TEST_VARIABLE] = name.replace("\0", "").encode("utf-8", "backslashreplace").decode()


def begin(function: str, params: Iterable[tuple[str, object]], caller: str | None) -> Call:
    """Begins a call by hand, for hooks that see start and end in two places; ``finish()`` ends it.

    Args:
        function: what is called.
        params: names and values of what it is asked for, in order. Values are written as ``str`` gives them.
        caller: who calls; None: the enclosing traced call.
    """
    return _NOT_TRACED if _log is None else _TracedCall(_log, function, caller, params)


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
    place = _UNKNOWN if frame is None else _short_name(frame.f_code.co_qualname)
    if function is None or function in (place, place.rpartition(".")[2]):
        function = function or place
        frame = frame and frame.f_back
    caller = _text(params.pop("caller")) if "caller" in params else name_caller(frame)
    return _TracedCall(_log, function, caller, params.items())


@overload
def traced(function: Callable[_Params, _Returned], /) -> Callable[_Params, _Returned]: ...


@overload
def traced(
    *, name: str | None = None, params: Iterable[str] | None = None, result: _Result | None = None
) -> Callable[[Callable[_Params, _Returned]], Callable[_Params, _Returned]]: ...


def traced(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    params: Iterable[str] | None = None,
    result: _Result | None = None,
) -> Callable[..., Any]:
    """Times each call of a function, coroutine or generator.

    A generator is one call from its first step to its last, that lasts as long as its steps do together, without its
    consumer's time between them; its result metric ``yielded`` says how many there were.

    Args:
        function: what is decorated, where the decorator stands without parentheses.
        name: the call's name; None: the function's qualified name.
        params: names of the arguments to log; None: all but ``self`` and ``cls``, with defaults filled in, so that
            one question has one form. Log identifiers rather than objects: an address makes each call another one.
        result: gives the metrics of what was returned, such as ``size``, ``found`` or ``digest``.

    Raises:
        TypeError: it is no function, has no name, or is an asynchronous generator: trace what that one asks for.
    """
    if function is None:
        return functools.partial(_wrap, name=name, params=params, result=result)
    return _wrap(function, name=name, params=params, result=result)


def _wrap(
    function: Callable[..., Any], *, name: str | None, params: Iterable[str] | None, result: _Result | None
) -> Callable[..., Any]:
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(_wrap(function.__func__, name=name, params=params, result=result))
    name = _find_name(function, name)
    arguments = _argument_reader(function, params)
    if inspect.isgeneratorfunction(function):
        if result is not None:
            raise TypeError(f"{name} is a generator: its result is how many it has yielded")
        return _wrap_generator(function, name, arguments)

    def finish(call: Call, returned: object) -> None:
        if result is not None:
            with suppress(Exception):
                call.record(**result(returned))

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever the function takes and gives
        if _log is None:
            return function(*args, **kwargs)
        with _TracedCall(_log, name, name_caller(_get_frame().f_back), arguments(args, kwargs)) as call:
            returned = function(*args, **kwargs)
            finish(call, returned)
        return returned

    async def run(caller: str | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401
        with begin(name, arguments(args, kwargs), caller) as call:
            returned = await function(*args, **kwargs)
            finish(call, returned)
        return returned

    @functools.wraps(function)
    def coroutine_wrapper(*args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]:  # noqa: ANN401
        # Who calls is known here alone: once it is a task, the frame below is the event loop's.
        return function(*args, **kwargs) if _log is None else run(name_caller(_get_frame().f_back), args, kwargs)

    return _mark_coroutine_function(coroutine_wrapper) if inspect.iscoroutinefunction(function) else wrapper


def _wrap_generator(function: Callable[..., Any], name: str, arguments: _Arguments) -> Callable[..., Any]:
    @functools.wraps(function)
    def generator_wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:  # noqa: ANN401
        steps = function(*args, **kwargs)
        if _log is not None:
            call = _TracedCall(_log, name, name_caller(_get_frame().f_back), arguments(args, kwargs))
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
        bound = {**defaults, **dict(zip(by_place, args, strict=False)), **kwargs}
        for name in more_places:
            bound[name] = args[len(by_place) :]
        for name in more_names:
            bound[name] = {key: value for key, value in kwargs.items() if key not in by_name}
        return [(name, bound[name]) for name in logged if name in bound]

    return read


def _mark_coroutine_function(function: Callable[..., Any]) -> Callable[..., Any]:
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
    return {"digest": int.from_bytes(code) >> 1}


def name_caller(frame: FrameType | None) -> str | None:
    """The qualified name of the function that a frame runs; a comprehension counts to the function it stands in.

    None where there is no frame, or it only schedules what others have handed in, as event loops and thread pools do.
    """
    if frame is None or runs_in(frame, _SCHEDULERS):
        return None
    return _short_name(frame.f_code.co_qualname)


def runs_in(frame: FrameType, packages: tuple[str, ...]) -> bool:
    """Whether a frame runs code of one of the packages: not that of another whose name begins as theirs does."""
    return _is_in(str(frame.f_globals.get("__name__")), packages)


@functools.lru_cache(maxsize=4096)
def _is_in(module: str, packages: tuple[str, ...]) -> bool:
    return f"{module}.".startswith(tuple(f"{package}." for package in packages))


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
    if target.lower() in _OFF_WORDS:
        return
    try:
        start(target)
    except OSError as error:
        if sys.stderr is not None:
            sys.stderr.write(f"{_VARIABLE}={target}: {error.strerror}; nothing is traced\n")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_restart_after_fork)
_start_from_environment()
