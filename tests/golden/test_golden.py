"""Whole documents of real logs are what they were: whoever changes one on purpose looks at the change."""

import difflib

import msgspec
import pytest

from tests.golden import FOLDER, list_goldens, make_document

HOW_TO_UPDATE = "python -m tests.golden writes it again; look at git diff tests/golden"
MOST_LINES = 40


@pytest.mark.parametrize("golden", sorted(list_goldens()))
def test_a_document_is_what_it_was(golden: str) -> None:
    path = FOLDER / golden
    assert path.exists(), f"{golden} is missing: {HOW_TO_UPDATE}"
    expected, found = path.read_bytes(), make_document(golden)
    if found != expected:
        before, after = split_lines(expected), split_lines(found)
        difference = list(difflib.unified_diff(before, after, "as it was", "as it is", n=1))
        shown = "\n".join(line.rstrip()[:200] for line in difference[:MOST_LINES])
        pytest.fail(f"{golden} changed: {HOW_TO_UPDATE}\n{shown}", pytrace=False)


def split_lines(document: bytes) -> list[str]:
    """Its lines; JSON, which is written in one, a line per value."""
    return (msgspec.json.format(document) if document.startswith(b"{") else document).decode().split("\n")


def test_no_document_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} <= {*list_goldens()}


def test_documents_name_nothing_of_the_machine() -> None:
    for path in FOLDER.iterdir():
        assert str(FOLDER.parent.parent).encode() not in path.read_bytes()
