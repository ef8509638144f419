"""What a finding is, in the words of the log and of nobody else."""

import msgspec
import pytest

from tests.sample_report import sample_report
from tests.sample_report.compared import compared_report, unchanged_report
from tests.sample_report.findings import FINDINGS, pair
from tests.sample_report.names import HOSTILE_CALLER
from tracereport.model import Confidence, Rows, Selection
from tracereport.wording import changes, scope, sentences


def quote(text: str) -> str:
    return f"`{text}`"


@pytest.mark.parametrize(
    ("index", "headline", "extent", "worth"),
    [
        (
            0,
            "`metadata` asks `query_records` again for what is known",
            "195 repeats over 26 `id`s: 152 unchanged, 43 changed; worst 29 times for one `id`",
            "saves 152 calls",
        ),
        (
            2,
            "three callers ask `query_records` for the same `id`",
            (
                "54 repeats over 27 `id`s: 21 unchanged, 33 changed; worst 2 times for one `id`; "
                "by `async_file_reader_bounded`, `get_next_version_for_node` and `metadata`"
            ),
            "saves 21 calls",
        ),
        (
            3,
            "`load_node` asks `query_latest_record` once for each `id` under one `load_directory`",
            "88 calls, 80 of them avoidable; up to 31 `id`s in one `load_directory`",
            "saves 80 calls",
        ),
        (
            5,
            "an unknown caller asks `load_node` again",
            "917 repeats over 147 `id`s: 917 without evidence; worst 34 times for one `id`",
            "may save 917 calls",
        ),
        (
            8,
            "`ensure_directory_loaded` asks `query_directory_entries` once for each `id`",
            "112 calls, 93 of them avoidable; up to 94 `id`s in one process",
            "may save 93 calls",
        ),
        (
            9,
            "`flush_directory_operations` waits for `get_next_version_for_node` far longer than usual",
            "2 calls, 190 ms in all",
            "saves time only",
        ),
    ],
)
def test_a_finding_names_the_code_and_says_its_doubt(index: int, headline: str, extent: str, worth: str) -> None:
    finding = FINDINGS[index]
    assert sentences.describe_finding(finding, quote) == headline
    assert sentences.describe_extent(finding, quote) == extent
    assert sentences.describe_worth(finding) == worth


@pytest.mark.parametrize(
    ("confidence", "reason", "doubt"),
    [
        ("sure", "all stand under one parent call", None),
        ("low", "every answer had changed", None),
        ("likely", "the last alone was answered otherwise", "the last alone was answered otherwise"),
        (
            "likely",
            "12 repeats got the answer of the call before; 3 changed and 2 without evidence; only counts were compared",
            "only counts were compared",
        ),
        ("likely", "all fit; the tests' own code asks, so it stands behind what the program asks", "all fit"),
    ],
)
def test_what_is_likely_says_why_it_is_no_more(confidence: Confidence, reason: str, doubt: str | None) -> None:
    finding = msgspec.structs.replace(FINDINGS[0], confidence=confidence, reason=reason)
    assert sentences.describe_doubt(finding) == doubt


def test_callers_are_named_up_to_two_and_counted_from_three_on() -> None:
    assert sentences.describe_callers([None], quote) == "a caller that isn't logged"
    assert sentences.describe_callers(["a", "unknown"], quote) == "`a` and an unknown caller"
    assert sentences.describe_callers(["a", "b", "c"], quote) == "three callers"
    assert sentences.describe_callers([str(n) for n in range(1200)], quote) == "1,200 callers"


def test_what_a_cache_cannot_answer_is_no_opportunity() -> None:
    useful = sentences.useful_caches(sample_report().cache_curves)
    assert (useful.total, [curve.function for curve in useful.rows]) == (
        2,
        ["query_records", "ensure_partition_cached"],
    )


def test_pairs_say_who_had_asked_before_whom() -> None:
    assert sentences.describe_pairs([pair("a", "b", 2, 0), pair("b", "b", 0, 1, 3)], quote) == [
        "`b` after `a`: 2 unchanged",
        "`b` after itself: 1 changed, 3 without evidence",
    ]


def test_every_name_goes_through_the_documents_own_syntax() -> None:
    for finding in FINDINGS:
        for describe in (sentences.describe_finding, sentences.describe_extent):
            text = describe(finding, lambda _: "X")
            assert HOSTILE_CALLER not in text
            assert finding.function not in text


def test_a_selection_reads_as_its_options() -> None:
    selection = Selection(functions=("load_*",), calls=(42, 43))
    assert scope.describe_selection(selection, str) == "function load_*, call #42 or #43"


def test_a_comparison_is_unchanged_only_if_nothing_differs() -> None:
    same = unchanged_report().comparison
    differs = compared_report().comparison
    assert same is not None
    assert differs is not None
    assert changes.is_unchanged(same)
    for field in ("functions", "edges", "functions_added", "functions_removed"):
        assert not changes.is_unchanged(msgspec.structs.replace(same, **{field: getattr(differs, field)}))
    for field in ("processes_only_before", "processes_only_after", "units_only_before", "units_only_after"):
        one_sided = msgspec.structs.replace(same, **{field: differs.processes_only_before})
        assert not changes.is_unchanged(one_sided)
    assert not changes.is_unchanged(msgspec.structs.replace(same, findings=differs.findings))
    assert [row.state for row in changes.changed_findings(differs).rows] == ["new", "worse", "better", "resolved"]


def test_what_no_metric_accounts_for_is_said_as_it_is_also_where_there_is_less_than_none() -> None:
    rest, overdrawn = (sentences.describe_unaccounted(row) for row in sample_report().breakdown.rows)
    assert rest == ("(unaccounted)", "37 ms", "2 %")
    assert overdrawn == ("(more than elapsed)", "2 ms", "200 %")


@pytest.mark.parametrize(
    ("processes", "reason"),
    [
        ([(False, 0)], "threads"),
        ([(False, 3)], "unfinished calls"),
        ([(True, 0), (False, 3)], "interleaved processes and unfinished calls"),
        ([(True, 9), (False, 3), (False, 0)], "interleaved processes, unfinished calls and threads"),
    ],
)
def test_the_time_is_not_known_where_a_tree_is_not(processes: list[tuple[bool, int]], reason: str) -> None:
    report = sample_report()
    assert scope.describe_traced_time(report) == "14.8-17.5 s in traced calls"
    known, one = report.processes.rows[0], msgspec.structs.replace(report.processes.rows[0], tree="unknown")
    unknown = [
        msgspec.structs.replace(one, interleaved=interleaved, unfinished_calls=unfinished)
        for interleaved, unfinished in processes
    ]
    report = msgspec.structs.replace(
        report,
        totals=msgspec.structs.replace(report.totals, elapsed_ns=None, elapsed_upper_ns=None),
        processes=Rows(1 + len(unknown), (known, *unknown)),
    )
    assert scope.describe_traced_time(report) == f"time in traced calls not known: {reason}"


def test_the_time_of_a_finding_is_a_range_and_says_of_which_calls() -> None:
    again = msgspec.structs.replace(FINDINGS[0], repeats=3, elapsed_ns=9_000_000, elapsed_upper_ns=12_000_000)
    assert sentences.describe_spent(again) == "9-12 ms in its repeats"
    assert sentences.describe_spent(msgspec.structs.replace(again, repeats=0)) == "9-12 ms in its calls"
    assert sentences.describe_spent(msgspec.structs.replace(again, elapsed_upper_ns=0)) == "9 ms in its repeats"


def test_what_threads_save_side_by_side_is_no_time_of_the_clock() -> None:
    report = sample_report()
    alone = msgspec.structs.replace(
        report,
        processes=Rows(
            report.processes.total,
            tuple(msgspec.structs.replace(row, tree="nested") for row in report.processes.rows),
        ),
    )
    threaded = msgspec.structs.replace(
        alone,
        processes=Rows(
            1,
            (msgspec.structs.replace(report.processes.rows[0], tree="unknown", interleaved=False, unfinished_calls=0),),
        ),
    )
    said = sentences.describe_saved_time(report.verdict, threaded)
    assert said == f"{sentences.describe_saved_time(report.verdict, alone)} in all threads together"
