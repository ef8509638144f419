"""What holds because of calls above or below is found as by walking there; times are capped as one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracereport.native.trees import are_unlike_above, cap_times, find_overfull, last_inside, nearest_above

LARGEST = 2**63 - 1
NODES = st.lists(st.tuples(st.integers(0, 30), st.booleans(), st.integers(-5, 5)))
TIMES = st.one_of(st.integers(0, 20), st.integers(0, LARGEST))


@given(NODES)
def test_ancestors_are_found_as_by_walking_up(nodes: list[tuple[int, bool, int]]) -> None:
    parent = np.array([up % (at + 1) - 1 for at, (up, _, _) in enumerate(nodes)], np.int64)
    mask = np.array([own for _, own, _ in nodes], bool)
    number = np.array([own for _, _, own in nodes], np.int64)
    nearest, last = nearest_above(parent, mask), last_inside(parent, number)
    expected = number.tolist()
    for at in range(len(nodes)):
        above = parent[at]
        while above >= 0 and not mask[above]:
            above = parent[above]
        assert nearest[at] == above
        above = at
        while above >= 0:
            expected[above] = max(expected[above], int(number[at]))
            above = int(parent[above])
    assert last.tolist() == expected
    unlike = are_unlike_above(parent, number.astype(np.int32), mask)
    assert unlike.tolist() == [
        bool(mask[at] and (above < 0 or number[above] != number[at])) for at, above in enumerate(parent.tolist())
    ]


@given(st.lists(st.tuples(st.integers(0, 2), TIMES, TIMES)), st.lists(st.tuples(TIMES, TIMES), min_size=3, max_size=3))
def test_children_use_up_their_parents_time(
    children: list[tuple[int, int, int]], parents: list[tuple[int, int]]
) -> None:
    group, time_ns, range_ns = np.array(children, np.int64).reshape(-1, 3).T
    limit_ns, limit_range_ns = np.array([parents[own] for own, _, _ in children], np.int64).reshape(-1, 2).T
    for _ in range(2):  # what is left may be capped again
        given = list(zip(time_ns.tolist(), range_ns.tolist(), strict=True))
        time_ns, range_ns = cap_times(group, limit_ns, limit_range_ns, time_ns, range_ns)
        spent = [[0, 0] for _ in parents]
        for at, (time, beside) in enumerate(given):
            own = children[at][0]
            limit, above = parents[own]
            least = min(max(limit - spent[own][0], 0), time)
            most = min(max(limit + above - spent[own][1], 0), time + beside)
            assert (time_ns[at], range_ns[at]) == (least, most - least)
            spent[own][0] += time
            spent[own][1] += time + beside


def test_a_parent_behind_its_child_and_times_below_zero_are_refused() -> None:
    behind, one, time = np.array([0]), np.ones(1, bool), np.array([-1])
    for refused in (
        lambda: nearest_above(behind, one),
        lambda: last_inside(behind, one),
        lambda: are_unlike_above(behind, behind, one),
        lambda: cap_times(behind, *[time] * 4),
        lambda: cap_times(behind, behind, behind, behind, time),
        lambda: cap_times(time, *[behind] * 4),
    ):
        with pytest.raises(ValueError, match="range"):
            refused()
    for refused in (
        lambda: nearest_above(behind, one[:0]),
        lambda: last_inside(behind, behind[:0]),
        lambda: are_unlike_above(behind, behind, one[:0]),
        lambda: cap_times(behind, behind, behind, behind, behind[:0]),
    ):
        with pytest.raises(ValueError, match="length"):
            refused()


@given(st.lists(st.tuples(st.integers(0, 30), TIMES, TIMES)))
def test_what_took_less_than_its_children_is_found(nodes: list[tuple[int, int, int]]) -> None:
    parent = np.array([up % (at + 1) - 1 for at, (up, _, _) in enumerate(nodes)], np.int64)
    _, time_ns, range_ns = np.array(nodes, np.int64).reshape(-1, 3).T
    found = find_overfull(parent, time_ns, range_ns)
    for at, (_, own_ns, own_range_ns) in enumerate(nodes):
        inside = [nodes[child] for child in np.flatnonzero(parent == at).tolist()]
        least, most = sum(own for _, own, _ in inside), sum(own + more for _, own, more in inside)
        assert found[at] == (least > own_ns or most > own_ns + own_range_ns)


@pytest.mark.parametrize(("parent", "time_ns"), [([0], [1]), ([-1], [-1]), ([-1], [1, 2])])
def test_times_of_no_tree_are_refused(parent: list[int], time_ns: list[int]) -> None:
    with pytest.raises(ValueError, match=r"range|lengths"):
        find_overfull(np.array(parent), np.array(time_ns), np.zeros(len(time_ns), np.int64))
