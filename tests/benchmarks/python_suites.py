"""What tracing costs whole suites in Python: the shop's tests, and a program that does little but ask a database.

``python -m tests.benchmarks.python_suites`` runs them without the plugin, with it and tracing off, and with tracing on,
in turns, and tells processor time. ``--instructions`` counts instructions instead, by valgrind, once each, in some
minutes: what else the machine does hardly changes them, so that a thousandth can be told. The report is left out.
"""

import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.paths import ROOT
from tests.read_documents import FILE_NAME, read_blocks
from tests.shop import SHOP, load_plugin

RUNS = 5
REQUESTS = 300
WAYS = ("without the plugin", "off", "on")
COUNT = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
COUNTED = re.compile(rb"I +refs: +([0-9,]+)")
MANY = """

import pytest


@pytest.mark.parametrize("number", range({requests}))
def test_many(number):
    with engine.begin() as connection:
        Base.metadata.drop_all(connection)
    test_list()
"""


def main() -> None:
    is_counted = "--instructions" in sys.argv[1:]
    measure, unit = (count_instructions, "e9") if is_counted else (take_time, "s")
    if is_counted and shutil.which(COUNT[0]) is None:
        raise SystemExit("valgrind isn't there: without --instructions the processor's time is taken")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_program(folder / "guide")
        for suite, place in (("the shop", SHOP), (f"FastAPI, {REQUESTS} requests", folder / "guide")):
            run(place, "on", folder / "trace.log")  # so that all is compiled, and the files are at hand
            amounts: dict[str, list[float]] = {way: [] for way in WAYS}
            for _ in range(1 if is_counted else RUNS):
                for way in WAYS:
                    amounts[way].append(measure(place, way, folder / "trace.log"))
            print(f"| {suite} | " + " | ".join(format_row([*amounts.values()], unit)) + " |", flush=True)


def write_program(folder: Path) -> None:
    """The guide's program before its fix, with a test for many requests."""
    folder.mkdir()
    for _, _, language, text in read_blocks(ROOT / "docs" / "guides" / "fastapi.md"):
        name = FILE_NAME.match(text)
        if language == "python" and name is not None:
            (folder / name[1]).write_text(text, encoding="utf-8")
    with (folder / "test_main.py").open("a", encoding="utf-8") as test:
        test.write(MANY.format(requests=REQUESTS))


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


def run(place: Path, way: str, log: Path, *before: str) -> subprocess.CompletedProcess[bytes]:
    """Runs the suite once, behind another command."""
    log.unlink(missing_ok=True)
    plugin = ["-p", "no:perf_trace"] if way == WAYS[0] else load_plugin()
    own = {"PERF_TRACE": str(log) if way == "on" else "", "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    environment = {**os.environ, **own}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiling is no part of what is measured
    done = subprocess.run(
        [*before, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin],
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
