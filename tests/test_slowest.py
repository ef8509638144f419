"""Slow calls: those far out of their own function's distribution, and none that only loaded symbols."""

import pytest

from tests.coded_calls import report_on
from tests.truth import log_path
from tracereport.analysis.report import make_report
from tracereport.model import Report, Settings
from tracereport.trace.reader import read_log

MS = 1_000_000


def slow_numbers(report: Report) -> list[int]:
    return sorted(call.number for row in report.slow_calls.rows for call in row.worst.rows)


def test_calls_that_began_before_the_first_line_may_have_loaded_symbols() -> None:
    nested = [f"{number}|resolve|caller=resolve|p={number}|elapsed_ms={300 - number}" for number in (2, 1, 0)]
    quick = [f"{number}|resolve|caller=main|p={number}|elapsed_ms=0" for number in range(3, 60)]
    assert slow_numbers(report_on(*nested, *quick)) == []
    assert slow_numbers(report_on(*nested, *quick, "60|resolve|caller=main|p=a|elapsed_ms=300")) == [60]


@pytest.mark.parametrize("name", ["ansi", "combined-nocapture", "env_logger-backtrace", "stress-4-threads"])
def test_no_first_call_of_a_real_log_is_slow(name: str) -> None:
    calls = read_log([str(log_path(name))])
    first = set(zip(calls.process[calls.is_first].tolist(), calls.number[calls.is_first].tolist(), strict=True))
    rows = make_report(calls, Settings(), name).slow_calls.rows
    assert not first & {(call.process, call.number) for row in rows for call in row.worst.rows}


def test_where_processes_wrote_at_the_same_time_no_call_is_slow() -> None:
    report = make_report(read_log([str(log_path("torn-lines"))]), Settings(), "torn-lines")
    assert report.totals.judged_calls == 0
    assert report.slow_calls.total == 0
