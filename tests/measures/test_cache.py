"""The cache curve: what an LRU cache of each capacity answers."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.coded_calls import report_of
from tests.needs import examples
from tests.oracle import Process, find_processes, measure, read_lines
from tests.strategies import logs
from tests.truth import read_log
from tracereport.measures.cache import measure_curve
from tracereport.model import CachePoint, Selection
from tracereport.native.distances import stack_distances
from tracereport.native.keys import previous_same

FIRST = -1
"""The distance of a lookup's first call."""

streams = st.integers(1, 40).flatmap(lambda lookups: st.lists(st.integers(0, lookups), max_size=400))


def simulate_lru(lookups: list[int], capacity: int) -> list[bool]:
    """Whether each call is answered by a cache of this many entries."""
    cached: list[int] = []
    hits = []
    for lookup in lookups:
        hits.append(lookup in cached)
        if hits[-1]:
            cached.remove(lookup)
        elif len(cached) == capacity:
            del cached[0]
        cached.append(lookup)
    return hits


class Curve(NamedTuple):
    """What ``measure_curve`` gives."""

    points: tuple[CachePoint, ...]
    capacity_for: tuple[int | None, ...]


def curve_of(lookups: list[int], stale: list[bool], elapsed_ns: list[int]) -> Curve:
    hits: dict[int, list[int]] = {}
    for distance, old, time in zip(distances_of(lookups), stale, elapsed_ns, strict=True):
        if distance != FIRST:
            own = hits.setdefault(distance + 1, [0, 0, 0])
            own[old] += 1
            own[2] += 0 if old else time
    return Curve(*measure_curve([(capacity, own[0], own[1], own[2]) for capacity, own in sorted(hits.items())]))


def measure_distances(lookups: np.ndarray) -> np.ndarray:
    return stack_distances(np.zeros(len(lookups), np.int32), previous_same(lookups), 1)


def distances_of(lookups: Sequence[int]) -> list[int]:
    distances: list[int] = measure_distances(np.array(lookups, np.int64)).tolist()
    return distances


@given(streams)
@settings(max_examples=examples(150), deadline=None)
def test_a_cache_hits_from_distance_plus_one_on(lookups: list[int]) -> None:
    distance = np.array(distances_of(lookups), np.int64)
    for capacity in (1, 2, 3, 5, 10, 40):
        assert ((distance != FIRST) & (distance < capacity)).tolist() == simulate_lru(lookups, capacity)


@pytest.mark.parametrize("calls", [1, 127, 128, 129, 16_384, 16_385, 40_000])
@pytest.mark.parametrize("lookups", [1, 3, 100, 10**6, 2**62])
def test_distances_are_exact_at_every_depth_of_the_tree(calls: int, lookups: int) -> None:
    asked = np.random.default_rng(calls).integers(0, lookups, calls)
    distance = measure_distances(asked)
    for capacity in (1, 10, 64):
        assert ((distance != FIRST) & (distance < capacity)).tolist() == simulate_lru(asked.tolist(), capacity)


def test_a_loop_is_asked_again_after_all_its_other_lookups() -> None:
    distance = measure_distances(np.arange(300_000) % 100_000)
    assert (distance[:100_000] == FIRST).all()
    assert (distance[100_000:] == 99_999).all()


def test_lookups_of_other_processes_behind_do_not_matter() -> None:
    first, second = [0, 1, 0, 0, 1], [2, 3, 4, 2]
    joined = distances_of([*first, *second])
    assert joined == [*distances_of(first), *distances_of(second)]
    assert joined == [-1, -1, 1, 0, 1, -1, -1, -1, 2]


@given(streams)
@settings(max_examples=examples(100), deadline=None)
def test_the_curve_is_that_of_simulated_caches(lookups: list[int]) -> None:
    rng = np.random.default_rng(len(lookups))
    stale = (rng.random(len(lookups)) < 0.3).tolist()
    elapsed_ns = rng.integers(0, 2**63 - 1, len(lookups)).tolist()
    curve = curve_of(lookups, stale, elapsed_ns)
    for point in curve.points:
        hits = simulate_lru(lookups, point.capacity)
        assert point.hits == sum(hits)
        assert point.stale_hits == sum(hit and old for hit, old in zip(hits, stale, strict=True))
        fresh = zip(hits, stale, elapsed_ns, strict=True)
        assert point.saved_ns == sum(time for hit, old, time in fresh if hit and not old)


@given(streams)
@settings(max_examples=examples(100), deadline=None)
def test_the_curve_rises_to_all_calls_less_the_distinct_lookups(lookups: list[int]) -> None:
    curve = curve_of(lookups, [False] * len(lookups), [1] * len(lookups))
    assert (curve.points[-1].hits if curve.points else 0) == len(lookups) - len(set(lookups))
    for before, after in pairwise(curve.points):
        assert before.capacity < after.capacity
        assert before.hits <= after.hits


@given(streams)
@settings(max_examples=examples(100), deadline=None)
def test_the_marks_are_the_smallest_capacities_that_reach_them(lookups: list[int]) -> None:
    stale = [call % 3 == 0 for call in range(len(lookups))]
    curve = curve_of(lookups, stale, [1] * len(lookups))

    def fresh_hits(capacity: int) -> int:
        hits = simulate_lru(lookups, capacity) if capacity else [False] * len(lookups)
        return sum(hit and not old for hit, old in zip(hits, stale, strict=True))

    possible = fresh_hits(len(lookups))
    for percent, capacity in zip((50, 80, 95), curve.capacity_for, strict=True):
        if not possible:
            assert capacity is None
        else:
            assert capacity is not None
            assert 100 * fresh_hits(capacity - 1) < percent * possible <= 100 * fresh_hits(capacity)
            assert capacity in [point.capacity for point in curve.points]


def hold_against_oracle(processes: list[Process]) -> None:
    found = {row.function: row for row in report_of(processes).cache_curves.rows}
    expected = measure(processes)["cache_curves"]
    assert found.keys() == {row["function"] for row in expected}
    for row in expected:
        curve = found[row["function"]]
        assert (curve.calls, curve.possible_hits) == (row["calls"], row["possible_hits"])
        marks = [row[f"capacity_for_{percent}"] for percent in (50, 80, 95)]
        assert [curve.capacity_for_50, curve.capacity_for_80, curve.capacity_for_95] == marks
        for point in curve.points.rows:
            whole = row["curve"][min(point.capacity, len(row["curve"])) - 1]
            assert point.hits == whole["hits"]
            assert point.stale_hits == whole["stale_hits"]
            assert point.saved_ns == whole["saved_ns"]


@given(logs())
@settings(max_examples=60, deadline=None)
def test_curves_add_up_over_processes_as_simulated_ones_do(log: bytes) -> None:
    hold_against_oracle(find_processes(read_lines(log)))


@pytest.mark.parametrize("name", ["duckpond-single-thread", "duckpond-nextest", "single-thread", "hostile"])
def test_curves_of_real_logs_are_simulated_ones(name: str) -> None:
    hold_against_oracle(find_processes(read_lines(read_log(name), name)))


def test_a_selection_leaves_functions_out_and_changes_no_figure() -> None:
    processes = find_processes(read_lines(read_log("single-thread"), "single-thread"))
    everything = report_of(processes).cache_curves
    name = everything.rows[-1].function
    selected = report_of(processes, selection=Selection(functions=(name,))).cache_curves
    assert selected.total == 1
    assert selected.rows == everything.rows[-1:]
