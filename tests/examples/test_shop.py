"""The example shop: its report names exactly the three planted faults, and nothing once they are mended."""

from pathlib import Path

import pytest

import tracereport
from tests.shop import trace_shop

pytest.importorskip("sqlalchemy")


def report_on(log: Path, pages: str, *options: str) -> tracereport.Report:
    trace_shop(log, pages, *options)
    return tracereport.analyze(tracereport.read_calls(log))


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_the_report_names_exactly_the_planted_faults(tmp_path: Path, options: tuple[str, ...]) -> None:
    report = report_on(tmp_path / "shop.log", "pages", *options)
    assert {
        (finding.kind, finding.function, finding.callers, finding.confidence)
        for finding in report.findings.rows
        if finding.kind != "slow"  # which call that is, the machine decides
    } == {
        ("fan-out", "select products", ("order_page",), "sure"),
        ("shared", "select products", ("load_product", "product_exists"), "sure"),
        ("again", "select rates", ("exchange_rate",), "sure"),
    }
    assert {process.tree for process in report.processes.rows} == {"given"}


def test_once_they_are_mended_there_is_nothing_to_report(tmp_path: Path) -> None:
    report = report_on(tmp_path / "shop.log", "pages_fixed")
    assert {finding.kind for finding in report.findings.rows} <= {"slow"}
    assert report.totals.redundant_calls == 0


def test_the_findings_are_shown_by_the_tests_that_have_them(tmp_path: Path) -> None:
    report = report_on(tmp_path / "shop.log", "pages")
    tests = {finding.kind: finding.tests.rows for finding in report.findings.rows}
    assert all("test_an_order_shows_each_of_its_lines" in str(test) for test in tests["fan-out"])
    assert all("test_a_product_can_be_added" in str(test) for test in tests["shared"])
    assert all("test_an_order_is_totalled_in_any_currency" in str(test) for test in tests["again"])
    assert all(tests.values())
