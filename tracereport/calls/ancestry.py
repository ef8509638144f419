"""What holds for a call because of those above or below it in the tree: by doubling the step, in log(depth) passes."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.ordered import NOWHERE, OrderedCalls


def _ancestors(parent: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Calls and their ancestors 1, 2, 4, 8, ... levels up, as long as there are any."""
    ancestor = parent.copy()
    while True:
        below = np.flatnonzero(ancestor != NOWHERE)
        if not len(below):
            return
        yield below, ancestor[below]
        further = np.full(len(ancestor), NOWHERE, np.intp)
        further[below] = ancestor[ancestor[below]]
        ancestor = further


def any_above(ordered: OrderedCalls, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether any call above each call is one of the mask's."""
    found = np.zeros(len(ordered), bool)
    child = np.flatnonzero(ordered.parent != NOWHERE)
    found[child] = mask[ordered.parent[child]]
    for below, above in _ancestors(ordered.parent):
        found[below] |= found[above]
    return found


def last_number_inside(ordered: OrderedCalls) -> NDArray[np.int64]:
    """The largest number of each call's subtree: its own where it has no children or no tree is known."""
    last = ordered.number.copy()
    for below, above in _ancestors(ordered.parent):
        np.maximum.at(last, above, last[below].copy())
    return last


def nearest_above(ordered: OrderedCalls, mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The nearest call above each call that is one of the mask's; ``NOWHERE`` without one."""
    nearest = ordered.parent.copy()
    while True:
        unsettled = np.flatnonzero(nearest != NOWHERE)
        unsettled = unsettled[~mask[nearest[unsettled]]]
        if not len(unsettled):
            return nearest
        # Whoever stands above has looked as far up already: each pass doubles the step.
        nearest[unsettled] = nearest[nearest[unsettled]]
