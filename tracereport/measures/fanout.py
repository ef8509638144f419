"""Fan-outs (N+1): calls of one shape in one scope that one batch could replace.

Questions differ in one parameter, or in several that vary one to one. Where their values weren't recorded, several of
one shape under one parent are too many either way. Writes of one shape are row by row, whatever they write.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tracereport.calls.calls import QUESTION, WRITE
from tracereport.calls.coding import code_tuples, code_values, spread
from tracereport.calls.constant import repeat_value
from tracereport.calls.grouping import Integers, count_by, sum_by
from tracereport.calls.lookup_text import decode_lookup
from tracereport.calls.ordered import OrderedCalls
from tracereport.calls.shapes import Shapes, find_shapes
from tracereport.calls.statements import STATEMENT, changes_rows
from tracereport.measures.batched import find_asked_between, find_batched_questions, find_batched_writes
from tracereport.measures.few_values import FEWEST_VALUES, Group, count_missing_signs, divide_by_place, tells_places
from tracereport.measures.scopes import LIKELY, LOW, NO_SCOPE, Scopes, find_scopes
from tracereport.measures.variation import NO_SET, Table, find_sets
from tracereport.native.codes import take
from tracereport.native.keys import find_distinct, group_order
from tracereport.native.pairs import NO_PAIR, number_pairs
from tracereport.native.tally import find_first_largest

NO_GROUP = -1
_NOTHING_VARIES: tuple[int, ...] = ()


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
    depends: NDArray[np.bool_]
    """Of writes between which is asked for what they change: the one may decide about the next."""
    unproven: NDArray[np.int32]
    """Places of the first calls of what lacks one sign to be such a group: they are in none."""

    def __len__(self) -> int:
        """The number of fan-outs."""
        return len(self.first)

    def kind_of(self, group: int) -> FanOutKind:
        """What a group has in common with others."""
        return self.kinds[int(self.kind[group])]


class _Found(msgspec.Struct, frozen=True, eq=False):
    """Groups of one sort: which call is in which, and which of them ask for something new."""

    group: NDArray[np.int32]
    """Per place; ``NO_GROUP`` for none."""
    is_distinct: NDArray[np.bool_]
    """Per place whether it is the first of its group to ask for its value."""
    varying: NDArray[np.int64]
    """Per group an index into ``choices``."""
    choices: tuple[tuple[int, ...], ...]
    """Positions of parameters that vary together."""


def find_fanouts(ordered: OrderedCalls, least_values: NDArray[np.int64], *, tells_few: bool = False) -> FanOutGroups:
    """Finds the groups of enough distinct values; of calls, where values play no part.

    Args:
        ordered: all calls.
        least_values: so many are enough, process by process.
        tells_few: fewer are enough where the records tell of a loop over rows.
    """
    limits = find_distinct(least_values).tolist() or [0]
    tells_few = tells_few and tells_places(ordered.calls)
    scopes = find_scopes(ordered, FEWEST_VALUES if tells_few else min(limits))
    found: list[_Found] = []
    for least in limits:
        own = scopes
        if len(limits) > 1:
            is_own = (least_values == least)[ordered.process]
            own = replace(scopes, scope=np.where(is_own, scopes.scope, np.int32(NO_SCOPE)))
        found += [
            _find_loops(ordered, own, least),
            _find_alike(ordered, own, _list_unrecorded(ordered, own), least, by_statement=False),
            _find_row_by_row(ordered, own, least),
        ]
    enough, unproven = sum(len(own.varying) for own in found), np.empty(0, np.int32)
    if tells_few:
        few, unproven = _find_few(ordered, scopes, found)
        found += few
    return _describe_groups(ordered, scopes, found, enough, unproven)


def _find_few(
    ordered: OrderedCalls, scopes: Scopes, enough: Sequence[_Found]
) -> tuple[list[_Found], NDArray[np.int32]]:
    """Groups of fewer values that are proven, among calls that are in none yet; the first calls of unproven ones."""
    is_taken = np.zeros(len(ordered), bool)
    for found in enough:
        is_taken |= found.group != NO_GROUP
    own = divide_by_place(ordered, scopes, is_taken)
    varying, unproven = _keep_proven(ordered, scopes, _find_loops(ordered, own, FEWEST_VALUES))
    alike, _ = _keep_proven(ordered, scopes, _find_row_by_row(ordered, own, FEWEST_VALUES))
    return [varying, alike], unproven


def _keep_proven(ordered: OrderedCalls, scopes: Scopes, found: _Found) -> tuple[_Found, NDArray[np.int32]]:
    """The groups that are proven, and the places of the first calls of those that lack one sign."""
    count, first = len(found.varying), _list_first(ordered, found)
    values = count_by(found.group, count, found.is_distinct)
    missing = count_missing_signs(ordered, scopes, Group(first, values, count_by(found.group, count)))
    return _keep(found, missing == 0), first[missing == 1]


def _find_loops(ordered: OrderedCalls, scopes: Scopes, least: int) -> _Found:
    """Questions that differ in a value, without those that ask for many, or for a page, each."""
    found = _find_varying(ordered, scopes, least)
    varying = found.varying.tolist()
    first = _list_first(ordered, found)
    return _keep(
        found, ~find_batched_questions(ordered, found.group, first, lambda group: found.choices[varying[group]])
    )


def _find_row_by_row(ordered: OrderedCalls, scopes: Scopes, least: int) -> _Found:
    """Writes of one statement, without those that write many rows each, or the same one again."""
    found = _find_alike(ordered, scopes, np.flatnonzero(ordered.kind == WRITE), least, by_statement=True)
    return _keep(found, ~find_batched_writes(ordered, found.group, _list_first(ordered, found), least))


def _list_first(ordered: OrderedCalls, found: _Found) -> NDArray[np.int32]:
    """The place of the first call of each group."""
    nothing = repeat_value(np.int64(0), len(ordered))
    return find_first_largest(found.group, nothing, len(found.varying)).astype(np.int32)


def _keep(found: _Found, is_kept: NDArray[np.bool_]) -> _Found:
    """Some of the groups."""
    if is_kept.all():
        return found
    kept = np.flatnonzero(is_kept)
    # The last one is for NO_GROUP.
    number = np.full(len(is_kept) + 1, NO_GROUP, np.int32)
    number[kept] = np.arange(len(kept))
    group = take(number, found.group)
    return replace(found, group=group, is_distinct=found.is_distinct & (group != NO_GROUP), varying=found.varying[kept])


def _list_unrecorded(ordered: OrderedCalls, scopes: Scopes) -> NDArray[np.intp]:
    """The places of questions without values. Outside of a certain scope nothing can be said of them."""
    known = ordered.calls.lookups.values_known
    if known.all():
        return np.empty(0, np.intp)
    return np.flatnonzero((ordered.kind == QUESTION) & ~take(known, ordered.lookup) & (scopes.certainty != LOW))


def _describe_groups(
    ordered: OrderedCalls, scopes: Scopes, found: Sequence[_Found], enough: int, unproven: NDArray[np.int32]
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
    depends = find_asked_between(ordered, group_of_place, is_write & _change_rows(ordered, lookups, lookup))
    kinds, kind = _name_kinds(ordered, first, shapes, shapes.shape[lookup], choices, varying[order])
    unrecorded = ~is_write & ~calls.lookups.values_known[ordered.lookup[first]]
    return FanOutGroups(
        kind=kind,
        kinds=kinds,
        is_write=is_write,
        unit=ordered.unit[first],
        parent=scopes.parent[first],
        certainty=np.where(unrecorded | depends, np.maximum(certainty, LIKELY), certainty),
        depends=depends,
        distinct_values=distinct_values,
        calls=count_by(group_of_place, count),
        elapsed_ns=sum_by(group_of_place, ordered.take(calls.elapsed_ns), count),
        resolution_ns=sum_by(group_of_place, ordered.take(calls.resolution_ns), count),
        first=first,
        group_of_place=group_of_place,
        is_avoidable=is_avoidable,
        is_few=order >= enough,
        unproven=unproven,
    )


def _change_rows(ordered: OrderedCalls, lookups: NDArray[np.integer], lookup: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which of some lookups, by their indices, change rows that are there."""
    texts = ordered.calls.lookups.text.take(lookups).to_list()
    return np.array([changes_rows(text) for text in texts], bool)[lookup]


def _put_together(
    found: Sequence[_Found],
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


def _find_alike(
    ordered: OrderedCalls, scopes: Scopes, place: NDArray[np.intp], least: int, *, by_statement: bool
) -> _Found:
    """Calls of one shape and caller in one scope; of one statement, where that is asked for."""
    calls = ordered.calls
    place = place[scopes.scope[place] != NO_SCOPE]
    if not len(place):
        none = repeat_value(np.int32(NO_GROUP), len(ordered)), repeat_value(np.False_, len(ordered))
        return _Found(*none, np.empty(0, np.int64), ())
    lookups, lookup = np.unique(ordered.lookup[place], return_inverse=True)
    shapes = find_shapes(calls.lookups, lookups)
    statements: dict[str | None, int] = {None: 0}
    statement = np.zeros(len(lookups), np.int64)
    if by_statement:
        texts = calls.lookups.text.take(lookups).to_list()
        statement[:] = [statements.setdefault(_read_statement(text), len(statements)) for text in texts]
    _, group = code_tuples(
        (scopes.scope[place], max(scopes.count, 1)),
        (shapes.shape[lookup], max(len(shapes.function), 1)),
        (statement[lookup], len(statements)),
        (calls.signatures.caller[ordered.signature[place]] + 1, len(calls.names) + 1),
    )
    large = _is_frequent(group, least)
    place, group = place[large], group[large]
    distinct, group = code_values(group, int(group.max(initial=0)) + 1)
    group_of_place = np.full(len(ordered), NO_GROUP, np.int32)
    group_of_place[place] = group
    is_distinct = group_of_place != NO_GROUP
    return _Found(group_of_place, is_distinct, np.zeros(len(distinct), np.int64), (_NOTHING_VARIES,))


def _read_statement(text: str) -> str | None:
    if STATEMENT not in text:
        return None
    return next((value for name, value in decode_lookup(text)[1] if name == "sql"), None)


def _find_varying(ordered: OrderedCalls, scopes: Scopes, least: int) -> _Found:
    """Questions of one shape and caller in one scope that differ in one parameter, or some that vary one to one."""
    calls = ordered.calls
    # One row per scope and signature: what is asked again in a scope asks for no value of its own.
    scope = np.where(ordered.is_question & (scopes.scope != NO_SCOPE), scopes.scope, np.int32(NO_PAIR))
    row_of_place, asked = number_pairs(scope, scopes.count, ordered.signature, len(calls.signatures.lookup))
    del scope
    signature = ordered.signature[asked]
    row, asker, askers = _find_askers(ordered, scopes.scope[asked], signature, scopes.count, least)
    wanted, lookup = code_values(calls.signatures.lookup[signature[row]], len(calls.lookups.function))
    shapes = find_shapes(calls.lookups, wanted, with_params=True)
    group, _ = number_pairs(asker, askers, shapes.shape[lookup], len(wanted))
    large = np.flatnonzero(_is_frequent(group, least))
    large = large[group_order(group[large])]
    sets = find_sets(_build_table(shapes, lookup[large], group[large]), least)
    # The last one is for places of no row.
    set_of_row = np.full(len(asked) + 1, NO_GROUP, np.int32)
    set_of_row[row[large]] = np.where(sets.set_of_row == NO_SET, NO_GROUP, sets.set_of_row)
    is_distinct = np.zeros(len(ordered), bool)
    is_distinct[asked[set_of_row[:-1] != NO_GROUP]] = True
    return _Found(take(set_of_row, row_of_place), is_distinct, sets.varying_of_set, sets.varying)


def _find_askers(
    ordered: OrderedCalls, scope: NDArray[np.int32], signature: NDArray[np.int32], scopes: int, least: int
) -> tuple[NDArray[np.intp], NDArray[np.int32], int]:
    """The rows in which a caller asks enough of another function.

    Each with a number of its scope, caller and function; and how many such numbers there are.
    """
    signatures = ordered.calls.signatures
    function = ordered.calls.lookups.function[signatures.lookup]
    names = len(ordered.calls.names) + 1
    edges, edge = code_values(function.astype(np.int64) * names + signatures.caller + 1, names * names)
    asker, first = number_pairs(scope, scopes, edge[signature], len(edges))
    row = np.flatnonzero(_is_frequent(asker, least))
    return row, asker[row], len(first)


def _is_frequent(codes: NDArray[np.integer], least: int) -> NDArray[np.bool_]:
    """Whether each code, from 0 on, occurs at least so often."""
    return take(count_by(codes, int(codes.max(initial=-1)) + 1) >= least, codes)


def _build_table(shapes: Shapes, lookup: NDArray[np.int32], group: NDArray[np.int32]) -> Table:
    """The parameters of the rows' lookups (as indices into those of ``shapes``), group by group."""
    names = sorted({name for names in shapes.param_names for name in names})
    rank = {name: index for index, name in enumerate(names)}
    ranks = np.array([rank[name] for names in shapes.param_names for name in names], np.int64)
    width = np.array([len(names) for names in shapes.param_names], np.int64)
    first_of_group = np.flatnonzero(np.diff(group, prepend=-1))
    shape = shapes.shape[lookup[first_of_group]]
    return Table(
        rows=np.diff(first_of_group, append=len(group)),
        fields=width[shape],
        start=(np.cumsum(shapes.params) - shapes.params)[lookup],
        value=shapes.param_hash,
        name_rank=ranks[spread((np.cumsum(width) - width)[shape], width[shape])],
    )
