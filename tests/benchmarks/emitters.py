"""What tracing costs: nanoseconds per call of each emitter, and the slowdown of the shop's tests.

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
from collections.abc import Sequence
from pathlib import Path

from tests.emitters import HERE, compile_rust
from tests.shop import ROOT, SHOP, run_pytest

RUNS = 5
CALLS_OFF = 2_000_000
CALLS_ON = 100_000
TARGETS = ("off", "file", "pipe", "run")
RUN = [sys.executable, "-m", "tracereport", "run", "-q", "--"]
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
    """The median of so many runs, in nanoseconds per call; a pipe has a reader that does nothing else."""
    log = folder / "trace.log"
    variables = {"off": {"PERF_TRACE": ""}, "file": {"PERF_TRACE": str(log)}, "pipe": {"PERF_TRACE": "1"}, "run": {}}
    inherited = {name: value for name, value in os.environ.items() if name != "PERF_TRACE"}
    calls = CALLS_OFF if target == "off" else CALLS_ON
    costs = []
    for _ in range(RUNS):
        with subprocess.Popen(
            [*(RUN if target == "run" else []), *command, str(calls)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**inherited, **variables[target], "PYTHONPATH": str(ROOT)},
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            drain = threading.Thread(target=process.stderr.read)
            drain.start()
            costs.append(float(process.stdout.read()))
            drain.join()
        log.unlink(missing_ok=True)
    return statistics.median(costs)


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
