"""The calls in the order of their start, process by process: what all measures of repeats and trees work on.

Those of interleaved stretches have no order and aren't among them.
"""

from collections.abc import Sequence
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import FAILED, NO_PARENT, QUESTION, Calls
from tracereport.calls.constant import map_rows, repeat_value
from tracereport.calls.units import Units, find_root_units, find_units
from tracereport.model import CallReference, UnitKind
from tracereport.native.keys import find_distinct

NOWHERE = -1
Scalar = TypeVar("Scalar", bound=np.generic)


class OrderedCalls(msgspec.Struct, frozen=True, eq=False):
    """The calls by process and number. All arrays run over them; an index into them is a call's *place*."""

    calls: Calls
    row: NDArray[np.intp]
    """Where each stands in ``calls``."""
    is_whole: bool
    """Places are rows: all calls have an order, and stand in it."""
    process: NDArray[np.int32]
    number: NDArray[np.int64]
    signature: NDArray[np.int32]
    lookup: NDArray[np.int32]
    units: Units
    unit: NDArray[np.int32]
    """The unit of work of each."""
    is_judged: NDArray[np.bool_]
    """It stands in a unit that is judged."""
    kind: NDArray[np.uint8]
    """Index into ``CALL_KINDS``."""
    is_question: NDArray[np.bool_]
    """A judged question: its values were recorded, and it didn't fail. These alone can ask again."""
    in_tree: NDArray[np.bool_]
    """Plausible, in a process with a nested or given tree."""
    parent: NDArray[np.intp]
    """The place of the calling call, ``NOWHERE`` for a root, without a tree, or where the caller never printed."""

    def __len__(self) -> int:
        """The number of calls that have an order."""
        return len(self.row)

    def take(self, column: NDArray[Scalar]) -> NDArray[Scalar]:
        """A column over the calls as one over the places: the same one where that is possible."""
        return column if self.is_whole else map_rows(column, self.row)

    def reference(self, place: int) -> CallReference:
        """Where the call at this place stands in the log."""
        return CallReference(
            process=int(self.process[place]), number=int(self.number[place]), line=int(self.calls.line[self.row[place]])
        )

    def reference_lists(self, lists: Sequence[NDArray[np.intp]]) -> list[tuple[CallReference, ...]]:
        """Where the calls at each list of places stand in the log."""
        if not lists:
            return []
        references = self.references(np.concatenate(lists))
        ends = np.cumsum([len(places) for places in lists]).tolist()
        return [references[start:end] for start, end in zip([0, *ends], ends, strict=False)]

    def references(self, places: NDArray[np.intp]) -> tuple[CallReference, ...]:
        """Where the calls at these places stand in the log."""
        columns = (self.process[places], self.number[places], self.calls.line[self.row[places]])
        rows = zip(*(column.tolist() for column in columns), strict=True)
        # A comprehension in brackets: a generator would take half as long again.
        return tuple([CallReference(process=process, number=number, line=line) for process, number, line in rows])


def order_calls(calls: Calls, unit_kind: UnitKind | None = None) -> OrderedCalls:
    """Brings the calls outside of interleaved stretches into the order of their start; see ``find_units``."""
    judged = calls.judged
    row = np.arange(len(calls))
    is_whole = bool(judged.all()) and _is_ordered(calls.process, calls.number)
    if not is_whole:
        row = np.flatnonzero(judged)
        row = row[_find_order(calls.process[row], calls.number[row])]
    process = calls.process if is_whole else calls.process[row]
    number = calls.number if is_whole else calls.number[row]
    signature = calls.signature if is_whole else calls.signature[row]
    has_tree = calls.processes.has_tree("nested", "given")
    in_tree = has_tree[process] & ~calls.implausible[row] if has_tree.any() else repeat_value(np.False_, len(row))
    parent = _find_parent_places(process, number, calls.parent[row], in_tree)
    units = find_root_units(calls, row, parent, in_tree) if unit_kind == "root" else find_units(calls, unit_kind)
    unit = units.of_call if is_whole else units.of_call[row]
    lookup = calls.signatures.lookup[signature]
    kind = _find_kinds(calls, row, lookup)
    is_judged = units.judged[unit] if not units.judged.all() else repeat_value(np.True_, len(row))
    is_question = is_judged & (kind == QUESTION)
    if not calls.lookups.values_known.all():
        is_question &= calls.lookups.values_known[lookup]
    is_failed = calls.origins.answer == FAILED
    if is_failed.any():
        is_question &= ~is_failed[calls.origin[row]]
    return OrderedCalls(
        calls=calls,
        row=row,
        is_whole=is_whole,
        process=process,
        number=number,
        signature=signature,
        lookup=lookup,
        units=units,
        unit=unit,
        is_judged=is_judged,
        kind=kind,
        is_question=is_question,
        in_tree=in_tree,
        parent=parent,
    )


def _find_kinds(calls: Calls, row: NDArray[np.intp], lookup: NDArray[np.int32]) -> NDArray[np.uint8]:
    """The kind of each call: what its record says, else what its lookup is."""
    of_lookup = calls.lookups.kind
    kind = of_lookup[lookup] if of_lookup.any() else repeat_value(np.uint8(QUESTION), len(row))
    if not (calls.origins.kind == QUESTION).all():
        said = calls.origins.kind[calls.origin[row]]
        kind = np.where(said == QUESTION, kind, said)
    return kind


def _is_ordered(process: NDArray[np.int32], number: NDArray[np.int64]) -> bool:
    """Whether calls stand in the order of process and number."""
    if not np.all(process[1:] >= process[:-1]):
        return False
    return bool(np.all((number[1:] > number[:-1]) | (process[1:] > process[:-1])))


def _find_order(process: NDArray[np.int32], number: NDArray[np.int64]) -> NDArray[np.intp]:
    """The order by process and number. Numbers are nearly dense: each gets a slot of its own, which saves sorting."""
    if _is_ordered(process, number):
        return np.arange(len(process))
    width = np.zeros(int(process.max()) + 1, np.int64)
    np.maximum.at(width, process, number)
    slots = int(width.sum(dtype=np.float64)) + len(width)
    if slots <= 4 * len(process):
        first_slot = np.concatenate(([0], np.cumsum(width + 1)[:-1]))
        occupant = np.full(slots, NOWHERE, np.intp)
        occupant[first_slot[process] + number] = np.arange(len(process))
        order: NDArray[np.intp] = occupant[occupant != NOWHERE]
        if len(order) == len(process):
            return order
    return np.lexsort((number, process))


def _find_parent_places(
    process: NDArray[np.int32], number: NDArray[np.int64], parent: NDArray[np.int64], in_tree: NDArray[np.bool_]
) -> NDArray[np.intp]:
    if not in_tree.any() or not len(child := np.flatnonzero(in_tree & (parent != NO_PARENT))):
        return repeat_value(np.intp(NOWHERE), len(process))
    places = np.full(len(process), NOWHERE, np.intp)
    # Where a process lacks no number, a call's place is its number behind the process's first place.
    first_place = np.searchsorted(process, process[child])
    expected = first_place + parent[child]
    if expected.min() >= 0 and expected.max() < len(process):  # below 0 the sum has overflowed
        known = (number[expected] == parent[child]) & (process[expected] == process[child]) & in_tree[expected]
        if known.all():
            places[child] = expected
            return places
    # Process and number in one key: numbers as their rank, so that it can't overflow.
    numbers = find_distinct(number[in_tree])
    tree = np.flatnonzero(in_tree)
    key = process[tree].astype(np.int64) * len(numbers) + np.searchsorted(numbers, number[tree])
    rank = np.searchsorted(numbers, parent[child])
    known = rank < len(numbers)
    known[known] = numbers[rank[known]] == parent[child][known]
    wanted = process[child].astype(np.int64) * len(numbers) + rank
    found = np.searchsorted(key, wanted)
    known &= found < len(key)
    known[known] = key[found[known]] == wanted[known]
    places[child[known]] = tree[found[known]]
    return places
