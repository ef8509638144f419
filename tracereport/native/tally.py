"""Members of groups, counted by their traits in one pass; and the extremes of what they hold.

A member's traits are bits of one number of 16. Groups are numbers from 0 on; a member of a group below 0 doesn't count.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracereport.native.loader import address, checked, column, contiguous, library

TRAIT_TYPE: Final = np.uint16
"""Of a column of traits."""
TRAIT_VALUES: Final = 1 << 16
"""Above all sums of traits."""


class Mask(NamedTuple):
    """Which members are meant: those that have all of some traits and none of some others, each a sum of bits."""

    having: int = 0
    lacking: int = 0

    def means(self, traits: int) -> bool:
        """Whether a member of these traits is meant."""
        return traits & (self.having | self.lacking) == self.having

    def of(self, traits: NDArray[np.uint16]) -> NDArray[np.bool_]:
        """Which of these members are meant."""
        found: NDArray[np.bool_] = (traits & np.uint16(self.having | self.lacking)) == np.uint16(self.having)
        return found


def count_traits(
    groups: NDArray[np.integer[Any]],
    traits: NDArray[np.uint16],
    masks: Mapping[str, Mask],
    count: int,
    weight: NDArray[np.int64] | None = None,
) -> dict[str, NDArray[np.int64]]:
    """How many members of each of ``count`` groups each mask means, by the masks' names.

    Args:
        groups: of each member the number of its group.
        traits: of each member.
        masks: at most 31.
        count: of groups.
        weight: as how many each member counts; null: as one.

    Raises:
        ValueError: a group isn't below ``count``, or there are too many masks.
    """
    groups, traits = np.ascontiguousarray(groups, np.int32), np.ascontiguousarray(traits, TRAIT_TYPE)
    if weight is not None:
        weight = None if weight.strides == (0,) and len(weight) and weight[0] == 1 else contiguous(weight)
    if len(groups) != len(traits) or (weight is not None and len(weight) != len(traits)):
        raise ValueError("traits without groups")
    wanted = np.array(list(masks.values()), TRAIT_TYPE).reshape(-1, 2)
    counts = np.empty((count, len(wanted)), np.int64)
    weights = None if weight is None else address(weight)
    own = (address(groups), address(traits), weights, len(traits), address(wanted), len(wanted))
    checked(library().tracereport_count_traits(*own, address(counts), count))
    return {name: counts[:, at].copy() for at, name in enumerate(masks)}


def count_groups(
    groups: NDArray[np.integer[Any]], count: int, mask: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """How many members each of ``count`` groups has, of those that a mask holds.

    Raises:
        ValueError: a group isn't below ``count``.
    """
    if mask is not None:
        mask = np.ascontiguousarray(mask, np.bool_)
        if len(mask) != len(groups):
            raise ValueError("a mask without groups")
    counts = np.empty(count, np.int64)
    own = (column(groups), None if mask is None else address(mask), len(groups))
    checked(library().tracereport_count_groups(*own, address(counts), count))
    return counts


def count_pairs(
    outer: NDArray[np.integer[Any]],
    outers: int,
    inner: NDArray[np.integer[Any]],
    inners: int,
    mask: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """How many elements have each pair of codes, of those that a mask holds: a table of ``outers`` rows.

    Raises:
        ValueError: a code isn't in ``[0, outers)`` or ``[0, inners)``.
    """
    outer, inner = np.ascontiguousarray(outer, np.int32), np.ascontiguousarray(inner, np.int32)
    if mask is not None:
        mask = np.ascontiguousarray(mask, np.bool_)
    if len(outer) != len(inner) or (mask is not None and len(mask) != len(inner)):
        raise ValueError("columns of different lengths")
    counts = np.empty((outers, inners), np.int64)
    own = (address(outer), outers, address(inner), inners, None if mask is None else address(mask))
    checked(library().tracereport_count_pairs(*own, len(inner), address(counts)))
    return counts


def find_extremes(
    groups: NDArray[np.integer[Any]], values: NDArray[np.integer[Any]], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The least and the largest value of each of ``count`` groups; of a group without members the least is the larger.

    Raises:
        ValueError: a group isn't below ``count``.
    """
    if len(groups) != len(values):
        raise ValueError("values without groups")
    least, most = np.empty(count, np.int64), np.empty(count, np.int64)
    own = (column(groups), column(values), len(values))
    checked(library().tracereport_extremes(*own, address(least), address(most), count))
    return least, most


def find_first_largest(
    groups: NDArray[np.integer[Any]], values: NDArray[np.integer[Any]], count: int
) -> NDArray[np.int64]:
    """Of each of ``count`` groups the index of the first member with its largest value; -1 without members.

    Raises:
        ValueError: a group isn't below ``count``.
    """
    groups = np.ascontiguousarray(groups, np.int32)
    if len(groups) != len(values):
        raise ValueError("values without groups")
    first = np.empty(count, np.int64)
    checked(library().tracereport_first_largest(address(groups), column(values), len(values), address(first), count))
    return first


def find_nth_largest(values: NDArray[np.integer[Any]], nth: int) -> int:
    """The nth largest of some values, counted from 1; equal ones count each.

    Raises:
        ValueError: there are fewer.
    """
    found = np.empty(1, np.int64)
    checked(library().tracereport_nth_largest(column(values), len(values), nth, address(found)))
    return int(found[0])
