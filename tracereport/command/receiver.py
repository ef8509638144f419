"""Takes the spans that a command exports while it runs: OTLP over HTTP, on this machine's loopback alone.

Protobuf and JSON, packed by gzip or not, as the protocol says; each request is kept as it came, for the reader.
"""

import gzip
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"
TRACES_PATH: Final = "/v1/traces"
JSON: Final = "application/json"
PROTOBUF: Final = "application/x-protobuf"
LARGEST_BODY_BYTES: Final = 64 << 20
LARGEST_REQUEST_BYTES: Final = 256 << 20
"""The same, unpacked."""
MOST_REQUESTS: Final = 1_000_000
MOST_BYTES: Final = 8 << 30
"""Of all requests together."""
PATIENCE_SECONDS: Final = 10.0
"""How long a request may be silent before it is given up."""
_PIECE_BYTES: Final = 1 << 16
_INVALID_ARGUMENT: Final = 3
_RESOURCE_EXHAUSTED: Final = 8
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class _RefusedError(Exception):
    """The request can't be taken."""

    def __init__(self, status: HTTPStatus, reason: str, code: int = _INVALID_ARGUMENT) -> None:
        super().__init__(reason)
        self.status = status
        self.code = code


class Receiver:
    """What has been received so far, in files of the kinds that the reader knows."""

    def __init__(self, folder: Path) -> None:
        self.refused = 0
        self._paths = {JSON: folder / "spans.jsonl", PROTOBUF: folder / "spans.pb"}
        self._lock = threading.Lock()
        self._requests = 0
        self._bytes = 0

    @property
    def inputs(self) -> list[str]:
        """The files that hold something."""
        return [str(path) for path in self._paths.values() if path.exists()]

    def take(self, kind: str, body: bytes) -> None:
        """Keeps a request.

        Raises:
            _RefusedError: it is none, or there have been too many.
        """
        from tracereport.sources.spans.protobuf import LENGTH_BYTES  # noqa: PLC0415

        record = _to_line(body) if kind == JSON else len(body).to_bytes(LENGTH_BYTES) + _checked(body)
        with self._lock:
            if self._requests >= MOST_REQUESTS or self._bytes + len(record) > MOST_BYTES:
                raise _RefusedError(HTTPStatus.TOO_MANY_REQUESTS, "too many spans for one run", _RESOURCE_EXHAUSTED)
            self._requests += 1
            self._bytes += len(record)
            with self._paths[kind].open("ab") as file:
                file.write(record)


def _to_line(body: bytes) -> bytes:
    import msgspec  # noqa: PLC0415

    from tracereport.sources.spans.otlp import is_request  # noqa: PLC0415

    if not is_request(body):
        raise _RefusedError(HTTPStatus.BAD_REQUEST, "the body is no export request in JSON")
    return msgspec.json.format(body, indent=-1) + b"\n"


def _checked(body: bytes) -> bytes:
    from tracereport.sources.spans.protobuf import UnreadableError, decode_request  # noqa: PLC0415

    try:
        decode_request(body)
    except UnreadableError as error:
        raise _RefusedError(HTTPStatus.BAD_REQUEST, "the body is no export request in protobuf") from error
    return body


def can_receive() -> bool:
    """Whether what reads protobuf is installed: most exporters send nothing else."""
    try:
        return find_spec("opentelemetry.proto") is not None
    except ImportError:
        return False


@contextmanager
def receiving(folder: Path, environment: Mapping[str, str]) -> Iterator[tuple[Receiver, Mapping[str, str]]]:
    """Receives spans as long as it is entered; gives the receiver, and the environment that sends them to it.

    A command that exports its spans elsewhere goes on to do so: nothing is received then.

    Args:
        folder: where the spans are kept.
        environment: the command's.
    """
    receiver = Receiver(folder)
    if not can_receive() or any(environment.get(name) for name in _ENDPOINTS):
        yield receiver, environment
        return
    server = _Server((LOOPBACK, 0), _Handler)
    server.receiver = receiver
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="tracereport-receive", daemon=True)
    thread.start()
    try:
        yield receiver, {**environment, **_settings(server.server_port, environment)}
    finally:
        server.shutdown()
        server.server_close()


def _settings(port: int, environment: Mapping[str, str]) -> dict[str, str]:
    """What sends a program's spans here, but for what it says itself."""
    settings = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{LOOPBACK}:{port}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_TRACES_SAMPLER": "always_on",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_BSP_MAX_QUEUE_SIZE": "100000",
        "OTEL_BSP_SCHEDULE_DELAY": "500",
    }
    return {name: value for name, value in settings.items() if not environment.get(name)}


class _Server(ThreadingHTTPServer):
    receiver: Receiver


class _Handler(BaseHTTPRequestHandler):
    """Answers as the protocol says: an empty answer of the request's kind, or a status with the reason."""

    protocol_version = "HTTP/1.1"
    timeout = PATIENCE_SECONDS
    server: _Server

    def do_POST(self) -> None:
        """Takes an export request."""
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        try:
            self._take(kind)
        except _RefusedError as error:
            self.server.receiver.refused += 1
            self.close_connection = True
            self._answer(error.status, kind, _encode_status(kind, error.code, str(error)))
        else:
            self._answer(HTTPStatus.OK, kind, b"{}" if kind == JSON else b"")

    def do_GET(self) -> None:
        """Refuses what isn't the protocol's."""
        self.send_error(HTTPStatus.METHOD_NOT_ALLOWED)

    do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = do_GET  # noqa: N815 - names that the server looks for

    def _take(self, kind: str) -> None:
        if self.path.partition("?")[0] != TRACES_PATH:
            raise _RefusedError(HTTPStatus.NOT_FOUND, f"only {TRACES_PATH} is received")
        if kind not in (JSON, PROTOBUF):
            raise _RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"neither {PROTOBUF} nor {JSON}")
        packing = self.headers.get("Content-Encoding", "identity").strip().lower()
        if packing not in ("identity", "gzip"):
            raise _RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "packed otherwise than by gzip")
        body = self._read_body()
        self.server.receiver.take(kind, _unpack(body) if packing == "gzip" else body)

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._read_chunked()
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError as error:
            raise _RefusedError(HTTPStatus.LENGTH_REQUIRED, "the body's length is missing") from error
        if not 0 <= length <= LARGEST_BODY_BYTES:
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {LARGEST_BODY_BYTES:,} bytes")
        return self._read_exactly(length)

    def _read_chunked(self) -> bytes:
        body = bytearray()
        while True:
            try:
                length = int(self.rfile.readline(_PIECE_BYTES).partition(b";")[0].strip(), 16)
            except ValueError as error:
                raise _RefusedError(HTTPStatus.BAD_REQUEST, "a chunk's length is missing") from error
            if not 0 <= length <= LARGEST_BODY_BYTES - len(body):
                raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {LARGEST_BODY_BYTES:,} bytes")
            body += self._read_exactly(length)
            self.rfile.readline(_PIECE_BYTES)
            if not length:
                return bytes(body)

    def _read_exactly(self, length: int) -> bytes:
        body = self.rfile.read(length)
        if len(body) < length:
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "the body ends too early")
        return body

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind if kind == JSON else PROTOBUF)
        self.send_header("Content-Length", str(len(body)))
        if status is HTTPStatus.TOO_MANY_REQUESTS:
            self.send_header("Retry-After", "3600")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the server's name for it
        """Says nothing: standard error is the command's."""


def _unpack(body: bytes) -> bytes:
    try:
        unpacked = gzip.GzipFile(fileobj=BytesIO(body)).read(LARGEST_REQUEST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _RefusedError(HTTPStatus.BAD_REQUEST, "the body is no gzip") from error
    if len(unpacked) > LARGEST_REQUEST_BYTES:
        raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {LARGEST_REQUEST_BYTES:,} bytes unpacked")
    return unpacked


def _encode_status(kind: str, code: int, reason: str) -> bytes:
    """``google.rpc.Status``: the code is its first field and the reason its second one."""
    if kind == JSON:
        import json  # noqa: PLC0415

        return json.dumps({"code": code, "message": reason}).encode()
    text = reason.encode()
    return bytes([0x08, code, 0x12, len(text)]) + text
