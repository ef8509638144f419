"""Repeats are judged as by looking back from each question over all those before it."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracereport.measures.traits import (
    AGAIN,
    CACHED,
    CHANGED,
    NEGATIVE,
    OWN,
    QUESTION,
    REPEAT,
    SAID_CACHED,
    SEQUENTIAL,
    UNCHANGED,
)
from tracereport.native.repeats import AnswerCodes, Judged, Numbered, judge_repeats

CALLERS = 2
# Two answers of one name, one of another, and one without a result.
ANSWERS = AnswerCodes(np.array([0, 0, 1, -1]), np.array([0, 1, 2, -1]), np.array([True, False, True, False]))
CALLS = st.lists(st.tuples(st.integers(-1, 2), st.integers(0, CALLERS - 1), st.integers(0, 3), st.booleans()))
Call = tuple[int, int, int, bool]


def judge(calls: list[Call], *, with_own: bool = True, **changes: Any) -> tuple[Judged, np.ndarray]:
    lookup, caller, answer, cached = np.array(calls, np.int64).reshape(-1, 4).T
    signature = np.where(lookup < 0, -1, lookup * CALLERS + caller)
    kept, codes = np.unique(signature[signature >= 0], return_inverse=True)
    signature[signature >= 0] = codes
    lookups, own = np.unique(lookup[lookup >= 0], return_inverse=True)
    lookup = lookup.copy()
    lookup[lookup >= 0] = own
    traits = np.where(cached, SAID_CACHED, 0).astype(np.uint16) | np.uint16(QUESTION)
    told = {"lookup": lookup, "signature": signature, "answer": answer} | changes
    number = np.arange(len(calls))
    found = judge_repeats(
        Numbered(told["lookup"], len(lookups)),
        Numbered(told["signature"], len(kept)),
        told["answer"],
        ANSWERS,
        number,
        number,
        traits,
        with_own=with_own,
    )
    return found, traits


def look_back(calls: list[Call], at: int) -> tuple[int, int, int]:
    """The call before of its lookup and of its signature, and its traits."""
    lookup, caller, answer, cached = calls[at]
    names, values, is_empty = (column.tolist() for column in ANSWERS)
    before = [index for index in range(at) if calls[index][0] == lookup]
    own = [index for index in before if calls[index][1] == caller]
    traits = QUESTION | (SAID_CACHED if cached else 0)
    if not before or lookup < 0:
        return -1, -1, traits

    def are_equal(first: int, second: int) -> bool:
        return bool(names[first] >= 0 and values[first] == values[second])

    last = calls[before[-1]][2]
    traits |= REPEAT
    if cached:
        traits |= CACHED | UNCHANGED
    elif are_equal(last, answer):
        traits |= UNCHANGED
    elif names[last] == names[answer] >= 0:
        traits |= CHANGED
    traits |= NEGATIVE if is_empty[last] and is_empty[answer] else 0
    traits |= SEQUENTIAL if before[-1] == at - 1 else 0
    if own:
        traits |= AGAIN
        chain = [calls[index][2] for index in (*before, at) if index >= own[-1]]
        is_whole = all(are_equal(*pair) for pair in pairwise(chain))
        traits |= OWN if is_whole and traits & UNCHANGED and not cached else 0
    return before[-1], own[-1] if own else -1, traits


@given(CALLS)
def test_each_question_is_held_against_those_before(calls: list[Call]) -> None:
    found, traits = judge(calls)
    for at in range(len(calls)):
        assert (found.previous[at], found.previous_own[at], traits[at]) == look_back(calls, at)
    asked = [lookup for lookup, *_ in calls if lookup >= 0]
    assert found.lookup_sizes.tolist() == [asked.count(lookup) for lookup in sorted(set(asked))]
    assert [calls[at][0] for at in found.lookup_firsts.tolist()] == sorted(set(asked))
    assert int(found.signature_sizes.sum()) == len(asked)


@given(CALLS)
def test_what_is_found_is_the_same_where_nobody_asks_for_the_question_before_of_a_signature(calls: list[Call]) -> None:
    with_own, without = judge(calls), judge(calls, with_own=False)
    assert not len(without[0].previous_own)
    assert without[1].tolist() == with_own[1].tolist()
    assert without[0].previous.tolist() == with_own[0].previous.tolist()


@pytest.mark.parametrize("column", ["lookup", "signature", "answer"])
@pytest.mark.parametrize("value", [-1, 4, 2**31 - 1])
def test_codes_beyond_their_range_are_refused(column: str, value: int) -> None:
    if (column, value) == ("lookup", -1):
        return  # no question
    changes: dict[str, Any] = {column: np.array([0, value, 0])}
    with pytest.raises(ValueError, match="range"):
        judge([(0, 0, 0, False)] * 3, **changes)


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="lengths"):
        judge([(0, 0, 0, False)] * 3, answer=np.zeros(2, np.int64))
