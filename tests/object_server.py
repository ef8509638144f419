"""An object store on loopback: moto's server, which speaks S3, and what can go wrong on the way to it."""

import http.client
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from unittest.mock import patch
from urllib.parse import quote

from moto.server import ThreadedMotoServer

from tests.ports import LOOPBACK
from tests.waiting import PATIENCE_SECONDS

CREDENTIALS: Mapping[str, str] = MappingProxyType(
    {"AWS_ACCESS_KEY_ID": "anybody", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
)
_SIGNED = "AWS4-HMAC-SHA256 Credential=anybody/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
"""A signature that nobody checks, as long as no credentials are demanded."""
_PIECE_BYTES = 1 << 16


@dataclass
class ObjectServer:
    """A running server."""

    port: int

    @property
    def environment(self) -> dict[str, str]:
        """What leads the command to it."""
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{self.port}"}

    def make_bucket(self, name: str, **objects: bytes) -> str:
        """Makes a bucket with objects; its URL."""
        self._ask("PUT", f"/{name}")
        for key, content in objects.items():
            self.put(name, key, content)
        return f"s3://{name}"

    def put(self, bucket: str, key: str, content: bytes) -> str:
        """Puts an object there; its URL."""
        self._ask("PUT", f"/{bucket}/{quote(key)}", content)
        return f"s3://{bucket}/{key}"

    def demand_credentials(self) -> None:
        """From now on nobody is let in whom the server doesn't know: it knows nobody."""
        self._ask("POST", "/moto-api/reset-auth", b"0")

    def forgive(self) -> None:
        """From now on anybody is let in."""
        self._ask("POST", "/moto-api/reset-auth", b"1000000000")

    def _ask(self, method: str, path: str, body: bytes = b"") -> None:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=PATIENCE_SECONDS)
        connection.request(method, path, body, {"Authorization": _SIGNED})
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        assert answer.status == http.client.OK, said


@contextmanager
def serving_objects() -> Iterator[ObjectServer]:
    """A server of one's own. Within it this process is led to it as well."""
    server = ThreadedMotoServer(ip_address=LOOPBACK, port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    found = ObjectServer(port)
    with patch.dict(os.environ, found.environment):
        yield found
    server.stop()


@dataclass
class Road:
    """Connections to a server, each of which may break or stall once it has carried so many bytes back."""

    server_port: int
    carries: Callable[[int], int | None]
    """Bytes that the n-th connection carries back before it breaks; null: all."""
    stalls: bool = False
    """It doesn't break then, but carries nothing more."""
    before: Callable[[int], None] | None = None
    """Called before the n-th connection is made."""
    used: int = 0
    _listener: socket.socket = field(default_factory=lambda: socket.create_server((LOOPBACK, 0)))
    _is_closed: bool = False

    @property
    def port(self) -> int:
        """Where it begins."""
        port: int = self._listener.getsockname()[1]
        return port

    def serve(self) -> None:
        """Takes connections until it is closed."""
        while True:
            try:
                there, _ = self._listener.accept()
            except OSError:
                return
            self.used += 1
            if self.before is not None:
                self.before(self.used)
            threading.Thread(target=self._carry, args=(there, self.carries(self.used)), daemon=True).start()

    def close(self) -> None:
        """Takes no more connections."""
        self._is_closed = True
        self._listener.close()

    def _carry(self, asking: socket.socket, left: int | None) -> None:
        with suppress(OSError), asking, socket.create_connection((LOOPBACK, self.server_port)) as answering:
            threading.Thread(target=_copy, args=(asking, answering), daemon=True).start()
            while piece := answering.recv(_PIECE_BYTES):
                if left is not None and len(piece) > left:
                    asking.sendall(piece[:left])
                    while self.stalls and not self._is_closed:
                        time.sleep(0.05)
                    asking.shutdown(socket.SHUT_RDWR)
                    return
                left = None if left is None else left - len(piece)
                asking.sendall(piece)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # one of the two has gone
        while piece := source.recv(_PIECE_BYTES):
            target.sendall(piece)


@contextmanager
def road_to(
    server: ObjectServer,
    carries: Callable[[int], int | None],
    *,
    stalls: bool = False,
    before: Callable[[int], None] | None = None,
) -> Iterator[Road]:
    """Leads this process over a road of its own to the server."""
    road = Road(server.port, carries, stalls, before)
    thread = threading.Thread(target=road.serve, daemon=True)
    thread.start()
    with patch.dict(os.environ, AWS_ENDPOINT_URL=f"http://{LOOPBACK}:{road.port}"):
        yield road
    road.close()
