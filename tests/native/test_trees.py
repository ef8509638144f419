"""What holds because of calls above or below is found as by walking there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracereport.native.trees import (
    are_unlike_above,
    find_marks_above,
    find_parent_places,
    last_inside,
    sum_children,
)

LARGEST = 2**63 - 1
NODES = st.lists(st.tuples(st.integers(0, 30), st.booleans(), st.integers(-5, 5)))
GROUPS = 3


def parents_of(ups: list[int]) -> list[int]:
    """A parent before each call, or none."""
    return [up % (at + 1) - 1 for at, up in enumerate(ups)]


@given(NODES)
def test_ancestors_are_found_as_by_walking_up(nodes: list[tuple[int, bool, int]]) -> None:
    parents = parents_of([up for up, _, _ in nodes])
    parent = np.array(parents, np.int64)
    mask = np.array([own for _, own, _ in nodes], bool)
    number = np.array([own for _, _, own in nodes], np.int64)
    marks = np.abs(number).astype(np.uint8)
    above, last = find_marks_above(parent, marks), last_inside(parent, number)
    expected = number.tolist()
    for at in range(len(nodes)):
        found, up = 0, parents[at]
        while up >= 0:
            found |= int(marks[up])
            expected[up] = max(expected[up], int(number[at]))
            up = parents[up]
        assert above[at] == found
    assert last.tolist() == expected
    unlike = are_unlike_above(parent.astype(np.int32), number.astype(np.int32), mask)
    assert unlike.tolist() == [bool(mask[at] and (up < 0 or number[up] != number[at])) for at, up in enumerate(parents)]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 30), st.integers(-1, GROUPS - 1), st.one_of(st.integers(0, 9), st.integers(0, LARGEST))
        )
    )
)
def test_children_are_added_up_exactly(nodes: list[tuple[int, int, int]]) -> None:
    parents = parents_of([up for up, _, _ in nodes])
    group, values = (np.array([node[part] for node in nodes], np.int64) for part in (1, 2))
    sums = sum_children(np.array(parents, np.int64), group, values, GROUPS)
    assert sums.tolist() == [
        sum(value for up, (_, _, value) in zip(parents, nodes, strict=True) if up >= 0 and group[up] == own)
        for own in range(GROUPS)
    ]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9), st.booleans(), st.integers(-1, 10))),
    st.sampled_from([1, 5]),
)
def test_parents_are_found_by_their_numbers(calls: list[tuple[int, int, bool, int]], step: int) -> None:
    calls.sort(key=lambda call: call[:2])
    process, number, in_tree, wanted = (np.array([call[part] for call in calls], np.int64) for part in range(4))
    found = find_parent_places(process, number * step, wanted * step, in_tree > 0)
    for at, (own, _, is_in_tree, up) in enumerate(calls):
        named = [place for place, other in enumerate(calls) if other[:3] == (own, up, True)]
        assert found[at] == (named[0] if named and is_in_tree else -1)


def test_a_parent_behind_its_child_and_groups_that_arent_there_are_refused() -> None:
    behind, none, one = np.array([0]), np.array([-1]), np.ones(1, np.uint8)
    inside, zeros = np.array([-1, 0]), np.zeros(2, np.int64)
    for refused in (
        lambda: find_marks_above(behind, one),
        lambda: last_inside(behind, one),
        lambda: are_unlike_above(behind, behind, one > 0),
        lambda: sum_children(behind, behind, behind, 1),
        lambda: sum_children(none, behind, none, 1),
        lambda: sum_children(inside, zeros + 1, zeros, 1),
    ):
        with pytest.raises(ValueError, match="range"):
            refused()
    for refused in (
        lambda: find_marks_above(behind, one[:0]),
        lambda: last_inside(behind, behind[:0]),
        lambda: are_unlike_above(behind, behind, one[:0] > 0),
        lambda: sum_children(none, behind, behind[:0], 1),
        lambda: find_parent_places(behind, behind, behind[:0], one > 0),
    ):
        with pytest.raises(ValueError, match="length"):
            refused()
