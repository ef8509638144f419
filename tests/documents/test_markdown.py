"""The pull request's summary, read as a tree by GitHub's own parser and by markdown-it."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.commonmark import parse_with_cmark
from tests.sample_report import sample_report
from tests.sample_report.compared import compared_report, finding_change, unchanged_report
from tests.sample_report.empty import empty_report
from tests.sample_report.findings import FINDINGS
from tests.sample_report.functions import FUNCTIONS
from tests.sample_report.lookups import SIGNATURES, signature
from tests.sample_report.names import HOSTILE_CALLER, params, rows
from tracereport.documents.summary import render_markdown
from tracereport.errors import UsageError
from tracereport.model import Gate, QualityWarning, Report, Rows, Settings

REPORTS = {
    "sample": sample_report(),
    "compared": compared_report(),
    "unchanged": unchanged_report(),
    "empty": empty_report(),
}
OUR_HTML = re.compile(
    r"<details><summary>[A-Za-z0-9,()+ :-]*</summary>|</details>|<sub>|</sub>|<!-- tracereport:KEY -->"
)
LINKED_BY_GITHUB = re.compile(r"@\w|#\d|\bGH-\d|\b[0-9a-f]{7,40}\b|://|www\.")


def many(rows_of_one: tuple[object, ...], total: int) -> Rows[object]:
    return Rows(total, (rows_of_one * (total // len(rows_of_one) + 1))[:total])


def huge_report() -> Report:
    """100,000 rows in several lists, and no bound but the bytes."""
    return msgspec.structs.replace(
        sample_report(),
        settings=Settings(top=100_000),
        findings=many(FINDINGS, 100_000),
        functions=many(FUNCTIONS, 100_000),
        redundant_signatures=many(SIGNATURES, 100_000),
    )


@pytest.mark.parametrize("name", REPORTS)
def test_the_verdict_comes_first_in_one_line(name: str) -> None:
    report = REPORTS[name]
    verdict = report.comparison.verdict if report.comparison else report.verdict.message
    first, second = render_markdown(report, marker="KEY").splitlines()[:2]
    assert first == "<!-- tracereport:KEY -->"
    assert second.strip("*").startswith(verdict)
    assert render_markdown(report).splitlines()[0] == second


def test_a_marker_is_a_plain_word() -> None:
    for marker in ("", "a b", "-->", "a--b", "a\nb", "<x>"):
        with pytest.raises(UsageError, match="marker"):
            render_markdown(empty_report(), marker=marker)


def test_a_likely_finding_says_why() -> None:
    text = render_markdown(sample_report())
    assert text.count("\nLikely: ") == text.count(", likely\n") > 0


def test_figures_then_the_top_findings_with_their_fix_then_the_folded_rest() -> None:
    text = render_markdown(sample_report())
    order = [
        "| calls | one by one | asked again | unchanged |",
        "| 7,050 | 80 | 5,878 (83 %) | 282 | 210 | 5,386 | 14.8-17.5 s in traced calls | 245 calls, 311-556 ms |",
        "**1. `metadata` asks `query_records` again for what is known** · saves 152 calls, sure",
        "Fix: Let `metadata` keep what `query_records` answered",
        "**3. three callers ask",
        "<details><summary>7 further findings</summary>",
        "**4. `load_node` asks",
        "_10 of 23 findings are shown._",
        "<details><summary>Top 10 Functions by Call Count: 10 of 11</summary>",
        "<details><summary>Data Quality</summary>",
        "<sub>duckpond-deep-single-thread · 11 functions",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_what_would_mislead_stands_open() -> None:
    assert (
        "\n⚠️ 2 lines hold the mark and could not be read as a record."
        in render_markdown(sample_report()).partition("###")[0]
    )


def test_evidence_says_how_much_of_it_is_shown() -> None:
    summary = render_markdown(sample_report())
    assert "- 3 of 152 calls are shown\n" in summary
    assert "- 1 of 5 calls are shown\n" in summary


def test_a_comparison_leads_with_the_change_and_folds_the_rest() -> None:
    text = render_markdown(compared_report())
    order = [
        "**+124 calls, 118 of them redundant: new N+1 in `load_directory`.**",
        "- ❌ `new-findings` **failed**: 1, limit 0 (fan-out of `query_latest_record`)",
        "- ✅ `redundant_rate > 0.9` passed: 0.8338, limit 0.9",
        "| 🔺 new | `load_node` asks `query_latest_record` once for each `id` | - | 80 | +80 |",
        "| 🔺 worse | `metadata` asks `query_records` again | 157 | 195 | +38 |",
        "| calls | 6,926 | 7,050 | +124 |",
        "<details><summary>Changed Functions</summary>",
        "### What to change first",
        "**1. `metadata` asks",
        "**4. `load_node` asks",
        "<details><summary>8 further findings</summary>",
        "<details><summary>The whole run</summary>",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_an_accepted_change_is_marked_as_such() -> None:
    report = compared_report()
    assert report.comparison is not None
    changes = [msgspec.structs.replace(row, accepted="known") for row in report.comparison.findings.rows]
    comparison = msgspec.structs.replace(report.comparison, findings=rows(*changes))
    text = render_markdown(msgspec.structs.replace(report, comparison=comparison))
    assert "| new | `load_node` asks `query_latest_record` once for each `id` (accepted) | - | 80 | +80 |" in text
    assert "🔺 new" not in text


def test_what_is_new_stands_open_whatever_its_rank() -> None:
    report = msgspec.structs.replace(compared_report(), settings=Settings(top=2))
    opened = (
        render_markdown(report).partition("### What to change first")[2].partition("<details><summary>The whole")[0]
    )
    assert "**1. `metadata` asks" in opened
    assert "**4. `load_node` asks" in opened
    assert "_2 of 23 findings are shown._" in opened


def test_nothing_changed_is_one_line() -> None:
    verdict = "Nothing changed: 7,050 calls, 5,878 of them redundant, as in main."
    assert render_markdown(unchanged_report()) == f"{verdict}\n"
    gate = Gate(expression="worse", figure=0.0, limit=0.0, passed=True, note="")
    passed = msgspec.structs.replace(unchanged_report(), gates=rows(gate))
    assert render_markdown(passed) == f"{verdict} 1 gate passed.\n"
    failed = msgspec.structs.replace(passed, gates=rows(msgspec.structs.replace(gate, passed=False)))
    assert "❌ `worse` **failed**" in render_markdown(failed)


@pytest.mark.parametrize("doubt", ["quality", "errors", "not judged"])
def test_nothing_changed_is_no_single_line_while_the_log_cannot_be_trusted(doubt: str) -> None:
    report = unchanged_report()
    assert report.input is not None
    torn = QualityWarning(code="torn-lines", message="2 lines were torn.", remedy="Write each with one write.", count=2)
    changes: dict[str, dict[str, Any]] = {
        "quality": {"quality": rows(torn)},
        "errors": {"input": msgspec.structs.replace(report.input, errors=("a.gz: cut off",))},
        "not judged": {
            "quality": rows(QualityWarning(code="interleaved", message="Mixed.", remedy="", count=9, misleading=False))
        },
    }
    text = render_markdown(msgspec.structs.replace(report, **changes[doubt]))
    assert text.startswith("**Nothing changed: ")
    assert text.count("\n") > 5
    assert ("⚠️ 2 lines were torn. Write each with one write." in text) == (doubt == "quality")


def test_empty_is_good_news() -> None:
    text = render_markdown(empty_report())
    assert text.startswith("**None of the 1,523 calls was made twice.**\n")
    assert "What to change first" not in text
    assert text.count("<details>") == 4, "functions, their times, processes, input"


@pytest.mark.parametrize("limit_bytes", [200, 1_500, 8_000, 20_000, 60_000, 1_000_000])
@pytest.mark.parametrize("name", [*REPORTS, "huge"])
def test_the_limit_holds_and_what_it_cost_is_said(name: str, limit_bytes: int) -> None:
    report = huge_report() if name == "huge" else REPORTS[name]
    text = render_markdown(report, limit_bytes=limit_bytes, marker="KEY")
    assert len(text.encode()) <= limit_bytes
    if name == "huge" and limit_bytes >= 1_500:
        assert f"under {limit_bytes:,} bytes" in text


def test_a_limit_below_the_verdict_is_refused_with_what_it_takes() -> None:
    with pytest.raises(UsageError, match="too few") as caught:
        render_markdown(sample_report(), limit_bytes=50)
    needed = int(re.sub(r"\D", "", caught.value.remedy))
    assert len(render_markdown(sample_report(), limit_bytes=needed).encode()) <= needed


def test_the_verdict_and_the_gates_outlast_all_else() -> None:
    report = compared_report()
    assert report.comparison is not None
    verdict = "+124 calls, 118 of them redundant: new N+1 in `load_directory`."
    whole = render_markdown(report, limit_bytes=500)
    assert len(whole.encode()) <= 500
    assert whole.startswith(f"**{verdict}**\n\n- ❌ `new-findings` **failed**: 1, limit 0")
    assert "- ✅ `redundant_rate > 0.9` passed" in whole
    assert whole.endswith(")\n")
    failed = render_markdown(report, limit_bytes=170)
    assert "❌ `new-findings`" in failed
    assert "✅" not in failed
    assert render_markdown(report, limit_bytes=80) == f"**{verdict}**\n"


def test_a_verdict_that_is_cut_holds_no_half_name() -> None:
    report = compared_report()
    assert report.comparison is not None
    verdict = "+1 call: " + ", ".join(f"new repeats of `function_{at}` by `caller_{at}`" for at in range(9))
    comparison = msgspec.structs.replace(report.comparison, verdict=verdict)
    text = render_markdown(msgspec.structs.replace(report, comparison=comparison), limit_bytes=150)
    assert len(text.encode()) <= 150
    assert "…" in text
    names = [
        child.content
        for token in MarkdownIt("commonmark").parse(text)
        for child in token.children or []
        if child.type == "code_inline"
    ]
    assert names
    assert all(re.fullmatch(r"(function|caller)_\d|\S*…\S*", name) for name in names)


def test_headlines_outlast_details_and_details_outlast_tables() -> None:
    short, long = (render_markdown(sample_report(), limit_bytes=limit) for limit in (6_000, 20_000))
    assert "**10. " in short
    assert "What it is" not in short
    assert "**10. " in long
    assert "What it is" in long
    assert "Slowest calls" not in long


@pytest.mark.parametrize("name", [*REPORTS, "huge"])
def test_markdown_it_sees_only_what_is_ours(name: str) -> None:
    report = huge_report() if name == "huge" else REPORTS[name]
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(render_markdown(report, marker="KEY"))
    html = [token.content.strip() for token in tokens if token.type == "html_block"]
    for token in tokens:
        for child in token.children or []:
            assert child.type not in ("link_open", "image")
            if child.type == "html_inline":
                html.append(child.content)
            if child.type == "text":
                assert not LINKED_BY_GITHUB.search(child.content), child.content
    assert all(OUR_HTML.fullmatch(line) for block in html for line in block.splitlines())
    assert sum(block.count("<details>") for block in html) == sum(block.count("</details>") for block in html)


@pytest.mark.parametrize("name", [*REPORTS, "huge"])
def test_githubs_parser_sees_only_what_is_ours(name: str) -> None:
    report = huge_report() if name == "huge" else REPORTS[name]
    tree = parse_with_cmark(render_markdown(report, marker="KEY"))
    assert not tree.find("link")
    assert not tree.find("image")
    for node in tree.find("text"):
        assert not LINKED_BY_GITHUB.search(node.text), node.text
    html = [node.text.strip() for kind in ("html_block", "html_inline") for node in tree.find(kind)]
    assert all(OUR_HTML.fullmatch(line) for block in html for line in block.splitlines())


@pytest.mark.parametrize("name", REPORTS)
def test_both_parsers_see_the_same_tables(name: str) -> None:
    text = render_markdown(REPORTS[name])
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    by_markdown_it: list[list[str]] = []
    for index, token in enumerate(tokens):
        if token.type == "tr_open":
            by_markdown_it.append([])
        if token.type in ("td_open", "th_open"):
            by_markdown_it[-1].append("".join(child.content for child in tokens[index + 1].children or []))
    tree = parse_with_cmark(text)
    header_and_rows = tree.find("table_header") + tree.find("table_row")
    by_cmark = [[cell.all_text() for cell in row.find("table_cell")] for row in header_and_rows]
    assert sorted(by_cmark) == sorted(by_markdown_it)
    for table in tree.find("table"):
        widths = {len(row.find("table_cell")) for row in table.children}
        assert len(widths) == 1


def test_a_hostile_value_comes_out_whole_in_its_cell() -> None:
    report = msgspec.structs.replace(sample_report(), redundant_signatures=Rows(), call_tree=None)
    cells = [cell.all_text() for cell in parse_with_cmark(render_markdown(report)).find("table_cell")]
    assert HOSTILE_CALLER in cells


@given(st.lists(st.text(max_size=60), min_size=3, max_size=3))
@settings(max_examples=40, deadline=None)
def test_any_text_of_a_log_stays_text(texts: list[str]) -> None:
    name, caller, value = texts
    sample = compared_report()
    assert sample.comparison is not None
    named = rows(
        *(msgspec.structs.replace(found, function=name, callers=(caller, *found.callers[1:])) for found in FINDINGS)
    )
    report = msgspec.structs.replace(
        sample,
        title=value,
        findings=named,
        redundant_signatures=rows(signature(name, caller, params(id=value), 1, 2, calls=2)),
        comparison=msgspec.structs.replace(
            sample.comparison,
            verdict=f"+1 call: new `{name}` in `{caller}`.",
            findings=rows(*(finding_change(found, before=1, after=2, state="worse") for found in named.rows)),
        ),
    )
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(render_markdown(report, marker="KEY"))
    for token in tokens:
        if token.type == "html_block":
            assert all(OUR_HTML.fullmatch(line) for line in token.content.strip().splitlines())
        for child in token.children or []:
            assert child.type not in ("link_open", "image")
            assert child.type != "html_inline" or OUR_HTML.fullmatch(child.content)
            assert child.type != "text" or not LINKED_BY_GITHUB.search(child.content)
