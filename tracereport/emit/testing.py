"""Which test the calls of this process, and of those that it starts, belong to."""

from __future__ import annotations

from contextlib import suppress

from .lines import TEST_VARIABLES, Test
from .log import now
from .system import System


def name_test(name: str | None, *, attempt: int | None = None, phase: str | None = None) -> None:
    """Names the test that calls beginning from now on belong to, in any thread and in processes started from now on.

    Args:
        name: the test; None: they belong to no test.
        attempt: the how many-eth time the test is tried.
        phase: ``setup``, ``call`` or ``teardown``.
    """
    set_test(Test() if name is None else Test(name, None if attempt is None else str(attempt), phase))


def set_test(test: Test) -> None:
    """Names the test that ``get_test`` gave, again."""
    before = now.test
    if test == before:
        return
    now.test = test
    for variable, value, told in zip(TEST_VARIABLES.values(), test, before):
        if value != told:
            _tell(variable, value)


def _tell(variable: str, value: str | None) -> None:
    """Tells processes that are started from now on."""
    if value is None:
        with suppress(KeyError):
            del System.variables[variable]
        return
    if not value.isprintable():  # an environment can't hold all that a name can
        value = value.replace("\0", "").encode("utf-8", "backslashreplace").decode()
    with suppress(ValueError):
        System.variables[variable] = value


def get_test() -> Test:
    """The test that calls now belong to, for ``set_test``."""
    return now.test
