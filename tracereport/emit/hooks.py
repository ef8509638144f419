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
from typing import TYPE_CHECKING, Any, NamedTuple

from .calls import NOT_TRACED, NOWHERE, Call, Origin
from .frames import read_locals
from .libraries import HOOKS
from .log import now
from .modules import trace_module, when_imported
from .origins import find_origin, find_own_class, known_files, runs_around_tests, runs_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType, FrameType

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_EXTENDED = "_perf_trace_around"
_inside: dict[int, tuple[dict[str, bool], tuple[str, ...], tuple[str, ...]]] = {}
"""By the identity of a library's packages, which each hook keeps in one tuple: which source files are known to be
theirs or ours, these packages and ours, and the tuple."""
_UNASKED = object()
_traced: set[str] = set()
"""Modules that are traced, or will be: a command and the plugin may both name one."""
_settled: set[str] = set()
"""The hooks that trace their library, which has been imported, and those that were left out."""
_MAKERS = (
    "factory.alchemy",
    "factory.base",
    "factory.builder",
    "factory.declarations",
    "factory.django",
    "factory.helpers",
    "model_bakery",
    "mixer",
    "polyfactory",
)
"""Packages that make a test's rows: a program's own package may well be called ``factory``."""
_CARRIERS = ("jinja2", "mako", "pydantic", "marshmallow", "fastapi", "starlette", "flask", "werkzeug", *_MAKERS)
"""Packages that only carry out what the program has handed over: its templates, its serializers, its views."""
_LOOPS = ("asyncio",)
_REQUESTS = frozenset(
    os.path.join(os.path.dirname(__file__), f"{name}.py")  # noqa: PTH118, PTH120  # as a frame tells it
    for name in ("celery", "django_requests", "flask", "starlette")
)
"""Our files whose frames stand around a request, or around a task of a queue."""
_PLACES_KEPT = 4096
_places: dict[tuple[int, int], tuple[CodeType, FunctionType]] = {}
"""By a code's identity and an instruction: the code, kept so that no other gets its identity, and what calls there."""
_senders: dict[tuple[int, int], _Sender] = {}
"""By a code's identity and an instruction."""
_call: Any = lambda function, *args, __tracebackhide__=True, **kwargs: function(*args, **kwargs)  # noqa: ARG005, E731  # all of it on its first line
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame
WITHOUT_VARIABLE = "PERF_TRACE_WITHOUT"
MODULES_VARIABLE = "PERF_TRACE_MODULES"


class _Sender(NamedTuple):
    """What is known of a place in a function that sends statements."""

    code: CodeType
    """Kept so that no other gets its identity."""
    own: object
    """The last text of the function's own."""
    is_given: bool | None
    """Whether it sends what it is given, where it is none of its own; None: that isn't known."""


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

    It is called while tracing is on, or always where it has to be. It is put where the method is defined, be that above
    the class: whoever replaces it there still replaces it for all.
    What isn't a function, such as a test's mock, is left alone.
    """
    definer = next((each for each in owner.__mro__ if name in vars(each)), None)
    method = None if definer is None else vars(definer)[name]
    if not inspect.isfunction(method) or getattr(method, _EXTENDED, None) == around:
        return

    if inspect.iscoroutinefunction(method):  # whoever looks at it, a retry or a spy, is to see one

        @functools.wraps(method)
        async def extended(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever the method takes and gives
            if is_always or now.log is not None:
                return await around(method, *args, **kwargs)
            return await method(*args, **kwargs)

    else:

        @functools.wraps(method)
        def extended(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
            if is_always or now.log is not None:
                return around(method, *args, **kwargs)
            return method(*args, **kwargs)

    setattr(extended, _EXTENDED, around)
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


def find_outside(
    machinery: tuple[str, ...], start: FrameType | None = None, sent: tuple[object, ...] = ()
) -> Origin | None:
    """The first function outside a library's packages and ours; None where the stack holds none.

    A function that is given what it sends, as a program's own ``query(sql)`` is, does so for the one that gives it.

    A request is as far as it goes: who sends it, in the same thread, is not who asks. Where only libraries stand
    between, it is a class of the program's that they work for, such as a serializer. The stack goes on through the
    greenlets in which asynchronous code runs synchronous one.
    """
    known, inside, _ = _inside.get(id(machinery)) or _remember_inside(machinery)
    frame: Any = start or _get_frame(1)
    waiting: Any = _UNASKED
    while True:
        try:  # some twenty frames for each statement: to be caught at the end is less than to ask each time
            while known[frame.f_code.co_filename]:
                frame = frame.f_back
            break
        except KeyError:
            if frame.f_code.co_filename in _REQUESTS:
                return find_own_class(start or _get_frame(1), frame)
            if not runs_in(frame, inside):
                break
            frame = frame.f_back
        except AttributeError:  # the stack has ended
            if waiting is _UNASKED:
                greenlet = sys.modules.get("greenlet")
                waiting = greenlet.getcurrent().parent if greenlet is not None else None
            if waiting is None:
                return None
            frame, waiting = waiting.gr_frame, waiting.parent
    origin = find_origin(_find_giver(frame, sent, inside) if sent else frame)
    return find_origin(_find_starter(frame, inside)) if origin is NOWHERE else origin


def _find_starter(frame: FrameType, inside: tuple[str, ...]) -> FrameType | None:
    """Who has called a library that began an event loop of its own to ask, from a frame of that loop; None: nobody."""
    outer: FrameType | None = frame
    for packages in (_LOOPS, inside):
        before = outer
        while outer is not None and runs_in(outer, packages):
            outer = outer.f_back
        if outer is before:
            return None
    return outer


def _find_giver(frame: FrameType, sent: tuple[object, ...], inside: tuple[str, ...]) -> FrameType:
    """The frame that gives what a frame sends: outward over all that only pass it on, short of libraries and tests."""
    while _sends_what_it_is_given(frame, sent):
        outer = frame.f_back
        if outer is None or runs_in(outer, inside) or runs_around_tests(outer):
            break
        frame = outer
    return frame


def _sends_what_it_is_given(frame: FrameType, sent: tuple[object, ...]) -> bool:
    """Whether an argument of the function is what is sent; at each place in it the first time tells for all.

    A text that stands in the function is its own, whatever it is given at other times.
    """
    code = frame.f_code
    known = _senders.get((id(code), frame.f_lasti))
    if known is not None and known.own is sent[0]:
        return False
    for each in sent:
        if type(each) is str and each in code.co_consts:
            _remember_sender(frame, _Sender(code, sent[0], None if known is None else known.is_given))
            return False
    if known is None or known.is_given is None:
        count = code.co_argcount + code.co_kwonlyargcount
        count += bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
        given = read_locals(frame, code.co_varnames[:count]) if count else []
        known = _Sender(code, _UNASKED, any(_holds(value, sent) for value in given))
        _remember_sender(frame, known)
    return bool(known.is_given)


def _remember_sender(frame: FrameType, sender: _Sender) -> None:
    if len(_senders) >= _PLACES_KEPT:
        _senders.clear()
    _senders[id(frame.f_code), frame.f_lasti] = sender


def _holds(value: object, sent: tuple[object, ...]) -> bool:
    """Whether a value is what is sent, or holds it as the arguments do that a function takes as they come."""
    if isinstance(value, (tuple, dict)):
        return any(_is_one_of(each, sent) for each in (value.values() if isinstance(value, dict) else value))
    return _is_one_of(value, sent)


def _is_one_of(value: object, sent: tuple[object, ...]) -> bool:
    # Only texts are compared: an object of the program's may make something else of ``==``.
    return any(value is each or (type(value) is str and type(each) is str and value == each) for each in sent)


def _remember_inside(machinery: tuple[str, ...]) -> tuple[dict[str, bool], tuple[str, ...], tuple[str, ...]]:
    inside = (*machinery, *_CARRIERS, str(__package__))
    return _inside.setdefault(id(machinery), (known_files(inside), inside, machinery))
