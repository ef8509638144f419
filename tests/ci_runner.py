"""Runs the shell steps of the CI examples as their runners would, against stand-ins for the commands that they call.

Only what the examples use of the workflow language is understood; anything else is an error, not a guess.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.paths import EXAMPLES

STAND_IN = '''#!{python}
"""Records its call and answers from the files that the test laid out."""
import json, os, pathlib, shutil, sys
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
elif name == "tracereport":
    for output in option("-o"):
        shutil.copy(answer(output), output) if output != "-" else print("::warning title=again::known")
    sys.exit(int(answer("status").read_text()))
elif name == "gh" and arguments[:2] == ["run", "download"]:
    shutil.copytree(answer(option("--name")[0]), option("--dir")[0], symlinks=True)
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
COMMANDS = ("cargo", "curl", "gh", "pip", "pipx", "tracereport", "apt-get")

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
    uploaded: list[str] = field(default_factory=list)

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
            timeout=60,
            check=False,
        )
        sys.stdout.write(run.stdout + run.stderr)
        return run.returncode

    def run_steps(self, steps: list[dict[str, Any]], context: Mapping[str, str]) -> dict[str, str]:
        """Runs the steps of a GitHub job until one fails; the outputs, by expression."""
        known = dict(context)
        for step in steps:
            if "if" in step and not _holds(step["if"], known):
                continue
            if "uses" in step:
                if step["uses"].startswith("actions/checkout@"):
                    self._check_out(step["with"].get("sparse-checkout", "").split())
                self.uploaded += str(step.get("with", {}).get("path", "")).split()
                continue
            environment = {name: _fill(str(value), known) for name, value in step.get("env", {}).items()}
            output = self.answers / "output"
            output.write_text("")
            environment |= {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(self.answers / "step-summary")}
            environment["GITHUB_REPOSITORY"] = known["github.repository"]
            options = ("-e", "-o", "pipefail") if step.get("shell") == "bash" else ("-e",)
            code = self.shell(step["run"], environment, *options)
            for line in output.read_text().splitlines():
                name, _, value = line.partition("=")
                known[f"steps.{step['id']}.outputs.{name}"] = value
            if code != 0:
                self.failed.append(step["name"])
                break
        return known

    def _check_out(self, patterns: list[str]) -> None:
        """Puts the files of the default branch there, or those that are asked for: they lie in ``answers/main``."""
        for file in sorted((self.answers / "main").glob("*")):
            if not patterns or f"/{file.name}" in patterns:
                shutil.copy(file, self.folder)


def read_yaml(name: str) -> Any:
    """An example, as plain data."""
    return YAML(typ="safe", pure=True).load(EXAMPLES / name)


def expressions(text: str) -> list[str]:
    """The workflow expressions in a text."""
    return _EXPRESSION.findall(text)


def _fill(text: str, known: Mapping[str, str]) -> str:
    """The text with each expression's value: of alternatives the first that isn't empty."""

    def value(name: str) -> str:
        return known.get(name, "") if name.startswith("steps.") else known[name]

    return _EXPRESSION.sub(lambda found: next(filter(None, map(value, found[1].split(" || "))), ""), text)


def _holds(condition: str, known: Mapping[str, str]) -> bool:
    """A condition of the one form that the examples' steps use, ``NAME != ''``."""
    name, operator, literal = condition.split(" ")
    assert (operator, literal) == ("!=", "''")
    return known.get(name, "") != ""
