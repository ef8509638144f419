"""Names the tests of unittest, Django's among them, and makes each of their phases a frame.

Under pytest, whose plugin has named the test already, only set-up and tear-down are told from the test: pytest runs all
three in one phase of its own.
"""

from __future__ import annotations

import functools
from collections import Counter
from typing import TYPE_CHECKING, Any
from unittest.case import TestCase

from .calls import begin, current
from .hooks import extend
from .testing import get_test, name_test, set_test

if TYPE_CHECKING:
    from collections.abc import Callable

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_SETUP, _CALL = "setup", "call"
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
    outside = get_test()
    # Coroutines run in a context that was made with the test, and would see no call of this one's.
    inside = getattr(getattr(case, "_asyncioTestContext", None), "run", _call)
    if outside.name is not None:
        inside(current.set, current.get())
    if outside.name is not None and (phase == _CALL or outside.phase != _CALL):
        return run(case, *args)
    test = case.id()
    if outside.name is not None:
        set_test(outside._replace(phase=phase))
    else:
        _tries[test] += phase == _SETUP
        name_test(test, attempt=max(_tries[test], 1), phase=phase)
    name = "test" if phase == _CALL else f"test {phase}"
    call = inside(begin, name, [("name", test)], "unittest", is_lazy=True, via="unittest", is_frame=True)
    try:
        return run(case, *args)
    except BaseException:
        call.mark(failed=True)
        raise
    finally:
        inside(call.finish)
        set_test(outside)


def _call(function: Callable[..., Any], *args: Any, **options: Any) -> Any:  # noqa: ANN401  # whatever that gives
    return function(*args, **options)


_PHASES: dict[str, Callable[..., Any]] = {
    "_callSetUp": functools.partial(_run_phase, _SETUP),
    "_callTestMethod": functools.partial(_run_phase, _CALL),
    "_callTearDown": functools.partial(_run_phase, "teardown"),
}
