"""What speaks against one call in the place of a group that certainly stands together: then it is no more than likely.

A batch needs all keys before its only call. Whether they are known then no record says; but where each may come out of
the answer before, where the answers may decide how far a loop goes, and where there is no loop, that can be seen.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.batches import changes_the_same
from tracereport.calls.calls import NO_TEXT, MetricSets
from tracereport.calls.chains import proves_existence
from tracereport.calls.grouping import count_by
from tracereport.calls.ordered import OrderedCalls
from tracereport.calls.statements import asks_no_table, changes_rows
from tracereport.measures.answers import Answers
from tracereport.measures.between import find_asked_between, find_deciding_between, find_straight
from tracereport.measures.doubted import Doubted
from tracereport.measures.rows_before import ROWS, gave_as_many, list_rows
from tracereport.measures.walks import find_walks
from tracereport.native.codes import take
from tracereport.native.pairs import number_pairs

_COUNTS = ("found", ROWS, "size")
"""Metrics that say how much was found."""
_STATUS, _LEAST_ERROR, _LAST_ERROR = "status", 400, 599
"""The metric of a request that says what came of it, and what stands for errors."""


class Doubt(IntEnum):
    """Of several that hold for a group the first one is told."""

    NONE = 0
    BETWEEN = 1
    """What is written is asked for in between."""
    TAKEN = 2
    """Something is taken off a queue before each."""
    SAME = 3
    """All are the same statement, which changes the same rows."""
    RANGES = 4
    """Each asks for a range or a pattern."""
    NO_TABLE = 5
    """Each asks the database itself to do or to tell something."""
    CHAIN = 6
    """Each asks for what another row refers to, and nothing before has given as many rows."""
    TRIES = 7
    """The last alone was answered otherwise."""
    LINES = 8
    """Each stands on a line of its own."""
    STRAIGHT = 9
    """Something else is done between any two of them."""


def find_doubts(ordered: OrderedCalls, answers: Answers, groups: Doubted) -> NDArray[np.uint8]:
    """Per group a ``Doubt``."""
    count = len(groups.first)
    doubt = np.full(count, Doubt.NONE, np.uint8)
    if not count:
        return doubt
    lookups, lookup = np.unique(ordered.lookup[groups.first], return_inverse=True)
    texts = ordered.calls.lookups.text.take(lookups).to_list()
    changes = np.array([changes_rows(text) for text in texts], bool)[lookup]
    is_same = np.array([changes_the_same(text) for text in texts], bool)[lookup]
    exists = np.array([proves_existence(text) for text in texts], bool)[lookup]
    is_tableless = np.array([asks_no_table(text) for text in texts], bool)[lookup]
    is_taken, is_read = find_deciding_between(ordered, answers, groups.of_place, groups.is_write)
    is_straight = find_straight(ordered, groups.of_place, groups.calls)
    is_told = _tell_loops(ordered, groups, is_taken | is_read)
    is_asked = find_asked_between(ordered, groups.of_place, groups.is_write & changes)
    holds = {
        Doubt.STRAIGHT: is_straight & ~_tell_loops(ordered, groups, is_straight),
        Doubt.LINES: _stand_on_own_lines(ordered, groups),
        Doubt.TRIES: _end_otherwise(ordered, answers, groups, exists),
        Doubt.CHAIN: find_walks(ordered, groups, texts, lookup),
        Doubt.NO_TABLE: ~groups.is_write & is_tableless,
        Doubt.RANGES: groups.is_range,
        Doubt.SAME: groups.is_write & is_same,
        Doubt.TAKEN: is_taken & ~is_told,
        Doubt.BETWEEN: is_asked | (is_read & ~is_told),
    }
    for name, is_so in holds.items():
        doubt[is_so] = name
    return doubt


def _stand_on_own_lines(ordered: OrderedCalls, groups: Doubted) -> NDArray[np.bool_]:
    """Whether no line asks twice: they are written out one after the other."""
    origins, count = ordered.calls.origins, len(groups.first)
    if (origins.at == NO_TEXT).all():
        return np.zeros(count, bool)
    at = take(origins.at, ordered.take(ordered.calls.origin))
    known = np.where(at == NO_TEXT, np.int32(-1), groups.of_place)
    _, first = number_pairs(known, count, np.maximum(at, 0), max(len(origins.texts), 1))
    is_own: NDArray[np.bool_] = count_by(known[first], count) == groups.calls
    return is_own


def _end_otherwise(
    ordered: OrderedCalls, answers: Answers, groups: Doubted, exists: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether the last call alone was answered otherwise, and no other sign tells of a loop over rows.

    All before it found nothing, or were told alike whether something exists; or all found something, and it nothing.
    """
    metric_set = ordered.take(ordered.calls.metric_set)
    tells_nothing = _tell_nothing(ordered.calls.metric_sets, answers)
    if not (tells_nothing.any() or exists.any()):
        return np.zeros(len(exists), bool)
    nothing = tells_nothing[metric_set]
    count = len(groups.first)
    found_nothing = count_by(groups.of_place, count, nothing)
    may_be: NDArray[np.bool_] = exists | (found_nothing == 1) | (found_nothing == groups.calls - 1)
    if not may_be.any():
        return may_be
    place = np.flatnonzero(np.append(may_be, [False])[groups.of_place])
    place = place[np.argsort(groups.of_place[place], kind="stable")]
    value, calls = answers.values[metric_set[place]], groups.calls[may_be]
    start = np.cumsum(calls) - calls
    end = start + calls - 1
    is_usual = value == np.repeat(value[start], calls)
    are_alike = (np.add.reduceat(is_usual.astype(np.int64), start) == calls - 1) & ~is_usual[end]
    are_alike &= exists[may_be] | nothing[place[start]]
    may_be[may_be] = are_alike | (nothing[place[end]] & (found_nothing[may_be] == 1))
    return may_be & ~_tell_loops(ordered, groups, may_be)


def _tell_loops(ordered: OrderedCalls, groups: Doubted, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether chosen groups load something of rows, or a question before them gave as many rows as they have calls."""
    is_loop = np.zeros(len(chosen), bool)
    group = np.flatnonzero(chosen)
    if not len(group):
        return is_loop
    origins, first = ordered.calls.origins, groups.first[group]
    is_relation = np.array([":" in text for text in origins.texts] + [False], bool)
    is_loop[group] = is_relation[origins.via[ordered.take(ordered.calls.origin)[first]]]
    rows = list_rows(ordered)
    if rows is not None:
        for wanted in (groups.values[group], groups.calls[group]):
            is_loop[group] |= gave_as_many(ordered, rows, first, wanted)
    return is_loop


def _tell_nothing(sets: MetricSets, answers: Answers) -> NDArray[np.bool_]:
    """By set of metrics whether it says that nothing was found."""
    said = np.zeros(len(sets.offset) - 1, bool)
    owner = np.repeat(np.arange(len(said)), np.diff(sets.offset))
    for name in _COUNTS:
        if name in sets.names and answers.is_result[code := sets.names.index(name)]:
            said[owner[(sets.name == code) & (sets.value == 0)]] = True
    if _STATUS in sets.names and answers.is_result[code := sets.names.index(_STATUS)]:
        said[owner[(sets.name == code) & (sets.value >= _LEAST_ERROR) & (sets.value <= _LAST_ERROR)]] = True
    return said
