"""Groups of calls that asked for the same thing in the same unit of work."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.coding import count_up
from tracereport.calls.grouping import Integers, stable_order


class Groups(msgspec.Struct, frozen=True, eq=False):
    """One entry per group, by code, then unit. Groups are cut out of ``order``."""

    order: NDArray[np.intp]
    """The grouped places by code, unit and number."""
    is_first: NDArray[np.bool_]
    """Whether each in the order is the first of its group."""
    start: NDArray[np.intp]
    """A group is ``order[start:start + length]``."""
    length: NDArray[np.int64]
    code: NDArray[np.int64]
    unit: NDArray[np.int64]

    def __len__(self) -> int:
        """The number of groups."""
        return len(self.start)

    def members(self, group: int) -> NDArray[np.intp]:
        """The places of one group."""
        return self.order[self.start[group] : self.start[group] + self.length[group]]

    def count(self, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many members of each group are in a mask over the places."""
        if not len(self.start):
            return np.zeros(0, np.int64)
        counts: NDArray[np.int64] = np.add.reduceat(mask[self.order], self.start, dtype=np.int64)
        return counts


def group_calls(codes: Integers, limit: int, unit: Integers, chosen: NDArray[np.bool_]) -> Groups:
    """Groups the chosen places by their codes in ``[0, limit)`` and by unit; in each group they stay in their order."""
    places = np.flatnonzero(chosen)
    if len(places) < len(chosen):
        codes, unit = codes[places], unit[places]
    if np.any(unit[1:] < unit[:-1]):
        by_unit = stable_order(unit, int(unit.max()) + 1)
        order = by_unit[stable_order(codes[by_unit], limit)]
    else:
        order = stable_order(codes, limit)
    code, own_unit = codes[order], unit[order]
    is_first = np.ones(len(order), bool)
    is_first[1:] = (code[1:] != code[:-1]) | (own_unit[1:] != own_unit[:-1])
    start = np.flatnonzero(is_first)
    length = np.diff(np.append(start, len(order)))
    return Groups(
        places[order], is_first, start, length, code[start].astype(np.int64), own_unit[start].astype(np.int64)
    )


def places_of_groups(groups: Groups, kept: NDArray[np.intp]) -> NDArray[np.intp]:
    """The places of some groups, one group after the other."""
    if len(kept) == len(groups):
        return groups.order
    length = groups.length[kept]
    places: NDArray[np.intp] = groups.order[np.repeat(groups.start[kept], length) + count_up(length)]
    return places
