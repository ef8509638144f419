"""Savings: the time of calls that needn't have been made, never more than they took."""

from tests.coded_calls import report_on

MS = 1_000_000


def test_a_record_with_an_implausible_number_promises_nothing_and_takes_nothing_away() -> None:
    lines = [f"{number}|get|caller=main|id=0|elapsed_ms=2|v=1" for number in range(40)]
    quoted = "900000|get|caller=main|id=1|elapsed_ms=50|v=1"
    assert report_on(*lines).totals.saving_ns == 39 * 2 * MS
    assert report_on(quoted, *lines).totals.saving_ns == 39 * 2 * MS
