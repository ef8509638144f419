"""The page of definitions: its numbers and names are the program's, and a report leaves its small print out."""

import re
from typing import get_args

import pytest

from tests.make_figures import PAGE
from tracereport.documents.page.page import list_definitions
from tracereport.findings.timelines import MOST_CALLS
from tracereport.findings.verdict import VERDICT_CHANGES
from tracereport.measures import cache, evidence, slow
from tracereport.measures.distribution import DISTINCT_TIMES
from tracereport.model import FindingKind, Settings

TEXT = PAGE.read_text(encoding="utf-8")


def text_of(title: str) -> str:
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Percentiles", f"at most {DISTINCT_TIMES:,} distinct times"),
        ("What answers prove", f"are 2^{evidence.DIGEST_BITS} or larger"),
        ("What answers prove", f"C is {evidence.VERSION_CHANGES} or more, and {evidence.VERSION_RETURNS} B at most C"),
        ("What answers prove", f"the {evidence.SAMPLE_VALUES:,} smallest hashes"),
        ("What answers prove", " or ".join(f"`{name}`" for name in sorted(evidence.DIGEST_NAMES))),
        ("Cache curve", "give {}, {} and {} % of all hits".format(*cache.MARKS)),
        ("In call order", f"at most {MOST_CALLS} of them"),
        ("Slow calls", f"the {slow._HIGH_PERCENT}th percentile"),
        ("Slow calls", f"to the {slow._LOW_PERCENT}th"),
    ],
)
def test_its_numbers_are_those_of_the_program(title: str, said: str) -> None:
    assert said in text_of(title)


def test_its_words_for_small_numbers_are_right() -> None:
    assert len(("first", "second", "third")) == VERDICT_CHANGES
    assert "the first three that save calls" in text_of("Findings")
    assert evidence.CONSTANT_CALLS == 5
    assert "two or more lookups, or five calls" in text_of("What answers prove")
    assert evidence.DIGEST_PERCENT == 90
    assert "nine of ten distinct values" in text_of("What answers prove")
    assert (slow._FENCE, slow._FACTOR) == (3, 2)
    assert "three times the distance" in text_of("Slow calls")


def test_it_names_each_kind_of_finding() -> None:
    kinds = re.findall(r"^\| `([a-z-]+)` \|", text_of("Findings"), re.MULTILINE)
    assert sorted(kinds) == sorted(get_args(FindingKind))


def test_the_page_of_a_report_has_the_definitions_without_their_small_print() -> None:
    shown = list_definitions(Settings())
    assert "**Exactly.**" in TEXT
    assert "findings" not in shown
    assert all("Exactly" not in definition.text and definition.text for definition in shown.values())
