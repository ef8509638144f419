"""The seam of sections: written once, shown alike; every figure is the same in text, Markdown and HTML."""

import re
from collections.abc import Sequence
from html import unescape
from typing import Any

import pytest

from tests.golden import report_on
from tests.make_figures import PAGE, make_page
from tests.paths import INPUTS
from tests.sample_report import sample_report
from tests.sample_report.compared import compared_report, unchanged_report
from tests.sample_report.empty import empty_report
from tracereport.documents.page.page import list_definitions, render_html
from tracereport.documents.page.tables import list_chapters
from tracereport.documents.page.written import HtmlText, Limits
from tracereport.documents.summary import render_markdown
from tracereport.documents.terminal.page import TerminalPage
from tracereport.documents.terminal.report import render_text
from tracereport.documents.terminal.sections import write_section
from tracereport.engine.report import make_report
from tracereport.model import Report, Rows, Settings
from tracereport.sections import SECTIONS
from tracereport.sections.cells import NOTHING, Count, Figure, Name
from tracereport.sections.interface import FUNCTIONS, GATES, Column, SectionView, counts, figures, words
from tracereport.sources.inputs import read_inputs
from tracereport.wording.labels import Labels

WIDE = 2000
REPORTS = {
    "sample": sample_report(),
    "compared": compared_report(),
    "unchanged": unchanged_report(),
    "empty": empty_report(),
    **{name: report_on(name) for name in ("single-thread", "duckpond-deep-nextest", "bare-captured")},
    **{
        name: make_report(read_inputs([str(INPUTS / name)]), Settings(), name)
        for name in ("otlp-java-agent.jsonl", "rails-books.log", "books-postgres.log", "minifs-interleaved.log")
    },
}


class Letters(SectionView[str]):
    """A toy section: how long the functions' names are."""

    key = "letters"
    title = "Top {top} Names by Length"
    chapter = FUNCTIONS
    fix = "Give it a shorter name."

    def rows(self, report: Report) -> Rows[str]:
        names = sorted({row.function for row in report.functions.rows}, key=lambda name: (-len(name), name))
        return Rows(len(names), tuple(names))

    def columns(self, report: Report) -> Sequence[Column[str]]:
        del report
        return (
            counts("letters", len),
            words("name", Name),
            figures("vowels", lambda name: Figure(f"{sum(map(name.count, 'aeiou'))} of them")),
        )


def test_a_new_section_is_one_class_and_every_document_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    report = REPORTS["single-thread"]
    toy = Letters()
    for module in ("terminal.report", "summary", "page.tables"):
        monkeypatch.setattr(f"tracereport.documents.{module}.SECTIONS", (*SECTIONS, toy))
    longest = "query_single_directory_entry"
    text = render_text(report).partition("=== Top 10 Names by Length ===\n")[2]
    assert text.splitlines()[1].split() == [str(len(longest)), longest, "8", "of", "them"]
    assert "  Fix: Give it a shorter name." in text
    markdown = render_markdown(report, limit_bytes=10**6).partition("<summary>Top 10 Names by Length</summary>")[2]
    assert f"| {len(longest)} | `{longest}` | 8 of them |" in markdown
    page = render_html(report, pictures=False).partition('id="letters"')[2].partition("</table>")[0]
    assert f"<code>{longest}</code>" in page
    assert "8 of them" in page


@pytest.mark.parametrize("view", SECTIONS, ids=lambda view: view.key)
def test_what_a_section_says_of_itself_is_there(view: SectionView[Any]) -> None:
    definitions = list_definitions(Settings())
    titles = [column.title for column in view.columns(compared_report())]
    assert titles
    assert view.title
    assert view.definition in {"", *definitions}
    assert {column.definition for column in view.columns(compared_report())} <= {"", *definitions}
    assert not view.fix or view.fix.endswith(".")


def test_the_page_of_definitions_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == make_page(), "run python -m tests.make_figures"


def test_no_two_sections_share_a_key_or_a_title() -> None:
    keys = [view.key for view in SECTIONS] + [view.chapter.key for view in SECTIONS[:1]]
    assert len(set(keys)) == len(keys)
    titles = [view.title for view in SECTIONS]
    assert len(set(titles)) == len(titles)


def test_the_page_has_every_section_in_the_order_of_the_text() -> None:
    report = compared_report()
    text = HtmlText(Limits(findings=10, rows=10, explorer_rows=10), Labels())
    shown = [table.key for chapter in list_chapters(report, text) for table in chapter.tables]
    chapters = list(dict.fromkeys(view.chapter for view in SECTIONS))
    in_order = sorted(SECTIONS, key=lambda view: chapters.index(view.chapter))
    assert shown == [view.key for view in in_order if view.is_present(report)]


def expected_rows(view: SectionView[Any], report: Report, most: int) -> list[list[str]]:
    """The figures of each row, as the section itself words them."""
    columns = [column for column in view.columns(report) if column.figures]
    lines = [line for row in view.rows(report).rows[:most] for line in view.expand(row)]
    return [[column.cell(line).plain() for column in columns] for line in lines]


def figures_in_page(page: str, key: str) -> list[list[str]]:
    table = page.partition(f'<div class="frame" id="{key}"')[2].partition("</table>")[0]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", table.partition("<tbody>")[2], re.DOTALL)
    return [
        [unescape(re.sub("<[^>]*>", "", cell)) for cell in re.findall(r'<td class="figure"[^>]*>(.*?)</td>', row)]
        for row in rows
    ]


def figures_in_markdown(markdown: str, view: SectionView[Any], report: Report) -> list[list[str]]:
    columns = view.columns(report)
    header = "| " + " | ".join(column.title for column in columns) + " |\n"
    for part in re.split(re.escape(header), markdown)[1:]:
        table = part.partition("\n\n")[0].splitlines()[1:]
        rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table]
        found = [[row[at].strip() for at, column in enumerate(columns) if column.figures] for row in rows]
        if found == expected_rows(view, report, len(found)):
            return found
    return []


@pytest.mark.parametrize("name", REPORTS)
def test_every_figure_of_every_section_reads_alike_in_text_markdown_and_page(name: str) -> None:
    report = REPORTS[name]
    top = report.settings.top
    page = render_html(report, pictures=False)
    markdown = render_markdown(report, limit_bytes=10**7)
    terminal = TerminalPage.of(report, width=WIDE, colour=False)
    compared = 0
    for view in SECTIONS:
        expected = expected_rows(view, report, top)
        if not any(expected):
            continue
        heading_is_figure = all(column.figures for column in view.columns(report))
        assert not heading_is_figure, "a row is headed by a name"
        assert figures_in_page(page, view.key) == expected, view.key
        if view.chapter is not GATES and not (report.comparison and markdown.count("\n") == 1):
            assert figures_in_markdown(markdown, view, report) == expected, view.key
        hold_text(write_section(terminal, view), view, report)
        compared += sum(map(len, expected))
    assert compared > 20 or name in {"empty", "unchanged"}


@pytest.mark.parametrize("key", ["functions-by-calls", "callers-by-calls", "shared-lookups"])
def test_a_figure_that_reads_otherwise_in_one_document_is_seen(key: str) -> None:
    """What holds the documents against one another can fail."""
    report = REPORTS["single-thread"]
    view = next(view for view in SECTIONS if view.key == key)
    expected = expected_rows(view, report, report.settings.top)
    shown = next(cell for cell in expected[0] if re.fullmatch(r"[1-9]\d*", cell))
    other = str(int(shown) + 100_000)
    page = render_html(report, pictures=False)
    start = page.index(f'<div class="frame" id="{key}"')
    changed = page[:start] + re.sub(rf">{shown}<", f">{other}<", page[start:])
    assert figures_in_page(page, key) == expected != figures_in_page(changed, key)
    markdown = render_markdown(report, limit_bytes=10**7)
    assert figures_in_markdown(markdown, view, report) == expected
    assert figures_in_markdown(re.sub(rf"\b{shown}\b", other, markdown), view, report) != expected
    text = write_section(TerminalPage.of(report, width=WIDE, colour=False), view)
    hold_text(text, view, report)
    with pytest.raises((AssertionError, StopIteration)):
        hold_text(re.sub(rf"(?<![\w.]){shown}(?![\w.])", other, text), view, report)


def hold_text(text: str, view: SectionView[Any], report: Report) -> None:
    """Each row's figures stand in its line, or in the lines of its entry, in their order."""
    lines = text.splitlines()
    for row in view.rows(report).rows[: report.settings.top]:
        for line in view.expand(row):
            wanted = [(column.title, column.cell(line)) for column in view.columns(report) if column.figures]
            if view.as_entries:
                said = [word for title, cell in wanted if (word := say(title, cell))]
                start = next(at for at, found in enumerate(lines) if in_order(said[:1], found))
                entry = " ".join(lines[start : start + 12])
                positions = [entry.find(word) for word in said]
                lines = lines[start + 1 :]
            else:
                said = [cell.plain() or NOTHING for _, cell in wanted]
                shown = next((found for found in lines if in_order(said, found)), None)
                assert shown is not None, (view.key, said)
                lines = lines[lines.index(shown) + 1 :]
                positions = []
            assert -1 not in positions, (view.key, said)


def say(title: str, cell: object) -> str:
    """What an entry says of a figure; nothing of a zero."""
    if isinstance(cell, Count):
        return f"{cell.plain()} {title.removesuffix('s') if cell.count == 1 else title}" if cell.count else ""
    assert isinstance(cell, Figure)
    return f"{title} {cell.text}" if cell.text not in {"", NOTHING} else ""


def in_order(words_said: Sequence[str], line: str) -> bool:
    return re.search(".*?".join(rf"(?<!\S){re.escape(word)}(?![\w.])" for word in words_said), line) is not None


WHOLE_BARS = {
    "functions-by-calls": lambda row: row.calls,
    "callers-by-calls": lambda row: row.calls,
    "function-times": lambda row: row.total_elapsed_upper_ns,
    "changed-functions": lambda row: abs(row.calls_after - row.calls_before),
}
"""What the bar of a line is long for, as its figures say it."""


@pytest.mark.parametrize("name", ["sample", "compared", "duckpond-deep-nextest"])
def test_the_parts_of_a_bar_add_up_to_the_figure_beside_it(name: str) -> None:
    report = REPORTS[name]
    drawn = set()
    for view in SECTIONS:
        bars = view.bars(report)
        lines = [line for row in view.rows(report).rows for line in view.expand(row)]
        if bars is None or not lines:
            continue
        drawn.add(view.key)
        for line in lines:
            parts = bars.parts(line)
            assert len(parts) == len(bars.legend), view.key
            assert all(part >= 0 for part in parts), view.key
            if view.key in WHOLE_BARS:
                assert sum(parts) == WHOLE_BARS[view.key](line), view.key
    assert {"functions-by-calls", "function-times"} <= drawn


@pytest.mark.parametrize("name", REPORTS)
def test_the_headline_and_the_tables_tell_all_judged_calls_apart(name: str) -> None:
    report = REPORTS[name]
    totals = report.totals
    answers = (totals.unchanged_repeats, totals.changed_repeats, totals.unproven_repeats)
    kinds = (totals.first_calls, totals.fan_out_calls, *answers, totals.other_calls)
    assert sum(kinds) == totals.judged_calls
    legend = render_html(report, pictures=False).partition('class="answers"')[2].partition("</p>")[0]
    told = [int(count.replace(",", "")) for count in re.findall(r"</svg> ([\d,]+) ", legend)]
    assert told == [count for count in kinds if count and totals.judged_calls]
