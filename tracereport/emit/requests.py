"""Traces what the library requests asks other servers: one call per request sent, those of redirections inside it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from requests.sessions import Session

from .hooks import extend_asking
from .http import begin_request, record_response

if TYPE_CHECKING:
    from .calls import Call

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_MACHINERY = ("requests", "urllib3", "requests_toolbelt", "requests_oauthlib")


def trace_sending() -> None:
    """Traces the requests of all sessions, whatever sends them in the end."""
    extend_asking(Session, "send", _begin, _record)


def _begin(_: Any, request: Any, **__: Any) -> Call:  # noqa: ANN401  # as it takes
    body = request.body if isinstance(request.body, (str, bytes)) else None
    return begin_request(request.method, request.url, request.headers, body, via="requests", machinery=_MACHINERY)


def _record(call: Call, response: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:  # noqa: ANN401  # as above
    with suppress(Exception):  # a session of the program's own kind may give anything
        is_streamed = kwargs.get("stream", args[0].stream)  # else the library has read the answer to its end
        record_response(call, response.status_code, None if is_streamed else response.content)
