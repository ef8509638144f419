"""Writes between two questions: what may have changed an answer."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import EVERYTHING, NO_TEXT, WRITE
from tracereport.calls.ordered import OrderedCalls


class Writes(msgspec.Struct, frozen=True, eq=False):
    """The writes of all units, sorted so that those to one resource between two calls can be counted."""

    resource: NDArray[np.int32]
    """Per place what a question there asks."""
    unit: NDArray[np.int32]
    """Per place."""
    resources: int
    """How many there are."""
    places: int
    """How many there are."""
    keys: NDArray[np.int64]
    """Of writes to one resource: unit, resource and place as one integer each, ascending."""
    keys_of_everything: NDArray[np.int64]
    """Of writes that name no resource: unit and place."""

    def any_between(self, before: NDArray[np.integer], after: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Whether a write to what is asked stands between two places of a unit, for each pair."""
        unit = self.unit[after].astype(np.int64)
        found = np.zeros(len(after), bool)
        for keys, group in (
            (self.keys, unit * self.resources + self.resource[after]),
            (self.keys_of_everything, unit),
        ):
            base = group * self.places
            found |= np.searchsorted(keys, base + before, "right") < np.searchsorted(keys, base + after, "left")
        return found


def find_writes(ordered: OrderedCalls) -> Writes:
    """The writes of all units. A write touches what its record names, else what its statement names."""
    calls = ordered.calls
    resources, places = max(len(calls.resources), 1), len(ordered)
    place = np.flatnonzero(ordered.kind == WRITE)
    of_lookup = calls.lookups.resource[ordered.lookup]
    said = calls.origins.writes[calls.origin[ordered.row[place]]]
    written = np.where(said == NO_TEXT, of_lookup[place], said)
    unit = ordered.unit[place].astype(np.int64)
    touches_all = written == EVERYTHING
    one = ~touches_all
    return Writes(
        resource=of_lookup,
        unit=ordered.unit,
        resources=resources,
        places=places,
        keys=np.sort((unit[one] * resources + written[one]) * places + place[one]),
        keys_of_everything=np.sort(unit[touches_all] * places + place[touches_all]),
    )
