"""Fan-outs (N+1): calls of one shape in one scope that one batch could replace.

Questions differ in one parameter, or in several that vary one to one. Where their values weren't recorded, several of
one shape under one parent are too many either way. Writes of one shape are row by row, whatever they write.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import QUESTION, WRITE
from tracereport.calls.coding import code_tuples, code_values, spread
from tracereport.calls.grouping import sum_by
from tracereport.calls.lookup_text import decode_lookup
from tracereport.calls.ordered import OrderedCalls
from tracereport.calls.shapes import Shapes, find_shapes
from tracereport.calls.statements import STATEMENT
from tracereport.measures.scopes import LIKELY, LOW, NO_SCOPE, Scopes, find_scopes
from tracereport.measures.variation import NO_SET, Table, find_sets
from tracereport.native.keys import group_order

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
    parent: NDArray[np.intp]
    """Place of the parent; ``NOWHERE`` without one, or where it never printed."""
    certainty: NDArray[np.uint8]
    """``SURE``, ``LIKELY`` or ``LOW``, as ``measures.scopes`` has them."""
    distinct_values: NDArray[np.int64]
    """Of the varying parameter; the calls where values weren't recorded, or for writes."""
    calls: NDArray[np.int64]
    elapsed_ns: NDArray[Any]
    resolution_ns: NDArray[Any]
    first: NDArray[np.int64]
    """Place of the first call."""
    group_of_place: NDArray[np.int32]
    """Per call the group that it is in, ``NO_GROUP`` if none."""
    is_avoidable: NDArray[np.bool_]
    """Per call whether it is the first in its group to ask for its value, and not the first of them all."""

    def __len__(self) -> int:
        """The number of fan-outs."""
        return len(self.first)

    def kind_of(self, group: int) -> FanOutKind:
        """What a group has in common with others."""
        return self.kinds[int(self.kind[group])]


class _Found(msgspec.Struct, frozen=True, eq=False):
    """Groups of one sort: which call is in which, and which of them ask for something new."""

    place: NDArray[np.intp]
    group: NDArray[np.int64]
    is_distinct: NDArray[np.bool_]
    """Per place whether it is the first of its group to ask for its value."""
    varying: NDArray[np.int64]
    """Per group an index into ``choices``."""
    choices: tuple[tuple[int, ...], ...]
    """Positions of parameters that vary together."""


def find_fanouts(ordered: OrderedCalls, least_values: int) -> FanOutGroups:
    """Finds the groups of at least ``least_values`` distinct values; of calls, where values play no part."""
    scopes = find_scopes(ordered, least_values)
    found = [
        _find_varying(ordered, scopes, least_values),
        _find_alike(ordered, scopes, _is_unrecorded(ordered, scopes), least_values, by_statement=False),
        _find_alike(ordered, scopes, ordered.kind == WRITE, least_values, by_statement=True),
    ]
    return _describe_groups(ordered, scopes, found)


def _is_unrecorded(ordered: OrderedCalls, scopes: Scopes) -> NDArray[np.bool_]:
    """Questions without values. Outside of a certain scope nothing can be said of them."""
    known = ordered.calls.lookups.values_known[ordered.lookup]
    unrecorded: NDArray[np.bool_] = (ordered.kind == QUESTION) & ~known & (scopes.certainty != LOW)
    return unrecorded


def _describe_groups(ordered: OrderedCalls, scopes: Scopes, found: Sequence[_Found]) -> FanOutGroups:
    """All groups together, numbered by their first calls: nothing may depend on hashes."""
    calls = ordered.calls
    base = np.cumsum([0, *(len(own.varying) for own in found)])
    place = np.concatenate([own.place for own in found])
    group = np.concatenate([own.group + start for own, start in zip(found, base.tolist(), strict=False)])
    is_distinct = np.concatenate([own.is_distinct for own in found])
    count = int(base[-1])
    first = np.full(count, len(ordered), np.int64)
    np.minimum.at(first, group, place)
    order = np.argsort(first)
    number = np.empty(count, np.int64)
    number[order] = np.arange(count)
    group, first = number[group], first[order]
    choices = [positions for own in found for positions in own.choices]
    first_choice = np.cumsum([0, *(len(own.choices) for own in found)]).tolist()
    varying = np.concatenate([own.varying + start for own, start in zip(found, first_choice, strict=False)])[order]
    group_of_place = np.full(len(ordered), NO_GROUP, np.int32)
    group_of_place[place] = group
    is_avoidable = np.zeros(len(ordered), bool)
    is_avoidable[place[is_distinct]] = True
    is_avoidable[first] = False
    row = ordered.row[place]
    lookups, lookup = np.unique(ordered.lookup[first], return_inverse=True)
    shapes = find_shapes(calls.lookups, lookups)
    is_write = ordered.kind[first] == WRITE
    certainty = scopes.certainty[first]
    kinds, kind = _name_kinds(ordered, first, shapes, shapes.shape[lookup], choices, varying)
    unrecorded = ~is_write & ~calls.lookups.values_known[ordered.lookup[first]]
    return FanOutGroups(
        kind=kind,
        kinds=kinds,
        is_write=is_write,
        unit=ordered.unit[first],
        parent=scopes.parent[first],
        certainty=np.where(unrecorded, np.maximum(certainty, LIKELY), certainty),
        distinct_values=np.bincount(group[is_distinct], minlength=count),
        calls=np.bincount(group, minlength=count),
        elapsed_ns=sum_by(group, calls.elapsed_ns[row], count),
        resolution_ns=sum_by(group, calls.resolution_ns[row], count),
        first=first,
        group_of_place=group_of_place,
        is_avoidable=is_avoidable,
    )


def _name_kinds(
    ordered: OrderedCalls,
    first: NDArray[np.int64],
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
    ordered: OrderedCalls, scopes: Scopes, chosen: NDArray[np.bool_], least: int, *, by_statement: bool
) -> _Found:
    """Calls of one shape and caller in one scope; of one statement, where that is asked for."""
    calls = ordered.calls
    place = np.flatnonzero(chosen & (scopes.scope != NO_SCOPE))
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
    return _Found(
        place, group.astype(np.int64), np.ones(len(place), bool), np.zeros(len(distinct), np.int64), (_NOTHING_VARIES,)
    )


def _read_statement(text: str) -> str | None:
    if STATEMENT not in text:
        return None
    return next((value for name, value in decode_lookup(text)[1] if name == "sql"), None)


def _find_varying(ordered: OrderedCalls, scopes: Scopes, least: int) -> _Found:
    """Questions of one shape and caller in one scope that differ in one parameter, or some that vary one to one."""
    calls = ordered.calls
    place = np.flatnonzero(ordered.is_question & (scopes.scope != NO_SCOPE))
    # One row per scope and signature: what is asked again in a scope asks for no value of its own.
    signatures = max(len(calls.signatures.lookup), 1)
    asked, row_of_place = code_values(
        scopes.scope[place] * signatures + ordered.signature[place], scopes.count * signatures
    )
    scope, signature = np.divmod(asked, signatures)
    row, asker = _find_askers(ordered, scope, signature, scopes.count, least)
    wanted, lookup = code_values(calls.signatures.lookup[signature[row]], len(calls.lookups.function))
    shapes = find_shapes(calls.lookups, wanted, with_params=True)
    _, group = code_values(asker * len(wanted) + shapes.shape[lookup], len(scope) * len(wanted))
    large = np.flatnonzero(_is_frequent(group, least))
    large = large[group_order(group[large])]
    sets = find_sets(_build_table(shapes, lookup[large], group[large]), least)
    set_of_row = np.full(len(scope), NO_SET, np.int64)
    set_of_row[row[large]] = sets.set_of_row
    set_of_place = set_of_row[row_of_place]
    in_set = np.flatnonzero(set_of_place != NO_SET)
    first = np.full(len(scope), len(place), np.int64)
    np.minimum.at(first, row_of_place[in_set], in_set)
    is_distinct = first[row_of_place[in_set]] == in_set
    return _Found(place[in_set], set_of_place[in_set], is_distinct, sets.varying_of_set, sets.varying)


def _find_askers(
    ordered: OrderedCalls, scope: NDArray[np.int64], signature: NDArray[np.int64], scopes: int, least: int
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """The rows in which a caller asks enough of another function, and a number of scope, caller and function."""
    signatures = ordered.calls.signatures
    function = ordered.calls.lookups.function[signatures.lookup]
    names = len(ordered.calls.names) + 1
    edges, edge = code_values(function.astype(np.int64) * names + signatures.caller + 1, names * names)
    _, asker = code_values(scope * len(edges) + edge[signature], scopes * len(edges))
    row = np.flatnonzero(_is_frequent(asker, least))
    return row, asker[row].astype(np.int64)


def _is_frequent(codes: NDArray[np.integer], least: int) -> NDArray[np.bool_]:
    """Whether each code occurs at least so often."""
    return np.bincount(codes)[codes] >= least if len(codes) else np.zeros(0, np.bool_)


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
        value=shapes.param_hash[spread((np.cumsum(shapes.params) - shapes.params)[lookup], shapes.params[lookup])],
        name_rank=ranks[spread((np.cumsum(width) - width)[shape], width[shape])],
    )
