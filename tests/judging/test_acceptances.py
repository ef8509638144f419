"""Accepted findings: marked with their reason, past no gate of findings, and said when they are needed no more."""

from datetime import date

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.counted_report import Key, Run, calls, counted_report, finding
from tests.judging.comparing import REPORTS
from tracereport.judging.acceptances import AcceptanceRule, apply_acceptances
from tracereport.judging.compare import comparable_sides, compare_reports
from tracereport.judging.gates import judge_gates
from tracereport.model import Finding, Gate, Report, Rows

AGAIN = finding(Key("again", "query_records", ("metadata",)), 3, 0)
SHARED = finding(Key("shared", "query_records", ("load_node", "metadata")), 2, 0)
LOOP = finding(Key("fan-out", "load_node", (None,)), 0, 5)
FINDINGS: Rows[Finding] = Rows(3, (AGAIN, SHARED, LOOP))
DAY = date(2026, 12, 31)


def accepted(rule: AcceptanceRule, today: date | None = None) -> list[Finding]:
    """The findings that a rule accepts, as they were before."""
    findings, _ = apply_acceptances(FINDINGS, [rule], today)
    assert [msgspec.structs.replace(row, accepted=None) for row in findings.rows] == list(FINDINGS.rows)
    assert {row.accepted for row in findings.rows} <= {None, rule.reason}
    return [before for before, row in zip(FINDINGS.rows, findings.rows, strict=True) if row.accepted == rule.reason]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (AcceptanceRule(fingerprint=AGAIN.fingerprint, reason="cheap"), [AGAIN]),
        (AcceptanceRule(fingerprint="again", reason="cheap"), []),
        (AcceptanceRule(function="query_*", reason="cheap"), [AGAIN, SHARED]),
        (AcceptanceRule(function="Query_*", reason="cheap"), []),
        (AcceptanceRule(kind="fan-*", reason="cheap"), [LOOP]),
        (AcceptanceRule(caller="metadata", reason="cheap"), [AGAIN]),
        (AcceptanceRule(caller="*ad*", reason="cheap"), [AGAIN, SHARED]),
        (AcceptanceRule(caller="", reason="cheap"), [LOOP]),
        (AcceptanceRule(caller="*", reason="cheap"), [AGAIN, SHARED, LOOP]),
        (AcceptanceRule(function="query_*", kind="shared", reason="cheap"), [SHARED]),
        (AcceptanceRule(function="load_*", kind="shared", reason="cheap"), []),
    ],
)
def test_a_rule_accepts_what_all_of_it_matches(rule: AcceptanceRule, expected: list[Finding]) -> None:
    assert accepted(rule) == expected
    _, acceptances = apply_acceptances(FINDINGS, [rule], None)
    (row,) = acceptances.rows
    assert row.state == ("applied" if expected else "stale")
    assert row.fingerprints == tuple(found.fingerprint for found in expected)


def test_a_rule_names_findings_in_one_way() -> None:
    with pytest.raises(ValueError, match="needs either a fingerprint, or globs"):
        AcceptanceRule(reason="everything")
    with pytest.raises(ValueError, match="needs either a fingerprint, or globs"):
        AcceptanceRule(fingerprint="a1", kind="again", reason="both")


def test_the_first_rule_gives_the_reason_and_both_are_applied() -> None:
    rules = [AcceptanceRule(kind="again", reason="first"), AcceptanceRule(function="query_*", reason="second")]
    findings, acceptances = apply_acceptances(FINDINGS, rules, None)
    assert [row.accepted for row in findings.rows] == ["first", "second", None]
    assert [row.state for row in acceptances.rows] == ["applied", "applied"]
    assert [row.match for row in acceptances.rows] == ["kind again", "function query_*"]


@pytest.mark.parametrize(
    ("today", "state", "honoured"),
    [
        (None, "not checked", True),
        (DAY, "applied", True),
        (date(2027, 1, 1), "expired", False),
    ],
)
def test_a_rule_holds_through_its_day_if_the_day_is_known(today: date | None, state: str, honoured: bool) -> None:
    rule = AcceptanceRule(kind="again", reason="cheap", until=DAY)
    findings, acceptances = apply_acceptances(FINDINGS, [rule], today)
    (row,) = acceptances.rows
    assert (row.state, row.until, row.fingerprints) == (state, "2026-12-31", (AGAIN.fingerprint,))
    assert (findings.rows[0].accepted == "cheap") == honoured


def test_an_expired_rule_that_nothing_needs_is_expired_and_a_dated_one_is_stale() -> None:
    rule = AcceptanceRule(kind="slow", reason="cheap", until=DAY)
    assert apply_acceptances(FINDINGS, [rule], date(2027, 1, 1))[1].rows[0].state == "expired"
    assert apply_acceptances(FINDINGS, [rule], None)[1].rows[0].state == "stale"


def test_a_rule_that_a_cut_row_may_need_is_not_called_stale() -> None:
    rule = AcceptanceRule(kind="slow", reason="cheap")
    (row,) = apply_acceptances(Rows(20_000, FINDINGS.rows), [rule], DAY)[1].rows
    assert row.state == "not checked"


def test_acceptances_of_an_earlier_run_are_forgotten() -> None:
    before = Rows(1, (msgspec.structs.replace(AGAIN, accepted="once"),))
    assert apply_acceptances(before, [], None)[0].rows[0].accepted is None


def judge_against(before: Report, report: Report, demands: list[str]) -> Rows[Gate]:
    sides = comparable_sides(before, report)
    return judge_gates(demands, msgspec.structs.replace(report, comparison=compare_reports(sides)), sides)


@settings(max_examples=60, deadline=None)
@given(before=REPORTS, after=REPORTS, by_glob=st.booleans())
def test_accepting_everything_passes_every_gate_of_findings(before: Report, after: Report, by_glob: bool) -> None:
    rules = (
        [AcceptanceRule(function="*", reason="all of it")]
        if by_glob
        else [AcceptanceRule(fingerprint=row.fingerprint, reason="this one") for row in after.findings.rows]
    )
    findings, acceptances = apply_acceptances(after.findings, rules, None)
    report = msgspec.structs.replace(after, findings=findings, acceptances=acceptances)
    demands = ["new-findings", "worse", "findings(again) > 0", "findings(shared) > 0", "findings(fan-out) > 0"]
    gates = judge_against(before, report, demands)
    assert all(gate.passed for gate in gates.rows)


def test_a_finding_that_is_not_accepted_still_fails() -> None:
    before = counted_report(Run("suite", calls("a", "f", "xy")))
    after = counted_report(Run("suite", (*calls("a", "f", "xyy"), *calls("b", "g", "zz"))))
    findings, acceptances = apply_acceptances(after.findings, [AcceptanceRule(function="f", reason="cheap")], None)
    report = msgspec.structs.replace(after, findings=findings, acceptances=acceptances)
    (gate,) = judge_against(before, report, ["new-findings"]).rows
    assert (gate.passed, gate.note) == (False, "repeats of `g` by `b`; called in this run only: `g`")
