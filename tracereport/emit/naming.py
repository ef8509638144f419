"""What the function that a frame runs is called, on versions of Python before 3.11, too, whose code doesn't tell it."""

from __future__ import annotations

import functools
import sys
from types import FunctionType, MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import CodeType, FrameType

COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "<lambda>")
_METHODS = (staticmethod, classmethod)
_WRAPPERS = 20
"""How many may lie around a function; an object may say of itself that it wraps another one, for ever."""


def qualified_name(code: CodeType, frame: FrameType) -> str:
    """What the function that a frame runs is called, with what it is defined in."""
    name: str | None = getattr(code, "co_qualname", None)  # from Python 3.11 on
    if name is not None:
        return name
    if code.co_name in COMPREHENSIONS and frame.f_back is not None and frame.f_back.f_globals is frame.f_globals:
        return f"{qualified_name(frame.f_back.f_code, frame.f_back)}.<locals>.{code.co_name}"
    return search_qualified_name(code, str(frame.f_globals.get("__name__")))


@functools.lru_cache(maxsize=4096)
def search_qualified_name(code: CodeType, module: str) -> str:
    """What a module's function, or a method of one of its classes, is called that has this code; else its bare name."""
    for member in _list_members(module):
        function = _unwrap(member)
        if type(function) is FunctionType and function.__code__ is code:
            return function.__qualname__
    return code.co_name


def _list_members(module: str) -> Iterator[object]:
    """What a module holds, and what the classes hold that are its own, as deep as they stand in one another."""
    namespaces: list[Mapping[str, object]] = [vars(sys.modules[module])] if module in sys.modules else []
    classes: set[int] = set()
    for namespace in namespaces:
        for member in [*namespace.values()]:
            yield member
            if issubclass(type(member), type) and id(member) not in classes:
                own = _read_namespace(member)
                if own.get("__module__") == module:
                    classes.add(id(member))
                    namespaces.append(own)


def _unwrap(member: object) -> object:
    """The innermost function of what decorators have made."""
    for _ in range(_WRAPPERS):
        is_method = type(member) in _METHODS
        inner = member.__func__ if is_method else _read_namespace(member).get("__wrapped__")  # type: ignore[attr-defined]
        if inner is None:
            break
        member = inner
    return member


def _read_namespace(member: object) -> Mapping[str, object]:
    """The attributes of an object, of which nothing is asked: it may stand for another one, and have none for now."""
    try:
        own = object.__getattribute__(member, "__dict__")
    except Exception:  # noqa: BLE001  # as above
        return {}
    return own if type(own) in (dict, MappingProxyType) else {}
