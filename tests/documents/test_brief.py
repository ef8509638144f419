"""The brief form: what stands at the end of a terminal or of a test run."""

import re

import pytest
from msgspec.structs import replace

from tests.golden import report_on
from tests.sample_report import sample_report
from tests.sample_report.compared import compared_report
from tests.sample_report.empty import empty_report
from tests.sample_report.names import rows
from tests.truth import NAMES
from tracereport.documents.advice import first_advice
from tracereport.documents.terminal.brief import MOST_LINES, render_brief
from tracereport.model import Report
from tracereport.wording.changes import order_findings
from tracereport.wording.sentences import describe_extent, describe_finding, describe_worth
from tracereport.wording.units import display_width, quote_name

COMMAND = ("tracereport perf.log", "")


def brief(report: Report, width: int = 100) -> list[str]:
    return render_brief(report, width=width, colour=False, command=COMMAND).splitlines()


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("name", [name for name in NAMES if "no-" not in name or "backtrace" in name])
def test_it_fits_any_terminal_and_ends_on_the_verdict(name: str, width: int) -> None:
    report = report_on(name)
    lines = brief(report, width)
    assert len(lines) <= MOST_LINES
    assert all(display_width(line) <= width for line in lines)
    said = " ".join(report.verdict.message.split())
    assert " ".join(" ".join(lines).split()).endswith(said) or lines[-1].endswith(" ...")


@pytest.mark.parametrize("width", [60, 80, 100])
def test_who_asks_whom_is_shown_in_full_before_what_it_saves(width: int) -> None:
    for name in ("duckpond-single-thread", "duckpond-deep-nextest"):
        report = report_on(name)
        shown = brief(report, width)
        for rank, finding, _ in order_findings(report)[:3]:
            headline = f"{rank}. {describe_finding(finding, quote_name)}"
            assert headline in " ".join(" ".join(shown).split())
            assert any(describe_worth(finding) in line for line in shown)


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("name", ["duckpond-single-thread", "duckpond-deep-nextest", "hostile"])
def test_clauses_that_do_not_fit_are_left_out_whole(name: str, width: int) -> None:
    report = report_on(name)
    shown = brief(report, width)
    for rank, finding, _ in order_findings(report)[:3]:
        [at] = [place for place, line in enumerate(shown) if line.startswith(f"{rank}. ")]
        worth = f"   {describe_worth(finding)}, {finding.confidence}"
        behind = next((line for line in shown[at + 1 : at + 3] if line.startswith(worth)), shown[at + 1])
        said = behind.removeprefix(worth).removeprefix("; ")
        extent = describe_extent(finding, quote_name)
        assert extent.startswith(said.strip())
        assert extent[len(said.strip()) :][:2] in ("", "; ", ": ")


def test_long_names_are_elided_and_the_words_between_them_stay() -> None:
    asking = report_on("hostile").findings.rows[0]
    long = replace(asking, callers=("a" * 70,), function="b" * 70, confidence="sure", calls_saved=3)
    shown = brief(replace(sample_report(), findings=rows(long), quality=rows()), 80)
    assert re.fullmatch(r"1\. `a+…a+` asks\n   `b+…b+` once for each `entry_name`", "\n".join(shown[1:3]))


def test_it_says_how_many_findings_it_leaves_out_and_how_to_see_the_first() -> None:
    report = sample_report()
    lines = brief(report)
    first = next(row for row in report.findings.rows if row.accepted is None)
    (see,) = [line for line in lines if "--explain" in line]
    assert see.startswith("Details of the first: tracereport perf.log --explain ")
    assert first.fingerprint.startswith(see.rpartition(" ")[2])


def test_it_says_how_to_fix_the_first() -> None:
    report = sample_report()
    first = next(row for row in report.findings.rows if row.accepted is None)
    [fix] = [place for place, line in enumerate(brief(report, 400)) if line.startswith("   Fix: ")]
    assert brief(report, 400)[fix] == f"   Fix: {first_advice(first)}"


@pytest.mark.parametrize(("width", "shown"), [(60, "it may wait"), (90, "it may wait: ever"), (400, "longer; 195 rep")])
def test_why_a_finding_is_no_more_than_likely_stands_before_how_far_it_goes(width: int, shown: str) -> None:
    report = sample_report()
    first = replace(report.findings.rows[0], confidence="likely", reason="it may wait: ever; and longer", accepted=None)
    lines = brief(replace(report, findings=rows(first, *report.findings.rows[1:])), width)
    assert any(shown in line for line in lines)
    assert not any("it may wait" in line for line in brief(report, width))


def test_where_there_is_no_room_for_it_counts_stand_there() -> None:
    report = sample_report()
    first = replace(report.findings.rows[0], confidence="likely", reason="it may wait " * 9, accepted=None)
    lines = brief(replace(report, findings=rows(first, *report.findings.rows[1:])), 80)
    assert any("195 repeats over 26 `id`s" in line for line in lines)


def test_a_failed_gate_is_named() -> None:
    report = compared_report()
    assert report.gates is not None
    failed = [gate for gate in report.gates.rows if not gate.passed]
    text = "\n".join(brief(report))
    assert failed
    assert all(f"FAILED: --fail-on {gate.expression}" in text for gate in failed)
    passed = replace(report, gates=replace(report.gates, rows=tuple(replace(gate, passed=True) for gate in failed)))
    assert "FAILED" not in "\n".join(brief(passed))


def test_what_is_empty_is_said_in_few_lines() -> None:
    lines = brief(empty_report())
    assert len(lines) <= 4
    assert not [line for line in lines if "--explain" in line]
