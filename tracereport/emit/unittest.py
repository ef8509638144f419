"""Names the tests of unittest, Django's among them, and makes each of their phases a frame.

Under pytest it does nothing: pytest's plugin has named the test already.
"""

from __future__ import annotations

import functools
from collections import Counter
from typing import TYPE_CHECKING, Any
from unittest.case import TestCase

from .calls import begin
from .hooks import extend
from .log import is_on
from .testing import get_test, name_test

if TYPE_CHECKING:
    from collections.abc import Callable

_SETUP = "setup"
_tries: Counter[str] = Counter()


def trace_tests() -> None:
    """A frame for the set-up, the test itself and the tear-down of each test."""
    _extend(TestCase)


def trace_asynchronous_tests() -> None:
    """The same for tests that are coroutines."""
    from unittest.async_case import IsolatedAsyncioTestCase  # noqa: PLC0415  # it loads asyncio

    _extend(IsolatedAsyncioTestCase)


def _extend(kind: type[TestCase]) -> None:
    for name, around in _PHASES.items():
        extend(kind, name, around)


def _run_phase(phase: str, run: Callable[..., Any], case: Any, *args: Any) -> Any:  # noqa: ANN401  # as the version has it
    if not is_on() or get_test():
        return run(case, *args)
    test = case.id()
    _tries[test] += phase == _SETUP
    name_test(test, attempt=max(_tries[test], 1), phase=phase)
    # Coroutines run in a context that was made with the test, and would see no call of this one's.
    inside = getattr(getattr(case, "_asyncioTestContext", None), "run", _call)
    name = "test" if phase == "call" else f"test {phase}"
    call = inside(begin, name, [("name", test)], "unittest", is_lazy=True, via="unittest", is_frame=True)
    try:
        return run(case, *args)
    except BaseException:
        call.mark(failed=True)
        raise
    finally:
        inside(call.finish)
        name_test(None)


def _call(function: Callable[..., Any], *args: Any, **options: Any) -> Any:  # noqa: ANN401  # whatever that gives
    return function(*args, **options)


_PHASES: dict[str, Callable[..., Any]] = {
    "_callSetUp": functools.partial(_run_phase, _SETUP),
    "_callTestMethod": functools.partial(_run_phase, "call"),
    "_callTearDown": functools.partial(_run_phase, "teardown"),
}
