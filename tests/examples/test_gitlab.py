"""The component for GitLab and the pipeline that uses it: its script does what it promises."""

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.ci_runner import Bench, read_yaml
from tests.examples.ci_reports import COMMENT, MARKER, NAME, NOTHING_NEW, WORSE, give, reported
from tests.paths import LOGS, ROOT

COMPONENT = ROOT / "templates" / "report" / "template.yml"
NOTES = "https://gitlab.example/api/v4/projects/3/merge_requests/7/notes"
PUSH = {
    "CI_API_V4_URL": "https://gitlab.example/api/v4",
    "CI_COMMIT_SHA": "c0ffee",
    "CI_JOB_TOKEN": "job-token",
    "CI_PROJECT_ID": "3",
}
MERGE_REQUEST = PUSH | {
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "release/1.x",
}
WITH_TOKEN = MERGE_REQUEST | {"TRACEREPORT_TOKEN": "token"}
REVISION = "0123456789abcdef0123456789abcdef01234567"


def read_component() -> tuple[dict[str, Any], dict[str, Any]]:
    """The component's inputs and its job, with the inputs' names in it."""
    header, jobs = YAML(typ="safe", pure=True).load_all(COMPONENT)
    (job,) = jobs.values()
    return header["spec"]["inputs"], job


def fill(value: Any, inputs: dict[str, str]) -> str:
    """A variable of the job, as GitLab hands it to the script."""
    text = str(value["value"] if isinstance(value, dict) else value)
    return re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda found: inputs[found[1]], text)


def run_component(bench: Bench, context: dict[str, str], **inputs: str) -> int:
    """Runs the job, all lines in one shell; its exit code."""
    declared, job = read_component()
    assert inputs.keys() <= declared.keys()
    given = {name: each["default"] for name, each in declared.items() if "default" in each}
    given |= {"source": "https://gitlab.example/group/tracereport.git", "revision": REVISION, "name": NAME}
    given |= inputs if "log" in inputs else {"run": "cargo test"} | inputs
    for name, each in declared.items():
        assert re.search(each.get("regex", ""), given[name]), name
    variables = {name: fill(value, given) for name, value in job["variables"].items()}
    shutil.rmtree(bench.folder / ".tracereport", ignore_errors=True)
    environment = variables | context | {"CI_PROJECT_DIR": str(bench.folder), "CHECKOUT": str(ROOT)}
    return bench.shell("\n".join(job["script"]), environment, "-e", "-o", "pipefail")


def noted(bench: Bench) -> list[tuple[str, str, str | None]]:
    """Method, address and body of what was written to GitLab."""
    writing = [call for call in bench.calls("curl") if "--request" in call.arguments]
    return [(call.arguments[call.arguments.index("--request") + 1], call.arguments[-1], call.body) for call in writing]


@pytest.mark.parametrize(("theirs", "expected"), [(12, ("POST", NOTES, COMMENT)), (99, ("PUT", f"{NOTES}/5", COMMENT))])
def test_a_merge_request_gets_its_note(bench: Bench, theirs: int, expected: tuple[str, str, str]) -> None:
    notes = [{"id": 5, "author": {"id": theirs}, "body": f"{MARKER}\nold"}]
    bench.answer(user='{"id": 99}', notes=json.dumps(notes))
    assert run_component(bench, WITH_TOKEN) == 0
    assert noted(bench) == [expected]


def test_a_note_of_a_long_discussion_is_found(bench: Bench) -> None:
    others = [{"id": 100 + number, "author": {"id": 1}, "body": "x"} for number in range(100)]
    mine = {"id": 5, "author": {"id": 99}, "body": f"{MARKER}\nold"}
    bench.answer(user='{"id": 99}', notes=json.dumps(others))
    bench.answer(**{"notes-2": json.dumps(others), "notes-3": json.dumps([*others[:50], mine])})
    assert run_component(bench, WITH_TOKEN) == 0
    assert noted(bench) == [("PUT", f"{NOTES}/5", COMMENT)]


def test_a_merge_request_is_compared_with_its_target_branch(bench: Bench) -> None:
    give(bench, WORSE, status=1)
    assert run_component(bench, MERGE_REQUEST) == 1
    (fetched, *_) = bench.calls("curl")
    assert fetched.arguments[-1] == (
        "https://gitlab.example/api/v4/projects/3/jobs/artifacts/release%2F1.x/raw/.tracereport/report/report.json"
        f"?job={NAME}"
    )
    (arguments,) = reported(bench)
    given = [arguments[at + 1] for at, each in enumerate(arguments) if each in {"--baseline", "--fail-on"}]
    assert given == [str(bench.folder / ".tracereport/report/baseline.json"), "new-findings", "worse"]
    _, job = read_component()
    for path in (*job["artifacts"]["paths"], job["artifacts"]["reports"]["codequality"]):
        assert (bench.folder / path).is_file(), path
    assert noted(bench) == []


def test_a_merge_request_without_news_is_quiet(bench: Bench) -> None:
    give(bench, NOTHING_NEW)
    bench.answer(user='{"id": 99}', notes="[]")
    assert run_component(bench, WITH_TOKEN) == 0
    assert noted(bench) == []


def test_a_missing_baseline_is_no_error(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    curl = bench.answers.parent / "bin" / "curl"
    curl.write_text("#!/bin/sh\necho 'curl: (22) 404' >&2\nexit 22\n")
    assert run_component(bench, MERGE_REQUEST) == 0
    assert "release/1.x has no baseline yet: nothing is compared." in capfd.readouterr().out
    (arguments,) = reported(bench)
    assert "--baseline" not in arguments
    assert "--fail-on" not in arguments


def test_the_default_branch_keeps_its_report_and_is_compared_with_nothing(bench: Bench) -> None:
    assert run_component(bench, PUSH) == 0
    assert bench.calls("curl") == []
    assert (bench.folder / ".tracereport/report/report.json").is_file()


def test_tests_that_fail_fail_the_job_and_a_note_that_is_there_says_so(bench: Bench) -> None:
    (bench.answers.parent / "bin" / "cargo").write_text("#!/bin/sh\nexit 101\n")
    notes = [{"id": 5, "author": {"id": 99}, "body": f"{MARKER}\nold"}]
    bench.answer(user='{"id": 99}', notes=json.dumps(notes))
    assert run_component(bench, WITH_TOKEN) == 101
    said = f"{MARKER}\nThere is no report: the tests failed with exit code 101.\n\nThis is about commit c0ffee.\n"
    assert noted(bench) == [("PUT", f"{NOTES}/5", said)]


def test_the_tests_do_not_see_the_token_of_the_note(bench: Bench) -> None:
    bench.answer(user='{"id": 99}', notes="[]")
    assert run_component(bench, WITH_TOKEN, run="env > environment") == 0
    assert "TRACEREPORT_" not in (bench.folder / "environment").read_text()


@pytest.mark.parametrize("inputs", [{"log": "a.log", "run": "cargo test"}, {"log": ""}])
def test_there_must_be_a_command_or_a_log(bench: Bench, inputs: dict[str, str]) -> None:
    assert run_component(bench, MERGE_REQUEST, **inputs) == 2
    assert bench.calls("tracereport") == []


def test_it_is_cloned_at_the_commit_that_was_named(bench: Bench) -> None:
    run_component(bench, PUSH)
    cloned, checked_out = [call for call in bench.calls("git") if call.arguments[0] != "show"]
    assert cloned.arguments[-2] == "https://gitlab.example/group/tracereport.git"
    assert checked_out.arguments[-1] == REVISION
    installed = [call.arguments for call in bench.calls("python")]
    assert "--require-hashes" in installed[0]


def test_it_takes_the_inputs_of_the_action() -> None:
    declared, _ = read_component()
    action = read_yaml(ROOT / "action.yml")["inputs"]
    shared = {"run", "log", "name", "fail-on"}
    assert shared <= declared.keys() & action.keys()
    assert {name: declared[name]["default"] for name in shared} == {name: action[name]["default"] for name in shared}


def test_the_example_includes_it_and_hands_it_its_log(bench: Bench) -> None:
    pipeline = read_yaml("gitlab/.gitlab-ci.yml")
    (include,) = pipeline["include"]
    assert include["component"].endswith(f"/{COMPONENT.parent.name}@REVISION")
    declared, _ = read_component()
    assert include["inputs"].keys() <= declared.keys()
    assert {name for name, each in declared.items() if "default" not in each} <= include["inputs"].keys()
    assert include["inputs"]["stage"] in pipeline["stages"]
    assert bench.shell("\n".join(pipeline["test"]["script"]), {}, "-e", "-o", "pipefail") == 0
    log = bench.folder / include["inputs"]["log"]
    assert log.read_text().startswith("PERF_TRACE|0|")
    assert run_component(bench, PUSH, log=include["inputs"]["log"]) == 0
    assert reported(bench)[0][0] == "perf_trace.log"


def test_with_the_real_command_a_real_suite_is_reported_on(bench: Bench) -> None:
    script = f'#!/bin/sh\nPYTHONPATH="{ROOT}:$PYTHONPATH" exec {sys.executable} -m tracereport "$@"\n'
    (bench.answers.parent / "bin" / "tracereport").write_text(script)
    shutil.copy(LOGS / "duckpond-single-thread.log", bench.folder / "some.log")
    assert run_component(bench, PUSH, log="some.log", location="src/lib.rs") == 0
    report = bench.folder / ".tracereport" / "report"
    findings = json.loads((report / "annotations.json").read_text())
    assert {finding["location"]["path"] for finding in findings} == {"src/lib.rs"}
    assert Path(report / "summary.md").read_text().startswith(f"{MARKER}\n")
