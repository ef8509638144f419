"""Cells: calls that are alike in all that is counted, so that each sum is over cells and not over calls.

A log repeats itself: a million calls are some ten thousand cells. Where nearly every call is one of its own, the calls
are taken as they are.
"""

from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_NAME
from tracereport.calls.constant import is_constant, map_rows, repeat_value
from tracereport.calls.grouping import Integers, count_by, sum_by
from tracereport.calls.ordered import NOWHERE
from tracereport.measures.traits import SHOWN
from tracereport.native.codes import take as take_entries
from tracereport.native.pairs import number_pairs
from tracereport.native.tally import TRAIT_TYPE, TRAIT_VALUES

if TYPE_CHECKING:
    from tracereport.measures.context import Context

_MOST_CELLS: Final = 0.5
"""Of the calls; beyond, cells save nothing."""


class Cells(msgspec.Struct, frozen=True, eq=False):
    """One entry per cell but for ``of_place``. Calls of one have unit, signature, origin, test and traits in common."""

    place: NDArray[np.integer[Any]]
    """Of its first call; ``NOWHERE`` for calls without an order, which have no traits but ``SHOWN``."""
    row: NDArray[np.integer[Any]]
    """Where its first call stands in ``calls``."""
    unit: NDArray[np.int32]
    signature: NDArray[np.int32]
    traits: NDArray[np.uint16]
    previous_caller: NDArray[np.int32]
    """The name code of who asked just before; ``NO_NAME`` also for what is no repeat."""
    is_promised: NDArray[np.bool_]
    """Whether the time of its calls may be promised as saved: they loaded no symbols."""
    calls: NDArray[np.int64]
    """How many there are."""
    elapsed_ns: NDArray[Any]
    """Of them together; so is their resolution."""
    resolution_ns: NDArray[Any]
    of_place: NDArray[np.int32]
    """The cell of each place."""

    def __len__(self) -> int:
        """The number of cells."""
        return len(self.calls)

    @property
    def are_calls(self) -> bool:
        """Whether each call is a cell of its own."""
        return is_constant(self.calls)

    def count_by(self, groups: Integers, count: int, mask: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
        """How many calls the (masked) cells of each of ``count`` groups hold."""
        if self.are_calls:
            return count_by(groups, count, mask)
        counts: NDArray[np.int64] = sum_by(groups, self.calls if mask is None else np.where(mask, self.calls, 0), count)
        return counts


def find_cells(context: "Context") -> Cells:
    """The cells of all calls, those without an order last."""
    calls, ordered = context.calls, context.ordered
    others = np.flatnonzero(~calls.judged) if not calls.processes.judged.all() else np.empty(0, np.intp)
    row = np.concatenate((ordered.rows(np.arange(len(ordered))), others)) if len(others) else ordered.row

    def take(column: NDArray[Any]) -> NDArray[Any]:
        return column if row is None else map_rows(column, row)

    def extend(column: NDArray[Any], of_others: Any) -> NDArray[Any]:  # noqa: ANN401
        return np.concatenate((column, np.full(len(others), of_others, column.dtype))) if len(others) else column

    traits = extend(context.traits, SHOWN if context.shown is None else 0)
    if context.shown is not None:
        traits[len(ordered) :] |= context.shown.rows[others] * TRAIT_TYPE(SHOWN)
    previous_caller = extend(_find_previous_callers(context), NO_NAME)
    is_promised = ~take(context.is_first)
    signature, unit = take(calls.signature), take(ordered.units.of_call)
    elapsed_ns, resolution_ns = take(calls.elapsed_ns), take(calls.resolution_ns)
    found = _number_cells(context, signature, unit, take, previous_caller, is_promised, traits)
    if found is not None and not _may_overflow(elapsed_ns) and not _may_overflow(resolution_ns):
        of_call, place = found
        size = len(place)
        counted = count_by(of_call, size)
        elapsed_ns = sum_by(of_call, elapsed_ns, size)
        resolution_ns = sum_by(of_call, resolution_ns, size)
        signature, unit = signature[place], unit[place]
        traits, previous_caller, is_promised = traits[place], previous_caller[place], is_promised[place]
    else:
        of_call = place = np.arange(len(traits), dtype=np.int32)
        counted = repeat_value(np.int64(1), len(place))
    return Cells(
        place=np.where(place < len(ordered), place, np.int32(NOWHERE)),
        row=place if row is None else row[place],
        unit=unit,
        signature=signature,
        traits=traits,
        previous_caller=previous_caller,
        is_promised=is_promised,
        calls=counted,
        elapsed_ns=elapsed_ns,
        resolution_ns=resolution_ns,
        of_place=of_call[: len(ordered)],
    )


def _find_previous_callers(context: "Context") -> NDArray[np.int32]:
    """Per place the name code of who asked just before; ``NO_NAME`` for what is no repeat."""
    previous = context.repeats.previous
    caller = take_entries(context.calls.signatures.caller, take_entries(context.ordered.signature, previous))
    caller[previous == NOWHERE] = NO_NAME
    return caller


def _may_overflow(values: NDArray[np.int64]) -> bool:
    """Whether the sum of some of them might not fit into 64 bits."""
    return int(values.max(initial=0)) * len(values) >= 1 << 63


def _number_cells(
    context: "Context",
    signature: NDArray[np.int32],
    unit: NDArray[np.int32],
    take: Any,  # noqa: ANN401
    previous_caller: NDArray[np.int32],
    is_promised: NDArray[np.bool_],
    traits: NDArray[np.uint16],
) -> tuple[NDArray[np.int32], NDArray[np.int32]] | None:
    """The cell of each call, and the first call of each; null where they are too many.

    Args:
        context: of the calls.
        signature: per call, as all that follow.
        unit: of work.
        take: gives such a column of one over ``calls``.
        previous_caller: the name code of who asked before, ``NO_NAME`` for none.
        is_promised: whether its time may be promised.
        traits: of ``measures.traits``.
    """
    calls = context.calls
    code, count = signature, len(calls.signatures.lookup)
    most = _MOST_CELLS * len(signature)
    for column, size in (
        (unit, len(context.ordered.units)),
        (take(calls.origin), len(calls.origins.kind)),
        (take(calls.test) + 1, len(calls.tests) + 1),
    ):
        if size > 1 and not is_constant(column):
            code, first = number_pairs(column, size, code, count)
            count = len(first)
    if count > most:
        return None
    # Few sums of traits occur.
    occurs = np.zeros(TRAIT_VALUES, bool)
    occurs[traits] = True
    rank, callers = np.cumsum(occurs, dtype=np.int32) - np.int32(1), len(calls.names) + 1
    # Who asked before, the rank of the traits and the promise in one number.
    known = take_entries(rank, traits.astype(np.int32))
    known *= np.int32(callers)
    known += previous_caller
    known -= np.int32(NO_NAME)
    known *= np.int32(2)
    known += is_promised
    cell, first = number_pairs(known, (int(rank[-1]) + 1) * callers * 2, code, count)
    return (cell, first) if len(first) <= most else None
