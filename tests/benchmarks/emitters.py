"""What tracing costs: processor time per call of each emitter, and the slowdown of the shop's tests.

``python -m tests.benchmarks.emitters`` prints the tables of ``examples/performance-tracing.md``.
"""

import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.emitters import HERE, compile_rust
from tests.paths import ROOT
from tests.shop import SHOP, run_pytest

RUNS = 5
CALLS_OFF = 2_000_000
CALLS_ON = 100_000
CALLS_BEFORE = 1000
TARGETS = ("off", "file", "pipe")
LINE = re.compile(rb"PERF_TRACE\|[0-9]+\|.*\|elapsed_us=([0-9]+)")


def main() -> None:
    print(f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}")
    with tempfile.TemporaryDirectory() as folder:
        for name, command in find_drivers(Path(folder)).items():
            costs = [measure_call(command, target, Path(folder)) for target in TARGETS]
            print(f"| {name} | " + " | ".join(format_ns(cost) for cost in costs) + " |", flush=True)
        measure_shop(Path(folder))


def find_drivers(folder: Path) -> dict[str, list[str]]:
    """The programs that measure, by the name of what they measure; a language whose tools are missing is left out."""
    python = [sys.executable, str(HERE / "driver.py")]
    version = f"Python {platform.python_version()}"
    drivers = {f"{version}, `with trace(...)`": [*python, "with"], f"{version}, `@traced`": [*python, "decorator"]}
    if shutil.which("rustc"):
        driver = compile_rust(HERE / "driver.rs", folder / "driver", "-O")
        drivers[read_version("rustc")] = [str(driver), "bench"]
    if node := shutil.which("node"):
        drivers[f"Node {read_version('node').lstrip('v')}"] = [node, str(HERE / "driver.mjs"), "bench"]
    return drivers


def read_version(tool: str) -> str:
    return " ".join(subprocess.check_output([tool, "--version"], encoding="utf-8").split()[:2])


def measure_call(command: Sequence[str], target: str, folder: Path) -> float:
    """The median of so many runs, in nanoseconds of processor time per call; a pipe's reader does nothing else.

    What a start of the program takes is not counted: a run of few calls is taken from one of many.
    """
    log = folder / "trace.log"
    variable = {"off": "", "file": str(log), "pipe": "1"}[target]
    calls = CALLS_OFF if target == "off" else CALLS_ON
    environment = {**os.environ, "PERF_TRACE": variable, "PYTHONPATH": str(ROOT)}
    costs = []
    for _ in range(RUNS):
        few, many = (run_driver([*command, str(count)], environment) for count in (CALLS_BEFORE, CALLS_BEFORE + calls))
        costs.append((many - few) / calls * 1e9)
        log.unlink(missing_ok=True)
    return statistics.median(costs)


def run_driver(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """The seconds of processor time that the program has taken: what else the machine does hardly changes them."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=dict(environment)) as process:
        assert process.stderr is not None
        drain = threading.Thread(target=process.stderr.read)
        drain.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        drain.join()
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime


def measure_shop(folder: Path) -> None:
    """The shop's tests without tracing, with it, and with the report at the end, in turns."""
    log = folder / "shop.log"
    ways: dict[str, tuple[list[str], dict[str, str]]] = {
        "off": ([], {}),
        "on, to a file": ([], {"PERF_TRACE": str(log)}),
        "`--perf-trace`, with the report": ([f"--perf-trace={log}"], {}),
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(RUNS):
        for way, (options, environment) in ways.items():
            log.unlink(missing_ok=True)
            started = time.perf_counter()
            assert run_pytest(SHOP, *options, **environment).returncode == 0
            seconds[way].append(time.perf_counter() - started)
    for way, times in seconds.items():
        print(f"| the shop's tests, {way} | {statistics.median(times):.2f} s |")
    lines = log.read_bytes().splitlines()
    roots_us = sum(int(found[1]) for line in lines if b"|parent=none" in line and (found := LINE.match(line)))
    calls = sum(line.startswith(b"PERF_TRACE|") for line in lines)
    print(f"| calls, and the time of those inside no other | {calls} in {roots_us / 1000:.1f} ms |")


def format_ns(cost: float) -> str:
    return f"{cost:.0f} ns" if cost < 1000 else f"{cost / 1000:.1f} µs"


if __name__ == "__main__":
    main()
