"""Traces what Django asks its caches: ``get cache`` with the key. A hit says ``cached=1``, so that it is no repeat."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django.core.cache import CacheHandler
from django.core.cache.backends.base import BaseCache

from .askers import find_outside
from .calls import Call, begin
from .django_machinery import MACHINERY
from .hooks import extend, safely

if TYPE_CHECKING:
    from collections.abc import Callable

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_WRITES = ("set", "add", "delete", "touch", "incr", "set_many", "delete_many", "clear")
_aliases: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
_is_inside: ContextVar[bool] = ContextVar("perf_trace_cache", default=False)


def trace_caches() -> None:
    """Traces each cache, whatever its backend: those that there are and those to come."""
    extend(CacheHandler, "create_connection", _create_connection, is_always=True)
    backends = [BaseCache]
    for backend in backends:
        backends += backend.__subclasses__()
        if backend is not BaseCache:
            _trace_backend(backend)


def _create_connection(create: Callable[..., Any], handler: Any, alias: str) -> Any:  # noqa: ANN401  # any backend
    cache = create(handler, alias)
    _aliases[cache] = alias
    _trace_backend(type(cache))
    return cache


def _trace_backend(backend: type) -> None:
    extend(backend, "get", _get)
    for name in _WRITES:
        extend(backend, name, _write)


def _get(get: Callable[..., Any], cache: Any, key: Any, default: Any = None, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
    if _is_inside.get():
        return get(cache, key, default, *args, **kwargs)
    with safely(_begin, cache, "get", [("key", key)]) as call:
        value = _call_inside(get, cache, key, default, *args, **kwargs)
        is_hit = value is not default
        call.record(found=is_hit)
        call.mark(cached=is_hit)
    return value


def _write(write: Callable[..., Any], cache: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
    if _is_inside.get():
        return write(cache, *args, **kwargs)
    params: list[tuple[str, object]] = [("key", args[0])] if args and isinstance(args[0], (str, int)) else []
    with safely(_begin, cache, write.__name__, params) as call:
        call.mark(write="cache")
        return _call_inside(write, cache, *args, **kwargs)


def _begin(cache: Any, verb: str, params: list[tuple[str, object]]) -> Call:  # noqa: ANN401  # as above
    alias = _aliases.get(cache, "default")
    named = params if alias == "default" else [*params, ("cache", alias)]
    return begin(f"{verb} cache", named, find_outside(MACHINERY), via="django")


def _call_inside(method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
    """Calls a backend's method without tracing what that asks of itself."""
    token = _is_inside.set(True)
    try:
        return method(*args, **kwargs)
    finally:
        _is_inside.reset(token)
