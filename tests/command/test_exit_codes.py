"""What the command exits with when something around it or inside it goes wrong, and what survives."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.command.calling import EARLIER, assert_error, call, damaged_log, said
from tests.paths import LOGS, ROOT
from tests.running import SINGLE, command_line, environment, run
from tests.waiting import PATIENCE_SECONDS
from tracereport.command import running
from tracereport.command.cli import main

pytestmark = pytest.mark.usefixtures("folder")


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
    done = subprocess.run(limited, env=environment(), capture_output=True, check=False, timeout=PATIENCE_SECONDS)
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
        timeout=PATIENCE_SECONDS,
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
        env=environment(), capture_output=True, check=False, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert done.returncode == code
    assert problem in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_a_full_disk_behind_standard_output_is_an_error() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command_line(SINGLE),
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            check=False,
            timeout=PATIENCE_SECONDS,
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


# Exit codes


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
