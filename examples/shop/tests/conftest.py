"""One database for all tests, a session each, and the pages that the environment variable SHOP names."""

import importlib
import os
from collections.abc import Iterator
from types import ModuleType

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from shop.models import open_shop


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The shop's database."""
    engine = open_shop()
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session whose changes are forgotten."""
    with Session(engine) as session:
        yield session


@pytest.fixture
def pages() -> ModuleType:
    """The pages to test: ``pages``, or ``pages_fixed``."""
    return importlib.import_module(f"shop.{os.environ.get('SHOP', 'pages')}")
