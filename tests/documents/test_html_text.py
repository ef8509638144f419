import pytest

from tests.sample_report.findings import FINDINGS
from tests.sample_report.names import HOSTILE_CALLER, HOSTILE_PARAMS, params, references
from tracereport.documents.page.written import HtmlText, Limits
from tracereport.model import AdjacentPair, CallReference, Metric, Rows, Selection
from tracereport.wording.labels import Labels

LIMITS = Limits(findings=10, rows=10, explorer_rows=400)


@pytest.fixture
def text() -> HtmlText:
    return HtmlText(LIMITS, Labels())


def test_a_short_name_is_code(text: HtmlText) -> None:
    assert text.name("load_node") == "<code>load_node</code>"
    assert text.name("<Foo as Bar<'a>>") == "<code>&lt;Foo as Bar&lt;&#39;a&gt;&gt;</code>"
    assert text.name("") == "<code>(empty)</code>"


def test_a_long_name_is_cut_and_keeps_its_full_text_in_reach(text: HtmlText) -> None:
    name = text.name("x" * 300)
    assert f'title="{"x" * 300}"' in name
    assert 'tabindex="0"' in name
    assert len(name) < 300 + 150


def test_a_full_text_has_its_bound_too() -> None:
    text = HtmlText(Limits(findings=1, rows=1, explorer_rows=0, full_columns=80), Labels())
    assert len(text.name("x" * 100_000)) < 300


def test_a_missing_caller_is_no_code(text: HtmlText) -> None:
    assert text.caller(None) == "<span>(no caller)</span>"
    assert text.caller("unknown") == "<code>unknown</code>"


def test_hostile_names_stay_text(text: HtmlText) -> None:
    for written in (
        text.caller(HOSTILE_CALLER),
        text.function(HOSTILE_CALLER),
        text.data_function(HOSTILE_CALLER),
        text.params(HOSTILE_PARAMS),
        text.lookup(HOSTILE_CALLER, HOSTILE_PARAMS),
        text.prose(HOSTILE_CALLER),
        *(text.describe(finding) + text.extent(finding) for finding in FINDINGS),
    ):
        assert "<script" not in written
        assert "<img" not in written
        assert "</details" not in written
        assert "\u202e" not in written


def test_call_numbers_stand_in_runs_with_their_lines(text: HtmlText) -> None:
    assert text.references(references(42, 43, 44, 56, total=6)) == (
        '<span title="lines 46, 47, 48, 60"><code>#42-#44 #56</code></span> <small>and 2 more</small>'
    )


def test_call_numbers_of_other_processes_name_them(text: HtmlText) -> None:
    calls = Rows(2, (CallReference(process=0, number=1, line=1), CallReference(process=3, number=1, line=9)))
    assert "<code>#1</code>; <code>#1</code> <small>process 3</small>" in text.references(calls)


def test_lists_inside_a_row_count_what_they_leave_out(text: HtmlText) -> None:
    more = "<small>and 4 more</small>"
    assert text.callers(("a", "b", None, "d"), 7).endswith(f"<span>(no caller)</span> {more}")
    assert text.names(("a", "b"), 6).endswith(f"<code>b</code> {more}")
    assert text.runs(Rows(7, (references(1, 2),) * 5)).endswith(more)
    pair = AdjacentPair(previous_caller="a", caller="b", pairs=3)
    assert text.pairs(Rows(5, (pair,))) == f"<code>a</code>, <code>b</code> (3) {more}"
    assert text.pairs(Rows()) == "-"
    assert text.callers(("a",), 1) == "<code>a</code>"


def test_many_params_and_metrics_are_counted(text: HtmlText) -> None:
    assert text.params(params(a="1", b="2", c="3", d="4", e="5")).endswith("<small>and 1 more</small>")
    assert text.params(()) == text.metrics(()) == "none"
    assert text.metrics((Metric(name="found", value=1),)) == "<code>found=1</code>"


def test_prose_keeps_code_and_the_per_cent_sign_with_its_figure(text: HtmlText) -> None:
    assert text.prose("41 % in `load_node`.") == "41\u00a0% in <code>load_node</code>."
    assert text.prose("one ` alone") == "one ` alone"


def test_a_selection_is_said_in_words(text: HtmlText) -> None:
    selection = Selection(functions=("query_*", "load_*"), calls=(42,))
    assert text.selection(selection) == ("function <code>query_*</code> or <code>load_*</code>, call <code>#42</code>")


def test_a_page_gives_up_its_explorer_before_its_findings() -> None:
    limits = LIMITS
    seen = [limits]
    while limits != limits.shrink():
        limits = limits.shrink()
        seen.append(limits)
    assert all(step.findings == LIMITS.findings for step in seen if step.explorer_rows > 50)
    assert seen[-1].findings == seen[-1].rows == 1
