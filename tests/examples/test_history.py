"""The examples that keep a history: each run adds its report, and nothing of the earlier ones is lost."""

import gzip
import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.ci_runner import Bench, read_yaml
from tests.examples.ci_reports import AFTER, BEFORE
from tests.paths import EXAMPLES, ROOT
from tracereport.model import Report, decode_json, encode_json
from tracereport.model.history import History

WORKFLOW = EXAMPLES / "github" / "tracereport-history.yml"
CONTEXT = {
    "github.repository": "team/project",
    "github.token": "job-token",
    "github.event.workflow_run.id": "4242",
    "github.event.workflow_run.run_number": "9",
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A bench whose tracereport is the real one."""
    bench = Bench.at(tmp_path)
    command = tmp_path / "bin" / "tracereport"
    command.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m tracereport "$@"\n')
    return bench


def give(bench: Bench, artifact: str, report: Report) -> None:
    """A run's report and page, as the workflow that measures keeps them."""
    folder = bench.answers / artifact
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "report.json").write_bytes(encode_json(report))
    (folder / "report.html").write_text("<!doctype html>")


def publish(bench: Bench, number: int) -> None:
    """Runs the workflow for the run of that number."""
    (job,) = read_yaml(WORKFLOW)["jobs"].values()
    shutil.rmtree(bench.folder)
    bench.folder.mkdir()
    bench.run_steps(job["steps"], CONTEXT | {"github.event.workflow_run.run_number": str(number)})


def test_each_push_adds_its_run_to_the_history_on_pages(bench: Bench) -> None:
    for number, report in ((9, BEFORE), (10, BEFORE), (11, AFTER)):
        give(bench, "tracereport", report)
        publish(bench, number)
        assert bench.failed == []
        bench.answer(runs=json.dumps({"workflow_runs": [{"id": number}]}))
    site = bench.folder / "site"
    history = decode_json((site / "history.json").read_bytes(), History)
    assert [(run.label, run.page) for run in history.runs.rows] == [
        (str(number), f"runs/{number}.html") for number in (9, 10, 11)
    ]
    assert [row.run for row in history.changes.rows] == [2]
    assert all((site / run.page).is_file() for run in history.runs.rows if run.page)
    assert "Findings over the runs" in (site / "index.html").read_text()
    assert "Findings over the runs" in (bench.answers / "step-summary").read_text()


def test_a_report_that_cannot_be_read_any_more_stops_no_history(bench: Bench) -> None:
    give(bench, "tracereport", BEFORE)
    (bench.answers / "tracereport-runs").mkdir()
    (bench.answers / "tracereport-runs" / "8.json.gz").write_bytes(gzip.compress(b'{"schema_version": 7}'))
    bench.answer(runs=json.dumps({"workflow_runs": [{"id": 8}]}))
    publish(bench, 9)
    assert bench.failed == []
    history = decode_json((bench.folder / "site" / "history.json").read_bytes(), History)
    assert [row.file for row in history.unread.rows] == ["site/runs/8.json.gz"]


def test_the_history_runs_nobody_s_code_and_writes_nothing_but_the_site() -> None:
    workflow = read_yaml(WORKFLOW)
    (job,) = workflow["jobs"].values()
    assert workflow["permissions"] == {}
    assert job["permissions"] == {"actions": "read", "id-token": "write", "pages": "write"}
    assert not any(step.get("uses", "").startswith("actions/checkout@") for step in job["steps"])
    assert "head_repository.full_name == github.repository" in job["if"]


def run_jenkins(bench: Bench, number: int, kept: int) -> int:
    """Runs the script of the history's stage behind the build of that number."""
    (script,) = (EXAMPLES / "jenkins" / "history.Jenkinsfile").read_text().split("'''")[1::2]
    assert "python3 -m venv .tracereport" in script
    script = script.replace("python3 -m venv .tracereport", "true").replace(".tracereport/bin/", "")
    environment = {
        "TRACEREPORT_REQUIREMENT": "a wheel",
        "COPYARTIFACT_BUILD_NUMBER_UPSTREAM": str(number),
        "KEPT_BUILDS": str(kept),
    }
    return bench.shell(script, environment)


def test_each_build_is_added_to_the_history_on_jenkins_and_the_oldest_go(bench: Bench) -> None:
    for number, report in ((8, BEFORE), (9, BEFORE), (10, AFTER)):
        give(bench, "new", report)
        shutil.copytree(bench.answers / "new", bench.folder / "new", dirs_exist_ok=True)
        assert run_jenkins(bench, number, kept=2) == 0
    history = decode_json((bench.folder / "history.json").read_bytes(), History)
    assert [(run.label, run.page) for run in history.runs.rows] == [
        ("9", "runs/9/report.html"),
        ("10", "runs/10/report.html"),
    ]
    assert [row.run for row in history.changes.rows] == [1]
    assert not (bench.folder / "runs" / "8").exists()


def test_a_report_that_cannot_be_read_fails_no_build(bench: Bench) -> None:
    give(bench, "new", BEFORE)
    shutil.copytree(bench.answers / "new", bench.folder / "new")
    (bench.folder / "runs" / "1").mkdir(parents=True)
    (bench.folder / "runs" / "1" / "report.json").write_text("{}")
    assert run_jenkins(bench, 2, kept=50) == 0
    (bench.folder / "runs" / "2" / "report.json").write_text("{}")
    (bench.folder / "new" / "report.json").write_text("{}")
    shutil.rmtree(bench.folder / "runs")
    (bench.answers.parent / "bin" / "tracereport").write_text("#!/bin/sh\nexit 2\n")
    assert run_jenkins(bench, 3, kept=50) == 2
