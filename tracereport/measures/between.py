"""What happens between the calls of a group, and may decide about the next of them.

A batch needs all values before its only call. Where the next one is taken off a queue, or where a write is asked for
before the next one, they may not be known then.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_TEXT, WRITE
from tracereport.calls.coding import spread
from tracereport.calls.grouping import count_by
from tracereport.calls.ordered import OrderedCalls
from tracereport.calls.taking import is_taking_command, takes_one
from tracereport.measures.answers import Answers
from tracereport.native.codes import take
from tracereport.native.keys import find_distinct
from tracereport.native.pairs import number_pairs
from tracereport.native.tally import find_extremes

_LOOKED_AT = 16
"""So many calls before the second one of a group tell what may stand in each of its gaps."""
_MOST_WRITTEN_OUT = 64
"""Nobody writes more calls out, one after the other."""


class _Gaps(msgspec.Struct, frozen=True, eq=False):
    """What lies between neighbours of some groups: one entry per gap, group by group."""

    group: NDArray[np.int32]
    before: NDArray[np.intp]
    after: NDArray[np.intp]
    start: NDArray[np.intp]
    """Of each group that has gaps the first of them."""


def _list_gaps(group: NDArray[np.int32], chosen: NDArray[np.bool_]) -> _Gaps:
    place = np.flatnonzero(take(np.append(chosen, [False]), group))
    place = place[np.argsort(group[place], kind="stable")]
    follows = np.flatnonzero(group[place][1:] == group[place][:-1]) + 1
    own = group[place[follows]]
    return _Gaps(own, place[follows - 1], place[follows], np.flatnonzero(np.diff(own, prepend=-1)))


def find_asked_between(ordered: OrderedCalls, group: NDArray[np.int32], chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Flags chosen groups of writes in which the written resource is asked for between two of the writes.

    Then one write may decide about the next, as when jobs are taken off a queue.
    """
    is_between = np.zeros(len(chosen), bool)
    if not chosen.any():
        return is_between
    gaps = _list_gaps(group, chosen)
    resource = _find_written(ordered, gaps.after)
    is_named = resource >= 0
    after, before, resource = gaps.after[is_named], gaps.before[is_named], resource[is_named]
    asked = np.flatnonzero(ordered.is_question)
    resources, places = len(ordered.calls.resources), len(ordered)
    of_asked = ordered.calls.lookups.resource[ordered.lookup[asked]]
    asked, of_asked = asked[of_asked >= 0], of_asked[of_asked >= 0]
    keys = np.sort((ordered.unit[asked].astype(np.int64) * resources + of_asked) * places + asked)
    base = (ordered.unit[after].astype(np.int64) * resources + resource) * places
    found = np.searchsorted(keys, base + before, "right") < np.searchsorted(keys, base + after, "left")
    is_between[group[after[found]]] = True
    return is_between


def find_deciding_between(
    ordered: OrderedCalls, answers: Answers, group: NDArray[np.int32], is_write: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Finds groups between any two of whose calls something is taken off a queue, or asked for that changes each time.

    Args:
        ordered: all calls.
        answers: what their sets of metrics tell.
        group: the group of each place, negative for none.
        is_write: whether each group is of writes.

    Returns:
        Two flags for each group: that something is taken in between; and that the same question isn't answered alike
        each time, as what it asks for is written as often, by the group's own writes or by others.
    """
    calls, count = ordered.calls, len(is_write)
    is_taken, is_read = np.zeros((2, count), bool)
    takes = np.array([is_taking_command(name) for name in calls.names], bool)
    if not (takes.any() or (ordered.kind == WRITE).any()):
        return is_taken, is_read
    gaps = _list_gaps(group, np.ones(count, bool))
    owner, place = _list_first_gaps(ordered, gaps)
    lookups, lookup = np.unique(ordered.lookup[place], return_inverse=True)
    taking = np.array([takes_one(text) for text in calls.lookups.text.take(lookups).to_list()], bool)
    if taking.any():
        kept = np.flatnonzero(taking[lookup])
        _, is_full, _ = _follow(ordered, gaps, owner[kept], ordered.lookup, ordered.lookup[place[kept]])
        is_taken[owner[kept][is_full]] = True
    kept = np.flatnonzero(ordered.is_question[place] & ~is_taken[owner])
    if len(kept):
        owner, own = owner[kept], ordered.lookup[place[kept]]
        candidate, is_full, last = _follow(ordered, gaps, owner, ordered.lookup, own)
        least, most = find_extremes(candidate, answers.values[ordered.take(calls.metric_set)[last]], len(kept))
        kept = np.flatnonzero(is_full & (least < most))
        owner, resource = owner[kept], calls.lookups.resource[own[kept]]
        is_read[owner[_are_written(ordered, gaps, owner, resource)]] = True
    return is_taken, is_read


def _are_written(
    ordered: OrderedCalls, gaps: _Gaps, owner: NDArray[np.int32], resource: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Whether each resource is written by the calls of its group, or in each of that one's gaps."""
    place = np.flatnonzero(ordered.kind == WRITE)
    written = np.full(len(ordered), NO_TEXT, np.int32)
    written[place] = np.maximum(_find_written(ordered, place), NO_TEXT)
    _, is_full, _ = _follow(ordered, gaps, owner, written, resource)
    own = np.full(int(gaps.group.max(initial=-1)) + 1, NO_TEXT, np.int32)
    own[gaps.group] = written[gaps.after]
    found: NDArray[np.bool_] = (is_full | (own[owner] == resource)) & (resource >= 0)
    return found


def find_straight(ordered: OrderedCalls, group: NDArray[np.int32], calls: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Finds groups between whose calls something else is done each time: no line asks for a function in two gaps.

    A loop does the same in each turn. A function that calls a helper now and then, as to write down what it does, is
    none.

    Args:
        ordered: all calls.
        group: the group of each place, negative for none.
        calls: that each group has.
    """
    count, origins = len(calls), ordered.calls.origins
    is_straight = np.zeros(count, bool)
    if (origins.at == NO_TEXT).all():
        return is_straight
    gaps = _list_gaps(group, calls <= _MOST_WRITTEN_OUT)
    width = gaps.after - gaps.before - 1
    kept = np.flatnonzero((width > 0) & (width <= _LOOKED_AT))
    gap, place = np.repeat(kept, width[kept]), spread(gaps.before[kept] + 1, width[kept])
    at = take(origins.at, ordered.take(ordered.calls.origin)[place])
    is_beside = (ordered.unit[place] == ordered.unit[gaps.after[gap]]) & (at != NO_TEXT)
    is_beside &= ordered.parent[place] == ordered.parent[gaps.after[gap]]
    gap, place, at = gap[is_beside], place[is_beside], at[is_beside]
    function = ordered.calls.lookups.function[ordered.lookup[place]]
    code = function.astype(np.int64) * len(origins.texts) + at
    _, code = np.unique(code, return_inverse=True)
    own, first = number_pairs(gaps.group[gap], count, code.astype(np.int32), int(code.max(initial=0)) + 1)
    least, most = find_extremes(own, gap, len(first))
    recurs = np.zeros(count, bool)
    recurs[gaps.group[gap[first[least < most]]]] = True
    filled = count_by(gaps.group[find_distinct(gap)], count)
    is_straight |= ~recurs & (filled > 1) & (2 * filled >= calls - 1)
    return is_straight


def _find_written(ordered: OrderedCalls, place: NDArray[np.intp]) -> NDArray[np.int32]:
    """What the writes at some places change; negative where that isn't known."""
    said = ordered.calls.origins.writes[ordered.take(ordered.calls.origin)[place]]
    resource: NDArray[np.int32] = np.where(said == NO_TEXT, ordered.calls.lookups.resource[ordered.lookup[place]], said)
    return resource


def _list_first_gaps(ordered: OrderedCalls, gaps: _Gaps) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """The calls in the first gap of each group, at most ``_LOOKED_AT`` of them: the group, and the place, of each."""
    before, after = gaps.before[gaps.start], gaps.after[gaps.start]
    start = np.maximum(before + 1, after - _LOOKED_AT)
    width = after - start
    place = spread(start, width)
    owner = np.repeat(gaps.group[gaps.start], width)
    is_own = ordered.unit[place] == np.repeat(ordered.unit[after], width)
    return owner[is_own], place[is_own]


def _follow(
    ordered: OrderedCalls,
    gaps: _Gaps,
    group: NDArray[np.int32],
    code_of_place: NDArray[np.int32],
    code: NDArray[np.int32],
) -> tuple[NDArray[np.intp], NDArray[np.bool_], NDArray[np.intp]]:
    """Looks for codes in all gaps of groups.

    Args:
        ordered: all calls.
        gaps: of the groups.
        group: of each candidate, which is one of ``gaps``.
        code_of_place: of each call, negative for none.
        code: that each candidate is looked for by.

    Returns:
        By gap of each candidate in which its code stands the candidate; per candidate whether it stands in each gap;
        and, by gap as before, the last place where it does.
    """
    length = np.diff(np.append(gaps.start, len(gaps.group)))
    index = np.searchsorted(gaps.group[gaps.start], group)
    candidate = np.repeat(np.arange(len(group)), length[index])
    gap = spread(gaps.start[index], length[index])
    wanted, own = np.unique(code, return_inverse=True)
    number = np.full(int(max(code_of_place.max(initial=0), code.max(initial=0))) + 2, -1, np.int64)
    number[wanted] = np.arange(len(wanted))
    number[-1] = -1
    place = np.flatnonzero(number[code_of_place] >= 0)
    width = np.int64(len(ordered))
    keys = (ordered.unit[place] * np.int64(len(wanted)) + number[code_of_place[place]]) * width + place
    order = np.argsort(keys)
    keys = keys[order]
    base = (ordered.unit[gaps.after[gap]] * np.int64(len(wanted)) + own[candidate]) * width
    high = np.searchsorted(keys, base + gaps.after[gap], "left")
    holds = np.searchsorted(keys, base + gaps.before[gap], "right") < high
    is_full = count_by(candidate, len(group), holds) == length[index]
    return candidate[holds], is_full, place[order[high[holds] - 1]]
