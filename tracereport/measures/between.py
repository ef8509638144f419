"""What happens between the calls of a group, and may decide about the next of them.

A batch needs all values before its only call. Where the next one is taken off a queue, or where a write is asked for
before the next one, they may not be known then.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_TEXT
from tracereport.calls.coding import spread
from tracereport.calls.grouping import count_by
from tracereport.calls.ordered import OrderedCalls
from tracereport.calls.taking import is_taking_command, takes_one
from tracereport.measures.answers import Answers
from tracereport.native.codes import take
from tracereport.native.tally import find_extremes

_LOOKED_AT = 16
"""So many calls before the second one of a group tell what may stand in each of its gaps."""


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
    """Finds groups in each of whose gaps something is taken off a queue, and those whose writes answer for the next.

    Args:
        ordered: all calls.
        answers: what their sets of metrics tell.
        group: the group of each place, negative for none.
        is_write: whether each group is of writes.

    Returns:
        Two flags for each group: that something is taken in between; and that between any two of its writes the same
        question asks for what they write, and isn't answered alike.
    """
    calls, count = ordered.calls, len(is_write)
    is_taken, is_read = np.zeros((2, count), bool)
    takes = np.array([is_taking_command(name) for name in calls.names], bool)
    chosen = is_write | takes.any()
    if not chosen.any():
        return is_taken, is_read
    gaps = _list_gaps(group, chosen)
    owner, place = _list_first_gaps(ordered, gaps)
    lookups, lookup = np.unique(ordered.lookup[place], return_inverse=True)
    taking = np.array([takes_one(text) for text in calls.lookups.text.take(lookups).to_list()], bool)
    if taking.any():
        kept = np.flatnonzero(taking[lookup])
        _, is_full, _ = _follow(ordered, gaps, owner[kept], ordered.lookup[place[kept]])
        is_taken[owner[kept][is_full]] = True
    written = _find_written(ordered, gaps.after[gaps.start])
    of_gap = np.repeat(written, np.diff(np.append(gaps.start, len(gaps.group))))
    resource_of = np.full(count, NO_TEXT, np.int64)
    resource_of[gaps.group] = of_gap
    asks = is_write[owner] & ordered.is_question[place] & (resource_of[owner] >= 0)
    kept = np.flatnonzero(asks & (calls.lookups.resource[ordered.lookup[place]] == resource_of[owner]))
    if len(kept):
        candidate, is_full, last = _follow(ordered, gaps, owner[kept], ordered.lookup[place[kept]])
        answer = answers.values[ordered.take(calls.metric_set)[last]]
        least, most = find_extremes(candidate, answer, len(kept))
        is_read[owner[kept][is_full & (least < most)]] = True
    return is_taken, is_read


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
    ordered: OrderedCalls, gaps: _Gaps, group: NDArray[np.int32], lookup: NDArray[np.int32]
) -> tuple[NDArray[np.intp], NDArray[np.bool_], NDArray[np.intp]]:
    """Looks for lookups in all gaps of groups.

    Args:
        ordered: all calls.
        gaps: of the groups.
        group: of each candidate, which is one of ``gaps``.
        lookup: of each candidate.

    Returns:
        By gap of each candidate in which its lookup stands the candidate; per candidate whether it stands in each gap;
        and, by gap as before, the last place where it does.
    """
    length = np.diff(np.append(gaps.start, len(gaps.group)))
    index = np.searchsorted(gaps.group[gaps.start], group)
    candidate = np.repeat(np.arange(len(group)), length[index])
    gap = spread(gaps.start[index], length[index])
    wanted, own = np.unique(lookup, return_inverse=True)
    code = np.full(len(ordered.calls.lookups.function), -1, np.int64)
    code[wanted] = np.arange(len(wanted))
    place = np.flatnonzero(code[ordered.lookup] >= 0)
    width = np.int64(len(ordered))
    keys = (ordered.unit[place] * np.int64(len(wanted)) + code[ordered.lookup[place]]) * width + place
    order = np.argsort(keys)
    keys = keys[order]
    base = (ordered.unit[gaps.after[gap]] * np.int64(len(wanted)) + own[candidate]) * width
    high = np.searchsorted(keys, base + gaps.after[gap], "left")
    holds = np.searchsorted(keys, base + gaps.before[gap], "right") < high
    is_full = count_by(candidate, len(group), holds) == length[index]
    return candidate[holds], is_full, place[order[high[holds] - 1]]
