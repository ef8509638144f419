"""Groups of calls that asked for the same thing in the same process."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.coding import count_up
from tracereport.calls.grouping import Integers, stable_order


class Groups(msgspec.Struct, frozen=True, eq=False):
    """One entry per group, by code, then process. Groups are cut out of ``order``."""

    order: NDArray[np.intp]
    """All places by code, process and number."""
    is_first: NDArray[np.bool_]
    """Whether each in the order is the first of its group."""
    start: NDArray[np.intp]
    """A group is ``order[start:start + length]``."""
    length: NDArray[np.int64]
    code: NDArray[np.int64]
    process: NDArray[np.int64]

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


def group_calls(codes: Integers, limit: int, process: Integers) -> Groups:
    """Groups places, which are in order of process and number, by their codes in ``[0, limit)`` and by process."""
    order = stable_order(codes, limit)
    code, own_process = codes[order], process[order]
    is_first = np.ones(len(order), bool)
    is_first[1:] = (code[1:] != code[:-1]) | (own_process[1:] != own_process[:-1])
    start = np.flatnonzero(is_first)
    length = np.diff(np.append(start, len(order)))
    return Groups(order, is_first, start, length, code[start].astype(np.int64), own_process[start].astype(np.int64))


def places_of_groups(groups: Groups, kept: NDArray[np.intp]) -> NDArray[np.intp]:
    """The places of some groups, one group after the other."""
    if len(kept) == len(groups):
        return groups.order
    length = groups.length[kept]
    places: NDArray[np.intp] = groups.order[np.repeat(groups.start[kept], length) + count_up(length)]
    return places
