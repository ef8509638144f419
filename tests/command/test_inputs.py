"""What the command reads, and what it says of inputs that can't be read."""

import gzip
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.command.calling import TRACE, assert_error, said, some_traces, written
from tests.paths import LOGS
from tests.running import SINGLE, command_line, environment, read_once, run
from tests.waiting import PATIENCE_SECONDS
from tracereport.command.cli import main
from tracereport.documents.formats import list_suffixes

pytestmark = pytest.mark.usefixtures("folder")


def test_standard_input_is_read_packed_or_not() -> None:
    expected = run(SINGLE, "--format", "json", "--title", "t").stdout
    with SINGLE.open("rb") as log:
        plain = run("-", "--format", "json", "--title", "t", stdin=log)
    packed = run("-", "--format", "json", "--title", "t", stdin=gzip.compress(SINGLE.read_bytes()))
    assert plain.stdout == packed.stdout == expected.replace(str(SINGLE).encode(), b"-")


@pytest.mark.parametrize("arguments", [["--format", "raw"], ["--explain", "6f16"]])
def test_what_can_be_read_only_once_gives_its_trace_lines_all_the_same(arguments: list[str]) -> None:
    with read_once("pipe.log", SINGLE.read_bytes()) as pipe:
        once = run(pipe, *arguments)
    traces = [line for line in once.stdout.splitlines() if line.startswith(b"PERF_TRACE|")]
    assert traces
    assert traces == [line for line in run(SINGLE, *arguments).stdout.splitlines() if line.startswith(b"PERF_TRACE|")]


@pytest.mark.parametrize(("closed", "code"), [("<&-", 3), (">&-", 0), ("2>&-", 0), ("2>/dev/full", 0)])
def test_a_standard_stream_that_is_closed_changes_no_exit_code(closed: str, code: int) -> None:
    log = "-" if closed == "<&-" else str(SINGLE)
    shell = f"{shlex.join(command_line(log, '-o', 'report.json'))} {closed}"
    assert (
        subprocess.run(["bash", "-c", shell], env=environment(), check=False, timeout=PATIENCE_SECONDS).returncode
        == code
    )
    assert Path("report.json").exists() == (code == 0)


def test_a_quoted_glob_gives_the_matching_logs_in_order() -> None:
    for name in ("b.log", "a.log"):
        written(name, some_traces(10))
    assert main(["*.log", "-o", "report.json", "-q"]) == 0
    report = json.loads(Path("report.json").read_bytes())
    assert report["input"]["files"] == ["a.log", "b.log"]
    assert report["title"] == "a.log and 1 more"


def test_a_table_stands_for_its_log() -> None:
    assert main([str(SINGLE), "-o", "calls.parquet", "-q"]) == 0
    assert main([str(SINGLE), "-o", "log.json", "--title", "t", "-q"]) == 0
    assert main(["calls.parquet", "-o", "table.json", "--title", "t", "-q"]) == 0
    assert Path("table.json").read_bytes() == Path("log.json").read_bytes()


@pytest.mark.parametrize(
    "line",
    [
        b"PERF_TRACE|1|load|id=\xed\xa0\x80|elapsed_ms=1\n",
        b"PERF_TRACE|1|load|id=a\0b|elapsed_ms=1\n",
        b"PERF_TRACE|1|load|id=" + b"x" * 10_000_000 + b"|elapsed_ms=1\n",
        b"PERF_TRACE|18446744073709551616|load|id=1|elapsed_ms=1\n",
        b"PERF_TRACE|1|load|id=1|elapsed_ms=18446744073709551616|n=18446744073709551616\n",
        b"x" * 10_000_000,
        b"\xff\xfe\0",
        b"PERF_TRACE|",
        b"PERF_TRACE|1|load|id=\xe2\x80\xae\x1b]0;title\x07|elapsed_ms=1\n",
    ],
    ids=["surrogate", "nul", "long value", "large number", "large time", "long line", "no utf-8", "torn", "controls"],
)
def test_nothing_that_a_log_may_hold_crashes_it(line: bytes, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    log = written("odd.log", TRACE % (0, 0) + line)
    names = [f"report{suffix}" for suffix in list_suffixes() if suffix != ".speedscope.json"]
    assert main([log, "-o", "-", *(f"-o{name}" for name in names)]) == 0
    printed = capsysbinary.readouterr()
    assert printed.err == b""
    assert not re.search(rb"[\0\x1b\x07]|\xe2\x80\xae", printed.out)
    assert main([log, "--format", "raw"]) == 0
    assert capsysbinary.readouterr().out.startswith(TRACE % (0, 0))


def test_names_that_are_no_utf8_are_shown_as_escapes(folder: Path) -> None:
    (folder / os.fsdecode(b"caf\xe9.log")).write_bytes(some_traces(9))
    done = run("*.log", "--title", os.fsdecode(b"\xe9"), "-o", "report.json", "-o", "calls.parquet", cwd=folder)
    assert (done.returncode, len(said(done))) == (0, 1)
    report = json.loads((folder / "report.json").read_bytes())
    assert (report["input"]["files"], report["title"]) == (["caf\\xe9.log"], "\\xe9")
    done = run(os.fsdecode(b"caf\xe8.log"), cwd=folder)
    assert done.returncode == 3
    assert b"no such file" in done.stderr


# What can go wrong


@pytest.mark.parametrize(
    ("arguments", "code", "problem", "remedy"),
    [
        (["nosuch.log"], 3, "nosuch.log: no such file", "Check the path"),
        (["nosuch*.log"], 3, "nosuch*.log: no file matches", "Check the pattern"),
        (["."], 3, ".: is a directory", "'./*.log'"),
        (["empty.log"], 3, "empty.log: empty", "tracereport run -- COMMAND, which says what the command lacks"),
        (["notes.log"], 3, "notes.log: no traces in 2 lines: no line holds PERF_TRACE|<number>", "standard error"),
        ([LOGS / "no-traces-rust-log-unset.log"], 3, "no traces in 11 lines: RUST_LOG isn't set", "RUST_LOG=debug"),
        ([LOGS / "no-traces-info-level.log"], 3, "the log level is info, and traces are logged at debug", "debug"),
        ([LOGS / "duckpond-no-rust-log.log"], 3, "no traces in 4 lines: RUST_LOG isn't set", "RUST_LOG=debug"),
        (["stdout.log"], 3, "this looks like standard output, and traces go to standard error", "2> perf_trace.log"),
        (["pytest.log"], 3, "this looks like what pytest prints, and its traces go to a file", "give perf_trace.log"),
        (["quiet.log"], 3, "this looks like what pytest prints, and its traces go to a file", "pytest --perf-trace"),
        (["captured.log"], 3, "logged at debug, but", "-- --nocapture"),
        (["nextest.log"], 3, "nextest shows the output of failed tests only", "--no-capture"),
        (["torn.log"], 3, "1 line with the mark can't be read, the first is line 2 (broken off", "Let the program end"),
        (["good.log", "./good.log"], 2, "./good.log: the same input is given twice", "Name each input once"),
        (["good.log", "../*/good.log"], 2, "good.log: the same input is given twice", "Name each input once"),
        (["-", "-"], 2, "the same input is given twice", "Name each input once"),
        ([""], 2, "The name of a log is empty", "variable"),
        (["no.parquet"], 3, "no.parquet: can't be read as Parquet", "Give the log, or a table"),
    ],
)
def test_inputs_that_cannot_be_used(arguments: list[str | Path], code: int, problem: str, remedy: str) -> None:
    written("good.log", some_traces(3))
    written("empty.log", b"")
    written("notes.log", b"dear diary\ntoday\n")
    written("stdout.log", b"\nrunning 3 tests\ntest a ... ok\n\ntest result: ok. 3 passed; 0 failed\n")
    written("pytest.log", b"\x1b[1m========== test session starts ==========\x1b[0m\nplatform linux\n")
    written(
        "quiet.log", b"..F [100%]\n\x1b[31m\x1b[1m1 failed\x1b[0m, \x1b[32m2 passed\x1b[0m\x1b[31m in 0.02s\x1b[0m\n"
    )
    written(
        "captured.log", b"     Running tests/a.rs (deps/a-43da980639810445)\n[2026-11-22T19:54:07Z DEBUG a] hello\n"
    )
    written("nextest.log", b" Nextest run ID 1\n        PASS [   0.004s] (1/1) a tests::b\n")
    written("torn.log", b"one\nPERF_TRACE|1|load|id=1\n")
    written("no.parquet", b"PAR1 and nothing behind")
    assert_error(run(*arguments), code, problem, remedy)


def test_a_file_under_several_names_is_read_by_each_and_said() -> None:
    log = Path(written("good.log", some_traces(3)))
    for name in ("soft-1.log", "soft-2.log"):
        Path(name).symlink_to(log)
    Path("hard.log").hardlink_to(log)
    alone = run("--format", "json", "-q", "good.log")
    linked = run("--format", "json", "-q", "good.log", "hard.log", "soft-?.log")
    assert (alone.returncode, linked.returncode, alone.stderr) == (0, 0, b"")
    assert json.loads(linked.stdout)["totals"]["calls"] == 4 * json.loads(alone.stdout)["totals"]["calls"]
    said = linked.stderr.decode()
    assert said.splitlines()[0].endswith("hard.log: the same file as good.log, and 2 more such inputs")
    assert "their calls count each time" in said


@pytest.mark.parametrize("log", ["no-traces-rust-log-unset.log", "duckpond-no-rust-log.log"])
def test_standard_input_without_traces_is_explained_as_a_file_is(log: str) -> None:
    with (LOGS / log).open("rb") as stream:
        assert_error(run("-", stdin=stream), 3, "standard input: no traces in", "RUST_LOG=debug")
    assert_error(run("-"), 3, "standard input: empty", "tracereport run -- COMMAND")


def test_a_log_that_is_not_ours_to_read(folder: Path) -> None:
    log = folder / "secret.log"
    log.write_bytes(some_traces(3))
    log.chmod(0)
    # Root may read everything, unless it gives that up.
    as_others = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*as_others, *command_line(log)], env=environment(), capture_output=True, check=False, timeout=PATIENCE_SECONDS
    )
    assert_error(done, 3, "secret.log: permission denied", "chmod +r")


@pytest.mark.parametrize("damage", ["cut", "wrong sum"])
def test_a_packed_log_that_breaks_off_is_reported_as_far_as_it_goes(damage: str) -> None:
    traces = b"".join(
        b"PERF_TRACE|%d|load|id=%s|elapsed_us=5\n" % (n, os.urandom(20).hex().encode()) for n in range(40_000)
    )
    packed = gzip.compress(traces)
    wrong_sum = packed[:-8] + bytes(8)
    log = written("damaged.log.gz", packed[: len(packed) // 2] if damage == "cut" else wrong_sum)
    done = run(log, "-o", "report.json", "-o", "report.md", "-o", "report.txt", "-o", "report.html", "-q")
    assert done.returncode == 3
    reason = "the gzip data ends too early" if damage == "cut" else "the gzip data is damaged"
    assert said(done) == [
        f"tracereport: damaged.log.gz: {reason}",
        "  The report is of what could be read, and says so.",
    ]
    report = json.loads(Path("report.json").read_bytes())
    assert report["totals"]["calls"] > 15_000, "more than a megabyte of good data"
    for name in ("report.json", "report.md", "report.txt", "report.html"):
        assert reason in Path(name).read_text(encoding="utf-8")


def test_a_packed_log_that_breaks_off_before_any_trace_is_an_error() -> None:
    log = written("damaged.log.gz", gzip.compress(b"hello\n" * 100)[:-12])
    assert_error(run(log), 3, "damaged.log.gz: the gzip data", "Collect the log again")
