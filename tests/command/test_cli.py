"""The command as its users meet it: what it prints where, what it writes, and the code it exits with."""

import gzip
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.paths import LOGS, ROOT
from tests.running import BARE, SINGLE, command_line, environment, read_once, run, run_in_terminal
from tracereport import __version__
from tracereport.command import running
from tracereport.command.cli import main
from tracereport.command.emitter_files import LANGUAGES, Language, read_emitter
from tracereport.command.options import GROUPS, TOP
from tracereport.documents import FORMATS
from tracereport.documents.formats import list_suffixes
from tracereport.model import Report, Settings, json_schema
from tracereport.wording.units import display_width

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
EARLIER = "what stood here before"
TRACE = b"PERF_TRACE|%d|load|caller=main|id=%d|elapsed_us=5|rows=1\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command runs: no configuration is found there."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(name: str, content: bytes) -> str:
    Path(name).write_bytes(content)
    return name


def call(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """Runs the command in this process: what starting another would take is not to be waited for each time."""
    code = main([str(argument) for argument in arguments])
    printed = capfd.readouterr()
    return subprocess.CompletedProcess(arguments, code, printed.out.encode(), printed.err.encode())


def some_traces(count: int) -> bytes:
    return b"".join(TRACE % (number, number % 7) for number in range(count))


def said(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    return done.stderr.decode().splitlines()


def assert_error(done: subprocess.CompletedProcess[bytes], code: int, problem: str, remedy: str) -> None:
    """What is wrong and what to do, in two lines and no more."""
    lines = said(done)
    assert done.returncode == code, lines
    assert len(lines) == 2, lines
    assert lines[0].startswith("tracereport: ")
    assert problem in lines[0]
    assert lines[1].startswith("  ")
    assert remedy in lines[1]
    assert done.stdout == b""


# What it prints


def test_a_log_gives_the_quick_starts_report() -> None:
    done = run(SINGLE)
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    for heading in (
        "Performance Analysis Report",
        "Total traces: 691",
        "=== Top 10 Functions by Call Count ===",
        "=== Slowest Calls ===",
        "=== Call Patterns ===",
        "=== Potential Redundant Calls ===",
        "=== Cache Hit Opportunities ===\nSignatures called 3+ times (cache candidates):",
        "=== Performance Breakdown ===",
    ):
        assert heading in text
    assert "492 of 691 calls ask again: 282 for an unchanged answer" in text.replace("\n", " ")


def test_one_analysis_writes_as_many_documents_as_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"report{suffix}" for suffix in list_suffixes() if suffix != ".speedscope.json"]
    assert main([str(SINGLE), "--location", "src/lib.rs", *(f"-o{name}" for name in names)]) == 0
    assert {path.name for path in Path().iterdir()} == set(names)
    assert Path("report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads(Path("report.json").read_bytes()) == json.loads(
        gzip.decompress(Path("report.json.gz").read_bytes())
    )
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("492 of 691 calls ask again"), "the verdict, where no report is printed"


def test_nothing_is_printed_under_q_but_what_is_asked_for_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["-o", "report.json"], []):
        assert main([str(SINGLE), "-q", *arguments]) == 0
        assert capsys.readouterr() == ("", "")
    for arguments in (["-o", "-"], ["--format", "text"]):
        assert main([str(SINGLE), "-q", *arguments]) == 0
        assert capsys.readouterr().out.startswith("=====")
    assert main([str(SINGLE), "-q", "--fail-on", "calls > 1"]) == 1
    assert capsys.readouterr() == ("", "gate failed: calls > 1: it is 691\n")
    assert main(["nosuch.log", "-q"]) == 3
    assert capsys.readouterr().err.startswith("tracereport: nosuch.log: no such file")


def test_a_document_can_go_to_standard_output_beside_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(SINGLE), "-o", "-", "--format", "markdown", "-o", "report.txt"]) == 0
    printed = capsys.readouterr()
    assert "<details>" in printed.out
    assert printed.err == ""
    assert Path("report.txt").read_text(encoding="utf-8").startswith("=====")


@pytest.mark.parametrize("kind", [kind.name for kind in FORMATS if kind.name != "speedscope"])
def test_every_format_goes_to_standard_output(kind: str) -> None:
    done = run(SINGLE, "--format", kind, "--location", "src/lib.rs")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout


def test_a_file_without_a_known_suffix_takes_the_named_format() -> None:
    assert main([str(SINGLE), "-q", "--format", "markdown", "-o", "summary"]) == 0
    assert "<details>" in Path("summary").read_text(encoding="utf-8")


def test_the_version_the_schema_and_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"tracereport {__version__}\n"
    assert main(["--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(json_schema(Report)))
    for command in ([], ["run"], ["accept"], ["config"], ["emitter"], ["completion"]):
        assert main([*command, "--help"]) == 0
        assert capsys.readouterr().out.startswith(f"Usage: {' '.join(['tracereport', *command])} ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_emitter_of_a_language_is_printed_as_it_stands(language: Language) -> None:
    assert run("emitter", language).stdout == read_emitter(language)


def test_the_help_names_every_format_suffix_and_default(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert all(f"{title}:" in shown for title in GROUPS)
    assert all(
        re.search(rf"[ ,]{re.escape(word)}[ ,.]", shown)
        for word in (*(kind.name for kind in FORMATS), *list_suffixes())
    )
    assert Settings().top == TOP
    assert f"Default: {TOP}." in shown


@pytest.mark.parametrize("arguments", [["--version"], [SINGLE, "-q", "-o", "a.md"], ["emitter", "rust"]])
def test_the_command_itself_is_not_traced(arguments: list[str | Path]) -> None:
    assert run(*arguments, PERF_TRACE="x.log").returncode == 0
    assert not Path("x.log").exists()


def test_the_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; from tracereport.command.cli import main; main([sys.argv[1]]); "
        "print('loaded', sorted({'polars', 'altair', 'numpy', 'rich', 'jinja2', 'msgspec'} & {*sys.modules}))"
    )
    for option in ("--help", "--version"):
        done = subprocess.run(
            [sys.executable, "-c", script, option], env=environment(), capture_output=True, check=True, timeout=60
        )
        assert done.stdout.endswith(b"loaded []\n")


def test_a_text_report_loads_no_frames_and_no_charts(tmp_path: Path) -> None:
    log = tmp_path / "perf_trace.log"
    log.write_text("PERF_TRACE|0|load|id=1|elapsed_ms=3|found=1\n" * 3)
    script = (
        "import atexit, sys; from tracereport.__main__ import main; "
        "unwanted = {'polars', 'altair', 'pyarrow', 'numpy.ma'}; "
        "atexit.register(lambda: print('loaded', sorted(unwanted & {*sys.modules}))); main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(log)], env=environment(), capture_output=True, check=True, timeout=60
    )
    assert done.stdout.endswith(b"loaded []\n")


def test_without_arguments_there_is_the_help_and_code_2() -> None:
    done = run()
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"Usage: tracereport [OPTIONS] LOG...")


# Where it prints


def test_a_terminal_gets_colours_and_its_width_and_files_get_neither() -> None:
    for columns in (80, 120):
        code, shown = run_in_terminal(SINGLE, "--full", "-o", "-", "-o", f"{columns}.txt", columns=columns)
        assert code == 0
        assert "\x1b[1m" in shown
        assert (
            0.8 * columns < max(display_width(line) for line in re.split(r"[\r\n]", CONTROL.sub("", shown))) <= columns
        )
    assert Path("80.txt").read_bytes() == Path("120.txt").read_bytes() == run(SINGLE).stdout
    assert b"\x1b" not in Path("80.txt").read_bytes()


@pytest.mark.parametrize("changes", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_no_colour_gets_none(changes: dict[str, str]) -> None:
    code, shown = run_in_terminal(SINGLE, variables=changes)
    assert code == 0
    assert "\x1b" not in shown


def test_a_reader_that_has_enough_is_no_error() -> None:
    log = written("long.log", some_traces(50_000))
    shell = f"{' '.join(command_line(log, '--format', 'raw'))} | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", shell], env=environment(), capture_output=True, check=True, timeout=60, text=True
    )
    assert done.stdout == "PERF_TRACE|0|load|caller=main|id=0|elapsed_us=5|rows=1\n0\n"
    assert done.stderr == ""
    judged = shell.replace(" | head", " --fail-on 'calls > 1' | head")
    gated = subprocess.run(["bash", "-c", judged], env=environment(), capture_output=True, check=True, timeout=60)
    assert gated.stdout.endswith(b"\n1\n"), "the gate is judged all the same"


# What it reads


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
    assert subprocess.run(["bash", "-c", shell], env=environment(), check=False, timeout=60).returncode == code
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


# What can go wrong with the inputs


@pytest.mark.parametrize(
    ("arguments", "code", "problem", "remedy"),
    [
        (["nosuch.log"], 3, "nosuch.log: no such file", "Check the path"),
        (["nosuch*.log"], 3, "nosuch*.log: no file matches", "Check the pattern"),
        (["."], 3, ".: is a directory", "'./*.log'"),
        (["empty.log"], 3, "empty.log: empty", "RUST_LOG=debug cargo test 2> perf_trace.log"),
        (["notes.log"], 3, "notes.log: no traces in 2 lines: no line holds PERF_TRACE|<number>", "standard error"),
        ([LOGS / "no-traces-rust-log-unset.log"], 3, "no traces in 11 lines: RUST_LOG isn't set", "RUST_LOG=debug"),
        ([LOGS / "no-traces-info-level.log"], 3, "the log level is info, and traces are logged at debug", "debug"),
        ([LOGS / "duckpond-no-rust-log.log"], 3, "no traces in 4 lines: RUST_LOG isn't set", "RUST_LOG=debug"),
        (["stdout.log"], 3, "this looks like standard output, and traces go to standard error", "2> perf_trace.log"),
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
    assert_error(run("-"), 3, "standard input: empty", "RUST_LOG=debug")


def test_a_log_that_is_not_ours_to_read(folder: Path) -> None:
    log = folder / "secret.log"
    log.write_bytes(some_traces(3))
    log.chmod(0)
    # Root may read everything, unless it gives that up.
    as_others = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*as_others, *command_line(log)], env=environment(), capture_output=True, check=False, timeout=60
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


# What can go wrong with the command line


@pytest.mark.parametrize(
    ("arguments", "code", "problem", "remedy"),
    [
        (["-o", "report.pdf"], 2, "-o report.pdf: its suffix chooses no format", ".txt .md .html"),
        (["-o", "missing/a.html"], 4, "missing/a.html can't be written: there is no folder", "mkdir -p missing"),
        (["-o", "/dev/full", "--format", "text"], 4, "/dev/full can't be written: the disk is full", "Free some space"),
    ],
)
def test_documents_that_cannot_be_written(arguments: list[str], code: int, problem: str, remedy: str) -> None:
    assert_error(run(SINGLE, *arguments), code, problem, remedy)
    assert not list(Path().iterdir()), "nothing is left behind"


def test_a_document_takes_the_place_of_no_input() -> None:
    log = written("own.log", some_traces(3))
    done = run(log, "--format", "raw", "-o", log)
    assert_error(done, 2, "-o own.log: the document would take the place of an input", "Name another file")
    assert Path(log).read_bytes() == some_traces(3)


def test_a_link_to_nowhere_names_the_folder_that_is_missing() -> None:
    Path("report.html").symlink_to("/nosuch/report.html")
    assert_error(run(SINGLE, "-o", "report.html"), 4, "there is no folder /nosuch", "mkdir -p /nosuch")


def test_a_file_may_have_the_longest_name() -> None:
    name = f"{'x' * 252}.md"
    assert run(SINGLE, "-q", "-o", name).returncode == 0
    assert Path(name).read_text(encoding="utf-8")


def test_trace_lines_may_go_to_a_text_file() -> None:
    assert run(BARE, "-q", "--format", "raw", "-o", "traces.txt").returncode == 0
    assert Path("traces.txt").read_text(encoding="utf-8").startswith("PERF_TRACE|")


@pytest.mark.parametrize(
    ("arguments", "code", "problem", "remedy"),
    [
        (["--nosuch"], 2, "No such option '--nosuch'", "tracereport --help"),
        (["--top", "0"], 2, "'--top': 0 is not in the range", "tracereport --help"),
        (["--call", "x"], 2, "'--call': 'x' is not a valid whole number", "tracereport --help"),
        (["--today", "soon"], 2, "'--today': 'soon' does not match the format", "tracereport --help"),
        (["--format", "pdf"], 2, "--format pdf: unknown format", "text, brief, markdown, html"),
        (["-o", "a.md", "-o", "a.md"], 2, "Two documents would go to a.md", "name of its own"),
        (
            ["-o", "missing/report.html"],
            4,
            "missing/report.html can't be written: there is no folder",
            "mkdir -p missing",
        ),
        (["-o", "folder.html"], 4, "folder.html can't be written: it is a folder", "Name a file in it"),
        (["--param", "id"], 2, "--param id: no value", "NAME=VALUE"),
        (["--param", "caller=metadata"], 2, "the caller is no parameter here", "--caller metadata"),
        (["--function", "query_record"], 2, "No call matches --function query_record", "--function 'query_records'?"),
        (["--call", "99999999"], 2, "No call matches --call 99999999", "without it"),
        (["--function", "query*", "--process", "x"], 2, "No call matches --process x", "without it"),
        (["--explain", "0000"], 2, "--explain 0000: no finding has this fingerprint", "-o report.json"),
        (["--explain", ""], 2, "fingerprints begin so", "-o report.json"),
        (["--explain", "6f16", "-o", "a.md"], 2, "--explain prints one finding", "Leave out one of them"),
        (["--fail-on", "worse"], 2, "--fail-on 'worse' needs a baseline", "--baseline"),
        (["--fail-on", "calls >"], 2, "--fail-on 'calls >', column 8", "redundant_rate > 0.2"),
        (["--fail-on", "calls(nosuch) > 3"], 2, "column 7: no function is called nosuch", "as it stands in the log"),
        (["--baseline", "nosuch.json"], 2, "The baseline nosuch.json can't be read", "report.json"),
        (["--config", "nosuch.toml"], 2, "The configuration nosuch.toml can't be read", "--config"),
        (["--redact", "all", "--redact-key-file", "nosuch"], 2, "nosuch: can't be read", "Name a file"),
        (["--redact", "all", "--redact-key-file", "empty.key"], 2, "empty.key: empty", "openssl rand"),
        (["--redact", "all", "--format", "raw"], 2, "Trace lines can't be redacted", "-o calls.parquet"),
        (["--format", "gitlab"], 4, "needs a file and line", "--location FILE"),
    ],
)
def test_command_lines_that_cannot_be_followed(
    arguments: list[str], code: int, problem: str, remedy: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("folder.html").mkdir()
    Path("empty.key").touch()
    assert_error(call(capfd, SINGLE, *arguments), code, problem, remedy)
    assert {path.name for path in Path().iterdir()} == {"folder.html", "empty.key"}, "nothing is left behind"


def test_a_tree_is_drawn_only_where_there_is_one(capfd: pytest.CaptureFixture[str]) -> None:
    done = call(capfd, LOGS / "stress-4-threads.log.gz", "-o", "calls.speedscope.json")
    assert_error(done, 4, "No process has a known call tree", "--test-threads=1")
    done = call(capfd, SINGLE, "-o", "calls.speedscope.json")
    assert_error(done, 4, "No traced call was made inside another", "Trace more functions")


def test_what_goes_wrong_inside_is_4_in_two_lines_and_never_a_failed_gate(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class PanicError(BaseException):
        """As a library in another language raises one."""

    for error in (ZeroDivisionError("by zero"), PanicError("unwrap"), RecursionError("maximum recursion depth")):

        def fail(*_: object, error: BaseException = error) -> None:
            raise error

        monkeypatch.setattr(running, "finish_report", fail)
        done = call(capfd, SINGLE, "--fail-on", "calls > 1", "-o", "a.md")
        assert_error(done, 4, "internal error: ", "open an issue")
        assert type(error).__name__ in done.stderr.decode()


def test_one_document_that_cannot_be_made_loses_none_of_the_others(capfd: pytest.CaptureFixture[str]) -> None:
    done = call(capfd, SINGLE, "-o", "a.json", "-o", "b.speedscope.json", "-o", "c.md", "--fail-on", "calls > 1", "-q")
    assert done.returncode == 4
    assert said(done) == [
        "tracereport: No traced call was made inside another: there is nothing to draw",
        "  Trace more functions.",
        "gate failed: calls > 1: it is 691",
    ]
    assert {path.name for path in Path().iterdir()} == {"a.json", "c.md"}


def test_a_page_that_has_no_room_for_its_pictures_is_written_without_them_and_says_so() -> None:
    limited = ["sh", "-c", 'ulimit -v 8000000; exec "$@"', "-", *command_line(SINGLE, "-q", "-oa.html", "-oa.json")]
    done = subprocess.run(limited, env=environment(), capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    page = Path("a.html").read_text(encoding="utf-8")
    assert "written without pictures of its charts: they need 72 GB of address space" in page
    assert "No picture was drawn; the table below holds its figures." in page
    assert "<table" in page
    assert Path("a.json").is_file()


@pytest.mark.parametrize("kind", ["text", "markdown", "html", "json"])
@pytest.mark.parametrize("home", [{}, {"HOME": ""}, {"HOME": str(Path.home() / "nosuch")}, {"HOME": "/proc/1"}])
def test_a_user_without_a_home_or_an_entry_gets_every_document(kind: str, home: dict[str, str]) -> None:
    if os.geteuid() or not shutil.which("setpriv"):
        pytest.skip("only root can become somebody whom nobody knows")
    somebody = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"]
    done = subprocess.run(
        [*somebody, *command_line(SINGLE, "-q", "--format", kind)],
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **home},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"query_records" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["-q", "-o", "{home}/a.html"], 0, ""),
        (["-q"], 0, ""),
        (["-o", "a.md"], 4, "a.md can't be written: the working folder is gone"),
        (["other.log"], 3, "other.log: no such file"),
    ],
)
def test_a_working_folder_that_is_gone(arguments: list[str], code: int, problem: str, folder: Path) -> None:
    leave = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    given = [argument.format(home=folder) for argument in arguments]
    done = subprocess.run(
        ["sh", "-c", leave, "-", *command_line(SINGLE, *given)],
        env=environment(), capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == code
    assert problem in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_a_full_disk_behind_standard_output_is_an_error() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command_line(SINGLE), stdout=full, stderr=subprocess.PIPE, env=environment(), check=False, timeout=60
        )
    assert done.returncode == 4
    assert said(done) == [
        "tracereport: standard output can't be written: the disk is full",
        "  Free some space, or name another disk.",
    ]


def test_a_name_on_the_command_line_cannot_control_the_terminal() -> None:
    done = run("\x1b]0;owned\x07.log")
    assert done.returncode == 3
    assert b"\x1b" not in done.stderr


# Exit codes, and what survives


def damaged_log() -> str:
    packed = gzip.compress(b"".join(TRACE % (n, n * 7919 % 1000) for n in range(20_000)))
    return written("damaged.log.gz", packed[: len(packed) // 2])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 3),
        (["--fail-on", "calls > 0"], 3),
        (["--fail-on", "calls > 0", "-o", "/dev/full", "--format", "text"], 4),
        (["--fail-on", "calls(nosuch) > 0", "-o", "/dev/full", "--format", "text"], 2),
        (["-o", "missing/report.html", "--baseline", "nosuch.json"], 2),
    ],
)
def test_the_worst_of_several_things_decides_on_the_exit_code(arguments: list[str], code: int) -> None:
    assert main([damaged_log(), *arguments]) == code


def test_a_failed_gate_is_1_after_all_documents_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    gates = ("redundant_rate > 0.2", "calls > 700", "calls(query_records) >= 691")
    arguments = [str(SINGLE), "-o", "report.md", *(word for gate in gates for word in ("--fail-on", gate))]
    assert main(arguments) == 1
    assert capsys.readouterr().err.splitlines()[:2] == [
        "gate failed: redundant_rate > 0.2: it is 0.712",
        "gate failed: calls(query_records) >= 691: it is 691",
    ]
    assert all(gate in Path("report.md").read_text(encoding="utf-8") for gate in gates)
    assert main([str(SINGLE), "-q", "--fail-on", "calls > 691"]) == 0


def test_a_log_without_traces_passes_no_gate() -> None:
    assert main([str(LOGS / "no-traces-info-level.log"), "--fail-on", "calls > 1000"]) == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["--fail-on", "calls(nosuch) > 3"],
        ["-o", "missing/report.html"],
        ["--baseline", "nosuch.json"],
        ["--function", "nosuch"],
        ["-o", "/dev/full/report.html"],
    ],
)
def test_what_was_there_survives_a_failed_run(arguments: Sequence[str]) -> None:
    for name in ("report.html", "report.json"):
        Path(name).write_text(EARLIER, encoding="utf-8")
    assert main([str(SINGLE), "-o", "report.html", "-o", "report.json", *arguments]) in {2, 4}
    for name in ("report.html", "report.json"):
        assert Path(name).read_text(encoding="utf-8") == EARLIER
    assert {path.name for path in Path().iterdir()} == {"report.html", "report.json"}


def is_open(path: Path, process: subprocess.Popen[bytes]) -> bool:
    """Whether a process reads the file."""
    with suppress(FileNotFoundError):  # it may close another one while we look
        return any(link.readlink() == path for link in Path(f"/proc/{process.pid}/fd").iterdir())
    return False


@pytest.fixture(scope="module")
def large_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A million calls."""
    log = tmp_path_factory.mktemp("large") / "large.log"
    log.write_bytes(b"".join(TRACE % (number, number * 7919 % 100_003) for number in range(1_000_000)))
    return log


@pytest.mark.parametrize(
    "arguments", [["-", "--format", "raw"], ["-", "--explain", "ab"], [str(SINGLE), "-o", "pipe", "--format", "raw"]]
)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -15), (signal.SIGHUP, -1)])
def test_an_interrupt_ends_what_waits_for_others(arguments: list[str], number: signal.Signals, code: int) -> None:
    os.mkfifo("pipe")
    command = command_line(*arguments)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        time.sleep(3)
        process.send_signal(number)
        assert process.wait(10) in {code, 128 - code}


@pytest.mark.parametrize(
    ("seconds", "number"),
    [*((seconds, signal.SIGINT) for seconds in (0, 0.2, 0.5, 1.0)), (0.2, signal.SIGTERM), (0.5, signal.SIGHUP)],
)
def test_an_interrupt_ends_it_at_once_and_leaves_no_half_file(
    seconds: float, number: signal.Signals, large_log: Path, folder: Path
) -> None:
    report = folder / "report.html"
    report.write_text(EARLIER, encoding="utf-8")
    with subprocess.Popen(
        command_line(large_log, "-o", report, "-o", folder / "calls.parquet", "-o", folder / "report.json"),
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        while not is_open(large_log, process):
            time.sleep(0.01)
        time.sleep(seconds)
        process.send_signal(number)
        started = time.monotonic()
        _, said_last = process.communicate(timeout=60)
        lasted = time.monotonic() - started
    if number == signal.SIGINT:
        assert (process.returncode, said_last.strip()) == (130, b"tracereport: interrupted")
    else:
        assert (process.returncode in {-number, 128 + number}, said_last) == (True, b"")
    assert lasted < 1 + os.getloadavg()[0] / 2
    assert report.read_text(encoding="utf-8") == EARLIER
    assert {path.name for path in folder.iterdir()} == {"report.html"}


def test_the_same_input_gives_the_same_bytes() -> None:
    names = ("report.html", "report.md", "report.json", "report.txt", "report.sarif")
    for seed in ("1", "2"):
        Path(seed).mkdir()
        assert (
            run(BARE, "-q", "--location=a.rs", *(f"-o{seed}/{name}" for name in names), PYTHONHASHSEED=seed).returncode
            == 0
        )
    for name in names:
        assert Path("1", name).read_bytes() == Path("2", name).read_bytes()
