"""What a request to another server looks like as a call, for the hooks of the libraries that send them."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .askers import find_outside
from .calls import NOT_TRACED, Call, begin
from .statements import hide

if TYPE_CHECKING:
    from collections.abc import Mapping

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_FIRST_FAILURE = 500
_ASKS_TO_TRY_AGAIN = frozenset({408, 425, 429})
_NOT_MODIFIED = 304
_ASKING_HEADERS = ("authorization", "accept", "accept-language", "range", "cookie", "host")
"""Headers that the answer may depend on."""
_URL = re.compile(r"(?:[^:/?#]+:)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?")
"""Server, path and query of an address, as RFC 3986 takes it apart."""


def begin_request(
    method: str, url: str, headers: Mapping[str, str], body: object, *, via: str, machinery: tuple[str, ...]
) -> Call:
    """Begins the call that a request is: ``GET api.example.com``, with its path, and hashes of its headers and body.

    A method that asks for nothing but an answer (``GET``) is a question, any other one a write to the server.
    """
    given = {name.lower(): value for name, value in headers.items()}
    if _is_telemetry(given):
        return NOT_TRACED
    server, path, query = _URL.match(url).groups()  # type: ignore[union-attr]  # it matches any text
    path = path or "/"
    params: list[tuple[str, object]] = [("path", f"{path}?{query}" if query else path)]
    asking = {name: given[name] for name in _ASKING_HEADERS if name in given}
    if asking:
        params.append(("headers", hide(asking)))
    if body:
        params.append(("body", hide(body)))
    name = _name_server(server)
    write = None if method in _READS else name
    return begin(f"{method} {name}", params, find_outside(machinery), via=via, write=write)


def _is_telemetry(headers: Mapping[str, str]) -> bool:
    """Whether a request sends what the program tells of itself, which asks nothing: exporters of spans say so."""
    return str(headers.get("user-agent", "")).lower().startswith("otel-otlp-exporter")


@functools.lru_cache(maxsize=1024)
def _name_server(address: str | None) -> str:
    parts = urlsplit(f"//{address or ''}")
    server = parts.hostname or "unknown"
    return server if parts.port is None else f"{server}:{parts.port}"


def record_response(call: Call, status: int, body: bytes | None) -> None:
    """Records what came back; an error of the server's is no answer, and neither is that it asks to try again later.

    Where nothing was modified, the sender's own cache has the answer.
    """
    call.record(status=status)
    if body is not None:
        call.record_answer("bytes", len(body), repr((status, body)))
    if status >= _FIRST_FAILURE or status in _ASKS_TO_TRY_AGAIN:
        call.mark(failed=True)
    elif status == _NOT_MODIFIED:
        call.mark(cached=True)
