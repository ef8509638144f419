"""Actions: what a test does one after the other, what a server answers, a task. A repeat is wasteful within one.

A page that is read twice asks twice for what it shows, by a test or of a server, and no program could leave that out.
So what stands in one request, and what one run of a function asks that a test itself has called, is judged apart. So is
a task, wherever it runs: tests may carry it out at once, inside of the request that queues it.
"""

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import FRAME, NO_ACTIVATION, Calls
from tracereport.calls.coding import code_values
from tracereport.calls.paths import REQUEST
from tracereport.native.codes import take

TEST_HOOKS: Final = frozenset({"pytest", "unittest"})
"""Their frames are tests."""
_TASK: Final = re.compile("TASK ")
"""How a run of a queue's task is called."""


def are_tests(calls: Calls) -> NDArray[np.bool_]:
    """Per hook's text whether its frames are tests; the last one is for none."""
    return np.array([text in TEST_HOOKS for text in calls.origins.texts] + [False], bool)


def find_actions(
    calls: Calls,
    unit: NDArray[np.int32],
    is_of_test: NDArray[np.bool_],
    signature: NDArray[np.int32],
    kind: NDArray[np.uint8],
    parent: NDArray[np.int32],
    origin: NDArray[np.int32],
    activation: NDArray[np.int64] | None,
) -> tuple[NDArray[np.int32], int] | None:
    """Numbers units divided by requests, and tests by all their actions; None where there are none.

    Arrays run over places.

    Args:
        calls: that these places are of.
        unit: of each.
        is_of_test: whether that is a test.
        signature: of each, in ``calls.signatures``.
        kind: of each, as ``CALL_KINDS`` has them.
        parent: the place of the calling call, negative for none; before the call's own.
        origin: of each, in ``calls.origins``.
        activation: the run of a function that each was asked in, where that is known.
    """
    is_request = _find_frames(calls, signature, kind, REQUEST)
    is_task = _find_frames(calls, signature, kind, _TASK)
    if is_task is not None:
        is_request = is_task if is_request is None else is_request | is_task
    of_hook = are_tests(calls)
    if is_request is None and (activation is None or not of_hook.any() or not is_of_test.any()):
        return None
    # The last one is for calls without a parent.
    is_test = np.append(take(of_hook, take(calls.origins.via, origin)), [False])
    begins = (parent < 0) | is_test[parent] | (unit[parent] != unit)
    if is_task is not None:
        begins |= is_task
    places = np.arange(len(unit), dtype=np.int32)
    own = _climb(np.where(begins, places, parent))
    run = np.zeros(len(unit), np.int64)
    if activation is not None:
        asks_by_run = is_test[parent] & is_of_test
        run[asks_by_run] = activation[asks_by_run] - NO_ACTIVATION
    runs, run_code = np.unique(run, return_inverse=True)
    key = run_code[own]
    if is_request is not None:
        request = _find_outer_requests(is_request, begins, parent)
        key = np.where(is_request[request], len(runs) + request, key)
    width = len(runs) + len(unit)
    distinct, action = code_values(unit * np.int64(width) + key, (int(unit.max(initial=0)) + 1) * width)
    return action, len(distinct)


def _find_frames(
    calls: Calls, signature: NDArray[np.int32], kind: NDArray[np.uint8], named: re.Pattern[str]
) -> NDArray[np.bool_] | None:
    """Which places are frames of requests, or of tasks; None where none is."""
    is_named = np.array([named.match(name) is not None for name in calls.names], bool)
    if not is_named.any() or not (calls.origins.kind == FRAME).any():
        return None
    found: NDArray[np.bool_] = is_named[calls.lookups.function[calls.signatures.lookup]][signature]
    found &= kind == FRAME
    return found if found.any() else None


def _find_outer_requests(
    is_request: NDArray[np.bool_], begins: NDArray[np.bool_], parent: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Per place the outermost request that it stands in, or is; else some place that is none."""
    places = np.arange(len(parent), dtype=np.int32)
    inner = _climb(np.where(begins | is_request, places, parent))
    around = np.where(is_request & ~begins, inner[parent], places)
    return _climb(np.where(is_request[around], around, places))[inner]


def _climb(link: NDArray[np.int32]) -> NDArray[np.int32]:
    """Where the links of each place end: at one that is linked to itself."""
    while not np.array_equal(link, further := link[link]):
        link = further
    return link
