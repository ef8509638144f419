"""A terminal has what matters in thirty lines, as wide as it is; what is typed amiss is understood."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.command.calling import CONTROL
from tests.paths import LOGS
from tests.running import DEEP, SINGLE, run, run_in_terminal
from tests.waiting import PATIENCE_SECONDS
from tracereport.command.cli import COMMANDS, main
from tracereport.command.options import GROUPS
from tracereport.wording.units import display_width

MOST_LINES = 30
VERDICT = "492 of 691 calls ask again"
"""How the verdict on the log begins."""


pytestmark = pytest.mark.usefixtures("folder")


def lines_of(shown: str) -> list[str]:
    """What stays on the screen: a bar of progress, which shows the cursor again when it goes, doesn't."""
    return CONTROL.sub("", shown.rpartition("\x1b[?25h")[2]).replace("\r", "").rstrip("\n").split("\n")


@pytest.mark.parametrize("columns", [60, 80, 100, 200])
@pytest.mark.parametrize("log", [SINGLE, DEEP, LOGS / "hostile.log", LOGS / "torn-lines.log.gz"])
def test_a_terminal_has_what_matters_in_thirty_lines(log: Path, columns: int) -> None:
    code, shown = run_in_terminal(log, "--fail-on", "calls > 1", "--fail-on", "quality", columns=columns)
    lines = lines_of(shown)
    assert code == 1
    assert len(lines) <= MOST_LINES
    assert max(map(display_width, lines)) <= columns
    assert "FAILED: --fail-on calls > 1" in lines
    assert not any(line.startswith("gate failed") for line in lines), "said once, and before the verdict"


@pytest.mark.parametrize("columns", [60, 80, 100, 200])
def test_the_whole_is_as_wide_as_the_terminal_too(columns: int) -> None:
    for arguments in (["--full"], ["--explain", "6f16"]):
        code, shown = run_in_terminal(SINGLE, *arguments, columns=columns)
        lines = lines_of(shown.partition("=== Trace Lines ===")[0])
        assert code == 0
        # A value that is explained stands there whole, however long it is.
        assert not [line for line in lines if display_width(line) > columns and " " in line.strip()]
    assert "=== Trace Lines ===" in shown


def test_the_verdict_is_last_and_what_was_written_is_named(folder: Path) -> None:
    shutil.copy(SINGLE, folder / "perf_trace.log")
    code, shown = run_in_terminal("perf_trace.log", "-o", "report.html", "-o", "summary.md", columns=120)
    lines = lines_of(shown)
    assert code == 0
    verdict = next(at for at, line in enumerate(lines) if line.startswith(VERDICT))
    assert verdict > lines.index("Written: report.html, summary.md")
    assert len(lines) - verdict <= 5
    assert "Written: report.html, summary.md" in lines
    assert "Details of the first: tracereport perf_trace.log --explain 6f16" in lines


def test_a_pipe_and_a_file_have_the_whole() -> None:
    piped = run(SINGLE).stdout.decode()
    assert len(piped.splitlines()) > MOST_LINES
    run_in_terminal(SINGLE, "-o", "a.txt")
    assert Path("a.txt").read_text(encoding="utf-8") == piped


@pytest.mark.parametrize(("told", "columns"), [("60", 60), ("200", 200), ("0", 100), ("x", 100), ("9" * 5000, 100)])
def test_columns_counts_in_a_pipe(told: str, columns: int) -> None:
    widest = max(map(display_width, run(SINGLE, COLUMNS=told).stdout.decode().splitlines()))
    assert 0.8 * columns < widest <= columns


def test_a_quiet_terminal_stays_so() -> None:
    assert run_in_terminal(SINGLE, "-q") == (0, "")
    code, shown = run_in_terminal(SINGLE, "-q", "-o", "-")
    assert code == 0
    assert VERDICT in " ".join(lines_of(shown))
    code, shown = run_in_terminal("run", "-q", "--", "sh", "-c", "echo mine; echo PERF_TRACE'|0|f|elapsed_ms=1' >&2")
    assert (code, shown) == (0, "mine\n")


@pytest.mark.parametrize(
    ("word", "meant"), [("rnu", "run"), ("acept", "accept"), ("confg", "config"), ("emiter", "emitter")]
)
def test_a_command_typed_amiss_is_understood(word: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word, "--", "ls"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"tracereport: {word}: no such file or command",
        f"  Did you mean {meant}? See tracereport {meant} --help.",
    ]


def test_a_file_is_a_file_whatever_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(SINGLE, "rnu")
    assert main(["rnu", "-q"]) == 0
    assert main(["perf_trace.log"]) == 3
    assert "perf_trace.log: no such file" in capsys.readouterr().err


OWN_OPTIONS = {
    "run": {"--output", "--redact", "--function", "--baseline", "--config"},
    "measure": {"--parts", "--workers", "--shard", "--from", "--quiet", "--ignore-metric", "--config"},
    "join": {"--output", "--baseline", "--fail-on", "--quiet", "--config"},
    "accept": {"--reason", "--until", "--config"},
    "config": {"--config"},
    "emitter": set(),
    "check-emitter": set(),
    "history": {*("--output", "--format", "--order-by", "--title", "--page", "--top", "--full", "--quiet", "--schema")},
    "completion": set(),
}
OTHERS_OPTIONS = {
    "run": {"--from", "--parts", "--workers", "--shard"},
    "measure": {"--output", "--format", "--fail-on", "--baseline", "--function", "--redact", "--top", "--explain"},
    "join": {"--from", "--parts", "--workers", "--function", "--redact", "--explain", "--shard"},
}


@pytest.mark.parametrize("command", OWN_OPTIONS)
def test_a_command_shows_its_own_options_alone_and_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    printed = capsys.readouterr().out
    every = {name for group in GROUPS.values() for option in group for name in option.opts if name.startswith("--")}
    shown = {name for name in every | OWN_OPTIONS[command] if re.search(rf"(?m)^  (-\w, )?{name} ", printed)}
    if command in OTHERS_OPTIONS:
        assert OWN_OPTIONS[command] <= shown
        assert shown.isdisjoint(OTHERS_OPTIONS[command])
    else:
        assert shown == OWN_OPTIONS[command]
    examples = printed.partition("Examples:\n")[2].splitlines()
    assert [line for line in examples if f"tracereport {command}" in line]


def test_a_command_takes_no_option_that_it_has_no_use_for(capsys: pytest.CaptureFixture[str]) -> None:
    for command, option in (("measure", "--output"), ("join", "--redact"), ("run", "--parts")):
        assert main([command, "x", option, "y"] if command != "run" else [command, option, "y", "--", "true"]) == 2
        assert f"No such option '{option}'" in capsys.readouterr().err


# Completion

COMPLETED = [
    (["tracereport", "--form"], {"--format"}),
    (["tracereport", "a.log", "--max-"], {"--max-unpacked"}),
    (["tracereport", "a.log", "--format", "mark"], {"markdown"}),
    (["tracereport", "ru"], {"run"}),
    (["tracereport", "history", "--order-by", ""], {"given", "time"}),
    (["tracereport", "history", "--format", "m"], {"markdown"}),
    (["tracereport", "history", "--format", "sa"], set()),
    (["tracereport", "accept", "--rea"], {"--reason"}),
    (["tracereport", "accept", "--form"], set()),
    (["tracereport", "emitter", "node-c"], {"node-commonjs"}),
    (["tracereport", "completion", "z"], {"zsh"}),
]


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


def in_order(words: list[str] | set[str]) -> str:
    """The same in every process of a run: sets have an order of their own in each."""
    return " ".join(sorted(words) if isinstance(words, set) else words)


@pytest.mark.parametrize(("words", "offered"), COMPLETED, ids=in_order)
def test_bash_completes(words: list[str], offered: set[str], capsys: pytest.CaptureFixture[str]) -> None:
    typed = " ".join(f"'{word}'" for word in words)
    ask = f'COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; _tracereport; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run(
        ["bash", "-uc", f"{script('bash', capsys)}\n{ask}"],
        capture_output=True,
        check=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert set(done.stdout.split()) == offered


@pytest.mark.skipif(not shutil.which("fish"), reason="needs fish")
@pytest.mark.parametrize(("words", "offered"), COMPLETED, ids=in_order)
def test_fish_completes(words: list[str], offered: set[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("c.fish").write_text(script("fish", capsys), encoding="utf-8")
    done = subprocess.run(
        ["fish", "-c", f"source c.fish; complete -C '{' '.join(words)}'"],
        env={**os.environ, "HOME": str(Path.cwd())},
        capture_output=True, check=True, text=True, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert {line.partition("\t")[0] for line in done.stdout.splitlines()} == offered


@pytest.mark.skipif(not shutil.which("zsh"), reason="needs zsh")
def test_zsh_reads_the_script(capsys: pytest.CaptureFixture[str]) -> None:
    Path("c.zsh").write_text(script("zsh", capsys), encoding="utf-8")
    check = (
        "autoload -U compinit && compinit -u -D && source c.zsh && print $+functions[_tracereport] $_comps[tracereport]"
    )
    done = subprocess.run(["zsh", "-fc", check], capture_output=True, check=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.stdout == "1 _tracereport\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_command_and_option_is_completed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = script(shell, capsys)
    for name in COMMANDS:
        assert name in text
    for group in GROUPS.values():
        for option in group:
            assert all(flag in text or (shell == "fish" and f" {flag.lstrip('-')} " in text) for flag in option.opts)


# The page in the browser


@pytest.fixture
def browser(folder: Path) -> Path:
    """A browser that notes what it is to show."""
    program = folder / "browser"
    program.write_text(f'#!/bin/sh\necho "$1" > {folder}/shown\n', encoding="utf-8")
    program.chmod(0o755)
    return program


def test_the_page_that_was_written_is_opened(browser: Path, folder: Path) -> None:
    done = run(SINGLE, "-q", "--open", "-o", "a.html", "-o", "a.json", BROWSER=f"{browser} %s")
    assert (done.returncode, done.stderr) == (0, b"")
    assert (folder / "shown").read_text(encoding="utf-8").strip() == (folder / "a.html").as_uri()
    assert json.loads((folder / "a.json").read_bytes())


def test_a_page_that_was_not_asked_for_is_kept_where_the_browser_finds_it(browser: Path, folder: Path) -> None:
    done = run(SINGLE, "-q", "--open", BROWSER=f"{browser} %s", TMPDIR=str(folder))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    (page,) = folder.glob("tracereport-*/report.html")
    assert (folder / "shown").read_text(encoding="utf-8").strip() == page.as_uri()
    assert page.parent.stat().st_mode & 0o77 == 0, "nobody else's to read"


def test_where_there_is_no_browser_the_page_is_named(folder: Path) -> None:
    done = run(SINGLE, "-q", "--open", "-o", "a.html", BROWSER="/bin/false %s", TMPDIR=str(folder), PATH="/nonexistent")
    assert done.returncode == 0
    assert done.stderr.decode().splitlines()[-1] == "a.html: no browser was found to open it"
    assert not list(folder.glob("tracereport-*"))
