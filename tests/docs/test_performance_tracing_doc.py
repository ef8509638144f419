"""The longer document: its files are written as they stand, its commands run in order, and give what is shown."""

import re
import shutil
from pathlib import Path

import pytest

from tests.emitters import find_tool
from tests.paths import EXAMPLES
from tests.read_documents import prepare_folder, run_blocks

DOCUMENT = EXAMPLES / "performance-tracing.md"
TOOLS = {"Rust": "rustc", "Node": "node"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = prepare_folder(tmp_path_factory.mktemp("document"))
    (folder / "src").mkdir()
    shutil.copy(EXAMPLES / "rust" / "perf_trace.rs", folder / "src")
    for name in ("perf-trace.mjs", "perf-trace-emitter.cjs"):
        shutil.copy(EXAMPLES / "node" / name, folder)
    return folder


def test_every_file_and_command_does_what_is_shown(folder: Path) -> None:
    for library in ("sqlalchemy", "django"):
        pytest.importorskip(library)
    assert run_blocks(DOCUMENT, folder, lambda section: section not in TOOLS) > 15


@pytest.mark.parametrize("section", TOOLS)
def test_the_other_languages_do_what_is_shown(folder: Path, section: str) -> None:
    find_tool(TOOLS[section])
    assert run_blocks(DOCUMENT, folder, lambda other: other == section) > 0


def test_links_lead_somewhere() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert target[1:] in anchors if target.startswith("#") else (EXAMPLES / target).exists(), target
