"""Calls the command in a test, and looks at what it says."""

import gzip
import re
import subprocess
from pathlib import Path

import pytest

from tracereport.command.cli import main

TRACE = b"PERF_TRACE|%d|load|caller=main|id=%d|elapsed_us=5|rows=1\n"
EARLIER = "what stood here before"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""What moves the cursor and colours text."""


def written(name: str, content: bytes) -> str:
    Path(name).write_bytes(content)
    return name


def call(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """Runs the command in this process: what starting another would take is not to be waited for each time."""
    code = main([str(argument) for argument in arguments])
    printed = capfd.readouterr()
    return subprocess.CompletedProcess(arguments, code, printed.out.encode(), printed.err.encode())


def some_traces(count: int) -> bytes:
    return b"".join(TRACE % (number, number % 7) for number in range(count))


def said(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    return done.stderr.decode().splitlines()


def assert_error(done: subprocess.CompletedProcess[bytes], code: int, problem: str, remedy: str) -> None:
    """What is wrong and what to do, in two lines and no more."""
    lines = said(done)
    assert done.returncode == code, lines
    assert len(lines) == 2, lines
    assert lines[0].startswith("tracereport: ")
    assert problem in lines[0]
    assert lines[1].startswith("  ")
    assert remedy in lines[1]
    assert done.stdout == b""


def damaged_log() -> str:
    packed = gzip.compress(b"".join(TRACE % (n, n * 7919 % 1000) for n in range(20_000)))
    return written("damaged.log.gz", packed[: len(packed) // 2])
