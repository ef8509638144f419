"""Celery's tasks are frames, in a worker and where they run at once. A stand-in has what the hook uses of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import environment
from tests.written_lines import WrittenCall, read_written

TRACE = """
def build_tracer(name, task, loader=None, *, eager=False):
    def trace_task(uuid, args, kwargs, request=None):
        return task(*args, **kwargs)
    return trace_task
"""
TASK = """
from .trace import build_tracer
class Task:
    def __init__(self, run):
        self.run = run
    def apply(self, args, kwargs):
        return build_tracer(f"shop.{self.run.__name__}", self.run, eager=True)("1-2-3", args, kwargs)
"""
SHOP = """
from celery.app.task import Task
from tracereport.emit import trace

def ask(key):
    with trace("load", key=key):
        return key

@Task
def mail(user):
    if user is None:
        raise ValueError("nobody")
    return ask(user), mail.apply((2 * user,), {}) if user == 1 else None

print(mail.apply((), {"user": 1}))
try:
    mail.apply((None,), {})
except ValueError as error:
    print(error)
"""


def run_shop(folder: Path, code: str, *, log: Path | None = None) -> str:
    package = folder / "celery" / "app"
    package.mkdir(parents=True)
    for file, text in ((package.parent / "__init__.py", ""), (package / "__init__.py", "")):
        file.write_text(text)
    (package / "trace.py").write_text(TRACE)
    (package / "task.py").write_text(TASK)
    own = environment() if log is None else environment(PERF_TRACE=str(log))
    command = [sys.executable, "-c", f"from tracereport.emit import hooks\nhooks.switch_on()\n{code}"]
    done = subprocess.run(command, cwd=folder, env=own, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_run_of_a_task_is_a_frame(tmp_path: Path) -> None:
    log = tmp_path / "trace.log"
    run_shop(tmp_path, SHOP, log=log)

    def describe(call: WrittenCall) -> tuple[str, bool, str, int | None]:
        return call.function, "frame" in call.reserved, call.caller, call.parent

    calls = sorted(read_written(log), key=lambda call: call.number)
    assert [describe(call) for call in calls] == [
        ("TASK shop.mail", True, "unknown", None),
        ("load", False, "ask", 0),
        ("TASK shop.mail", True, "TASK shop.mail", 0),
        ("load", False, "ask", 2),
        ("TASK shop.mail", True, "unknown", None),
    ]
    assert [call.reserved.get("failed") for call in calls] == [None, None, None, None, "1"]


@pytest.mark.parametrize("is_on", [True, False])
def test_the_program_does_as_before(tmp_path: Path, *, is_on: bool) -> None:
    twice = "hooks.switch_on()\nfrom tracereport.emit import celery\ncelery.trace_tasks()\n" if is_on else ""
    log = tmp_path / "trace.log" if is_on else None
    assert run_shop(tmp_path, SHOP + twice, log=log) == "(1, (2, None))\nnobody\n"
