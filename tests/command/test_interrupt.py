"""Interrupts: they end the command at once, whatever it does, and leave no half file."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.command.calling import EARLIER, TRACE
from tests.running import SINGLE, command_line, environment
from tests.waiting import PATIENCE_SECONDS, used_seconds, wait_until, wait_until_it_waits
from tracereport.command import interrupt
from tracereport.command.interrupt import Terminated, prompt_interrupts
from tracereport.errors import INTERRUPTED_LINE

pytestmark = pytest.mark.usefixtures("folder")

TRIES = 20


@pytest.mark.parametrize(
    "arguments", [["-", "--format", "raw"], ["-", "--explain", "ab"], [str(SINGLE), "-o", "pipe", "--format", "raw"]]
)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -15), (signal.SIGHUP, -1)])
def test_an_interrupt_ends_what_waits_for_others(arguments: list[str], number: signal.Signals, code: int) -> None:
    os.mkfifo("pipe")
    command = command_line(*arguments)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        try:
            wait_until_it_waits(process)
            process.send_signal(number)
            assert process.wait(PATIENCE_SECONDS) in {code, 128 - code}
        finally:
            process.kill()


@pytest.fixture(scope="module")
def large_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A million calls."""
    log = tmp_path_factory.mktemp("large") / "large.log"
    log.write_bytes(b"".join(TRACE % (number, number * 7919 % 100_003) for number in range(1_000_000)))
    return log


def start_large(log: Path, folder: Path) -> subprocess.Popen[bytes]:
    documents = ["-o", "report.html", "-o", "calls.parquet", "-o", "report.json"]
    return subprocess.Popen(command_line(log, *documents), stderr=subprocess.PIPE, env=environment(), cwd=folder)


@pytest.fixture(scope="module")
def whole_seconds(large_log: Path, tmp_path_factory: pytest.TempPathFactory) -> float:
    """Time of processors that a whole run takes; its documents come to their places at the very end."""
    before = os.times()
    with start_large(large_log, tmp_path_factory.mktemp("whole")) as process:
        process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


@pytest.mark.parametrize(
    ("share", "number"),
    [*((share, signal.SIGINT) for share in (0.15, 0.3, 0.45, 0.6)), (0.3, signal.SIGTERM), (0.45, signal.SIGHUP)],
)
def test_an_interrupt_ends_it_and_leaves_no_half_file(
    share: float, number: signal.Signals, large_log: Path, whole_seconds: float, folder: Path
) -> None:
    """Wherever it is: it is told when this share of it is done, which takes as long as the machine wants."""
    for _ in range(TRIES):
        (folder / "report.html").write_text(EARLIER, encoding="utf-8")
        with start_large(large_log, folder) as process:
            try:
                wait_until(lambda: has_used(process, share * whole_seconds), "it doesn't begin")
                process.send_signal(number)
                used = used_seconds(process.pid)
                _, said_last = process.communicate(timeout=PATIENCE_SECONDS)
            finally:
                process.kill()
        if process.returncode != 0 and used < 0.8 * whole_seconds:
            break
        for path in folder.iterdir():
            path.unlink()
    else:
        pytest.fail("it ended before it was told, each time")
    if number == signal.SIGINT:
        assert (process.returncode, said_last.strip()) == (130, b"tracereport: interrupted")
    else:
        assert (process.returncode in {-number, 128 + number}, said_last) == (True, b"")
    assert (folder / "report.html").read_text(encoding="utf-8") == EARLIER
    assert {path.name for path in folder.iterdir()} == {"report.html"}


def has_used(process: subprocess.Popen[bytes], seconds: float) -> bool:
    return process.poll() is not None or used_seconds(process.pid) >= seconds


ENDLESS = """
import hashlib, sys
from tracereport import __main__ as start
from tracereport.command import running

def compute(*_, **__):
    print("computing", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)

running.run_job = compute
start.run()
"""
"""One step outside of Python, as sorting is, that takes the fastest machine many minutes."""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_an_interrupt_waits_for_no_computation_outside_of_python(number: signal.Signals, code: int) -> None:
    assert interrupt.PATIENCE_SECONDS < 1
    command = [sys.executable, "-c", ENDLESS, str(SINGLE), "-o", "report.json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"computing\n"
            process.send_signal(number)
            _, said_last = process.communicate(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()
    assert (process.returncode, said_last) == (code, INTERRUPTED_LINE.encode() if number == signal.SIGINT else b"")
    assert not list(Path.cwd().iterdir())


PANICKING = """
import os, time
from tracereport import __main__ as start
from tracereport.command import running

def compute(*_, **__):
    print("computing", flush=True)
    try:
        time.sleep(600)
    finally:
        time.sleep(0.2)
        os.write(2, b"thread 'async-executor-1' panicked")

running.run_job = compute
start.run()
"""


def test_nothing_is_said_that_libraries_print_of_an_interrupt() -> None:
    command = [sys.executable, "-c", PANICKING, str(SINGLE), "-o", "report.json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"computing\n"
            process.send_signal(signal.SIGINT)
            _, said_last = process.communicate(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()
    assert (process.returncode, said_last) == (130, INTERRUPTED_LINE.encode())


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
    done = subprocess.run(command, env=environment(), capture_output=True, check=False, timeout=PATIENCE_SECONDS)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"tracereport: interrupted\n")
