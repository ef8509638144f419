"""Workers of this machine: when they are started, how, what is measured first, and that each keeps to its core."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent import futures
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.engine.test_same_report import REAL, measuring, of_one_process, of_parts
from tests.running import environment
from tracereport.engine import cores, local_workers
from tracereport.engine.run import begin_with_largest
from tracereport.engine.tasks import Task, run_task
from tracereport.model import Settings
from tracereport.sources.perf_trace import reader
from tracereport.sources.streams.names import InputState


def task_of(size: int) -> Task:
    return Task(
        input=f"{size}.log", title="", index=0, inputs=1, state=InputState(size, ""), settings=Settings(), row_limit=1
    )


def sizes_in_order(*sizes: int, workers: int = 2) -> list[int]:
    return [task.size for task in begin_with_largest([task_of(size) for size in sizes], workers)]


def test_an_input_that_is_much_larger_than_others_begins_first() -> None:
    assert sizes_in_order(10, 20, 900, 30, 2_000, 25) == [2_000, 10, 20, 900, 30, 25]
    assert sizes_in_order(*[10] * 30, 900, 30, 2_000) == [2_000, 900, *[10] * 30, 30]


def test_inputs_of_about_one_size_begin_in_their_order() -> None:
    assert sizes_in_order(45, 44, 46, 90, 43) == [45, 44, 46, 90, 43]


@pytest.mark.parametrize("splitting_threads", [0, 2])
def test_only_who_has_the_machine_to_himself_splits_lines_by_threads(
    monkeypatch: pytest.MonkeyPatch, splitting_threads: int
) -> None:
    used = []

    class Pool(futures.ThreadPoolExecutor):
        def submit(self, *args: Any, **named: Any) -> Any:
            used.append(args)
            return super().submit(*args, **named)

    monkeypatch.setattr(futures, "ThreadPoolExecutor", Pool)
    monkeypatch.setattr(reader, "_SMALL", 0)
    (task,) = measuring(REAL[:1]).tasks(None)
    parts = {run_task(task), run_task(replace(task), splitting_threads)}
    assert bool(used) == bool(splitting_threads)
    assert len(parts) == 1


@pytest.mark.parametrize("forks", [True, False])
def test_workers_that_start_anew_measure_what_forked_ones_do(monkeypatch: pytest.MonkeyPatch, *, forks: bool) -> None:
    monkeypatch.setattr(local_workers, "_FORKS", forks and local_workers._FORKS)
    assert of_parts(REAL[:3], workers="2") == of_one_process(REAL[:3])


@pytest.mark.skipif(os.name != "posix", reason="there are no such signals elsewhere")
@pytest.mark.parametrize("forks", [True, False])
def test_workers_never_hear_of_an_interrupt(monkeypatch: pytest.MonkeyPatch, *, forks: bool) -> None:
    monkeypatch.setattr(local_workers, "_FORKS", forks and local_workers._FORKS)
    with local_workers.make_local_executor(1) as executor:
        blocked = executor.submit(list_blocked).result()
    assert blocked == ["SIGINT"]
    assert list_blocked() == []


def list_blocked() -> list[str]:

    return [signal.Signals(number).name for number in signal.pthread_sigmask(signal.SIG_BLOCK, [])]


@pytest.mark.parametrize("forks", [True, False])
def test_workers_have_the_environment_of_now(monkeypatch: pytest.MonkeyPatch, *, forks: bool) -> None:
    monkeypatch.setattr(local_workers, "_FORKS", forks and local_workers._FORKS)
    local_workers.start_ahead()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with local_workers.make_local_executor(1) as executor:
        assert executor.submit(os.getenv, "AWS_ENDPOINT_URL").result() == "http://127.0.0.1:9"


def test_what_is_started_ahead_leaves_the_environment_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (None, "error"):
        if value is None:
            monkeypatch.delenv("PYTHONWARNINGS", raising=False)
        else:
            monkeypatch.setenv("PYTHONWARNINGS", value)
        local_workers.start_ahead()
        assert os.environ.get("PYTHONWARNINGS") == value
    assert not multiprocessing.active_children()


def test_workers_are_likely_where_several_files_are_large_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cores, "PAYS_BYTES", 100)
    monkeypatch.setattr(cores, "count_cores", lambda: 2)
    for name, size in (("a", 60), ("b", 30), ("c", 30)):
        (tmp_path / f"{name}.log").write_bytes(b"." * size)
    one, two, three = (str(tmp_path / f"{name}.log") for name in "abc")
    assert cores.will_pay([one, two, three])
    assert cores.will_pay([str(tmp_path / "*.log")])
    assert not cores.will_pay([one, two])
    assert not cores.will_pay([str(tmp_path / "d.log"), str(tmp_path / "*.txt"), "-", "s3://bucket/*.log"])
    (tmp_path / "a.log").write_bytes(b"." * 200)
    assert not cores.will_pay([one])  # one log may be one process
    monkeypatch.setattr(cores, "count_cores", lambda: 1)
    assert not cores.will_pay([one, two, three])


@pytest.mark.skipif(os.name != "posix", reason="nothing tells it elsewhere")
def test_the_time_of_workers_counts_as_that_of_the_process_that_started_them() -> None:
    program = """
import os
from tracereport.engine.local_workers import make_local_executor

if __name__ == "__main__":
    with make_local_executor(1) as executor:
        executor.submit(pow, 7, 3_000_000).result()
"""
    before = os.times()
    subprocess.run([sys.executable, "-c", program], env=environment(), check=True)
    after = os.times()
    taken = after.children_user - before.children_user
    started = time.process_time()
    pow(7, 3_000_000)
    own = time.process_time() - started
    assert taken > own / 2, (taken, own)
