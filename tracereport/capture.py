"""Runs a command and keeps its trace lines, while all else that it prints goes on to where it would have gone.

Standard input and output are the command's own. Standard error, which is a terminal to the command where ours is one,
is passed on as it comes, but for the trace lines, which are kept instead.
"""

import io
import os
import queue
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import PurePath
from types import FrameType
from typing import BinaryIO, Final

from tracereport.errors import UsageError
from tracereport.trace.grammar import ELAPSED_START, MARK, RECORD_START, Reason, parse_record

if sys.platform != "win32":
    import fcntl
    import pty
    import termios

STANDARD_ERROR: Final = 2
CHUNK_BYTES: Final = 1 << 16
CHUNKS_AHEAD: Final = 64
PIPE_BYTES: Final = 1 << 20
RECORD_BYTES: Final = 1 << 20
CONTINUATION_INDENT: Final = 4
HOLD_SECONDS: Final = 0.05
"""How long the beginning of a line is held back: it may become a trace line."""
LINGER_SECONDS: Final = 0.5
"""How long to wait for more once the command has ended and something it started still holds its standard error."""
SIGNAL_EXIT: Final = 128

MARK_BYTES: Final = MARK.encode()
# Wider than the reader's own idea of a marker: a line kept for nothing is only one *other* line more.
CONTEXT: Final = re.compile(
    rb"^(?:(?:\x1b\[[0-9;]*m| )*(?:Running|Doc-tests|[A-Z][A-Za-z0-9 +/#-]*(?:\x1b\[[0-9;]*m)* \[)|test ).*$",
    re.MULTILINE,
)
PLAIN_RECORD: Final = re.compile(rf"{RECORD_START.pattern}[^\n]*{ELAPSED_START}[0-9]+[|\r\n]".encode())
"""What the grammar surely reads as a whole record; all else is left to the grammar."""
ELAPSED: Final = re.compile(rf"{ELAPSED_START}[0-9]+(?:\.[0-9]+)?(?=\||\r?$|\x1b)".encode())


def run_command(argv: Sequence[str], keep: BinaryIO, environment: Mapping[str, str]) -> int:
    """Runs a command to its end and keeps its trace lines, and the markers around them, as they stood.

    Args:
        argv: the command and its arguments.
        keep: takes the lines, byte for byte, for the reader.
        environment: the command's. Unless it says otherwise itself, ``PERF_TRACE=1`` is added, for our own emitters.

    Returns:
        The command's exit code; 128 + n where signal n ended it, as a shell says it.

    Raises:
        UsageError: the command can't be started.
    """
    reading, writing = _open_terminal() if os.isatty(STANDARD_ERROR) else _open_pipe()
    try:
        process = subprocess.Popen(  # noqa: S603  # to run the user's command is what this is for
            argv, stderr=writing, env={"PERF_TRACE": "1", **environment}, close_fds=False
        )
    except OSError as error:
        os.close(reading)
        raise UsageError(f"{argv[0]}: {error.strerror}", "Give a command that can be run after `--`.") from error
    finally:
        os.close(writing)
    with _passing_signals(process, reading):
        _pump(process, reading, _Lines(keep))
        code = process.wait()
    return code if code >= 0 else SIGNAL_EXIT - code


def suggest_switch(argv: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """What to switch on where a command that ran printed no trace line, by its kind; None: nothing is known of it."""
    words = [PurePath(word).name.removesuffix(".exe") for word in argv]
    target = environment.get("PERF_TRACE", "")
    if "/" in target or "." in target:
        return f"PERF_TRACE={target} sends the traces to that file: `tracereport {target}`, or unset PERF_TRACE."
    if "pytest" in words or "py.test" in words:
        if any(word.startswith("--perf-trace") for word in words):
            return "No test called a traced function: see examples/performance-tracing.md."
        return (
            "pytest swallows what tests print: `pytest --perf-trace` writes the traces to a file and reports on them."
        )
    if "cargo" in words:
        return _suggest_for_cargo(argv, words, environment)
    if any(re.fullmatch(r"python[0-9.]*|node|npm|npx", word) for word in words):
        return "PERF_TRACE=1 was set, but nothing that ran writes traces: see examples/performance-tracing.md."
    return None


def _suggest_for_cargo(argv: Sequence[str], words: Sequence[str], environment: Mapping[str, str]) -> str | None:
    logs = environment.get("RUST_LOG", "")
    switch = "" if "debug" in logs or "trace" in logs else "RUST_LOG=debug "
    command = shlex.join(argv)
    if "nextest" in words:
        why = "cargo nextest shows what failed tests print and no more"
        if "--no-capture" not in words and "--nocapture" not in words:
            command += " --no-capture"
    else:
        why = "cargo test shows what failed tests print and no more"
        if "test" in words and "--nocapture" not in words:
            command += " --nocapture" if "--" in argv else " -- --nocapture"
    if switch:
        why = "traces are logged at the level debug"
    return f"{why}: `{switch}tracereport run -- {command}`" if switch or command != shlex.join(argv) else None


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


def _pump(process: subprocess.Popen[bytes], reading: int, lines: "_Lines") -> None:
    """Feeds what the command writes to ``lines``, until it is closed, or the command has ended and all is silent."""
    chunks = _read_ahead(process, reading)
    ended = False
    while True:
        patience = HOLD_SECONDS if lines.are_held else LINGER_SECONDS if ended else None
        try:
            chunk = chunks.get(timeout=patience)
        except queue.Empty:
            if not lines.are_held:
                break
            lines.release()
            continue
        if chunk == b"":
            break
        if chunk is None:
            ended = True
        else:
            lines.feed(chunk)
    lines.close()


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


class _Lines:
    """Sorts the lines of a stream: trace lines are kept, all others shown, and markers both.

    A line goes with how many of its bytes are on the screen already: what is held back too long is shown before it is
    known what it is.
    """

    def __init__(self, keep: BinaryIO) -> None:
        self._keep = keep
        self._line = b""
        """A line whose end hasn't come yet."""
        self._line_shown = 0
        self._record = b""
        """A record that the following lines may complete, with those that are there."""
        self._prefix: bytes | None = None
        """What each of those lines starts with; None before the first of them."""
        self._following: list[tuple[bytes, int]] = []
        """Those lines: should they not complete it, they were no part of it."""
        self._witnesses = 0
        """How many of the next lines are kept whatever they are, to show the reader why a record stayed broken off."""

    @property
    def are_held(self) -> bool:
        """Whether something waits to be shown."""
        return any(_is_overdue(line, shown) for line, shown in [*self._following, (self._line, self._line_shown)])

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes of the stream."""
        end = chunk.rfind(b"\n") + 1
        if end:
            whole, self._line = self._line + chunk[:end], chunk[end:]
            shown, self._line_shown = self._line_shown, 0
            _write(self._sort(whole, shown))
        else:
            self._line += chunk

    def release(self) -> None:
        """Shows what has been held back long enough."""
        for index, (line, shown) in enumerate(self._following):
            if _is_overdue(line, shown):
                _write(line[shown:])
                self._following[index] = line, len(line)
        if _is_overdue(self._line, self._line_shown):
            _write(self._line[self._line_shown :])
            self._line_shown = len(self._line)

    def close(self) -> None:
        """Takes the end of the stream for the end of the last line and of the last record."""
        _write(self._sort(self._line, self._line_shown))
        while self._record:
            _write(self._sort_lines(deque(self._give_up())))
        self._keep.flush()

    def _sort(self, text: bytes, shown: int) -> bytes:
        """Keeps what is to be kept of whole lines, and gives what is to be shown, less the first ``shown`` bytes."""
        if MARK_BYTES not in text and not self._record and not self._witnesses:
            for marker in CONTEXT.finditer(text):
                self._keep.write(marker[0] + b"\n")
            return text[shown:]
        lines = deque((line, 0) for line in io.BytesIO(text))
        if lines:
            lines[0] = lines[0][0], shown
        return self._sort_lines(lines)

    def _sort_lines(self, lines: deque[tuple[bytes, int]]) -> bytes:
        visible: list[bytes] = []
        while lines:
            line, shown = lines.popleft()
            if not self._record:
                if not self._is_trace(line):
                    visible.append(line[shown:])
                self._witnesses = max(self._witnesses - 1, 0)
            elif self._continues(line):
                self._following.append((line, shown))
                if ELAPSED.search(line):
                    self._keep.writelines(following for following, _ in self._end_record())
            else:
                lines.appendleft((line, shown))
                lines.extendleft(reversed(self._give_up()))
        return b"".join(visible)

    def _end_record(self) -> list[tuple[bytes, int]]:
        """Ends the open record, and gives the lines that have followed it."""
        following, self._following = self._following, []
        self._record, self._prefix = b"", None
        return following

    def _give_up(self) -> list[tuple[bytes, int]]:
        """Leaves the open record broken off, and gives the lines that are to be read afresh."""
        following = self._end_record()
        self._witnesses += len(following) + 1
        return following

    def _is_trace(self, line: bytes) -> bool:
        """Whether the line isn't to be shown. Keeps it if it is to be kept."""
        if MARK_BYTES not in line:
            if self._witnesses or CONTEXT.match(line):
                self._keep.write(line)
            return False
        self._keep.write(line)
        if line.count(MARK_BYTES) == 1 and PLAIN_RECORD.search(line):
            return True
        reading = parse_record(line.decode("utf-8", "backslashreplace").rstrip("\r\n"))
        if reading is Reason.BROKEN_OFF:
            self._record = line
        return reading not in (Reason.QUOTED, Reason.NO_RECORD)

    def _continues(self, line: bytes) -> bool:
        """Whether the line can be part of the open record, by the reader's rules."""
        if self._prefix is None:
            indent = len(self._record) - len(self._record.lstrip(b" "))
            deeper = b" " * (indent + CONTINUATION_INDENT)
            self._prefix = deeper if line.startswith(deeper) else b""
        self._record += line
        if len(self._record) > RECORD_BYTES or (CONTEXT.match(line) and _ends_process(line)):
            return False
        return line.startswith(self._prefix) if self._prefix else MARK_BYTES not in line


def _ends_process(line: bytes) -> bool:
    """Whether the line is a marker to the reader, too: no record goes on beyond one."""
    from tracereport.trace.markers import parse_marker  # noqa: PLC0415  # slow to import, and seldom asked

    marker = parse_marker(line.decode("utf-8", "backslashreplace").rstrip("\r\n"))
    return marker is not None and marker.starts_process


def _is_overdue(line: bytes, shown: int) -> bool:
    return len(line) > shown and MARK_BYTES not in line


def _write(text: bytes) -> None:
    with suppress(OSError):  # nobody reads our standard error any more; the command's traces are kept all the same
        while text:
            text = text[os.write(STANDARD_ERROR, text) :]
