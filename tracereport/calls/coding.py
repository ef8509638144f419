"""Large or scattered integers -> dense codes, and hashes that may be added up."""

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.grouping import Integers, stable_order

HASH_LIMIT = 1 << 64

_SPARSENESS = 4
"""Up to so many possible values per given one a table of all of them is quicker than sorting."""


def code_values(values: Integers, limit: int) -> tuple[Integers, NDArray[np.int32]]:
    """The distinct values, ascending, and for each value given its index among them.

    Args:
        values: integers in ``[0, limit)``.
        limit: above all values.
    """
    if limit <= _SPARSENESS * len(values):
        occurs = np.zeros(limit, np.bool_)
        occurs[values] = True
        return np.flatnonzero(occurs), (np.cumsum(occurs, dtype=np.int32) - 1)[values]
    order = stable_order(values, limit)
    ordered = values[order]
    is_new = np.ones(len(values), np.bool_)
    is_new[1:] = ordered[1:] != ordered[:-1]
    code = np.empty(len(values), np.int32)
    code[order] = np.cumsum(is_new, dtype=np.int32) - 1
    return ordered[is_new], code


def mix_bits(values: Integers) -> NDArray[np.uint64]:
    """A well mixed 64 bit integer for each: the step of splitmix64 (Steele, Lea, Flood, OOPSLA 2014)."""
    mixed = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def count_up(lengths: Integers) -> NDArray[np.int64]:
    """0, 1, 2, ... below each length, one run behind the other."""
    ends = np.cumsum(lengths)
    return np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - lengths, lengths)


def spread(starts: Integers, lengths: Integers) -> NDArray[np.int64]:
    """The indices of runs, one behind the other."""
    indices: NDArray[np.int64] = np.repeat(starts, lengths) + count_up(lengths)
    return indices
