"""The action for GitHub, and the workflows that use it: their scripts do what they promise."""

import json
import re
import shutil
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.ci_runner import ACTION, Bench, expressions, read_yaml
from tests.examples.ci_reports import (
    BEFORE,
    BOT,
    COMMENT,
    MARKER,
    NAME,
    NOTHING_NEW,
    REPOSITORY,
    WORSE,
    comment,
    give,
    give_artifact,
    list_runs,
    pull,
    reported,
    sent,
)
from tests.paths import EXAMPLES, LOGS, ROOT
from tests.sample_report.names import rows
from tracereport.model import Gate

RUN = "cargo test"
BASELINE = f"{NAME}-baseline"
CALLS = f"{NAME}-calls"
WORKFLOW_PATH = "team/project/.github/workflows/tracereport.yml@refs/pull/7/merge"
RUNS = f"{REPOSITORY}/actions/workflows/tracereport.yml/runs"

_NOTHING = dict.fromkeys(
    (
        "github.base_ref",
        "github.event.merge_group.base_ref",
        "github.event.pull_request.number",
        "github.event.pull_request.head.repo.full_name",
        "github.event.pull_request.head.sha",
        "github.event.workflow_run.actor.login",
        "github.event.workflow_run.head_branch",
        "github.event.workflow_run.head_repository.owner.login",
        "github.event.workflow_run.head_sha",
        "github.event.workflow_run.id",
        "github.event.workflow_run.workflow_id",
    ),
    "",
)
PUSH = _NOTHING | {
    "github.actor": "someone",
    "github.event.repository.default_branch": "main",
    "github.event_name": "push",
    "github.repository": "team/project",
    "github.sha": "c0ffee",
    "github.token": "job-token",
    "github.workflow_ref": WORKFLOW_PATH,
}
PULL_REQUEST = PUSH | {
    "github.base_ref": "main",
    "github.event.pull_request.head.repo.full_name": "team/project",
    "github.event.pull_request.head.sha": "c0ffee",
    "github.event.pull_request.number": "7",
    "github.event_name": "pull_request",
    "github.sha": "merged",
}
FORK = PULL_REQUEST | {"github.event.pull_request.head.repo.full_name": "someone/project"}
DEPENDABOT = PULL_REQUEST | {"github.actor": "dependabot[bot]"}
WAITING = PUSH | {
    "github.event.merge_group.base_ref": "refs/heads/main",
    "github.event_name": "merge_group",
}
COMMENTING = PUSH | {
    "github.event.workflow_run.actor.login": "someone",
    "github.event.workflow_run.head_branch": "patch-1",
    "github.event.workflow_run.head_repository.owner.login": "someone",
    "github.event.workflow_run.head_sha": "c0ffee",
    "github.event.workflow_run.id": "4242",
    "github.event.workflow_run.workflow_id": "815",
    "github.event_name": "workflow_run",
    "github.sha": "main-head",
}


def act(bench: Bench, context: dict[str, str], **inputs: str) -> dict[str, str]:
    """Runs the action; the outputs of its steps."""
    run = {} if context is COMMENTING or "log" in inputs else {"run": RUN}
    return bench.run_action(context, **({"name": NAME} | run | inputs))


def test_a_pull_request_gets_its_comment(bench: Bench) -> None:
    act(bench, PULL_REQUEST)
    assert bench.failed == []
    assert sent(bench) == [("POST", f"{REPOSITORY}/issues/7/comments", COMMENT)]
    assert (bench.answers / "step-summary").read_text() == COMMENT
    assert bench.uploaded == {NAME: ["report.html", "report.json"]}


def test_the_comment_is_updated_in_place_and_no_other_is_touched(bench: Bench) -> None:
    others = [
        comment(1, "reviewer", f"{MARKER}\nnot by us"),
        comment(2, BOT, "<!-- tracereport:python-tests -->\nanother of ours"),
        comment(3, BOT, f"quoting {MARKER}"),
    ]
    pages = json.dumps(others) + "\n" + json.dumps([comment(4, BOT, f"{MARKER}\r\nold")])
    bench.answer(comments=pages)
    act(bench, PULL_REQUEST)
    assert sent(bench) == [("PATCH", f"{REPOSITORY}/issues/comments/4", COMMENT)]


def test_nothing_is_said_when_nothing_changed(bench: Bench) -> None:
    give(bench, NOTHING_NEW)
    act(bench, PULL_REQUEST)
    assert bench.failed == []
    assert sent(bench) == []


def test_a_comment_that_is_there_is_updated_though_nothing_changed_any_more(bench: Bench) -> None:
    give(bench, NOTHING_NEW)
    bench.answer(comments=json.dumps([comment(4, BOT, f"{MARKER}\nworse")]))
    act(bench, PULL_REQUEST)
    assert sent(bench) == [("PATCH", f"{REPOSITORY}/issues/comments/4", COMMENT)]


def test_a_failed_gate_is_said_though_nothing_changed(bench: Bench) -> None:
    failed = Gate(expression="redundant_rate > 0.2", figure=0.5, limit=0.2, passed=False, note="")
    give(bench, msgspec.structs.replace(NOTHING_NEW, gates=rows(failed)), status=1)
    act(bench, PULL_REQUEST)
    assert len(sent(bench)) == 1


def test_the_first_report_is_a_comment_too(bench: Bench) -> None:
    give(bench, BEFORE)
    act(bench, PULL_REQUEST)
    assert len(sent(bench)) == 1


def test_who_wants_no_comment_gets_none(bench: Bench) -> None:
    act(bench, PULL_REQUEST, comment="false")
    assert bench.failed == []
    assert sent(bench) == []
    assert (bench.answers / "step-summary").read_text() == COMMENT


def test_the_check_fails_for_a_failed_gate_after_all_is_said(bench: Bench) -> None:
    give(bench, WORSE, status=1)
    known = act(bench, PULL_REQUEST)
    assert bench.failed == ["Fail if the tests or a gate failed"]
    assert known["steps.report.outputs.status"] == "1"
    assert len(sent(bench)) == 1
    assert NAME in bench.uploaded


@pytest.mark.parametrize("context", [PULL_REQUEST, FORK, WAITING])
def test_the_baseline_is_that_of_the_branch_that_is_merged_into(bench: Bench, context: dict[str, str]) -> None:
    bench.answer(runs=list_runs(314, forks=(99,)))
    give_artifact(bench, BASELINE, "report.json")
    act(bench, context)
    (listed,) = bench.calls("gh", "api", "--method", "GET", RUNS)
    assert {"branch=main", "event=push", "status=success"} <= set(listed.arguments)
    (fetched,) = bench.calls("gh", "run", "download")
    assert fetched.arguments[2] == "314"
    ((*_, arguments),) = [reported(bench)]
    given = [arguments[at + 1] for at, each in enumerate(arguments) if each in {"--baseline", "--fail-on"}]
    assert Path(given[0]).parts[-2:] == ("baseline", "report.json")
    assert given[1:] == ["new-findings", "worse"]


@pytest.mark.parametrize("listed", [list_runs(), list_runs(314), list_runs(forks=(99,))])
def test_without_a_baseline_nothing_is_compared_and_nothing_fails(
    bench: Bench, listed: str, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.answer(runs=listed)
    act(bench, PULL_REQUEST)
    assert bench.failed == []
    (arguments,) = reported(bench)
    assert "--baseline" not in arguments
    assert "--fail-on" not in arguments
    assert "::notice::main has no baseline yet: nothing is compared." in capfd.readouterr().out


def test_a_branch_on_a_branch_is_compared_with_the_default_branch(bench: Bench) -> None:
    act(bench, PULL_REQUEST | {"github.base_ref": "feature"})
    asked = [call.arguments for call in bench.calls("gh", "api", "--method", "GET", RUNS)]
    assert [next(each for each in one if each.startswith("branch=")) for one in asked] == [
        "branch=feature",
        "branch=main",
    ]


def test_a_push_keeps_the_baseline_that_the_next_pull_request_is_compared_with(bench: Bench) -> None:
    act(bench, PUSH)
    assert bench.failed == []
    assert bench.uploaded[BASELINE] == ["report.json"]
    assert sent(bench) == []
    assert bench.calls("gh") == []
    bench.answer(runs=list_runs(314))
    act(bench, PULL_REQUEST)
    assert "--baseline" in reported(bench)[-1]


def test_no_pull_request_leaves_a_baseline(bench: Bench) -> None:
    for context in (PULL_REQUEST, FORK, WAITING, DEPENDABOT):
        act(bench, context)
    assert BASELINE not in bench.uploaded


def test_what_waits_to_be_merged_is_measured_and_not_commented_on(bench: Bench) -> None:
    assert {"push", "pull_request", "merge_group"} == set(read_yaml("github/tracereport.yml")["on"])
    act(bench, WAITING)
    assert bench.failed == []
    (listed,) = bench.calls("gh", "api", "--method", "GET", RUNS)
    assert "branch=main" in listed.arguments
    assert len(reported(bench)) == 1
    assert sent(bench) == []


FAILING = '#!/bin/sh\necho "error: does not compile" >&2\nexit 101\n'


def test_tests_that_fail_fail_the_check_and_nothing_is_reported(bench: Bench) -> None:
    (bench.answers.parent / "bin" / "cargo").write_text(FAILING)
    act(bench, PULL_REQUEST)
    assert bench.failed == ["Fail if the tests or a gate failed"]
    assert reported(bench) == []
    assert sent(bench) == []
    assert bench.uploaded == {}


def test_a_comment_that_is_there_says_that_the_tests_failed(bench: Bench) -> None:
    (bench.answers.parent / "bin" / "cargo").write_text(FAILING)
    bench.answer(comments=json.dumps([comment(4, BOT, f"{MARKER}\nold")]))
    act(bench, PULL_REQUEST)
    said = f"{MARKER}\nThere is no report: the tests failed with exit code 101.\n\nThis is about commit c0ffee.\n"
    assert sent(bench) == [("PATCH", f"{REPOSITORY}/issues/comments/4", said)]


def test_the_tests_see_neither_a_token_nor_our_variables(bench: Bench) -> None:
    act(bench, PULL_REQUEST, run="env > environment")
    names = {line.partition("=")[0] for line in (bench.folder / "environment").read_text().splitlines()}
    assert "RUST_BACKTRACE" in names
    assert (
        names & {"GH_TOKEN", "FOLDER", "NAME", "TRACEREPORT_RUN", "TRACEREPORT_FOLDER", "TRACEREPORT_ACTION"} == set()
    )


@pytest.mark.parametrize("command", ["false; true", "false | true", "exit 7"])
def test_a_command_of_several_lines_stops_at_the_first_that_fails(bench: Bench, command: str) -> None:
    act(bench, PULL_REQUEST, run=command)
    assert bench.failed == ["Fail if the tests or a gate failed"]
    assert reported(bench) == []


@pytest.mark.parametrize("context", [FORK, DEPENDABOT], ids=["fork", "dependabot"])
def test_who_may_not_comment_hands_the_calls_over_and_fails_by_itself(bench: Bench, context: dict[str, str]) -> None:
    give(bench, WORSE, status=1)
    act(bench, context)
    assert bench.failed == ["Fail if the tests or a gate failed"]
    assert bench.uploaded[CALLS] == ["calls.parquet"]
    assert sent(bench) == []


def test_the_fork_s_pull_request_is_found_by_its_head(bench: Bench) -> None:
    bench.answer(pulls=json.dumps([pull(5, "beef"), pull(9, "c0ffee"), pull(11, "c0ffee")]))
    give_artifact(bench, CALLS, "calls.parquet")
    act(bench, COMMENTING)
    assert bench.failed == []
    (asked,) = [call for call in bench.calls("gh", "api") if "head=someone:patch-1" in call.arguments]
    assert asked.arguments[1:4] == ["--method", "GET", f"{REPOSITORY}/pulls"]
    assert sent(bench) == [("POST", f"{REPOSITORY}/issues/9/comments", COMMENT)]
    (arguments,) = reported(bench)
    assert arguments[0].endswith("/untrusted/calls.parquet")
    (listed, *_) = bench.calls("gh", "api", "--method", "GET", f"{REPOSITORY}/actions/workflows/815/runs")
    assert "branch=main" in listed.arguments
    assert not (bench.answers / BASELINE).exists()


def test_a_fork_without_an_open_pull_request_gets_no_further(bench: Bench) -> None:
    bench.answer(pulls=json.dumps([pull(5, "beef")]))
    act(bench, COMMENTING)
    assert bench.failed == []
    assert bench.calls("tracereport") == []
    assert sent(bench) == []


def test_a_link_in_the_fork_s_artifact_is_not_followed(bench: Bench) -> None:
    bench.answer(pulls=json.dumps([pull(9, "c0ffee")]))
    (bench.answers / CALLS).mkdir()
    (bench.answers / CALLS / "calls.parquet").symlink_to("/etc/passwd")
    act(bench, COMMENTING)
    assert bench.failed == ["Fail if the tests or a gate failed"]
    assert bench.calls("tracereport") == []


def test_nothing_is_run_with_the_rights_of_a_comment(bench: Bench) -> None:
    bench.answer(pulls=json.dumps([pull(9, "c0ffee")]))
    bench.run_action(COMMENTING, run="touch harm")
    assert bench.failed == ["See what this run is about"]
    assert not (bench.folder / "harm").exists()


@pytest.mark.parametrize("status", [0, 1, 3])
def test_a_failed_gate_of_a_fork_is_said_and_no_second_check_fails(bench: Bench, status: int) -> None:
    give(bench, WORSE, status=status)
    bench.answer(pulls=json.dumps([pull(9, "c0ffee")]), runs=list_runs(314))
    give_artifact(bench, CALLS, "calls.parquet")
    give_artifact(bench, BASELINE, "report.json")
    act(bench, COMMENTING)
    assert bench.failed == []
    assert len(sent(bench)) == 1
    assert "--baseline" in reported(bench)[0]


@pytest.mark.parametrize(
    ("status", "has_calls", "said", "failed"),
    [
        (3, False, "There is no report: the tests ended before there was one.", []),
        (3, True, "There is no report: see what tracereport says in this run.", []),
        (2, True, "There is no report: see what tracereport says in this run.", ["Fail if the tests or a gate failed"]),
    ],
)
def test_a_comment_that_is_there_is_brought_up_to_date_whatever_went_wrong(
    bench: Bench, status: int, *, has_calls: bool, said: str, failed: list[str]
) -> None:
    (bench.answers.parent / "bin" / "tracereport").write_text(f"#!/bin/sh\nexit {status}\n")
    bench.answer(pulls=json.dumps([pull(9, "c0ffee")]), comments=json.dumps([comment(4, BOT, f"{MARKER}\nold")]))
    if has_calls:
        give_artifact(bench, CALLS, "calls.parquet")
    act(bench, COMMENTING)
    assert bench.failed == failed
    expected = f"{MARKER}\n{said}\n\nThis is about commit c0ffee.\n"
    assert sent(bench) == [("PATCH", f"{REPOSITORY}/issues/comments/4", expected)]


def test_where_there_is_no_report_and_no_comment_nothing_is_posted(bench: Bench) -> None:
    (bench.answers.parent / "bin" / "tracereport").write_text("#!/bin/sh\nexit 3\n")
    bench.answer(pulls=json.dumps([pull(9, "c0ffee")]))
    give_artifact(bench, CALLS, "calls.parquet")
    act(bench, COMMENTING)
    assert bench.failed == []
    assert sent(bench) == []


def test_the_comment_of_a_long_discussion_is_found_and_breaks_no_pipe(bench: Bench) -> None:
    mine = comment(4, BOT, f"{MARKER}\nold")
    others = [comment(100 + number, "reviewer", "y" * 60_000) for number in range(30)]
    bench.answer(comments="\n".join(json.dumps(page) for page in ([mine, *others], others, others)))
    act(bench, PULL_REQUEST)
    assert bench.failed == []
    assert sent(bench) == [("PATCH", f"{REPOSITORY}/issues/comments/4", COMMENT)]


def test_several_logs_are_taken_and_gates_that_need_no_baseline_are_kept(bench: Bench) -> None:
    gates = "new-findings\ncalls(load node) > baseline + 10\n\nredundant_rate > 0.2\n"
    act(bench, PULL_REQUEST, **{"log": "one.log\n  \ntwo three.log\n", "fail-on": gates})
    assert bench.failed == []
    (arguments,) = reported(bench)
    assert arguments[:4] == ["one.log", "two three.log", "--fail-on", "redundant_rate > 0.2"]
    assert bench.calls("tracereport", "run") == []


@pytest.mark.parametrize("inputs", [{"log": "a.log", "run": RUN}, {"log": ""}])
def test_there_must_be_a_command_or_a_log(
    bench: Bench, inputs: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    act(bench, PULL_REQUEST, **inputs)
    assert bench.failed == ["See what this run is about"]
    assert "::error::Give the input run" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Rust-tests", "Rust-tests"),
        ("3.14, Linux / slow", "3.14-Linux-slow"),
        ("(größe) -- x", "gr-e-x"),
        ("✅", "tracereport"),
    ],
)
def test_the_name_is_a_word_whatever_it_is_made_of(bench: Bench, given: str, name: str) -> None:
    act(bench, PULL_REQUEST, name=given)
    assert bench.failed == []
    (arguments,) = reported(bench)
    assert arguments[arguments.index("--marker") + 1] == name
    assert list(bench.uploaded) == [name]


def test_a_function_called_baseline_is_told_from_the_baseline(bench: Bench) -> None:
    kept = ["calls(load_baseline) > 5", 'calls("a > baseline") >= 3', "quality"]
    left_out = [
        "calls > baseline",
        "calls(f) != baseline+5 %",
        "again_calls <= baseline - 1.5",
        "worse",
        "new-findings",
    ]
    gates = "\n".join([*kept, *left_out])
    act(bench, PULL_REQUEST, **{"fail-on": gates})
    (bench.folder / "main.json").write_text("{}")
    act(bench, PULL_REQUEST, **{"fail-on": gates, "baseline": "main.json"})
    without, with_baseline = (
        [given[1] for given in pairwise(arguments) if given[0] == "--fail-on"] for arguments in reported(bench)
    )
    assert without == kept
    assert with_baseline == [*kept, *left_out]


def test_a_named_baseline_that_is_not_there_is_said(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    act(bench, PULL_REQUEST, baseline="main.json")
    assert bench.failed == []
    assert "::notice::main.json isn't there: nothing is compared." in capfd.readouterr().out


def test_what_is_installed_is_this_checkout_and_what_it_needs_by_its_hashes(bench: Bench) -> None:
    act(bench, PULL_REQUEST)
    installed = [call.arguments[call.arguments.index("install") + 1 :] for call in bench.calls("python")]
    needs, program, emitter = installed
    assert needs == [
        *("--require-hashes", "--only-binary", ":all:"),
        *("--requirement", f"{ROOT}/action/requirements.txt"),
    ]
    assert program == ["--no-deps", "--no-build-isolation", str(ROOT)]
    assert emitter[:2] == ["--no-deps", "--no-build-isolation"]
    assert emitter[-1] == f"{ROOT}/emitters/python"


def test_every_requirement_has_its_version_and_its_hashes() -> None:
    text = (ROOT / "action" / "requirements.txt").read_text()
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==[\w.]+( ; .+)? \\\n( +--hash=sha256:[0-9a-f]{64}( \\\n|$))+$", entry), entry
    pinned = {entry.partition("==")[0] for entry in entries}
    project = (ROOT / "pyproject.toml").read_text().partition("dependencies = [")[2].partition("]")[0]
    assert set(re.findall(r'"([a-z0-9-]+)>=', project)) <= pinned
    assert "hatchling" in pinned, "what builds is pinned as well"


def use_the_real_command(bench: Bench) -> None:
    script = f'#!/bin/sh\nPYTHONPATH="{ROOT}:$PYTHONPATH" exec {sys.executable} -m tracereport "$@"\n'
    (bench.answers.parent / "bin" / "tracereport").write_text(script)


def test_a_fork_is_measured_and_redacted_as_the_project_says(bench: Bench) -> None:
    use_the_real_command(bench)
    (bench.answers / "main").mkdir()
    (bench.answers / "main" / "tracereport.toml").write_text('fan-out-values = 7\nredact = ["all"]\n')
    (bench.answers / "main" / "setup.py").write_text("raise SystemExit\n")
    cargo = bench.answers.parent / "bin" / "cargo"
    for log, context in (("ids 1 2 3", PUSH), ("ids 1 1 secret secret", FORK)):
        lines = [f"PERF_TRACE|{at}|load|caller=main|id={one}|elapsed_ms=1" for at, one in enumerate(log.split()[1:])]
        cargo.write_text("#!/bin/sh\n" + "".join(f"echo '{line}' >&2\n" for line in lines))
        settings = 'fan-out-values = 7\nredact = ["all"]\n' if context is PUSH else "fan-out-values = 7\n"
        (bench.folder / "tracereport.toml").write_text(settings)
        act(bench, context)
    bench.answer(pulls=json.dumps([pull(9, "c0ffee")]), runs=list_runs(314))
    shutil.rmtree(bench.folder)
    bench.folder.mkdir()
    (job,) = read_yaml("github/tracereport-comment.yml")["jobs"].values()
    job["steps"][-1]["with"] = {"name": NAME}
    bench.run_workflow(job, COMMENTING)
    assert bench.failed == []
    ((_, _, body),) = sent(bench)
    assert body is not None
    assert "new repeats of `load` by `main`" in body
    assert "❌ `new-findings` **failed**" in body
    assert "secret" not in body
    assert "redacted:" in body
    assert not (bench.folder / "setup.py").exists(), "nothing but the configuration is checked out"


def test_with_the_real_command_a_real_suite_is_compared_with_itself_and_with_another(bench: Bench) -> None:
    use_the_real_command(bench)
    cargo = bench.answers.parent / "bin" / "cargo"
    cargo.write_text(f"#!/bin/sh\ncat {LOGS / 'duckpond-parallel.log'} >&2\n")
    (job,) = read_yaml("github/tracereport.yml")["jobs"].values()
    bench.run_workflow(job, PUSH)

    bench.answer(runs=list_runs(314))
    cargo.write_text(f"#!/bin/sh\ncat {LOGS / 'duckpond-single-thread.log'} >&2\n")
    bench.run_workflow(job, PULL_REQUEST)
    assert bench.failed == []
    assert sent(bench) == []
    assert "Nothing changed: 691 calls" in (bench.answers / "step-summary").read_text()

    cargo.write_text(f"#!/bin/sh\ncat {LOGS / 'single-thread.log'} >&2\n")
    (bench.answers / "tracereport-baseline" / "report.json").unlink()
    bench.answer(runs=list_runs())
    bench.run_workflow(job, PULL_REQUEST)
    assert bench.failed == []
    ((method, place, body),) = sent(bench)
    assert (method, place) == ("POST", f"{REPOSITORY}/issues/7/comments")
    assert body is not None
    assert body.startswith("<!-- tracereport:tracereport -->\n")


def test_what_writes_no_traces_fails_and_says_so(bench: Bench) -> None:
    use_the_real_command(bench)
    bench.answer(comments=json.dumps([comment(4, BOT, f"{MARKER}\nold")]))
    act(bench, PULL_REQUEST, run="echo nothing")
    assert bench.failed == ["Fail if the tests or a gate failed"]
    ((_, _, body),) = sent(bench)
    assert body is not None
    assert "There is no report: the tests wrote no traces." in body


def test_a_python_suite_needs_nothing_installed_for_its_traces(bench: Bench) -> None:
    use_the_real_command(bench)
    act(bench, PUSH, run='echo "$PYTHONPATH" > path; cargo test')
    assert f"{NAME}/emitter" in (bench.folder / "path").read_text()


def test_what_runs_a_fork_s_code_may_write_nothing_and_what_may_write_runs_none_of_it() -> None:
    measuring, posting = read_yaml("github/tracereport.yml"), read_yaml("github/tracereport-comment.yml")
    assert measuring["permissions"] == posting["permissions"] == {}
    assert "secrets." not in (EXAMPLES / "github/tracereport.yml").read_text()
    checkout, action = posting["jobs"]["comment"]["steps"]
    assert checkout["uses"].startswith("actions/checkout@")
    assert "ref" not in checkout["with"], "the default branch, not what was proposed"
    assert checkout["with"]["persist-credentials"] is False
    assert "with" not in action, "there is nothing that could be run"
    assert posting["on"]["workflow_run"]["workflows"] == [measuring["name"]]
    ours = "github.event.workflow_run.head_repository.full_name != github.repository"
    assert ours in posting["jobs"]["comment"]["if"]


def test_no_expression_stands_in_a_script() -> None:
    steps: list[dict[str, Any]] = read_yaml(ACTION)["runs"]["steps"]
    assert [expressions(step["run"]) for step in steps if expressions(step.get("run", ""))] == []


def test_its_six_lines_stand_in_its_readme() -> None:
    text = (EXAMPLES / "github" / "README.md").read_text()
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(block.splitlines()) <= 6
    assert "uses: OWNER/tracereport@v1" in block
