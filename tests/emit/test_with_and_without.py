"""A run of pytest is the same with ``--perf-trace`` as without it, but for the section of ours."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.shop import load_plugin, run_pytest
from tests.written_lines import read_line
from tracereport.command.emitter_files import python_environment

FAILING = """
import concurrent.futures, sqlite3, unittest
import flask, pytest, redis, requests, sqlalchemy
from redis.backoff import NoBackoff
from redis.retry import Retry
from tracereport.emit import traced

def ask(connection):
    return connection.execute("SELECT title FROM nowhere").fetchall()

@traced
def divide(number):
    return 1 / number

class Later(unittest.TestCase):
    def setUp(self):
        ask(sqlite3.connect(":memory:"))
    def test_it(self):
        pass

def test_statement():
    ask(sqlite3.connect(":memory:"))

def test_cursor():
    cursor = sqlite3.connect(":memory:").cursor()
    cursor.execute("SELECT 1")
    cursor.executemany("SELECT 1", [(), ()])

def test_engine():
    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect() as connection:
        ask(connection.connection)
    engine.dispose()

def test_request():
    requests.get("http://127.0.0.1:9/")

def test_command():
    redis.Redis(port=9, retry=Retry(NoBackoff(), 0)).get("title")

def test_page():
    app = flask.Flask(__name__)
    app.testing = True
    app.add_url_rule("/", view_func=lambda: divide(0))
    app.test_client().get("/")

def test_pool():
    with concurrent.futures.ThreadPoolExecutor() as pool:
        future = pool.submit(divide, 0)
    future.result()

def test_fixture_of_above(broken):
    pass

def test_at_the_end(request):
    request.addfinalizer(lambda: divide(0))
"""
CONFTEST = "import pytest\n@pytest.fixture\ndef broken():\n    1 / 0\n"


def read_output(printed: str) -> str:
    """What pytest has printed, without what differs from run to run and without the section of ours."""
    printed = re.sub(r"^perf-trace: .*\n", "", printed, flags=re.MULTILINE)
    printed = re.sub(r"^=+ performance traces.*?(?=^=+ )", "", printed, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"in \d+\.\d+s|0x[0-9a-f]+|=+", "", printed)


def test_a_failure_reads_as_it_does_without(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(FAILING)
    without, traced = (run_pytest(tmp_path, "--tb=long", *option) for option in ([], ["--perf-trace"]))
    assert "performance traces" in traced.stdout
    assert "8 failed, 1 passed, 2 errors" in without.stdout, without.stdout
    assert read_output(traced.stdout) == read_output(without.stdout)


NOTING = """
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config):
    early_config.known_args_namespace.noted = "noted early"
    yield

def pytest_report_header(config):
    return getattr(config.known_args_namespace, "noted", "lost")
"""


def test_what_other_plugins_note_on_the_options_stays(tmp_path: Path) -> None:
    (tmp_path / "noting.py").write_text(NOTING)
    (tmp_path / "test_it.py").write_text("def test_it(): pass")
    done = run_pytest(tmp_path, "-p", "noting", "--perf-trace", "test_it.py", PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert "noted early" in done.stdout, done.stdout + done.stderr


REPLACING = """
import errno, os, sys, time, types
import pytest
from tracereport.emit import trace

class NoFiles(types.ModuleType):
    def __getattr__(self, name):
        return getattr(os, name)

    def _fail(self, *_):
        raise OSError(errno.EBADF, "there is no such file in the fake")

    open = write = close = _fail
    environ = getpid = None

@pytest.fixture
def replaced(monkeypatch):
    fakes = {id(time.perf_counter_ns): lambda: -(10**15), id(time.sleep): None, id(os): NoFiles("os")}
    fakes[id(os.path)] = fakes[id(os)]
    for module in [*sys.modules.values()]:
        if module is not sys.modules[__name__] and not module.__name__.startswith(("_pytest", "pytest")):
            for name, value in [*vars(module).items()]:
                if id(value) in fakes:
                    monkeypatch.setattr(module, name, fakes[id(value)])

def test_with_fakes(replaced):
    with trace("within", page=1):
        pass

def test_from_fakes(request):
    with trace("into", page=2):
        request.getfixturevalue("replaced")

def test_after():
    with trace("after", page=3):
        pass
"""


def test_a_test_s_fake_clock_and_files_are_no_matter_of_ours(tmp_path: Path) -> None:
    """As tests replace time and files in all modules that are loaded, ours among them."""
    (tmp_path / "test_it.py").write_text(REPLACING)
    done = run_pytest(tmp_path, "--perf-trace", "-rA", "-s")
    assert "3 passed" in done.stdout, done.stdout
    assert done.stderr == ""
    calls = [read_line(line) for line in (tmp_path / "perf_trace.log").read_text().splitlines()[1:]]
    traced = {call.function: call for call in calls if "frame" not in call.reserved}
    assert sorted(traced) == ["after", "into", "within"]
    assert all(0 <= call.elapsed_us < 60_000_000 for call in calls)
    assert {call.reserved["at"].partition(":")[0] for call in traced.values()} == {"test_it.py"}


CLOSING = """
import os, sqlite3
from pathlib import Path
from tracereport.emit import trace

def ask():
    return sqlite3.connect(":memory:").execute("SELECT 1").fetchall()

def test_closes_whatever_is_open(tmp_path):
    ask()
    os.closerange(64, 4096)
    own = [os.open(tmp_path / str(number), os.O_CREAT | os.O_WRONLY) for number in range(80)]
    ask()
    for file in own:
        os.close(file)
    assert all(path.stat().st_size == 0 for path in tmp_path.iterdir())

def test_after_it():
    ask()
    os.closerange(64, 4096)
"""


def test_files_that_the_program_closes_and_opens_are_its_own(tmp_path: Path) -> None:
    """A daemon closes what it finds open; the numbers of these files go to those that it opens."""
    (tmp_path / "test_it.py").write_text(CLOSING)
    done = run_pytest(tmp_path, "--perf-trace", "-s")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert (tmp_path / "perf_trace.log").read_text().count("|select|") == 3


def test_tests_may_remove_the_traces(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pathlib, shutil, sqlite3\n"
        "def test_it():\n"
        "    sqlite3.connect(':memory:').execute('SELECT 1').fetchall()\n"
        "    pathlib.Path('perf_trace.log').unlink()\n"
        "    shutil.rmtree('.perf_trace.log.d')\n"
    )
    done = run_pytest(tmp_path, "--perf-trace")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert "perf-trace: perf_trace.log: No such file or directory" in done.stdout


def test_what_measures_the_tests_does_not_measure_the_report(tmp_path: Path) -> None:
    """Coverage has each Python that starts write a file of its own, which nobody joins once the tests are over."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os\nif 'COVERAGE_PROCESS_START' in os.environ:\n    open(f'measured-{os.getpid()}', 'w').close()\n"
    )
    (tmp_path / "test_it.py").write_text(
        "import sqlite3\nfrom contextlib import closing\n"
        "def test_it():\n    with closing(sqlite3.connect(':memory:')) as db: db.execute('SELECT 7').fetchall()\n"
    )
    measuring = {"COVERAGE_PROCESS_START": ".coveragerc", "PYTHONWARNINGS": "error"}
    done = run_pytest(tmp_path, "--perf-trace", PYTHONPATH=f"{tmp_path}:{ROOT}", **measuring)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "perf_trace.log: 2 calls" in done.stdout
    assert len([*tmp_path.glob("measured-*")]) == 1


RUNNING = """
import os, pytest, sqlite3

def ask(number):
    sqlite3.connect(":memory:").execute("SELECT ?", (number,)).fetchall()

def read_ours():
    return {{name: value for name, value in os.environ.items() if "PERF_TRACE" in name}}

def test_runs_pytest(tmp_path):
    ask(0)
    (tmp_path / "test_inner.py").write_text(
        "import sqlite3\\ndef test_inner(): sqlite3.connect(':memory:').execute('SELECT 77').fetchall()\\n"
    )
    before = read_ours()
    assert pytest.main([*{options!r}, "-q", "--rootdir", str(tmp_path), str(tmp_path)]) == 0
    assert read_ours() == before
    ask(1)

def test_after_it():
    ask(2)
"""


@pytest.mark.parametrize(("option", "inner"), [("-s", ["SELECT 77"]), ("--perf-trace=inner.log", [])])
def test_a_test_that_runs_pytest_itself_is_traced_to_its_end(tmp_path: Path, option: str, inner: list[str]) -> None:
    """What the inner run asks is the outer one's, unless it has a file of its own."""
    (tmp_path / "test_it.py").write_text(RUNNING.format(options=[*load_plugin(), option]))
    done = run_pytest(tmp_path, "--perf-trace")
    assert done.returncode == 0, done.stdout
    calls = [read_line(line) for line in (tmp_path / "perf_trace.log").read_text().splitlines()[1:]]
    assert sorted(call.number for call in calls) == [*range(len(calls))]
    asked = [(call.test, dict(call.params)) for call in calls if call.function == "select"]
    assert [(test, params["sql"]) for test, params in asked if "p1" not in params] == [
        ("test_inner.py::test_inner", sql) for sql in inner
    ]
    assert [(test, params["p1"]) for test, params in asked if "p1" in params] == [
        ("test_it.py::test_runs_pytest", "0"),
        ("test_it.py::test_runs_pytest", "1"),
        ("test_it.py::test_after_it", "2"),
    ]
    assert (tmp_path / "inner.log").exists() == (not inner)


METHODS = """
import inspect
import aiosqlite, asgiref.sync, asyncpg, httpx, psycopg, redis.asyncio, starlette.applications
from tracereport.emit.hooks import is_extended
methods = [
    aiosqlite.Connection._execute, asgiref.sync.SyncToAsync.__call__, asyncpg.Connection.fetch, httpx.AsyncClient.send,
    psycopg.AsyncCursor.execute, redis.asyncio.Redis.execute_command, starlette.applications.Starlette.__call__,
]
print([is_extended(method) for method in methods], [inspect.iscoroutinefunction(method) for method in methods])
coroutine = httpx.AsyncClient.send(None, None)
print(coroutine.__qualname__)
coroutine.close()
"""


def test_a_coroutine_s_function_shows_that_it_is_one(tmp_path: Path) -> None:
    """Who tries again, spies or calls decides by it whether to await."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PERF_TRACE": str(tmp_path / "%p.log")}
    environment |= python_environment(environment)
    done = subprocess.run([sys.executable, "-c", METHODS], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [f"{[True] * 7} {[True] * 7}", "AsyncClient.send"], done.stderr
