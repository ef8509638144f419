"""What tracing costs whole suites in Python, in processor time: a machine that does other work changes it least.

``python -m tests.benchmarks.python_suites`` runs the example shop's tests, and the FastAPI guide's program under many
requests: without the plugin, with it and tracing off, and with tracing on. The report at the end is left out.
"""

import os
import resource
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
MANY = """

import pytest


@pytest.mark.parametrize("number", range({requests}))
def test_many(number):
    with engine.begin() as connection:
        Base.metadata.drop_all(connection)
    test_list()
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_program(folder / "guide")
        for suite, place in (("the shop", SHOP), (f"FastAPI, {REQUESTS} requests", folder / "guide")):
            seconds: dict[str, list[float]] = {way: [] for way in WAYS}
            for _ in range(RUNS):
                for way in WAYS:
                    seconds[way].append(measure(place, way, folder / "trace.log"))
            print(f"| {suite} | " + " | ".join(format_row([*seconds.values()])) + " |", flush=True)


def write_program(folder: Path) -> None:
    """The guide's program before its fix, with a test for many requests."""
    folder.mkdir()
    for _, _, language, text in read_blocks(ROOT / "docs" / "guides" / "fastapi.md"):
        name = FILE_NAME.match(text)
        if language == "python" and name is not None:
            (folder / name[1]).write_text(text, encoding="utf-8")
    with (folder / "test_main.py").open("a", encoding="utf-8") as test:
        test.write(MANY.format(requests=REQUESTS))


def measure(place: Path, way: str, log: Path) -> float:
    """Processor seconds of the suite."""
    log.unlink(missing_ok=True)
    plugin = ["-p", "no:perf_trace"] if way == WAYS[0] else load_plugin()
    environment = {**os.environ, "PERF_TRACE": str(log) if way == "on" else "", "PYTHONPATH": str(ROOT)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin],
        cwd=place, env=environment, capture_output=True, check=False,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stdout
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def format_row(seconds: list[list[float]]) -> Iterator[str]:
    """The medians, and what each adds to the first, in turns."""
    first = seconds[0]
    for times in seconds:
        added = statistics.median(time / base - 1 for time, base in zip(times, first, strict=True))
        yield f"{statistics.median(times):.2f} s" + (f" ({added:+.1%})" if times is not first else "")


if __name__ == "__main__":
    main()
