"""What tracing costs whole suites in Python: the shop's tests, and programs that do little but ask.

``python -m tests.benchmarks.python_suites [NAME...]`` runs them without the plugin, with it and tracing off, with
tracing on, and with the report at the end as well, in turns, and tells processor time, of the report's process too.
``--instructions`` counts instructions instead, by valgrind, once each, in some minutes and without the report: what
else the machine does hardly changes them, so that a thousandth can be told. ``--in-turns`` traces some tests of a run
and leaves others alone (``in_turns``): what tracing adds to a test, of nine hundred, whatever the machine does.
"""

import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.python_programs import SUITES
from tests.paths import ROOT
from tests.shop import load_plugin

RUNS = 5
TESTS = 300
TESTS_COUNTED = 40
TESTS_IN_TURNS = 900
WAYS = ("without the plugin", "off", "on", "on, with the report")
COUNT = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
# When the collector of cycles comes by is chance, and it takes as much as a hundred traced calls.
START = "import gc, sys, pytest; gc.disable(); sys.exit(pytest.main())"
COUNTED = re.compile(rb"I +refs: +([0-9,]+)")
IN_TURNS = re.compile(rb"in turns: ([0-9.]+ ms), ([-+0-9.]+%)")


def main() -> None:
    is_counted = "--instructions" in sys.argv[1:]
    chosen = [name for name in sys.argv[1:] if not name.startswith("-")] or list(SUITES)
    if "--in-turns" in sys.argv[1:]:
        measure_in_turns(chosen)
        return
    measure, unit, ways = (count_instructions, "e9", WAYS[:3]) if is_counted else (take_time, "s", WAYS)
    if is_counted and shutil.which(COUNT[0]) is None:
        raise SystemExit("valgrind isn't there: without --instructions the processor's time is taken")
    for suite in chosen:
        with tempfile.TemporaryDirectory() as name:
            tests = TESTS_COUNTED if is_counted else TESTS
            place, log = SUITES[suite](Path(name, "program"), tests), Path(name, "trace.log")
            run(place, "on", log)  # so that all is compiled, and the files are at hand
            amounts: dict[str, list[float]] = {way: [] for way in ways}
            for _ in range(1 if is_counted else RUNS):
                for way in ways:
                    amounts[way].append(measure(place, way, log))
            print(f"| {suite} | " + " | ".join(format_row([*amounts.values()], unit)) + " |", flush=True)


def measure_in_turns(chosen: list[str]) -> None:
    """Prints, by suite, a test's processor time and what tracing adds to it."""
    for suite in chosen:
        with tempfile.TemporaryDirectory() as name:
            place, log = SUITES[suite](Path(name, "program"), TESTS_IN_TURNS), Path(name, "trace.log")
            shutil.copy(Path(__file__).with_name("in_turns.py"), name)  # a program may have a module ``tests``
            done = run(place, "on", log, options=("-p", "in_turns"), path=name)
            found = IN_TURNS.search(done.stdout)
            assert found is not None
            print(f"| {suite} | {found[1].decode()} | {found[2].decode()} |", flush=True)


def take_time(place: Path, way: str, log: Path) -> float:
    """Processor seconds of the suite."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(place, way, log)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def count_instructions(place: Path, way: str, log: Path) -> float:
    """Billions of instructions of the suite."""
    found = COUNTED.search(run(place, way, log, *COUNT).stderr)
    assert found is not None
    return int(found[1].replace(b",", b"")) / 1e9


def run(
    place: Path, way: str, log: Path, *before: str, options: Sequence[str] = (), path: str = ""
) -> subprocess.CompletedProcess[bytes]:
    """Runs the suite once, behind another command, and with more options."""
    log.unlink(missing_ok=True)
    plugin = ["-p", "no:perf_trace"] if way == WAYS[0] else load_plugin()
    if way == WAYS[3]:
        plugin.append(f"--perf-trace={log}")
    own = {
        "PERF_TRACE": str(log) if way == "on" else "",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{path}",
        "PYTHONHASHSEED": "0",
    }
    environment = {**os.environ, **own}
    django: list[str] = []
    if (place / "settings.py").exists():
        django = ["-p", "django"]
        environment["DJANGO_SETTINGS_MODULE"] = "settings"
    start = ["-c", START] if before else ["-m", "pytest"]
    tests = [path.name for path in place.glob("tests.py")]
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiling is no part of what is measured
    done = subprocess.run(
        [*before, sys.executable, *start, "-q", "-p", "no:cacheprovider", *plugin, *django, *options, *tests],
        cwd=place, env=environment, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done


def format_row(amounts: list[list[float]], unit: str) -> Iterator[str]:
    """The medians, and what each adds to the first, in turns."""
    first = amounts[0]
    for each in amounts:
        added = statistics.median(amount / base - 1 for amount, base in zip(each, first, strict=True))
        yield f"{statistics.median(each):.2f} {unit}" + (f" ({added:+.1%})" if each is not first else "")


if __name__ == "__main__":
    main()
