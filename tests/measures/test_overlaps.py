"""Self time where children ran side by side, held against counting every nanosecond."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.coded_calls import code_calls
from tests.needs import examples
from tests.oracle import find_processes, read_lines
from tracereport.calls.calls import NO_START
from tracereport.engine.report import make_report
from tracereport.model import Settings

Interval = tuple[int, int]
"""When a call began and how long it took, in nanoseconds."""
GATHER: Interval = (1000, 50)
intervals = st.tuples(st.integers(980, 1060), st.integers(0, 60))


def self_time(gather: Interval, loads: Sequence[Interval], *, knows_starts: bool = True) -> int | None:
    """What is left of ``gather`` beside the calls in it, by its function; its path says the same."""
    loads = sorted(loads)
    lines = [
        *(f"{number}|load|id={number}|elapsed_ns={elapsed}|parent=0" for number, (_, elapsed) in enumerate(loads, 1)),
        f"0|gather|elapsed_ns={gather[1]}|parent=none",
    ]
    calls = code_calls(find_processes(read_lines("\n".join(f"PERF_TRACE|{line}" for line in lines).encode())))
    if knows_starts:
        calls = replace(calls, start_ns=np.array([*(start for start, _ in loads), gather[0]]))
    report = make_report(calls, Settings(), "overlaps")
    assert report.call_tree is not None
    [of_function] = [row.self_ns for row in report.functions.rows if row.function == "gather"]
    [of_path] = [row.self_ns for row in report.call_tree.paths.rows if row.path == ("gather",)]
    assert of_function == of_path
    return of_function


@given(gather=intervals, loads=st.lists(intervals, min_size=1, max_size=6))
@example(gather=GATHER, loads=[(1000, 30), (1005, 5), (1030, 10)])
@example(gather=GATHER, loads=[(1010, 30), (1010, 30)])
@example(gather=GATHER, loads=[(990, 5), (1049, 30)])
@settings(max_examples=examples(150), deadline=None)
def test_with_starts_it_is_the_time_in_which_no_child_was_running(gather: Interval, loads: list[Interval]) -> None:
    inside = {moment for start, elapsed in loads for moment in range(start, start + elapsed)}
    assert self_time(gather, loads) == len(set(range(gather[0], sum(gather))) - inside)


def test_a_start_that_is_not_known_leaves_it_to_what_the_lines_show() -> None:
    assert self_time(GATHER, [(1000, 30), (NO_START, 30)]) is None
    assert self_time(GATHER, [(1000, 10), (NO_START, 30)]) == 10


@pytest.mark.parametrize(("loads", "left"), [([(0, 20), (1, 20)], 10), ([(0, 30), (1, 30)], None)])
def test_without_starts_children_that_take_too_much_ran_side_by_side(loads: list[Interval], left: int | None) -> None:
    assert self_time(GATHER, loads, knows_starts=False) == left


def test_without_starts_a_child_that_began_later_and_ended_earlier_ran_side_by_side() -> None:
    lines = ("2|load|elapsed_ns=5|parent=0", "1|load|elapsed_ns=9|parent=0", "0|gather|elapsed_ns=50|parent=none")
    calls = code_calls(find_processes(read_lines("\n".join(f"PERF_TRACE|{line}" for line in lines).encode())))
    found = {row.function: row.self_ns for row in make_report(calls, Settings(), "overlaps").functions.rows}
    assert found == {"gather": None, "load": 14}


def test_the_ends_of_time_do_no_harm() -> None:
    late = 2**63 - 10
    assert self_time((late, 2**61), [(late, 2**61), (late + 1, 2**61)]) == 2**61 - 9
    assert self_time((late, 2**62), [(late, 2**62), (late + 1, 2**62)]) is None, "their sum is no number of 64 bits"
    assert self_time((-(2**63) + 1, 50), [(-(2**63) + 1, 2**63 - 2)]) == 0
