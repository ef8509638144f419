"""Places in the source: in every document, and as links where it is said how."""

import json
import re

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from tests.sample_report import sample_report
from tracereport.api import render
from tracereport.documents.page.page import render_html
from tracereport.documents.places import EDITORS, Place, PlaceLinks, choose_links, parse_place
from tracereport.documents.summary import render_markdown
from tracereport.documents.terminal.brief import render_brief
from tracereport.documents.terminal.report import render_explanation, render_text
from tracereport.errors import UsageError
from tracereport.model import PlaceCount, Report, Rows

HOSTILE = 'src/<img src=x>/a"b (1).py:7'
BLOB = "https://git.example/shop/app/blob/abc123/{path}#L{line}"


def placed_report() -> Report:
    report = sample_report()
    at = Rows(4, (PlaceCount(at="app/main.py:32", calls=100), PlaceCount(at=HOSTILE, calls=3)))
    findings = tuple(replace(found, at=at) for found in report.findings.rows)
    return replace(report, findings=Rows(report.findings.total, findings))


@pytest.mark.parametrize(
    ("at", "place"),
    [
        ("app/main.py:32", Place("app/main.py", 32)),
        ("C:\\app\\main.py:5", Place("C:\\app\\main.py", 5)),
        ("main.py", None),
        (":3", None),
        ("main.py:x", None),
        ("main.py:-3", None),
        ("main.py:12345678901", None),
    ],
)
def test_a_place_is_a_path_and_a_line(at: str, place: Place | None) -> None:
    assert parse_place(at) == place


def test_every_document_names_the_place_of_a_finding() -> None:
    report = placed_report()
    finding = report.findings.rows[0]
    assert "     At: app/main.py:32 (100 calls), " in render_text(report, width=200)
    assert re.search(
        r"^  at +app/main.py:32 \(100 calls\), .* and 2 more$", render_explanation(report, finding), re.MULTILINE
    )
    assert "   app/main.py:32: 195 repeats" in render_brief(report, width=200, colour=False, command=("", ""))
    assert "; at `app/main.py:32` (100 calls), " in render_markdown(report)
    assert "<code>app/main.py:32</code>" in render_html(report, pictures=False)
    sarif = json.loads(render(report, "sarif"))
    (location,) = sarif["runs"][0]["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "app/main.py"
    assert location["physicalLocation"]["region"]["startLine"] == 32
    assert "file=app/main.py,line=32," in str(render(report, "github"))


def test_a_place_is_a_link_where_the_options_say_how() -> None:
    links = choose_links(BLOB, None, "/srv/app", "/srv/app/sub")
    assert links.address_of("app/main.py:32") == "https://git.example/shop/app/blob/abc123/app/main.py#L32"
    assert links.address_of("/srv/app/x.py:1").endswith("/abc123/x.py#L1"), "from the repository's root on"
    assert links.address_of("nowhere") == ""
    assert PlaceLinks().address_of("app/main.py:32") == ""
    page = render_html(placed_report(), pictures=False, links=links)
    assert '<a href="https://git.example/shop/app/blob/abc123/app/main.py#L32"><code>app/main.py:32</code></a>' in page
    markdown = render_markdown(placed_report(), links=links)
    assert "[`app/main.py:32`](https://git.example/shop/app/blob/abc123/app/main.py#L32)" in markdown


@pytest.mark.parametrize("editor", EDITORS)
def test_an_editor_opens_the_whole_path(editor: str) -> None:
    links = choose_links(BLOB, editor, "/srv/app", "/srv/app/sub")
    assert "/srv/app/sub/lib/x.py" in links.address_of("lib/x.py:4")
    assert "/other/x.py" in links.address_of("/other/x.py:4")
    assert links.address_of("lib/x.py:4").endswith("4")


def test_nothing_of_a_log_leaves_its_part_of_an_address() -> None:
    links = choose_links(BLOB, None, "", "")
    address = links.address_of(HOSTILE)
    assert re.fullmatch(r"https://git\.example/[\w./%-]+#L7", address), address
    assert links.address_of("{line}{path}:3").endswith("%7Bline%7D%7Bpath%7D#L3")
    page = render_html(placed_report(), pictures=False, links=links)
    assert "<img" not in page
    tokens = MarkdownIt("commonmark", {"html": True}).parse(render_markdown(placed_report(), links=links))
    hrefs = {
        str(child.attrGet("href")) for token in tokens for child in token.children or () if child.type == "link_open"
    }
    assert hrefs == {address, links.address_of("app/main.py:32")}


@pytest.mark.parametrize(
    ("source_url", "editor"),
    [("javascript:alert(1)//{path}", None), ("https://git.example/app", None), ("", None), (None, "notepad")],
)
def test_what_is_no_address_of_a_place_is_refused(source_url: str | None, editor: str | None) -> None:
    with pytest.raises(UsageError):
        choose_links(source_url, editor, "", "")
