"""The calls around what shows a finding, in their order."""

import itertools
import re

import pytest
from hypothesis import given, settings

from tests.coded_calls import report_of
from tests.oracle import Process, find_processes, read_lines
from tests.paths import EXAMPLES
from tests.strategies import logs
from tracereport.api import render
from tracereport.documents.page.page import render_html
from tracereport.engine.report import make_report
from tracereport.findings.timelines import MOST_CALLS, MOST_TIMELINES
from tracereport.judging.redaction import redact_report, redaction_key
from tracereport.model import Report, Selection, Settings, Timeline
from tracereport.sections.timelines import list_runs
from tracereport.sources.inputs import read_inputs

SHOP = EXAMPLES / "logs" / "shop.log"


@pytest.fixture(scope="module")
def shop() -> Report:
    return make_report(read_inputs([str(SHOP)]), Settings(), "shop", None)


def processes_of(*lines: str) -> list[Process]:
    return find_processes(read_lines("\n".join(f"PERF_TRACE|{line}" for line in lines).encode()))


def asked(timeline: Timeline) -> list[tuple[int, str, str]]:
    return [(call.depth, call.function, call.asks) for call in timeline.calls.rows]


def test_an_n_plus_one_is_equal_calls_in_a_row_under_one_call(shop: Report) -> None:
    first = shop.timelines.rows[0]
    assert first.fingerprints == (shop.findings.rows[0].fingerprint,)
    assert first.unit == "tests/test_pages.py::test_an_order_shows_each_of_its_lines[1]"
    assert asked(first) == [
        (0, "test", "frame"),
        (1, "order_page", "first"),
        (2, "select orders", "first"),
        (2, "select order_lines", "first"),
        (2, "select products", "first"),
        *[(2, "select products", "fan-out")] * 5,
    ]
    assert [len(run.calls) for run in list_runs(first.calls.rows)] == [1, 1, 1, 1, 1, 5]


def test_of_a_large_unit_the_calls_around_the_first_repeat_are_kept() -> None:
    lines = [f"{number}|load|caller=main|id={number}|elapsed_ms=1|found=1" for number in range(200)]
    lines[150] = "150|load|caller=main|id=149|elapsed_ms=1|found=1"
    timeline = report_of(processes_of(*lines)).timelines.rows[0]
    assert timeline.calls.total == 200
    assert len(timeline.calls.rows) == MOST_CALLS
    assert timeline.calls_before == 149
    assert [call.number for call in timeline.calls.rows] == list(range(149, 149 + MOST_CALLS))
    assert [call.asks for call in timeline.calls.rows[:3]] == ["first", "unproven", "first"]


def test_what_the_answers_of_a_whole_input_do_not_prove_is_unproven_here_too() -> None:
    lines = [f"{number}|load|caller=main|id={number % 3}|elapsed_ms=1|digest=7" for number in range(6)]
    report = report_of(processes_of(*lines))
    timeline = report.timelines.rows[0]
    kinds = [call.asks for call in timeline.calls.rows]
    assert kinds.count("unproven") == report.totals.unproven_repeats == 3


def test_findings_that_show_in_the_same_calls_share_them() -> None:
    lines = [
        *(f"{number}|load|caller=main|id=1|elapsed_ms=1|digest={10**12}" for number in range(3)),
        *(f"{number}|read|caller=main|id=1|elapsed_ms=1|digest={10**12}" for number in range(3, 6)),
    ]
    report = report_of(processes_of(*lines))
    timeline = report.timelines.rows[0]
    assert set(timeline.fingerprints) == {finding.fingerprint for finding in report.findings.rows}


@given(logs())
@settings(max_examples=60, deadline=None)
def test_timelines_of_any_log_are_bounded_and_in_order(log: bytes) -> None:
    report = report_of(find_processes(read_lines(log)))
    known = {finding.fingerprint for finding in report.findings.rows}
    assert len(report.timelines.rows) <= MOST_TIMELINES
    for timeline in report.timelines.rows:
        calls = timeline.calls.rows
        assert set(timeline.fingerprints) <= known
        assert 0 < len(calls) <= min(MOST_CALLS, timeline.calls.total)
        assert timeline.calls_before + len(calls) <= timeline.calls.total
        assert all(before.number < after.number for before, after in itertools.pairwise(calls))
        depths = [call.depth for call in calls]
        assert depths[0] == 0
        depth_of = {call.number: call.depth for call in calls}
        assert all(call.depth == (0 if call.parent is None else depth_of[call.parent] + 1) for call in calls)
        assert sum(len(run.calls) for run in list_runs(calls)) == len(calls)


def test_a_selection_leaves_the_other_calls_out() -> None:
    report = make_report(read_inputs([str(SHOP)]), Settings(), "shop", Selection(functions=("select rates",)))
    assert {call.function for timeline in report.timelines.rows for call in timeline.calls.rows} == {"select rates"}


def test_values_are_redacted_here_too(shop: Report) -> None:
    hidden = redact_report(shop, frozenset({"pk_1"}), redaction_key(shop))
    values = {
        param.value
        for timeline in hidden.timelines.rows
        for call in timeline.calls.rows
        for param in call.params
        if param.name == "pk_1"
    }
    assert values
    assert all(value.startswith("redacted:") for value in values)


def test_every_document_tells_the_calls_in_order(shop: Report) -> None:
    text, markdown, page = render(shop, "text"), render(shop, "markdown"), render_html(shop, pictures=False)
    assert isinstance(text, str)
    assert re.search(r"#23-#27 +5  > > select products: .*11, 12, 13, 14 and 15 +one by one", text)
    assert (
        "| `#23-#27` | 5 | > > `select products`: `pk_1` = `11, 12, 13, 14 and 15` | one by one (fan-out) |" in markdown
    )
    assert "6 \u00d7 select products" in page
    assert 'fill="var(--fan-out' in page


def test_a_name_of_the_log_stays_text_in_the_drawing() -> None:
    lines = [f'{number}|<script>|caller=main|id="><b>|elapsed_ms=1|digest={10**12}' for number in range(3)]
    page = render_html(report_of(processes_of(*lines)), pictures=False)
    assert 'class="timeline"' in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page
