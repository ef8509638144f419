"""Running a command: what it prints goes on unchanged, what it traces is kept, and it notices nothing."""

import fcntl
import io
import os
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.needs import examples
from tests.oracle.reading import Reading, Record, read_lines
from tests.paths import LOGS
from tests.strategies import NEXTEST_MARKERS
from tests.waiting import PATIENCE_SECONDS, wait_until_it_waits
from tracereport.command import capture
from tracereport.command.line_sorter import LONGEST_UNDECIDED_BYTES, LineSorter
from tracereport.sources.perf_trace.continuation import LARGEST_BYTES

RUN = (
    "import os, sys\n"
    "from tracereport.command.capture import run_command\n"
    "from tracereport.errors import UsageError\n"
    "with open(sys.argv[1], 'wb') as keep:\n"
    "    try: sys.exit(run_command(sys.argv[2:], keep, os.environ))\n"
    "    except UsageError as error: sys.exit(str(error))\n"
)
TRACE = b"PERF_TRACE|0|f|caller=g|elapsed_us=1|parent=none\n"
MARKER = b"     Running tests/lookup.rs (target/debug/deps/lookup-43da980639810445)\n"


def arguments(kept: Path, command: Sequence[str]) -> list[str]:
    return [sys.executable, "-c", RUN, str(kept), *command]


def run(kept: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        arguments(kept, command),
        capture_output=True,
        check=False,
        timeout=PATIENCE_SECONDS,
        env={**os.environ, **environment},
    )


def python(code: str) -> list[str]:
    return [sys.executable, "-c", f"import os, signal, sys, time\n{code}"]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept.log"


def sort_lines(chunks: Sequence[bytes]) -> tuple[bytes, bytes]:
    """What is kept and what is shown of a stream that comes in these chunks."""
    keep, shown = io.BytesIO(), io.BytesIO()
    lines = LineSorter(keep, shown.write)
    for chunk in chunks:
        lines.feed(chunk)
    lines.close()
    return keep.getvalue(), shown.getvalue()


def records(reading: Reading) -> list[Record]:
    """But for the line, which is another one in the part that was kept."""
    return [replace(record, line=0) for record in reading.records]


def test_all_but_the_traces_is_passed_on_byte_for_byte(kept: Path) -> None:
    output = b"warning: \xff\0\r\n\x1b[31mred\x1b[0m\rprogress\n\n" + TRACE + b"no newline at the end"
    done = run(kept, *python(f"os.write(1, b'out'); os.write(2, {output!r})"))
    assert (done.returncode, done.stdout) == (0, b"out")
    assert done.stderr == output.replace(TRACE, b"")
    assert kept.read_bytes() == TRACE


def test_markers_are_shown_and_kept() -> None:
    nextest = b"        PASS [   1.709s] ( 7/78) tlogfs persistence::test_name\n"
    coloured = b"\x1b[32;1m        PASS\x1b[0m [   1.709s] ( 7/78) \x1b[35;1mtlogfs\x1b[0m \x1b[34;1mtest_name\x1b[0m\n"
    doctest = b"   Doc-tests minifs\n"
    markers = (
        MARKER
        + doctest
        + nextest
        + "".join(f"{marker}\n" for marker in NEXTEST_MARKERS).encode()
        + coloured
        + b"\x1b[1m\x1b[32m     Running\x1b[0m tests/a.rs (deps/a-43da980639810445)\n"
    )
    other = b"Running late\nrunning 3 tests\n[INFO] hello\n"
    assert sort_lines([markers + b"running 3 tests\n" + TRACE]) == (
        markers + TRACE,
        markers + b"running 3 tests\n",
    )
    kept, shown = sort_lines([other])
    assert shown == other
    assert b"running 3 tests" not in kept


def test_a_value_with_newlines_is_kept_whole_and_a_broken_record_takes_nothing_with_it() -> None:
    logger = b"[DEBUG] PERF_TRACE|1|f|value=first\n    second\n    PERF_TRACE|7|quoted|elapsed_ms=1 |elapsed_ms=3\n"
    bare = b"PERF_TRACE|2|f|value=first\nsecond\n\n|elapsed_ms=3|rows=1\n"
    broken = b"PERF_TRACE|3|f|val\n"
    kept, shown = sort_lines([logger, b"between\n", bare, broken, b"after\n", MARKER, b"more\n", TRACE])
    assert kept == logger + bare + broken + b"after\n" + MARKER + TRACE
    assert shown == b"between\nafter\n" + MARKER + b"more\n"


@pytest.mark.parametrize("tail", [b"\x1b[0m\n", b"|rows=1\x1b[0m\x1b[39m\r\n"])
def test_a_trace_line_with_colours_at_its_end_is_one(tail: bytes) -> None:
    coloured = b"\x1b[34m[DEBUG]\x1b[0m PERF_TRACE|0|f|elapsed_ms=1" + tail
    assert sort_lines([coloured, b"other\n"]) == (coloured, b"other\n")


def test_what_a_value_is_indented_by_is_not_counted_to_its_largest_size() -> None:
    start, more, end = (
        b"[DEBUG] PERF_TRACE|1|f|value=first\n",
        b"    and 26 bytes of the value.\n",
        b"    |elapsed_ms=3\n",
    )
    within, beyond = (start + lines * more + end for lines in (36_000, 45_000))
    assert len(within) > LARGEST_BYTES > len(within.replace(b"    ", b""))
    assert sort_lines([within]) == (within, b"")
    kept, shown = sort_lines([beyond])
    assert shown == beyond.removeprefix(start)
    for stream, records_in_it in ((within, 1), (beyond, 0), (kept, 0)):
        assert len(read_lines(stream).records) == records_in_it


def test_quoted_records_are_shown_too() -> None:
    quoted = b"a note that quotes PERF_TRACE|7|fake|elapsed_ms=3 in its middle\ngrep PERF_TRACE| log\n"
    assert sort_lines([quoted]) == (quoted, quoted)


PASSED = b"        PASS [   0.1s] (1/2) crate t::x\n"
PIECES = (
    TRACE, MARKER, TRACE[:20], TRACE[20:], b"\n", b"\r\n", b"plain line\n", b"    indented\n", b"|elapsed_ms=3\n",
    b"[DEBUG] PERF_TRACE|1|f|v=a\n", b"    b|elapsed_ms=4\n", b"PERF_TRACE|", b"PERF_TRACE|5|x", b"test t::x ... ",
    b"PERF_TRACE|7|fake|elapsed_ms=3 quoted\n", b"        PASS [   0.1s] (1/2) crate t::x\n", b"\xff",
    b"    PERF_TRACE|9|g|v=1\n", b"        FAIL [   0.1s] (1/2) crate t::x\n", b"    " + TRACE, b"    panicked\n",
    b"\x1b[32m        PASS\x1b[0m [   0.1s] \x1b[35mcrate\x1b[0m t::x\n", b"     Summary [   0.2s] 2 tests run\n",
)  # fmt: skip


@settings(max_examples=examples(300), deadline=None)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=14), cuts=st.lists(st.integers(0, 500), max_size=6))
@example(pieces=[b"PERF_TRACE|1|f|v=a\n", b"test t::x ... ", TRACE], cuts=[])
@example(pieces=[PASSED, b"    " + TRACE, PASSED, b"PERF_TRACE\n", b"    " + TRACE], cuts=[])
@example(pieces=[PASSED, b"    " + TRACE, b"    took 1 s\n", PASSED, b"    " + TRACE, b"    took 2 s\n"], cuts=[])
@example(pieces=[b"PERF_TRACE|1|f|v=a\n", b"test t::x ... ", b"|elapsed_ms=3\n"], cuts=[])
def test_what_is_kept_reads_like_the_whole_in_whatever_chunks_it_comes(pieces: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(pieces)
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    chunks = [stream[start:end] for start, end in pairwise(places) if start < end]
    kept, shown = sort_lines(chunks)
    assert (kept, shown) == sort_lines([stream] if stream else [])
    whole, part = read_lines(stream), read_lines(kept)
    assert records(part) == records(whole)
    assert [(line.reason, line.text) for line in whole.malformed] == [
        (line.reason, line.text) for line in part.malformed
    ]
    if not whole.doubled_blocks:  # of which the second copy is other lines, its traces too
        assert read_lines(shown).lines == whole.other_lines


@pytest.mark.parametrize("log", sorted((LOGS).glob("*.log")), ids=lambda path: path.stem)
def test_what_is_kept_of_a_real_log_reads_like_the_whole(log: Path) -> None:
    stream = log.read_bytes()
    chunks = [stream[start : start + capture.CHUNK_BYTES] for start in range(0, len(stream), capture.CHUNK_BYTES)]
    kept, _ = sort_lines(chunks)
    whole, part = read_lines(stream), read_lines(kept)
    assert records(part) == records(whole)
    assert [line.text for line in part.malformed] == [line.text for line in whole.malformed]
    assert part.names == whole.names
    assert part.doubled_blocks == whole.doubled_blocks


def read_until(descriptor: int, text: bytes) -> bytes:
    seen = b""
    while text not in seen:
        assert select.select([descriptor], [], [], PATIENCE_SECONDS)[0], f"{text!r} didn't come, only {seen!r}"
        chunk = os.read(descriptor, 4096)
        assert chunk, f"{text!r} didn't come, only {seen!r}"
        seen += chunk
    return seen


def test_output_is_live_even_where_no_line_ends(kept: Path) -> None:
    command = python(f"os.write(2, b'password: '); sys.stdin.readline(); os.write(2, {TRACE!r} + b'thanks')")
    with subprocess.Popen(arguments(kept, command), stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        assert read_until(process.stderr.fileno(), b"password: ") == b"password: "
        process.stdin.write(b"secret\n")
        process.stdin.close()
        assert process.stderr.read() == b"thanks"
    assert kept.read_bytes() == b"password: " + TRACE


def test_a_trace_line_that_comes_in_pieces_is_kept_whole(kept: Path) -> None:
    pieces = "; time.sleep(0.15); ".join(f"os.write(2, {piece!r})" for piece in (TRACE[:11], TRACE[11:30], TRACE[30:]))
    assert run(kept, *python(pieces)).stderr == b""
    assert kept.read_bytes() == TRACE


def test_a_line_behind_a_broken_record_does_not_wait_for_the_next(kept: Path) -> None:
    command = python("os.write(2, b'PERF_TRACE|1|f|broken\\nwaiting for input\\n'); sys.stdin.readline()")
    with subprocess.Popen(arguments(kept, command), stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        assert read_until(process.stderr.fileno(), b"\n") == b"waiting for input\n"
        process.stdin.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize(
    ("code", "expected"), [("sys.exit(0)", 0), ("sys.exit(7)", 7), ("os.kill(os.getpid(), 9)", 137)]
)
def test_the_exit_code_is_the_commands(kept: Path, code: str, expected: int) -> None:
    assert run(kept, *python(code)).returncode == expected


def test_a_command_that_cannot_be_started_is_named(kept: Path) -> None:
    done = run(kept, "no-such-command")
    assert done.stderr == b"no-such-command: No such file or directory\nGive a command that can be run after `--`.\n"


WAITING = (
    "def stop(number, frame): os.write(2, b'got %d' % number); sys.exit(5)\n"
    "for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1): signal.signal(number, stop)\n"
    "os.write(2, b'ready')\n"
    "time.sleep(600)"
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_signals_are_passed_on(kept: Path, number: signal.Signals) -> None:
    # In a session of its own no terminal sends signals to both.
    with subprocess.Popen(arguments(kept, python(WAITING)), stderr=subprocess.PIPE, start_new_session=True) as process:
        assert process.stderr is not None
        read_until(process.stderr.fileno(), b"ready")
        process.send_signal(number)
        assert read_until(process.stderr.fileno(), b"got %d" % number) == b"got %d" % number
        assert process.wait(PATIENCE_SECONDS) == 5


@contextmanager
def in_terminal(command: Sequence[str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Runs a command whose terminal, input and all, is ours to play: its process and the terminal's other end."""
    ours, its = os.openpty()

    def take_terminal() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    with subprocess.Popen(
        command,
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
        preexec_fn=take_terminal,  # noqa: PLW1509
    ) as process:
        os.close(its)
        yield process, ours
    os.close(ours)


def test_a_terminal_stays_one_and_changes_no_byte(kept: Path) -> None:
    code = (
        "os.write(2, b'%d %d\\n' % (os.isatty(2), os.get_terminal_size(2).columns) + "
        + repr(TRACE)
        + "); os.write(2, b'end')"
    )
    with in_terminal(arguments(kept, python(code))) as (process, terminal):
        seen = read_until(terminal, b"end")
        assert process.wait(PATIENCE_SECONDS) == 0
    assert seen.startswith(b"1 ")
    assert seen.endswith(b"\r\nend")  # by the outer terminal alone: twice changed it would be \r\r\n
    assert b"\r\r" not in seen
    assert kept.read_bytes() == TRACE


def test_the_keys_that_interrupt_reach_the_command_once(kept: Path) -> None:
    code = (
        "got = []\n"
        "signal.signal(signal.SIGINT, lambda *_: got.append(1))\n"
        "os.write(2, b'ready'); sys.stdin.readline(); os.write(2, b'got %d' % len(got))"
    )
    with in_terminal(arguments(kept, python(code))) as (process, terminal):
        read_until(terminal, b"ready")
        os.write(terminal, b"\x03")
        wait_until_it_waits(process)  # as it does again when it has passed on what it passes on
        os.write(terminal, b"\n")
        read_until(terminal, b"got 1")
        assert process.wait(PATIENCE_SECONDS) == 0


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Path]:
    """Where a command writes the number of a process that it leaves behind, which is ended with the test."""
    yield tmp_path / "daemon"
    with suppress(ProcessLookupError):  # it may end by itself where nobody reads what it writes
        os.kill(int((tmp_path / "daemon").read_text()), signal.SIGKILL)


def test_a_daemon_that_keeps_standard_error_open_keeps_nobody_waiting(kept: Path, daemon: Path) -> None:
    done = run(kept, "sh", "-c", f"sleep {5 * PATIENCE_SECONDS} >&- & echo $! > {daemon}; echo started >&2")
    assert (done.returncode, done.stderr) == (0, b"started\n")


def test_what_was_written_is_read_however_late_the_machine_lets_us(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "LINGER_SECONDS", 0.01)
    read = os.read

    def read_late(descriptor: int, size: int) -> bytes:
        time.sleep(1)
        return read(descriptor, size)

    monkeypatch.setattr(os, "read", read_late)
    with kept.open("wb") as keep:
        assert capture.run_command(python(f"os.write(2, {TRACE!r})"), keep, os.environ) == 0
    assert kept.read_bytes() == TRACE


def test_a_daemon_that_goes_on_writing_keeps_nobody_waiting_either(
    kept: Path, daemon: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "LONGEST_LINGER_SECONDS", 1.0)
    ended = tmp_path / "ended"
    write = (
        f"import os, pathlib, time\nend = time.monotonic() + {PATIENCE_SECONDS}\n"
        "while time.monotonic() < end: os.write(2, b'alive\\n'); time.sleep(0.1)\n"
        f"pathlib.Path({str(ended)!r}).touch()"
    )
    start = (
        f"import pathlib, subprocess, sys\nleft = subprocess.Popen([sys.executable, '-c', {write!r}])\n"
        f"pathlib.Path({str(daemon)!r}).write_text(str(left.pid))"
    )
    with kept.open("wb") as keep:
        assert capture.run_command([sys.executable, "-c", start], keep, os.environ) == 0
    assert not ended.exists()


def test_a_line_that_never_ends_is_shown_as_it_comes_and_not_kept_in_memory() -> None:
    shown: list[bytes] = []
    keep = io.BytesIO()
    lines = LineSorter(keep, shown.append)
    bar = b"\r[=====>   ] 37 %, about 3 min left"
    for _ in range(10_000):
        lines.feed(bar)
    assert (bar * 10_000).startswith(b"".join(shown))
    assert sum(map(len, shown)) >= len(bar) * 10_000 - LONGEST_UNDECIDED_BYTES
    lines.feed(TRACE)
    lines.close()
    assert keep.getvalue().endswith(TRACE)
    assert len(keep.getvalue()) < LONGEST_UNDECIDED_BYTES + len(TRACE)


def test_a_reader_that_goes_away_does_not_stop_the_capture(kept: Path) -> None:
    command = python(f"time.sleep(0.2)\nfor _ in range(1000): os.write(2, b'x' * 1000 + b'\\n' + {TRACE!r})")
    with subprocess.Popen(arguments(kept, command), stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.close()
        assert process.wait(PATIENCE_SECONDS) == 0
    assert kept.read_bytes() == 1000 * TRACE
