"""The call tree: merged paths and self time, held against the oracle."""

import json
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings

from tests.coded_calls import code_calls
from tests.oracle import Process, find_processes, measure, read_lines
from tests.strategies import logs
from tests.truth import read_log
from tracereport.calls.grouping import ROW_LIMIT
from tracereport.calls.ordered import order_calls
from tracereport.calls.selection import show_selected
from tracereport.documents.calls.profile import make_speedscope
from tracereport.measures.repeats import find_repeats
from tracereport.measures.tree import UNFINISHED, count_call_tree, count_self_ns
from tracereport.model import CallTree, Selection

DEEP = ("duckpond-deep-single-thread", "duckpond-deep-nextest")


def tree_of(processes: Sequence[Process], selection: Selection | None = None) -> CallTree | None:
    ordered = order_calls(code_calls(processes))
    return count_call_tree(ordered, find_repeats(ordered), show_selected(ordered, selection))


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
        figures = {name: getattr(row, name) for name in ("calls", "total_ns", "self_ns", "redundant_calls")}
        assert {"path": row.path, **figures} == rows[row.path]
    assert {len(row.path) for row in found.deepest.rows} == {expected["deepest"]}
    assert found.deepest.total == sum(len(path) == expected["deepest"] for path in rows)


@given(logs())
@settings(max_examples=120, deadline=None)
def test_trees_of_any_log_are_the_definitions(log: bytes) -> None:
    hold_against_oracle(find_processes(read_lines(log)))


@pytest.mark.parametrize("name", [*DEEP, "single-thread", "duckpond-parallel", "hostile"])
def test_trees_of_real_logs_are_the_definitions(name: str) -> None:
    hold_against_oracle(find_processes(read_lines(read_log(name), name)))


@given(logs())
@settings(max_examples=60, deadline=None)
def test_self_times_of_functions_are_the_definitions(log: bytes) -> None:
    processes = find_processes(read_lines(log))
    calls = code_calls(processes)
    found = dict(zip(calls.names, count_self_ns(order_calls(calls)), strict=True))
    for row in measure(processes)["functions"]:
        assert found[row["function"]] == row["self_ns"]


@pytest.mark.parametrize("name", DEEP)
def test_self_times_of_a_tree_add_up_to_its_roots(name: str) -> None:
    tree = tree_of(find_processes(read_lines(read_log(name), name)))
    assert tree is not None
    assert tree.calls == sum(row.calls for row in tree.paths.rows)
    roots_ns = sum(row.total_ns for row in tree.paths.rows if len(row.path) == 1)
    assert roots_ns == sum(row.self_ns for row in tree.paths.rows)


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
    document = json.loads(make_speedscope(code_calls(processes), "title"))
    frames = [frame["name"] for frame in document["shared"]["frames"]]
    samples = [sample for profile in document["profiles"][::2] for sample in profile["samples"]]
    stacks = Counter(tuple(frames[code] for code in sample) for sample in samples)
    assert stacks == {row.path: row.calls for row in tree.paths.rows}


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
