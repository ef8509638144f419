"""Traces the requests of Starlette and FastAPI as frames, named by method and route."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette

from .calls import NOWHERE, begin
from .hooks import extend

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours


def trace_requests() -> None:
    """A frame for each HTTP request of each application; one that is mounted in another belongs to its request."""
    extend(Starlette, "__call__", _call)


async def _call(call_application: Callable[..., Any], application: Any, scope: Any, *rest: Any) -> None:  # noqa: ANN401  # as ASGI has it
    if scope.get("type") != "http" or "app" in scope:
        await call_application(application, scope, *rest)
        return
    method, path = scope.get("method", "GET"), scope.get("path", "")
    with begin(f"{method} {path}", [("path", path)], NOWHERE, via="starlette", is_frame=True) as call:
        try:
            await call_application(application, scope, *rest)
        finally:
            call.mark(function=f"{method} {_find_route(scope) or path}")


def _find_route(scope: MutableMapping[str, Any]) -> str | None:
    included = scope.get("fastapi")  # with the prefixes of the routers that a route of FastAPI is included by
    context = included.get("effective_route_context") if isinstance(included, dict) else None
    route = context or scope.get("route")
    path = getattr(route, "path_format", None) or getattr(route, "path", None)
    return None if path is None else f"{scope.get('root_path', '')}{path}"
