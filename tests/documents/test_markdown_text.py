"""Text of a log stays text wherever it enters Markdown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tracereport.documents.markdown_text import cell, code, prose
from tracereport.wording.units import escape_controls

VISIBLE = st.text(st.characters(codec="utf-8"), max_size=40)


@given(VISIBLE)
def test_a_code_span_holds_exactly_its_text(text: str) -> None:
    (paragraph,) = [
        token for token in MarkdownIt("commonmark").parse(f"x {code(text, 400)} y") if token.type == "inline"
    ]
    kinds = [child.type for child in paragraph.children or []]
    assert kinds == ["text", "code_inline", "text"]
    shown = escape_controls(text)
    assert (paragraph.children or [])[1].content == (shown if shown.strip() else f"'{shown}'")


@given(VISIBLE)
def test_a_cell_is_one_cell(text: str) -> None:
    table = f"| a | b |\n| --- | --- |\n| {cell(code(text, 400))} | end |\n"
    tokens = MarkdownIt("commonmark").enable("table").parse(table)
    cells = [tokens[index + 1] for index, token in enumerate(tokens) if token.type == "td_open"]
    assert [[child.type for child in cell.children or []] for cell in cells] == [["code_inline"], ["text"]]


@given(VISIBLE)
def test_prose_is_text_and_code_and_nothing_else(text: str) -> None:
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(f"Said: {prose(text)}.")
    kinds = {child.type for token in tokens for child in token.children or []}
    assert kinds <= {"text", "code_inline", "softbreak"}
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]


@pytest.mark.parametrize(
    "word",
    [
        "@octocat",
        "#123",
        "GH-1",
        "octo/cat#1",
        "0123456789abcdef0123456789abcdef01234567",
        "deadbeef",
        "www.evil.example",
    ],
)
def test_what_github_would_link_stands_as_code(word: str) -> None:
    assert prose(f"See {word}.") == f"See `{word}`."
    assert prose(f"({word})") == f"(`{word}`)"


def test_prose_keeps_a_sentence_as_it_is() -> None:
    sentence = '+124 calls (27 %), 5,386 "without evidence": it isn\'t judged; new N+1 in `load_node`.'
    assert prose(sentence) == sentence
    assert prose("Set RUST_BACKTRACE=1, or -- --nocapture.") == "Set `RUST_BACKTRACE=1`, or `--` `--nocapture`."
