"""Scopes: which calls one batch could replace. Those of one calling call, as far as that is certain, else of a unit."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import FAILED, FRAME, NO_PARENT, TREE_KINDS
from tracereport.calls.coding import code_values
from tracereport.calls.ordered import NOWHERE, OrderedCalls
from tracereport.model import UNKNOWN_CALLER
from tracereport.native.callers import find_only_open

SURE, LIKELY, LOW = (np.uint8(code) for code in range(3))
"""How certain it is that one call made all those of a scope."""
NO_SCOPE = 0

_GIVEN, _NESTED, _UNKNOWN = (TREE_KINDS.index(kind) for kind in ("given", "nested", "unknown"))
_NO_ACTIVATION = -1


class Scopes(msgspec.Struct, frozen=True, eq=False):
    """The scope of each call. Arrays run over the places of ``OrderedCalls`` but for ``count``."""

    scope: NDArray[np.int64]
    """``NO_SCOPE`` where the call takes no part, or its scope has too few."""
    count: int
    """Above all scopes."""
    certainty: NDArray[np.uint8]
    parent: NDArray[np.intp]
    """Place of the call that made it; ``NOWHERE`` for none, or where it never printed."""


def find_scopes(ordered: OrderedCalls, least: int) -> Scopes:
    """The scope of each judged call that isn't a frame and didn't fail; those of fewer than ``least`` calls are none.

    A call's parent is certain where its record says it, or which run of its caller asks (``activation``). Where the
    order of the lines alone tells of trees, it is certain only if exactly one call of the function that the call names
    as its caller was open when it began. Where no tree is known, that call is likely. Otherwise the scope is the unit.
    Recursion is none.
    """
    calls = ordered.calls
    tree = calls.processes.tree[ordered.process]
    parent_number = calls.parent[ordered.row]
    activation = _find_activations(ordered)
    is_given = (tree == _GIVEN) & ordered.in_tree
    is_told = (is_given & (parent_number != NO_PARENT)) | (activation != _NO_ACTIVATION)
    parent = np.where(is_given, ordered.parent, NOWHERE)
    found = _find_open_callers(ordered, ~is_given & ~is_told & ((tree == _NESTED) | (tree == _UNKNOWN)))
    is_open = found != NOWHERE
    parent[is_open] = found[is_open]
    certainty = np.full(len(ordered), LOW)
    certainty[is_open] = np.where(tree[is_open] == _NESTED, SURE, LIKELY)
    certainty[is_told] = SURE

    units, places = len(ordered.units), len(ordered)
    scope, first = ordered.unit.astype(np.int64), units
    for chosen, inner in (
        (is_open, found),
        (is_told, _code_told(ordered, is_told, np.where(is_given, parent_number, NO_PARENT), activation)),
    ):
        # No scope reaches beyond a unit.
        place = np.flatnonzero(chosen)
        distinct, code = code_values(ordered.unit[place].astype(np.int64) * places + inner[place], units * places)
        scope[place] = first + code
        first += len(distinct)
    takes_part = _takes_part(ordered, parent)
    size = np.bincount(scope[takes_part], minlength=first)
    is_large = size >= least
    numbers = np.where(is_large, np.cumsum(is_large), NO_SCOPE)
    return Scopes(
        scope=np.where(takes_part, numbers[scope], NO_SCOPE),
        count=int(np.count_nonzero(is_large)) + 1,
        certainty=certainty,
        parent=parent,
    )


def _find_activations(ordered: OrderedCalls) -> NDArray[np.int64]:
    activation = ordered.calls.activation
    return np.full(len(ordered), _NO_ACTIVATION) if activation is None else activation[ordered.row]


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


def _find_open_callers(ordered: OrderedCalls, asked: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Per place the only open call of the named caller; ``NOWHERE`` where it isn't asked for, or isn't one.

    Whatever an open call's own record says of it, it may be the one: all of the process are looked at.
    """
    calls = ordered.calls
    found = np.full(len(ordered), NOWHERE, np.intp)
    if not asked.any():
        return found
    has_asked = np.zeros(len(calls.processes.name), bool)
    has_asked[ordered.process[asked]] = True
    place = np.flatnonzero(has_asked[ordered.process] & ~calls.implausible[ordered.row])
    caller = calls.signatures.caller[ordered.signature[place]]
    if UNKNOWN_CALLER in calls.names:
        caller = np.where(caller == calls.names.index(UNKNOWN_CALLER), -1, caller)
    function = calls.lookups.function[ordered.lookup[place]]
    line = calls.line[ordered.row[place]]
    index = find_only_open(ordered.process[place], function, caller, line)
    found[place] = np.where((index == NOWHERE) | ~asked[place], NOWHERE, place[index])
    return found


def _takes_part(ordered: OrderedCalls, parent: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which calls one batch could replace, were they in one scope."""
    calls = ordered.calls
    takes_part: NDArray[np.bool_] = ordered.is_judged & (ordered.kind != FRAME)
    takes_part &= calls.origins.answer[calls.origin[ordered.row]] != FAILED
    function = calls.lookups.function[ordered.lookup]
    takes_part &= calls.signatures.caller[ordered.signature] != function
    for above in (ordered.parent, parent):
        child = np.flatnonzero(above != NOWHERE)
        takes_part[child] &= function[child] != function[above[child]]
    return takes_part
