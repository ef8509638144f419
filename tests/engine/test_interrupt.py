"""A run that is ended takes its workers with it, and leaves the parts whole that were done."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.engine.test_same_report import of_one_process, of_parts
from tests.running import command_line, environment
from tests.waiting import PATIENCE_SECONDS, wait_until
from tracereport.engine.part_file import StoredPart
from tracereport.errors import INTERRUPTED_LINE

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and sessions are those of POSIX")


def is_gone(session: int) -> bool:
    """Whether no process of it is left."""
    try:
        os.killpg(session, 0)
    except ProcessLookupError:
        return True
    return False


def write_logs(folder: Path) -> list[Path]:
    """The last is so long that a busy machine, too, tells the run before it ends."""
    lengths = [3_000] * 23 + [1_000_000]
    paths = [folder / f"{index:02}.log" for index in range(len(lengths))]
    for index, (path, calls) in enumerate(zip(paths, lengths, strict=True)):
        path.write_text(
            "".join(f"PERF_TRACE|{at}|load|id={at * (index + 1) % 900}|elapsed_us={at % 7}\n" for at in range(calls))
        )
    return paths


@pytest.mark.parametrize("done", [0, 1, 23])
def test_an_interrupt_that_a_terminal_tells_to_all_processes_is_one_line(tmp_path: Path, done: int) -> None:
    """While workers start, when both are busy, and when one of them has ended."""
    logs = [str(path) for path in write_logs(tmp_path)]
    parts = tmp_path / "parts"
    command = command_line(*logs, "--workers", "2", "--parts", str(parts), "-o", str(tmp_path / "a.json"))
    process = subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, start_new_session=True)
    try:
        wait_until(parts.exists, "there is no folder")
        wait_until(lambda: len(list(parts.glob("*.part"))) >= done, "too few parts are there")
        os.killpg(process.pid, signal.SIGINT)
        _, printed = process.communicate(timeout=PATIENCE_SECONDS)
        assert (process.returncode, printed.decode()) == (130, INTERRUPTED_LINE)
        wait_until(lambda: is_gone(process.pid), "a worker is left")
    finally:
        process.kill()
        process.communicate()
    for part in parts.glob("*.part"):
        StoredPart(part.read_bytes(), part.name).read("partials")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_workers_end_with_the_run_and_what_is_done_stays_done(tmp_path: Path, number: int, code: int) -> None:
    paths = write_logs(tmp_path)
    parts = tmp_path / "parts"
    logs = [str(path) for path in paths]
    command = command_line(*logs, "--workers", "2", "--parts", str(parts), "-q", "-o", str(tmp_path / "a.json"))
    process = subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, start_new_session=True)
    try:
        wait_until(lambda: list(parts.glob("*.part")), "no part is there")
        # The run alone is told: a terminal would tell its workers, too.
        process.send_signal(number)
        assert process.wait(PATIENCE_SECONDS) == code
        wait_until(lambda: is_gone(process.pid), "a worker is left")
    finally:
        process.kill()
        process.communicate()
    done = sorted(parts.glob("*.part"))
    assert 0 < len(done) < len(paths)
    for part in done:
        StoredPart(part.read_bytes(), part.name).read("partials")
    assert not (tmp_path / "a.json").exists()
    assert of_parts(paths, parts=str(parts)) == of_one_process(paths)
    assert set(done) < set(parts.glob("*.part"))
