"""What calls save is held against the definition: level by level, from the innermost limits outwards."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracereport.native.savings import MOST_DEPTH, Limits, find_inside, find_limits, sum_saved

LARGEST = 2**63 - 1
TIMES = st.one_of(st.integers(0, 9), st.integers(0, LARGEST))
GROUPS = 3


class Node(NamedTuple):
    up: int
    time_ns: int
    range_ns: int
    group: int
    is_chosen: bool
    is_exclusive: bool


NODES = st.lists(
    st.builds(Node, st.integers(0, 30), TIMES, TIMES, st.integers(0, GROUPS - 1), st.booleans(), st.booleans()),
    min_size=1,
)


def parents_of(ups: list[int]) -> list[int]:
    """A parent before each call, or none."""
    return [up % (at + 1) - 1 for at, up in enumerate(ups)]


def find(parents: list[int], nodes: list[Node]) -> Limits:
    return find_limits(
        np.array(parents), np.array([own.time_ns for own in nodes]), np.array([own.range_ns for own in nodes])
    )


@given(NODES)
def test_calls_that_took_less_than_their_children_are_limits(nodes: list[Node]) -> None:
    parents = parents_of([own.up for own in nodes])
    limits = find(parents, nodes)
    expected = []
    for at, own in enumerate(nodes):
        inside = [nodes[child] for child, up in enumerate(parents) if up == at]
        least, most = sum(one.time_ns for one in inside), sum(one.time_ns + one.range_ns for one in inside)
        if least > own.time_ns or most > own.time_ns + own.range_ns:
            expected.append(at)
    assert limits.place.tolist() == expected
    around = [[at for at in above(parents, node) if at in expected] for node in range(len(nodes))]
    assert [expected[own] if own >= 0 else -1 for own in limits.nearest.tolist()] == [
        own[0] if own else -1 for own in around
    ]
    assert limits.depth.tolist() == [len(around[at]) for at in expected]
    assert [expected[own] if own >= 0 else -1 for own in limits.above.tolist()] == [
        around[at][0] if around[at] else -1 for at in expected
    ]


def above(parents: list[int], node: int) -> list[int]:
    """The calls that a call lies in, from the nearest on."""
    found = []
    while (node := parents[node]) >= 0:
        found.append(node)
    return found


def save(parents: list[int], nodes: list[Node], places: list[int], *, apart: bool) -> list[tuple[int, int]]:
    """What each call saves, at least and at most."""
    left = [(own.time_ns, own.time_ns + own.range_ns) if own.is_chosen else (0, 0) for own in nodes]
    depth = {at: len([up for up in above(parents, at) if up in places]) for at in range(len(nodes))}
    for limit in sorted(places, key=lambda at: -depth[at]):
        most = nodes[limit].time_ns, nodes[limit].time_ns + nodes[limit].range_ns
        spent: dict[int, list[int]] = {}
        for at, own in enumerate(nodes):
            if limit in above(parents, at):
                used = spent.setdefault(own.group if apart else 0, [0, 0])
                capped = tuple(min(left[at][end], max(most[end] - used[end], 0)) for end in (0, 1))
                for end in (0, 1):
                    used[end] += left[at][end]
                left[at] = capped[0], capped[1]
    return left


@given(NODES, st.booleans())
def test_calls_use_up_what_they_lie_in(nodes: list[Node], apart: bool) -> None:
    parents = parents_of([own.up for own in nodes])
    limits = find(parents, nodes)
    time_ns, range_ns, group = (
        np.array([getattr(own, name) for own in nodes], np.int64) for name in ("time_ns", "range_ns", "group")
    )
    chosen, exclusive = (
        np.array([getattr(own, name) for own in nodes], bool) for name in ("is_chosen", "is_exclusive")
    )
    for known, places in ((limits, limits.place.tolist()), (None, [])):
        saved = sum_saved(known, time_ns, range_ns, chosen, group, GROUPS, apart=apart, exclusive=exclusive)
        left = save(parents, nodes, places, apart=apart)
        for own in range(GROUPS):
            members = [at for at in range(len(nodes)) if group[at] == own]
            assert saved.recorded_ns[own] == sum(left[at][0] for at in members)
            assert saved.range_ns[own] == sum(left[at][1] - left[at][0] for at in members)
            assert saved.exclusive_ns[own] == sum(left[at][0] for at in members if exclusive[at])


def test_a_call_inside_too_many_limits_saves_nothing() -> None:
    # Each holds two calls that took longer: a plain one, and the next that holds two.
    levels = MOST_DEPTH + 2
    parent = np.repeat(np.arange(-2, 2 * levels - 2, 2), 2)
    parent[:2] = -1
    time_ns = np.full(2 * levels, 5)
    time_ns[::2] = 1
    limits = find_limits(parent, time_ns, np.broadcast_to(np.int64(0), 2 * levels))
    assert len(limits.place) == levels - 1
    assert limits.depth.tolist() == [*range(MOST_DEPTH), MOST_DEPTH]
    everyone = np.ones(2 * levels, bool)
    one_each = np.arange(2 * levels)
    saved = sum_saved(limits, time_ns, time_ns * 0, everyone, one_each, 2 * levels, apart=True)
    # Those outermost lie in none; of all others one nanosecond is left, and nothing beyond the deepest limit.
    assert saved.recorded_ns.tolist() == [1, 5, *[1] * (2 * MOST_DEPTH), 0, 0]
    together = sum_saved(limits, time_ns, time_ns * 0, everyone, one_each, 2 * levels, apart=False)
    assert together.recorded_ns.sum() == 1 + 5 + 1


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(-1, 2))))
def test_calls_inside_owned_ones_are_found_as_by_walking_up(nodes: list[tuple[int, int]]) -> None:
    parents = parents_of([up for up, _ in nodes])
    owner = np.array([own for _, own in nodes], np.int32)
    found = find_inside(np.array(parents, np.int64), owner)
    for at in range(len(nodes)):
        around = [owner[up] for up in above(parents, at) if owner[up] >= 0]
        assert found.any[at] == bool(around)
        assert found.own[at] == (owner[at] >= 0 and owner[at] in around)


@pytest.mark.parametrize(("others", "is_own"), [(MOST_DEPTH, False), (MOST_DEPTH + 1, True)])
def test_what_lies_inside_too_many_others_counts_as_inside_its_own(others: int, is_own: bool) -> None:
    owner = np.array([*[1] * others, 0])
    assert find_inside(np.arange(-1, others), owner).own[-1] == is_own


@pytest.mark.parametrize(("parent", "time_ns"), [([0], [1]), ([-1], [-1]), ([-1], [1, 2])])
def test_times_of_no_tree_are_refused(parent: list[int], time_ns: list[int]) -> None:
    with pytest.raises(ValueError, match=r"range|lengths"):
        find_limits(np.array(parent), np.array(time_ns), np.zeros(len(time_ns), np.int64))


@pytest.mark.parametrize(
    ("limits", "time_ns", "group"),
    [
        (([-1], [0], [0], [0]), [1], [0]),
        (([-1], [1], [-1], [0]), [1], [0]),
        (([1], [0], [-1], [0]), [1], [0]),
        (([-1, -1], [0], [-1], [0]), [1], [0]),
        (([-1], [0], [-1], [0]), [-1], [0]),
        (([-1], [0], [-1], [0]), [1], [1]),
        (([-1], [0], [-1], [0]), [1], [-1]),
    ],
)
def test_limits_of_no_calls_are_refused(limits: tuple[list[int], ...], time_ns: list[int], group: list[int]) -> None:
    known = Limits(*(np.array(own, np.int32) for own in limits))
    everyone = np.ones(len(time_ns), bool)
    with pytest.raises(ValueError, match=r"range|lengths"):
        sum_saved(known, np.array(time_ns), np.array([1]), everyone, np.array(group), 1, apart=False)


def test_owners_of_no_tree_are_refused() -> None:
    with pytest.raises(ValueError, match="range"):
        find_inside(np.array([0]), np.array([0]))
    with pytest.raises(ValueError, match="lengths"):
        find_inside(np.array([-1]), np.array([0, 0]))
