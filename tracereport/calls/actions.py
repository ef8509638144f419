"""Actions: the steps of a test, the requests to a server, and tasks of a queue, within which a repeat is wasteful.

If a test, or a client of a server, reads a page twice, the page's queries run twice, and no program could avoid that.
So each request is judged separately, and so is each run of a function that the test itself calls. A task is judged
separately wherever it runs: tests may execute it at once, inside the request that queues it.
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
"""Hooks whose frames are tests."""
_TASK: Final = re.compile("TASK ")
"""The function's name of a queue's task begins so."""


def are_tests(calls: Calls) -> NDArray[np.bool_]:
    """For each text of ``calls.origins``, whether it names such a hook; a last entry, false, for ``NO_TEXT``."""
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
    """Divides units of work into actions: all units by requests, tests also by the runs of the functions they call.

    Arrays have one entry for each place of the ordered calls.

    Args:
        calls: the calls at these places.
        unit: the unit of work of each.
        is_of_test: whether that unit is a test.
        signature: index into ``calls.signatures``.
        kind: index into ``CALL_KINDS``.
        parent: the place of the calling call, which is an earlier one; negative for none.
        origin: index into ``calls.origins``.
        activation: the run of the calling function, if any call has one.

    Returns:
        The action of each place and the number of actions; None if no unit is divided.
    """
    is_request = _find_frames(calls, signature, kind, REQUEST)
    is_task = _find_frames(calls, signature, kind, _TASK)
    if is_task is not None:
        is_request = is_task if is_request is None else is_request | is_task
    of_hook = are_tests(calls)
    if is_request is None and (activation is None or not of_hook.any() or not is_of_test.any()):
        return None
    # The last entry is for calls without a parent, whose index is -1.
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
    """Which places are frames of requests, or of tasks; None if none is."""
    is_named = np.array([named.match(name) is not None for name in calls.names], bool)
    if not is_named.any() or not (calls.origins.kind == FRAME).any():
        return None
    found: NDArray[np.bool_] = is_named[calls.lookups.function[calls.signatures.lookup]][signature]
    found &= kind == FRAME
    return found if found.any() else None


def _find_outer_requests(
    is_request: NDArray[np.bool_], begins: NDArray[np.bool_], parent: NDArray[np.int32]
) -> NDArray[np.int32]:
    """For each place the outermost request around it, itself included; without one, a place that is no request."""
    places = np.arange(len(parent), dtype=np.int32)
    inner = _climb(np.where(begins | is_request, places, parent))
    around = np.where(is_request & ~begins, inner[parent], places)
    return _climb(np.where(is_request[around], around, places))[inner]


def _climb(link: NDArray[np.int32]) -> NDArray[np.int32]:
    """Follows the links of each place up to one that is linked to itself."""
    while not np.array_equal(link, further := link[link]):
        link = further
    return link
