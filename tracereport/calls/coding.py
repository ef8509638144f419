"""Large or scattered integers -> dense codes, and hashes that may be added up."""

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.grouping import Integers
from tracereport.native.keys import group_order

HASH_LIMIT = 1 << 64
_KEY_LIMIT = 1 << 62
"""Several integers are put into one key below this."""

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
    order = group_order(values)
    ordered = values[order]
    is_new = np.ones(len(values), np.bool_)
    is_new[1:] = ordered[1:] != ordered[:-1]
    code = np.empty(len(values), np.int32)
    code[order] = np.cumsum(is_new, dtype=np.int32) - 1
    return ordered[is_new], code


def code_tuples(*columns: tuple[Integers, int]) -> tuple[tuple[NDArray[np.int64], ...], NDArray[np.int32]]:
    """The distinct rows of some columns, and for each row given its index among them.

    Args:
        columns: integers in ``[0, size)``, with the size; sizes below 2^31.

    Returns:
        The columns of the distinct rows, which ascend by the first column, then by the next ones; and the indices.
    """
    (first, size), *others = columns
    key, place = first.astype(np.int64), 1
    while others and size * others[0][1] < _KEY_LIMIT:
        column, width = others.pop(0)
        key, size, place = key * width + column, size * width, place + 1
    distinct, code = code_values(key, size)
    joined = [distinct.astype(np.int64)]
    for _, width in columns[place - 1 : 0 : -1]:
        joined[:1] = list(np.divmod(joined[0], width))
    if not others:
        return tuple(joined), code
    # What was coded is no more than the rows, so that the next column fits beside it.
    (index, *rest), code = code_tuples((code, len(distinct)), *others)
    return (*(column[index] for column in joined), *rest), code


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
