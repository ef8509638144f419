"""The page of the Python API: made from the docstrings as they are, and its example runs."""

import re
import shutil
from pathlib import Path

from tests.make_python_api import PAGE, make_page
from tests.paths import LOGS
from tests.read_documents import prepare_folder, run_blocks


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == make_page(), "make it anew: python -m tests.make_python_api"


def test_it_says_how_things_are_given_and_which_values_there_are() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert '## `read_calls(paths, *, partial="error", max_unpacked=None)`' in text
    assert '`"again" \\| "shared" \\| "fan-out" \\| "slow"`' in text
    for name in ("Annotated", "Literal", "FindingKind", "TreeKind", "Confidence"):
        assert name not in text


def test_every_link_leads_to_a_record() -> None:
    text = PAGE.read_text(encoding="utf-8")
    targets = set(re.findall(r"\]\(#(\w+)\)", text))
    assert targets <= {title.lower() for title in re.findall(r"^### (\w+)$", text, re.MULTILINE)}
    assert len(targets) > 20


def test_the_example_prints_what_is_shown(tmp_path: Path) -> None:
    folder = prepare_folder(tmp_path)
    shutil.copy(LOGS / "duckpond-single-thread.log", folder)
    assert run_blocks(PAGE, folder) == 1
