"""Repeats: which calls ask for what their unit of work has asked for before, who asked, and what became of the answer.

Everything is judged within one unit, in the order of the call numbers, and only of judged questions.
"""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.ancestry import last_number_inside
from tracereport.calls.calls import CACHED, WRITE
from tracereport.calls.groups import Groups, group_calls
from tracereport.calls.ordered import NOWHERE, OrderedCalls
from tracereport.calls.writes import find_writes
from tracereport.measures.answers import NO_ANSWER, Answers
from tracereport.native.keys import previous_same

UNPROVEN, UNCHANGED, CHANGED = (np.uint8(code) for code in range(3))
"""What the answers of a repeat and of the call before say."""


class Repeats(msgspec.Struct, frozen=True, eq=False):
    """What is known of each call as a repeat. Arrays run over the places of ``OrderedCalls``."""

    previous: NDArray[np.int32]
    """Place of the question for the same lookup just before it in the unit; ``NOWHERE`` for a first one."""
    again: NDArray[np.bool_]
    """Its caller has asked for this lookup before; a repeat that isn't *again* is *shared*."""
    evidence: NDArray[np.uint8]
    """``UNCHANGED``, ``CHANGED`` or ``UNPROVEN``, as recorded: whether such answers prove anything, the whole input
    tells (``measures.evidence``)."""
    cached: NDArray[np.bool_]
    """A cache answered it: unchanged for certain, and nothing is saved by leaving it out."""
    written: NDArray[np.bool_]
    """A write to the same resource stands between it and the call before."""
    own: NDArray[np.bool_]
    """Unchanged *again*: the answer that its caller itself got last would have served."""
    back: NDArray[np.bool_]
    """Changed to an answer that the lookup has had before."""
    sequential: NDArray[np.bool_]
    """It directly follows the call before: its number is the next one behind that call's whole subtree."""
    negative: NDArray[np.bool_]
    """Both found nothing."""
    lookups: Groups
    """The questions for each lookup in each unit."""
    signatures: Groups
    """The questions of each signature in each unit."""

    @property
    def is_repeat(self) -> NDArray[np.bool_]:
        """Whether each call is a repeat."""
        return np.not_equal(self.previous, NOWHERE)

    @property
    def unchanged(self) -> NDArray[np.bool_]:
        """Repeats whose answer was recorded as that of the call before, or came out of a cache."""
        unchanged: NDArray[np.bool_] = self.is_repeat & (self.evidence == UNCHANGED)
        return unchanged

    @property
    def handed_on(self) -> NDArray[np.bool_]:
        """Unchanged *again* repeats whose caller's own last answer was stale: another asker's would have served."""
        handed_on: NDArray[np.bool_] = self.unchanged & self.again & ~self.own & ~self.cached
        return handed_on


def find_repeats(ordered: OrderedCalls, answers: Answers) -> Repeats:
    """Finds the repeats of each unit and judges each against the question for the same lookup just before it."""
    calls = ordered.calls
    lookups = group_calls(ordered.lookup, len(calls.lookups.function), ordered.unit, ordered.is_question)
    signatures = group_calls(ordered.signature, len(calls.signatures.lookup), ordered.unit, ordered.is_question)
    order, follows = lookups.order, ~lookups.is_first
    count = len(ordered)
    previous = _link(order, follows, count)
    again = np.zeros(count, bool)
    again[signatures.order] = ~signatures.is_first

    # The questions for a lookup stand side by side in this order: each is held against its neighbour.
    row = ordered.row[order]
    metric_set = calls.metric_set[row]
    names, values = answers.names[metric_set], answers.values[metric_set]
    found_nothing = answers.found_nothing[metric_set]
    is_cached = follows & (calls.origins.answer == CACHED)[calls.origin[row]]
    comparable = follows & _same_as_before(names) & (names != NO_ANSWER)
    same = _same_as_before(values)
    is_equal = comparable & same
    is_unchanged = is_equal | is_cached
    is_changed = comparable & ~same & ~is_cached
    number = ordered.number[order]
    last_inside = last_number_inside(ordered)[order] if ordered.in_tree.any() else number
    previous_own = _link(signatures.order, ~signatures.is_first, count)[order]
    written, own_written = _find_written(ordered, order, previous[order], previous_own)
    own = is_unchanged & ~is_cached & again[order] & ~own_written
    own &= _is_chain_whole(order, is_equal, previous_own, count)

    def spread(column: NDArray[Any]) -> NDArray[Any]:
        whole = np.zeros(count, column.dtype)
        whole[order] = column
        return whole

    return Repeats(
        previous=previous,
        again=again,
        evidence=spread(is_unchanged * UNCHANGED + is_changed * CHANGED),
        cached=spread(is_cached),
        written=spread(written),
        own=spread(own),
        back=spread(is_changed & _is_seen_before(lookups, values) if is_changed.any() else is_changed),
        sequential=spread(follows & (number == _before(last_inside) + 1)),
        negative=spread(follows & found_nothing & _before(found_nothing)),
        lookups=lookups,
        signatures=signatures,
    )


def _link(order: NDArray[np.intp], follows: NDArray[np.bool_], count: int) -> NDArray[np.int32]:
    """Per place the one before it in its group, ``NOWHERE`` for a first one."""
    previous = np.full(count, NOWHERE, np.int32)
    previous[order[follows]] = order[np.flatnonzero(follows) - 1]
    return previous


def _before(column: NDArray[Any]) -> NDArray[Any]:
    """The entry before each; the first has itself there, which means nothing: it follows no other."""
    return np.concatenate((column[:1], column[:-1]))


def _same_as_before(column: NDArray[Any]) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = column == _before(column)
    return same


def _is_chain_whole(
    order: NDArray[np.intp], is_equal: NDArray[np.bool_], previous_own: NDArray[np.int32], count: int
) -> NDArray[np.bool_]:
    """Whether all answers from the caller's own last question up to each are known and equal.

    Each step to another answer, or to one that isn't known, adds one to a running count: the chain is whole where the
    count is the same at both ends.
    """
    steps = np.cumsum(~is_equal)
    steps_at = np.zeros(count, np.int64)
    steps_at[order] = steps
    known = previous_own != NOWHERE
    whole = np.zeros(len(order), bool)
    whole[known] = steps_at[previous_own[known]] == steps[known]
    return whole


def _find_written(
    ordered: OrderedCalls, order: NDArray[np.intp], previous: NDArray[np.int32], previous_own: NDArray[np.int32]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether a write stands between each question and the one before, and between it and its caller's own last one."""
    written, own_written = np.zeros((2, len(order)), bool)
    if not (ordered.kind == WRITE).any():
        return written, own_written
    writes = find_writes(ordered)
    for found, before in ((written, previous), (own_written, previous_own)):
        follows = np.flatnonzero(before != NOWHERE)
        found[follows] = writes.any_between(before[follows], order[follows])
    return written, own_written


def _is_seen_before(lookups: Groups, values: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether an earlier question of the group had the same answer. ``values`` are in the order of the groups."""
    group = np.cumsum(lookups.is_first) - 1
    return previous_same(group * (int(values.max(initial=0)) + 2) + values + 1) >= 0
