"""What tracing costs whole suites in Python: the shop's tests, and programs that do little but ask.

``python -m tests.benchmarks.python_suites [NAME...]`` runs them without the plugin, with it and tracing off, and with
tracing on, in turns, and tells processor time. ``--instructions`` counts instructions instead, by valgrind, once each,
in some minutes: what else the machine does hardly changes them, so that a thousandth can be told. The report is left
out. The programs ask a database in memory, a server on this machine, or a stand-in: no answer takes less time.
"""

import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.paths import ROOT
from tests.read_documents import FILE_NAME, read_blocks
from tests.shop import SHOP, load_plugin

RUNS = 5
TESTS = 300
TESTS_COUNTED = 40
WAYS = ("without the plugin", "off", "on")
COUNT = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
# When the collector of cycles comes by is chance, and it takes as much as a hundred traced calls.
START = "import gc, sys, pytest; gc.disable(); sys.exit(pytest.main())"
COUNTED = re.compile(rb"I +refs: +([0-9,]+)")
FASTAPI_TESTS = """

import pytest


@pytest.mark.parametrize("number", range({tests}))
def test_many(number):
    with engine.begin() as connection:
        Base.metadata.drop_all(connection)
    test_list()
"""
DJANGO_TESTS = """

import pytest


@pytest.mark.django_db
@pytest.mark.parametrize("number", range({tests}))
def test_many(number, client):
    authors = Author.objects.bulk_create(Author(name=f"A{{number}}") for number in range(8))
    Post.objects.bulk_create(Post(author=author) for author in authors)
    assert b"A7" in client.get("/posts/").content
"""
FLASK_TESTS = """

import pytest


@pytest.mark.parametrize("number", range({tests}))
def test_many(number):
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS orders"))
        connection.execute(text("DROP TABLE IF EXISTS rates"))
    test_list()
"""
SQLITE_TESTS = """

@pytest.mark.parametrize("number", range({tests}))
def test_many(number, db):
    assert len(blog.list_posts(db)) == 6
"""
SERVER = """
import http.server
import threading

import pytest


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "11")
        self.end_headers()
        self.wfile.write(b'{{"price":5}}')

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def address():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{{server.server_port}}"
"""
REQUESTS_TESTS = """
import pytest
import requests

session = requests.Session()


def find_price(address, number):
    return session.get(f"{{address}}/prices/{{number}}").json()["price"]


@pytest.mark.parametrize("number", range({tests}))
def test_many(number, address):
    assert sum(find_price(address, number) for number in range(8)) == 40
"""
REDIS_TESTS = """
import fakeredis
import pytest

redis = fakeredis.FakeRedis()


def find_price(number):
    return int(redis.get(f"price:{{number}}"))


@pytest.mark.parametrize("number", range({tests}))
def test_many(number):
    for number in range(8):
        redis.set(f"price:{{number}}", 5)
    assert sum(find_price(number) for number in range(8)) == 40
"""


def main() -> None:
    is_counted = "--instructions" in sys.argv[1:]
    chosen = [name for name in sys.argv[1:] if not name.startswith("-")] or list(SUITES)
    measure, unit = (count_instructions, "e9") if is_counted else (take_time, "s")
    if is_counted and shutil.which(COUNT[0]) is None:
        raise SystemExit("valgrind isn't there: without --instructions the processor's time is taken")
    for suite in chosen:
        with tempfile.TemporaryDirectory() as name:
            tests = TESTS_COUNTED if is_counted else TESTS
            place, log = SUITES[suite](Path(name, "program"), tests), Path(name, "trace.log")
            run(place, "on", log)  # so that all is compiled, and the files are at hand
            amounts: dict[str, list[float]] = {way: [] for way in WAYS}
            for _ in range(1 if is_counted else RUNS):
                for way in WAYS:
                    amounts[way].append(measure(place, way, log))
            print(f"| {suite} | " + " | ".join(format_row([*amounts.values()], unit)) + " |", flush=True)


def write_guide(name: str, tests_file: str, tests: str) -> Callable[[Path, int], Path]:
    """Writes a guide's program before its fix, with tests that ask it often."""

    def write(folder: Path, count: int) -> Path:
        written: set[str] = set()
        for _, _, language, text in read_blocks(ROOT / "docs" / "guides" / f"{name}.md"):
            found = FILE_NAME.match(text)
            if language == "python" and found is not None and found[1] not in written:
                written.add(found[1])
                (folder / found[1]).parent.mkdir(parents=True, exist_ok=True)
                (folder / found[1]).write_text(text, encoding="utf-8")
        with (folder / tests_file).open("a", encoding="utf-8") as test:
            test.write(tests.format(tests=count))
        return folder

    return write


def write_tests(tests: str, conftest: str = "") -> Callable[[Path, int], Path]:
    """Writes a program that is nothing but tests."""

    def write(folder: Path, count: int) -> Path:
        folder.mkdir()
        (folder / "test_many.py").write_text(tests.format(tests=count), encoding="utf-8")
        (folder / "conftest.py").write_text(conftest.format(), encoding="utf-8")
        return folder

    return write


SUITES: dict[str, Callable[[Path, int], Path]] = {
    "shop": lambda *_: SHOP,
    "fastapi": write_guide("fastapi", "test_main.py", FASTAPI_TESTS),
    "django": write_guide("django", "tests.py", DJANGO_TESTS),
    "flask": write_guide("flask", "test_shop.py", FLASK_TESTS),
    "sqlite3": write_guide("python", "test_blog.py", SQLITE_TESTS),
    "requests": write_tests(REQUESTS_TESTS, SERVER),
    "httpx": write_tests(
        REQUESTS_TESTS.replace("requests.Session", "httpx.Client").replace("requests", "httpx"), SERVER
    ),
    "redis": write_tests(REDIS_TESTS),
}


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
    django: list[str] = []
    if (place / "settings.py").exists():
        django = ["-p", "django"]
        environment["DJANGO_SETTINGS_MODULE"] = "settings"
    start = ["-c", START] if before else ["-m", "pytest"]
    tests = [path.name for path in place.glob("tests.py")]
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiling is no part of what is measured
    done = subprocess.run(
        [*before, sys.executable, *start, "-q", "-p", "no:cacheprovider", *plugin, *django, *tests],
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
