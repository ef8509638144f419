"""What a log says can command no CI's runner: those read what a job prints."""

import json
import re
from itertools import product
from pathlib import Path

import pytest

from tracereport.command.cli import main
from tracereport.wording.units import defuse_commands

NAMES = (
    "::error::fn",
    "##[error]x",
    "##vso[task.complete]",
    "##teamcity[x]",
    "  ::add-mask::e",
    "::set-output name=a::b",
)
COMMAND = re.compile(r"^(?:\s|\x1b\[[0-9;]*m)*::|##\[|##vso\[|##teamcity\[", re.MULTILINE)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    lines = [
        f"PERF_TRACE|{number}|{name}|caller={caller}|{name}={number // 2 % 4}|elapsed_ms={number % 3}|{name}=1"
        for number, (name, caller, _) in enumerate(product(NAMES, NAMES, range(4)))
    ]
    lines += [f"PERF_TRACE|{900 + number}|{name}|torn={name}" for number, name in enumerate(NAMES)]
    Path("commands.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return "commands.log"


@pytest.mark.parametrize("kind", ["text", "brief", "markdown"])
@pytest.mark.parametrize("narrow", ["60", "100"])
def test_no_document_that_is_printed_holds_a_command(
    log: str, kind: str, narrow: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", narrow)
    main([log, "--format", kind, "--fail-on", "calls(::error::fn) > 1", "--title", "::warning::x"])
    printed = capsys.readouterr()
    assert "error" in printed.out
    assert not COMMAND.findall(printed.out + printed.err)


def test_no_explanation_and_no_error_holds_a_command(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([log, "-q", "-o", "report.json"]) == 0
    findings = json.loads(Path("report.json").read_bytes())["findings"]["rows"]
    assert len(findings) > 3
    for finding in findings:
        assert main([log, "--explain", finding["fingerprint"]]) == 0
    main(["::error::no.log"])
    main([log, "--function", "##[error]nosuch"])
    printed = capsys.readouterr()
    assert not COMMAND.findall(printed.out + printed.err)


def test_annotations_are_the_only_commands_and_hold_no_other(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([log, "-q", "--format", "github"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert all(re.match(r"::(error|warning|notice) (file=[^,:]*,line=[0-9]+,)?title=[^:,]*::", line) for line in lines)
    assert not any("##[" in line for line in lines)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("::error::x\na::b", "\\x3a:error::x\na::b"),
        ("a\n \t::x", "a\n \t\\x3a:x"),
        ("\x1b[1m::x", "\x1b[1m\\x3a:x"),
        ("see ##[error] and ##vso[x]", "see #\\x23[error] and #\\x23vso[x]"),
        ("## a heading, std::vec", "## a heading, std::vec"),
    ],
)
def test_what_is_made_of_a_command(text: str, safe: str) -> None:
    assert defuse_commands(text) == safe
