"""Waits for what comes sooner or later, and looks at a process from outside: right on a machine of any speed.

A test says what it waits for. How long it waits decides only when it gives up, so that a busy machine fails nothing.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

PATIENCE_SECONDS: Final = 300.0
"""After so long nothing comes any more, however busy the machine is."""
_LOOK_SECONDS: Final = 0.01
_STILL_SECONDS: Final = 0.5
"""Who has slept for so long waits for somebody else."""


def wait_until(holds: Callable[[], object], message: str) -> None:
    """Returns as soon as it holds.

    Raises:
        AssertionError: it doesn't after five minutes; it says the message.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, message
        time.sleep(_LOOK_SECONDS)


@contextmanager
def started(command: Sequence[str | Path], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended with the block, however that ends: a test that fails must not wait for it."""
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until_it_waits(process: subprocess.Popen[Any]) -> None:
    """Returns once all threads of a process have slept for a while, and it has used no time of a processor meanwhile.

    Who wants a processor and doesn't get one isn't asleep: a busy machine only makes this take longer.
    """
    if not Path("/proc/self/task").is_dir():  # a system that tells nothing of it: there a while must do
        time.sleep(4 * _STILL_SECONDS)
        return
    last, since = -1.0, time.monotonic()

    def is_still() -> bool:
        nonlocal last, since
        assert process.poll() is None, "it ended"
        used = used_seconds(process.pid)
        if used != last or not _sleeps(process.pid):
            last, since = used, time.monotonic()
        return time.monotonic() - since > _STILL_SECONDS

    wait_until(is_still, "it goes on working")


def used_seconds(pid: int) -> float:
    """Time of processors that all threads of a process have used until now, in hundredths; 0 where it is gone."""
    fields = _read_stat(Path(f"/proc/{pid}/stat"))
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _sleeps(pid: int) -> bool:
    states = [_read_stat(task / "stat")[:1] for task in Path(f"/proc/{pid}/task").iterdir()]
    return all(state in (["S"], []) for state in states)


def _read_stat(path: Path) -> list[str]:
    """The fields behind the name, from the state on; none where the process or thread is gone."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
