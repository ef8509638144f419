"""Stack distances, which give the hits of a cache of every capacity at once.

Mattson, Gecsei, Slutz, Traiger: Evaluation techniques for storage hierarchies (IBM Systems Journal, 1970).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracereport.native.loader import address, checked, contiguous, library


def stack_distances(previous: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """The exact stack distance of each call: how many other lookups were asked since its own was asked last.

    Args:
        previous: of each call the position of the same lookup's call just before (as ``keys.previous_same`` gives it);
            -1 for a lookup's first call. Streams that have no lookup in common may stand one behind the other.

    Returns:
        One entry per call: 0 where the lookup is directly repeated; -1 for a lookup's first call. An LRU cache of
        capacity c answers exactly the calls whose distance is in [0, c).

    Raises:
        ValueError: a position isn't before its call, or two calls have the same one.
    """
    previous = contiguous(previous)
    distance = np.empty(len(previous), np.int64)
    checked(library().tracereport_stack_distances(address(previous), len(previous), address(distance)))
    return distance
