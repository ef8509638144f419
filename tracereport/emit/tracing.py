"""What a program's own code is traced by: ``with trace(...)`` and ``@traced``."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from inspect import Parameter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

from .calls import NO_FAILURES, NOT_TRACED, UNKNOWN, Call, Origin, TracedCall, current
from .lines import format_params, to_text
from .log import Log, now
from .naming import qualified_name
from .origins import find_origin, short_name
from .system import System

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from typing_extensions import ParamSpec

    _Params = ParamSpec("_Params")

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_Returned = TypeVar("_Returned")
_Result = Callable[[Any], Mapping[str, float]]
_Arguments = Callable[[tuple[Any, ...], dict[str, Any]], Iterable[tuple[str, object]]]
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame


def trace(function: str | None = None, /, **params: object) -> Call:
    """Times the block of a ``with`` statement as one call.

    Args:
        function: the call's name; None: the function that the statement stands in.
        params: what it is asked for. One called ``caller`` names the caller.

    The caller is the function that the statement stands in, or, where that is the traced function itself, its caller.
    No ``yield`` belongs into the block, but that of a context manager or fixture: until the block goes on, whatever the
    consumer does would be part of the call. Decorate the generator with ``traced``.
    """
    log = now.log
    if log is None:
        return NOT_TRACED
    frame = _get_frame().f_back
    place = UNKNOWN if frame is None else short_name(qualified_name(frame.f_code, frame))
    if function is None or function in (place, place.rpartition(".")[2]):
        function = function or place
        frame = frame and frame.f_back
    origin = find_origin(frame)
    if "caller" in params:
        origin = origin._replace(caller=to_text(params.pop("caller")))
    return TracedCall(log, to_text(function), origin, format_params(params.items()), "python", {})


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


class _TracedSteps(Generator[Any, Any, Any]):
    """A generator as one call, entered at each step and left at each ``yield``: its consumer isn't part of it."""

    def __init__(self, call: TracedCall, generator: Generator[Any, Any, Any]) -> None:
        self._call, self._generator = call, generator
        self._yielded = 0
        self._leave(call.enclosing)

    def send(self, value: Any) -> Any:  # noqa: ANN401  # whatever the generator takes and gives
        return self._step(self._generator.send, value)

    def throw(self, *error: Any) -> Any:  # noqa: ANN401  # as above
        return self._step(self._generator.throw, *error)

    def _step(self, resume: Callable[..., Any], *args: Any) -> Any:  # noqa: ANN401  # as above
        outside = current.get()
        current.set(self._inside)
        self._call.started_ns += System.now_ns() - self._left_ns
        try:
            yielded = resume(*args)
        except BaseException as error:
            self._leave(outside)
            self._call.record(yielded=self._yielded)
            self._call.mark(failed=not isinstance(error, NO_FAILURES))
            self._call.finish()
            raise
        self._yielded += 1
        self._leave(outside)
        return yielded

    def _leave(self, outside: TracedCall | None) -> None:
        self._left_ns = System.now_ns()
        self._inside = current.get()
        current.set(outside)


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
        {} if write is None else {"write": write},
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

    def begin(self, log: Log, origin: Origin, args: tuple[Any, ...], kwargs: dict[str, Any]) -> TracedCall:
        return TracedCall(log, self.name, origin, format_params(self.arguments(args, kwargs)), "python", {**self.marks})

    def record(self, call: Call, returned: object) -> None:
        if self.result is not None:
            with suppress(Exception):
                call.record(**self.result(returned))


def _wrap_plain(function: Callable[..., Any], named: _Named) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever the function takes and gives
        log = now.log
        if log is None:
            return function(*args, **kwargs)
        with named.begin(log, find_origin(_get_frame().f_back), args, kwargs) as call:
            returned = function(*args, **kwargs)
            named.record(call, returned)
        return returned

    return wrapper


def _wrap_coroutine(function: Callable[..., Any], named: _Named) -> Callable[..., Any]:
    async def run(origin: Origin, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: ANN401  # as above
        log = now.log
        if log is None:
            return await function(*args, **kwargs)
        with named.begin(log, origin, args, kwargs) as call:
            returned = await function(*args, **kwargs)
            named.record(call, returned)
        return returned

    @functools.wraps(function)
    def coroutine_wrapper(*args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]:  # noqa: ANN401  # as above
        # Who calls is known here alone: once it is a task, the frame below is the event loop's.
        return function(*args, **kwargs) if now.log is None else run(find_origin(_get_frame().f_back), args, kwargs)

    return mark_coroutine_function(coroutine_wrapper)


def _wrap_generator(function: Callable[..., Any], named: _Named) -> Callable[..., Any]:
    @functools.wraps(function)
    def generator_wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:  # noqa: ANN401  # as above
        steps, log = function(*args, **kwargs), now.log
        if log is not None:
            call = named.begin(log, find_origin(_get_frame().f_back), args, kwargs)
            steps = _TracedSteps(call, steps)
        return (yield from steps)

    return generator_wrapper


def _find_name(function: Callable[..., Any], name: str | None) -> str:
    if isinstance(function, type) or not callable(function):
        raise TypeError(f"{function!r} is not a function")
    named = function.func if isinstance(function, functools.partial) else function
    name = name or getattr(named, "__qualname__", None)
    if name is None:
        raise TypeError(f"{function!r} has no name: give it one, as traced(name=...)")
    if inspect.isasyncgenfunction(function):
        raise TypeError(f"{name} is an asynchronous generator: trace what it asks for, without a yield inside")
    return short_name(name)


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
