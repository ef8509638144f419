"""Traces what the library requests asks other servers: one call per request sent, those of redirections inside it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from requests.sessions import Session

from .hooks import extend, safely
from .http import begin_request, record_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from .calls import Call

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_MACHINERY = ("requests", "urllib3", "requests_toolbelt", "requests_oauthlib")


def trace_sending() -> None:
    """Traces the requests of all sessions, whatever sends them in the end."""
    extend(Session, "send", _send)


def _send(send: Callable[..., Any], session: Any, request: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as it takes
    with safely(_begin, request) as call:
        response = send(session, request, **kwargs)
        with suppress(Exception):  # a session of the program's own kind may give anything
            is_streamed = kwargs.get("stream", session.stream)  # else the library has read the answer to its end
            record_response(call, response.status_code, None if is_streamed else response.content)
    return response


def _begin(request: Any) -> Call:  # noqa: ANN401  # as above
    body = request.body if isinstance(request.body, (str, bytes)) else None
    return begin_request(request.method, request.url, request.headers, body, via="requests", machinery=_MACHINERY)
