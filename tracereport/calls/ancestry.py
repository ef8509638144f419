"""What holds for a call because of those above or below it in the tree."""

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.ordered import NOWHERE, OrderedCalls
from tracereport.native import trees


def any_above(ordered: OrderedCalls, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether any call above each call is one of the mask's."""
    found: NDArray[np.bool_] = nearest_above(ordered, mask) != NOWHERE
    return found


def last_number_inside(ordered: OrderedCalls) -> NDArray[np.int64]:
    """The largest number of each call's subtree: its own where it has no children or no tree is known."""
    return trees.last_inside(ordered.parent, ordered.number)


def nearest_above(ordered: OrderedCalls, mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The nearest call above each call that is one of the mask's; ``NOWHERE`` without one."""
    return trees.nearest_above(ordered.parent, mask)
