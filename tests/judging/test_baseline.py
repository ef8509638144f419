"""Baselines read back: of this version, of an older one, of a later one, and what is none."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.sample_report import sample_report
from tracereport.errors import BaselineError
from tracereport.judging.baseline import read_baseline
from tracereport.judging.compare import comparable_sides, compare_reports
from tracereport.model import Configuration, Settings, encode_json

LATER_KEYS = ("comparison", "configuration", "gates")
"""Keys of the report that have a default: a report written before they existed reads."""


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    path = tmp_path / "main.json"
    path.write_bytes(encode_json(sample_report()))
    return path


def edited(path: Path, **changes: object) -> Path:
    report: dict[str, Any] = json.loads(path.read_bytes())
    path.write_text(json.dumps(report | changes))
    return path


def test_a_report_reads_back_as_it_was_written(baseline: Path) -> None:
    assert read_baseline(baseline) == sample_report()


def test_gzip_is_told_by_its_content(baseline: Path) -> None:
    baseline.write_bytes(gzip.compress(baseline.read_bytes()))
    assert read_baseline(baseline) == sample_report()


def test_a_report_without_the_keys_that_came_later_reads(baseline: Path) -> None:
    report: dict[str, Any] = json.loads(baseline.read_bytes())
    for key in LATER_KEYS:
        del report[key]
    for finding in report["findings"]["rows"]:
        del finding["accepted"]
    report["settings"] = {}
    report["input"].pop("errors")
    report["input"].pop("partial")
    baseline.write_text(json.dumps(report))
    old = read_baseline(baseline)
    assert old.settings == Settings()
    assert old.comparison is None
    assert old.configuration == Configuration()
    assert compare_reports(comparable_sides(old, sample_report())).verdict.startswith("Nothing changed")


def test_keys_of_a_later_version_with_the_same_schema_are_ignored(baseline: Path) -> None:
    assert read_baseline(edited(baseline, a_later_key={"rows": []})) == sample_report()


def test_a_later_schema_says_to_upgrade(baseline: Path) -> None:
    with pytest.raises(BaselineError, match="schema version 2, and this tracereport reads up to 1") as error:
        read_baseline(edited(baseline, schema_version=2))
    assert error.value.remedy.startswith("Upgrade tracereport")
    assert error.value.exit_code == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not JSON"),
        (b"PERF_TRACE|1|f|elapsed_ms=1\n", "is not JSON"),
        (b"\xff\xfe{\x00}\x00", "is not a report"),
        (b"[]", "is not a report"),
        (b"{}", "is not a report"),
        (b'{"schema_version": 1}', "is not a report"),
        (gzip.compress(b"{}" * 1000, mtime=0)[:20], "is damaged"),
        (b"\x1f\x8b\x08", "is damaged"),
    ],
)
def test_what_is_no_report_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "main.json"
    path.write_bytes(content)
    with pytest.raises(BaselineError, match=message) as error:
        read_baseline(path)
    assert "main.json" in error.value.message


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match=r"none\.json can't be read: No such file"):
        read_baseline(tmp_path / "none.json")
    with pytest.raises(BaselineError, match="Is a directory"):
        read_baseline(tmp_path)
