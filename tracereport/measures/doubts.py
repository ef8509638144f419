"""What speaks against one call in the place of a group that certainly stands together: then it is no more than likely.

A batch needs all keys before its only call. Whether they are known then no record says; but where each may come out of
the answer before, where the answers may decide how far a loop goes, and where there is no loop, that can be seen.
"""

from enum import IntEnum

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.batches import changes_the_same
from tracereport.calls.calls import NO_TEXT, MetricSets
from tracereport.calls.chains import NO_LINK, TO_ONE, find_link, proves_existence
from tracereport.calls.grouping import count_by
from tracereport.calls.ordered import OrderedCalls
from tracereport.calls.statements import changes_rows
from tracereport.measures.answers import Answers
from tracereport.measures.between import find_asked_between, find_deciding_between
from tracereport.native.codes import take
from tracereport.native.pairs import number_pairs

_ROWS = "rows"
_COUNTS = ("found", _ROWS, "size")
"""Metrics that say how much was found."""
_SEVERAL = 2
_ABOVE_ROWS = 2**31


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
    CHAIN = 5
    """Each asks for what another row refers to, and nothing before has given as many rows."""
    TRIES = 6
    """All but the last were answered alike."""
    LINES = 7
    """Each stands on a line of its own."""


class Doubted(msgspec.Struct, frozen=True, eq=False):
    """The groups to look at; one entry each but for ``of_place``."""

    of_place: NDArray[np.int32]
    """Per place its group, negative for none."""
    first: NDArray[np.int32]
    calls: NDArray[np.int64]
    values: NDArray[np.int64]
    is_write: NDArray[np.bool_]
    is_range: NDArray[np.bool_]


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
    link = np.array([find_link(text) for text in texts], np.uint8)[lookup]
    is_taken, is_read = find_deciding_between(ordered, answers, groups.of_place, groups.is_write)
    is_asked = find_asked_between(ordered, groups.of_place, groups.is_write & changes)
    holds = {
        Doubt.LINES: _stand_on_own_lines(ordered, groups),
        Doubt.TRIES: _end_otherwise(ordered, answers, groups, exists),
        Doubt.CHAIN: _may_be_chains(ordered, groups, np.where(groups.is_write, NO_LINK, link)),
        Doubt.RANGES: groups.is_range,
        Doubt.SAME: groups.is_write & is_same,
        Doubt.TAKEN: is_taken,
        Doubt.BETWEEN: is_asked | is_read,
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
    """Whether all but the last found nothing, or were told alike whether something exists, and the last wasn't."""
    metric_set = ordered.take(ordered.calls.metric_set)
    found_nothing = _tell_nothing(ordered.calls.metric_sets, answers)[metric_set[groups.first]]
    may_be: NDArray[np.bool_] = ~groups.is_write & (found_nothing | exists)
    if not may_be.any():
        return may_be
    place = np.flatnonzero(np.append(may_be, [False])[groups.of_place])
    place = place[np.argsort(groups.of_place[place], kind="stable")]
    value, calls = answers.values[metric_set[place]], groups.calls[may_be]
    start = np.cumsum(calls) - calls
    is_usual = value == np.repeat(value[start], calls)
    are_alike = np.add.reduceat(is_usual.astype(np.int64), start) == calls - 1
    may_be[may_be] = are_alike & ~is_usual[start + calls - 1]
    return may_be


def _may_be_chains(ordered: OrderedCalls, groups: Doubted, link: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether each key may stand in the answer before, as no question before the group gave so many rows.

    Where the rows of an answer aren't known, nothing speaks for it.
    """
    is_chain: NDArray[np.bool_] = np.not_equal(link, NO_LINK)
    sets = ordered.calls.metric_sets
    if not is_chain.any() or _ROWS not in sets.names:
        return np.zeros(len(link), bool)
    rows = _count_rows(sets)[ordered.take(ordered.calls.metric_set)]
    is_broken = (rows < 0) | ((rows > 1) & (np.append(link, [NO_LINK])[groups.of_place] == TO_ONE))
    is_chain[groups.of_place[is_broken & (groups.of_place >= 0)]] = False
    chosen = np.flatnonzero(is_chain)
    is_chain[chosen] = _find_most_before(ordered, rows, groups.first[chosen]) < groups.values[chosen]
    return is_chain


def _find_most_before(ordered: OrderedCalls, rows: NDArray[np.int64], place: NDArray[np.int32]) -> NDArray[np.int64]:
    """The most rows that a question before each place gave in its unit."""
    asked = np.flatnonzero(ordered.is_question & (rows >= _SEVERAL))
    asked = asked[np.lexsort((asked, ordered.unit[asked]))]
    unit, own = ordered.unit[asked].astype(np.int64), ordered.unit[place].astype(np.int64)
    # Units ascend, so that those behind are above all rows of the ones before them.
    most = np.maximum.accumulate(unit * _ABOVE_ROWS + rows[asked])
    before = np.searchsorted(unit * len(ordered) + asked, own * len(ordered) + place) - 1
    found = np.append(most, [-1])[before] - own * _ABOVE_ROWS
    return np.where((before >= 0) & (found >= 0), found, 0)


def _count_rows(sets: MetricSets) -> NDArray[np.int64]:
    """By set of metrics the rows that an answer has, -1 where it isn't said."""
    rows = np.full(len(sets.offset) - 1, -1, np.int64)
    owner = np.repeat(np.arange(len(rows)), np.diff(sets.offset))
    said = sets.name == sets.names.index(_ROWS)
    np.maximum.at(rows, owner[said], np.minimum(sets.value[said], _ABOVE_ROWS - 1).astype(np.int64))
    return rows


def _tell_nothing(sets: MetricSets, answers: Answers) -> NDArray[np.bool_]:
    """By set of metrics whether it says that nothing was found."""
    said = np.zeros(len(sets.offset) - 1, bool)
    owner = np.repeat(np.arange(len(said)), np.diff(sets.offset))
    for name in _COUNTS:
        if name in sets.names and answers.is_result[code := sets.names.index(name)]:
            said[owner[(sets.name == code) & (sets.value == 0)]] = True
    return said
