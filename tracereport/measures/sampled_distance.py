"""Stack distances of a hashed sample of the lookups: SHARDS, held to the error that it promises.

Waldspurger, Park, Garthwaite, Ahmad: Efficient MRC construction with SHARDS (FAST 2015). A lookup is in the sample if
its hash is small, with all of its calls; a distance counted among the sampled lookups is the true one, scaled down. Two
things make the estimate wrong, and both can be told beforehand or from the sample:

* The calls of a hot lookup fall in or out together. The counts give the standard error, and so the rate that is needed.
* A scaled distance is off by its own standard error, which matters where many calls have about that distance: those
  that follow one another closely, or that all stand one round of a loop apart.

Where either is above the bound there is no sample, and the exact distances, a fifth of a second per million calls, are
the way. Instead of the paper's correction of the first bucket (SHARDS-adj), distances are scaled by the share of the
lookups that was really kept, and hits to the number of all, which is known: on the same samples that errs less.
"""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.coding import mix_bits
from tracereport.measures.stack_distance import FIRST, distances_since

ERROR_BOUND: Final = 0.01
"""Of the hits of any capacity, as a share of all calls."""

_STANDARD_ERROR: Final = ERROR_BOUND / 4
"""What hot lookups may add: four standard errors are rarer than one stream in ten thousand."""

_HIGHEST_RATE: Final = 0.5
"""Above it a sample saves too little."""


class SampledDistances(msgspec.Struct, frozen=True, eq=False):
    """The sampled calls and their estimated stack distances."""

    position: NDArray[np.intp]
    """Of the sampled calls, ascending."""
    distance: NDArray[np.int64]
    """Scaled to all lookups; ``FIRST`` for a lookup's first call."""


def sample_distances(lookup: NDArray[np.integer], previous: NDArray[np.int32]) -> SampledDistances | None:
    """Estimated stack distances, or none where a sample can't promise ``ERROR_BOUND``.

    Args:
        lookup: codes of the lookups asked, in order, process after process. A lookup is in the sample in every process
            or in none.
        previous: the position of the same lookup's call just before each call of the process, ``FIRST`` for the first.
    """
    hot = float(np.square(np.bincount(lookup) / lookup.size).sum())
    rate = hot / (hot + _STANDARD_ERROR**2)
    if rate > _HIGHEST_RATE:
        return None
    kept = mix_bits(lookup) < np.uint64(rate * 2.0**64)
    position = np.flatnonzero(kept)
    before = previous[position]
    sampled = distances_since(np.where(before == FIRST, FIRST, (np.cumsum(kept, dtype=np.int32) - 1)[before]))
    repeat = sampled != FIRST
    repeats = int(np.count_nonzero(previous != FIRST))
    if _find_blur(sampled[repeat], rate) * repeats > ERROR_BOUND * lookup.size:
        return None
    scale = (lookup.size - repeats) / max(int(np.count_nonzero(~repeat)), 1)
    distance = np.rint((sampled + 1) * scale).astype(np.int64) - 1
    return SampledDistances(position, np.where(repeat, distance, FIRST))


def _find_blur(sampled: NDArray[np.int64], rate: float) -> float:
    """The largest share of the repeats within one standard error of one distance (as counted in the sample)."""
    if not sampled.size:
        return 1.0
    reached = np.concatenate(([0], np.cumsum(np.bincount(sampled))))
    distance = np.arange(reached.size - 1)
    error = np.ceil(np.sqrt((distance + 1) * (1 - rate))).astype(np.int64)
    above = np.minimum(distance + error + 1, distance.size)
    below = np.maximum(distance - error, 0)
    return float((reached[above] - reached[below]).max()) / sampled.size
