"""Which call of the named caller was open, against the definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracereport.native.callers import NONE_OPEN, find_only_open

CALLS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(-1, 3)), max_size=30)


@st.composite
def lines_of_trees(draw: st.DrawFn, calls: int) -> list[int]:
    """The lines of calls that lie inside one another, in the order of their numbers."""
    lines = [0] * calls
    opened: list[int] = []
    ended = 0
    for number in range(calls + 1):
        kept = draw(st.integers(0, len(opened))) if number < calls else 0
        while len(opened) > kept:
            lines[opened.pop()] = ended
            ended += 1
        opened.append(number)
    return lines


@given(CALLS, st.sampled_from(["of trees", "mostly of trees", "any"]), st.data())
def test_the_only_open_call_of_the_named_caller_is_found(
    calls: list[tuple[int, int, int]], order: str, data: st.DataObject
) -> None:
    calls.sort(key=lambda call: call[0])
    lines: list[int] = data.draw(lines_of_trees(len(calls)) if order != "any" else st.permutations(range(len(calls))))
    if order == "mostly of trees" and calls:
        one, other = data.draw(st.lists(st.integers(0, len(calls) - 1), min_size=2, max_size=2))
        lines[one], lines[other] = lines[other], lines[one]
    expected = []
    for index, (process, _, caller) in enumerate(calls):
        open_calls = [
            other for other in range(index) if calls[other][:2] == (process, caller) and lines[other] > lines[index]
        ]
        expected.append(open_calls[0] if len(open_calls) == 1 else NONE_OPEN)
    processes, functions, callers = (np.array([call[part] for call in calls], np.int64) for part in range(3))
    assert find_only_open(processes, functions, callers, np.array(lines, np.int64)).tolist() == expected


def test_columns_that_are_none_of_calls_are_refused() -> None:
    one, two = np.zeros(1, np.int64), np.zeros(2, np.int64)
    with pytest.raises(ValueError, match="lengths"):
        find_only_open(one, one, one, two)
    with pytest.raises(ValueError, match="range"):
        find_only_open(one, one - 1, one, one)
