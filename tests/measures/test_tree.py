"""The call tree: merged paths and self time, held against the oracle."""

import json
import time
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings

from tests.coded_calls import code_calls, report_of
from tests.needs import examples
from tests.oracle import Process, find_processes, measure, read_lines
from tests.oracle.trees import FIGURES, add_known
from tests.strategies import logs
from tests.truth import read_log
from tracereport.api import render
from tracereport.calls.calls import Calls
from tracereport.calls.grouping import ROW_LIMIT
from tracereport.documents.calls import profile
from tracereport.documents.calls.profile import make_speedscope
from tracereport.engine.report import make_report
from tracereport.measures.tree import DEEPER, DEEPEST, UNFINISHED
from tracereport.model import CallTree, Selection, Settings

DEEP = ("duckpond-deep-single-thread", "duckpond-deep-nextest")


def tree_of(processes: Sequence[Process], selection: Selection | None = None) -> CallTree | None:
    return report_of(processes, selection=selection).call_tree


def processes_of(*lines: str) -> list[Process]:
    return find_processes(read_lines("\n".join(f"PERF_TRACE|{line}" for line in lines).encode()))


def hold_against_oracle(processes: Sequence[Process]) -> None:
    found, expected = tree_of(processes), measure(processes)["call_tree"]
    if expected is None:
        assert found is None
        return
    assert found is not None
    assert (found.processes, found.calls) == (expected["processes"], expected["calls"])
    assert found.paths.total == len(expected["paths"]) <= ROW_LIMIT
    rows = {row["path"]: row for row in expected["paths"]}
    assert {row.path for row in found.paths.rows} == rows.keys()
    for row in found.paths.rows:
        figures = {name: getattr(row, name) for name in FIGURES}
        assert {"path": row.path, **figures} == rows[row.path]
    assert {len(row.path) for row in found.deepest.rows} == {expected["deepest"]}
    assert found.deepest.total == sum(len(path) == expected["deepest"] for path in rows)


@given(logs())
@settings(max_examples=examples(120), deadline=None)
def test_trees_of_any_log_are_the_definitions(log: bytes) -> None:
    hold_against_oracle(find_processes(read_lines(log)))


@pytest.mark.parametrize("name", [*DEEP, "single-thread", "duckpond-parallel", "hostile"])
def test_trees_of_real_logs_are_the_definitions(name: str) -> None:
    hold_against_oracle(find_processes(read_lines(read_log(name), name)))


@given(logs())
@settings(max_examples=60, deadline=None)
def test_self_times_of_functions_are_the_definitions(log: bytes) -> None:
    processes = find_processes(read_lines(log))
    if not processes:
        return
    found = {row.function: row.self_ns for row in report_of(processes).functions.rows}
    for row in measure(processes)["functions"]:
        assert found[row["function"]] == row["self_ns"]


@pytest.mark.parametrize("name", DEEP)
def test_self_times_of_a_tree_add_up_to_its_roots(name: str) -> None:
    tree = tree_of(find_processes(read_lines(read_log(name), name)))
    assert tree is not None
    assert tree.calls == sum(row.calls for row in tree.paths.rows)
    roots_ns = sum(row.total_ns for row in tree.paths.rows if len(row.path) == 1)
    assert roots_ns == add_known([row.self_ns for row in tree.paths.rows])


def test_a_log_with_threads_has_no_tree() -> None:
    assert tree_of(find_processes(read_lines(read_log("duckpond-parallel"), "duckpond-parallel"))) is None


def test_calls_of_a_parent_that_never_printed_stand_below_it() -> None:
    tree = tree_of(processes_of("2|load|elapsed_ms=1|parent=1", "1|open|elapsed_ms=3|parent=0"))
    assert tree is not None
    assert [row.path for row in tree.paths.rows] == [(UNFINISHED, "open"), (UNFINISHED, "open", "load")]
    assert [row.self_ns for row in tree.paths.rows] == [2_000_000, 1_000_000]


@pytest.mark.parametrize("name", [*DEEP, None])
def test_the_stacks_of_speedscope_are_the_paths(name: str | None) -> None:
    orphans = processes_of("2|h|elapsed_ms=1|parent=1", "3|g|elapsed_ms=1|parent=2", "4|f|elapsed_ms=1|parent=none")
    processes = orphans if name is None else find_processes(read_lines(read_log(name), name))
    tree = tree_of(processes)
    assert tree is not None
    by_calls, by_time = read_speedscope(make_speedscope(code_calls(processes), "title"))
    assert by_calls == {row.path: row.calls for row in tree.paths.rows}
    assert by_time == {row.path: row.self_ns for row in tree.paths.rows if row.self_ns}


def read_speedscope(document: bytes) -> tuple[Counter[tuple[str, ...]], Counter[tuple[str, ...]]]:
    """The weight of each stack, by calls and by time, as the viewer works it out of the events."""
    read = json.loads(document)
    frames = [frame["name"] for frame in read["shared"]["frames"]]
    weights: dict[str, Counter[tuple[str, ...]]] = {"none": Counter(), "nanoseconds": Counter()}
    for drawn in read["profiles"]:
        stack: list[str] = []
        at = drawn["startValue"]
        for event in drawn["events"]:
            assert event["at"] >= at, "events are in order"
            if event["at"] > at:
                weights[drawn["unit"]][tuple(stack)] += event["at"] - at
            at = event["at"]
            if event["type"] == "O":
                stack.append(frames[event["frame"]])
            else:
                assert stack.pop() == frames[event["frame"]], "the last that was opened is closed first"
        assert (stack, at) == ([], drawn["endValue"])
    return weights["none"], weights["nanoseconds"]


def deep_calls(depth: int) -> Calls:
    """Calls each of which made the next."""
    lines = [f"{n}|walk|elapsed_us={10 * (depth - n)}|parent={'none' if not n else n - 1}" for n in range(depth)]
    return code_calls(processes_of(*reversed(lines)))


def test_a_profile_is_as_large_as_its_calls_are_many_however_deep() -> None:
    sizes = [len(make_speedscope(deep_calls(depth), "title")) for depth in (500, 1000, 4000)]
    assert sizes[1] < 2.2 * sizes[0]
    assert sizes[2] < 1.1 * sizes[1], "cut at a depth that the viewer can still show"
    by_calls, _ = read_speedscope(make_speedscope(deep_calls(1500), "title"))
    assert sum(by_calls.values()) == 1500
    assert by_calls[("walk",) * profile.MOST_DEPTH] == 1500 - profile.MOST_DEPTH + 1
    names = [each["name"] for each in json.loads(make_speedscope(deep_calls(1500), "title"))["profiles"]]
    assert all("cut at 1,000 calls deep" in name for name in names)


def test_no_more_calls_are_drawn_than_a_viewer_bears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "MOST_CALLS", 30)
    monkeypatch.setattr(profile, "MOST_CALLS_IN_ALL", 40)
    lines = [f"{n}|f{p}|elapsed_us=3|parent={'none' if not n else 0}" for p in range(4) for n in (*range(1, 50), 0)]
    document = make_speedscope(code_calls(processes_of(*lines)), "title")
    by_calls, _ = read_speedscope(document)
    assert sum(by_calls.values()) == 40
    read = json.loads(document)
    assert read["name"] == "title (2 of 4 processes)"
    assert "the first 30 of 50 calls" in read["profiles"][0]["name"]


@pytest.mark.parametrize("depth", [500, 4000])
def test_a_deep_tree_takes_no_more_than_its_calls(depth: int) -> None:
    """Of 4,000 calls inside each other every document is small, and made in a moment."""
    started = time.process_time()
    calls = deep_calls(depth)
    report = make_report(calls, Settings(), "deep")
    assert report.call_tree is not None
    for kind in ("text", "markdown", "html", "json"):
        document = render(report, kind)
        assert len(document) < 5_000_000, kind
    assert time.process_time() - started < 20


def test_paths_come_by_time_then_calls_then_name() -> None:
    lines = [f"{n}|{name}|elapsed_ms={ms}|parent=none" for n, (name, ms) in enumerate([("b", 2), ("a", 2), ("c", 4)])]
    tree = tree_of(processes_of(*lines, "3|d|elapsed_ms=1|parent=none", "4|d|elapsed_ms=1|parent=none"))
    assert tree is not None
    assert [row.path for row in tree.paths.rows] == [("c",), ("d",), ("a",), ("b",)]


def test_times_beyond_64_bits_are_added_up_exactly() -> None:
    century = 2**63 - 1
    tree = tree_of(processes_of(*(f"{n}|f|elapsed_ns={century}|parent={'none' if n < 3 else 0}" for n in range(4))))
    assert tree is not None
    assert {row.path: (row.total_ns, row.self_ns) for row in tree.paths.rows} == {
        ("f",): (3 * century, 2 * century),
        ("f", "f"): (century, century),
    }


def test_a_selection_leaves_paths_out_and_changes_no_figure() -> None:
    processes = processes_of("1|load|id=1|elapsed_ms=1|parent=0", "0|open|elapsed_ms=3|parent=none")
    tree = tree_of(processes, Selection(functions=("load",)))
    assert tree is not None
    assert [(row.path, row.total_ns) for row in tree.paths.rows] == [(("open", "load"), 1_000_000)]
    assert tree.calls == 2


def test_what_lies_very_deep_is_merged_and_paths_stay_short() -> None:
    depth = DEEPEST + 50
    lines = [f"{n}|f{n}|elapsed_us=1|parent={'none' if n == 0 else n - 1}" for n in range(depth)]
    tree = tree_of(processes_of(*lines))
    assert tree is not None
    (deepest,) = tree.deepest.rows
    assert (len(deepest.path), deepest.path[-1], deepest.calls) == (DEEPEST + 1, DEEPER, depth - DEEPEST)
    assert tree.calls == depth


def test_times_of_paths_reach_up_to_what_may_have_been_cut_off() -> None:
    inner, outer, last = "1|inner|elapsed_ms=0|parent=0", "0|outer|elapsed_ms=3|parent=none", "2|outer|elapsed_ms=0"
    found = tree_of(processes_of(inner, outer, f"{last}|parent=none"))
    assert found is not None
    ranges = {row.path: (row.total_ns, row.total_upper_ns, row.self_ns, row.self_upper_ns) for row in found.paths.rows}
    assert ranges[("outer",)] == (3_000_000, 5_000_000, 3_000_000, 5_000_000)
    assert ranges[("outer", "inner")] == (0, 1_000_000, 0, 1_000_000)


def test_of_calls_that_ran_side_by_side_no_self_time_is_claimed() -> None:
    inside = [f"{number}|load|caller=gather|id={number}|elapsed_us=9000|parent=0" for number in (1, 2)]
    found = report_of(processes_of(*inside, "0|gather|elapsed_us=10000|parent=none"))
    assert {row.function: row.self_ns for row in found.functions.rows} == {"load": 18_000_000, "gather": None}
    for kind in ("text", "markdown", "html"):
        document = render(found, kind)
        assert "not known" in str(document)
        assert "-8,000" not in str(document), "nothing takes less than no time"
