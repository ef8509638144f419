"""Where lines go: files, pipes and standard error, of one process, of forked ones and of many threads."""

import multiprocessing
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import run_python
from tests.waiting import PATIENCE_SECONDS
from tests.written_lines import read_line, read_written
from tracereport import emit
from tracereport.command.emitter_files import read_emitter
from tracereport.emit import trace

SIMPLE = "from tracereport.emit import trace\nwith trace('f', key=1): print('out')"


@pytest.mark.parametrize("word", ["", "0", "off", "False"])
def test_off_is_the_default_and_has_words(word: str) -> None:
    done = run_python(SIMPLE, PERF_TRACE=word)
    assert (done.stdout, done.stderr) == ("out\n", "")


@pytest.mark.parametrize("word", ["1", "on", "stderr"])
def test_the_environment_switches_it_on_for_standard_error(word: str) -> None:
    done = run_python(SIMPLE, PERF_TRACE=word)
    assert done.stdout == "out\n"
    assert done.stderr.startswith("PERF_TRACE|0|f|caller=<module>|key=1|elapsed_us=")
    assert re.search(r"\|via=python\|activation=1\|process=\d+\|parent=none\n$", done.stderr)


def test_a_file_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "trace.log"
    for _ in range(2):
        run_python(SIMPLE, PERF_TRACE=str(path))
    assert [call.number for call in read_written(path)] == [0, 0]


def test_a_file_that_cannot_be_written_is_named_and_the_program_goes_on(tmp_path: Path) -> None:
    path = str(tmp_path / "missing" / "trace.log")
    done = run_python(SIMPLE, PERF_TRACE=path)
    assert (done.returncode, done.stdout) == (0, "out\n")
    assert done.stderr == f"PERF_TRACE={path}: No such file or directory; nothing is traced\n"


def test_a_closed_standard_error_does_not_stop_the_program() -> None:
    done = run_python(f"import os; os.close(2)\n{SIMPLE}", PERF_TRACE="1")
    assert (done.returncode, done.stdout) == (0, "out\n")


@pytest.mark.skipif(os.name == "nt", reason="needs sh")
def test_a_file_that_takes_the_place_of_standard_error_stays_clean(tmp_path: Path) -> None:
    code = f"file = open({str(tmp_path / 'file')!r}, 'w')\n{SIMPLE}"
    command = ["sh", "-c", '"$0" -c "$1" 2>&-', sys.executable, code]
    for target in ("1", str(tmp_path / "missing" / "trace.log")):
        done = subprocess.run(command, env={**os.environ, "PERF_TRACE": target}, capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (0, b"out\n")
        assert (tmp_path / "file").read_bytes() == b""


FORKING = """
import os
from tracereport.emit import trace
with trace("before"):
    pass
with trace("around"):
    child = os.fork()
    with trace("child" if child == 0 else "parent"):
        pass
if child:
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_counts_from_zero_in_a_file_of_its_own(tmp_path: Path) -> None:
    done = run_python(FORKING, PERF_TRACE=str(tmp_path / "trace-%p.log"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    logs = [read_written(path) for path in sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_size)]
    assert [[(call.number, call.function, call.parent) for call in log] for log in logs] == [
        [(0, "child", None)],
        [(0, "before", None), (2, "parent", 1), (1, "around", None)],
    ]


def _trace_often(path: str) -> None:
    emit.start(path)
    for step in range(300):
        with trace("step", step=step, text="x" * 50):
            pass


def test_processes_that_share_a_file_tear_no_line(tmp_path: Path) -> None:
    path = tmp_path / "trace.log"
    processes = [multiprocessing.get_context("spawn").Process(target=_trace_often, args=(str(path),)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert sorted(call.number for call in read_written(path)) == sorted(2 * list(range(300)))


CROWDED = """
import os, sys, threading
from tracereport.emit import trace
os.set_blocking(2, sys.argv[1:] == [])
def work(thread):
    for step in range(40):
        with trace("step", thread=thread, step=step, text="x" * 9000):
            pass
threads = [threading.Thread(target=work, args=(thread,)) for thread in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@pytest.mark.parametrize("args", [[], ["non-blocking"]])
def test_threads_that_share_a_pipe_tear_and_lose_no_long_line(args: list[str]) -> None:
    done = subprocess.run(
        ["sh", "-c", '"$0" -c "$CROWDED" $1 2>&1 | (sleep 0.3; cat)', sys.executable, *args],
        env={**os.environ, "PERF_TRACE": "1", "CROWDED": CROWDED},
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    calls = [read_line(line) for line in done.stdout.splitlines()]
    assert sorted(call.number for call in calls) == list(range(240))


SIGNALLED = """
import signal
from tracereport.emit import trace
def handle(*_):
    with trace("handler"):
        pass
signal.signal(signal.SIGALRM, handle)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
for step in range(2000):
    with trace("step", text="x" * 500):
        pass
signal.setitimer(signal.ITIMER_REAL, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs signals")
def test_a_signal_s_handler_can_be_traced() -> None:
    done = run_python(SIGNALLED, PERF_TRACE="1")
    assert done.returncode == 0, done.stderr[-2000:]
    numbers = [read_line(line).number for line in done.stderr.splitlines()]
    assert sorted(numbers) == list(range(len(numbers)))


def test_it_imports_nothing_of_ours_and_nothing_heavy() -> None:
    done = run_python("import sys\nfrom tracereport.emit import *\nprint(*sys.modules)", PERF_TRACE="")
    loaded = done.stdout.split()
    parts = [
        "defer",
        "answers",
        "lines",
        "log",
        "calls",
        "activations",
        "frames",
        "naming",
        "origins",
        "tracing",
        "modules",
        "system",
        "testing",
    ]
    emitter = {"tracereport", "tracereport.emit", *(f"tracereport.emit.{part}" for part in parts)}
    assert {name for name in loaded if name.startswith("tracereport")} == emitter
    assert not {"polars", "numpy", "msgspec", "altair", "asyncio", "logging"} & set(loaded)


def test_the_file_can_be_copied_and_used_by_itself(tmp_path: Path) -> None:
    (tmp_path / "perf_trace.py").write_bytes(read_emitter("python"))
    done = run_python(SIMPLE.replace("tracereport.emit", "perf_trace"), PERF_TRACE="1", PYTHONPATH=str(tmp_path))
    assert done.stderr.startswith("PERF_TRACE|0|f|")
