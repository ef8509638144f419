"""Stack distances, which give the hits of a cache of every capacity at once.

Mattson, Gecsei, Slutz, Traiger: Evaluation techniques for storage hierarchies (IBM Systems Journal, 1970).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracereport.native.loader import address, checked, library


def stack_distances(
    stream: NDArray[np.integer[Any]], previous: NDArray[np.integer[Any]], streams: int
) -> NDArray[np.int32]:
    """The exact stack distance of each call: how many other lookups its stream asked for since its own was asked last.

    Args:
        stream: of each call the number of what it is a part of; -1 for one that is left out. Calls of several streams
            may stand in any mixture.
        previous: of each call the index of the same lookup's call just before it in its stream; -1 for its first.
        streams: how many there are.

    Returns:
        One entry per call: 0 where the lookup is directly repeated; -1 for a lookup's first call. An LRU cache of
        capacity c answers exactly the calls whose distance is in [0, c).

    Raises:
        ValueError: an index isn't before its call or is of another stream, or two calls have the same one.
    """
    stream, previous = (np.ascontiguousarray(column, np.int32) for column in (stream, previous))
    if len(stream) != len(previous):
        raise ValueError("columns of different lengths")
    distance = np.empty(len(stream), np.int32)
    own = (address(stream), address(previous), len(stream), streams)
    checked(library().tracereport_stack_distances(*own, address(distance)))
    return distance
