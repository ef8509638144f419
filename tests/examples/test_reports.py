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
from tracereport.model import Report, decode_json

REPORTS = EXAMPLES / "reports"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    subprocess.run([sys.executable, EXAMPLES / "make_reports.py", folder], check=True)
    return folder


SAMPLE = ("shop.txt", "shop.md", "shop-fixed.md", "hostile.sarif")
"""Held to the letter; of the others, what they are about. A figure that changes doesn't change every example."""


def test_there_is_a_report_for_every_log_and_format(made: Path) -> None:
    assert {path.name for path in made.iterdir()} == {path.name for path in REPORTS.iterdir()}


@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_of_them_is_current(made: Path, name: str) -> None:
    assert (made / name).read_bytes() == (REPORTS / name).read_bytes(), "run python examples/make_reports.py"


def test_every_one_of_them_is_about_its_log_as_it_is_read_now(made: Path) -> None:
    kept = sorted(REPORTS.glob("*.json.gz"))
    assert len(kept) > 3
    for path in kept:
        before, now = (
            decode_json(gzip.decompress((folder / path.name).read_bytes()), Report) for folder in (REPORTS, made)
        )
        assert before.totals.calls == now.totals.calls, "run python examples/make_reports.py"
        assert before.schema_version == now.schema_version, "run python examples/make_reports.py"


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
