"""The hooks for libraries: which there are, and how they switch themselves on when their library is imported.

A hook is one small module that extends a few functions of its library. It never changes what the program does: what
the function gives or raises stays as it is, and an error of the hook's own is no error of the program.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import sys
from types import FunctionType
from typing import TYPE_CHECKING, Any

from .calls import NOT_TRACED, Call
from .libraries import HOOKS
from .log import now
from .modules import trace_module, when_imported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType, FrameType

    _Record = Callable[[Call, Any, tuple[Any, ...], dict[str, Any]], None]

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_EXTENDED = "_perf_trace_around"
_traced: set[str] = set()
"""Modules that are traced, or will be: a command and the plugin may both name one."""
_settled: set[str] = set()
"""The hooks that trace their library, which has been imported, and those that were left out."""
_PLACES_KEPT = 4096
_places: dict[tuple[int, int], tuple[CodeType, FunctionType]] = {}
"""By a code's identity and an instruction: the code, kept so that no other gets its identity, and what calls there."""
_call: Any = lambda function, *args, __tracebackhide__=True, **kwargs: function(*args, **kwargs)  # noqa: ARG005, E731  # all of it on its first line
WITHOUT_VARIABLE = "PERF_TRACE_WITHOUT"
MODULES_VARIABLE = "PERF_TRACE_MODULES"


def switch_on(without: Iterable[str] = (), modules: Iterable[str] = ()) -> None:
    """Has each hook switch itself on when its library is imported, or now if it has been.

    Args:
        without: names of hooks that are to stay off, besides those that ``PERF_TRACE_WITHOUT`` names, with commas.
        modules: modules to trace all functions of, besides those that ``PERF_TRACE_MODULES`` names, with commas.

    Raises:
        ValueError: there is no hook of that name.
    """
    left_out = {*without, *_names_in(WITHOUT_VARIABLE)}
    if unknown := left_out - HOOKS.keys():
        raise ValueError(f"no hook is called {', '.join(sorted(unknown))}; there are {', '.join(HOOKS)}")
    _settled.update(left_out)
    for name, parts in HOOKS.items():
        if name not in left_out:
            for module, function in parts:
                when_imported(module, functools.partial(_switch_on, name, function))
                own = f"{__package__}.{function.partition(':')[0]}"
                if own not in sys.modules:
                    when_imported(own, functools.partial(_switch_on_late, name, module, function))
    for module in {*modules, *_names_in(MODULES_VARIABLE)} - _traced:
        _traced.add(module)
        trace_module(module)


def _names_in(variable: str) -> list[str]:
    return [name for part in os.environ.get(variable, "").split(",") if (name := part.strip())]


def _switch_on(hook: str, function: str) -> None:
    module, _, name = function.partition(":")
    getattr(importlib.import_module(f"{__package__}.{module}"), name)()
    _settled.add(hook)


def _switch_on_late(hook: str, library: str, function: str) -> None:
    """Switches a hook on whose module the program has imported itself: it wasn't whole when it imported the library."""
    if library in sys.modules:
        _switch_on(hook, function)


def is_settled(hook: str) -> bool:
    """Whether the hook of a name traces its library, or was left out: no other hook is to tell what that asks."""
    return hook in _settled


def extend(owner: type, name: str, around: Callable[..., Any], *, is_always: bool = False) -> None:
    """Puts a function around a method, once; ``around`` gets the method and then what that is called with.

    It is called while tracing is on, or always where it has to be.
    """

    def go_around(method: Callable[..., Any]) -> Callable[..., Any]:
        def extended(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever the method takes and gives
            if is_always or now.log is not None:
                return around(method, *args, **kwargs)
            return method(*args, **kwargs)

        async def extended_later(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
            if is_always or now.log is not None:
                return await around(method, *args, **kwargs)
            return await method(*args, **kwargs)

        # Whoever looks at a method that is a coroutine, a retry or a spy, is to see one.
        return extended_later if inspect.iscoroutinefunction(method) else extended

    _replace(owner, name, around, go_around)


def extend_asking(owner: type, name: str, begin: Callable[..., Call], record: _Record) -> None:
    """Makes each call of a method one of the trace, once.

    Args:
        owner: the class.
        name: the method's.
        begin: begins the call, by what the method is called with; where it fails, nothing is traced.
        record: records in the call what the method has given, by what it was called with, and by what names.
    """

    def put_in_call(method: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever the method takes and gives
            call = NOT_TRACED if now.log is None else safely(begin, *args, **kwargs)
            if call is NOT_TRACED:
                return method(*args, **kwargs)
            with call:
                answer = method(*args, **kwargs)
                record(call, answer, args, kwargs)
            return answer

        async def ask_later(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
            call = NOT_TRACED if now.log is None else safely(begin, *args, **kwargs)
            if call is NOT_TRACED:
                return await method(*args, **kwargs)
            with call:
                answer = await method(*args, **kwargs)
                record(call, answer, args, kwargs)
            return answer

        return ask_later if inspect.iscoroutinefunction(method) else ask

    _replace(owner, name, begin, put_in_call)


def _replace(
    owner: type, name: str, mark: object, replacement: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> None:
    """Replaces a method where it is defined, be that above the class: who replaces it there still does so for all.

    What isn't a function, such as a test's mock, is left alone, and so is what bears the mark already.
    """
    definer = next((each for each in owner.__mro__ if name in vars(each)), None)
    method = None if definer is None else vars(definer)[name]
    if inspect.isfunction(method) and getattr(method, _EXTENDED, None) != mark:
        extended = functools.wraps(method)(replacement(method))
        setattr(extended, _EXTENDED, mark)
        setattr(definer, name, extended)


def find_caller(frame: FrameType) -> FrameType:
    """The frame that calls a method, from the one that calls what is put around it."""
    is_ours = frame.f_code.co_filename == extend.__code__.co_filename
    return frame.f_back if is_ours and frame.f_back is not None else frame


def is_extended(method: object) -> bool:
    """Whether ``extend`` has put a function around a method."""
    return hasattr(method, _EXTENDED)


def safely(begin: Callable[..., Call], *args: Any, **kwargs: Any) -> Call:  # noqa: ANN401  # whatever it takes
    """Begins a call, or none where the program hands over what a hook doesn't understand: it is told by the library."""
    try:
        return begin(*args, **kwargs)
    except Exception:  # noqa: BLE001  # as above
        return NOT_TRACED


def call_from(frame: FrameType) -> Any:  # noqa: ANN401  # calls what it is given, with what it is given
    """Calls a function as from the line that a frame is at: what warns there names that line, and its module."""
    code = frame.f_code
    known = _places.get((id(code), frame.f_lasti))
    if known is None or known[1].__globals__ is not frame.f_globals:
        named: dict[str, Any] = {"co_filename": code.co_filename, "co_name": code.co_name}
        if sys.version_info >= (3, 11):
            named["co_qualname"] = code.co_qualname
        own = _call.__code__.replace(co_firstlineno=frame.f_lineno, **named)
        known = code, FunctionType(own, frame.f_globals)
        known[1].__kwdefaults__ = _call.__kwdefaults__
        module = sys.modules.get(str(frame.f_globals.get("__name__")))
        if module is not None and vars(module) is frame.f_globals:  # else, kept, it would keep all that they hold
            if len(_places) >= _PLACES_KEPT:
                _places.clear()
            _places[id(code), frame.f_lasti] = known
    return known[1]
