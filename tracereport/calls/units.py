"""Units of work: what a repeat is wasteful within. A test's try, else the process."""

from typing import Any, Final, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import SETUP, TEARDOWN, Calls
from tracereport.calls.coding import code_values
from tracereport.model import UnitKind
from tracereport.native.keys import factorize

UNIT_KINDS: Final[tuple[UnitKind, ...]] = get_args(UnitKind)
TEST, PROCESS, ROOT = range(len(UNIT_KINDS))
OUTSIDE = -1
"""Stands for the test of a call outside of all tests."""


class Units(msgspec.Struct, frozen=True, eq=False):
    """The units of work, in the order of their first calls in the log."""

    of_call: NDArray[np.int32]
    """Per call its unit."""
    process: NDArray[np.int32]
    """Per unit the process that it is part of."""
    test: NDArray[np.int32]
    """Per unit the test that it is a try of; ``OUTSIDE`` for a process, or for what it calls between tests."""
    attempt: NDArray[np.int32]
    """Per unit the number of the try; 0 where it isn't known."""
    judged: NDArray[np.bool_]
    """Per unit whether its repeats are judged."""

    @property
    def kind(self) -> NDArray[np.uint8]:
        """Per unit what it is: index into ``UNIT_KINDS``."""
        return np.where(self.test == OUTSIDE, PROCESS, TEST).astype(np.uint8)

    def __len__(self) -> int:
        """The number of units."""
        return len(self.process)


def find_units(calls: Calls) -> Units:
    """Puts each call into its unit of work.

    A process that knows tests has a unit for each try of each test. What it calls outside of them, and in a test's
    set-up and tear-down, is one unit that isn't judged: those calls depend on which tests share a process. Any other
    process is one unit. Calls of interleaved stretches aren't judged either.
    """
    if not calls.tests:
        count = len(calls.processes.name)
        return Units(
            of_call=calls.process,
            process=np.arange(count, dtype=np.int32),
            test=np.full(count, OUTSIDE, np.int32),
            attempt=np.zeros(count, np.int32),
            judged=calls.processes.judged,
        )
    is_in_test = calls.test >= 0
    knows_tests = np.zeros(len(calls.processes.name), bool)
    knows_tests[calls.process[is_in_test]] = True
    phase = calls.origins.phase[calls.origin]
    is_outside = ~is_in_test | (phase == SETUP) | (phase == TEARDOWN)
    is_outside &= knows_tests[calls.process]
    # A try that isn't said is the first. What stands outside of tests, and a process without any, has none.
    attempt = np.where(is_outside | ~is_in_test, 0, np.maximum(calls.origins.attempt[calls.origin], 1))
    test = np.where(is_outside, OUTSIDE, calls.test)
    key: NDArray[np.integer[Any]] = calls.process
    limit = len(knows_tests)
    for column in (test - OUTSIDE, attempt):
        width = int(column.max(initial=0)) + 1
        distinct, key = code_values(key.astype(np.int64) * width + column, limit * width)
        limit = len(distinct)
    of_call, first = factorize(key)
    process = calls.process[first]
    return Units(
        of_call=of_call,
        process=process,
        test=test[first],
        attempt=attempt[first].astype(np.int32),
        judged=calls.processes.judged[process] & ~is_outside[first],
    )


def name_unit(calls: Calls, units: Units, unit: int) -> str:
    """What a unit is called: its test, a later try with its number; else its process."""
    test, attempt = int(units.test[unit]), int(units.attempt[unit])
    if test == OUTSIDE:
        return calls.processes.name[int(units.process[unit])]
    return calls.tests[test] + (f" (try {attempt})" if attempt > 1 else "")
