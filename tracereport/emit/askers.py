"""Who asks for what a library sends: the first function outside of it, or the one that has given that what to send."""

from __future__ import annotations

import inspect
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from .calls import NOWHERE, Origin
from .frames import read_locals
from .origins import find_origin, find_own_class, known_files, runs_around_tests, runs_in

if TYPE_CHECKING:
    from types import CodeType, FrameType

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
_inside: dict[int, tuple[dict[str, bool], tuple[str, ...], tuple[str, ...]]] = {}
"""By the identity of a library's packages, which each hook keeps in one tuple: which source files are known to be
theirs or ours, these packages and ours, and the tuple."""
_UNASKED = object()
_senders: dict[tuple[int, int], _Sender] = {}
"""By a code's identity and an instruction."""
_SENDERS_KEPT = 4096
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame


class _Sender(NamedTuple):
    """What is known of a place in a function that sends statements."""

    code: CodeType
    """Kept so that no other gets its identity."""
    own: str | None
    """The last text of the function's own."""
    is_given: bool | None
    """Whether it sends what it is given, where it is none of its own; None: that isn't known."""


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
    own = None if known is None else known.own
    for each in sent:
        if type(each) is str and (each == own or each in code.co_consts):
            if each != own:
                _remember_sender(frame, _Sender(code, each, None if known is None else known.is_given))
            return False
    if known is None or known.is_given is None:
        count = code.co_argcount + code.co_kwonlyargcount
        count += bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
        given = read_locals(frame, code.co_varnames[:count]) if count else []
        known = _Sender(code, own, any(_holds(value, sent) for value in given))
        _remember_sender(frame, known)
    return bool(known.is_given)


def _remember_sender(frame: FrameType, sender: _Sender) -> None:
    if len(_senders) >= _SENDERS_KEPT:
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
