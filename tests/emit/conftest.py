"""What tests of drivers share: a PostgreSQL of their own."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.needs import required
from tests.postgres import LOOPBACK, find_tool, running


@pytest.fixture(scope="session")
def server() -> Iterator[dict[str, Any]]:
    """How a driver connects to it, but for the database."""
    required(find_tool("postgres"), "Debian's postgresql")
    with running() as (port, _):
        yield {"host": LOOPBACK, "port": port, "user": "shop"}
