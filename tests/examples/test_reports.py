"""The examples: what is committed of the reports is what the program makes of the logs now."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import EXAMPLES
from tests.shop import trace_shop
from tracereport import analyze, read_calls
from tracereport.judging.compare import comparable_sides, compare_reports

REPORTS = EXAMPLES / "reports"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    subprocess.run([sys.executable, EXAMPLES / "make_reports.py", folder], check=True)
    return folder


def content(path: Path) -> bytes:
    """What a document says: two makers of .gz pack the same differently."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def test_every_report_is_current(made: Path) -> None:
    names = {path.name for path in made.iterdir()}
    assert names == {path.name for path in REPORTS.iterdir()}
    outdated = [name for name in sorted(names) if content(made / name) != content(REPORTS / name)]
    assert not outdated, "run python examples/make_reports.py"


def test_every_log_has_its_reports_and_pages_do_without_the_charts_library(made: Path) -> None:
    names = {log.name.partition(".")[0] for log in (EXAMPLES / "logs").iterdir()}
    assert {path.stem for path in made.glob("*.md")} == names
    for path in made.glob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert "<!-- picture of latencies -->" in page
        assert len(page) < 600_000


@pytest.mark.parametrize(("name", "pages"), [("shop", "pages"), ("shop-fixed", "pages_fixed")])
def test_the_shop_still_makes_these_calls(name: str, pages: str, tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy")
    trace_shop(tmp_path / "shop.log", pages)
    before, after = (analyze(read_calls(log)) for log in (EXAMPLES / "logs" / f"{name}.log", tmp_path / "shop.log"))
    assert (
        compare_reports(comparable_sides(before, after)).verdict
        == compare_reports(comparable_sides(before, before)).verdict
    )
