"""Counting and adding up by group, over whole columns."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tracereport.model import Rows

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

_DIGIT_BITS = 16


def stable_order(codes: Integers, limit: int) -> NDArray[np.intp]:
    """The indices that sort codes in ``[0, limit)``, equal ones in their order.

    A radix sort by digits of 16 bits: NumPy sorts those by counting, in linear time.
    """
    order = np.argsort(codes.astype(np.uint16), kind="stable")
    shift = _DIGIT_BITS
    while limit > 1 << shift:
        order = order[np.argsort((codes >> shift).astype(np.uint16)[order], kind="stable")]
        shift += _DIGIT_BITS
    return order


def sum_by(groups: Integers, values: NDArray[np.int64], count: int) -> NDArray[Any]:
    """The sum of the values of each of ``count`` groups, exactly: as Python's integers where 64 bits might not do."""
    largest = int(values.max(initial=0))
    if largest * len(values) < 1 << 53:
        return np.bincount(groups, weights=values, minlength=count).astype(np.int64)
    high, low = np.zeros((2, count), np.int64)
    np.add.at(high, groups, values >> 32)
    np.add.at(low, groups, values & 0xFFFFFFFF)
    return (high.astype(object) << 32) + low


def sum_exactly(values: NDArray[np.int64]) -> int:
    """The sum of all values, whatever their size."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def count_by(groups: Integers, count: int, mask: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """How many (masked) members each of ``count`` groups has."""
    return np.bincount(groups if mask is None else groups[mask], minlength=count)


def rank_rows(counts: Sequence[int] | NDArray[Any], names: Sequence[tuple[Any, ...]]) -> list[int]:
    """Indices by descending count, ties by name."""
    return sorted(range(len(names)), key=lambda index: (-counts[index], names[index]))


def keep_rows(rows: Sequence[Row], limit: int = ROW_LIMIT, total: int | None = None) -> Rows[Row]:
    """The first rows of a list that is in order, and how many there are."""
    return Rows(len(rows) if total is None else total, tuple(rows[:limit]))


def reference_limit(rank: int) -> int:
    """Call references that are kept in the row of this rank: what nobody looks at first is shown with a few."""
    return NESTED_ROW_LIMIT if rank < _DETAILED_ROWS else _REFERENCES_OF_OTHERS


def caller_rank(caller: str | None) -> tuple[bool, str]:
    """Callers sort by name, a missing one last."""
    return (caller is None, caller or "")
