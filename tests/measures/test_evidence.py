"""What equal answers prove: grades of evidence; repeats unchanged, changed or unproven; all worked out by hand."""

from collections.abc import Sequence

import pytest

from tests.coded_calls import report_on
from tracereport.model import Finding, Report

BIG = 2**32


def ask(*answers: str, function: str = "get", key: str = "7") -> Report:
    """One caller asks for one thing again and again; each answer is what stands behind the time."""
    lines = (f"{number}|{function}|caller=show|id={key}|elapsed_ms=2|{answer}" for number, answer in enumerate(answers))
    return report_on(*(line.rstrip("|") for line in lines))


def grade(report: Report, function: str = "get") -> str:
    (row,) = [row for row in report.functions.rows if row.function == function]
    return row.evidence_grade


def evidence(report: Report) -> tuple[int, int, int]:
    totals = report.totals
    return totals.unchanged_repeats, totals.changed_repeats, totals.unproven_repeats


def only_finding(report: Report) -> Finding:
    (finding,) = report.findings.rows
    return finding


def test_equal_digests_are_sure() -> None:
    report = ask(*[f"rows=1|digest={BIG}"] * 3)
    finding = only_finding(report)
    assert (grade(report), evidence(report)) == ("content", (2, 0, 0))
    assert (finding.confidence, finding.evidence_grade, finding.calls_saved) == ("sure", "content", 2)


@pytest.mark.parametrize(
    ("metric", "values", "expected"),
    [
        ("digest", [BIG, BIG], "content"),
        ("hash", [BIG, BIG], "content"),
        ("digest", [BIG - 1, BIG - 1], "weak"),  # so small a number may be a count
        ("state", [BIG, BIG], "weak"),  # one value alone may be anything
        ("state", [BIG, BIG + 1], "content"),
        ("state", [0, BIG, BIG + 1], "content"),  # 0 stands for nothing
        ("state", [*range(BIG, BIG + 9), 1], "content"),  # nine of ten
        ("state", [*range(BIG, BIG + 8), *range(8), 1, 2], "weak"),  # fewer, and back to what was
        ("digest_ms", [BIG, BIG], "none"),  # a time
    ],
)
def test_a_digest_is_told_by_its_values(metric: str, values: Sequence[int], expected: str) -> None:
    assert grade(ask(*(f"{metric}={value}" for value in values))) == expected


def test_a_number_that_only_grows_is_a_version() -> None:
    report = ask(*(f"count={value}" for value in (1, 2, 2, 3, 4, 5, 6)))
    assert (grade(report), evidence(report)) == ("version-like", (1, 5, 0))
    assert only_finding(report).confidence == "sure"
    assert grade(ask(*(f"count={value}" for value in (1, 2, 2, 3, 4, 5)))) == "weak"  # it changed four times


def test_a_count_of_rows_that_only_grows_is_none() -> None:
    report = ask(*(f"rows={value}" for value in (1, 2, 2, 3, 4, 5, 6)))
    assert (grade(report), evidence(report)) == ("weak", (1, 5, 0))
    assert grade(ask(*(f"rows={value}|count={value}" for value in (1, 2, 2, 3, 4, 5, 6)))) == "version-like"


@pytest.mark.parametrize(("changes", "expected"), [(20, "version-like"), (19, "weak")])
def test_one_of_twenty_changes_may_go_back(changes: int, expected: str) -> None:
    values = [*range(1, changes + 1), 1]  # the last change is back to the first answer
    assert grade(ask(*(f"count={value}" for value in values))) == expected


def test_a_change_is_back_only_to_what_its_own_lookup_gave() -> None:
    lines = [
        f"{2 * value + other}|get|id={other}|elapsed_ms=1|count={value + other}"
        for value in range(6)
        for other in (0, 1)
    ]
    assert grade(report_on(*lines)) == "version-like"


@pytest.mark.parametrize(("calls", "expected"), [(4, "weak"), (5, "constant")])
def test_one_answer_to_one_lookup_is_constant_from_five_calls_on(calls: int, expected: str) -> None:
    assert grade(ask(*["rows=1"] * calls)) == expected


def test_one_answer_to_two_lookups_proves_nothing() -> None:
    report = report_on(*(f"{number}|get|caller=show|id={key}|elapsed_ms=2|rows=1" for number, key in enumerate("778")))
    finding = only_finding(report)
    assert (grade(report), evidence(report)) == ("constant", (0, 0, 1))
    assert (finding.confidence, finding.calls_saved, finding.possible_calls_saved) == ("likely", 0, 1)


def test_one_answer_that_some_calls_lack_is_weak() -> None:
    assert grade(ask(*["rows=1"] * 5, "")) == "weak"


def test_the_two_lines_of_the_quick_start_are_weak() -> None:
    report = report_on(
        "42|query_single_directory_entry|caller=exists_node|part_id=root|entry_name=data|elapsed_ms=15|query_ms=12|found=1",
        "43|query_single_directory_entry|caller=load_node|part_id=root|entry_name=data|elapsed_ms=14|query_ms=12|found=1",
    )
    finding = only_finding(report)
    assert (grade(report, "query_single_directory_entry"), evidence(report)) == ("weak", (1, 0, 0))
    assert (finding.kind, finding.confidence, finding.calls_saved) == ("shared", "likely", 1)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("found=1|size=3", "size=3|found=1", (1, 0, 0)),
        ("found=1", "found=0", (0, 1, 0)),
        ("found=1", "size=1", (0, 0, 1)),
        ("found=1", "", (0, 0, 1)),
        ("", "", (0, 0, 1)),
        ("query_ms=1|found=1", "query_ms=9|found=1", (1, 0, 0)),
        ("found=1|at=src/a.rs:3|via=django|process=7", "found=1|at=src/a.rs:9|process=7", (1, 0, 0)),
    ],
)
def test_answers_are_what_metrics_tell_but_times_and_places(
    first: str, second: str, expected: tuple[int, int, int]
) -> None:
    assert evidence(ask(first, second)) == expected


def test_answers_that_never_differ_beside_updates_save_nothing() -> None:
    lines = []
    for turn in range(4):
        lines.append(f"{3 * turn}|select account|caller=show|id=7|elapsed_ms=2|rows=1")
        lines.append(f"{3 * turn + 1}|update account|caller=rename|id=7|name=n{turn}|elapsed_ms=2|rows=1")
        lines.append(f"{3 * turn + 2}|select account|caller=list{turn}|id=1{turn}|elapsed_ms=2|rows=1")
    report = report_on(*lines)
    finding = only_finding(report)
    assert (grade(report, "select account"), evidence(report)) == ("constant", (0, 0, 3))
    assert (report.totals.may_have_changed_repeats, finding.may_have_changed) == (3, 3)
    assert (finding.repeats, finding.calls_saved, finding.possible_calls_saved) == (3, 0, 0)
    assert finding.confidence == "low"
    assert (report.totals.saving_upper_ns, report.totals.possible_saving_ns) == (0, 0)


def test_an_answer_that_was_not_recorded_may_have_changed_where_something_was_written() -> None:
    report = report_on(
        "0|select account|caller=show|id=7|elapsed_ms=2",
        "1|select account|caller=show|id=7|elapsed_ms=2",
        "2|update account|caller=show|id=7|elapsed_ms=2",
        "3|select account|caller=show|id=7|elapsed_ms=2",
    )
    finding = only_finding(report)
    assert (evidence(report), finding.may_have_changed) == ((0, 0, 2), 1)
    assert (finding.calls_saved, finding.possible_calls_saved, finding.confidence) == (0, 1, "likely")
    # 1 started when 0 had ended, and may be left out; the update and what follows it may not.
    assert report.totals.possible_saving_ns == 2_000_000


def test_a_question_that_failed_was_not_answered() -> None:
    report = ask("rows=1", "rows=1|failed=1", "failed=1", "rows=1")
    assert (report.totals.calls, report.totals.judged_calls, report.totals.judged_questions) == (4, 4, 2)
    assert (report.totals.redundant_calls, report.totals.redundant_rate, evidence(report)) == (1, 0.5, (1, 0, 0))
    assert report.sequential_duplicates.total == 0  # between the two stand those that failed


def test_what_a_cache_answered_is_unchanged_and_saves_nothing() -> None:
    report = ask("rows=1", "cached=1", "cached=1|rows=2")
    finding = only_finding(report)
    assert (evidence(report), report.totals.own_calls, report.totals.handed_on_calls) == ((2, 0, 0), 0, 0)
    assert (finding.unchanged, finding.cached, finding.calls_saved, finding.confidence) == (2, 2, 0, "low")
    assert report.totals.saving_upper_ns == 0


def test_a_cached_answer_is_unchanged_even_where_answers_prove_nothing() -> None:
    report = ask(*["rows=1"] * 5, "rows=1|cached=1")
    finding = only_finding(report)
    assert (grade(report), evidence(report)) == ("constant", (1, 0, 4))
    assert (finding.cached, finding.calls_saved, finding.possible_calls_saved) == (1, 0, 4)


def test_a_frame_is_a_place_and_never_asked_again() -> None:
    report = report_on(*(f"{number}|GET /cart|caller=unknown|elapsed_ms=2|frame=1" for number in range(4)))
    assert (report.totals.calls, report.totals.frames, report.totals.questions) == (4, 4, 0)
    assert (report.totals.judged_questions, report.totals.redundant_rate) == (0, None)
    assert report.findings.total == report.cache_curves.total == report.redundant_lookups.total == 0


def test_grades_are_of_the_whole_input() -> None:
    one, other = ("test=test_one",), ("test=test_other",)
    lines = [("7", one), ("7", one), ("8", other)]
    report = report_on(
        *(f"{number}|get|id={key}|elapsed_ms=1|rows=1|{said[0]}" for number, (key, said) in enumerate(lines))
    )
    assert (grade(report), evidence(report)) == ("constant", (0, 0, 1))
