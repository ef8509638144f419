"""Fan-outs over few values: two to four of them are one all the same where the records tell of a loop over rows.

Who tests puts two or three rows into a database, and a loop over them asks no more often than that. What else asks a
few times in one place looks the same but for two signs. Calls of one line in one certain scope bear the first if the
hook says that each loads a relation of one row (``via=sqlalchemy:Author.books``); and the second if a question before
them, in their scope or in one around it, gave just as many rows. One sign is enough for three values and more, two
values need both. One more is needed where the scope is a whole test.
"""

from typing import Final

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tracereport.calls.actions import are_tests
from tracereport.calls.calls import NO_ACTIVATION, NO_TEXT, Calls
from tracereport.calls.grouping import Integers
from tracereport.calls.ordered import NOWHERE, OrderedCalls
from tracereport.measures.rows_before import count_rows
from tracereport.measures.scopes import NO_SCOPE, SURE, Scopes
from tracereport.native.codes import take
from tracereport.native.pairs import NO_PAIR, number_pairs

FEWEST_VALUES: Final = 2
_VALUES_OF_ONE_SIGN: Final = 3
_RELATION_MARK: Final = ":"


def tells_places(calls: Calls) -> bool:
    """Whether any record says the line that asks: nothing can be proven without it."""
    return bool((calls.origins.at != NO_TEXT).any())


def divide_by_place(ordered: OrderedCalls, scopes: Scopes, is_taken: NDArray[np.bool_]) -> Scopes:
    """The certain scopes, each divided by the lines that ask in it; calls that are taken already are in none."""
    origin = ordered.take(ordered.calls.origin)
    at = take(ordered.calls.origins.at, origin)
    takes_part = (scopes.scope != NO_SCOPE) & (scopes.certainty == SURE) & (at != NO_TEXT) & ~is_taken
    outer = np.where(takes_part, scopes.scope, np.int32(NO_PAIR))
    pair, first = number_pairs(outer, scopes.count, np.maximum(at, 0), max(len(ordered.calls.origins.texts), 1))
    return replace(scopes, scope=pair + np.int32(1), count=len(first) + 1)


class Group(msgspec.Struct, frozen=True, eq=False):
    """Calls of few values; one entry per group."""

    first: NDArray[np.int32]
    """Place of the first call."""
    values: NDArray[np.int64]
    calls: NDArray[np.int64]


def count_missing_signs(ordered: OrderedCalls, scopes: Scopes, groups: Group) -> NDArray[np.int64]:
    """How many more signs of a loop over rows each group needs: none where the records tell of one."""
    calls = ordered.calls
    is_relation = np.array([_RELATION_MARK in text for text in calls.origins.texts] + [False], bool)
    via = take(calls.origins.via, ordered.take(calls.origin)[groups.first])
    loads_relation = is_relation[via]
    follows_rows = _follow_rows(ordered, scopes, groups)
    signs = loads_relation.astype(np.int64) + follows_rows
    wanted = np.where(groups.values >= _VALUES_OF_ONE_SIGN, 1, 2) + _are_of_whole_tests(ordered, scopes, groups)
    missing: NDArray[np.int64] = wanted - signs
    missing[missing < 0] = 0
    return missing


def _are_of_whole_tests(ordered: OrderedCalls, scopes: Scopes, groups: Group) -> NDArray[np.bool_]:
    """Whether no more is known of a group than the test that asks: it may have called one function several times."""
    calls, parent = ordered.calls, scopes.parent[groups.first]
    via = take(calls.origins.via, ordered.take(calls.origin)[parent])
    is_test: NDArray[np.bool_] = are_tests(calls)[via]
    is_test[parent == NOWHERE] = False
    if calls.activation is not None:
        is_test[ordered.take(calls.activation)[groups.first] != NO_ACTIVATION] = False
    return is_test


def _follow_rows(ordered: OrderedCalls, scopes: Scopes, groups: Group) -> NDArray[np.bool_]:
    """Whether a question before each group, in its scope or around it, gave as many rows as it has values or calls."""
    found = np.zeros(len(groups.first), bool)
    rows = count_rows(ordered.calls.metric_sets)
    if rows is None or not len(found):
        return found
    most = int(groups.calls.max())
    given = rows[ordered.take(ordered.calls.metric_set)]
    place = np.flatnonzero(ordered.is_question & (given >= FEWEST_VALUES) & (given <= most))
    place = place[scopes.certainty[place] == SURE]
    given = given[place]
    found |= _is_told(scopes.scope[place], given, place, scopes.scope[groups.first], groups)
    parent = _step_out(ordered, scopes, place)
    around = _step_out(ordered, scopes, groups.first)
    while (around != NOWHERE).any():
        around = _step_out(ordered, scopes, around)
        found |= _is_told(parent, given, place, around, groups)
    return found


def _step_out(ordered: OrderedCalls, scopes: Scopes, place: Integers) -> NDArray[np.int64]:
    """The calls around some, as far as they are in the same unit and no tests."""
    calls = ordered.calls
    is_test = are_tests(calls)
    around = np.where(place == NOWHERE, NOWHERE, scopes.parent[place]).astype(np.int64)
    around[is_test[take(calls.origins.via, ordered.take(calls.origin)[around])]] = NOWHERE
    around[ordered.unit[around] != ordered.unit[place]] = NOWHERE
    return around


def _is_told(
    owner: Integers, rows: NDArray[np.int64], place: NDArray[np.intp], wanted: Integers, groups: Group
) -> NDArray[np.bool_]:
    """Whether a question of the wanted owner (a scope, or a call) gave as many rows before the first call of a group.

    Args:
        owner: per question, below 0 for none.
        rows: that each question gave, at most as many as a group has calls.
        place: of each question, ascending.
        wanted: per group, below 0 for none.
        groups: are asked of.
    """
    width = int(groups.calls.max()) + 1
    codes, index = np.unique(owner.astype(np.int64) * width + rows, return_index=True)
    found = np.zeros(len(groups.first), bool)
    if not len(codes):
        return found
    for count in (groups.values, groups.calls):
        code = wanted.astype(np.int64) * width + count
        slot = np.minimum(np.searchsorted(codes, code), len(codes) - 1)
        found |= (codes[slot] == code) & (place[index[slot]] < groups.first) & (wanted >= 0)
    return found
