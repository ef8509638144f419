"""Columns of integer keys: equal ones numbered, ordered, and linked to one another; each in linear time."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tracereport.native.loader import address, checked, contiguous, library

Number = TypeVar("Number", bound=np.integer[Any])


def factorize(keys: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Each key's number in the order of first use (int32), and where each number is used first (int64).

    ``keys[first_use][codes]`` are the keys again. A column that holds one value throughout, with a stride of 0, has
    codes of that kind.
    """
    if keys.strides == (0,) and len(keys):
        return np.broadcast_to(np.int32(0), len(keys)), np.zeros(1, np.int64)
    keys = contiguous(keys)
    codes, first_use = np.empty(len(keys), np.int32), np.empty(len(keys), np.int64)
    distinct = checked(library().tracereport_factorize(address(keys), len(keys), address(codes), address(first_use)))
    return codes, first_use[:distinct].copy()


def find_distinct(values: NDArray[Number]) -> NDArray[Number]:
    """The distinct integers, ascending."""
    distinct: NDArray[Number] = np.sort(values[factorize(values)[1]])
    return distinct


def group_order(keys: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """The indices that bring the keys into ascending order, equal ones in the order in which they stand."""
    keys = contiguous(keys)
    order = np.empty(len(keys), np.int64)
    checked(library().tracereport_group_order(address(keys), len(keys), address(order)))
    return order


def previous_same(keys: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Of each element the index of the one with the same key just before it; -1 for the first of its key."""
    keys = contiguous(keys)
    previous = np.empty(len(keys), np.int64)
    checked(library().tracereport_previous_same(address(keys), len(keys), address(previous)))
    return previous


def sum_groups(groups: NDArray[np.integer[Any]], values: NDArray[np.integer[Any]], count: int) -> NDArray[np.int64]:
    """The sum of the values of each of ``count`` groups.

    Args:
        groups: of each value the number of its group.
        values: what is added up.
        count: of groups.

    Raises:
        OverflowError: a sum is beyond 2^63 - 1.
        ValueError: a group isn't in ``[0, count)``.
    """
    groups = np.ascontiguousarray(groups) if groups.dtype == np.int32 else contiguous(groups)
    values = contiguous(values)
    if len(groups) != len(values):
        raise ValueError("values without groups")
    sums = np.empty(count, np.int64)
    own = (address(groups), groups.itemsize, address(values), len(values))
    checked(library().tracereport_sum_groups(*own, address(sums), count))
    return sums
