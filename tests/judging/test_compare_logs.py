"""Real runs compared: repetitions are unchanged, and a change planted into a log comes out as exactly that."""

import itertools
from functools import cache
from pathlib import Path

import msgspec
import pytest

from tests import planted_changes as plant
from tests.paths import LOGS
from tracereport.engine.report import make_report
from tracereport.judging.compare import comparable_sides, compare_reports
from tracereport.judging.gates import judge_gates
from tracereport.model import Comparison, Report, Rows, Settings
from tracereport.sources.inputs import read_inputs

SAME_RUNS = ("duckpond-parallel.log", "duckpond-single-thread.log", "duckpond-debug.log.zst")
GATES = (
    "new-findings",
    "worse",
    "calls > baseline",
    "redundant_calls(query_records) > baseline",
    "shared_calls(query_records) != baseline",
    'findings("again") > baseline',
)


@cache
def report_of(name: str) -> Report:
    return make_report(read_inputs([str(LOGS / name)]), Settings(), name)


@pytest.fixture(scope="module")
def suite() -> plant.Suite:
    return plant.read_suite()


def compare_with(changed: plant.Suite, folder: Path) -> Comparison:
    """The real suite, and the same with a change."""
    log = folder / "changed.log"
    log.write_text(plant.write_suite(changed), newline="")
    return compare_reports(
        comparable_sides(
            report_of("duckpond-deep-nextest.log.zst"), make_report(read_inputs([str(log)]), Settings(), "")
        )
    )


def states(comparison: Comparison) -> list[tuple[str, str, str, int]]:
    """What became of which finding: state, kind, function and by how much."""
    return [
        (row.state, row.kind, row.function, row.after - row.before)
        for row in comparison.findings.rows
        if row.state != "unchanged"
    ]


def totals(comparison: Comparison) -> dict[str, int]:
    """What has changed of the stable totals, but for those that follow from others."""
    follow = {"judged_calls", "questions", "judged_questions", "redundant_rate"}
    rows = [row for row in comparison.totals.rows if row.stable and row.figure not in follow]
    changed = [row for row in rows if row.after != row.before]
    return {row.figure: int((row.after or 0) - (row.before or 0)) for row in changed}


def processes_are_the_same(comparison: Comparison) -> bool:
    return not (
        comparison.processes_differ
        or comparison.processes_only_before.total
        or comparison.processes_only_after.total
        or comparison.units_only_before.total
        or comparison.units_only_after.total
    )


@pytest.mark.parametrize(("before", "after"), list(itertools.permutations(SAME_RUNS, 2)))
def test_runs_of_the_same_suite_are_unchanged_and_pass_every_gate(before: str, after: str) -> None:
    sides = comparable_sides(report_of(before), report_of(after))
    comparison = compare_reports(sides)
    assert comparison.verdict.startswith("Nothing changed: 691 calls, 492 of them redundant.")
    assert states(comparison) == []
    assert comparison.functions == Rows()
    assert comparison.edges == Rows()
    assert not comparison.partial
    assert not [row.figure for row in comparison.totals.rows if row.stable and row.before != row.after]
    gates = judge_gates(GATES, msgspec.structs.replace(report_of(after), comparison=comparison), sides)
    assert [gate.expression for gate in gates.rows if not gate.passed] == []


@pytest.mark.parametrize("name", ["duckpond", "duckpond-deep"])
def test_tests_are_not_compared_with_a_process_that_does_not_know_them(name: str) -> None:
    single, nextest = (
        next(path.name for path in LOGS.glob(f"{name}-{runner}.log*")) for runner in ("single-thread", "nextest")
    )
    for before, after, said in ((single, nextest, "1 process before, 53 tests"), (nextest, single, "53 tests before")):
        sides = comparable_sides(report_of(before), report_of(after))
        comparison = compare_reports(sides)
        assert comparison.processes_differ
        assert said in comparison.verdict
        gates = judge_gates(GATES[:5], msgspec.structs.replace(report_of(after), comparison=comparison), sides)
        assert [gate.note[:18] for gate in gates.rows if gate.passed] == ["nothing comparable"] * 5


def test_the_tests_of_one_process_and_a_process_for_each_test_are_the_same(suite: plant.Suite, tmp_path: Path) -> None:
    log = tmp_path / "combined.log"
    log.write_text(plant.write_in_one_process(suite), newline="")
    combined = make_report(read_inputs([str(log)]), Settings(), "")
    assert (combined.totals.processes, combined.totals.units) == (1, 53)
    nextest = report_of("duckpond-deep-nextest.log.zst")
    for before, after in ((combined, nextest), (nextest, combined)):
        sides = comparable_sides(before, after)
        comparison = compare_reports(sides)
        assert comparison.verdict == "Nothing changed: 7,050 calls, 5,826 of them redundant."
        assert totals(comparison) == {}
        assert processes_are_the_same(comparison)
        gates = judge_gates(GATES, msgspec.structs.replace(after, comparison=comparison), sides)
        assert [gate.expression for gate in gates.rows if not gate.passed] == []


def test_the_suite_as_it_is_shows_nothing(suite: plant.Suite, tmp_path: Path) -> None:
    comparison = compare_with(suite, tmp_path)
    assert comparison.verdict == "Nothing changed: 7,050 calls, 5,826 of them redundant."
    assert processes_are_the_same(comparison)


def test_one_duplicated_call(suite: plant.Suite, tmp_path: Path) -> None:
    comparison = compare_with(plant.duplicate_call(suite, "ensure_directory_loaded"), tmp_path)
    assert states(comparison) == [("worse", "again", "ensure_directory_loaded", 1)]
    assert totals(comparison) == {"calls": 1, "redundant_calls": 1, "again_calls": 1}
    assert (comparison.functions.total, comparison.edges.total) == (1, 1)
    assert processes_are_the_same(comparison)
    assert comparison.verdict.startswith("+1 call, redundant: ")


def test_one_new_n_plus_one(suite: plant.Suite, tmp_path: Path) -> None:
    comparison = compare_with(plant.add_loop(suite, "list_everything", "stat_entry", 9), tmp_path)
    assert states(comparison) == [("new", "fan-out", "stat_entry", 8)]
    assert totals(comparison) == {"calls": 10, "functions": 2, "lookups": 10}
    assert comparison.functions_added == Rows(2, ("list_everything", "stat_entry"))
    assert processes_are_the_same(comparison)
    assert comparison.verdict == "+10 calls, none of them redundant: new N+1 in `list_everything`."


def test_one_dropped_test(suite: plant.Suite, tmp_path: Path) -> None:
    without, name, calls = plant.drop_test(suite)
    comparison = compare_with(without, tmp_path)
    assert states(comparison) == []
    assert totals(comparison) == {}
    assert comparison.functions == Rows()
    assert comparison.edges == Rows()
    (only,) = comparison.units_only_before.rows
    assert name in only.name
    assert only.calls == calls
    assert not comparison.processes_differ
    assert comparison.verdict.startswith("Nothing changed: ")


def test_one_renamed_test(suite: plant.Suite, tmp_path: Path) -> None:
    _, name, _ = plant.drop_test(suite)
    comparison = compare_with([(line.replace(name, f"{name}_again"), block) for line, block in suite], tmp_path)
    assert comparison.verdict == "Nothing changed: 7,050 calls, 5,826 of them redundant."
    assert processes_are_the_same(comparison)


def test_one_renamed_function(suite: plant.Suite, tmp_path: Path) -> None:
    old, new = "query_latest_directory_record", "query_newest_directory_record"
    comparison = compare_with(plant.rename_function(suite, old, new), tmp_path)
    assert totals(comparison) == {}
    assert (comparison.functions_added, comparison.functions_removed) == (Rows(1, (new,)), Rows(1, (old,)))
    assert comparison.functions.total == 2
    assert {state for state, *_ in states(comparison)} == {"new", "resolved"}
    assert sum(change for *_, change in states(comparison)) == 0
    assert comparison.verdict == (
        "The same 7,050 calls, as many of them redundant: "
        f"`{new}` is new with exactly the counts of `{old}`, which is gone."
    )


def test_one_fixed_finding(suite: plant.Suite, tmp_path: Path) -> None:
    caller, function = "query_latest_directory_record", "ensure_partition_cached"
    comparison = compare_with(plant.remember_answers(suite, caller, function), tmp_path)
    ((state, kind, name, change),) = states(comparison)
    assert (state, kind, name) == ("resolved", "again", function)
    assert totals(comparison) == {"calls": change, "redundant_calls": change, "again_calls": change}
    assert (comparison.functions.total, comparison.edges.total) == (1, 1)
    assert processes_are_the_same(comparison)
    assert comparison.verdict == (
        f"{change} calls, all of them redundant: no more repeats of `{function}` by `{caller}`."
    )
