"""Traces Django's requests as frames, named by method and route."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from django.core.handlers.base import BaseHandler

from .askers import find_outside
from .calls import begin
from .django_machinery import MACHINERY
from .hooks import extend, safely

if TYPE_CHECKING:
    from collections.abc import Callable

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame


def trace_requests() -> None:
    """A frame for each request, named by method and route."""
    extend(BaseHandler, "get_response", _get_response)
    extend(BaseHandler, "get_response_async", _get_response_async)
    extend(BaseHandler, "_get_response", _answer)
    extend(BaseHandler, "_get_response_async", _answer_async)


def _get_response(get_response: Callable[..., Any], handler: Any, request: Any) -> Any:  # noqa: ANN401  # any program's
    with safely(_begin_request, request) as call:
        response = get_response(handler, request)
        call.mark(function=_name_request(request))
    return response


async def _get_response_async(get_response: Callable[..., Any], handler: Any, request: Any) -> Any:  # noqa: ANN401  # as above
    with safely(_begin_request, request) as call:
        response = await get_response(handler, request)
        call.mark(function=_name_request(request))
    return response


def _answer(answer: Callable[..., Any], *args: Any) -> Any:  # noqa: ANN401  # as above
    """Stands between middleware and view: middleware isn't who asks what a view does."""
    return answer(*args)


async def _answer_async(answer: Callable[..., Any], *args: Any) -> Any:  # noqa: ANN401  # as above
    return await answer(*args)


def _begin_request(request: Any) -> Any:  # noqa: ANN401  # as above
    params, sender = [("path", request.path)], find_outside(MACHINERY, _get_frame(3))  # behind the extended method
    return begin(f"{request.method} {request.path}", params, sender, via="django", is_frame=True)


def _name_request(request: Any) -> str:  # noqa: ANN401  # as above
    match = getattr(request, "resolver_match", None)
    route = getattr(match, "route", None)
    if route is None:
        return f"{request.method} {request.path}"
    return f"{request.method} /{route.replace('^', '').removesuffix('$')}"  # a pattern, where it is one by re_path()
