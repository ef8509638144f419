"""A full disk and folders that can't be written: the program goes on as it would have, and somebody says why."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import command_line, environment, run_python
from tests.shop import load_plugin, run_pytest
from tests.waiting import PATIENCE_SECONDS
from tests.written_lines import read_written

MANY = """
from tracereport.emit import trace
for key in range(2000):
    with trace("load", key=key): pass
print("done")
raise SystemExit(3)
"""
TESTS = """
from tracereport.emit import trace

def test_page():
    for key in range(2000):
        with trace("load", key=key): pass

def test_end():
    pass
"""
SMALL_BYTES = 1 << 15


def run_small(command: list[str], cwd: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Runs a command none of whose files can become large, as on a disk that is full."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment(**changes),
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=PATIENCE_SECONDS,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL_BYTES, SMALL_BYTES)),
    )


def test_the_traces_end_where_the_disk_is_full_and_it_is_said_once() -> None:
    done = run_python(MANY, PERF_TRACE="/dev/full")
    assert (done.returncode, done.stdout) == (3, "done\n")
    assert done.stderr == "PERF_TRACE=/dev/full: No space left on device; the traces end here\n"


def test_what_stands_before_the_end_can_be_read(tmp_path: Path) -> None:
    log = tmp_path / "trace.log"
    done = run_small([sys.executable, "-c", MANY], tmp_path, PERF_TRACE=str(log))
    assert (done.returncode, done.stdout) == (3, "done\n")
    assert done.stderr.count("the traces end here") == 1
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-1]))
    assert [call.number for call in read_written(log)] == list(range(len(lines) - 1))


def test_nobody_is_told_where_standard_error_itself_takes_no_more() -> None:
    done = run_python(f"import os\nos.dup2(os.open('/dev/full', os.O_WRONLY), 2)\n{MANY}", PERF_TRACE="1")
    assert (done.returncode, done.stdout) == (3, "done\n")


@pytest.mark.parametrize("where", ["a file", "standard error"])
def test_a_command_whose_traces_cannot_be_kept_ends_as_it_would(tmp_path: Path, where: str) -> None:
    changes = {} if where == "a file" else {"PERF_TRACE": "1"}
    done = run_small(command_line("run", "--", sys.executable, "-c", MANY), tmp_path, **changes)
    assert (done.returncode, done.stdout) == (3, "done\n")
    assert f"tracereport: The traces of {sys.executable} can't be kept: File too large\n" in done.stderr


def test_tests_pass_and_the_end_of_the_traces_is_said(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    for options in ([], ["-n", "1"]):
        command = [sys.executable, "-m", "pytest", *load_plugin(), "-p", "no:cacheprovider", "--perf-trace", *options]
        done = run_small(command, tmp_path)
        assert "2 passed" in done.stdout, done.stdout + done.stderr
        assert done.returncode == 0
        assert "They end before the tests do: File too large." in done.stdout


def test_in_a_folder_that_cannot_be_written_the_traces_are_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    nowhere = Path("/proc")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    options = ("-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path / "test_it.py"))
    done = run_pytest(nowhere, "--perf-trace", *options, TMPDIR=str(temporary))
    assert "2 passed" in done.stdout, done.stdout + done.stderr
    [log] = temporary.glob("perf-trace-*/perf_trace.log")
    assert f"perf-trace: {log}, as this folder can't be written" in done.stdout
    assert f"Full report: tracereport {log}" in done.stdout
    assert log.read_text(encoding="utf-8").count("|load|") == 2000

    refused = run_pytest(nowhere, "--perf-trace=other.log", *options, TMPDIR=str(temporary))
    assert refused.returncode == pytest.ExitCode.USAGE_ERROR
    assert "name a file that can be written" in refused.stderr


def test_without_a_folder_for_temporary_files_the_remedy_is_said() -> None:
    done = run_python(
        "import sys, tempfile\ntempfile._candidate_tempdir_list = lambda: ['/proc']\n"
        "sys.argv = ['tracereport', 'run', '--', 'true']\nfrom tracereport.__main__ import main\nmain()"
    )
    assert (
        done.stderr == "tracereport: No folder for temporary files can be written\n  Set TMPDIR to one that can be.\n"
    )
