"""A run held against several baselines: of each figure against the best, and each says which that was."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.counted_report import Run, calls, counted_report
from tests.runs import suite
from tracereport.errors import UsageError
from tracereport.judging.best_of import compare_with_best, judge_against_all
from tracereport.judging.compare import comparable_sides, compare_reports
from tracereport.model import Comparison, FindingChange, Gate, Report

LOADS, OTHERS = ("page", "load"), ("page", "other")


def compared(run: Report, *baselines: Report) -> Comparison:
    sides = [comparable_sides(baseline, run) for baseline in baselines]
    return compare_with_best(sides, [f"run-{index}" for index in range(len(baselines))])


def gate(expression: str, run: Report, *baselines: Report) -> Gate:
    sides = [comparable_sides(baseline, run) for baseline in baselines]
    names = [f"run-{index}" for index in range(len(baselines))]
    held = replace(run, comparison=compare_with_best(sides, names))
    (judged,) = judge_against_all([expression], held, sides, names).rows
    return judged


def repeating(loads: int, others: int = 0) -> Report:
    """A run with so many repeats of one finding, and of another."""
    return suite({LOADS: "a" * (loads + 1), OTHERS: "b" * (others + 1)})


def finding(comparison: Comparison, function: str = "load") -> FindingChange | None:
    return next((row for row in comparison.findings.rows if row.function == function), None)


def total(comparison: Comparison, figure: str) -> tuple[object, object, int | None]:
    row = next(row for row in comparison.totals.rows if row.figure == figure)
    return row.before, row.after, row.baseline


def test_one_baseline_is_compared_as_ever() -> None:
    before, after = repeating(2), repeating(5)
    assert compared(after, before) == compare_reports(comparable_sides(before, after))


def test_each_figure_is_held_against_the_best_for_it() -> None:
    comparison = compared(repeating(5, 5), repeating(2, 9), repeating(9, 3))
    load, other = finding(comparison), finding(comparison, "other")
    assert load is not None
    assert other is not None
    assert (load.before, load.after, load.state, load.baseline) == (2, 5, "worse", 0)
    assert (other.before, other.after, other.state, other.baseline) == (3, 5, "worse", 1)
    assert total(comparison, "redundant_calls") == (11, 10, 0)
    rows = {row.function: (row.calls_before, row.calls_after) for row in comparison.functions.rows}
    assert rows == {"load": (3, 6), "other": (4, 6)}
    edges = {row.function: (row.again_before, row.again_after) for row in comparison.edges.rows}
    assert edges == {"load": (2, 5), "other": (3, 5)}


def test_better_than_one_is_no_news_where_another_was_as_good() -> None:
    comparison = compared(repeating(2), repeating(9), repeating(2))
    load = finding(comparison)
    assert load is not None
    assert (load.state, load.before) == ("unchanged", 2)
    assert comparison.functions.total == comparison.edges.total == 0
    assert comparison.verdict.startswith("Nothing changed")


def test_a_finding_is_new_only_if_no_baseline_has_it() -> None:
    fresh = finding(compared(repeating(4), repeating(0), repeating(0)))
    known = finding(compared(repeating(4), repeating(0), repeating(7)))
    assert fresh is not None
    assert known is not None
    assert (fresh.state, fresh.before) == ("new", 0)
    assert (known.state, known.before, known.baseline) == ("worse", 0, 0)


def test_what_one_baseline_never_had_is_no_improvement() -> None:
    assert finding(compared(repeating(0), repeating(4), repeating(0))) is None


def test_a_function_that_one_baseline_lacks_is_held_against_the_others() -> None:
    without = suite({LOADS: "a"})
    comparison = compared(suite({LOADS: "a", OTHERS: "xyz"}), without, suite({LOADS: "a", OTHERS: "xy"}))
    assert comparison.functions_added.total == 0
    assert [(row.function, row.calls_before, row.calls_after) for row in comparison.functions.rows] == [("other", 2, 3)]
    new = compared(suite({LOADS: "a", OTHERS: "xyz"}), without, without)
    assert new.functions_added.rows == ("other",)


def test_the_comparison_names_its_baselines_and_what_each_was_best_for() -> None:
    comparison = compared(repeating(5, 5), repeating(4, 9), repeating(5, 4), repeating(20, 20))
    assert [reference.label for reference in comparison.baselines] == ["run-0", "run-1", "run-2"]
    assert comparison.baseline.title == "the best of run-0, run-1 and 1 more"
    assert comparison.verdict.endswith("Best for calls and repeats: `run-1`.")


def test_a_baseline_of_other_tests_takes_no_part_beside_one_of_the_same() -> None:
    def tests(name: str, letters: str) -> Report:
        return counted_report(Run(name, calls("page", "load", letters)))

    comparison = compared(tests("suite", "aaa"), tests("elsewhere", "a"), tests("suite", "aa"))
    load = finding(comparison)
    assert load is not None
    assert (load.before, load.after, load.state) == (1, 2, "worse")
    assert any("`run-0` takes no part" in caution for caution in comparison.cautions)
    assert comparison.partial
    nothing = compared(tests("suite", "aaa"), tests("elsewhere", "a"), tests("nowhere", "a"))
    assert nothing.processes_differ


def test_gates_are_as_strict_as_the_best_baseline() -> None:
    run, good, bad = repeating(5), repeating(3), repeating(20)
    failed = gate("again_calls > baseline + 1", run, bad, good)
    assert (failed.passed, failed.figure, failed.limit) == (False, 5.0, 4.0)
    assert failed.note == "the limit is by `run-1`"
    passed = gate("again_calls > baseline + 2", run, bad, good)
    assert (passed.passed, passed.limit) == (True, 5.0)
    assert gate("worse", run, bad, good).figure == 1.0
    assert gate("worse", run, bad).figure == 0.0
    assert gate("new-findings", run, bad, repeating(0)).passed
    assert not gate("new-findings", run, repeating(0), repeating(0)).passed
    assert gate("calls > 3", run, bad, good).note == ""


def test_a_function_is_unknown_only_if_no_baseline_has_it() -> None:
    run, known = suite({LOADS: "ab"}), suite({LOADS: "ab", OTHERS: "x"})
    assert gate("calls(other) > baseline", run, run, known).passed
    with pytest.raises(UsageError, match="no function is called other"):
        gate("calls(other) > baseline", run, run, run)


COUNTS = st.tuples(st.integers(0, 4), st.integers(0, 4))


@given(COUNTS, st.lists(COUNTS, min_size=2, max_size=4))
def test_every_stable_figure_is_the_lowest_of_the_baselines(
    run: tuple[int, int], baselines: Sequence[tuple[int, int]]
) -> None:
    comparison = compared(repeating(*run), *[repeating(*each) for each in baselines])
    for position, function in enumerate(("load", "other")):
        best = min(each[position] for each in baselines)
        row = finding(comparison, function)
        if best == run[position] == 0:
            assert row is None
            continue
        assert row is not None
        assert (row.before, row.after) == (best, run[position])
        changed = {each.function: each for each in comparison.functions.rows}
        assert (function in changed) == (best != run[position])
    assert total(comparison, "calls")[0] == min(sum(each) + 2 for each in baselines)
