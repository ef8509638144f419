"""The advice of each kind of finding has the same parts, says what the finding says, and keeps names in their place."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.commonmark import parse_with_cmark
from tests.sample_report.findings import FINDINGS, finding, pair
from tests.sample_report.names import HOSTILE_CALLER, HOSTILE_FUNCTION, HOSTILE_VALUES, rows
from tracereport.documents.advice import first_advice, render_advice
from tracereport.documents.templating import render_advice_html
from tracereport.model import Finding

VISIBLE = st.text(st.characters(codec="utf-8"), max_size=40)


ADVICE = [
    *FINDINGS,
    finding(
        "again", "f", [None], calls=3, repeats=2, changed=2, calls_saved=0, lookups=1, confidence="sure", reason="r"
    ),
    finding(
        "again", "f", ["c"], calls=3, repeats=1, changed=1, calls_saved=0, lookups=1, confidence="sure", reason="r"
    ),
    finding(
        "shared",
        HOSTILE_FUNCTION,
        [HOSTILE_CALLER, *HOSTILE_VALUES],
        param_names=HOSTILE_VALUES,
        calls=30,
        repeats=1,
        unchanged=1,
        calls_saved=1,
        lookups=1,
        negative=1,
        sequential=1,
        pairs=rows(pair(HOSTILE_CALLER, HOSTILE_VALUES[0], 1, 0)),
        confidence="sure",
        reason=HOSTILE_VALUES[6],
    ),
]


@pytest.mark.parametrize("found", ADVICE, ids=lambda found: f"{found.kind}-{found.fingerprint}")
def test_the_advice_has_the_same_parts_for_every_finding(found: Finding) -> None:
    advice = render_advice(found)
    assert first_advice(found) == advice.splitlines()[0]
    assert first_advice(found).endswith(".")
    parts = [line.partition("**")[2].partition(".")[0] for line in advice.splitlines() if line.startswith("**")]
    assert [part for part in parts if part not in ("Directly after one another", "Absence")] == [
        "What it is",
        "When it is no problem",
        "How to fix it",
        "How to verify it",
    ]
    assert ("Absence" in parts) == bool(found.negative)
    assert ("Directly after one another" in parts) == bool(found.sequential)


@pytest.mark.parametrize(
    ("kind", "own", "said"),
    [
        ("again", 3, "The same caller made both: a local variable is enough."),
        ("again", 2, "For 2 of them the same caller made both: there a local variable is enough."),
        ("again", 0, "No single caller is known to have made both: hand the answer on"),
        ("shared", 0, "No single caller is known to have made both: hand the answer on"),
    ],
)
def test_a_local_variable_is_advised_where_one_caller_made_both_calls(kind: str, own: int, said: str) -> None:
    found = next(found for found in FINDINGS if found.kind == kind)
    advice = render_advice(msgspec.structs.replace(found, sequential=3, sequential_own=own)).replace("\n", " ")
    assert said in advice
    assert ("local variable is enough" in advice) == bool(own)


@pytest.mark.parametrize("found", ADVICE, ids=lambda found: f"{found.kind}-{found.fingerprint}")
def test_no_name_of_a_log_leaves_its_place_in_the_advice(found: Finding) -> None:
    tokens = MarkdownIt("commonmark", {"html": True}).parse(render_advice(found))
    blocks = {token.type for token in tokens}
    assert blocks <= {"paragraph_open", "inline", "paragraph_close", "fence"}
    inline = {child.type for token in tokens for child in token.children or []}
    assert inline <= {"text", "code_inline", "strong_open", "strong_close", "em_open", "em_close"}
    html = str(render_advice_html(found))
    assert "<script" not in html
    assert "<img" not in html


@pytest.mark.slow
@pytest.mark.parametrize("found", ADVICE, ids=lambda found: f"{found.kind}-{found.fingerprint}")
def test_githubs_parser_reads_the_advice_alike(found: Finding) -> None:
    kinds = {node.kind for node in parse_with_cmark(render_advice(found)).walk()}
    assert kinds <= {"document", "paragraph", "text", "code", "strong", "emph", "code_block"}


def test_the_advice_for_an_unproven_answer_asks_for_evidence() -> None:
    unproven = next(found for found in FINDINGS if found.unproven)
    assert "because the trace has no result" in render_advice(unproven)
    assert "was already known" not in render_advice(unproven)


def test_the_advice_does_not_promise_what_changed_answers_cannot_save() -> None:
    changed = ADVICE[len(FINDINGS)]
    assert first_advice(changed).startswith("Leave it, unless")
    assert "should be gone" not in render_advice(changed)


@given(st.sampled_from(ADVICE), VISIBLE, VISIBLE)
@settings(max_examples=60)
def test_any_name_stays_in_its_place(found: Finding, name: str, caller: str) -> None:
    named = msgspec.structs.replace(
        found, function=name, callers=(caller, *found.callers[1:]), param_names=(name, caller)
    )
    tokens = MarkdownIt("commonmark", {"html": True}).parse(render_advice(named))
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close", "fence"}
    assert sum(token.type == "fence" for token in tokens) == sum(
        token.type == "fence" for token in MarkdownIt("commonmark").parse(render_advice(found))
    )
