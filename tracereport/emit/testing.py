"""Which test the calls of this process, and of those that it starts, belong to."""

from __future__ import annotations

import functools
import os
from contextlib import suppress

from .lines import TEST_VARIABLES
from .log import now


def name_test(name: str | None, *, attempt: int | None = None, phase: str | None = None) -> None:
    """Names the test that calls beginning from now on belong to, in any thread and in processes started from now on.

    Args:
        name: the test; None: they belong to no test.
        attempt: the how many-eth time the test is tried.
        phase: ``setup``, ``call`` or ``teardown``.
    """
    values = {"test": name, "try": attempt, "phase": phase} if name is not None else {}
    set_test(tuple(f"{field}={value}" for field, value in values.items() if value is not None))


def set_test(test: tuple[str, ...]) -> None:
    """Names the test that ``get_test`` gave, again."""
    if test == now.test:
        return
    before, after = _read_fields(now.test), _read_fields(test)
    now.test = test
    for field, variable in TEST_VARIABLES.items():
        value = after.get(field)
        if value is None:
            os.environ.pop(variable, None)
        elif value != before.get(field):
            with suppress(ValueError):  # an environment that can't hold it
                os.environ[variable] = value.replace("\0", "").encode("utf-8", "backslashreplace").decode()


@functools.lru_cache(maxsize=8)
def _read_fields(test: tuple[str, ...]) -> dict[str, str]:
    return dict(field.split("=", 1) for field in test)


def get_test() -> tuple[str, ...]:
    """The test that calls now belong to, for ``set_test``."""
    return now.test
