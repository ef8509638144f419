"""Whole processes, measured from outside: time, processor time and peak memory, two commands in turns.

Nothing heavy is imported here: Linux gives a child that is started the peak memory of its parent as its own.
"""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.paths import ROOT

# What is installed is compiled: a variable that keeps Python from doing that here would be measured at every start.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | {
    "PYTHONPATH": str(ROOT)
}


@dataclass(frozen=True, slots=True)
class Run:
    """One process from its start to its end."""

    seconds: float
    cpu_seconds: float
    """Of all its threads and children, user and system."""
    peak_bytes: int
    """Largest resident set."""


@dataclass(frozen=True, slots=True)
class Runs:
    """Several runs of one command."""

    runs: tuple[Run, ...]

    @property
    def seconds(self) -> float:
        """The median."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def cpu_seconds(self) -> float:
        """The median."""
        return statistics.median(run.cpu_seconds for run in self.runs)

    @property
    def peak_bytes(self) -> int:
        """The largest of any run."""
        return max(run.peak_bytes for run in self.runs)

    @property
    def extremes_seconds(self) -> tuple[float, float]:
        """The shortest and the longest run."""
        return min(run.seconds for run in self.runs), max(run.seconds for run in self.runs)


def take_turns(first: Sequence[str], second: Sequence[str], runs: int) -> tuple[Runs, Runs]:
    """Both commands so many times each, in turns, so that what else the machine does meets both alike.

    Each has run once before: files are in the page cache, modules are compiled.
    """
    run_command(first)
    run_command(second)
    turns = [(run_command(first), run_command(second)) for _ in range(runs)]
    return Runs(tuple(turn[0] for turn in turns)), Runs(tuple(turn[1] for turn in turns))


def run_command(command: Sequence[str]) -> Run:
    """Runs the command; what it prints goes into a file that nobody reads, errors to where ours go.

    Not to the null device: grep stops at its first match where it sees that.

    Raises:
        CalledProcessError: it failed.
    """
    with tempfile.TemporaryFile() as printed:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=printed, env=ENVIRONMENT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
