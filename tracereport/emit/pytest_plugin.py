"""``pytest --perf-trace[=FILE]``: traces a test run into one file, each call with its test, and reports at the end.

While tracing is off these are only the options: all else is loaded once it is on.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentTypeError
from copy import copy

import pytest

from .libraries import HOOKS

OPTION = "--perf-trace"
WITHOUT_OPTION = "--perf-trace-without"
DEFAULT_FILE = "perf_trace.log"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options."""
    group = parser.getgroup("perf-trace", "performance tracing")
    group.addoption(
        OPTION,
        nargs="?",
        const=DEFAULT_FILE,
        metavar="FILE",
        help=f"trace what the tests ask databases and servers, and traced functions, to FILE (default: {DEFAULT_FILE})",
    )
    group.addoption(
        WITHOUT_OPTION,
        action="extend",
        default=[],
        type=_read_names,
        metavar="NAME[,NAME...]",
        help=f"don't trace these libraries: {', '.join(HOOKS)}",
    )


def _read_names(text: str) -> list[str]:
    names = [name for part in text.split(",") if (name := part.strip())]
    if unknown := set(names) - HOOKS.keys():
        raise ArgumentTypeError(f"no hook is called {', '.join(sorted(unknown))}; there are {', '.join(HOOKS)}")
    return names


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Keeps the option from taking what follows it for its file: ``pytest --perf-trace tests`` names tests."""
    if OPTION in args:
        args[:] = [f"{OPTION}={DEFAULT_FILE}" if arg == OPTION else arg for arg in args]
        given = parser.parse_known_args(args, namespace=copy(early_config.option))
        # These two alone: pytest and other plugins have written theirs there, such as where to look for conftests.
        known = early_config.known_args_namespace
        known.perf_trace, known.file_or_dir = given.perf_trace, given.file_or_dir


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Switches tracing on, before any test module is imported."""
    target = config.getoption(OPTION, None)
    if target is None and not _is_on():
        return
    from .pytest_tracing import switch_on  # noqa: PLC0415  # see above

    try:
        switch_on(config, target, config.getoption(WITHOUT_OPTION, None) or [])
    except OSError as error:
        raise pytest.UsageError(f"{OPTION}={target}: {error.strerror}; name a file that can be written") from error
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error


def _is_on() -> bool:
    """Whether tracing has been switched on, from code or by the environment."""
    if not os.environ.get("PERF_TRACE") and f"{__package__}.log" not in sys.modules:
        return False
    from .log import is_on  # noqa: PLC0415  # as above

    return is_on()
