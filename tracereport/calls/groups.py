"""Groups of questions that asked for the same thing in the same unit of work."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.grouping import Integers
from tracereport.native.keys import factorize, list_members
from tracereport.native.repeats import Numbered
from tracereport.native.tally import count_groups


class Groups(msgspec.Struct, frozen=True, eq=False):
    """One entry per group, but for ``of_place``."""

    of_place: NDArray[np.int32]
    """Per place its group; -1 for none."""
    length: NDArray[np.int64]
    first: NDArray[np.int64]
    """The place of its first member."""
    code: NDArray[np.int32]
    """What it asks for."""
    unit: NDArray[np.int32]

    def __len__(self) -> int:
        """The number of groups."""
        return len(self.length)

    def of_places(self, places: NDArray[np.integer]) -> NDArray[np.int32]:
        """The group of some places; -1 for none, and for what is no place."""
        found = np.full(len(places), -1, np.int32)
        known = places >= 0
        found[known] = self.of_place[places[known]]
        return found

    def members(self, groups: NDArray[np.integer]) -> list[NDArray[np.int32]]:
        """The places of some groups, each one's in their order."""
        return list_members(self.of_place, groups, self.length[groups], len(self))

    def count(self, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many members of each group are in a mask over the places."""
        return count_groups(self.of_place, len(self), mask)


def number_groups(codes: Integers, limit: int, unit: Integers, units: int, chosen: NDArray[np.bool_]) -> Numbered:
    """Numbers the chosen places by their codes in ``[0, limit)`` and by unit."""
    if units <= 1 and chosen.all() and count_groups(codes, limit).all():
        return Numbered(codes.astype(np.int32, copy=False), limit)
    place = np.flatnonzero(chosen)
    own = codes[place] if units <= 1 else unit[place].astype(np.int64) * limit + codes[place]
    number, first = factorize(own)
    group = np.full(len(codes), -1, np.int32)
    group[place] = number
    return Numbered(group, len(first))
