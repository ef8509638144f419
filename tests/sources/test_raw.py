"""The trace lines as they stood in the log: what a grep would give, byte for byte."""

import gzip
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given

from tests.oracle import read_lines
from tests.paths import LOGS
from tests.running import BARE, SINGLE, run
from tests.strategies import logs
from tracereport.command.cli import main
from tracereport.sources.inputs import read_inputs
from tracereport.sources.perf_trace.raw import read_raw

Print = Callable[..., bytes]


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Print:
    """What ``--format raw`` prints."""
    monkeypatch.chdir(tmp_path)

    def print_raw(*arguments: str | Path) -> bytes:
        assert main([*(str(argument) for argument in arguments), "--format", "raw"]) == 0
        return capfdbinary.readouterr().out

    return print_raw


def grep(pattern: str, log: Path, *options: str) -> bytes:
    return subprocess.run(["grep", "-a", *options, pattern, log], capture_output=True, check=True).stdout


def write_log(folder: Path, content: bytes) -> Path:
    log = folder / "some.log"
    log.write_bytes(content)
    return log


def read_all(log: Path) -> bytes:
    calls = read_inputs([str(log)])
    return b"".join(read_raw(calls, calls.line > 0, [str(log)]))


def test_all_traces_as_grep_finds_them(raw: Print) -> None:
    assert raw(BARE) == grep("^PERF_TRACE", BARE)


def test_one_call_in_every_process_as_grep_finds_it(raw: Print) -> None:
    found = raw(BARE, "--call", "42")
    assert found == grep("PERF_TRACE|42|", BARE)
    assert found.count(b"\n") > 1


def test_the_calls_of_one_caller_as_grep_finds_them(raw: Print) -> None:
    log = LOGS / "bare-single-thread-combined.log"
    found = raw(log, "--caller", "load_node")
    assert found == grep("PERF_TRACE|.*|caller=load_node|.*", log, "-o")
    assert found.count(b"\n") > 20


def test_a_loggers_prefix_is_left_out_and_nothing_else(raw: Print) -> None:
    assert raw(SINGLE) == grep("PERF_TRACE|.*", SINGLE, "-o")
    quoted = b"PERF_TRACE|7|fake|elapsed_ms=3 in its middle\n"
    assert raw(LOGS / "ansi.log") == grep("PERF_TRACE|.*", LOGS / "ansi.log", "-o").replace(quoted, b"")


def test_packed_logs_are_unpacked_and_several_stand_one_after_the_other(raw: Print, tmp_path: Path) -> None:
    packed = tmp_path / "bare.log.gz"
    packed.write_bytes(gzip.compress(BARE.read_bytes()))
    assert raw(packed, SINGLE) == grep("^PERF_TRACE", BARE) + grep("PERF_TRACE|.*", SINGLE, "-o")


def test_standard_input_is_read_as_a_file_is() -> None:
    with BARE.open("rb") as log:
        done = run("-", "--call", "42", "--format", "raw", stdin=log)
    assert (done.returncode, done.stdout) == (0, grep("PERF_TRACE|42|", BARE))


def test_bytes_that_are_no_utf8_are_given_back(tmp_path: Path) -> None:
    log = b"PERF_TRACE|0|f|id=\xff\xfe\x80|elapsed_ms=1\r\nPERF_TRACE|1|f|id=\xc3|elapsed_ms=1\x1b[0m\n"
    log += b"PERF_TRACE|2|f|elapsed_ms=3"
    assert read_all(write_log(tmp_path, log)) == log + b"\n"


def test_a_record_over_several_lines_is_given_whole(tmp_path: Path) -> None:
    bare = b"PERF_TRACE|0|f|id=a\nb\n\n|elapsed_ms=3|rows=1\n"
    logger = b"[DEBUG x] PERF_TRACE|1|f|id=a\n    b\n    PERF_TRACE|7|quoted|elapsed_ms=1 it says\n    |elapsed_ms=3\n"
    kept = bare + b"other\n" + logger + b"PERF_TRACE|2|f|torn\n"
    assert read_all(write_log(tmp_path, kept)) == bare + logger.removeprefix(b"[DEBUG x] ")


@pytest.mark.parametrize("name", ["hostile.log", "hostile-bare.log", "killed-mid-value.log", "duckpond-nextest.log"])
def test_real_logs_read_the_same_from_their_trace_lines(name: str) -> None:
    """What was cut off is no part of any record: read again, the lines hold the same calls."""
    lines = read_all(LOGS / name)
    again, before = read_lines(lines), read_lines((LOGS / name).read_bytes())
    assert lines.count(b"\n") == len(before.records) + before.continuation_lines
    assert [record.number for record in again.records] == [record.number for record in before.records]


@given(log=logs())
def test_whatever_a_log_holds_its_records_are_found_where_they_start(
    log: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_log(tmp_path_factory.getbasetemp(), log)
    calls = read_inputs([str(path)])
    if not len(calls):
        return
    for row in range(0, len(calls), max(1, len(calls) // 5)):
        (record,) = read_raw(calls, calls.line == calls.line[row], [str(path)])
        assert re.match(rb"PERF_TRACE\|0*%d\|" % calls.number[row], record)
        lines = log.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        assert record.split(b"\n")[0] in lines[calls.line[row] - 1]


@pytest.mark.parametrize("table", ["calls.parquet", "call*.parquet"])
def test_a_table_of_calls_does_not_hold_them(
    table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    main([str(BARE), "-q", "-o", "calls.parquet"])
    assert main([table, "--format", "raw"]) == 2
    assert capfd.readouterr().err.splitlines() == [
        "tracereport: A table of calls doesn't hold the trace lines",
        "  Give the log itself.",
    ]
