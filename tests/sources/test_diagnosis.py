"""Why a log holds no traces: the likely cause is told by what stands in it instead."""

import bz2
import gzip
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

import tracereport
from tests.truth import log_path
from tracereport.errors import InputError
from tracereport.sources.perf_trace.diagnosis import explain_no_traces
from tracereport.sources.perf_trace.reader import read_log


def explain(*paths: Path) -> InputError:
    calls = read_log([str(path) for path in paths])
    assert len(calls) == 0
    return explain_no_traces(calls.files, calls.facts)


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("no-traces-info-level", "the log level is info"),
        ("no-traces-rust-log-unset", "RUST_LOG isn't set"),
        ("duckpond-no-rust-log", "RUST_LOG isn't set"),
    ],
)
def test_a_real_log_without_traces_says_why(name: str, cause: str) -> None:
    error = explain(log_path(name))
    assert error.message.startswith(f"{log_path(name)}: ")
    assert cause in error.message
    assert "RUST_LOG=debug cargo test" in error.remedy
    assert error.exit_code == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b'{"schema_version":1,"text":"PERF_TRACE|3|f|"}', "it is a report, and reports aren't joined"),
        (b"running 3 tests\ntest a ... ok\ntest result: ok. 3 passed\n", "standard output"),
        (b"        PASS [   1.709s] ( 7/78) tlogfs module::test_name\n", "nextest"),
        (b"[2026-11-22T19:54:07Z DEBUG other] hello\n", "libtest captured"),
        (b"[2026-11-22T19:54:07Z INFO  other] hello\n", "the log level is info"),
        (b"     Running unittests src/lib.rs (target/debug/deps/minifs-fc8961ee0bcdd593)\n", "RUST_LOG"),
        (b"hello\n", "no line holds PERF_TRACE"),
        (b"PERF_TRACE|f|elapsed_ms=3\n", "but no call number"),
        (b"he wrote PERF_TRACE|1|f|elapsed_ms=3 and left\n", "1 line holds a record and text behind"),
        (b"PERF_TRACE|1|f|elapsed_ms=15,5\n", "the first is line 1 (elapsed_ms=15,5 is no number: decimals stand"),
        (b"\nPERF_TRACE|1|f|elapsed_us=-3|rows=1\n", "the first is line 2 (elapsed_us=-3 is below 0)"),
        (b"PERF_TRACE|1|f|elapsed_s=NaN\n", "elapsed_s=NaN is no number"),
    ],
)
def test_the_likely_cause_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "perf_trace.log"
    path.write_bytes(content)
    assert message in explain(path).message


@pytest.mark.parametrize(
    ("kind", "cause", "remedy"),
    [
        ("zip", "it is a ZIP archive", "unzip -p"),
        ("bz2", "it is packed by bzip2", "bzip2 -dc"),
        ("parquet", "it is a Parquet file, which can't be read from a pipe", "Name the file"),
        ("json", "it is a report", "--baseline"),
        ("json.gz", "it is a report", "--baseline"),
    ],
)
def test_what_is_no_log_is_called_what_it_is(tmp_path: Path, kind: str, cause: str, remedy: str) -> None:
    """As they stand on standard input, where no name tells what they are."""
    table = tracereport.read_calls(log_path("duckpond-single-thread"))
    path = tmp_path / "input"
    if kind == "zip":
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            archive.write(log_path("duckpond-single-thread"))
    elif kind == "bz2":
        path.write_bytes(bz2.compress(log_path("duckpond-single-thread").read_bytes()))
    elif kind == "parquet":
        table.write_parquet(path)
    else:
        report = tracereport.render(tracereport.analyze(table), "json")
        assert isinstance(report, bytes)
        path.write_bytes(gzip.compress(report) if kind == "json.gz" else report)
    error = explain(path)
    assert error.message.startswith(f"{path}: {cause}")
    assert remedy in error.remedy


def test_several_inputs_are_explained_together(tmp_path: Path) -> None:
    paths = [tmp_path / "a.log", tmp_path / "b.log"]
    for path in paths:
        path.write_bytes(b"hello\n")
    assert explain(*paths).message.startswith("2 inputs: ")


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        (b"PERF_TRACE|1|f|elapsed_ms=15,5\n", "with a point before decimals"),
        (b"PERF_TRACE|1|f|elapsed_ms=-1\n", "a clock that never goes back"),
        (b"PERF_TRACE|1|f|a=1\n", "Let the program end"),
        (b"PERF_TRACE|2|f|PERF_TRACE|3|g|elapsed_ms=\n", "Let one process"),
        (b"PERF_TRACE|99999999999999999999|f|elapsed_ms=1\n", "Look at what writes these numbers"),
    ],
)
def test_the_remedy_is_for_what_is_wrong(tmp_path: Path, content: bytes, remedy: str) -> None:
    path = tmp_path / "perf_trace.log"
    path.write_bytes(content)
    assert remedy in (explain(path).remedy or "")
