"""Interrupts: they end the command at once, whatever it does, and leave no half file."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.command.calling import EARLIER, TRACE
from tests.running import SINGLE, command_line, environment
from tracereport.command.interrupt import Terminated, prompt_interrupts

pytestmark = pytest.mark.usefixtures("folder")


def is_open(path: Path, process: subprocess.Popen[bytes]) -> bool:
    """Whether a process reads the file."""
    with suppress(FileNotFoundError):  # it may close another one while we look
        return any(link.readlink() == path for link in Path(f"/proc/{process.pid}/fd").iterdir())
    return False


@pytest.fixture(scope="module")
def large_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A million calls."""
    log = tmp_path_factory.mktemp("large") / "large.log"
    log.write_bytes(b"".join(TRACE % (number, number * 7919 % 100_003) for number in range(1_000_000)))
    return log


@pytest.mark.parametrize(
    "arguments", [["-", "--format", "raw"], ["-", "--explain", "ab"], [str(SINGLE), "-o", "pipe", "--format", "raw"]]
)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -15), (signal.SIGHUP, -1)])
def test_an_interrupt_ends_what_waits_for_others(arguments: list[str], number: signal.Signals, code: int) -> None:
    os.mkfifo("pipe")
    command = command_line(*arguments)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        time.sleep(3)
        process.send_signal(number)
        assert process.wait(10) in {code, 128 - code}


@pytest.mark.parametrize(
    ("seconds", "number"),
    [*((seconds, signal.SIGINT) for seconds in (0, 0.2, 0.5, 1.0)), (0.2, signal.SIGTERM), (0.5, signal.SIGHUP)],
)
def test_an_interrupt_ends_it_at_once_and_leaves_no_half_file(
    seconds: float, number: signal.Signals, large_log: Path, folder: Path
) -> None:
    report = folder / "report.html"
    report.write_text(EARLIER, encoding="utf-8")
    with subprocess.Popen(
        command_line(large_log, "-o", report, "-o", folder / "calls.parquet", "-o", folder / "report.json"),
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        while not is_open(large_log, process):
            time.sleep(0.01)
        time.sleep(seconds)
        process.send_signal(number)
        started = time.monotonic()
        _, said_last = process.communicate(timeout=60)
        lasted = time.monotonic() - started
    if number == signal.SIGINT:
        assert (process.returncode, said_last.strip()) == (130, b"tracereport: interrupted")
    else:
        assert (process.returncode in {-number, 128 + number}, said_last) == (True, b"")
    assert lasted < 1 + os.getloadavg()[0] / 2
    assert report.read_text(encoding="utf-8") == EARLIER
    assert {path.name for path in folder.iterdir()} == {"report.html"}


# Interrupts that Python itself can't raise


class Raising:
    """Raises while it is taken away, as a library does that an interrupt meets there."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __del__(self) -> None:
        raise self.error


@pytest.mark.parametrize(("error", "told"), [(KeyboardInterrupt(), 0), (Terminated(15), 0), (ValueError(), 1)])
def test_nothing_is_said_of_an_interrupt_in_a_finalizer(
    error: BaseException, told: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    with prompt_interrupts(lambda: None):
        Raising(error)
    assert len(said) == told
    Raising(KeyboardInterrupt())
    assert len(said) == told + 1, "afterwards it is as before"


def test_an_interrupt_in_a_finalizer_while_the_command_is_loaded_ends_it() -> None:
    script = """
    import tracereport.__main__ as start

    class Interrupted:
        def __del__(self):
            raise KeyboardInterrupt

    start.main = lambda: bool(Interrupted()) and 0
    start.run()
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, env=environment(), capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"tracereport: interrupted\n")
