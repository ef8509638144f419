"""Suites that are compared, and what is asked of a comparison."""

from typing import Any

from hypothesis import strategies as st

from tests.counted_report import Run, calls, counted_report
from tracereport.judging.compare import comparable_sides, compare_reports
from tracereport.model import Comparison, Rows

LOOKUP = Run("lookup", (*calls("load_node", "query_records", "aab"), *calls("exists_node", "query_records", "a")))
DIRECTORIES = Run("directories", calls("list_directory", "query_entries", "abcdd"))
METADATA = Run("metadata", (*calls("metadata", "query_records", "aaaab"), *calls(None, "load_node", "ab")))
SUITE = (LOOKUP, DIRECTORIES, METADATA)


def compare(before: tuple[Run, ...] | list[Run], after: tuple[Run, ...] | list[Run]) -> Comparison:
    return compare_reports(comparable_sides(counted_report(*before), counted_report(*after)))


def renamed(run: Run, name: str) -> Run:
    return Run(name, run.calls, run.fanouts, run.tree, run.interleaved)


def with_calls(run: Run, more: tuple[tuple[str | None, str, str], ...]) -> Run:
    return Run(run.name, run.calls + more, run.fanouts, run.tree, run.interleaved)


def changed_totals(comparison: Comparison) -> dict[str, tuple[Any, Any]]:
    return {row.figure: (row.before, row.after) for row in comparison.totals.rows if row.before != row.after}


def states(comparison: Comparison) -> dict[str, tuple[str, int, int]]:
    return {
        row.fingerprint: (row.state, row.before, row.after)
        for row in comparison.findings.rows
        if row.state != "unchanged"
    }


def assert_nothing_changed(comparison: Comparison) -> None:
    assert not changed_totals(comparison)
    assert not states(comparison)
    assert comparison.functions == Rows()
    assert comparison.edges == Rows()
    assert comparison.functions_added == Rows()
    assert comparison.functions_removed == Rows()
    assert comparison.verdict.startswith("Nothing changed: ")


CALLS = st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from(["f", "g"]), st.sampled_from("xy"))
RUNS = st.builds(
    Run,
    name=st.sampled_from(["one", "two", "process 0", "process 1"]),
    calls=st.lists(CALLS, min_size=1, max_size=6).map(tuple),
    interleaved=st.booleans(),
)
REPORTS = st.lists(RUNS, min_size=1, max_size=4).map(lambda runs: counted_report(*runs))
