"""Keys are numbered, ordered and linked as a loop over them would do it."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracereport.calls.grouping import order_by
from tracereport.native.distances import stack_distances
from tracereport.native.keys import factorize, find_distinct, group_order, list_members, previous_same, sum_groups

SIGNED = st.integers(-(2**63), 2**63 - 1)
KEYS = st.one_of(
    st.lists(st.integers(-9, 9)),
    st.lists(SIGNED),
    st.lists(st.sampled_from((-(2**63), 2**63 - 1, 0, 2**32, 2**32 + 1, 2**31))),
    st.lists(st.integers(0, 2**40), min_size=1).map(lambda keys: keys * 3),
)


def integers(values: list[int]) -> np.ndarray:
    return np.array(values, np.int64)


@given(KEYS)
def test_keys_are_numbered_as_they_are_first_used(keys: list[int]) -> None:
    codes, first_use = factorize(integers(keys))
    distinct = list(dict.fromkeys(keys))
    assert codes.tolist() == [distinct.index(key) for key in keys]
    assert first_use.tolist() == [keys.index(key) for key in distinct]


@given(KEYS)
def test_the_order_is_ascending_and_stable(keys: list[int]) -> None:
    assert group_order(integers(keys)).tolist() == sorted(range(len(keys)), key=lambda at: keys[at])


@given(KEYS)
def test_each_key_is_linked_to_the_one_before(keys: list[int]) -> None:
    latest: dict[int, int] = {}
    expected = []
    for at, key in enumerate(keys):
        expected.append(latest.get(key, -1))
        latest[key] = at
    assert previous_same(integers(keys)).tolist() == expected


@pytest.mark.parametrize("limit", [10, 5_000, 2**62])
def test_many_keys_are_treated_as_few_are(limit: int) -> None:
    keys = np.random.default_rng(limit).integers(-limit, limit, 50_000)
    distinct, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    codes, first_use = factorize(keys)
    assert first_use.tolist() == sorted(first.tolist())
    assert np.array_equal(keys[first_use][codes], keys)
    assert len(first_use) == len(distinct)
    assert np.array_equal(group_order(keys), np.argsort(inverse, kind="stable"))
    previous = previous_same(keys)
    known = previous >= 0
    assert np.array_equal(keys[previous[known]], keys[known])
    assert int(np.count_nonzero(~known)) == len(distinct)


@pytest.mark.parametrize("kind", [np.int8, np.int32, np.uint8, np.intp])
def test_keys_of_any_width_are_taken_and_so_are_every_other_ones(kind: type[np.integer[Any]]) -> None:
    keys = np.array([3, 9, 1, 9, 3, 9], kind)[::2]
    assert factorize(keys)[0].tolist() == [0, 1, 0]
    assert group_order(keys).tolist() == [1, 0, 2]


@given(st.lists(st.one_of(st.integers(-9, 9), st.integers(-(2**31), 2**31 - 1))))
def test_keys_of_32_bits_are_told_apart_as_those_of_64(keys: list[int]) -> None:
    narrow, wide = np.array(keys, np.int32), integers(keys)
    assert [own.tolist() for own in factorize(narrow)] == [own.tolist() for own in factorize(wide)]
    assert np.array_equal(group_order(narrow), group_order(wide))
    assert np.array_equal(previous_same(narrow), previous_same(wide))


@given(st.lists(st.integers(-1, 5)), st.lists(st.integers(0, 5), unique=True))
def test_the_members_of_wanted_groups_stand_in_their_order(groups: list[int], wanted: list[int]) -> None:
    sizes = integers([groups.count(own) for own in wanted])
    members = list_members(integers(groups), integers(wanted), sizes, 6)
    assert [own.tolist() for own in members] == [
        [at for at, group in enumerate(groups) if group == own] for own in wanted
    ]


@pytest.mark.parametrize(("group", "sizes"), [(6, [1]), (0, [0]), (0, [2]), (1, [1])])
def test_groups_that_are_not_there_or_of_another_size_are_refused(group: int, sizes: list[int]) -> None:
    with pytest.raises(ValueError, match=r"range|sizes"):
        list_members(integers([group]), integers([0]), integers(sizes), 6)


@given(st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 12))))
def test_a_stack_distance_counts_the_other_lookups_since(calls: list[tuple[int, int]]) -> None:
    expected, previous = [], []
    for at, (stream, lookup) in enumerate(calls):
        before = [index for index in range(at) if calls[index] == (stream, lookup)]
        previous.append(before[-1] if before and stream >= 0 else -1)
        since = {other for its, other in calls[before[-1] + 1 : at] if its == stream} if before else set()
        expected.append(len(since) if previous[-1] >= 0 else -1)
    streams = integers([stream for stream, _ in calls])
    assert stack_distances(streams, integers(previous), 3).tolist() == expected


def test_stack_distances_reach_over_many_blocks() -> None:
    lookups = np.concatenate((np.arange(5_000), np.arange(5_000)[::-1], np.arange(5_000)))
    stream = np.zeros(len(lookups), np.int32)
    distance = stack_distances(stream, previous_same(lookups), 1)
    assert distance[5_000:10_000].tolist() == list(range(5_000))
    assert distance[10_000:].tolist() == list(range(5_000))
    # The same of two streams that take turns.
    turns = np.tile(np.arange(2), len(lookups))
    both = stack_distances(turns, previous_same(np.repeat(lookups, 2) * 2 + turns), 2)
    assert np.array_equal(both, np.repeat(distance, 2))


@pytest.mark.parametrize("previous", [[0], [-1, 5], [-1, 0, 0], [-1, 1], [-1, -1, 1]])
def test_positions_that_no_log_can_have_are_refused(previous: list[int]) -> None:
    stream = integers([0, 1, 0][: len(previous)] if previous[-1] == 1 and len(previous) == 3 else [0] * len(previous))
    with pytest.raises(ValueError, match="range"):
        stack_distances(stream, integers(previous), 2)


def test_a_stream_that_is_not_there_is_refused_and_so_are_columns_of_different_lengths() -> None:
    with pytest.raises(ValueError, match="range"):
        stack_distances(integers([1]), integers([-1]), 1)
    with pytest.raises(ValueError, match="lengths"):
        stack_distances(integers([0]), integers([]), 1)


@given(KEYS)
def test_distinct_keys_ascend(keys: list[int]) -> None:
    assert find_distinct(integers(keys)).tolist() == sorted(set(keys))


def test_the_seed_of_the_hashes_changes_no_result() -> None:
    script = (
        "import numpy as np; from tracereport.native.keys import *; "
        "keys = np.random.default_rng(5).integers(0, 2**60, 9999) % 4999 * 2**40; "
        "print(factorize(keys)[0].sum(), previous_same(keys).sum())"
    )
    done = {
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(done) == 1


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-(2**40), 2**40))), st.sampled_from((np.int32, np.int64)))
def test_values_are_added_up_by_group(pairs: list[tuple[int, int]], kind: type) -> None:
    groups, values = (integers(list(own)) for own in zip(*pairs, strict=True)) if pairs else (integers([]),) * 2
    expected = [sum(value for group, value in pairs if group == wanted) for wanted in range(5)]
    assert sum_groups(groups.astype(kind), values, 5).tolist() == expected


def test_a_sum_that_does_not_fit_is_none_and_a_group_that_is_not_there_is_refused() -> None:
    with pytest.raises(OverflowError, match="beyond"):
        sum_groups(integers([0, 0]), integers([2**63 - 1, 1]), 1)
    with pytest.raises(ValueError, match="range"):
        sum_groups(integers([1]), integers([1]), 1)


@given(st.lists(st.tuples(st.integers(-2, 2), st.integers(-2, 2), st.integers(-2, 2))))
def test_rows_are_ordered_by_one_key_after_the_other(rows: list[tuple[int, int, int]]) -> None:
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    assert order_by(*columns).tolist() == sorted(range(len(rows)), key=rows.__getitem__)
