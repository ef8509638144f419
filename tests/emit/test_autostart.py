"""Python programs under ``tracereport run``: their libraries trace themselves, whatever is installed beside them."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.waiting import PATIENCE_SECONDS
from tests.written_lines import read_line, read_written
from tracereport.command.emitter_files import python_environment

PROGRAM = """
import sys
from sqlalchemy import create_engine, text

def ask():
    with create_engine("sqlite://").connect() as connection:
        return connection.execute(text("SELECT 42")).scalar()

print(ask(), any("autostart" in path for path in sys.path))
"""


def run(
    folder: Path, *arguments: str, python: str = sys.executable, **variables: str
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PERF_TRACE": str(folder / "trace.log"), "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        [python, *arguments],
        env={**environment, **python_environment(environment)},
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def test_a_program_that_knows_nothing_of_it_is_traced(tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy")
    (tmp_path / "program.py").write_text(PROGRAM)
    done = run(tmp_path, "program.py")
    assert (done.stdout, done.stderr) == ("42 False\n", "")
    [call] = read_written(tmp_path / "trace.log")
    assert (call.function, call.caller, call.reserved["at"]) == ("select", "ask", "program.py:7")


def test_a_hook_can_be_left_out(tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy")
    (tmp_path / "program.py").write_text(PROGRAM)
    done = run(tmp_path, "program.py", PERF_TRACE_WITHOUT="django, sqlalchemy")
    assert (done.stdout, done.stderr) == ("42 False\n", "")
    assert not (tmp_path / "trace.log").exists()


def test_modules_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "store.py").write_text("def load(key): return key\n")
    done = run(tmp_path, "-c", "import store; store.load(3)", PERF_TRACE_MODULES="store")
    assert done.stderr == ""
    assert [(call.function, call.params) for call in read_written(tmp_path / "trace.log")] == [
        ("load", (("key", "3"),))
    ]


def test_while_tracing_is_off_nothing_is_loaded(tmp_path: Path) -> None:
    done = run(tmp_path, "-c", "import sys; print([name for name in sys.modules if 'trace' in name])", PERF_TRACE="")
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_environment_s_own_customization_still_runs(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os\nos.environ['CUSTOMIZED'] = 'yes'\n")
    code = "import os, sys; print(os.environ['CUSTOMIZED'], sys.modules['sitecustomize'].__file__)"
    done = run(tmp_path, "-c", code, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert done.stdout.split() == ["yes", str(tmp_path / "sitecustomize.py")]


def test_what_only_has_the_emitter_s_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "perf_trace").mkdir()
    (tmp_path / "perf_trace" / "__init__.py").write_text("raise SystemExit('nobody imports this')")
    (tmp_path / "store.py").write_text("def load(key): return key\n")
    paths = f"{tmp_path}{os.pathsep}{ROOT}"
    done = run(tmp_path, "-c", "import store; store.load(3)", PERF_TRACE_MODULES="store", PYTHONPATH=paths)
    assert (done.returncode, done.stderr) == (0, "")
    assert [call.function for call in read_written(tmp_path / "trace.log")] == ["load"]


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An environment without the emitter."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    return str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")


def test_an_environment_that_holds_no_emitter_uses_ours(tmp_path: Path, bare_python: str) -> None:
    (tmp_path / "store.py").write_text(
        "from perf_trace import trace\ndef load(key):\n    with trace('inside'): return key\n"
    )
    done = run(
        tmp_path, "-c", "import store; store.load(3)", python=bare_python, PYTHONPATH="", PERF_TRACE_MODULES="store"
    )
    assert done.stderr == ""
    assert [(call.function, call.parent) for call in read_written(tmp_path / "trace.log")] == [
        ("inside", 0),
        ("load", None),
    ]


def test_it_fails_without_a_word(tmp_path: Path, bare_python: str) -> None:
    done = run(tmp_path, "-c", "print(1)", python=bare_python, PYTHONPATH="", PERF_TRACE_WITHOUT="no_such_hook")
    assert (done.stdout, done.stderr) == ("1\n", "")


TEST = "from tracereport.emit import trace\ndef test_it():\n    with trace('load'): pass\n"


@pytest.mark.parametrize("variables", [{}, {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}], ids=["installed", "not found"])
def test_tests_are_named_whether_or_not_the_plugin_is_installed(tmp_path: Path, variables: dict[str, str]) -> None:
    (tmp_path / "test_it.py").write_text(TEST)
    done = run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", **variables)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert "performance traces" not in done.stdout
    load = next(call for call in read_written(tmp_path / "trace.log") if call.function == "load")
    assert (load.test, load.reserved["phase"]) == ("test_it.py::test_it", "call")


def test_where_warnings_are_errors_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TEST)
    done = run(
        tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error::pytest.PytestAssertRewriteWarning"
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_whoever_wants_no_plugin_gets_none(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TEST)
    done = run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:perf_trace")
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert [(call.function, call.test) for call in read_written(tmp_path / "trace.log")] == [("load", None)]


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_whoever_reads_standard_error_gets_what_pytest_would_have_caught(tmp_path: Path, workers: list[str]) -> None:
    (tmp_path / "test_it.py").write_text(TEST)
    done = run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", *workers, PERF_TRACE="1")
    lines = [read_line(line) for line in done.stderr.splitlines() if line.startswith("PERF_TRACE|")]
    assert [call.test for call in lines if call.function == "load"] == ["test_it.py::test_it"]
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "__pycache__") == ["test_it.py"]


def test_the_folder_is_put_before_the_program_s_own_paths() -> None:
    [path] = python_environment({}).values()
    assert (Path(path) / "sitecustomize.py").is_file()
    assert python_environment({"PYTHONPATH": "a"}) == {"PYTHONPATH": f"{path}{os.pathsep}a"}


MIGRATE = "django.core.management.commands.migrate.Command"


@pytest.mark.parametrize(
    ("library", "extended"),
    [
        ("sqlalchemy", "sqlalchemy.engine.default.DefaultDialect.do_execute._perf_trace_around"),
        ("django.db.backends.sqlite3.base", "django.db.backends.utils.CursorWrapper._execute._perf_trace_around"),
        ("django.test.client", "django.core.handlers.base.BaseHandler.get_response._perf_trace_around"),
        ("django.shortcuts", "django.template.base.Template.render._perf_trace_around"),
        ("django.core.cache", "django.core.cache.CacheHandler.create_connection._perf_trace_around"),
        ("django.core.management.commands.migrate", f"{MIGRATE}.handle._perf_trace_around"),
        ("fastapi", "fastapi.applications.Starlette.__call__._perf_trace_around"),
        ("flask", "flask.Flask.full_dispatch_request._perf_trace_around"),
        ("requests", "requests.Session.send._perf_trace_around"),
        ("httpx", "httpx.Client.send._perf_trace_around"),
        ("unittest", "unittest.TestCase._callTestMethod._perf_trace_around"),
        ("unittest.async_case", "unittest.IsolatedAsyncioTestCase._callSetUp._perf_trace_around"),
        ("redis", "redis.Redis.execute_command._perf_trace_around"),
        ("redis.asyncio", "redis.asyncio.Redis.execute_command._perf_trace_around"),
    ],
)  # fmt: skip
def test_each_hook_is_on_once_its_library_is_imported(tmp_path: Path, library: str, extended: str) -> None:
    pytest.importorskip(library.partition(".")[0])
    code = (
        "import importlib, sys\nhook = lambda name: importlib.import_module(f'tracereport.emit.{name}')\n"
        f"from django.conf import settings\nimport {library}\nassert {extended}"
    )
    if not library.startswith("django"):
        code = code.replace("from django.conf import settings\n", "")
    done = run(tmp_path, "-c", code)
    assert done.returncode == 0, done.stderr
