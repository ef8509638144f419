"""Actions: what a test does one after the other, such as each request that it sends. A repeat is wasteful within one.

A test that reads a page twice asks twice for what the page shows, and no program could leave that out. So what stands
in one request, and what one run of a function asks that the test itself has called, is judged apart from the rest.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import FRAME, NO_ACTIVATION, Calls
from tracereport.calls.coding import code_values
from tracereport.calls.paths import REQUEST
from tracereport.native.codes import take

TEST_HOOKS: Final = frozenset({"pytest", "unittest"})
"""Their frames are tests."""


def are_tests(calls: Calls) -> NDArray[np.bool_]:
    """Per hook's text whether its frames are tests; the last one is for none."""
    return np.array([text in TEST_HOOKS for text in calls.origins.texts] + [False], bool)


def find_actions(
    calls: Calls,
    unit: NDArray[np.int32],
    is_of_test: NDArray[np.bool_],
    function: NDArray[np.int32],
    kind: NDArray[np.uint8],
    parent: NDArray[np.int32],
    origin: NDArray[np.int32],
    activation: NDArray[np.int64] | None,
) -> tuple[NDArray[np.int32], int] | None:
    """Numbers units divided by the actions of tests; None where no unit has any. Arrays run over places.

    Args:
        calls: that these places are of.
        unit: of each.
        is_of_test: whether that is a test.
        function: name code of each.
        kind: of each, as ``CALL_KINDS`` has them.
        parent: the place of the calling call, negative for none; before the call's own.
        origin: of each, in ``calls.origins``.
        activation: the run of a function that each was asked in, where that is known.
    """
    if not is_of_test.any():
        return None
    is_request = np.array([REQUEST.match(name) is not None for name in calls.names], bool)[function]
    is_request &= (kind == FRAME) & is_of_test
    # The last one is for calls without a parent.
    is_test = np.append(take(are_tests(calls), take(calls.origins.via, origin)), [False])
    asks_by_run = is_test[parent] & is_of_test
    if activation is None or not asks_by_run.any():
        asks_by_run[:] = False
        if not is_request.any():
            return None
    places = np.arange(len(unit), dtype=np.int32)
    begins = (parent < 0) | is_test[parent] | (unit[parent] != unit)
    own = _climb(np.where(begins, places, parent))
    request = _find_outer_requests(is_request, begins, parent)
    run = np.zeros(len(unit), np.int64)
    if activation is not None:
        run[asks_by_run] = activation[asks_by_run] - NO_ACTIVATION
    runs, run_code = np.unique(run, return_inverse=True)
    key = np.where(is_request[request], len(runs) + request, run_code[own])
    width = len(runs) + len(unit)
    distinct, action = code_values(unit * np.int64(width) + key, (int(unit.max(initial=0)) + 1) * width)
    return action, len(distinct)


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
