"""Scopes: which calls one batch could replace. Those of one calling call, as far as that is certain, else of a unit."""

from functools import partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import FAILED, FRAME, NO_NAME, NO_PARENT
from tracereport.calls.coding import code_values
from tracereport.calls.constant import is_constant, map_column, map_rows, repeat_value
from tracereport.calls.grouping import Integers, count_by
from tracereport.calls.ordered import NOWHERE, OrderedCalls
from tracereport.calls.units import OUTSIDE
from tracereport.model import UNKNOWN_CALLER
from tracereport.native.callers import find_only_open
from tracereport.native.codes import take
from tracereport.native.pairs import NO_PAIR, number_pairs
from tracereport.native.trees import are_unlike_above

SURE, LIKELY, LOW = (np.uint8(code) for code in range(3))
"""How certain it is that one call made all those of a scope."""
NO_SCOPE = 0

_NO_ACTIVATION = -1


class Scopes(msgspec.Struct, frozen=True, eq=False):
    """The scope of each call. Arrays run over the places of ``OrderedCalls`` but for ``count``."""

    scope: NDArray[np.int32]
    """``NO_SCOPE`` where the call takes no part, or its scope has too few."""
    count: int
    """Above all scopes."""
    certainty: NDArray[np.uint8]
    parent: Integers
    """Place of the call that made it; ``NOWHERE`` for none, or where it never printed."""
    is_run_alone: NDArray[np.bool_] | None = None
    """The call takes part, is the only one that its run makes of its function, and nothing is known around that run: no
    call, and no test. A loop of the program's main function that calls a helper looks so. None: no call is."""


def find_scopes(ordered: OrderedCalls, least: int) -> Scopes:
    """The scope of each judged call that isn't a frame and didn't fail; those of fewer than ``least`` calls are none.

    A call's parent is certain where its record says it, or which run of its caller asks (``activation``). Where the
    order of the lines alone tells of trees, it is certain only if exactly one call of the function that the call names
    as its caller was open when it began. Where no tree is known, that call is likely. Otherwise the scope is the unit.
    Recursion is none.
    """
    units, places = len(ordered.units), len(ordered)
    told = _find_told(ordered)
    found = _find_open_callers(ordered, None if told is None else told.is_known)
    scope, first = ordered.unit, units
    certainty, parent = np.full(places, LOW), repeat_value(np.intp(NOWHERE), places)
    if told is not None:
        certainty[told.is_known] = SURE
        parent = told.parent
    parts: list[tuple[NDArray[np.bool_], Integers]] = [
        *([] if found is None else [(found != NOWHERE, found)]),
        *([] if told is None else [(told.is_known, told.code)]),
    ]
    for chosen, inner in parts:
        # No scope reaches beyond a unit.
        code, distinct = number_pairs(np.where(chosen, ordered.unit, NO_PAIR), units, inner, places)
        scope = np.where(chosen, code + np.int32(first), scope)
        first += len(distinct)
    if found is not None:
        is_open = found != NOWHERE
        is_nested = ordered.calls.processes.has_tree("nested")[ordered.process]
        certainty[is_open] = np.where(is_nested, SURE, LIKELY)[is_open]
        parent = np.where(is_open, found, parent)
    takes_part = _takes_part(ordered, parent)
    size = count_by(scope, first, takes_part)
    is_large = size >= least
    numbers = np.where(is_large, np.cumsum(is_large, dtype=np.int32), np.int32(NO_SCOPE))
    return Scopes(
        scope=np.where(takes_part, map_column(partial(take, numbers), scope), np.int32(NO_SCOPE)),
        count=int(np.count_nonzero(is_large)) + 1,
        certainty=certainty,
        parent=parent,
        is_run_alone=None if told is None else _find_runs_alone(ordered, told, takes_part),
    )


def _find_runs_alone(ordered: OrderedCalls, told: "_Told", takes_part: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which calls are the only ones of their function in a run that nothing is known around."""
    calls, signatures = ordered.calls, ordered.calls.signatures
    is_alone = told.is_known & takes_part & (ordered.take(calls.parent) == NO_PARENT)
    is_alone &= (ordered.units.test == OUTSIDE)[ordered.unit]
    names = len(calls.names) + 1
    edge = calls.lookups.function[signatures.lookup].astype(np.int64) * names + signatures.caller + 1
    edges, of_signature = code_values(edge, names * names)
    run = np.where(is_alone, told.code, NO_PAIR).astype(np.int32)
    pair, first = number_pairs(run, len(ordered) + 1, of_signature[ordered.signature].astype(np.int32), len(edges))
    is_only = np.append(count_by(pair, len(first)) == 1, [False])
    found: NDArray[np.bool_] = is_only[pair]
    return found


class _Told(msgspec.Struct, frozen=True, eq=False):
    """What records say of who asks. Arrays run over the places."""

    is_known: NDArray[np.bool_]
    """A record says its parent, or which run of its caller asks."""
    code: NDArray[np.int64]
    """A number of process, parent and activation; 0 where it isn't known."""
    parent: NDArray[np.intp]
    """Place of the parent; ``NOWHERE`` where its record doesn't say it, or where it never printed."""


def _find_told(ordered: OrderedCalls) -> _Told | None:
    """What records say; null where none says anything."""
    calls, activation = ordered.calls, ordered.calls.activation
    has_given = calls.processes.has_tree("given")
    if not has_given.any() and activation is None:
        return None
    is_given = has_given[ordered.process] & ordered.in_tree
    number = np.where(is_given, ordered.take(calls.parent), NO_PARENT)
    run = np.full(len(ordered), _NO_ACTIVATION) if activation is None else ordered.take(activation)
    is_known = (number != NO_PARENT) | (run != _NO_ACTIVATION)
    return _Told(is_known, _code_told(ordered, is_known, number, run), np.where(is_given, ordered.parent, NOWHERE))


def _code_told(
    ordered: OrderedCalls, is_told: NDArray[np.bool_], parent_number: NDArray[np.int64], activation: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Per place a number of its process, parent and activation; 0 where its record doesn't tell."""
    coded = np.zeros(len(ordered), np.int64)
    told = np.flatnonzero(is_told)
    key = ordered.process[told].astype(np.int64)
    for column in (parent_number[told], activation[told]):
        distinct, code = np.unique(column, return_inverse=True)
        width = max(len(distinct), 1)
        _, codes = code_values(key * width + code, (int(key.max(initial=0)) + 1) * width)
        key = codes.astype(np.int64)
    coded[told] = key
    return coded


def _find_open_callers(ordered: OrderedCalls, told: NDArray[np.bool_] | None) -> NDArray[np.int32] | None:
    """Per place the only open call of the named caller; ``NOWHERE`` where it was told, or isn't one.

    Whatever an open call's own record says of it, it may be the one: all of the process are looked at. Null where no
    process has a tree that the lines alone tell.
    """
    calls, signatures = ordered.calls, ordered.calls.signatures
    asked = map_rows(calls.processes.has_tree("nested", "unknown"), ordered.process)
    if told is not None:
        asked &= ~told
    if not asked.any():
        return None
    has_asked = np.zeros(len(calls.processes.name), bool)
    has_asked[ordered.process[asked]] = True
    looked_at = has_asked[ordered.process] & ~ordered.take(calls.implausible)
    # Mostly all of them are: what isn't picked isn't copied.
    place = slice(None) if looked_at.all() else np.flatnonzero(looked_at)
    caller = signatures.caller
    if UNKNOWN_CALLER in calls.names:
        caller = np.where(caller == calls.names.index(UNKNOWN_CALLER), NO_NAME, caller)
    signature = ordered.signature[place]
    function = calls.lookups.function[signatures.lookup]
    line = ordered.take(calls.line)[place]
    found = find_only_open(ordered.process[place], function[signature], caller[signature], line)
    if not isinstance(place, slice):
        index = found
        found = np.full(len(ordered), NOWHERE, np.int32)
        found[place] = np.where(index == NOWHERE, NOWHERE, place[index])
    found[~asked] = NOWHERE
    return found


def _takes_part(ordered: OrderedCalls, parent: Integers) -> NDArray[np.bool_]:
    """Which calls one batch could replace, were they in one scope."""
    calls, signatures = ordered.calls, ordered.calls.signatures
    function = calls.lookups.function[signatures.lookup]
    takes_part: NDArray[np.bool_] = take(signatures.caller != function, ordered.signature)
    takes_part &= ordered.is_judged
    if (ordered.kind == FRAME).any():
        takes_part &= ordered.kind != FRAME
    is_failed = calls.origins.answer == FAILED
    if is_failed.any():
        takes_part &= ~is_failed[ordered.take(calls.origin)]
    for above in (ordered.parent, parent):
        if not is_constant(above):
            takes_part = are_unlike_above(above, function[ordered.signature], takes_part)
    return takes_part
