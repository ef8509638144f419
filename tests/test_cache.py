"""The cache curve: what an LRU cache of each capacity answers."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import fields, replace
from numpy.typing import NDArray

from tests.coded_calls import code_calls
from tests.oracle import Process, find_processes, measure, read_lines
from tests.strategies import logs
from tests.truth import read_log
from tracereport.calls.calls import NO_NAME, Calls, Lookups, Signatures
from tracereport.calls.ordered import order_calls
from tracereport.calls.selection import show_selected
from tracereport.measures.cache import Answers, Curve, count_cache_curves, measure_curve, sum_gains
from tracereport.measures.repeats import find_repeats
from tracereport.measures.sampled_distance import ERROR_BOUND, SampledDistances, sample_distances
from tracereport.measures.stack_distance import FIRST, find_previous, stack_distances
from tracereport.model import Selection, Settings

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


def curve_of(lookups: list[int], stale: list[bool], elapsed_ns: list[int]) -> Curve:
    answers = Answers(
        stack_distances(np.array(lookups, np.int64)), np.array(stale, bool), np.array(elapsed_ns, np.int64)
    )
    return measure_curve(answers)


@given(streams)
@settings(max_examples=150, deadline=None)
def test_a_cache_hits_from_distance_plus_one_on(lookups: list[int]) -> None:
    distance = stack_distances(np.array(lookups, np.int64))
    for capacity in (1, 2, 3, 5, 10, 40):
        assert ((distance != FIRST) & (distance < capacity)).tolist() == simulate_lru(lookups, capacity)


@pytest.mark.parametrize("calls", [1, 127, 128, 129, 16_384, 16_385, 40_000])
@pytest.mark.parametrize("lookups", [1, 3, 100, 10**6, 2**62])
def test_distances_are_exact_at_every_depth_of_the_tree(calls: int, lookups: int) -> None:
    asked = np.random.default_rng(calls).integers(0, lookups, calls)
    distance = stack_distances(asked)
    for capacity in (1, 10, 64):
        assert ((distance != FIRST) & (distance < capacity)).tolist() == simulate_lru(asked.tolist(), capacity)


def test_a_loop_is_asked_again_after_all_its_other_lookups() -> None:
    distance = stack_distances(np.arange(300_000) % 100_000)
    assert (distance[:100_000] == FIRST).all()
    assert (distance[100_000:] == 99_999).all()


def test_lookups_of_other_processes_behind_do_not_matter() -> None:
    first, second = np.array([0, 1, 0, 0, 1]), np.array([2, 3, 4, 2])
    joined = stack_distances(np.concatenate((first, second)))
    assert joined.tolist() == [*stack_distances(first), *stack_distances(second)]
    assert joined.tolist() == [-1, -1, 1, 0, 1, -1, -1, -1, 2]


@given(streams)
@settings(max_examples=100, deadline=None)
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
@settings(max_examples=100, deadline=None)
def test_the_curve_rises_to_all_calls_less_the_distinct_lookups(lookups: list[int]) -> None:
    curve = curve_of(lookups, [False] * len(lookups), [1] * len(lookups))
    assert (curve.points[-1].hits if curve.points else 0) == len(lookups) - len(set(lookups))
    for before, after in pairwise(curve.points):
        assert before.capacity < after.capacity
        assert before.hits <= after.hits


@given(streams)
@settings(max_examples=100, deadline=None)
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


CALLS = 1_200_000


def sampled_streams() -> dict[str, NDArray[np.int64]]:
    rng = np.random.default_rng(7)
    return {
        "every lookup about twice": rng.integers(0, CALLS // 2, CALLS),
        "few repeats": rng.integers(0, 10 * CALLS, CALLS),
    }


def exact_streams() -> dict[str, NDArray[np.int64]]:
    rng = np.random.default_rng(7)
    return {
        "hot lookups": (rng.pareto(1.2, CALLS) * 20).astype(np.int64) % 5000,
        "few lookups": rng.integers(0, 5000, CALLS),
        "rounds of one loop": np.arange(CALLS) % (CALLS // 3),
        "soon asked again": np.arange(CALLS) // 30 * 10 + np.arange(CALLS) % 10,
    }


def sample(stream: NDArray[np.int64]) -> SampledDistances | None:
    return sample_distances(np.unique(stream, return_inverse=True)[1], find_previous(stream))


@pytest.mark.parametrize("name", sampled_streams())
def test_a_sample_keeps_to_its_bound_at_every_capacity(name: str) -> None:
    stream = sampled_streams()[name]
    sampled, exact = sample(stream), stack_distances(stream)
    assert sampled is not None
    assert sampled.position.size < CALLS / 2
    true_hits = np.cumsum(np.bincount(exact[exact != FIRST], minlength=CALLS))
    hits = np.cumsum(np.bincount(sampled.distance[sampled.distance != FIRST], minlength=CALLS))
    assert np.abs(hits * (true_hits[-1] / hits[-1]) - true_hits).max() <= ERROR_BOUND * CALLS


@pytest.mark.parametrize("name", exact_streams())
def test_there_is_no_sample_where_it_could_not_keep_to_its_bound(name: str) -> None:
    assert sample(exact_streams()[name]) is None


def test_the_curve_of_a_sample_ends_at_all_hits() -> None:
    stream = sampled_streams()["every lookup about twice"]
    rng = np.random.default_rng(1)
    exact = Answers(stack_distances(stream), rng.random(CALLS) < 0.1, rng.integers(0, 10**6, CALLS))
    sampled = sample(stream)
    assert sampled is not None
    part = Answers(sampled.distance, exact.stale[sampled.position], exact.elapsed_ns[sampled.position])
    estimated, true = measure_curve(part, sum_gains(exact)), measure_curve(exact)
    assert estimated.points[-1].hits == true.points[-1].hits == CALLS - len(np.unique(stream))
    assert estimated.points[-1].stale_hits == true.points[-1].stale_hits
    assert estimated.points[-1].saved_ns == true.points[-1].saved_ns
    known = {point.capacity: point for point in true.points}
    for point in estimated.points:
        if point.capacity in known:
            assert abs(point.hits - known[point.capacity].hits) <= ERROR_BOUND * CALLS


def calls_of_one_function(stream: NDArray[np.int64]) -> Calls:
    """The stream's lookups asked by a program that does nothing else."""
    one_call = code_calls(find_processes(read_lines(b"PERF_TRACE|0|load|id=0|elapsed_ms=1|found=1")))
    lookups = int(stream.max()) + 1
    columns = {
        field.name: np.resize(column, len(stream))
        for field in fields(one_call)
        if isinstance(column := getattr(one_call, field.name), np.ndarray)
    }
    return replace(
        one_call,
        **columns | {"number": np.arange(len(stream)), "signature": stream.astype(np.int32)},
        lookups=Lookups(
            function=np.zeros(lookups, np.int32),
            text=pl.Series([f"load|id={lookup}" for lookup in range(lookups)]),
            plain=np.ones(lookups, bool),
            kind=np.zeros(lookups, np.uint8),
            resource=np.zeros(lookups, np.int32),
            values_known=np.ones(lookups, bool),
        ),
        signatures=Signatures(caller=np.full(lookups, NO_NAME, np.int32), lookup=np.arange(lookups, dtype=np.int32)),
    )


def test_many_calls_of_one_function_are_sampled_and_the_curve_says_so() -> None:
    ordered = order_calls(calls_of_one_function(np.random.default_rng(7).integers(0, CALLS // 2, CALLS)))
    repeats = find_repeats(ordered)
    (sampled,) = count_cache_curves(ordered, repeats, Settings(sampling_calls=1_000_000)).rows
    (exact,) = count_cache_curves(ordered, repeats, Settings(sampling_calls=CALLS)).rows
    assert (sampled.exact, exact.exact) == (False, True)
    assert sampled.possible_hits == exact.possible_hits == sampled.points.rows[-1].hits
    known = {point.capacity: point for point in exact.points.rows}
    for point in sampled.points.rows:
        if point.capacity in known:
            assert abs(point.hits - known[point.capacity].hits) <= ERROR_BOUND * CALLS
    assert sampled.capacity_for_80 == pytest.approx(exact.capacity_for_80, rel=0.02)


def hold_against_oracle(processes: list[Process], chosen: Settings) -> None:
    ordered = order_calls(code_calls(processes))
    found = {row.function: row for row in count_cache_curves(ordered, find_repeats(ordered), chosen).rows}
    expected = measure(processes)["cache_curves"]
    assert found.keys() == {row["function"] for row in expected}
    for row in expected:
        curve = found[row["function"]]
        assert curve.exact
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
    hold_against_oracle(find_processes(read_lines(log)), Settings())


@pytest.mark.parametrize("name", ["duckpond-single-thread", "duckpond-nextest", "single-thread", "hostile"])
def test_curves_of_real_logs_are_simulated_ones(name: str) -> None:
    hold_against_oracle(find_processes(read_lines(read_log(name), name)), Settings())


def test_functions_apart_or_together_have_the_same_curves() -> None:
    processes = find_processes(read_lines(read_log("single-thread"), "single-thread"))
    hold_against_oracle(processes, Settings(sampling_calls=1))


def test_a_selection_leaves_functions_out_and_changes_no_figure() -> None:
    processes = find_processes(read_lines(read_log("single-thread"), "single-thread"))
    ordered = order_calls(code_calls(processes))
    repeats = find_repeats(ordered)
    everything = count_cache_curves(ordered, repeats, Settings())
    name = everything.rows[-1].function
    selected = count_cache_curves(ordered, repeats, Settings(), show_selected(ordered, Selection(functions=(name,))))
    assert selected.total == 1
    assert selected.rows == everything.rows[-1:]
