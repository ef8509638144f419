"""The scripts over the table of calls: each command of their page prints what is shown, and agrees with the report."""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import tracereport
from tests.paths import EXAMPLES, LOGS
from tests.read_documents import prepare_folder, run_blocks

ANALYSIS = EXAMPLES / "analysis"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = prepare_folder(tmp_path_factory.mktemp("analysis"))
    for source in [*ANALYSIS.glob("*.py"), *LOGS.glob("duckpond-deep-*")]:
        shutil.copy(source, folder)
    return folder


def test_every_command_prints_what_is_shown(folder: Path) -> None:
    pytest.importorskip("duckdb")
    assert run_blocks(ANALYSIS / "README.md", folder) == 2 + len({*ANALYSIS.glob("*.py")} - {ANALYSIS / "calls.py"})


@pytest.mark.parametrize("script", ["cache_with_invalidation.py", "lookup_lifetimes.py", "two_runs.py"])
def test_calls_that_cannot_be_judged_are_no_repeats(tmp_path: Path, script: str) -> None:
    calls = tracereport.read_calls(LOGS / "duckpond-deep-nextest.log.zst").head(2000)
    calls.clear().write_parquet(tmp_path / "none.parquet")
    calls.with_columns(judged=pl.lit(value=False)).write_parquet(tmp_path / "unjudged.parquet")
    inputs = ["none.parquet", "unjudged.parquet"] if script == "two_runs.py" else ["unjudged.parquet"]
    command = [sys.executable, str(ANALYSIS / script), *inputs]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=True).stdout
    assert len(printed.splitlines()) == 1


def test_the_cache_agrees_with_the_report_on_what_is_judged_by_evidence(tmp_path: Path) -> None:
    calls = tracereport.read_calls(LOGS / "duckpond-deep-nextest.log.zst")
    calls.write_parquet(tmp_path / "calls.parquet")
    script = [sys.executable, str(ANALYSIS / "cache_with_invalidation.py"), str(tmp_path / "calls.parquet")]
    printed = subprocess.run(script, capture_output=True, encoding="utf-8", check=True).stdout
    rows = {row["function"]: row for row in csv.DictReader(printed.splitlines())}
    for function in tracereport.analyze(calls).functions.rows:
        assert int(rows[function.function]["calls"]) == function.calls
        assert int(rows[function.function]["asked_again"]) == function.redundant_calls
        if function.unproven == 0 and function.unchanged:
            assert int(rows[function.function]["hits"]) == function.unchanged
