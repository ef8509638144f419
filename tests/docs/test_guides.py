"""The guides: each from getting the file to the green gate, as it stands, in under a hundred lines."""

import os
import re
from pathlib import Path

import pytest

from tests.emitters import find_tool, require_package
from tests.paths import ROOT
from tests.read_documents import prepare_folder, read_blocks, run_blocks
from tracereport.sources.perf_trace.grammar import FLAG_FIELDS, NUMBER_FIELDS, PHASE_FIELD, TEXT_FIELDS

GUIDES = ROOT / "docs" / "guides"


@pytest.mark.parametrize(
    ("name", "tools", "packages"),
    [("rust", ("cargo", "rustc"), ()), ("node", ("node",), ("vitest",)), ("python", (), ())],
)
def test_a_guide_does_what_it_shows(
    tmp_path: Path, name: str, tools: tuple[str, ...], packages: tuple[str, ...]
) -> None:
    for tool in tools:
        find_tool(tool)
    for package in packages:
        require_package(package)
        (tmp_path / "node_modules").symlink_to(ROOT / "node_modules", target_is_directory=True)
    guide = GUIDES / f"{name}.md"
    assert run_blocks(guide, prepare_folder(tmp_path)) > 2
    text = guide.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 100
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert (GUIDES / target).exists(), target


@pytest.mark.skipif(os.name == "nt", reason="needs sed")
@pytest.mark.parametrize(
    ("name", "libraries"),
    [
        ("fastapi", ("fastapi", "sqlalchemy")),
        ("django", ("django", "pytest_django")),
        ("flask", ("flask", "sqlalchemy")),
    ],
)
def test_a_framework_s_guide_does_what_it_shows(tmp_path: Path, name: str, libraries: tuple[str, ...]) -> None:
    for library in libraries:
        pytest.importorskip(library)
    guide = GUIDES / f"{name}.md"
    assert run_blocks(guide, prepare_folder(tmp_path)) > 2
    assert len(guide.read_text(encoding="utf-8").splitlines()) < 100


@pytest.mark.parametrize("guide", sorted(GUIDES.glob("*.md")), ids=lambda path: path.stem)
def test_the_place_that_a_guide_names_is_one_that_its_commands_print(guide: Path) -> None:
    printed = "".join(text for _, _, language, text in read_blocks(guide) if language == "console")
    for place in re.findall(r"`at=([^`]+)`", guide.read_text(encoding="utf-8")):
        assert re.search(rf"\b{re.escape(place)}\b", printed), place


def test_the_page_for_writers_of_emitters_does_what_it_shows(tmp_path: Path) -> None:
    assert run_blocks(ROOT / "docs" / "write-an-emitter.md", prepare_folder(tmp_path)) == 2


def test_the_page_for_writers_names_each_reserved_field() -> None:
    text = (ROOT / "docs" / "write-an-emitter.md").read_text(encoding="utf-8")
    for name in (*TEXT_FIELDS, *NUMBER_FIELDS, *FLAG_FIELDS, PHASE_FIELD):
        assert f"`{name}=" in text
