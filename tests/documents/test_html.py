import gzip
import json
import re
from base64 import b64decode, b64encode
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import msgspec
import pytest

from tests.crowded_report import crowded_report
from tests.sample_report import sample_report
from tests.sample_report.compared import compared_report
from tests.sample_report.empty import empty_report
from tests.sample_report.names import HOSTILE_CALLER, HOSTILE_FUNCTION
from tracereport.documents.page.page import MOST_BYTES, list_definitions, render_html
from tracereport.documents.terminal.report import render_text
from tracereport.findings.repeats.findings import RepeatSums, state_confidence
from tracereport.model import Report, Rows, Selection, SetApart, Settings
from tracereport.sections.comparison import TotalsChanges

KNOWN = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "script",
        "header",
        "main",
        "nav",
        "footer",
        "section",
        "aside",
    ),
    *("h1", "h2", "h3", "h4", "h5", "p", "div", "span", "small", "strong", "em", "code", "pre", "a", "ul", "ol", "li"),
    *("dl", "dt", "dd", "details", "summary", "figure", "figcaption", "table", "caption", "thead", "tbody", "tr"),
    *("th", "td", "form", "fieldset", "legend", "label", "input", "select", "option", "button"),
    *("svg", "defs", "pattern", "clippath", "g", "path", "line", "rect", "text"),
}
VOID = {"meta", "input", "br", "hr", "link", "img"}
ALLOWED_URL = re.compile(r"#[\w-]+")


class Page(HTMLParser):
    """The page as a browser's parser would see it: elements, their attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.source = page
        self.feed(page)
        self.close()
        assert self._open == [], "elements are closed in their order"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ""
        {"script": self.scripts, "style": self.styles}.get(inside, self.words).append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture(scope="module")
def source() -> str:
    return render_html(compared_report())


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def words_of(report: Report) -> str:
    return Page(render_html(report, pictures=False)).text


def test_the_first_screen_has_the_verdict_the_figures_and_the_findings_in_this_order(page: Page) -> None:
    words = page.text
    places = [
        words.index(part)
        for part in (
            "duckpond-deep-single-thread",
            "5,878 of 7,050 calls ask again",
            "14.8-17.5 s",
            "2 lines hold the mark",
            "What to change first",
            "metadata asks query_records again for what is known",
        )
        if part in words or pytest.fail(part)
    ]
    assert places == sorted(places)


def test_every_finding_opens_in_place_under_its_own_link(page: Page) -> None:
    ids = {attributes.get("id") for attributes in page.named("li")}
    for finding in sample_report().findings.rows:
        assert f"f-{finding.fingerprint}" in ids
    assert len(page.named("details")) >= 10


def test_the_page_says_what_it_leaves_out(page: Page) -> None:
    assert "10 of 23" in page.text
    assert "10 of 11" in page.text


def test_caches_that_could_answer_nothing_are_left_out_by_page_and_text_alike() -> None:
    report = sample_report()
    assert {row.function for row in report.cache_curves.rows if not row.possible_hits} == {"plan_query"}
    section = render_html(report, pictures=False).partition('<section id="cache"')[2].partition("</section>")[0]
    assert "plan_query" not in section
    assert "2 of 3" not in section
    text = render_text(report).partition("=== Cache Size ===")[2].partition("===")[0]
    assert "plan_query" not in text
    assert "2 of 3" not in text


def test_definitions_are_those_of_the_settings_in_force() -> None:
    plain = list_definitions(Settings())
    assert "three times or more" in plain["candidates"].text
    assert "five or more values" in plain["fan-out"].text
    assert "no call below 10 ms" in plain["slow"].text
    assert "leave out" not in plain["evidence"].text
    other = list_definitions(
        Settings(
            cache_candidate_calls=4,
            fan_out_values=12,
            slow_minimum_calls=50,
            slow_minimum_ns=2_000_000,
            ignore_metrics=("cache_entries", "<b>`x`"),
        )
    )
    assert "four times or more" in other["candidates"].text
    assert "12 or more values" in other["fan-out"].text
    assert "50 calls or more, and no call below 2 ms" in other["slow"].text
    assert "but for <code>cache_entries</code> and <code>&lt;b&gt;`x`</code>" in other["evidence"].text


def test_every_reason_for_a_low_finding_is_among_the_definitions() -> None:
    text = list_definitions(Settings())["confidence"].text.partition("Low")[2]
    assert state_confidence(RepeatSums(changed=1), "content")[0] == "low"
    for reason in ("every answer had changed", "a fan-out has no parent call", "calls are slow"):
        assert reason in text


def test_no_finding_is_good_news() -> None:
    words = words_of(empty_report())
    assert "None of the 1,523 calls was made twice" in words
    assert "Nothing to change was found in 1,523 judged calls." in words
    assert "not known" in words


def test_a_selection_is_said_at_the_top() -> None:
    narrowed = msgspec.structs.replace(
        sample_report(), selection=Selection(functions=("query_*",), callers=("metadata", "<b>"))
    )
    assert "This page shows only function query_* , caller metadata or <b> ." in words_of(narrowed)


def test_a_report_of_a_frame_has_no_input() -> None:
    assert "made from a frame of calls" in words_of(msgspec.structs.replace(sample_report(), input=None))


def test_gates_and_comparison_stand_before_all_other_sections(page: Page) -> None:
    words = page.text
    assert words.index("1 gate failed") < words.index("What to change first")
    assert words.index("+124 calls, 118 of them redundant") < words.index("What to change first")


def test_compared_figures_read_as_in_the_other_documents(source: str) -> None:
    comparison = compared_report().comparison
    assert comparison is not None
    view = TotalsChanges()
    columns = view.columns(compared_report())
    expected = [[column.cell(row).plain() for column in columns] for row in view.rows(compared_report()).rows]
    table = source.partition('id="changed-totals"')[2].partition("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table.partition("<tbody>")[2], re.DOTALL)
    shown = [[re.sub("<[^>]*>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]
    assert shown == [[unescape(cell) for cell in cells] for cells in expected]


def test_gates_stand_before_what_to_change_and_the_comparison_right_behind_it(page: Page) -> None:
    ids = [attributes["id"] for tag, attributes in page.elements if tag == "section" and "id" in attributes]
    assert ids.index("gates") < ids.index("findings") < ids.index("comparison") < ids.index("functions")
    assert ids.count("comparison") == 1


def headings(page: Page) -> dict[str, list[str]]:
    """The columns of each table, by its frame's label."""
    found: dict[str, list[str]] = {}
    for label, table in re.findall(r'aria-label="([^"]*)">\s*<table.*?<thead>(.*?)</thead>', page.source, re.DOTALL):
        found[label] = [re.sub("<[^>]*>", "", cell) for cell in re.findall(r"<th .*?</th>", table)]
    return found


def figures_of(page: Page, label: str, *begins: str) -> list[str]:
    """What else stands in the row that begins so, in the table whose frame has this label."""
    table = page.source.partition(f'aria-label="{label}"')[2].partition("</table>")[0]
    for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL):
        cells = [
            re.sub("<[^>]*>", "", cell).strip()
            for cell in re.findall(r"<t[hd] (?!class=.bar).*?</t[hd]>|<td>.*?</td>", row)
        ]
        if cells[: len(begins)] == [*begins]:
            return cells[len(begins) :]
    pytest.fail(f"{label} has no row of {begins}")


def test_every_table_with_a_baseline_has_its_changes(page: Page) -> None:
    compared, plain = headings(page), headings(Page(render_html(sample_report(), pictures=False)))
    functions = "Top 10 Functions by Call Count"
    assert compared[functions][:6] == ["function", "calls", "change", "one by one", "repeats", "change"]
    for label, changes in ((functions, 2), ("Callers", 2), ("Call Patterns", 2), ("Processes", 1)):
        assert compared[label].count("change") == changes
        assert "change" not in plain[label]
        assert [title for title in compared[label] if title != "change"] == plain[label]
    assert figures_of(page, functions, "query_latest_record")[:5] == ["688", "+88", "80", "534", "+80"]
    assert figures_of(page, functions, "query_records")[1:5] == ["-", "-", "492", "-"]
    edges = [row for row in compared_report().edges.rows if row.function == "query_latest_record"]
    assert [row.caller for row in edges] == ["load_node"]
    assert figures_of(page, "Call Patterns", "load_node", "688")[:3] == ["+88", "query_latest_record", "534"]
    assert compared["Changed Findings"][-3:] == ["before", "after", "change"]
    assert compared["Changed Calls"].count("change") == 2


def test_what_is_set_apart_is_said_unless_nothing_is_comparable() -> None:
    report = compared_report()
    assert report.comparison is not None
    for differ in (True, False):
        comparison = msgspec.structs.replace(
            report.comparison,
            processes_differ=differ,
            units_only_after=Rows(1, (SetApart(name="added_test", units=2, calls=1, repeats=0),)),
        )
        words = words_of(msgspec.structs.replace(report, comparison=comparison))
        assert ("set apart below" in words) != differ
        assert "added_test" in words


def test_headings_go_down_one_level_at_a_time(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_ids_are_unique_and_links_lead_somewhere(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for attributes in page.named("a"):
        href = attributes["href"] or ""
        assert ALLOWED_URL.fullmatch(href)
        assert href[1:] in ids, href


def test_tables_have_captions_and_scopes(page: Page) -> None:
    assert len(page.named("caption")) == len(page.named("table")) > 15
    assert all(attributes.get("scope") in {"row", "col"} for attributes in page.named("th"))


def test_every_figure_of_the_first_screen_is_one_click_from_its_definition(source: str) -> None:
    front = source[source.index('<dl class="figures">') : source.index("</dl>")]
    assert front.count("<dt>") == front.count('href="#def-') == 5


def test_every_definition_is_one_that_the_page_refers_to(source: str) -> None:
    referred = set(re.findall(r'href="#def-([\w-]+)"', source))
    assert referred == {definition.key for definition in list_definitions(Settings()).values()}


def test_the_policy_names_every_script_and_style_by_hash(page: Page) -> None:
    policy = next(a["content"] or "" for a in page.named("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; ")
    inert = [a.get("type") for a in page.named("script")]
    assert inert == ["application/json", None, "text/plain"]
    unpacked = gzip.decompress(b64decode(page.scripts[2])).decode()
    for source in (*page.styles, page.scripts[1], unpacked):
        digest = b64encode(sha256(source.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert policy.count("sha256-") == 3


def test_nothing_in_the_page_needs_more_than_the_policy_allows(page: Page) -> None:
    for tag, attributes in page.elements:
        for name in attributes:
            assert not name.startswith("on"), (tag, name)
            assert name not in {"style", "src", "action", "formaction", "srcdoc"}, (tag, name)


def test_text_of_the_log_is_never_markup(page: Page) -> None:
    assert {tag for tag, _ in page.elements} <= KNOWN
    assert len(page.named("script")) == 3
    assert "alert(1)" in page.text


def test_data_of_the_script_is_json_that_cannot_end_it(page: Page, source: str) -> None:
    page_data = json.loads(page.scripts[0])
    assert "<" not in page.scripts[0]
    assert page_data["explorer"]["signatures"]["total"] == 856
    assert source.lower().count("</script") == 3


def test_the_explorer_holds_signatures_and_lookups(page: Page) -> None:
    explorer = json.loads(page.scripts[0])["explorer"]
    first = dict(zip(explorer["columns"], explorer["signatures"]["rows"][0], strict=True))
    assert explorer["texts"][first["function"]] == "ensure_partition_cached"
    assert [explorer["texts"][index] for index in first["callers"]] == ["query_latest_record"]
    assert first["calls"] == 267
    assert first["unproven"] == 266
    assert first["numbers"].endswith("…")


def test_a_finding_is_copied_as_markdown_with_its_advice(page: Page) -> None:
    markdown = json.loads(page.scripts[0])["markdown"]
    first = markdown[sample_report().findings.rows[0].fingerprint]
    assert first.startswith("### `metadata` asks `query_records` again for what is known\n")
    assert "in line 126" in first
    assert "/" not in first.partition("in line 126")[2].partition("\n")[0], "a path of one machine tells others nothing"
    assert "**How to fix it.**" in first


def test_control_and_bidirectional_characters_show_as_escapes(source: str) -> None:
    assert "\u202e" not in source
    assert "\\u202e" in source
    assert "\x1b" not in source
    assert "\x00" not in source


def test_what_is_cut_keeps_its_full_text_within_reach_of_a_keyboard(page: Page) -> None:
    cut = [attributes for _, attributes in page.elements if "elided" in (attributes.get("class") or "").split()]
    assert cut
    assert all(attributes.get("title") and attributes.get("tabindex") == "0" for attributes in cut)
    assert any("x" * 500 in (attributes["title"] or "") for attributes in cut)


def test_the_page_stays_small_whatever_the_log() -> None:
    assert len(render_html(crowded_report()).encode()) <= MOST_BYTES
    assert len(render_html(sample_report()).encode()) <= MOST_BYTES


def test_a_crowded_page_still_holds_findings_and_functions() -> None:
    page = Page(render_html(crowded_report()))
    assert len([a for a in page.named("li") if (a.get("id") or "").startswith("f-")]) >= 3
    assert "of 10,000" in page.text


def test_the_same_report_gives_the_same_bytes(source: str) -> None:
    assert render_html(compared_report()) == source


def test_without_pictures_nothing_of_the_chart_libraries_is_in_the_page() -> None:
    source = render_html(compared_report(), pictures=False)
    assert "<!-- picture of latencies -->" in source
    assert "asks again after get_next_version_for_node: 67 times" in source
    assert len(source) < 350_000
    assert json.loads(Page(source).scripts[0])["charts"] == {}


def test_a_report_without_anything_renders() -> None:
    nothing = msgspec.structs.replace(
        empty_report(), functions=Rows(), processes=Rows(), input=None, quality=Rows(), callers=Rows()
    )
    assert "Nothing to change was found" in words_of(nothing)


def test_names_of_the_log_are_shown_as_they_are(page: Page) -> None:
    assert HOSTILE_FUNCTION in page.text
    assert HOSTILE_CALLER[:20] in page.text
