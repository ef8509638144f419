"""Reading takes time in proportion to the input, whatever stands in it: no line makes a pattern start over and over."""

import time
from pathlib import Path

import pytest

from tracereport.errors import InputError
from tracereport.sources.perf_trace.diagnosis import explain_no_traces
from tracereport.sources.perf_trace.reader import read_log

RECORD = b"PERF_TRACE|0|f|elapsed_ms=1\n"
N = 60_000
LINES = {
    "blanks in the name of a test": b"        PASS [   0.100s] bin t" + b" " * N + b"x",
    "brackets behind cargo's marker": b"     Running x" + b" (" * N,
    "brackets behind a quiet result": b"test a ... ignored, " + b" <" * N,
    "colours before the end": b"PERF_TRACE|1|f|elapsed_ms=1.5.5" + b"\x1b[0m" * N + b"x",
    "blanks before the end": b"PERF_TRACE|1|f|elapsed_ms=1.5.5" + b" " * N + b"x",
    "blanks at the end": b"PERF_TRACE|1|f|elapsed_ms=1|rows=1" + b" " * N,
    "bars": b"PERF_TRACE|1|f" + b"|" * N + b"|elapsed_ms=1",
    "equals signs": b"PERF_TRACE|1|f|" + b"=" * N + b"|elapsed_ms=1|" + b"=" * N,
    "many elapsed times": b"PERF_TRACE|1|f" + b"|elapsed_ms=1" * N,
    "many bad elapsed times": b"PERF_TRACE|1|f" + b"|elapsed_ms=1,5" * N + b"x y",
    "digits": b"PERF_TRACE|1|f|elapsed_ms=" + b"1" * N + b"." + b"1" * N + b"e" + b"1" * N,
    "a long number": b"PERF_TRACE|" + b"1" * N,
    "many marks": b"PERF_TRACE|" * N,
    "escapes": b"PERF_TRACE|1|f|a=" + b"\\x7c" * N + b"|elapsed_ms=1|escaped=1",
    "a quoted text that never ends": b'level=info msg="PERF_TRACE|1|f|a=' + b"\\" * N + b"|elapsed_ms=1",
    "keys and quotes": b'a="' * N + b"PERF_TRACE|1|f|elapsed_ms=1",
    "an object that never ends": b'{"a":' * N + b'"PERF_TRACE|1|f|elapsed_ms=1"}',
    "time stamps": b"2024-05-01T10:00:00Z " * N + b"PERF_TRACE|1|f|elapsed_ms=1",
    "a word behind the record": b"PERF_TRACE|1|f|elapsed_ms=1|rows=1 " + b"a=1 " * N,
    "only blanks": b" " * N,
}


@pytest.mark.parametrize("name", LINES)
def test_a_hostile_line_is_read_in_no_time(name: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.log"
    path.write_bytes(RECORD + f"{LINES[name].decode()}\n".encode() * 3)
    start = time.process_time()
    calls = read_log([str(path)])
    assert len(calls) >= 1
    assert time.process_time() - start < 2, "quadratic time takes minutes"


@pytest.mark.parametrize("line", [b" " * N, b"\x1b[0m" * N, b"[2024-05-01T" + b"a " * N])
def test_a_log_without_traces_is_explained_in_no_time(line: bytes, tmp_path: Path) -> None:
    path = tmp_path / "hostile.log"
    path.write_bytes((line + b"\n") * 3)
    start = time.process_time()
    calls = read_log([str(path)])
    assert isinstance(explain_no_traces(calls.files, calls.facts), InputError)
    assert time.process_time() - start < 2


def test_as_many_results_as_lines_cost_little(tmp_path: Path) -> None:
    path = tmp_path / "hostile.log"
    path.write_bytes(RECORD + b"ok\n" * 1_000_000)
    start = time.process_time()
    assert len(read_log([str(path)])) == 1
    assert time.process_time() - start < 3


def test_numbers_at_the_end_of_their_range_are_read(tmp_path: Path) -> None:
    path = tmp_path / "hostile.log"
    last = 2**63 - 1
    path.write_bytes(
        RECORD * 2
        + b"     Running tests/a.rs (target/debug/deps/a)\n"
        + f"PERF_TRACE|{last}|f|elapsed_ms=1|parent={last - 1}\nPERF_TRACE|{last}|f|elapsed_ns={last}\n".encode()
    )
    calls = read_log([str(path)])
    assert calls.number.tolist() == [0, 0, last, last]
