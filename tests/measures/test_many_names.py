"""More names than products of two of them fit into 32 bits: each row still names its own function and callers."""

import pytest

from tracereport.engine.report import make_report
from tracereport.model import Report, Settings
from tracereport.sources.perf_trace.reader import read_log

FUNCTIONS = 33_000
"""With as many callers, which come first in the alphabet: a function's code times all names is above 2^31."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    log = tmp_path_factory.mktemp("many") / "names.log"
    log.write_text(
        "".join(
            f"PERF_TRACE|{2 * index + again}|load_{index:05}|caller=ask_{index:05}|id=1|elapsed_us=5|rows=1\n"
            for index in range(FUNCTIONS)
            for again in (0, 1)
        )
    )
    return make_report(read_log([str(log)]), Settings(), "")


def test_pairs_name_who_asked(report: Report) -> None:
    assert report.asked_again.total == FUNCTIONS
    for index, row in enumerate(report.asked_again.rows):
        assert (row.function, row.caller, row.previous_caller) == (f"load_{index:05}", *[f"ask_{index:05}"] * 2)


def test_findings_name_who_asked(report: Report) -> None:
    assert report.findings.total == FUNCTIONS
    for row in report.findings.rows:
        own = row.function.removeprefix("load_")
        assert row.callers == (f"ask_{own}",)
        assert [(pair.caller, pair.previous_caller) for pair in row.pairs.rows] == [(f"ask_{own}",) * 2]


def test_edges_name_who_asked(report: Report) -> None:
    assert report.edges.total == FUNCTIONS
    assert all(row.function[-5:] == (row.caller or "")[-5:] for row in report.edges.rows)
