"""Runs a command and keeps its trace lines, while all else that it prints goes on to where it would have gone.

Standard input and output are the command's own. Standard error, which is a terminal to the command where ours is one,
is passed on as it comes, but for the trace lines, which are kept instead.
"""

import math
import os
import queue
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import BinaryIO, Final

from tracereport.command.interrupt import SIGNAL_EXIT
from tracereport.command.line_sorter import Keeping, LineSorter
from tracereport.errors import UsageError

if sys.platform != "win32":
    import fcntl
    import pty
    import termios

STANDARD_ERROR: Final = 2
CHUNK_BYTES: Final = 1 << 16
CHUNKS_AHEAD: Final = 64
PIPE_BYTES: Final = 1 << 20
HOLD_SECONDS: Final = 0.05
"""How long the beginning of a line is held back: it may become a trace line."""
LINGER_SECONDS: Final = 0.5
"""How long to wait for more once the command has ended and something it started still holds its standard error."""
LONGEST_LINGER_SECONDS: Final = 5.0
"""The same where that goes on writing: a server left behind may never end."""


class Kept:
    """Takes what is kept of a command; where that can't be written, the command goes on, and ``error`` says why.

    Args:
        file: takes it.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, text: bytes) -> None:
        """Writes some of it; what follows one that can't be written is left out."""
        if self.error is None:
            try:
                self._file.write(text)
                self._file.flush()
            except OSError as error:
                self.error = error

    def writelines(self, lines: Iterable[bytes]) -> None:
        """Writes some lines."""
        self.write(b"".join(lines))

    def flush(self) -> None:
        """Nothing is left to be done: what can't be written shows when it is."""


def run_command(argv: Sequence[str], keep: Keeping, environment: Mapping[str, str]) -> int:
    """Runs a command to its end and keeps its trace lines, and the markers around them, as they stood.

    Args:
        argv: the command and its arguments.
        keep: takes the lines, byte for byte, for the reader.
        environment: the command's.

    Signals are passed on, but for those of the terminal's keys, which the terminal sends to the command as well: in its
    foreground an interrupt that another process sends to us alone is taken for Ctrl-C, and ends nothing.

    Returns:
        The command's exit code; 128 + n where signal n ended it, as a shell says it.

    Raises:
        UsageError: the command can't be started.
    """
    reading, writing = _open_terminal() if os.isatty(STANDARD_ERROR) else _open_pipe()
    try:
        process = subprocess.Popen(  # noqa: S603  # to run the user's command is what this is for
            argv, stderr=writing, env=environment, close_fds=False
        )
    except OSError as error:
        os.close(reading)
        raise UsageError(f"{argv[0]}: {error.strerror}", "Give a command that can be run after `--`.") from error
    finally:
        os.close(writing)
    with _passing_signals(process, reading):
        _pump(process, reading, LineSorter(keep, _write))
        code = process.wait()
    return code if code >= 0 else SIGNAL_EXIT - code


def _open_pipe() -> tuple[int, int]:
    reading, writing = os.pipe()
    if sys.platform == "linux":
        with suppress(OSError):  # the system may grant less
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return reading, writing


def _open_terminal() -> tuple[int, int]:
    """A terminal that changes nothing of what is written to it: ours does that already."""
    if sys.platform == "win32":
        return _open_pipe()
    reading, writing = pty.openpty()
    attributes = termios.tcgetattr(writing)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(writing, termios.TCSANOW, attributes)
    _copy_window_size(reading)
    return reading, writing


def _copy_window_size(terminal: int) -> None:
    if sys.platform != "win32":
        with suppress(OSError, termios.error):
            termios.tcsetwinsize(terminal, termios.tcgetwinsize(STANDARD_ERROR))


@contextmanager
def _passing_signals(process: subprocess.Popen[bytes], terminal: int) -> Iterator[None]:
    """Hands signals on to the command, whose end is then ours."""

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number == getattr(signal, "SIGWINCH", None):
            _copy_window_size(terminal)
        elif number in (signal.SIGINT, getattr(signal, "SIGQUIT", None)) and _is_foreground():
            return  # the keys that send it have sent it to the command, too
        process.send_signal(number)

    names = ("SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH")
    passed = [number for name in names if (number := getattr(signal, name, None)) is not None]
    # What is ignored on purpose, as under nohup, the command ignores as well.
    before = {number: signal.getsignal(number) for number in passed if signal.getsignal(number) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, pass_on)
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)


def _is_foreground() -> bool:
    """Whether the terminal sends what its keys say to us, and so to the command."""
    if sys.platform == "win32":
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)


def _pump(process: subprocess.Popen[bytes], reading: int, lines: LineSorter) -> None:
    """Feeds what the command writes to ``lines``, until it is closed, or the command has ended and all is silent."""
    chunks = _read_ahead(process, reading)
    ended = False
    last_call = math.inf
    while time.monotonic() < last_call:
        patience = HOLD_SECONDS if lines.are_held else LINGER_SECONDS if ended else None
        try:
            chunk = chunks.get(timeout=patience)
        except queue.Empty:
            if lines.are_held:
                lines.release()
            elif not _has_more(reading):
                break
            continue
        if chunk == b"":
            break
        if chunk is None:
            ended = True
            last_call = time.monotonic() + LONGEST_LINGER_SECONDS
        else:
            lines.feed(chunk)
    lines.close()


def _has_more(reading: int) -> bool:
    """Whether something is there that a busy machine hasn't let us read yet."""
    return sys.platform != "win32" and bool(select.select([reading], [], [], 0)[0])


def _read_ahead(process: subprocess.Popen[bytes], reading: int) -> queue.Queue[bytes | None]:
    """What the command writes, as it comes; empty where it is closed. None says that the command has ended."""
    chunks: queue.Queue[bytes | None] = queue.Queue(maxsize=CHUNKS_AHEAD)

    def read() -> None:
        chunk = b"-"
        while chunk:
            try:
                chunk = os.read(reading, CHUNK_BYTES)
            except OSError:  # how a terminal says that nobody writes to it any more
                chunk = b""
            chunks.put(chunk)

    def wait() -> None:
        process.wait()
        chunks.put(None)

    for work in (read, wait):
        threading.Thread(target=work, daemon=True).start()
    return chunks


def _write(text: bytes) -> None:
    with suppress(OSError):  # nobody reads our standard error any more; the command's traces are kept all the same
        while text:
            text = text[os.write(STANDARD_ERROR, text) :]
