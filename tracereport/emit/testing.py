"""Which test the calls of this process, and of those that it starts, belong to."""

from __future__ import annotations

from contextlib import suppress

from .lines import TEST_VARIABLES
from .log import now
from .system import System


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
    before = now.test
    if test == before:
        return
    now.test = test
    for each in test:
        if each not in before:
            name, _, value = each.partition("=")
            if not value.isprintable():  # an environment can't hold all that a name can
                value = value.replace("\0", "").encode("utf-8", "backslashreplace").decode()
            with suppress(ValueError):
                System.variables[TEST_VARIABLES[name]] = value
    named = [each.partition("=")[0] for each in test]
    for field, variable in TEST_VARIABLES.items():
        if field not in named:
            System.variables.pop(variable, None)


def get_test() -> tuple[str, ...]:
    """The test that calls now belong to, for ``set_test``."""
    return now.test
