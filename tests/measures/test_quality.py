"""Data quality: every warning has a log that gives cause for it, and a clean log has none."""

import gzip
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.strategies import NEXTEST_SUMMARY, nextest_failure
from tests.truth import NAMES, log_path
from tracereport.engine.report import make_report
from tracereport.model import QualityWarning, Settings
from tracereport.sources.parquet import read_table, write_table
from tracereport.sources.perf_trace.reader import read_log as read_calls

SUITE = {"unfinished": 1, "quoted": 1}
"""``concurrent`` leaks a call, a line of ``lookup`` quotes one."""
REAL = {
    "ansi": {**SUITE, "symbol-loading": 10},
    "bare-captured": {"captured": 7, "no-callers": 104},
    "bare-nocapture": {**SUITE, "no-callers": 515},
    "bare-single-thread-combined": {**SUITE, "symbol-loading": 8, "across-units": 10},
    "combined-nocapture": {**SUITE, "symbol-loading": 10},
    "duckpond-debug": {"symbol-loading": 1, "truncated-times": 521},
    "duckpond-deep-nextest": {"symbol-loading": 53, "truncated-times": 4791},
    "duckpond-deep-single-thread": {"symbol-loading": 1, "truncated-times": 4925},
    "duckpond-nextest": {"symbol-loading": 53, "truncated-times": 558},
    "duckpond-no-backtrace": {"no-callers": 691, "truncated-times": 568},
    "duckpond-no-rust-log": {},
    "duckpond-parallel": {"symbol-loading": 1, "truncated-times": 556},
    "duckpond-single-thread": {"symbol-loading": 1, "truncated-times": 561},
    "env_logger": {**SUITE, "no-callers": 515},
    "env_logger-backtrace": {**SUITE, "symbol-loading": 11},
    "hostile": {"truncated-times": 54},
    "hostile-bare": {"implausible-numbers": 4, "unfinished": 4, "cut-off": 4, "truncated-times": 55},
    "killed-mid-value": {"unfinished": 1, "cut-off": 1, "no-callers": 12, "missing-callers": 3, "truncated-times": 9},
    "millis": {**SUITE, "symbol-loading": 10},
    "no-traces-info-level": {},
    "no-traces-rust-log-unset": {},
    "single-thread": {**SUITE, "symbol-loading": 8},
    "stress-4-threads": {"symbol-loading": 4, "truncated-times": 17952},
    "torn-lines": {
        "interleaved": 11678,
        "torn-lines": 109,
        "cut-off": 16,
        "no-callers": 11678,
        "truncated-times": 11525,
    },
}
WITHOUT_TESTS = {
    "ansi": 8,
    "bare-captured": 2,
    "bare-nocapture": 8,
    "combined-nocapture": 8,
    "duckpond-debug": 1,
    "duckpond-deep-single-thread": 1,
    "duckpond-no-backtrace": 1,
    "duckpond-parallel": 1,
    "duckpond-single-thread": 1,
    "env_logger": 8,
    "env_logger-backtrace": 8,
    "millis": 8,
    "single-thread": 8,
}
"""Processes of cargo's in which no test is known."""
CLEAN = b"PERF_TRACE|0|load|caller=main|id=1|elapsed_us=1500|found=1\n"


def warnings_of(path: Path) -> dict[str, QualityWarning]:
    report = make_report(read_calls([str(path)]), Settings(), "a title")
    assert report.quality.total == len(report.quality.rows)
    return {warning.code: warning for warning in report.quality.rows}


def write(folder: Path, content: bytes) -> Path:
    path = folder / "perf_trace.log"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_a_real_log_gives_exactly_its_own_warnings(name: str) -> None:
    expected = {**REAL[name], **({"whole-processes": WITHOUT_TESTS[name]} if name in WITHOUT_TESTS else {})}
    assert {code: warning.count for code, warning in warnings_of(log_path(name)).items()} == expected


MISLEADING = {
    "interleaved",
    "unfinished",
    "captured",
    "no-callers",
    "missing-callers",
    "implausible-numbers",
    "cut-off",
    "torn-lines",
}
"""Of the warnings of real logs those that stand before any figure."""


@pytest.mark.parametrize("name", NAMES)
def test_what_would_mislead_is_told_from_what_only_shades(name: str) -> None:
    for code, warning in warnings_of(log_path(name)).items():
        assert warning.misleading == (code in MISLEADING), code


def test_a_clean_log_gives_no_warning(tmp_path: Path) -> None:
    assert warnings_of(write(tmp_path, CLEAN)) == {}


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("malformed", b"PERF_TRACE|9223372036854775808|load|caller=main|elapsed_us=1500\n"),
        ("dropped-metrics", b"PERF_TRACE|1|load|caller=main|elapsed_us=1500|found=maybe\n"),
        ("invalid-utf8", b"PERF_TRACE|1|load|caller=main|id=\xff|elapsed_us=1500\n"),
        ("quoted", b"he read PERF_TRACE|1|load|elapsed_us=1500 aloud\n"),
        ("torn-lines", b"PERF_TRACE|1|load|id=PERF_TRACE|2|load|elapsed_us=1500\n"),
        ("cut-off", b"PERF_TRACE|1|load|caller=main|id="),
        ("unfinished", b"PERF_TRACE|2|load|caller=main|elapsed_us=1500\n"),
    ],
)
def test_one_odd_line_gives_one_warning(tmp_path: Path, code: str, line: bytes) -> None:
    found = warnings_of(write(tmp_path, CLEAN + line))
    assert {code: warning.count for code, warning in found.items()} == {code: 1}


@pytest.mark.parametrize(
    ("caller", "first_ms", "later_ms", "count"),
    [("main", 120, 60, 1), ("main", 120, 90, 0), ("main", 40, 0, 0), ("unknown", 120, 0, 0)],
)
def test_a_first_call_far_beyond_later_ones_of_its_function_loaded_symbols_if_callers_are_named(
    tmp_path: Path, caller: str, first_ms: int, later_ms: int, count: int
) -> None:
    times = [first_ms, *[later_ms] * 9]
    lines = [f"PERF_TRACE|{n}|load|caller={caller}|id={n}|elapsed_ms={time}\n" for n, time in enumerate(times)]
    # Of another process, which names no caller, nothing is said.
    other = [f"PERF_TRACE|{n}|load|caller=unknown|id={n}|elapsed_ms={120 - n}\n" for n in range(2)]
    found = warnings_of(write(tmp_path, "".join(lines + other).encode()))
    assert (found["symbol-loading"].count if "symbol-loading" in found else 0) == count


def test_a_caller_that_is_not_written_is_missing_and_no_backtrace_mends_it(tmp_path: Path) -> None:
    lines = "".join(f"PERF_TRACE|{number}|get|id=1|elapsed_us=1\n" for number in range(3))
    (warning,) = warnings_of(write(tmp_path, lines.encode())).values()
    assert (warning.code, warning.count) == ("missing-callers", 3)
    assert "caller=" in warning.remedy
    assert "RUST_BACKTRACE" not in warning.remedy


@pytest.mark.parametrize(
    ("code", "of_one", "of_two"),
    [
        (
            "torn-lines",
            "1 line is lost, torn by several processes that write to one file.",
            "2 lines are lost, torn by several processes that write to one file.",
        ),
        (
            "cut-off",
            "1 record is lost that breaks off before the elapsed time.",
            "2 records are lost that break off before the elapsed time.",
        ),
        (
            "quoted",
            "1 line is not counted: a trace quoted in other text.",
            "2 lines are not counted: a trace quoted in other text.",
        ),
        (
            "dropped-metrics",
            "1 metric was dropped: no unsigned 64-bit integer.",
            "2 metrics were dropped: no unsigned 64-bit integer.",
        ),
    ],
)
def test_one_and_many_are_said_each_in_its_own_grammar(tmp_path: Path, code: str, of_one: str, of_two: str) -> None:
    calls = read_calls([str(write(tmp_path, CLEAN))])
    assert calls.facts is not None
    for count, message in enumerate((of_one, of_two), start=1):
        told = replace(calls, facts=replace(calls.facts, notices={code: count}))
        (warning,) = make_report(told, Settings(), "a title").quality.rows
        assert (warning.message, warning.count) == (message, count)


def test_what_nextest_prints_twice_is_counted_once_and_said(tmp_path: Path) -> None:
    failure = "".join(f"{line}\n" for line in nextest_failure([CLEAN.decode().strip()]))
    path = write(tmp_path, f"{failure}{NEXTEST_SUMMARY}\n{failure}".encode())
    assert warnings_of(path).keys() == {"doubled-output"}
    assert len(read_calls([str(path)])) == 1


@pytest.mark.parametrize(("program", "is_test"), [("books-43da980639810445", True), ("books.mjs", False)])
def test_only_tests_are_to_be_run_one_by_one(tmp_path: Path, program: str, is_test: bool) -> None:
    path = write(tmp_path, f"     Running traced ({program})\n".encode() + CLEAN)
    assert ("whole-processes" in warnings_of(path)) == is_test


def test_an_archive_that_breaks_off_is_said(tmp_path: Path) -> None:
    packed = gzip.compress(CLEAN)
    (warning,) = warnings_of(write(tmp_path, packed[:-4])).values()
    assert warning.code == "unreadable"
    assert "ends too early" in warning.message


def test_a_partial_table_is_said(tmp_path: Path) -> None:
    calls = read_calls([str(log_path("duckpond-no-backtrace"))])
    write_table(calls, tmp_path / "part.parquet", calls.number < 10)
    report = make_report(read_table(str(tmp_path / "part.parquet")), Settings(), "a title")
    assert "partial-table" in {warning.code for warning in report.quality.rows}


@pytest.mark.parametrize("name", NAMES)
def test_every_warning_is_a_sentence_with_a_remedy(name: str) -> None:
    for warning in warnings_of(log_path(name)).values():
        assert warning.message.endswith(".")
        assert warning.remedy
        assert f"{warning.count:,}" in warning.message


MIXED = [b"PERF_TRACE|%d|load|id=%d|elapsed_us=5\n" % (number, place) for place, number in enumerate((0, 0, 2, 1, 2))]
CARGO = b"     Running tests/run.rs (target/debug/deps/run-43da980639810445)\n"
NEXTEST = b"        PASS [   0.100s] (1/1) shop orders::counts\n"


@pytest.mark.parametrize(
    ("markers", "remedy"), [(b"", "process=<number>"), (CARGO, "--test-threads=1"), (NEXTEST, "process=<number>")]
)
def test_nobody_is_advised_to_run_tests_as_they_were_run(markers: bytes, remedy: str, tmp_path: Path) -> None:
    found = warnings_of(write(tmp_path, markers + b"".join(MIXED)))
    assert remedy in found["interleaved"].remedy


@pytest.mark.parametrize(
    ("log", "remedy"),
    [
        (CARGO + b"PERF_TRACE|0|a|caller=unknown|elapsed_us=5\n", "Run with RUST_BACKTRACE=1"),
        (b"PERF_TRACE|0|a|caller=unknown|elapsed_us=5\n", "In Rust, run with"),
        (
            b"".join(b"PERF_TRACE|%d|a|caller=unknown|elapsed_us=5\n" % number for number in range(3))
            + b"PERF_TRACE|3|a|caller=b|elapsed_us=5\n",
            "build with symbols",
        ),
    ],
)
def test_nobody_is_advised_to_switch_on_what_is_on(log: bytes, remedy: str, tmp_path: Path) -> None:
    assert remedy in warnings_of(write(tmp_path, log))["no-callers"].remedy


@pytest.mark.parametrize(("unit", "remedy"), [("us", "instead of elapsed_us"), ("ms", "instead of elapsed_ms")])
def test_a_finer_unit_is_named_than_what_is_printed(tmp_path: Path, unit: str, remedy: str) -> None:
    path = write(tmp_path, f"PERF_TRACE|0|load|caller=page|id=1|elapsed_{unit}=0\n".encode())
    assert remedy in warnings_of(path)["truncated-times"].remedy
