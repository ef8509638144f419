"""Acts on modules when they are imported: traces all that they define, or switches a library's hook on."""

from __future__ import annotations

import enum
import importlib.util
import inspect
import sys
from contextlib import suppress
from threading import local
from types import FunctionType
from typing import TYPE_CHECKING, Any

from .tracing import traced, wrap_members

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_actions: dict[str, list[Callable[[], None]]] = {}
_searching = local()


def trace_module(module: str | ModuleType) -> None:
    """Traces each public function that a module defines, those of its classes included, as ``traced`` does.

    Args:
        module: the module, or its name; by name it is traced as soon as it is imported. What other modules have taken
            from it before (``from app.repository import find``) stays untraced there.
    """
    if isinstance(module, str):
        name = module
        when_imported(name, lambda: trace_module(sys.modules[name]))
        return
    for name, member in [*vars(module).items()]:
        is_class = issubclass(type(member), type)  # an object may stand for another one, and have none for now
        is_function = type(member) is FunctionType
        if name.startswith("_") or not (is_class or is_function) or member.__module__ != module.__name__:
            continue
        if is_class and not issubclass(member, (BaseException, enum.Enum)):
            wrap_members(member, traced)
        elif is_function and not inspect.isasyncgenfunction(member):
            setattr(module, name, traced(member))


def when_imported(name: str, action: Callable[[], None]) -> None:
    """Acts once a module has been imported: now, if it has been. What the action raises is no error of the import."""
    module = sys.modules.get(name)
    if module is not None and not getattr(module.__spec__, "_initializing", False):
        _act(action)
        return
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    _actions.setdefault(name, []).append(action)


def _act(action: Callable[[], None]) -> None:
    with suppress(Exception):  # a version of the library that the hook doesn't know is as good as none
        action()


class _Finder:  # without importlib.abc, which brings half of the standard library
    """Finds a module as it would have been found, and adds to the end of its execution."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        names: set[str] = _searching.__dict__.setdefault("names", set())
        if fullname not in _actions or fullname in names:
            return None
        names.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            names.discard(fullname)
        if spec is not None and spec.loader is not None:
            _extend(spec.loader)
        return spec


def _extend(loader: Any) -> None:  # noqa: ANN401  # of any kind
    """Has a loader act once it has executed its next module; it is otherwise left as it is."""
    if isinstance(loader, type):  # one of Python's own, for many modules
        return
    execute = loader.exec_module

    def execute_and_act(module: ModuleType) -> None:
        vars(loader).pop("exec_module", None)  # pytest has one for all modules that it rewrites, in whatever thread
        execute(module)
        for action in _actions.pop(module.__name__, []):
            _act(action)

    with suppress(AttributeError, TypeError):
        loader.exec_module = execute_and_act
