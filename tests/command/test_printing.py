"""What the command prints, where, and which documents it writes."""

import gzip
import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.command.calling import COLOUR, CONTROL, some_traces, written
from tests.running import BARE, SINGLE, command_line, environment, run, run_in_terminal
from tests.waiting import PATIENCE_SECONDS
from tracereport import __version__
from tracereport.command.cli import main
from tracereport.command.emitter_files import LANGUAGES, Language, read_emitter
from tracereport.command.options import GROUPS, TOP
from tracereport.documents import FORMATS
from tracereport.documents.formats import list_suffixes
from tracereport.model import Report, Settings, json_schema
from tracereport.wording.units import display_width

pytestmark = pytest.mark.usefixtures("folder")


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
    assert not COLOUR.search(shown)


def test_a_reader_that_has_enough_is_no_error() -> None:
    log = written("long.log", some_traces(50_000))
    shell = f"{' '.join(command_line(log, '--format', 'raw'))} | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", shell], env=environment(), capture_output=True, check=True, timeout=PATIENCE_SECONDS, text=True
    )
    assert done.stdout == "PERF_TRACE|0|load|caller=main|id=0|elapsed_us=5|rows=1\n0\n"
    assert done.stderr == ""
    judged = shell.replace(" | head", " --fail-on 'calls > 1' | head")
    gated = subprocess.run(
        ["bash", "-c", judged], env=environment(), capture_output=True, check=True, timeout=PATIENCE_SECONDS
    )
    assert gated.stdout.endswith(b"\n1\n"), "the gate is judged all the same"


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
