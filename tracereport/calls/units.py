"""Units of work: what a repeat is wasteful within. A test's try, else the process; a root call where that is wanted."""

import re
from typing import Any, Final, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_NAME, NO_PARENT, NO_TEXT, SETUP, TEARDOWN, Calls
from tracereport.calls.coding import code_tuples, code_values
from tracereport.model import UnitKind
from tracereport.native.keys import factorize

UNIT_KINDS: Final[tuple[UnitKind, ...]] = get_args(UnitKind)
TEST, PROCESS, ROOT = range(len(UNIT_KINDS))
_WORKER: Final = re.compile(r"pytest|gw\d+")
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
    root: NDArray[np.int32]
    """Per unit the name of its root call's function; ``NO_NAME`` where it is no root's."""
    judged: NDArray[np.bool_]
    """Per unit whether its repeats are judged."""

    @property
    def kind(self) -> NDArray[np.uint8]:
        """Per unit what it is: index into ``UNIT_KINDS``."""
        kind = np.where(self.root == NO_NAME, PROCESS, ROOT)
        return np.where(self.test == OUTSIDE, kind, TEST).astype(np.uint8)

    def __len__(self) -> int:
        """The number of units."""
        return len(self.process)


def find_units(calls: Calls, wanted: UnitKind | None = None) -> Units:
    """Puts each call into its unit of work: a try of a test, or a process.

    A process that knows tests has a unit for each try of each test. What it calls outside of them, and in a test's
    set-up and tear-down, is one unit that isn't judged: those calls depend on which tests share a process. So do those
    of a worker of pytest that got no test, and only loaded the modules. Any other process is one unit. Calls of
    interleaved stretches aren't judged either.

    Where processes are ``wanted``, each is one unit whatever it knows; where tests are, what stands in none isn't
    judged.
    """
    workers = _find_workers(calls)
    if wanted == "process" or (wanted is None and not calls.tests and not workers.any()):
        return _take_whole_processes(calls)
    is_in_test = calls.test >= 0
    knows_tests = workers | (wanted == "test")
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
        root=np.full(len(first), NO_NAME, np.int32),
        judged=calls.processes.judged[process] & ~is_outside[first],
    )


def _take_whole_processes(calls: Calls) -> Units:
    """A unit for each process."""
    count = len(calls.processes.name)
    return Units(
        of_call=calls.process,
        process=np.arange(count, dtype=np.int32),
        test=np.full(count, OUTSIDE, np.int32),
        attempt=np.zeros(count, np.int32),
        root=np.full(count, NO_NAME, np.int32),
        judged=calls.processes.judged,
    )


def _find_workers(calls: Calls) -> NDArray[np.bool_]:
    """Which processes our plugin traced for pytest: their names say so, and their records name a hook."""
    is_worker = np.array([_WORKER.fullmatch(name) is not None for name in calls.processes.name], bool)
    if is_worker.any():
        names_hook = np.zeros(len(is_worker), bool)
        names_hook[calls.process[(calls.origins.via != NO_TEXT)[calls.origin]]] = True
        is_worker &= names_hook
    return is_worker


def find_root_units(
    calls: Calls, rows: NDArray[np.integer[Any]], parent: NDArray[np.int32], in_tree: NDArray[np.bool_]
) -> Units:
    """Puts each call into the unit of its root call; what stands in no tree, into that of its process.

    Calls under one that never printed are a unit, too, called as they call it.

    Args:
        calls: all of them.
        rows: those that have an order.
        parent: per one of these the place of its parent among them, negative for none.
        in_tree: per one of these whether its tree is known.
    """
    top = np.where(parent < 0, np.arange(len(rows)), parent)
    while not np.array_equal(top, above := top[top]):
        top = above
    said = calls.parent[rows[top]]
    is_printed = said == NO_PARENT
    # The number that a root has, or would have had.
    number = np.where(is_printed, calls.number[rows[top]], said)
    numbers, rank = np.unique(number, return_inverse=True)
    _, code = code_tuples((calls.process[rows], len(calls.processes.name)), (rank, len(numbers)))
    key = calls.process.astype(np.int64)
    key[rows[in_tree]] = len(calls.processes.name) + code[in_tree]
    name = np.full(len(calls), NO_NAME, np.int32)
    root = np.where(is_printed, calls.function[rows[top]], calls.caller[rows[top]])
    name[rows[in_tree]] = root[in_tree]
    of_call, first = factorize(key)
    process = calls.process[first]
    return Units(
        of_call=of_call,
        process=process,
        test=np.full(len(first), OUTSIDE, np.int32),
        attempt=np.zeros(len(first), np.int32),
        root=name[first],
        judged=calls.processes.judged[process],
    )


def name_unit(calls: Calls, units: Units, unit: int) -> str:
    """What a unit is called: its test, a later try with its number; its root call's function; else its process."""
    test, attempt = int(units.test[unit]), int(units.attempt[unit])
    if test == OUTSIDE:
        return calls.name(int(units.root[unit])) or calls.processes.name[int(units.process[unit])]
    return name_try(calls.tests[test], attempt)


def name_try(test: str, attempt: int) -> str:
    """What a try of a test is called."""
    return f"{test} (try {attempt})" if attempt > 1 else test
