"""Lines of source with a finding: read from the working tree alone, and hidden like values are."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.sample_report import sample_report
from tracereport.command.source_lines import LONGEST_LINE, MOST_BYTES, hide_in_excerpts, read_excerpts
from tracereport.documents.page.page import render_html
from tracereport.documents.places import Excerpt
from tracereport.documents.summary import render_markdown
from tracereport.model import PlaceCount, Report, Rows

SOURCE = "import db\n\ndef page(order):\n    for line in order:\n        db.product(line.id)  # <b>`\n    return 1\n"


def report_at(*places: str) -> Report:
    """The sample, its first findings at these places."""
    sample = sample_report()
    findings = [
        replace(finding, at=Rows(1, (PlaceCount(at=at, calls=1),)))
        for finding, at in zip(sample.findings.rows, places, strict=False)
    ]
    return replace(sample, findings=Rows(len(findings), tuple(findings)))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A working tree with one source, beside a folder that is none of its."""
    root = tmp_path / "tree"
    (root / "app").mkdir(parents=True)
    (root / "app" / "pages.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "outside.py").write_text("password = 1\n", encoding="utf-8")
    return root


def found(tree: Path, *places: str) -> dict[str, Excerpt]:
    return read_excerpts(report_at(*places), str(tree), str(tree))


def test_the_line_stands_between_its_neighbours(tree: Path) -> None:
    assert found(tree, "app/pages.py:4") == {"app/pages.py:4": Excerpt(3, tuple(SOURCE.splitlines()[2:5]), 4)}
    assert found(tree, "app/pages.py:1")["app/pages.py:1"].first == 1
    assert found(tree, "app/pages.py:6")["app/pages.py:6"].lines == tuple(SOURCE.splitlines()[4:])


def test_a_relative_path_is_tried_in_the_working_folder_first(tree: Path) -> None:
    excerpts = read_excerpts(report_at("pages.py:4", "app/pages.py:3"), str(tree), str(tree / "app"))
    assert set(excerpts) == {"pages.py:4", "app/pages.py:3"}


def test_a_whole_path_inside_of_the_tree_is_read(tree: Path) -> None:
    at = f"{tree}/app/pages.py:4"
    assert set(found(tree, at)) == {at}


def places_outside(tree: Path) -> Sequence[str]:
    outside = tree.parent / "outside.py"
    (tree / "link.py").symlink_to(outside)
    (tree / "folder").symlink_to(tree.parent)
    (tree / "circle.py").symlink_to("circle.py")
    return (
        "../outside.py:1",
        "app/../../outside.py:1",
        f"{outside}:1",
        "link.py:1",
        "folder/outside.py:1",
        "circle.py:1",
        "/etc/passwd:1",
        "app/pages.py:999",
        "app/nothing.py:1",
        "app:1",
        "app/pages.py\0:1",
    )


def test_nothing_outside_of_the_tree_is_read(tree: Path) -> None:
    assert found(tree, *places_outside(tree)) == {}


def test_nothing_but_sources_is_read(tree: Path) -> None:
    names = (".env", ".env.py", ".git/hook.py", "settings.toml", "id_rsa", "secrets.yml", "app/.hidden/a.py")
    for name in names:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("SECRET=1\n", encoding="utf-8")
    (tree / "linked.py").symlink_to(tree / ".env")
    assert found(tree, *(f"{name}:1" for name in (*names, "linked.py"))) == {}


def test_neither_huge_nor_binary_files_nor_pipes_are_read(tree: Path) -> None:
    (tree / "huge.py").write_bytes(b"x = 1\n" * (MOST_BYTES // 6 + 1))
    (tree / "binary.py").write_bytes(b"x\0y\n")
    (tree / "latin.py").write_bytes(b"caf\xe9\n")
    os.mkfifo(tree / "pipe.py")
    assert found(tree, "huge.py:1", "binary.py:1", "latin.py:1", "pipe.py:1") == {}


def test_a_long_line_is_cut(tree: Path) -> None:
    (tree / "long.py").write_text("x" * 10_000, encoding="utf-8")
    assert found(tree, "long.py:1")["long.py:1"].lines == ("x" * LONGEST_LINE,)


def test_without_a_working_tree_nothing_is_read(tree: Path) -> None:
    assert read_excerpts(report_at(f"{tree}/app/pages.py:4"), None, None) == {}


def test_the_page_shows_them_and_the_markdown_only_if_asked(tree: Path) -> None:
    report = report_at("app/pages.py:4")
    excerpts = read_excerpts(report, str(tree), str(tree))
    page = render_html(report, pictures=False, excerpts=excerpts)
    assert "<b>    4      for line in order:</b>" in page
    assert "db.product(line.id)  # &lt;b&gt;`" in page
    assert "for line in order" not in render_html(report, pictures=False)
    assert ">     4      for line in order:" in render_markdown(report, excerpts=excerpts)
    assert "for line in order" not in render_markdown(report)


def test_a_line_cannot_end_its_block_of_code(tree: Path) -> None:
    (tree / "fence.py").write_text("a = 1\n``````\n# @someone\n", encoding="utf-8")
    report = report_at("fence.py:2")
    written = render_markdown(report, excerpts=read_excerpts(report, str(tree), str(tree)))
    assert "\n```````\n" in written


def test_hidden_values_are_hidden_in_the_source_too() -> None:
    excerpts = {"a.py:1": Excerpt(1, ("get('abc', 1)  # abcd, 12", "1abc"), 1)}
    hidden = hide_in_excerpts(excerpts, [("abc", "redacted:x"), ("1", "redacted:y"), ("", "redacted:z")])
    assert hidden["a.py:1"].lines == ("get('redacted:x', redacted:y)  # abcd, 12", "1abc")
