"""What a request to another server looks like as a call, for the hooks of the libraries that send them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .answers import digest
from .calls import Call, begin
from .hooks import find_outside
from .statements import hide

if TYPE_CHECKING:
    from collections.abc import Mapping

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_FIRST_FAILURE = 500
_ASKING_HEADERS = ("authorization", "accept", "accept-language", "range", "cookie", "host")
"""Headers that the answer may depend on."""


def _is_telemetry(headers: Mapping[str, str]) -> bool:
    """Whether a request sends what the program tells of itself, which asks nothing: exporters of spans say so."""
    return str(headers.get("user-agent", "")).lower().startswith("otel-otlp-exporter")


def begin_request(
    method: str, url: str, headers: Mapping[str, str], body: object, *, via: str, machinery: tuple[str, ...]
) -> Call:
    """Begins the call that a request is: ``GET api.example.com``, with its path, and hashes of its headers and body.

    A method that asks for nothing but an answer (``GET``) is a question, any other one a write to the server.
    """
    if _is_telemetry(headers):
        return Call()
    parts = urlsplit(str(url))
    path = parts.path or "/"
    params: list[tuple[str, object]] = [("path", f"{path}?{parts.query}" if parts.query else path)]
    asking = {name: headers[name] for name in _ASKING_HEADERS if name in headers}
    if asking:
        params.append(("headers", hide(asking)))
    if body:
        params.append(("body", hide(body)))
    server = parts.hostname or "unknown"
    name = server if parts.port is None else f"{server}:{parts.port}"
    write = None if method in _READS else name
    return begin(f"{method} {name}", params, find_outside(machinery), via=via, write=write)


def record_response(call: Call, status: int, body: bytes | None) -> None:
    """Records what came back; an error of the server's is no answer."""
    call.record(status=status)
    if body is not None:
        call.record(bytes=len(body), **digest((status, body)))
    call.mark(failed=status >= _FIRST_FAILURE)
