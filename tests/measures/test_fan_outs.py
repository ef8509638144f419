"""Fan-outs under one run of their caller, however it is known, and what they leave to save. Worked out by hand."""

from dataclasses import replace

import pytest

from tests.coded_calls import code_calls, report_on
from tests.oracle import find_processes, read_lines
from tracereport.engine.report import make_report
from tracereport.model import Finding, Report, Settings

MS = 1_000_000
DIGEST = 2**40


def loop(first: int, ids: range, said: str = "", *, caller: str = "page") -> list[str]:
    """A loop of one caller that asks once per id, with the answer each has."""
    return [
        f"{first + place}|load|caller={caller}|id={own}|elapsed_ms=2|digest={DIGEST + own}{said and f'|{said}'}"
        for place, own in enumerate(ids)
    ]


def fan_outs(report: Report) -> list[tuple[int, int, str]]:
    return [(row.calls, row.avoidable_calls, row.confidence) for row in report.fanouts.rows]


def the(report: Report, kind: str) -> Finding:
    (finding,) = [row for row in report.findings.rows if row.kind == kind]
    return finding


def test_a_parent_that_the_lines_tell_is_sure() -> None:
    report = report_on(*loop(1, range(6), "parent=0"), "0|page|caller=unknown|elapsed_ms=20|parent=none")
    assert fan_outs(report) == [(6, 5, "sure")]


def test_a_parent_that_never_ended_is_one_all_the_same() -> None:
    report = report_on("0|boot|caller=unknown|elapsed_ms=1|parent=none", *loop(2, range(6), "parent=1"))
    assert fan_outs(report) == [(6, 5, "sure")]
    assert report.fanouts.rows[0].parent is None


def test_a_parent_that_nesting_tells_is_sure() -> None:
    report = report_on(*loop(1, range(6)), "0|page|caller=unknown|elapsed_ms=20")
    assert report.processes.rows[0].tree == "nested"
    assert fan_outs(report) == [(6, 5, "sure")]
    assert report.fanouts.rows[0].parent_function == "page"


def test_the_only_open_run_of_the_caller_is_likely_the_parent_where_no_tree_is_known() -> None:
    # Number 9 is lacking, so no tree is known.
    report = report_on(*loop(1, range(6)), "0|page|caller=unknown|elapsed_ms=20", "10|boot|caller=unknown|elapsed_ms=1")
    assert report.processes.rows[0].tree == "unknown"
    assert fan_outs(report) == [(6, 5, "likely")]
    assert (the(report, "fan-out").confidence, the(report, "fan-out").calls_saved) == ("likely", 5)


@pytest.mark.parametrize("said", ["", "|activation=3", "|frame=1", "|failed=1", "|test=test_page"])
def test_two_open_runs_of_the_caller_are_no_parent_whatever_they_say(said: str) -> None:
    # Two pages of three loads each, at the same time: as lines they look like one page inside the other.
    first = f"0|page|caller=unknown|n=1|elapsed_ms=20{said}"
    of_test = [f"{line}|test=test_page" if "test" in said else line for line in loop(2, range(6))]
    lines = (*of_test, "1|page|caller=unknown|n=2|elapsed_ms=20", first)
    report = report_on(*lines)
    assert fan_outs(report) == [(6, 5, "low")]
    assert the(report, "fan-out").confidence == "low"
    assert report.verdict.changes == 0


def test_a_run_that_had_ended_is_no_parent() -> None:
    report = report_on("0|page|caller=unknown|elapsed_ms=1", *loop(1, range(6)))
    assert fan_outs(report) == [(6, 5, "low")]


def test_an_activation_tells_the_run_of_a_caller_that_is_not_traced() -> None:
    report = report_on(*loop(0, range(5), "activation=71"), *loop(5, range(5), "activation=72"))
    assert fan_outs(report) == [(5, 4, "sure"), (5, 4, "sure")]
    (finding,) = [row for row in report.findings.rows if row.kind == "fan-out"]
    assert (finding.calls_saved, finding.calls) == (8, 10)


def test_calls_of_two_runs_make_no_group_together() -> None:
    report = report_on(*loop(0, range(3), "activation=71"), *loop(3, range(3, 6), "activation=72"))
    assert fan_outs(report) == []


@pytest.mark.parametrize(
    ("said", "found"), [("", [(6, 5, "low")]), ("|parent=none", [(6, 5, "low")]), ("|test=test_a", [])]
)
def test_runs_that_ask_once_each_may_be_called_in_a_loop_where_no_test_is_known(
    said: str, found: list[tuple[int, int, str]]
) -> None:
    lines = [line for run in range(6) for line in loop(run, range(run, run + 1), f"activation={70 + run}{said}")]
    assert fan_outs(report_on(*lines)) == found
    twice = [
        line for run in range(6) for line in loop(2 * run, range(2 * run, 2 * run + 2), f"activation={70 + run}{said}")
    ]
    assert fan_outs(report_on(*twice)) == []


@pytest.mark.parametrize(
    ("rows", "between", "confidence"), [(6, 0, "likely"), (7, 0, "low"), (6, 15, "likely"), (6, 16, "low")]
)
def test_runs_that_ask_once_each_for_rows_that_were_just_asked_for_are_likely_called_in_a_loop(
    rows: int, between: int, confidence: str
) -> None:
    lines = [f"0|list|caller=page|elapsed_ms=1|rows={rows}|digest={DIGEST}|activation=1|parent=none"]
    lines += [f"{1 + other}|other {other}|caller=page|elapsed_ms=1|parent=none" for other in range(between)]
    first = len(lines)
    lines += [line for run in range(6) for line in loop(first + run, range(run, run + 1), f"activation={70 + run}")]
    report = report_on(*lines)
    assert fan_outs(report) == [(6, 5, confidence)]
    assert ("a question just before gave as many rows" in the(report, "fan-out").reason) == (confidence == "likely")


def test_writes_of_runs_that_write_once_each_are_so_too() -> None:
    lines = [f"{run}|add|caller=main|n={run}|elapsed_ms=1|write=t|activation={run}|parent=none" for run in range(6)]
    assert fan_outs(report_on(*lines)) == [(6, 5, "low")]


def test_calls_of_two_tests_make_no_group_together() -> None:
    lines = [*loop(0, range(3), "test=test_a"), *loop(3, range(3, 6), "test=test_b")]
    assert fan_outs(report_on(*lines)) == []
    assert fan_outs(report_on(*loop(0, range(6), "test=test_a"))) == [(6, 5, "low")]


def test_a_finding_counts_its_surest_groups_only() -> None:
    lines = [*loop(1, range(6), "parent=0"), "0|page|caller=unknown|n=1|elapsed_ms=20|parent=none"]
    other = loop(0, range(20, 29))  # in a process without a tree
    report = report_on("     Running pytest (gw0)", *lines, "     Running pytest (gw1)", *other)
    assert sorted(fan_outs(report)) == [(6, 5, "sure"), (9, 8, "low")]
    finding = the(report, "fan-out")
    assert (finding.calls, finding.calls_saved, finding.confidence) == (6, 5, "sure")
    added = [[row.avoidable_calls for row in unit.by_finding.rows] for unit in report.units.rows]
    assert added == [[5], []]


def test_a_frame_is_in_no_loop_and_can_be_its_parent() -> None:
    frames = [f"{n}|GET /item|caller=unknown|id={n}|elapsed_ms=1|frame=1|parent=0" for n in range(1, 7)]
    lines = [*frames, *loop(7, range(6), "parent=0", caller="unknown")]
    report = report_on(*lines, "0|test_page|caller=unknown|elapsed_ms=40|frame=1|parent=none")
    assert [(row.function, row.parent_function) for row in report.fanouts.rows] == [("load", "test_page")]


def test_questions_that_failed_are_in_no_loop() -> None:
    lines = [f"{line}|failed=1" if place > 3 else line for place, line in enumerate(loop(0, range(6), "activation=7"))]
    assert fan_outs(report_on(*lines)) == []


def without_values(*lines: str) -> Report:
    """The report of lines whose parameters' values weren't recorded."""
    log = "".join(f"PERF_TRACE|{line}\n" for line in lines).encode()
    processes = find_processes(read_lines(log))
    for process in processes:
        process.records = [
            record if record.function == "page" else replace(record, values_known=False) for record in process.records
        ]
    return make_report(code_calls(processes), Settings(), "some lines")


def test_without_values_many_calls_of_one_shape_in_one_run_are_likely_a_loop() -> None:
    lines = [f"{n}|load|caller=page|id=?|elapsed_ms=2|parent=0" for n in range(1, 7)]
    report = without_values(*lines, "0|page|caller=unknown|elapsed_ms=20|parent=none")
    assert fan_outs(report) == [(6, 5, "likely")]
    assert the(report, "fan-out").varying_params == ()
    assert (report.totals.questions, report.totals.judged_questions, report.totals.redundant_calls) == (7, 1, 0)
    assert fan_outs(without_values(*(line.replace("|parent=0", "") for line in lines))) == []


def test_what_a_batch_spares_is_not_saved_once_more() -> None:
    # The page asks for six items, and so does its footer's second loop: 12 calls, of which two batches leave 2,
    # and keeping the answers leaves 1 of those.
    report = report_on(
        *loop(1, range(6), "parent=0"),
        "0|page|caller=unknown|part=top|elapsed_ms=20|parent=none",
        *loop(8, range(6), "parent=7"),
        "7|page|caller=unknown|part=foot|elapsed_ms=20|parent=none",
    )
    batch, again = the(report, "fan-out"), the(report, "again")
    assert (batch.calls_saved, again.repeats, again.own_calls, again.calls_saved) == (10, 6, 6, 1)
    assert (report.verdict.changes, report.verdict.calls_removed) == (2, 11)
    assert (report.verdict.own_calls, report.verdict.one_cache_calls) == (6, 6)


def test_what_may_be_a_loop_leaves_the_repeats_their_saving() -> None:
    report = report_on(*loop(0, range(6)), *loop(6, range(6)))
    assert fan_outs(report) == [(12, 5, "low")]
    assert the(report, "again").calls_saved == 6


def gathered(*elapsed_ms: int, page_ms: int = 41, said: str = "parent=0") -> Report:
    """A page that asks for the same several times at once."""
    lines = [
        f"{number}|fetch|caller=page|id=1|elapsed_ms={own}|digest={DIGEST}|{said}"
        for number, own in enumerate(elapsed_ms, start=1)
    ]
    return report_on(*lines, f"0|page|caller=unknown|elapsed_ms={page_ms}|parent=none")


def test_calls_at_the_same_time_save_no_more_than_their_parent_took() -> None:
    report = gathered(40, 40, 40, 40, 40)
    again = the(report, "again")
    assert (again.calls_saved, again.saving_ns, again.saving_upper_ns) == (4, 41 * MS, 42 * MS)
    assert (report.totals.saving_ns, report.totals.saving_upper_ns) == (41 * MS, 42 * MS)


@pytest.mark.parametrize(("elapsed_ms", "saving_ms"), [((10, 10, 10), (20, 22)), ((10, 20, 22), (41, 42))])
def test_calls_one_after_the_other_save_what_they_took(elapsed_ms: tuple[int, ...], saving_ms: tuple[int, int]) -> None:
    again = the(gathered(*elapsed_ms), "again")
    assert (again.saving_ns, again.saving_upper_ns) == tuple(bound * MS for bound in saving_ms)


def test_what_is_saved_inside_of_calls_whose_answers_prove_nothing_is_in_the_range() -> None:
    # Three pages, of which nothing is known but that each shows one thing, ask for the same 5 ms each.
    lines = []
    for page in (0, 2, 4):
        lines.append(f"{page + 1}|load|caller=page|id=1|elapsed_ms=5|digest={DIGEST}|parent={page}")
        lines.append(f"{page}|page|caller=unknown|part={page // 4}|elapsed_ms=6|shown=1|parent=none")
    report = report_on(*lines)
    assert [row.evidence_grade for row in sorted(report.functions.rows, key=lambda row: row.function)] == [
        "content",
        "constant",
    ]
    assert report.totals.saving_ns <= 10 * MS
    assert report.totals.saving_upper_ns >= 12 * MS
    saved = {row.function: (row.saving_ns, row.saving_upper_ns) for row in report.findings.rows}
    assert saved == {"load": (10 * MS, 12 * MS), "page": (0, 0)}
