"""The fast reading of logs, held against the slow one: every row, count and malformed line, however it is cut."""

import codecs
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import Reading, read_lines
from tests.oracle.reading import BAD_VALUE, BROKEN_OFF, NO_ELAPSED, TOO_LARGE, TORN
from tests.strategies import NEXTEST_MARKERS, logs
from tests.truth import NAMES, read_log
from tracereport.calls.calls import Calls
from tracereport.calls.facts import MALFORMED_ROWS, count_notices
from tracereport.sources.perf_trace.continuation import LARGEST_BYTES
from tracereport.sources.perf_trace.grammar import Reason
from tracereport.sources.perf_trace.reader import read_log as read_calls
from tracereport.sources.streams.chunks import CHUNK_BYTES
from tracereport.sources.table import make_table

REASONS = {
    Reason.TORN.value: TORN,
    Reason.BROKEN_OFF.value: NO_ELAPSED,
    Reason.BROKEN_MARK.value: BROKEN_OFF,
    Reason.OUT_OF_RANGE.value: TOO_LARGE,
}
"""All others name the value that is bad."""
READ = ("line", "number", "function", "caller", "params", "elapsed_ns", "resolution_ns", "metrics")
"""The columns that are read; others are found, and those of the reserved fields have tests of their own."""

AS_LOGGED = "PERF_TRACE|0|load|id=1|elapsed_ms=3|found=1\n"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs") / "perf_trace.log"


def read_bytes(path: Path, log: bytes, *, chunk_bytes: int = CHUNK_BYTES) -> Calls:
    path.write_bytes(log)
    return read_calls([str(path)], chunk_bytes=chunk_bytes)


def hold_against_oracle(calls: Calls, expected: Reading) -> None:
    assert calls.facts is not None
    read, notices = calls.facts.input, calls.facts.notices
    assert read.lines == read.records + read.continuation_lines + read.malformed_lines + read.other_lines
    assert read.lines == expected.lines
    assert read.records == len(expected.records)
    assert read.continuation_lines == expected.continuation_lines
    assert read.malformed_lines == read.malformed.total == len(expected.malformed)
    assert read.other_lines == expected.other_lines
    assert notices.get("quoted", 0) == expected.quoted
    assert notices.get("dropped-metrics", 0) == expected.dropped_metrics
    assert notices.get("doubled-output", 0) == expected.doubled_blocks
    assert [(line.line, REASONS.get(line.reason, BAD_VALUE), line.text) for line in read.malformed.rows] == [
        (line.line, line.reason, show_bytes(line.text)) for line in expected.malformed[:MALFORMED_ROWS]
    ]
    found = make_table(calls).select(READ).rows(named=True)
    assert found == [row_of(record) for record in expected.records]


def row_of(record: Any) -> dict[str, Any]:
    return {
        "line": record.line,
        "number": record.number,
        "function": record.function,
        "caller": record.caller,
        "params": [{"name": name, "value": value} for name, value in record.params],
        "elapsed_ns": record.elapsed_ns,
        "resolution_ns": record.resolution_ns,
        "metrics": [{"name": name, "value": value} for name, value in record.metrics],
    }


def show_bytes(line: bytes) -> str:
    """The first 200 bytes of a line as text; a character that they cut in two isn't shown."""
    text = codecs.getincrementaldecoder("utf-8")("backslashreplace").decode(line, final=len(line) < 200)
    return text.encode()[:200].decode(errors="ignore")


@pytest.mark.parametrize("name", NAMES)
def test_real_logs_are_read_as_the_grammar_says(name: str, path: Path) -> None:
    log = read_log(name)
    expected = read_lines(log)
    hold_against_oracle(read_bytes(path, log), expected)
    hold_against_oracle(read_bytes(path, log, chunk_bytes=max(2_000, len(log) // 100)), expected)


@given(log=logs(), chunk_bytes=st.sampled_from((1, 64, 300, 4096, CHUNK_BYTES)))
def test_any_log_is_read_as_the_grammar_says(path: Path, log: bytes, chunk_bytes: int) -> None:
    hold_against_oracle(read_bytes(path, log, chunk_bytes=chunk_bytes), read_lines(log))


@given(log=logs(), chunk_bytes=st.sampled_from((64, 300)))
@settings(max_examples=20)
def test_where_a_log_is_cut_into_chunks_changes_nothing(path: Path, log: bytes, chunk_bytes: int) -> None:
    whole, cut = read_bytes(path, log), read_bytes(path, log, chunk_bytes=chunk_bytes)
    assert make_table(cut).equals(make_table(whole))
    assert cut.facts is not None
    assert whole.facts is not None
    assert (cut.facts.input, cut.facts.notices) == (whole.facts.input, whole.facts.notices)
    assert cut.lookups.text == whole.lookups.text
    assert cut.signature.tolist() == whole.signature.tolist()
    assert cut.metric_set.tolist() == whole.metric_set.tolist()


SMALL_LOG = b"""     Running tests/lookup.rs (target/debug/deps/lookup-43da980639810445)
PERF_TRACE|1|load|caller=a|id=1|elapsed_ms=3|found=1
PERF_TRACE|2|load|id=first
    second|elapsed_us=3
test tests::counts ... PERF_TRACE|0|load|elapsed_ms=1\r
PERF_TRACE|5|load|a|id=\xff|elapsed_ms=1|test=x|escaped=1
\x1b[32m     Running\x1b[0m tests/other.rs (target/debug/deps/other-43da980639810445)
PERF_TRACE|0|load|elapsed_ms=1|rest"""


def test_a_log_may_be_cut_anywhere(path: Path) -> None:
    expected = read_lines(SMALL_LOG)
    assert len(expected.records) == 5
    for chunk_bytes in range(1, len(SMALL_LOG) + 2):
        hold_against_oracle(read_bytes(path, SMALL_LOG, chunk_bytes=chunk_bytes), expected)


def continued(lines: Sequence[str], indent: str = "    ") -> bytes:
    """A record whose value goes on over these lines."""
    following = "".join(f"{indent}{line}\n" for line in lines)
    return f"PERF_TRACE|1|load|id={lines[0]}\n{following}{indent}|elapsed_ms=3\n".encode()


@pytest.mark.parametrize("chunk_bytes", [64, 1_000, CHUNK_BYTES])
@pytest.mark.parametrize("indent", ["", "    "])
def test_a_value_goes_on_over_many_chunks(path: Path, indent: str, chunk_bytes: int) -> None:
    lines = [f"part {number} of a long value" for number in range(200)]
    log = AS_LOGGED.encode() + continued(lines, indent) + b"PERF_TRACE|2|load|id=2|elapsed_ms=0\n"
    calls = read_bytes(path, log, chunk_bytes=chunk_bytes)
    hold_against_oracle(calls, read_lines(log))
    assert calls.number.tolist() == [0, 1, 2]
    assert calls.params_of(1)[0].value == "\n".join([lines[0], *lines]) + "\n"


@pytest.mark.parametrize("chunk_bytes", [100_000, CHUNK_BYTES])
def test_a_record_may_have_a_mebibyte_and_no_more(path: Path, chunk_bytes: int) -> None:
    fixed = len("load|id=\n") + len("\n|elapsed_ms=3")
    for size, records in ((LARGEST_BYTES, 2), (LARGEST_BYTES + 1, 1)):
        filled = size - fixed
        value = "\n".join("x" * min(999, filled - start) for start in range(0, filled, 1_000))
        log = f"PERF_TRACE|1|load|id=\n{value}\n|elapsed_ms=3\n{AS_LOGGED}".encode()
        calls = read_bytes(path, log, chunk_bytes=chunk_bytes)
        hold_against_oracle(calls, read_lines(log))
        assert len(calls) == records


def test_indentation_does_not_count_for_the_size_of_a_record(path: Path) -> None:
    deep = " " * 60
    lines = [f"{deep}PERF_TRACE|1|load|id=", *[f"{deep}    x"] * (CHUNK_BYTES // 40), f"{deep}    |elapsed_ms=3"]
    log = "".join(f"{line}\n" for line in lines).encode()
    calls = read_bytes(path, log)
    assert calls.facts is not None
    assert (calls.facts.input.records, calls.facts.input.continuation_lines) == (1, len(lines) - 1)


@pytest.mark.parametrize(
    ("start", "fields"),
    [
        ("|id=", "|y"),
        ("", "|y"),
        ("|id=1|elapsed_ms=2", "|y"),
        ("|id=1", "|elapsed_ms=3"),
        ("|id=1", "|x=1|elapsed_ms=3"),
    ],
)
def test_a_line_of_a_million_fields_is_read_in_seconds(path: Path, start: str, fields: str) -> None:
    line = f"PERF_TRACE|0|load{start}{fields * 1_000_000}|elapsed_ms=3\n"
    begun = time.process_time()
    assert len(read_bytes(path, line.encode())) == 1
    assert time.process_time() - begun < 30


@pytest.mark.parametrize("end", ["", "     Running tests/lookup.rs (target/debug/deps/lookup-43da980639810445)\n"])
@pytest.mark.parametrize("chunk_bytes", [64, CHUNK_BYTES])
def test_a_record_never_goes_on_beyond_a_marker_or_the_end(path: Path, end: str, chunk_bytes: int) -> None:
    log = f"PERF_TRACE|1|load|id=1\nmore\n{end}"
    log += "rest|elapsed_ms=3\n" if end else ""
    calls = read_bytes(path, log.encode(), chunk_bytes=chunk_bytes)
    hold_against_oracle(calls, read_lines(log.encode()))
    assert len(calls) == 0


@pytest.mark.parametrize("chunk_bytes", [64, CHUNK_BYTES])
def test_whatever_nextest_says_of_a_test_names_it(path: Path, chunk_bytes: int) -> None:
    lines = [f"{marker}\n    {AS_LOGGED}".replace("test_name", f"test_{n}") for n, marker in enumerate(NEXTEST_MARKERS)]
    calls = read_bytes(path, "".join(lines).encode(), chunk_bytes=chunk_bytes)
    assert list(calls.processes.name) == [f"module::test_{n}" for n in range(len(lines))]


def test_lines_are_numbered_and_processes_begin_anew_in_each_file(tmp_path: Path) -> None:
    first, second = tmp_path / "a.log", tmp_path / "b.log"
    first.write_text(f"x\n{AS_LOGGED}PERF_TRACE|1|load\n")
    second.write_text(
        f"PERF_TRACE|1|load|id=1|elapsed_ms=3\nPERF_TRACE|3|torn PERF_TRACE|4|load|elapsed_ms=0\n{AS_LOGGED}"
    )
    calls = read_calls([str(first), str(second)])
    assert make_table(calls).select("file", "line", "process", "process_name", "number").rows() == [
        (str(first), 2, 0, "process 0", 0),
        (str(second), 1, 1, "process 1", 1),
        (str(second), 3, 1, "process 1", 0),
    ]
    assert calls.facts is not None
    assert calls.facts.input.files == (str(first), str(second))
    assert [(row.file, row.line) for row in calls.facts.input.malformed.rows] == [(str(first), 3), (str(second), 2)]


def test_of_very_many_malformed_lines_the_first_are_kept_and_all_are_counted(path: Path) -> None:
    calls = read_bytes(path, b"PERF_TRACE|7|load\n" * (MALFORMED_ROWS + 500))
    assert calls.facts is not None
    assert calls.facts.input.malformed.total == MALFORMED_ROWS + 500
    assert len(calls.facts.input.malformed.rows) == MALFORMED_ROWS


@pytest.mark.parametrize(
    ("line", "notice"),
    [
        ("PERF_TRACE|3|load|id=PERF_TRACE|4|load|elapsed_ms=0", "torn-lines"),
        ("PERF_TRACE|3|load|id=PERF_TRACE|elapsed_ms=0", "torn-lines"),
        ("PERF_TRACE|3|load|id=1", "cut-off"),
        ("PERF_TRACE|12", "cut-off"),
        ("PERF_TRACE|9223372036854775808|load|elapsed_ms=0", "malformed"),
        ("PERF_TRACE|3|load|elapsed_s=9223372037", "malformed"),
        ("he said PERF_TRACE|3|load|elapsed_ms=0 and left", "quoted"),
        ("PERF_TRACE|3|load|elapsed_ms=0|found=-1", "dropped-metrics"),
        ("\udcff", "invalid-utf8"),
    ],
)
def test_what_may_be_worth_a_warning_is_counted(path: Path, line: str, notice: str) -> None:
    log = f"{AS_LOGGED}{line}\n".encode(errors="surrogateescape")
    calls = read_bytes(path, log)
    assert calls.facts is not None
    assert count_notices(calls.facts) == {notice: 1}


@pytest.mark.parametrize("more", ["", "|rest", "|found=1"])
def test_the_name_of_a_test_is_unescaped_once(path: Path, more: str) -> None:
    line = rf"PERF_TRACE|0|load|elapsed_ms=1{more}|count=1|test=a\x5cx7cb|escaped=1"
    assert make_table(read_bytes(path, line.encode()))["test"].to_list() == [r"a\x7cb"]


def test_an_elapsed_field_without_a_number_is_a_field_like_any_other(path: Path) -> None:
    log = b"PERF_TRACE|0|f|elapsed_ms=|a=2|elapsed_ms=3|elapsed_ms=|m=1\n"
    log += b"PERF_TRACE|1|f|elapsed_ms=3|m=1|elapsed_us=|k=1\n"
    calls = read_bytes(path, log)
    hold_against_oracle(calls, read_lines(log))
    assert len(calls) == 2


@pytest.mark.parametrize("zeros", [1, 12, 18, 19, 30])
@pytest.mark.parametrize("more", ["", "|id=1", "|rest", "|id=1|elapsed_us=3"])
def test_zeros_before_a_call_number_mean_nothing(path: Path, zeros: int, more: str) -> None:
    log = "".join(
        f"PERF_TRACE|{'0' * zeros}{number}|load{more}|elapsed_ms=1\n" for number in (0, 7, 2**63 - 1)
    ).encode()
    calls = read_bytes(path, log)
    hold_against_oracle(calls, read_lines(log))
    assert calls.number.tolist() == [0, 7, 2**63 - 1]


def test_bytes_that_are_no_text_stay_told_apart(path: Path) -> None:
    log = b"".join(
        b"PERF_TRACE|%d|load|id=%b|elapsed_ms=0\n" % (n, b) for n, b in enumerate((b"\xff", b"\xfe", b"\xff"))
    )
    calls = read_bytes(path, log)
    hold_against_oracle(calls, read_lines(log))
    assert [calls.params_of(lookup)[0].value for lookup in calls.lookup.tolist()] == [r"\xff", r"\xfe", r"\xff"]
