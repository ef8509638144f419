"""Progress: shown on a terminal, once it has lasted for a second, and nowhere else."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import SINGLE, command_line, environment, run_in_terminal
from tracereport import progress
from tracereport.progress import TerminalProgress

BAR = "\x1b[?25l"
"""A live display hides the cursor."""


@pytest.fixture
def slow_log(tmp_path: Path) -> Iterator[Path]:
    """A log of which the end is waited for."""
    pipe = tmp_path / "slow.log"
    os.mkfifo(pipe)
    with subprocess.Popen(["sh", "-c", f"exec > {pipe}; cat {SINGLE}; sleep 2.5"]) as writer:
        yield pipe
        writer.wait(10)


def test_a_long_run_shows_how_far_it_is_and_takes_it_away(slow_log: Path, tmp_path: Path) -> None:
    code, shown = run_in_terminal(slow_log, "-o", tmp_path / "a.json")
    assert code == 0
    assert BAR in shown
    assert "reading" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("reading"), "the cursor is there again"
    assert shown.rstrip().endswith("245 of the 282.")


def test_nothing_is_shown_of_a_long_run_under_q(slow_log: Path, tmp_path: Path) -> None:
    assert run_in_terminal(slow_log, "-q", "-o", tmp_path / "a.json") == (0, "")


def test_nothing_is_shown_where_standard_error_is_no_terminal(slow_log: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        command_line(slow_log, "-o", tmp_path / "a.json"),
        env=environment(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert b"reading" not in done.stderr
    assert b"\x1b" not in done.stderr


def test_nothing_is_shown_before_a_second_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    watcher = TerminalProgress(is_shown=True)
    started = time.monotonic()
    with watcher:
        watcher.begin("reading", 100)
        watcher(50, 100)
        assert time.monotonic() - started > progress.DELAY_SECONDS or watcher._bar is None
    time.sleep(0.1)
    assert watcher._bar is None, "stopped before it was shown"


def test_the_bytes_of_several_inputs_are_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress, "DELAY_SECONDS", 0.0)
    with TerminalProgress(is_shown=True) as watcher:
        watcher.begin("reading", 300)
        for position in (50, 100, 60, 120):
            watcher(position, None)
        while watcher._bar is None:
            time.sleep(0.01)
        watcher(130, None)
        (task,) = watcher._bar.tasks
        assert (task.description, task.completed, task.total) == ("reading", 230, 300)
        watcher.begin("measuring")
        (task,) = watcher._bar.tasks
        assert (task.description, task.completed, task.total) == ("measuring", 0, None)
