"""The findings of the page: which lists they stand in, and that all of them are there."""

import re

from msgspec.structs import replace

from tests.crowded_report import crowded_report
from tests.sample_report import sample_report
from tests.sample_report.compared import compared_report
from tests.sample_report.findings import FINDINGS
from tracereport.documents.page.findings import list_cards, list_larger
from tracereport.documents.page.page import MOST_BYTES, render_html
from tracereport.documents.page.written import HtmlText, Limits
from tracereport.model import Report, Rows
from tracereport.wording.labels import Labels

TEXT = HtmlText(Limits(findings=3, rows=10, explorer_rows=10), Labels())


def many_findings(count: int) -> Report:
    report = sample_report()
    found = tuple(
        replace(FINDINGS[index % len(FINDINGS)], fingerprint=f"{index:012x}", accepted=None) for index in range(count)
    )
    return replace(report, findings=Rows(count, found))


def test_what_is_new_or_worse_is_a_list_of_its_own_before_all_others() -> None:
    keys = [cards.key for cards in list_cards(compared_report(), TEXT)]
    assert keys == ["grown", "sure", "unproven"]
    grown = list_cards(compared_report(), TEXT)[0]
    assert {card.state for card in grown.first} == {"new", "worse"}
    assert [cards.key for cards in list_cards(sample_report(), TEXT)] == ["sure", "unproven"]


def test_a_list_of_what_is_not_proven_is_called_larger_only_where_it_is() -> None:
    report = sample_report()
    titles = {cards.key: cards.title for cards in list_cards(report, TEXT)}
    assert titles["unproven"] == "Larger, not proven"
    may_save = [row for row in report.findings.rows if row.confidence == "low" or not row.calls_saved]
    assert max(row.possible_calls_saved for row in may_save) > max(row.calls_saved for row in report.findings.rows)
    small = tuple(
        replace(row, calls_saved=0, possible_calls_saved=1, avoidable_calls=0) if row in may_save else row
        for row in report.findings.rows
    )
    shrunk = replace(report, findings=Rows(len(small), small))
    assert {cards.key: cards.title for cards in list_cards(shrunk, TEXT)}["unproven"] == "Not proven"


def test_every_finding_is_in_the_page_the_first_ones_whole() -> None:
    report = many_findings(300)
    page = render_html(report, pictures=False)
    assert re.findall(r'<li id="f-([0-9a-f]+)"', page).__len__() == 300
    lists = list_cards(report, HtmlText(Limits(findings=10, rows=10, explorer_rows=10), Labels()))
    assert sum(len(cards.first) for cards in lists) == 20
    assert all(card.is_full for cards in lists for card in cards.first)
    assert not any(card.is_full for cards in lists for card in cards.others)


def test_what_has_no_room_is_counted_with_the_way_to_it() -> None:
    page = render_html(many_findings(900), pictures=False)
    shown = len(re.findall(r'<li id="f-', page))
    assert 50 <= shown < 900
    assert f"{shown} of 900</span> findings are in this page" in page
    assert "<code>--explain FINGERPRINT</code>" in page
    assert len(page.encode()) <= MOST_BYTES


def test_crowded_cards_keep_the_page_small() -> None:
    assert len(render_html(crowded_report(), pictures=False).encode()) <= MOST_BYTES


def test_what_is_larger_and_not_proven_is_named_at_the_top() -> None:
    lists = list_cards(sample_report(), TEXT)
    unproven = [row for row in FINDINGS if row.unproven and not row.calls_saved and row.accepted is None]
    larger = list_larger(lists)
    assert larger[0] == max(unproven, key=lambda row: row.possible_calls_saved)
    head = render_html(sample_report(), pictures=False).partition('class="larger"')[2].partition("</p>")[0]
    assert all(f'href="#f-{row.fingerprint}"' in head for row in larger)
    nothing = [cards for cards in lists if cards.key != "unproven"]
    assert list_larger(nothing) == []
