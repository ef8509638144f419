"""Progress: shown on a terminal, once it has lasted for a second, and nowhere else."""

import io
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.command.calling import COLOUR
from tests.running import SINGLE, command_line, environment, run_in_terminal
from tests.waiting import PATIENCE_SECONDS
from tracereport.command import progress
from tracereport.command.progress import TerminalProgress

BAR = "\x1b[?25l"
"""A live display hides the cursor."""


@pytest.fixture
def slow_log(tmp_path: Path) -> Iterator[Path]:
    """A log of which the end is waited for."""
    pipe = tmp_path / "slow.log"
    os.mkfifo(pipe)
    with subprocess.Popen(["sh", "-c", f"exec > {pipe}; cat {SINGLE}; sleep 2.5"]) as writer:
        yield pipe
        writer.kill()  # where nobody has read it, it would wait for somebody


class LastingLog:
    """A log of which the end comes when the terminal shows this, however long a busy machine takes for it."""

    def __init__(self, folder: Path, *until: str) -> None:
        self.path = folder / "lasting.log"
        self._until = [text.encode() for text in until]
        self._is_shown = threading.Event()
        os.mkfifo(self.path)
        threading.Thread(target=self._write, daemon=True).start()

    def watch(self, shown: bytes) -> None:
        if all(text in shown for text in self._until):
            self._is_shown.set()

    def _write(self) -> None:
        with self.path.open("wb") as log:
            log.write(SINGLE.read_bytes())
            log.flush()
            self._is_shown.wait(PATIENCE_SECONDS)


def test_a_long_run_shows_how_far_it_is_and_takes_it_away(tmp_path: Path) -> None:
    log = LastingLog(tmp_path, BAR, "reading")
    code, shown = run_in_terminal(log.path, "-o", tmp_path / "a.json", watch=log.watch)
    assert code == 0
    assert BAR in shown
    assert "reading" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("reading"), "the cursor is there again"
    assert shown.rindex("cleared by writes.") > shown.rindex("reading"), "the verdict is left"


def test_the_bar_has_no_colour_where_none_is_wanted(tmp_path: Path) -> None:
    log = LastingLog(tmp_path, BAR, "reading")
    code, shown = run_in_terminal(log.path, variables={"NO_COLOR": "1"}, watch=log.watch)
    assert code == 0
    assert BAR in shown
    assert not COLOUR.search(shown)


def test_a_terminal_that_can_move_no_cursor_is_told_to_move_none(slow_log: Path) -> None:
    code, shown = run_in_terminal(slow_log, variables={"TERM": "dumb"})
    assert code == 0
    assert "\x1b" not in shown


def test_nothing_is_shown_of_a_long_run_under_q(slow_log: Path, tmp_path: Path) -> None:
    assert run_in_terminal(slow_log, "-q", "-o", tmp_path / "a.json") == (0, "")


def test_nothing_is_shown_where_standard_error_is_no_terminal(slow_log: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        command_line(slow_log, "-o", tmp_path / "a.json"),
        env=environment(),
        capture_output=True,
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    assert b"reading" not in done.stderr
    assert b"\x1b" not in done.stderr


class Terminal(io.StringIO):
    """Standard error where somebody watches."""

    def isatty(self) -> bool:
        return True


class Clock:
    """Makes timers that go off when a test says so."""

    def __init__(self) -> None:
        self.timers: list[threading.Timer] = []

    def __call__(self, seconds: float, function: Callable[[], None]) -> threading.Timer:
        assert seconds == 1
        timer = threading.Timer(0, function)
        timer.start, timer.join = (lambda: None), (lambda timeout=None: None)  # type: ignore[method-assign]  # noqa: ARG005
        self.timers.append(timer)
        return timer

    def go_off(self) -> None:
        for timer in self.timers:
            timer.function()


def open_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Without colours the bar is as long as what is done, of 40 columns."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    return terminal


def test_nothing_is_shown_before_a_second_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, clock = open_terminal(monkeypatch), Clock()
    with TerminalProgress(is_shown=True, make_timer=clock) as watcher:
        watcher.begin("reading", 100)
        watcher(50, 100)
        assert terminal.getvalue() == ""
    assert terminal.getvalue() == ""
    assert [timer.finished.is_set() for timer in clock.timers] == [True], "it won't appear any more"


def test_nobody_waits_for_a_bar_that_must_not_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, clock = open_terminal(monkeypatch), Clock()
    with TerminalProgress(is_shown=False, make_timer=clock) as watcher:
        watcher.begin("reading", 100)
    assert (clock.timers, terminal.getvalue()) == ([], "")


BYTES_READ = [((), ""), ((150,), 20 * "━"), ((50, 100, 60, 120, 130), 30 * "━" + "╸"), ((300,), 40 * "━")]


@pytest.mark.parametrize("appears_first", [True, False])
@pytest.mark.parametrize(("positions", "filled"), BYTES_READ)
def test_the_bytes_of_several_inputs_are_added_up_whether_it_is_shown_yet_or_not(
    monkeypatch: pytest.MonkeyPatch, appears_first: bool, positions: Sequence[int], filled: str
) -> None:
    terminal, clock = open_terminal(monkeypatch), Clock()
    with TerminalProgress(is_shown=True, make_timer=clock) as watcher:
        watcher.begin("reading", 300)
        if appears_first:
            clock.go_off()
        for position in positions:
            watcher(position, None)
        if not appears_first:
            clock.go_off()
    *_, last = re.findall(r"reading +(━*╸?) +[0-9:-]+", terminal.getvalue())
    assert last == filled


def test_a_stage_takes_the_place_of_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, clock = open_terminal(monkeypatch), Clock()
    with TerminalProgress(is_shown=True, make_timer=clock) as watcher:
        watcher.begin("reading", 300)
        clock.go_off()
        watcher.begin("measuring")
    shown = terminal.getvalue()
    assert shown.startswith(BAR)
    assert shown.rindex("\x1b[?25h") > shown.rindex("measuring") > shown.rfind("reading")


def test_the_time_is_that_of_the_whole_run(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, clock = open_terminal(monkeypatch), Clock()
    monkeypatch.setattr(progress, "monotonic", lambda: time.monotonic() - 75)
    with TerminalProgress(is_shown=True, make_timer=clock) as watcher:
        watcher.begin("measuring 2 inputs", 100)
        clock.go_off()
        watcher.begin("measured 1 of 2 inputs", 100)
        watcher.begin("writing")
    last = terminal.getvalue().rpartition("writing")[2]
    assert re.search(r"0:01:1\d", last)
