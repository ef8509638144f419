"""Ports on the loopback for servers that must be told one, and when such a server can be reached."""

import random
import socket
import subprocess
from contextlib import closing
from typing import Any, Final

from tests.waiting import PATIENCE_SECONDS, wait_until

LOOPBACK: Final = "127.0.0.1"
_PORTS: Final = range(10_240, 32_768)
"""Below those that the system gives to connections, and to whoever asks for any: none of them takes it meanwhile."""


def free_port() -> int:
    """One that nobody listens on."""
    for port in random.SystemRandom().sample(_PORTS, 100):
        with closing(socket.socket()) as one:
            try:
                one.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise OSError("all ports are taken")


def wait_for_port(port: int, server: subprocess.Popen[Any]) -> None:
    """Returns as soon as the server takes connections.

    Raises:
        AssertionError: it has ended instead, or takes none after five minutes.
    """

    def answers() -> bool:
        assert server.poll() is None, "the server ended"
        try:
            socket.create_connection((LOOPBACK, port), timeout=PATIENCE_SECONDS).close()
        except OSError:
            return False
        return True

    wait_until(answers, "the server takes no connections")
