"""What a metric is: a time, a count, a flag, or an identity that has no mean."""

import pytest

from tests.coded_calls import report_of
from tests.oracle import find_processes, read_lines
from tracereport.api import render
from tracereport.measures.breakdown import tell_kind


@pytest.mark.parametrize(
    ("name", "most", "kind"),
    [
        ("query_ms", 1, "time"),
        ("found", 1, "flag"),
        ("cache_hit", 1, "flag"),
        ("is_new", 1, "flag"),
        ("found", 2, "count"),
        ("rows", 1, "count"),
        ("pending_count", 1, "count"),
        ("digest", 7, "identity"),
        ("node_id", 12, "identity"),
        ("version", 3, "identity"),
        ("rows", 1 << 32, "identity"),
    ],
)
def test_a_metric_is_what_its_name_says(name: str, most: int, kind: str) -> None:
    assert tell_kind(name, most) == kind


def test_rows_that_happen_to_be_0_or_1_are_no_rate_and_a_digest_has_no_mean() -> None:
    lines = [
        f"PERF_TRACE|{number}|load|caller=main|id={number}|elapsed_ms=4|rows={number % 2}|digest={number % 3 + 10**12}"
        for number in range(6)
    ]
    report = report_of(find_processes(read_lines("\n".join(lines).encode())))
    rows, digest = sorted(report.breakdown.rows[0].metrics.rows, key=lambda metric: metric.kind)
    assert (rows.name, rows.kind, rows.mean) == ("rows", "count", 0.5)
    assert (digest.kind, digest.distinct_values, digest.has_more_values) == ("identity", 3, False)
    text = render(report, "text")
    assert "3 distinct" in text
    assert "1,000,000,000,001" not in text
    assert "50 %" not in text
