"""Writes between two questions: what may have changed an answer."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import EVERYTHING, NO_TEXT, WRITE, Calls
from tracereport.calls.coding import spread
from tracereport.calls.ordered import OrderedCalls
from tracereport.calls.statements import STATEMENT, list_tables_read


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
    lookup: NDArray[np.int32]
    """Per place what is asked there."""
    joined_of_lookup: NDArray[np.int64]
    """Per lookup how many tables it reads beside its resource, of those that are written to."""
    joined: NDArray[np.int32]
    """These, lookup by lookup."""

    def any_between(self, before: NDArray[np.integer], after: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Whether a write to what is asked stands between two places of a unit, for each pair."""
        unit = self.unit[after].astype(np.int64)
        found = np.zeros(len(after), bool)
        for keys, group in (
            (self.keys, unit * self.resources + self.resource[after]),
            (self.keys_of_everything, unit),
        ):
            base = group * self.places
            found |= _holds_any(keys, base + before, base + after)
        if len(self.joined):
            lookup = self.lookup[after]
            count = self.joined_of_lookup[lookup]
            start = (np.cumsum(self.joined_of_lookup) - self.joined_of_lookup)[lookup]
            pair = np.repeat(np.arange(len(after)), count)
            base = (unit[pair] * self.resources + self.joined[spread(start, count)]) * self.places
            np.logical_or.at(found, pair, _holds_any(self.keys, base + before[pair], base + after[pair]))
        return found


def _holds_any(keys: NDArray[np.int64], above: NDArray[np.int64], below: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether one of the ascending keys lies between, for each pair."""
    found: NDArray[np.bool_] = np.searchsorted(keys, above, "right") < np.searchsorted(keys, below, "left")
    return found


def find_writes(ordered: OrderedCalls) -> Writes:
    """The writes of all units. A write touches what its record names, else what its statement names.

    One that failed touches it, too: nobody says how far it came.
    """
    calls = ordered.calls
    resources, places = max(len(calls.resources), 1), len(ordered)
    place = np.flatnonzero(ordered.kind == WRITE)
    of_lookup = calls.lookups.resource[ordered.lookup]
    said = calls.origins.writes[calls.origin[ordered.rows(place)]]
    written = np.where(said == NO_TEXT, of_lookup[place], said)
    unit = ordered.unit[place].astype(np.int64)
    touches_all = written == EVERYTHING
    one = ~touches_all
    joined_of_lookup, joined = _find_joined(calls, set(written[one].tolist()))
    return Writes(
        resource=of_lookup,
        unit=ordered.unit,
        resources=resources,
        places=places,
        keys=np.sort((unit[one] * resources + written[one]) * places + place[one]),
        keys_of_everything=np.sort(unit[touches_all] * places + place[touches_all]),
        lookup=ordered.lookup,
        joined_of_lookup=joined_of_lookup,
        joined=joined,
    )


def _find_joined(calls: Calls, written: set[int]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Per lookup the tables that it reads beside its own resource and that somebody writes to."""
    count = np.zeros(len(calls.lookups.function), np.int64)
    joined: list[int] = []
    code_of = {calls.resources[code]: code for code in written}
    if code_of:
        for lookup, text in enumerate(calls.lookups.text.to_list()):
            if STATEMENT in text:
                own = calls.lookups.resource[lookup]
                codes = sorted({code_of[table] for table in list_tables_read(text) if table in code_of} - {own})
                count[lookup] = len(codes)
                joined += codes
    return count, np.array(joined, np.int32)
