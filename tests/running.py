"""Runs the command as users do: as a process, or in a terminal of its own."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import IO

from tests.paths import LOGS, ROOT
from tests.waiting import PATIENCE_SECONDS

SINGLE = LOGS / "duckpond-single-thread.log"
"""691 calls, 492 of them repeats."""
BARE = LOGS / "bare-nocapture.log"
"""Written without a prefix: what grep finds are whole lines."""
DEEP = LOGS / "duckpond-deep-single-thread.log.zst"
"""7,050 calls with a call tree."""


def command_line(*arguments: str | Path) -> list[str]:
    """What starts the command of this checkout."""
    return [sys.executable, "-m", "tracereport", *(str(argument) for argument in arguments)]


def environment(**changes: str) -> dict[str, str]:
    """Ours, with the checkout to be found from any folder, and nothing that changes colours or widths."""
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS", "PERF_TRACE"}}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "TERM": "xterm", **changes}


def run(
    *arguments: str | Path,
    cwd: Path | None = None,
    stdin: bytes | IO[bytes] | None = None,
    variables: Mapping[str, str] = MappingProxyType({}),
    **changes: str,
) -> subprocess.CompletedProcess[bytes]:
    """Runs the command as a process; ``variables`` and ``changes`` are of its environment."""
    given = stdin if isinstance(stdin, bytes) else None
    source = None if isinstance(stdin, bytes) else stdin or subprocess.DEVNULL
    return subprocess.run(
        command_line(*arguments),
        cwd=cwd,
        env=environment(**variables, **changes),
        capture_output=True,
        check=False,
        timeout=PATIENCE_SECONDS,
        input=given,
        stdin=source,
    )


def run_python(code: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Runs Python code as a process; ``changes`` are of its environment."""
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **changes},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=PATIENCE_SECONDS,
    )


@contextmanager
def read_once(name: str, content: bytes) -> Iterator[str]:
    """A file that can be read a single time, as a shell's ``<(...)``."""
    os.mkfifo(name)
    writer = threading.Thread(target=Path(name).write_bytes, args=(content,), daemon=True)
    writer.start()
    yield name
    writer.join(PATIENCE_SECONDS)
    assert not writer.is_alive()


def run_in_terminal(
    *arguments: str | Path,
    columns: int = 80,
    variables: Mapping[str, str] = MappingProxyType({}),
    watch: Callable[[bytes], None] = lambda _: None,
    **changes: str,
) -> tuple[int, str]:
    """Runs the command in a terminal: its exit code, and all that was shown there; ``watch`` gets that as it comes."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    attributes = termios.tcgetattr(its)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(its, termios.TCSANOW, attributes)
    with subprocess.Popen(
        command_line(*arguments), stdin=its, stdout=its, stderr=its, env=environment(**variables, **changes)
    ) as process:
        os.close(its)
        shown = b""
        while piece := _read(ours):
            shown += piece
            watch(shown)
    os.close(ours)
    return process.returncode, shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # how a terminal says that nobody writes to it any more
        return b""
