"""A command's processes, watched while it runs: how much memory each holds at its peak, and all together.

What a process says at its end is the peak of the largest of them, and not which one that was.
"""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.timing import ENVIRONMENT

INTERVAL_SECONDS = 0.02
_PROCESSES = Path("/proc")


@dataclass(frozen=True, slots=True)
class Peaks:
    """Largest resident sets, as they were seen."""

    other_bytes: int
    """Of the largest of those that it has started."""
    sum_bytes: int
    """Of all of them at one time. What they share counts for each."""


def watch_command(command: Sequence[str], is_enough: Callable[[], bool] = lambda: False) -> Peaks:
    """Runs a command and watches its processes; kills the first of them once it is enough.

    Raises:
        CalledProcessError: it failed.
    """
    peaks: dict[int, int] = {}
    sum_bytes = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=ENVIRONMENT) as process:
        is_killed = False
        while process.poll() is None:
            held = {own: _read_resident_bytes(own) for own in _list_tree(process.pid)}
            sum_bytes = max(sum_bytes, sum(held.values()))
            for own, size in held.items():
                peaks[own] = max(peaks.get(own, 0), size)
            if is_enough():
                process.kill()
                is_killed = True
            time.sleep(INTERVAL_SECONDS)
    if process.returncode and not is_killed:
        raise subprocess.CalledProcessError(process.returncode, command)
    peaks.pop(process.pid, None)
    return Peaks(max(peaks.values(), default=0), sum_bytes)


def _list_tree(process: int) -> Iterator[int]:
    """The process and all that it has started."""
    yield process
    try:
        children = [
            int(child)
            for thread in (_PROCESSES / str(process) / "task").iterdir()
            for child in (thread / "children").read_text().split()
        ]
    except OSError:  # it has ended
        return
    for child in children:
        yield from _list_tree(child)


def _read_resident_bytes(process: int) -> int:
    try:
        status = (_PROCESSES / str(process) / "status").read_text()
    except OSError:
        return 0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(found[0]) * 1024 if found else 0
