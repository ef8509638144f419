"""Counting and adding up by group, over whole columns."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.constant import is_constant
from tracereport.model import Rows
from tracereport.native.keys import group_order, sum_groups
from tracereport.native.tally import count_groups

Row = TypeVar("Row")
Integers = NDArray[np.integer[Any]]

ROW_LIMIT = 1_000
"""Rows that the report keeps of most lists."""
LONG_ROW_LIMIT = 10_000
"""Rows that it keeps of functions, edges, processes and findings, which a comparison needs whole."""
NESTED_ROW_LIMIT = 20
"""Rows that it keeps of a list inside a row."""
_DETAILED_ROWS = 100
_REFERENCES_OF_OTHERS = 3


def order_by(*keys: Integers) -> NDArray[np.intp]:
    """The indices that sort by the first key, then by the next one, and so on; equal rows keep their order."""
    order = group_order(keys[-1])
    for key in keys[-2::-1]:
        order = order[group_order(key[order])]
    return order


def sum_by(groups: Integers, values: NDArray[np.int64], count: int) -> NDArray[Any]:
    """The sum of the values of each of ``count`` groups, exactly; those of a group below 0 are left out.

    Where the sum of all groups might not fit into 64 bits, they are Python's integers.
    """
    if is_constant(values):
        counts, value = count_by(groups, count), int(values[0])
        return counts * value if value * len(values) < 1 << 63 else counts.astype(object) * value
    with suppress(OverflowError):
        sums = sum_groups(groups, values, count)
        if sums.sum(dtype=np.float64) < 1 << 62:
            return sums
    groups, values = groups[groups >= 0], values[groups >= 0]
    high, low = np.zeros((2, count), np.int64)
    np.add.at(high, groups, values >> 32)
    np.add.at(low, groups, values & 0xFFFFFFFF)
    return (high.astype(object) << 32) + low


def sum_exactly(values: NDArray[np.int64]) -> int:
    """The sum of all values, whatever their size."""
    if is_constant(values):
        return int(values[0]) * len(values)
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def count_by(groups: Integers, count: int, mask: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """How many (masked) members each of ``count`` groups has."""
    return count_groups(groups, count, mask)


def first_rows(owner: Integers, rank: Sequence[Integers], limit: int) -> NDArray[np.intp]:
    """Of each owner the first rows, at most ``limit``, in the order of the ranks (the most important one first)."""
    order = order_by(owner, *rank)
    codes = owner[order]
    start = np.flatnonzero(np.diff(codes, prepend=-1))
    within = np.arange(len(order)) - np.repeat(start, np.diff(start, append=len(order)))
    return order[within < limit]


def keep_rows(rows: Sequence[Row], limit: int = ROW_LIMIT, total: int | None = None) -> Rows[Row]:
    """The first rows of a list that is in order, and how many there are."""
    return Rows(len(rows) if total is None else total, tuple(rows[:limit]))


def reference_limit(rank: int) -> int:
    """Call references that are kept in the row of this rank: what nobody looks at first is shown with a few."""
    return NESTED_ROW_LIMIT if rank < _DETAILED_ROWS else _REFERENCES_OF_OTHERS


def caller_rank(caller: str | None) -> tuple[bool, str]:
    """Callers sort by name, a missing one last."""
    return (caller is None, caller or "")
