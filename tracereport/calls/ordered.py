"""The calls in the order of their start, process by process: what all measures of repeats and trees work on.

Those of interleaved stretches have no order and aren't among them.
"""

from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.actions import find_actions
from tracereport.calls.calls import FAILED, NO_PARENT, QUESTION, Calls
from tracereport.calls.constant import Whole, map_rows, repeat_value
from tracereport.calls.units import OUTSIDE, Units, find_root_units, find_units
from tracereport.model import UnitKind
from tracereport.native.tally import find_extremes
from tracereport.native.trees import find_parent_places

NOWHERE = -1
Scalar = TypeVar("Scalar", bound=np.generic)


class OrderedCalls(msgspec.Struct, frozen=True, eq=False):
    """The calls by process and number. All arrays run over them; an index into them is a call's *place*."""

    calls: Calls
    row: NDArray[np.integer[Any]] | None
    """Where each stands in ``calls``. Null: places are rows, as all calls have an order, and stand in it."""
    process: NDArray[np.int32]
    number: Whole
    signature: NDArray[np.int32]
    lookup: NDArray[np.int32]
    units: Units
    unit: NDArray[np.int32]
    """The unit of work of each."""
    action: NDArray[np.int32]
    """Per place the unit, divided by what a test does one after the other (``calls.actions``): repeats are of one."""
    actions: int
    """Above all of these."""
    is_judged: NDArray[np.bool_]
    """It stands in a unit that is judged."""
    kind: NDArray[np.uint8]
    """Index into ``CALL_KINDS``."""
    is_question: NDArray[np.bool_]
    """A judged question: its values were recorded, and it didn't fail. These alone can ask again."""
    in_tree: NDArray[np.bool_]
    """Plausible, in a process with a nested or given tree."""
    parent: NDArray[np.int32]
    """The place of the calling call, ``NOWHERE`` for a root, without a tree, or where the caller never printed."""

    def __len__(self) -> int:
        """The number of calls that have an order."""
        return len(self.process)

    def rows(self, places: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
        """Where the calls at some places stand in ``calls``."""
        return places if self.row is None else self.row[places]

    def take(self, column: NDArray[Scalar]) -> NDArray[Scalar]:
        """A column over the calls as one over the places: the same one where that is possible."""
        return column if self.row is None else map_rows(column, self.row)


def order_calls(calls: Calls, unit_kind: UnitKind | None = None) -> OrderedCalls:
    """Brings the calls outside of interleaved stretches into the order of their start; see ``find_units``."""
    judged = calls.judged
    row: NDArray[np.integer[Any]] | None = None
    if not judged.all():
        row = np.flatnonzero(judged)
        row = row[_find_order(calls.process[row], calls.number[row])]
    elif not _is_ordered(calls.process, calls.number):
        row = _find_order(calls.process, calls.number)

    def take(column: NDArray[Scalar]) -> NDArray[Scalar]:
        return column if row is None else map_rows(column, row)

    process, number, signature = take(calls.process), take(calls.number), take(calls.signature)
    has_tree = calls.processes.has_tree("nested", "given")
    nowhere = repeat_value(np.False_, len(process))
    in_tree = has_tree[process] & ~take(calls.implausible) if has_tree.any() else nowhere
    parent = _find_parent_places(process, number, take(calls.parent), in_tree)
    if unit_kind == "root":
        units = find_root_units(calls, np.arange(len(calls)) if row is None else row, parent, in_tree)
    else:
        units = find_units(calls, unit_kind)
    unit = take(units.of_call)
    lookup, origin = calls.signatures.lookup[signature], take(calls.origin)
    kind = _find_kinds(calls, origin, lookup)
    found = None
    if unit_kind != "process":
        activation = None if calls.activation is None else take(calls.activation)
        is_of_test = (units.test != OUTSIDE)[unit]
        found = find_actions(calls, unit, is_of_test, signature, kind, parent, origin, activation)
    action, actions = (unit, len(units)) if found is None else found
    is_judged = units.judged[unit] if not units.judged.all() else repeat_value(np.True_, len(process))
    return OrderedCalls(
        calls=calls,
        row=row,
        process=process,
        number=number,
        signature=signature,
        lookup=lookup,
        units=units,
        unit=unit,
        action=action,
        actions=actions,
        is_judged=is_judged,
        kind=kind,
        is_question=is_judged & _find_questions(calls, kind, origin, lookup),
        in_tree=in_tree,
        parent=parent,
    )


def _find_kinds(calls: Calls, origin: NDArray[np.int32], lookup: NDArray[np.int32]) -> NDArray[np.uint8]:
    """The kind of each call: what its record says, else what its lookup is."""
    of_lookup = calls.lookups.kind
    kind = of_lookup[lookup] if of_lookup.any() else repeat_value(np.uint8(QUESTION), len(lookup))
    if not (calls.origins.kind == QUESTION).all():
        said = calls.origins.kind[origin]
        kind = np.where(said == QUESTION, kind, said)
    return kind


def _find_questions(
    calls: Calls, kind: NDArray[np.uint8], origin: NDArray[np.int32], lookup: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Which calls are questions whose values were recorded, and that didn't fail."""
    is_question: NDArray[np.bool_] = kind == QUESTION
    if not calls.lookups.values_known.all():
        is_question &= calls.lookups.values_known[lookup]
    is_failed = calls.origins.answer == FAILED
    if is_failed.any():
        is_question &= ~is_failed[origin]
    return is_question


def _is_ordered(process: NDArray[np.int32], number: Whole) -> bool:
    """Whether calls stand in the order of process and number."""
    if not np.all(process[1:] >= process[:-1]):
        return False
    return bool(np.all((number[1:] > number[:-1]) | (process[1:] > process[:-1])))


def _find_order(process: NDArray[np.int32], number: Whole) -> NDArray[np.integer[Any]]:
    """The order by process and number. Numbers are nearly dense: each gets a slot of its own, which saves sorting."""
    if _is_ordered(process, number):
        return np.arange(len(process))
    _, largest = find_extremes(process, number, int(process.max()) + 1)
    width = np.maximum(largest, 0)
    slots = int(width.sum(dtype=np.float64)) + len(width)
    if slots <= 4 * len(process):
        first_slot = np.concatenate(([0], np.cumsum(width + 1)[:-1]))
        occupant = np.full(slots, NOWHERE, np.int32)
        occupant[first_slot[process] + number] = np.arange(len(process), dtype=np.int32)
        order: NDArray[np.int32] = occupant[occupant != NOWHERE]
        if len(order) == len(process):
            return order
    return np.lexsort((number, process))


def _find_parent_places(
    process: NDArray[np.int32], number: Whole, parent: Whole, in_tree: NDArray[np.bool_]
) -> NDArray[np.int32]:
    if not in_tree.any() or not np.any(in_tree & (parent != NO_PARENT)):
        return repeat_value(np.int32(NOWHERE), len(process))
    return find_parent_places(process, number, parent, in_tree)
