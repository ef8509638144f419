"""Columns of integer keys: equal ones numbered, ordered, and linked to one another; each in linear time."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tracereport.native.loader import address, checked, column, library

Number = TypeVar("Number", bound=np.integer[Any])


def factorize(keys: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Each key's number in the order of first use (int32), and where each number is used first (int64).

    ``keys[first_use][codes]`` are the keys again. A column that holds one value throughout, with a stride of 0, has
    codes of that kind.
    """
    if keys.strides == (0,) and len(keys):
        return np.broadcast_to(np.int32(0), len(keys)), np.zeros(1, np.int64)
    codes, first_use = np.empty(len(keys), np.int32), np.empty(len(keys), np.int64)
    own = (column(keys), len(keys), address(codes), address(first_use))
    distinct = checked(library().tracereport_factorize(*own))
    return codes, first_use[:distinct].copy()


def find_distinct(values: NDArray[Number]) -> NDArray[Number]:
    """The distinct integers, ascending."""
    distinct: NDArray[Number] = np.sort(values[factorize(values)[1]])
    return distinct


def group_order(keys: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """The indices that bring the keys into ascending order, equal ones in the order in which they stand."""
    order = np.empty(len(keys), np.int64)
    checked(library().tracereport_group_order(column(keys), len(keys), address(order)))
    return order


def list_members(
    group: NDArray[np.integer[Any]], wanted: NDArray[np.integer[Any]], sizes: NDArray[np.integer[Any]], groups: int
) -> list[NDArray[np.int32]]:
    """The indices of the members of some groups, each one's in their order.

    Args:
        group: of each member the number of its group; -1 for none.
        wanted: the groups whose members are listed, each once.
        sizes: of these groups.
        groups: above all numbers.

    Raises:
        ValueError: a number is beyond the range, or a group is of another size.
    """
    group = np.ascontiguousarray(group, np.int32)
    rank = np.full(groups, -1, np.int32)
    rank[wanted] = np.arange(len(wanted))
    end = np.cumsum(sizes, dtype=np.int64)
    following = end - sizes
    members = np.empty(int(end[-1]) if len(end) else 0, np.int32)
    own = (address(group), len(group), address(rank), groups)
    checked(library().tracereport_list_members(*own, address(following), address(end), len(end), address(members)))
    if not np.array_equal(following, end):
        raise ValueError("groups of other sizes")
    return np.split(members, end[:-1]) if len(end) else []


def previous_same(keys: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
    """Of each element the index of the one with the same key just before it; -1 for the first of its key."""
    previous = np.empty(len(keys), np.int32)
    checked(library().tracereport_previous_same(column(keys), len(keys), address(previous)))
    return previous


def sum_groups(groups: NDArray[np.integer[Any]], values: NDArray[np.integer[Any]], count: int) -> NDArray[np.int64]:
    """The sum of the values of each of ``count`` groups; those of a group below 0 are left out.

    Args:
        groups: of each value the number of its group.
        values: what is added up.
        count: of groups.

    Raises:
        OverflowError: a sum is beyond 2^63 - 1.
        ValueError: a group isn't below ``count``.
    """
    if len(groups) != len(values):
        raise ValueError("values without groups")
    sums = np.empty(count, np.int64)
    own = (column(groups), column(values), len(values))
    checked(library().tracereport_sum_groups(*own, address(sums), count))
    return sums
