"""Runs the shell steps of the CI examples as their runners would, against stand-ins for the commands that they call.

Only what the examples use of the workflow language is understood; anything else is an error, not a guess.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.paths import EXAMPLES, ROOT

STAND_IN = '''#!{python}
"""Records its call and answers from the files that the test laid out."""
import json, os, pathlib, shutil, subprocess, sys
name, arguments = pathlib.Path(sys.argv[0]).name, sys.argv[1:]
answers = pathlib.Path(os.environ["ANSWERS"])
body = pathlib.Path("summary.md").read_text() if any("@summary.md" in argument for argument in arguments) else None
with open(answers / "calls.jsonl", "a") as calls:
    print(json.dumps([name, arguments, body]), file=calls)
def option(*names):
    return [arguments[at + 1] for at, argument in enumerate(arguments) if argument in names]
def answer(name):
    path = answers / name
    if not path.exists():
        sys.exit(f"no {{name}} here")
    return path
if name == "cargo":
    print("PERF_TRACE|0|query_records|caller=load_node|elapsed_ms=3", file=sys.stderr)
elif name == "git" and arguments[0] == "clone":
    pathlib.Path(arguments[-1]).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(arguments[-1]).symlink_to(os.environ["CHECKOUT"])
elif name == "python3" and arguments[:2] == ["-m", "venv"]:
    beside = pathlib.Path(sys.argv[0]).parent
    (pathlib.Path(arguments[2]) / "bin").mkdir(parents=True)
    for made, like in (("python", "python3"), ("tracereport", "tracereport")):
        (pathlib.Path(arguments[2]) / "bin" / made).symlink_to(beside / like)
elif name == "tracereport" and arguments[0] == "run":
    code = subprocess.call(arguments[arguments.index("--") + 1 :])
    for output in option("-o"):
        shutil.copy(answer("calls.parquet"), output)
    sys.exit(code)
elif name == "tracereport":
    for output in option("-o"):
        if output == "-":
            print("::warning title=again::known")
        else:
            shutil.copy(answer(pathlib.Path(output).name), output)
    sys.exit(int(answer("status").read_text()))
elif name == "gh" and arguments[:2] == ["run", "download"]:
    shutil.copytree(answer(option("--name")[0]), option("--dir")[0], symlinks=True, dirs_exist_ok=True)
elif name == "gh" and not option("--method") == ["PATCH"] and not option("--method") == ["POST"]:
    place = next(argument for argument in arguments if argument.startswith("repos/")).rsplit("/", 1)[-1]
    print(answer(place).read_text())
elif name == "curl" and not option("--request"):
    place, _, query = arguments[-1].partition("?")
    page = dict(part.split("=") for part in query.split("&") if "=" in part).get("page", "1")
    name = place.rsplit("/", 1)[-1] + ("" if page == "1" else f"-{{page}}")
    text = answer(name).read_text() if page == "1" or (answers / name).exists() else "[]"
    if option("--output"):
        pathlib.Path(option("--output")[0]).write_text(text)
    else:
        print(text)
'''
COMMANDS = ("cargo", "curl", "gh", "git", "pip", "pipx", "python3", "tracereport", "apt-get")

ACTION = ROOT / "action.yml"

_EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")


@dataclass
class Call:
    """One call of a stand-in."""

    command: str
    arguments: list[str]
    body: str | None
    """The summary that was sent with it."""


@dataclass
class Bench:
    """A folder to run in, the stand-ins, and the answers that they give."""

    folder: Path
    answers: Path
    failed: list[str] = field(default_factory=list)
    """Names of the steps that failed."""
    uploaded: dict[str, list[str]] = field(default_factory=dict)
    """The files of each artifact. They lie in ``answers``, so that a later run can fetch them."""

    @classmethod
    def at(cls, root: Path) -> "Bench":
        """A fresh one, with a report that nothing is wrong with."""
        bench = cls(root / "workspace", root / "answers")
        for folder in (bench.folder, bench.answers, root / "bin"):
            folder.mkdir()
        for command in COMMANDS:
            path = root / "bin" / command
            path.write_text(STAND_IN.format(python=sys.executable))
            path.chmod(0o755)
        bench.answer(status="0", comments="[]", runs='{"workflow_runs": []}', pulls="[]")
        return bench

    def answer(self, **files: str) -> None:
        """What the stand-ins give from now on, by name."""
        for name, text in files.items():
            (self.answers / name).write_text(text)

    def calls(self, command: str, *first: str) -> list[Call]:
        """The calls of a command, in order, whose arguments begin like that."""
        log = self.answers / "calls.jsonl"
        lines = log.read_text().splitlines() if log.exists() else []
        calls = [Call(*json.loads(line)) for line in lines]
        return [call for call in calls if call.command == command and call.arguments[: len(first)] == [*first]]

    def shell(self, script: str, environment: Mapping[str, str], *options: str) -> int:
        """Runs a script with bash; its exit code."""
        path = f"{self.answers.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
        run = subprocess.run(
            ["bash", "--noprofile", "--norc", *options, "-c", script],
            cwd=self.folder,
            env={"PATH": path, "HOME": str(self.folder), "ANSWERS": str(self.answers), **environment},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        sys.stdout.write(run.stdout + run.stderr)
        return run.returncode

    def run_workflow(self, job: Mapping[str, Any], context: Mapping[str, str]) -> dict[str, str]:
        """Runs a job whose steps may use the action; the outputs of the last such step."""
        known: dict[str, str] = {}
        for step in job["steps"]:
            if step.get("uses", "").startswith("OWNER/tracereport@"):
                known = self.run_action(context, **step.get("with", {}))
            else:
                self.run_steps([step], context)
        return known

    def run_action(self, context: Mapping[str, str], **inputs: str) -> dict[str, str]:
        """Runs the action of this repository with these inputs; the outputs of its steps, by expression."""
        action = read_yaml(ACTION)
        assert inputs.keys() <= action["inputs"].keys()
        given = {name: _fill(str(each.get("default", "")), context) for name, each in action["inputs"].items()} | inputs
        shutil.rmtree(self.folder.parent / "temporary", ignore_errors=True)
        known = {
            **context,
            **{f"inputs.{name}": value for name, value in given.items()},
            "github.action_path": str(ROOT),
            "runner.temp": str(self.folder.parent / "temporary"),
        }
        return self.run_steps(action["runs"]["steps"], known)

    def run_steps(self, steps: list[dict[str, Any]], context: Mapping[str, str]) -> dict[str, str]:
        """Runs the steps of a GitHub job until one fails; the outputs, by expression."""
        known = dict(context)
        for step in steps:
            if "if" in step and not _holds(step["if"], known):
                continue
            if "uses" in step:
                self._use(step, known)
            elif self._run(step, known) != 0:
                self.failed.append(step["name"])
                break
        return known

    def _run(self, step: dict[str, Any], known: dict[str, str]) -> int:
        """Runs a step's script, and notes its outputs; its exit code."""
        environment = {name: _fill(str(value), known) for name, value in step.get("env", {}).items()}
        output = self.answers / "output"
        output.write_text("")
        environment |= {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(self.answers / "step-summary")}
        environment["GITHUB_REPOSITORY"] = known["github.repository"]
        options = ("-e", "-o", "pipefail") if step.get("shell") == "bash" else ("-e",)
        script = step["run"]
        if "working-directory" in step:
            script = f"cd {shlex.quote(_fill(step['working-directory'], known))}\n{script}"
        code = self.shell(script, environment, *options)
        for line in output.read_text().splitlines():
            name, _, value = line.partition("=")
            known[f"steps.{step['id']}.outputs.{name}"] = value
        return code

    def _use(self, step: dict[str, Any], known: Mapping[str, str]) -> None:
        """Does what the actions of others do that are used: checks out, keeps an artifact, or publishes a folder."""
        given = {name: _fill(str(value), known) for name, value in step.get("with", {}).items()}
        if step["uses"].startswith("actions/checkout@"):
            self._check_out(given.get("sparse-checkout", "").split())
            return
        if step["uses"].startswith(("actions/upload-pages-artifact@", "actions/deploy-pages@")):
            assert (self.folder / given.get("path", "")).is_dir()
            return
        assert step["uses"].startswith("actions/upload-artifact@"), step["uses"]
        if (folder := self.folder / given["path"]).is_dir():
            shutil.rmtree(self.answers / given["name"], ignore_errors=True)
            shutil.copytree(folder, self.answers / given["name"])
            return
        files = [path for name in given["path"].splitlines() if (path := self.folder / name).is_file()]
        assert files or given.get("if-no-files-found") == "ignore", given
        if files:
            self.uploaded[given["name"]] = [path.name for path in files]
            kept = self.answers / given["name"]
            shutil.rmtree(kept, ignore_errors=True)
            kept.mkdir()
            for path in files:
                shutil.copy(path, kept)

    def _check_out(self, patterns: list[str]) -> None:
        """Puts the files of the default branch there, or those that are asked for: they lie in ``answers/main``."""
        for file in sorted((self.answers / "main").glob("*")):
            if not patterns or f"/{file.name}" in patterns:
                shutil.copy(file, self.folder)


def read_yaml(name: str | Path) -> Any:
    """An example, or a file of this repository by its path, as plain data."""
    return YAML(typ="safe", pure=True).load(EXAMPLES / name)


def expressions(text: str) -> list[str]:
    """The workflow expressions in a text."""
    return _EXPRESSION.findall(text)


def _fill(text: str, known: Mapping[str, str]) -> str:
    """The text with each expression's value: of ``||`` the first that is not empty, of ``&&`` the last if all hold."""

    def value(name: str) -> str:
        return known.get(name, "") if name.startswith("steps.") else known[name]

    def alternative(terms: str) -> str:
        values = [value(name) for name in terms.split(" && ")]
        return values[-1] if all(values) else ""

    return _EXPRESSION.sub(lambda found: next(filter(None, map(alternative, found[1].split(" || "))), ""), text)


def _holds(condition: str, known: Mapping[str, str]) -> bool:
    """A condition of one of the two forms that steps use here, ``NAME != ''`` and ``NAME == 'true'``."""
    name, operator, literal = condition.split(" ")
    assert (operator, literal) in {("!=", "''"), ("==", "'true'")}, condition
    return known.get(name, "") == "true" if operator == "==" else known.get(name, "") != ""
