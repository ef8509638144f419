"""Slow calls: those far out of their own function's distribution, and none that only loaded symbols."""

import pytest

from tests.coded_calls import report_on
from tests.truth import log_path
from tracereport.engine.report import make_report
from tracereport.model import Report, Settings
from tracereport.sources.perf_trace.reader import read_log

MS = 1_000_000


def slow_numbers(report: Report) -> list[int]:
    return sorted(call.number for row in report.slow_calls.rows for call in row.worst.rows)


def sync_times(*elapsed_ms: int) -> list[str]:
    return [f"{number}|sync|caller=main|id={number}|elapsed_ms={time}" for number, time in enumerate(elapsed_ms)]


@pytest.mark.parametrize("times", [[20] * 100, [20] * 95 + [21] * 5, [20] * 95 + [40] * 5, [0] * 95 + [10] * 5])
def test_calls_that_all_take_about_as_long_are_not_slow(times: list[int]) -> None:
    assert slow_numbers(report_on(*sync_times(*times))) == []


@pytest.mark.parametrize(
    ("times", "limit_ms"),
    [([20] * 95 + [41] * 5, 40), ([0] * 95 + [11] * 5, 10), ([*range(20, 40)] * 5 + [93], 38 + 3 * (38 - 22))],
)
def test_calls_far_above_all_others_are_slow_and_the_rule_tells_all_that_is_applied(
    times: list[int], limit_ms: int
) -> None:
    report = report_on(*sync_times(*times))
    (row,) = report.slow_calls.rows
    assert row.limit_ns == limit_ms * MS
    assert row.calls == sum(time > limit_ms for time in times)
    (finding,) = (own for own in report.findings.rows if own.kind == "slow")
    assert finding.elapsed_ns == sum(time for time in times if time > limit_ms) * MS
    assert finding.elapsed_upper_ns == finding.elapsed_ns + row.calls * MS
    for part in ("90th percentile + 3 x (90th - 10th", "2 x the 90th", "10 ms", "20 calls", "Tukey"):
        assert part in row.rule


def test_calls_that_began_before_the_first_line_may_have_loaded_symbols() -> None:
    nested = [f"{number}|resolve|caller=resolve|p={number}|elapsed_ms={300 - number}" for number in (2, 1, 0)]
    quick = [f"{number}|resolve|caller=main|p={number}|elapsed_ms=0" for number in range(3, 60)]
    assert slow_numbers(report_on(*nested, *quick)) == []
    assert slow_numbers(report_on(*nested, *quick, "60|resolve|caller=main|p=a|elapsed_ms=300")) == [60]


def test_how_finely_a_first_call_was_measured_hides_no_slow_one() -> None:
    first, *others = sync_times(*[0] * 96, *[11] * 5)
    (row,) = report_on(first.replace("elapsed_ms=0", "elapsed_s=1"), *others).slow_calls.rows
    assert (row.calls, row.limit_ns) == (5, 10 * MS)


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
