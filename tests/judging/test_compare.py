"""Two reports compared: what was planted comes out, as exactly that, and nothing else does."""

import msgspec
import pytest
from hypothesis import given, settings

from tests.counted_report import Run, calls, counted_report, without
from tests.judging.comparing import (
    DIRECTORIES,
    LOOKUP,
    METADATA,
    REPORTS,
    SUITE,
    assert_nothing_changed,
    changed_totals,
    compare,
    states,
    with_calls,
)
from tracereport.errors import BaselineError
from tracereport.judging.compare import comparable_sides, compare_reports
from tracereport.model import Report, Rows, Selection, Settings
from tracereport.wording.sentences import describe_caller


def test_a_report_against_itself_shows_nothing() -> None:
    comparison = compare(SUITE, SUITE)
    assert_nothing_changed(comparison)
    assert comparison.verdict == "Nothing changed: 16 calls, 6 of them redundant."
    assert comparison.processes_only_before == comparison.processes_only_after == Rows()
    assert not comparison.processes_differ
    assert not comparison.partial
    assert comparison.findings.total == 4


def test_good_news_is_said_in_words() -> None:
    clean = [Run("clean", calls("a", "f", "xyz"))]
    assert compare(clean, clean).verdict == "Nothing changed: 3 calls, none of them redundant."


def test_nothing_is_claimed_of_calls_that_were_not_judged() -> None:
    mixed = Run("mixed", calls("a", "f", "xyz"), interleaved=True)
    assert compare([mixed], [mixed]).verdict == "Nothing changed: 3 calls, none of them judged."
    more = Run("mixed", calls("a", "f", "xyzz"), interleaved=True)
    assert compare([mixed], [more]).verdict == "+1 call, none of them judged."
    clean = Run("clean", calls("a", "f", "xy"))
    assert compare([mixed, clean], [more, clean]).verdict == "+1 call, as many of those judged redundant."
    some = [mixed, clean]
    assert compare(some, some).verdict == "Nothing changed: 5 calls, none of the 2 judged ones redundant."


def test_one_duplicated_call() -> None:
    comparison = compare(SUITE, [with_calls(LOOKUP, calls("load_node", "query_records", "b")), DIRECTORIES, METADATA])
    assert states(comparison) == {"again:load_node>query_records": ("worse", 1, 2)}
    (row,) = comparison.functions.rows
    assert (row.function, row.calls_before, row.calls_after) == ("query_records", 9, 10)
    assert (row.redundant_before, row.redundant_after, row.shared_before, row.shared_after) == (5, 6, 1, 1)
    (edge,) = comparison.edges.rows
    assert (edge.caller, edge.calls_before, edge.calls_after, edge.again_after) == ("load_node", 3, 4, 2)
    assert comparison.verdict == "+1 call, redundant: 1 -> 2 repeats of `query_records` by `load_node`."


def test_callers_and_processes_are_compared_too() -> None:
    changed = with_calls(LOOKUP, (*calls("load_node", "query_records", "b"), *calls("list_directory", "stat", "xx")))
    comparison = compare(SUITE, [Run("added", calls("a", "f", "x")), changed, METADATA, DIRECTORIES])
    assert [(row.caller, row.calls_before, row.calls_after, row.again_after) for row in comparison.callers.rows] == [
        ("list_directory", 5, 7, 2),
        ("load_node", 3, 4, 2),
    ]
    assert [
        (row.index, row.name, row.calls_before, row.calls_after, row.repeats_before, row.repeats_after)
        for row in comparison.processes.rows
    ] == [(0, "added", None, 1, None, 0), (1, "lookup", 4, 7, 2, 4)]


def test_one_new_n_plus_one() -> None:
    loop = Run(
        "directories",
        (*DIRECTORIES.calls, *calls("list_directory", "load_entry", "abcdef")),
        (("list_directory", "load_entry", 5),),
    )
    comparison = compare(SUITE, [LOOKUP, loop, METADATA])
    assert states(comparison) == {"fan-out:list_directory>load_entry": ("new", 0, 5)}
    assert comparison.functions_added == Rows(1, ("load_entry",))
    assert comparison.verdict == "+6 calls, none of them redundant: new N+1 in `list_directory`."


def test_one_fixed_finding() -> None:
    fixed = Run("metadata", (*calls("metadata", "query_records", "ab"), *calls(None, "load_node", "ab")))
    comparison = compare(SUITE, [LOOKUP, DIRECTORIES, fixed])
    assert states(comparison) == {"again:metadata>query_records": ("resolved", 3, 0)}
    assert changed_totals(comparison)["redundant_calls"] == (6, 3)
    assert comparison.verdict == "-3 calls, all of them redundant: no more repeats of `query_records` by `metadata`."


def test_one_dropped_test_is_set_apart() -> None:
    comparison = compare(SUITE, without(SUITE, "lookup"))
    assert_nothing_changed(comparison)
    (only,) = comparison.processes_only_before.rows
    assert (only.name, only.calls, only.repeats) == ("lookup", 4, 2)
    assert comparison.processes_only_after == Rows()
    assert comparison.verdict == (
        "Nothing changed: 12 calls, 4 of them redundant. Set apart: 1 process with 4 calls only before."
    )


def test_a_finding_that_only_an_added_test_shows_is_no_regression() -> None:
    added = Run("added", calls("stat", "query_records", "zz"))
    comparison = compare(SUITE, [*SUITE, added])
    assert_nothing_changed(comparison)
    assert comparison.processes_only_after.rows[0].repeats == 1


def test_one_renamed_function() -> None:
    renamed_calls = tuple(
        (caller, "query_rows" if function == "query_entries" else function, value)
        for caller, function, value in DIRECTORIES.calls
    )
    comparison = compare(SUITE, [LOOKUP, Run("directories", renamed_calls), METADATA])
    assert not changed_totals(comparison)
    assert comparison.functions_added == Rows(1, ("query_rows",))
    assert comparison.functions_removed == Rows(1, ("query_entries",))
    assert states(comparison) == {
        "again:list_directory>query_rows": ("new", 0, 1),
        "again:list_directory>query_entries": ("resolved", 1, 0),
    }
    assert comparison.verdict == (
        "The same 16 calls, as many of them redundant: "
        "`query_rows` is new with exactly the counts of `query_entries`, which is gone."
    )


def test_a_rename_hides_no_other_change() -> None:
    renamed_calls = tuple(
        (caller, "query_rows" if function == "query_entries" else function, value)
        for caller, function, value in DIRECTORIES.calls
    )
    looped = Run("metadata", METADATA.calls, (("metadata", "load_node", 5),))
    assert compare(SUITE, [LOOKUP, Run("directories", renamed_calls), looped]).verdict == (
        "The same 16 calls, as many of them redundant: "
        "`query_rows` is new with exactly the counts of `query_entries`, which is gone, new N+1 in `metadata`."
    )


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (Settings(fan_out_values=7), "fan-out-values is not given in the baseline and 7 here"),
        (Settings(ignore_metrics=("n", "m")), "ignore-metric is empty in the baseline and n, m here"),
    ],
)
def test_settings_that_differ_are_an_error_that_names_them(settings: Settings, named: str) -> None:
    report = counted_report(*SUITE)
    with pytest.raises(BaselineError, match=named):
        compare_reports(comparable_sides(report, msgspec.structs.replace(report, settings=settings)))


def test_the_number_of_shown_rows_may_differ() -> None:
    report = counted_report(*SUITE)
    assert_nothing_changed(
        compare_reports(comparable_sides(report, msgspec.structs.replace(report, settings=Settings(top=3))))
    )


def test_a_narrowed_baseline_is_an_error_that_names_the_options_and_no_value() -> None:
    report = counted_report(*SUITE)
    narrowed = msgspec.structs.replace(report, selection=Selection(functions=("query_*",), params=("id=secret",)))
    with pytest.raises(BaselineError, match=r"narrowed by --function, --param: calls") as error:
        comparable_sides(narrowed, report)
    assert error.value.exit_code == 2
    assert "secret" not in str(error.value)


def test_a_cut_list_is_said_and_what_may_stand_in_it_is_left_out() -> None:
    report = counted_report(*SUITE)
    cut = msgspec.structs.replace(report, findings=Rows(report.findings.total, report.findings.rows[:1]))
    comparison = compare_reports(comparable_sides(cut, report))
    assert comparison.partial
    assert not states(comparison)
    assert comparison.findings.total == 1
    assert comparison.verdict.endswith("Rows that were cut from one of the reports take no part.")


def narrowed_table(report: Report) -> Report:
    assert report.input is not None
    return msgspec.structs.replace(report, input=msgspec.structs.replace(report.input, partial=True))


def test_a_side_that_lacks_calls_makes_the_comparison_partial_and_is_named() -> None:
    report = counted_report(*SUITE)
    assert report.input is not None
    half = msgspec.structs.replace(report, input=msgspec.structs.replace(report.input, errors=("a.gz: cut off",)))
    for sides, said in (
        ((half, report), "The baseline was not read to its end"),
        ((report, half), "This run was not read to its end"),
        ((report, narrowed_table(report)), "This run is a table of calls that was written under a selection"),
    ):
        comparison = compare_reports(comparable_sides(*sides))
        assert comparison.partial
        assert said in comparison.verdict


def test_a_baseline_that_is_a_table_written_under_a_selection_is_refused() -> None:
    report = counted_report(*SUITE)
    with pytest.raises(BaselineError, match="written under a selection"):
        comparable_sides(narrowed_table(report), report)


def test_an_accepted_finding_is_marked() -> None:
    report = counted_report(*SUITE)
    accepted = msgspec.structs.replace(
        report,
        findings=Rows(4, tuple(msgspec.structs.replace(row, accepted="known") for row in report.findings.rows)),
    )
    comparison = compare_reports(comparable_sides(counted_report(DIRECTORIES, METADATA), accepted))
    assert {row.accepted for row in comparison.findings.rows} == {"known"}


def test_an_unknown_caller_is_no_name() -> None:
    before = [Run("suite", (*calls("unknown", "f", "xy"), *calls(None, "g", "xy")))]
    after = [Run("suite", (*calls("unknown", "f", "xyy"), *calls(None, "g", "xyy")))]
    looped = [Run("suite", before[0].calls, (("unknown", "f", 5),))]
    assert compare(before, looped).verdict == "The same 4 calls, as many of them redundant: new N+1 of `f`."
    assert compare(before, after).verdict == (
        "+2 calls, all of them redundant: new repeats of `g` by a caller that isn't logged, "
        "new repeats of `f` by an unknown caller."
    )


@pytest.mark.parametrize("caller", ["load_node", "unknown", None])
def test_a_comparison_calls_a_caller_as_the_findings_do(caller: str | None) -> None:
    change = compare([Run("suite", calls(caller, "f", "xy"))], [Run("suite", calls(caller, "f", "xyy"))])
    assert describe_caller(caller, lambda name: f"`{name}`") in change.verdict


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("xy", "xyz", "+1 call, not redundant."),
        ("xyz", "xy", "-1 call, not redundant."),
        ("xyy", "xy", "-1 call, redundant"),
    ],
)
def test_one_call_is_said_in_the_singular(before: str, after: str, said: str) -> None:
    verdict = compare([Run("a", calls("a", "f", before))], [Run("a", calls("a", "f", after))]).verdict
    assert verdict.startswith(said)


def test_one_further_change_is_said_in_the_singular() -> None:
    more = Run("lookup", tuple(call for name in "abcd" for call in calls(f"caller_{name}", "query_records", name * 2)))
    verdict = compare([Run("lookup", calls("caller_a", "query_records", "abcde"))], [more]).verdict
    assert verdict.endswith(", and 1 more changed finding.")


def test_further_changes_are_counted_in_the_verdict() -> None:
    more = Run("lookup", tuple(call for name in "abcde" for call in calls(f"caller_{name}", "query_records", name * 2)))
    verdict = compare([Run("lookup", calls("caller_a", "query_records", "abcde"))], [more]).verdict
    assert verdict.endswith("by `caller_c`, and 2 more changed findings.")


@settings(max_examples=60, deadline=None)
@given(report=REPORTS)
def test_comparing_a_report_with_itself_is_empty(report: Report) -> None:
    comparison = compare_reports(comparable_sides(report, report))
    assert_nothing_changed(comparison)
    assert comparison.processes_only_before == comparison.processes_only_after == Rows()


@settings(max_examples=60, deadline=None)
@given(before=REPORTS, after=REPORTS)
def test_the_comparison_the_other_way_round_is_its_mirror(before: Report, after: Report) -> None:
    there, back = compare_reports(comparable_sides(before, after)), compare_reports(comparable_sides(after, before))
    assert there.processes_differ == back.processes_differ
    assert changed_totals(there) == {figure: (b, a) for figure, (a, b) in changed_totals(back).items()}
    assert (there.functions_added, there.functions_removed) == (back.functions_removed, back.functions_added)
    assert there.processes_only_before == back.processes_only_after
    assert {(row.function, row.calls_before, row.calls_after) for row in there.functions.rows} == {
        (row.function, row.calls_after, row.calls_before) for row in back.functions.rows
    }
    mirror = {"new": "resolved", "resolved": "new", "worse": "better", "better": "worse"}
    assert states(there) == {key: (mirror[state], b, a) for key, (state, a, b) in states(back).items()}


@settings(max_examples=60, deadline=None)
@given(before=REPORTS, after=REPORTS)
def test_what_is_set_apart_and_what_is_compared_add_up(before: Report, after: Report) -> None:
    comparison = compare_reports(comparable_sides(before, after))
    totals = {row.figure: row for row in comparison.totals.rows}
    apart_before, apart_after = comparison.processes_only_before.rows, comparison.processes_only_after.rows
    for report, apart, side in ((before, apart_before, "before"), (after, apart_after, "after")):
        assert getattr(totals["calls"], side) == report.totals.calls - sum(row.calls for row in apart)
        assert getattr(totals["redundant_calls"], side) == report.totals.redundant_calls - sum(
            row.repeats for row in apart
        )
        assert getattr(totals["lookups"], side) == getattr(totals["judged_calls"], side) - getattr(
            totals["redundant_calls"], side
        )
    more_calls = totals["calls"].after - totals["calls"].before  # type: ignore[operator]
    if not comparison.by_function:
        assert more_calls == sum(row.calls_after - row.calls_before for row in comparison.edges.rows)
    assert more_calls == sum(row.calls_after - row.calls_before for row in comparison.functions.rows)
    more_repeats = totals["redundant_calls"].after - totals["redundant_calls"].before  # type: ignore[operator]
    assert more_repeats == sum(row.after - row.before for row in comparison.findings.rows)
