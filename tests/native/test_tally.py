"""Members of groups are counted, and their extremes found, as a loop over them would do it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracereport.native.tally import (
    Mask,
    count_groups,
    count_pairs,
    count_traits,
    find_extremes,
    find_first_largest,
    find_nth_largest,
)

GROUPS = 4
MEMBERS = st.lists(st.tuples(st.integers(-1, GROUPS - 1), st.integers(0, 15), st.integers(-3, 3)))
MASKS = {"all": Mask(), "two": Mask(3), "first only": Mask(1, lacking=14), "none": Mask(1, lacking=1)}


def columns(members: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    groups, traits, values = np.array(members, np.int64).reshape(-1, 3).T
    return groups.astype(np.int32), traits.astype(np.uint16), values


@given(MEMBERS)
def test_members_are_counted_by_their_traits(members: list[tuple[int, int, int]]) -> None:
    groups, traits, _ = columns(members)
    counts = count_traits(groups, traits, MASKS, GROUPS)
    for name, mask in MASKS.items():
        expected = [
            sum(
                own == group and trait & mask.having == mask.having and not trait & mask.lacking
                for own, trait, _ in members
            )
            for group in range(GROUPS)
        ]
        assert counts[name].tolist() == expected
        assert mask.of(traits).sum() >= sum(expected)


@given(MEMBERS)
def test_extremes_and_the_first_largest_are_those_of_each_group(members: list[tuple[int, int, int]]) -> None:
    groups, _, values = columns(members)
    least, most = find_extremes(groups, values, GROUPS)
    first = find_first_largest(groups, values, GROUPS)
    for group in range(GROUPS):
        own = [(value, -at) for at, (its, _, value) in enumerate(members) if its == group]
        assert (least[group] <= most[group]) == bool(own)
        assert first[group] == (-max(own)[1] if own else -1)
        if own:
            assert (least[group], most[group]) == (min(own)[0], max(own)[0])


@given(MEMBERS, st.sampled_from((np.int32, np.int64)))
def test_members_are_counted_with_a_mask_and_without(
    members: list[tuple[int, int, int]], kind: type[np.signedinteger[Any]]
) -> None:
    groups, traits, _ = columns(members)
    mask = traits % 2 == 1
    asked = groups.astype(kind)
    counted = [count_groups(asked, GROUPS).tolist(), count_groups(asked, GROUPS, mask).tolist()]
    assert counted[0] == [sum(own == group for own, _, _ in members) for group in range(GROUPS)]
    assert counted[1] == [sum(own == group and trait % 2 for own, trait, _ in members) for group in range(GROUPS)]


@given(MEMBERS)
def test_a_member_counts_as_its_weight_says(members: list[tuple[int, int, int]]) -> None:
    groups, traits, weight = columns(members)
    own = {"own": Mask(1)}
    repeated = count_traits(np.repeat(groups, weight + 3), np.repeat(traits, weight + 3), own, GROUPS)
    assert np.array_equal(count_traits(groups, traits, own, GROUPS, weight + 3)["own"], repeated["own"])


@given(MEMBERS)
def test_pairs_of_codes_are_counted(members: list[tuple[int, int, int]]) -> None:
    groups, traits, _ = columns(members)
    known = groups >= 0
    every = count_pairs(groups[known], GROUPS, traits[known], 16)
    masked = count_pairs(groups, GROUPS, traits, 16, known & (traits > 3))
    for group in range(GROUPS):
        own = [trait for its, trait, _ in members if its == group]
        assert every[group].tolist() == [own.count(trait) for trait in range(16)]
        assert masked[group].tolist() == [own.count(trait) if trait > 3 else 0 for trait in range(16)]


def test_what_does_not_fit_is_refused() -> None:
    group, other = np.array([GROUPS], np.int32), np.zeros(1, np.int64)
    traits = np.zeros(1, np.uint16)
    for refused in (
        lambda: count_traits(group, traits, MASKS, GROUPS),
        lambda: count_traits(group, traits[:0], MASKS, GROUPS),
        lambda: count_traits(group - 1, traits, {str(at): Mask() for at in range(32)}, GROUPS),
        lambda: count_traits(group - 1, traits, MASKS, GROUPS, other[:0]),
        lambda: count_pairs(group, GROUPS, group, GROUPS + 1),
        lambda: count_pairs(group, GROUPS + 1, group, GROUPS),
        lambda: count_pairs(group, GROUPS + 1, group - GROUPS - 1, GROUPS),
        lambda: count_pairs(group, GROUPS + 1, group, GROUPS + 1, np.zeros(0, bool)),
        lambda: count_groups(group, GROUPS),
        lambda: count_groups(group, GROUPS + 1, np.zeros(0, bool)),
        lambda: find_extremes(group, other, GROUPS),
        lambda: find_extremes(group, other[:0], GROUPS),
        lambda: find_first_largest(group, other, GROUPS),
        lambda: find_first_largest(group, other[:0], GROUPS),
    ):
        with pytest.raises(ValueError, match=r"range|without groups|lengths"):
            refused()


@given(
    st.lists(st.one_of(st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1)), min_size=1),
    st.integers(0, 99),
    st.sampled_from([np.int32, np.int64]),
)
def test_the_nth_largest_is_that_of_a_sorted_list(values: list[int], place: int, kind: type[np.integer[Any]]) -> None:
    column = np.array(values, np.int64).astype(kind)
    nth = place % len(values) + 1
    assert find_nth_largest(column, nth) == sorted(column.tolist(), reverse=True)[nth - 1]
    assert find_nth_largest(np.broadcast_to(column[0], 5), 3) == column[0]
    for beyond in (0, len(values) + 1):
        with pytest.raises(ValueError, match="range"):
            find_nth_largest(column, beyond)
