"""``tracereport run``: a command's traces are reported on at its end, and nobody notices before."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import read_once
from tests.running import run as run_tracereport
from tracereport.command.advice import advise

TRACES = b"".join(b"PERF_TRACE|%d|load|caller=main|id=%d|elapsed_us=5|rows=1\n" % (n, n % 3) for n in range(20))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command runs, beside the one that it is to run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "traces").write_bytes(TRACES)
    return tmp_path


def run(*options: str, code: str = "", exit_code: int = 0, **changes: str) -> subprocess.CompletedProcess[bytes]:
    """Runs a command that prints something to both streams, between its traces."""
    traced = "import os, pathlib, sys; pathlib.Path('ran').touch(); os.write(1, b'out\\n'); os.write(2, b'err\\n'); "
    traced += code or "os.write(2, pathlib.Path('traces').read_bytes())"
    traced += f"; sys.exit({exit_code})"
    return run_tracereport("run", *options, "--", sys.executable, "-c", traced, variables=changes)


def test_the_report_follows_what_the_command_prints_and_standard_output_is_its_own() -> None:
    done = run()
    assert (done.returncode, done.stdout) == (0, b"out\n")
    first, _, report = done.stderr.decode().partition("\n")
    assert first == "err"
    assert report.startswith("===================================\nPerformance Analysis Report\n")
    assert "Total traces: 20\n" in report
    assert "PERF_TRACE" not in report


def test_documents_are_written_and_named_by_the_command() -> None:
    done = run("-o", "report.json", "-o", "report.md")
    assert done.returncode == 0
    assert done.stderr.splitlines()[0] == b"err"
    assert len(done.stderr.splitlines()) == 2, "the verdict alone"
    report = json.loads(Path("report.json").read_bytes())
    assert report["title"].startswith(f"{sys.executable} -c import os")
    assert report["input"]["files"] == [report["title"]]
    assert run("-q", "-o", "other.json", "--title", "The suite").stderr == b"err\n"
    assert json.loads(Path("other.json").read_bytes())["title"] == "The suite"


def test_a_baseline_and_a_key_are_read_once() -> None:
    run("-q", "-o", "main.json")
    main = Path("main.json").read_bytes()
    with read_once("baseline", main) as baseline, read_once("key", b"secret") as key:
        assert run("-o", "a.json", "--baseline", baseline, "--redact", "id", "--redact-key-file", key).returncode == 0
    assert json.loads(Path("a.json").read_bytes())["comparison"]["baseline"]["title"] == json.loads(main)["title"]


def test_a_finding_is_explained_with_its_lines() -> None:
    run("-q", "-o", "report.json")
    fingerprint = json.loads(Path("report.json").read_bytes())["findings"]["rows"][0]["fingerprint"]
    done = run("--explain", fingerprint)
    assert done.stdout == b"out\n"
    assert done.stderr.splitlines()[-1] in TRACES.splitlines()


@pytest.mark.parametrize(
    ("options", "exit_code", "expected"),
    [
        ((), 0, 0),
        ((), 7, 7),
        (("--fail-on", "calls > 1"), 0, 1),
        (("--fail-on", "calls > 1"), 7, 7),
        (("-o", "/dev/full", "--format", "text"), 0, 4),
        (("-o", "/dev/full", "--format", "text"), 7, 7),
        (("--function", "nosuch"), 0, 2),
    ],
)
def test_the_commands_failure_goes_before_the_reports(options: tuple[str, ...], exit_code: int, expected: int) -> None:
    assert run(*options, exit_code=exit_code).returncode == expected


def test_a_failed_commands_traces_are_reported_all_the_same() -> None:
    assert run("-o", "report.json", exit_code=7).returncode == 7
    assert json.loads(Path("report.json").read_bytes())["totals"]["calls"] == 20


@pytest.mark.parametrize(
    "options",
    [
        ("-o", "report.pdf"),
        ("-o", "missing/report.html"),
        ("--fail-on", "calls >"),
        ("--baseline", "nosuch.json"),
        ("--param", "x"),
        ("--nosuch",),
        ("--config", "nosuch.toml"),
    ],
)
def test_what_would_fail_in_the_end_is_said_before_the_command_runs(options: tuple[str, ...]) -> None:
    done = run(*options)
    assert done.returncode in {2, 4}
    assert len(done.stderr.splitlines()) == 2
    assert not Path("ran").exists()


def test_a_baseline_is_not_written_over_and_that_is_said_before_the_command_runs() -> None:
    assert run("-q", "-o", "main.json").returncode == 0
    Path("ran").unlink()
    before = Path("main.json").read_bytes()
    done = run("--baseline", "main.json", "-o", "main.json")
    assert (done.returncode, Path("ran").exists()) == (2, False)
    assert b"-o main.json: the document would take the place of an input" in done.stderr
    assert Path("main.json").read_bytes() == before


def test_without_traces_it_says_what_to_switch_on() -> None:
    done = run(code="pass")
    assert (done.returncode, done.stdout) == (3, b"out\n")
    assert done.stderr.decode().splitlines() == [
        "err",
        f"tracereport: {sys.executable}: nothing was traced, though PERF_TRACE gave each process a file",
        f"  {advise([sys.executable, '-c', 'pass' * 20], {})}",
    ]
    assert run(code="pass", exit_code=7).returncode == 7
    assert run(code="os.write(2, b'PERF_TRACE|1|torn\\n')").returncode == 3


WORKERS = """
import os, pathlib, subprocess, sys
from tracereport.emit import trace
if len(sys.argv) == 1:
    workers = [subprocess.Popen([sys.executable, __file__, str(n)], stdout=subprocess.PIPE) for n in range(4)]
    sys.exit(sum(worker.wait() for worker in workers))
for step in range(300):
    with trace("page", worker=sys.argv[1], step=step):
        with trace("load", worker=sys.argv[1], step=step):
            pass
"""


def test_processes_that_run_at_once_are_read_as_if_one_after_the_other(folder: Path) -> None:
    (folder / "workers.py").write_text(WORKERS)
    done = run_tracereport("run", "-o", "report.json", "--", sys.executable, "workers.py")
    assert done.returncode == 0
    first, verdict = done.stderr.decode().splitlines()
    assert first.startswith("traced: workers 1 to 4; PERF_TRACE gave each process a file")
    assert verdict
    report = json.loads(Path("report.json").read_bytes())
    assert (report["totals"]["calls"], report["totals"]["judged_calls"]) == (2400, 2400)
    assert [(each["name"], each["calls"], each["interleaved"]) for each in report["processes"]["rows"]] == [
        (f"workers {number}", 600, False) for number in range(1, 5)
    ]


def test_of_many_processes_few_names_are_said() -> None:
    code = "line = b'PERF_TRACE|0|find|caller=main|id=9|elapsed_us=5|rows=1\\n'; "
    code += "[pathlib.Path(os.environ['PERF_TRACE'].replace('%p', str(p)).replace('%n', f'shop{p % 11}'))"
    code += ".write_bytes(line) for p in range(1, 23)]"
    said = run(code=code).stderr.decode().splitlines()[1]
    programs = ", ".join(f"shop{number} 1 to 2" for number in range(1, 9))
    assert said == f"traced: {programs}, 6 more; PERF_TRACE gave each process a file"


def test_files_and_streams_are_taken_together() -> None:
    code = "os.write(2, pathlib.Path('traces').read_bytes()); "
    code += "pathlib.Path(os.environ['PERF_TRACE'].replace('%p', '7').replace('%n', 'shop')).write_bytes("
    code += "b'PERF_TRACE|0|find|caller=main|id=9|elapsed_us=5|rows=1\\nPERF_TRACE|1|find|caller=ma')"
    assert run("-q", "-o", "report.json", code=code).returncode == 0
    report = json.loads(Path("report.json").read_bytes())
    assert [(each["name"], each["calls"]) for each in report["processes"]["rows"]] == [("process 0", 20), ("shop", 1)]
    assert report["input"]["malformed_lines"] == 1


@pytest.mark.parametrize(("word", "calls"), [("1", 20), ("kept.log", 20)])
def test_whoever_sets_the_variable_has_their_way(word: str, calls: int) -> None:
    code = "assert os.environ['PERF_TRACE'] == " + repr(word) + "; os.write(2, pathlib.Path('traces').read_bytes())"
    assert run("-q", "-o", "report.json", code=code, PERF_TRACE=word).returncode == 0
    assert json.loads(Path("report.json").read_bytes())["totals"]["calls"] == calls


def test_a_command_that_cannot_be_started_is_2() -> None:
    done = run_tracereport("run", "--", "./nosuch")
    assert done.returncode == 2
    assert done.stderr.decode().splitlines()[0] == "tracereport: ./nosuch: No such file or directory"
    assert len(done.stderr.splitlines()) == 2


def test_options_behind_the_command_are_the_commands() -> None:
    done = run_tracereport(
        "run", "-q", "-o", "report.json", sys.executable, "-c", "import sys; sys.exit(len(sys.argv))", "-o", "x"
    )
    assert done.returncode == 3
    assert not Path("x").exists()


def test_the_modules_that_the_configuration_names_are_traced_in_a_python_program(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.tracereport.trace]\nmodules = ["store"]\n')
    for name in ("store", "others"):
        (folder / f"{name}.py").write_text("def load(key):\n    return key\n")
    code = "import store, others; store.load(1); others.load(2)"
    assert run("-q", "-o", "one.json", code=code).returncode == 0
    assert run("-q", "-o", "both.json", code=code, PERF_TRACE_MODULES="others").returncode == 0
    assert json.loads(Path("one.json").read_bytes())["totals"]["calls"] == 1
    assert json.loads(Path("both.json").read_bytes())["totals"]["calls"] == 2


@pytest.mark.parametrize("trace", ['trace = "store"', "[tool.tracereport.trace]\nmodules = 3"])
def test_modules_that_are_no_list_are_refused_before_anything_runs(folder: Path, trace: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.tracereport]\n{trace}\n")
    done = run()
    assert done.returncode == 2
    assert b"trace.modules is not a list of names" in done.stderr
    assert not Path("ran").exists()


def test_a_module_that_pytest_and_the_command_name_is_traced_once(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.tracereport.trace]\nmodules = ["store"]\n')
    (folder / "store.py").write_text("def load(key):\n    return key\n")
    (folder / "test_store.py").write_text("from store import load\n\ndef test_load():\n    load(1)\n")
    done = run_tracereport("run", "-q", "-o", "a.json", "--", sys.executable, "-m", "pytest", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stderr
    assert json.loads(Path("a.json").read_bytes())["totals"]["questions"] == 1
