"""The groups of fan-outs as they are measured: what was found of several sorts, put together and described."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import WRITE
from tracereport.calls.coding import code_tuples
from tracereport.calls.constant import repeat_value
from tracereport.calls.grouping import Integers, count_by, sum_by
from tracereport.calls.ordered import OrderedCalls
from tracereport.calls.shapes import Shapes, find_shapes
from tracereport.measures.answers import Answers
from tracereport.measures.doubted import Doubted
from tracereport.measures.doubts import Doubt, find_doubts
from tracereport.measures.scopes import LIKELY, Scopes
from tracereport.native.codes import take
from tracereport.native.tally import find_first_largest

NO_GROUP = -1


class FanOutKind(msgspec.Struct, frozen=True):
    """What groups may have in common."""

    function: int
    """Name code; so is the caller."""
    caller: int
    param_names: tuple[str, ...]
    varying: tuple[int, ...]
    """Positions of the parameters that vary together, the first by name first; empty for writes, or without values."""

    @property
    def varying_params(self) -> tuple[str, ...]:
        """The names of the parameters that vary, the key first."""
        return tuple([self.param_names[position] for position in self.varying])


class FanOutGroups(msgspec.Struct, frozen=True, eq=False):
    """All fan-outs, in the order of their first calls: one entry per group but for ``group_of_place``."""

    kind: NDArray[np.int32]
    """Index into ``kinds``."""
    kinds: tuple[FanOutKind, ...]
    is_write: NDArray[np.bool_]
    unit: NDArray[np.int32]
    parent: Integers
    """Place of the parent; ``NOWHERE`` without one, or where it never printed."""
    certainty: NDArray[np.uint8]
    """``SURE``, ``LIKELY`` or ``LOW``, as ``measures.scopes`` has them."""
    distinct_values: NDArray[np.int64]
    """Of the varying parameter; the calls where values weren't recorded, or for writes."""
    calls: NDArray[np.int64]
    elapsed_ns: NDArray[Any]
    resolution_ns: NDArray[Any]
    first: NDArray[np.int32]
    """Place of the first call."""
    group_of_place: NDArray[np.int32]
    """Per call the group that it is in, ``NO_GROUP`` if none."""
    is_avoidable: NDArray[np.bool_]
    """Per call whether it is the first in its group to ask for its value, and not the first of them all."""
    is_few: NDArray[np.bool_]
    """Of few values, and a fan-out by what the records tell of a loop."""
    is_over_rows: NDArray[np.bool_]
    """Of several runs of the caller, of which no more is known than that a question before gave as many rows."""
    doubt: NDArray[np.uint8]
    """A ``Doubt`` whether one for all would do."""
    unproven: NDArray[np.int32]
    """Places of the first calls of what lacks one sign to be such a group: they are in none."""

    def __len__(self) -> int:
        """The number of fan-outs."""
        return len(self.first)

    def kind_of(self, group: int) -> FanOutKind:
        """What a group has in common with others."""
        return self.kinds[int(self.kind[group])]


class FoundGroups(msgspec.Struct, frozen=True, eq=False):
    """Groups of one sort: which call is in which, and which of them ask for something new."""

    group: NDArray[np.int32]
    """Per place; ``NO_GROUP`` for none."""
    is_distinct: NDArray[np.bool_]
    """Per place whether it is the first of its group to ask for its value."""
    varying: NDArray[np.int64]
    """Per group an index into ``choices``."""
    choices: tuple[tuple[int, ...], ...]
    """Positions of parameters that vary together."""
    is_range: NDArray[np.bool_] | None = None
    """Per group whether questions differ in a bound or a pattern; None: none does."""


def describe_groups(
    ordered: OrderedCalls,
    answers: Answers,
    scopes: Scopes,
    found: Sequence[FoundGroups],
    enough: int,
    unproven: NDArray[np.int32],
) -> FanOutGroups:
    """All groups together, numbered by their first calls: nothing may depend on hashes.

    The first ones found are of enough values, so many as ``enough`` says; the others are of few.
    """
    calls = ordered.calls
    group_of_place, is_avoidable, choices, varying = _put_together(found)
    groups = len(varying)
    first = find_first_largest(group_of_place, repeat_value(np.int64(0), len(ordered)), groups).astype(np.int32)
    order = np.argsort(first)
    first, count = first[order], groups
    # The last one is for NO_GROUP.
    number = np.full(groups + 1, NO_GROUP, np.int32)
    number[order] = np.arange(groups)
    group_of_place = take(number, group_of_place)
    distinct_values = count_by(group_of_place, count, is_avoidable)
    is_avoidable[first] = False
    lookups, lookup = np.unique(ordered.lookup[first], return_inverse=True)
    shapes = find_shapes(calls.lookups, lookups)
    is_write = ordered.kind[first] == WRITE
    certainty = scopes.certainty[first]
    is_alone = np.zeros(groups, bool) if scopes.is_run_alone is None else scopes.is_run_alone[first]
    ranges = [np.zeros(len(own.varying), bool) if own.is_range is None else own.is_range for own in found]
    calls_of = count_by(group_of_place, count)
    doubt = find_doubts(
        ordered,
        answers,
        Doubted(group_of_place, first, calls_of, distinct_values, is_write, np.concatenate(ranges)[order]),
    )
    kinds, kind = _name_kinds(ordered, first, shapes, shapes.shape[lookup], choices, varying[order])
    unrecorded = ~is_write & ~calls.lookups.values_known[ordered.lookup[first]]
    return FanOutGroups(
        kind=kind,
        kinds=kinds,
        is_write=is_write,
        unit=ordered.unit[first],
        parent=scopes.parent[first],
        certainty=np.where(unrecorded | (doubt != Doubt.NONE), np.maximum(certainty, LIKELY), certainty),
        is_over_rows=is_alone & (certainty == LIKELY),
        doubt=doubt,
        distinct_values=distinct_values,
        calls=calls_of,
        elapsed_ns=sum_by(group_of_place, ordered.take(calls.elapsed_ns), count),
        resolution_ns=sum_by(group_of_place, ordered.take(calls.resolution_ns), count),
        first=first,
        group_of_place=group_of_place,
        is_avoidable=is_avoidable,
        is_few=order >= enough,
        unproven=unproven,
    )


def _put_together(
    found: Sequence[FoundGroups],
) -> tuple[NDArray[np.int32], NDArray[np.bool_], list[tuple[int, ...]], NDArray[np.int64]]:
    """Groups of several sorts, numbered on: of each call its group, and whether it is distinct in it.

    Then all choices of what may vary, and of each group its choice. The columns of the first sort are written to.
    """
    group_of_place, is_distinct, groups = found[0].group, found[0].is_distinct, len(found[0].varying)
    for own in found[1:]:
        if not len(own.varying):
            continue
        # No call is in groups of two sorts.
        np.copyto(group_of_place, own.group + np.int32(groups), where=own.group != NO_GROUP)
        is_distinct |= own.is_distinct
        groups += len(own.varying)
    choices = [positions for own in found for positions in own.choices]
    first_choice = np.cumsum([0, *(len(own.choices) for own in found)]).tolist()
    varying = np.concatenate([own.varying + start for own, start in zip(found, first_choice, strict=False)])
    return group_of_place, is_distinct, choices, varying


def _name_kinds(
    ordered: OrderedCalls,
    first: NDArray[np.int32],
    shapes: Shapes,
    shape: NDArray[np.int32],
    choices: Sequence[tuple[int, ...]],
    varying: NDArray[np.int64],
) -> tuple[tuple[FanOutKind, ...], NDArray[np.int32]]:
    """The distinct kinds of groups, and each group's; by its first call, its shape, and what varies."""
    calls = ordered.calls
    caller = calls.signatures.caller[ordered.signature[first]]
    (callers, kind_shapes, kind_choices), kind = code_tuples(
        (caller + 1, len(calls.names) + 1),
        (shape, max(len(shapes.function), 1)),
        (varying, max(len(choices), 1)),
    )
    code_of = {name: code for code, name in enumerate(calls.names)}
    columns = zip(callers.tolist(), kind_shapes.tolist(), kind_choices.tolist(), strict=True)
    return tuple(
        FanOutKind(code_of[shapes.function[own]], who - 1, shapes.param_names[own], choices[choice])
        for who, own, choice in columns
    ), kind
