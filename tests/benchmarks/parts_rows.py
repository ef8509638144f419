"""What is promised of many and large logs: workers' time, and how much memory each process takes."""

import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tests.benchmarks.contests import Check, Contest, Row
from tests.benchmarks.limits import Judgement, memory_at_most, ratio_at_most
from tests.benchmarks.timing import ENVIRONMENT, run_command
from tests.benchmarks.watching import watch_command

WORKER_MEGABYTES: Final = 400
COORDINATOR_MEGABYTES: Final = 250
SUM_MEGABYTES: Final = 2_000
MEASURED_AGAIN: Final = 0.55
ADDED_SECONDS: Final = 0.02

TIME_BOTH: Final = """
import sys, time
from tracereport.engine.in_turn import measure_in_turn
from tracereport.engine.report import finish_report, measure_locally
from tracereport.model import Settings
from tracereport.sources.inputs import read_inputs, read_sets

def plain():
    return measure_locally(read_inputs([sys.argv[1]]), Settings(), None, 10).finish("t")

def by_the_engine():
    with measure_in_turn(read_sets([sys.argv[1]]), Settings(), 10) as parts:
        return finish_report(parts, Settings(), "t", None, 10)

for way in (plain, by_the_engine) * 21:
    start = time.perf_counter()
    way()
    print(time.perf_counter() - start)
"""


def list_parts_rows(folder: Path) -> list[Row]:
    """The rows, with their workloads in this folder."""
    return [
        Contest(
            "workers",
            "10,000,000 calls in 40 files",
            "json, 2 workers, 1 worker",
            _report(folder / "10m", folder, "--workers", "2"),
            _report(folder / "10m", folder, "--workers", "1"),
            (ratio_at_most(0.6),),
            ("10m",),
        ),
        Contest(
            "5m-markers",
            "5,000,000 calls in one file with 50 markers",
            "json, 2 workers, 1 worker",
            _report(folder / "5m-markers.log", folder, "--workers", "2"),
            _report(folder / "5m-markers.log", folder, "--workers", "1"),
            (memory_at_most(1.0),),
            ("5m-markers",),
        ),
        _check("10m-memory", "10,000,000 calls in 40 files", "a worker", lambda: _judge_worker(folder), "10m"),
        _check("10m-coordinator", "10,000,000 calls in 40 files", "join", lambda: _judge_join(folder), "10m"),
        _check("54m-memory", "54,000,000 calls in 216 files", "all processes", lambda: _judge_sum(folder), "54m"),
        _check("resumed", "10,000,000 calls, killed at half", "measured again", lambda: _judge_resumed(folder), "10m"),
        _check("small-engine", "1,500 calls", "the engine adds", lambda: _judge_small(folder), "1500"),
    ]


def _check(key: str, workload: str, measured: str, judge: Callable[[], Judgement], need: str) -> Check:
    return Check(key, workload, measured, judge, (need,))


def _report(logs: Path, folder: Path, *options: str) -> list[str]:
    inputs = f"{logs}/*.log" if logs.suffix != ".log" else str(logs)
    document = folder / "parts.json"
    return [sys.executable, "-m", "tracereport", inputs, "-q", "-o", str(document), *options]


def _judge_bytes(size: int, limit_megabytes: float) -> Judgement:
    return Judgement(f"{size / 1e6:,.0f} MB", f"{limit_megabytes:,} MB", size <= limit_megabytes * 1e6)


def _judge_worker(folder: Path) -> Judgement:
    peaks = watch_command(_report(folder / "10m", folder, "--workers", "2"))
    return _judge_bytes(peaks.other_bytes, WORKER_MEGABYTES)


def _judge_join(folder: Path) -> Judgement:
    parts = _empty(folder / "parts")
    run_command(_report(folder / "10m", folder, "--workers", "2", "--parts", str(parts)))
    join = [sys.executable, "-m", "tracereport", "join", str(parts), "-q", "-o", str(folder / "parts.json")]
    return _judge_bytes(run_command(join).peak_bytes, COORDINATOR_MEGABYTES)


def _judge_sum(folder: Path) -> Judgement:
    return _judge_bytes(watch_command(_report(folder / "54m", folder, "--workers", "2")).sum_bytes, SUM_MEGABYTES)


def _judge_resumed(folder: Path) -> Judgement:
    parts = _empty(folder / "parts")
    command = _report(folder / "10m", folder, "--workers", "2", "--parts", str(parts))
    total = len(list((folder / "10m").iterdir()))

    def list_parts() -> Sequence[Path]:
        return sorted(parts.glob("*.part"))

    watch_command(command, is_enough=lambda: len(list_parts()) >= total / 2)
    kept = {part: part.stat().st_mtime_ns for part in list_parts()}
    run_command(command)
    again = [part for part in list_parts() if kept.get(part) != part.stat().st_mtime_ns]
    share = len(again) / total
    return Judgement(f"{share:.2f}", f"{MEASURED_AGAIN:g}", share <= MEASURED_AGAIN and len(list_parts()) == total)


def _judge_small(folder: Path) -> Judgement:
    command = (sys.executable, "-c", TIME_BOTH, str(folder / "1500.log"))
    printed = subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=True).stdout
    seconds = [float(text) for text in printed.split()]
    added = statistics.median(seconds[1::2]) - statistics.median(seconds[::2])
    return Judgement(f"{added:+.3f} s", f"+{ADDED_SECONDS:g} s", added <= ADDED_SECONDS)


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
