"""Traces what the library httpx asks other servers: one call per request sent, those of redirections inside it.

What a test client hands to an application in the same process is no question to another server, and left out.
"""

from __future__ import annotations

import importlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .calls import NOT_TRACED
from .hooks import extend_asking
from .http import begin_request, record_response

if TYPE_CHECKING:
    from .calls import Call

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_MACHINERY = ("httpx", "httpx2", "httpcore", "httpcore2", "anyio")
_IN_PROCESS = frozenset({"ASGITransport", "WSGITransport", "_TestClientTransport"})


def trace_sending(library: str = "httpx") -> None:
    """Traces the requests of all clients, asynchronous ones too, whatever sends them in the end."""
    module = importlib.import_module(library)
    extend_asking(module.Client, "send", _begin, _record)
    extend_asking(module.AsyncClient, "send", _begin, _record)


def trace_sending_of_httpx2() -> None:
    """The same for the library's successor."""
    trace_sending("httpx2")


def _is_in_process(client: Any, request: Any) -> bool:  # noqa: ANN401  # as above
    with suppress(Exception):  # as below
        return type(client._transport_for_url(request.url)).__name__ in _IN_PROCESS  # noqa: SLF001  # it has no public name
    return False


def _begin(client: Any, request: Any, **_: Any) -> Call:  # noqa: ANN401  # as it takes
    if _is_in_process(client, request):
        return NOT_TRACED
    body = getattr(request, "_content", None)  # None where it is a stream, which mustn't be read here
    return begin_request(request.method, str(request.url), request.headers, body, via="httpx", machinery=_MACHINERY)


def _record(call: Call, response: Any, *_: object) -> None:  # noqa: ANN401  # as above
    with suppress(Exception):  # a client of the program's own kind may give anything
        record_response(call, response.status_code, response.content if response.is_stream_consumed else None)
