"""Which processes and tests are held against which, and what is set apart."""

from typing import Any

from tests.counted_report import Run, calls, counted_report
from tests.judging.comparing import (
    DIRECTORIES,
    LOOKUP,
    METADATA,
    SUITE,
    assert_nothing_changed,
    changed_totals,
    compare,
    renamed,
    states,
    with_calls,
)
from tracereport.judging.compare import comparable_sides, compare_reports
from tracereport.model import Rows


def test_a_renamed_process_is_recognised_by_its_calls() -> None:
    comparison = compare(SUITE, [LOOKUP, renamed(DIRECTORIES, "listing"), METADATA])
    assert_nothing_changed(comparison)
    assert comparison.processes_only_before == comparison.processes_only_after == Rows()


def test_numbered_processes_go_by_their_calls_not_by_their_position() -> None:
    numbered = [renamed(run, f"process {index}") for index, run in enumerate(SUITE)]
    dropped = [renamed(run, f"process {index}") for index, run in enumerate(SUITE[1:])]
    comparison = compare(numbered, dropped)
    assert_nothing_changed(comparison)
    assert comparison.processes_only_before.rows[0].calls == len(LOOKUP.calls)


def test_a_numbered_process_that_changed_and_moved_goes_by_the_nearest_counts() -> None:
    numbered = [renamed(run, f"process {index}") for index, run in enumerate(SUITE)]
    changed = with_calls(renamed(DIRECTORIES, "process 0"), calls("list_directory", "query_entries", "d"))
    comparison = compare(numbered, [changed, renamed(METADATA, "process 1")])
    assert states(comparison) == {"again:list_directory>query_entries": ("worse", 1, 2)}
    assert [row.calls for row in comparison.processes_only_before.rows] == [len(LOOKUP.calls)]
    assert comparison.processes_only_after == Rows()


def test_a_numbered_process_that_changed_stays_the_same_one() -> None:
    before = renamed(LOOKUP, "process 0")
    comparison = compare([before], [with_calls(before, calls("load_node", "query_records", "b"))])
    assert states(comparison) == {"again:load_node>query_records": ("worse", 1, 2)}


def test_where_nothing_is_on_both_sides_nothing_is_compared_and_the_comparison_says_so() -> None:
    together = Run("suite", tuple(call for run in SUITE for call in run.calls))
    comparison = compare([together], SUITE)
    assert comparison.processes_differ
    assert comparison.partial
    lists: list[Rows[Any]] = [comparison.functions, comparison.edges, comparison.findings, comparison.functions_added]
    assert all(rows == Rows() for rows in lists)
    assert changed_totals(comparison) == {}
    assert comparison.verdict == (
        "Nothing comparable: no test or process is on both sides (1 process before, 3 processes after)."
    )
    assert not compare([], SUITE).processes_differ


def test_much_that_is_set_apart_hides_no_change_in_the_rest() -> None:
    small, large = Run("small", calls("a", "f", "xy")), Run("large", calls("b", "g", "wxyzz"))
    for before, after in (([small, large], [small]), ([small], [small, large])):
        comparison = compare(before, after)
        assert_nothing_changed(comparison)
        assert not comparison.processes_differ
    comparison = compare([small, large], [with_calls(small, calls("a", "f", "y"))])
    assert states(comparison) == {"again:a>f": ("new", 0, 1)}


def test_what_one_side_has_more_often_is_set_apart_on_both() -> None:
    comparison = compare([LOOKUP, METADATA, METADATA], [LOOKUP, METADATA])
    assert_nothing_changed(comparison)
    assert [(row.units, row.calls) for row in comparison.processes_only_before.rows] == [(2, 14)]
    assert [(row.units, row.calls) for row in comparison.processes_only_after.rows] == [(1, 7)]
    assert comparison.verdict == (
        "Nothing changed: 4 calls, 2 of them redundant. Set apart: 1 test or process that ran another number of times."
    )


def test_what_both_sides_have_equally_often_is_compared_in_sum() -> None:
    other = Run("metadata", calls("metadata", "query_records", "ab"))
    assert_nothing_changed(compare([METADATA, other], [other, METADATA]))
    comparison = compare([METADATA, other], [with_calls(other, calls("metadata", "query_records", "b")), METADATA])
    assert states(comparison) == {"again:metadata>query_records": ("worse", 3, 4)}


def test_tests_are_compared_wherever_they_ran() -> None:
    one, two = Run("one", calls("a", "f", "xx")), Run("two", calls("b", "f", "y"))
    before, after = counted_report(one, two, as_tests=True), counted_report(two, one, as_tests=True)
    assert_nothing_changed(compare_reports(comparable_sides(before, after)))
    dropped = compare_reports(comparable_sides(before, counted_report(one, as_tests=True)))
    assert [(row.name, row.calls, row.repeats) for row in dropped.units_only_before.rows] == [("two", 1, 0)]
    assert dropped.processes_only_before == Rows()
    assert dropped.verdict.endswith("Set apart: 1 test with 1 call only before.")


def test_where_one_side_knows_no_caller_functions_are_compared() -> None:
    nameless = [Run(run.name, tuple(("unknown", name, value) for _, name, value in run.calls)) for run in SUITE]
    for before, after, side in ((SUITE, nameless, "this run"), (nameless, SUITE, "the baseline")):
        comparison = compare(before, after)
        assert comparison.by_function
        assert not states(comparison)
        lists: list[Rows[Any]] = [comparison.functions, comparison.edges, comparison.callers]
        assert all(rows == Rows() for rows in lists)
        assert comparison.verdict == (
            f"Nothing changed: 16 calls, 6 of them redundant. All callers are unknown in {side}: compared by function."
        )
    looped = [with_calls(nameless[0], calls("unknown", "query_records", "bbb")), *nameless[1:]]
    comparison = compare(SUITE, looped)
    first = comparison.findings.rows[0]
    assert (first.function, first.callers, first.state, first.before, first.after) == (
        "query_records",
        (),
        "worse",
        5,
        8,
    )
    assert "5 -> 8 repeats of `query_records`" in comparison.verdict
    assert not compare(nameless, nameless).by_function


def test_a_process_that_is_interleaved_on_one_side_is_set_apart() -> None:
    mixed = Run(LOOKUP.name, LOOKUP.calls, interleaved=True)
    comparison = compare(SUITE, [mixed, DIRECTORIES, METADATA])
    assert_nothing_changed(comparison)
    assert comparison.processes_only_before.rows[0].name == comparison.processes_only_after.rows[0].name == "lookup"


def test_low_fanouts_take_no_part() -> None:
    loop = Run("directories", DIRECTORIES.calls, (("list_directory", "query_entries", 5),))
    before = counted_report(*SUITE)
    assert states(compare_reports(comparable_sides(before, counted_report(LOOKUP, loop, METADATA))))
    assert_nothing_changed(
        compare_reports(comparable_sides(before, counted_report(LOOKUP, loop, METADATA, confidence="low")))
    )


def test_fanouts_take_part_in_every_process_whose_tree_is_known_on_both_sides() -> None:
    fanouts = (("list_directory", "query_entries", 5),)
    loop = Run("directories", DIRECTORIES.calls, fanouts)
    threads = Run("threads", calls("a", "f", "x"), tree="unknown")
    beside_threads = compare([*SUITE, threads], [LOOKUP, loop, METADATA, threads])
    assert states(beside_threads) == {"fan-out:list_directory>query_entries": ("new", 0, 5)}
    assert beside_threads.verdict.endswith(". Fan-outs not compared: 2 processes without a known tree.")
    hidden = Run("directories", DIRECTORIES.calls, fanouts, tree="unknown")
    for before, after in ((DIRECTORIES, hidden), (hidden, loop), (hidden, DIRECTORIES)):
        assert_nothing_changed(compare([LOOKUP, before, METADATA], [LOOKUP, after, METADATA]))
    assert compare(SUITE, SUITE).processes_without_tree == 0
