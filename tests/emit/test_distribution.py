"""``perf-trace``: the emitter as a distribution of its own, alone, beside tracereport, and on an older Python."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.emitters import HERE
from tests.paths import ROOT
from tests.shop import load_plugin
from tests.waiting import PATIENCE_SECONDS
from tests.written_lines import read_line
from tracereport.command.emitter_files import read_emitter

DISTRIBUTION = ROOT / "emitters" / "python"
SOURCES = sorted((ROOT / "tracereport" / "emit").rglob("*.py"))
FIRST_PYTHON = (3, 9)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the distribution is installed in."""
    pytest.importorskip("hatchling")
    pytest.importorskip("pip")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-compile"]
    subprocess.run(
        [*command, "--target", str(folder), str(DISTRIBUTION)],
        check=True,
        timeout=PATIENCE_SECONDS,
        capture_output=True,
    )
    return folder


def run(*arguments: str, folder: Path, paths: list[Path], **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "PERF_TRACE": "", **variables}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def test_it_needs_nothing_and_has_the_version_of_the_whole() -> None:
    import tracereport  # noqa: PLC0415  # its version only

    project = tomllib.loads((DISTRIBUTION / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["dependencies"] == []
    assert project["version"] == tracereport.__version__
    assert project["requires-python"] == f">={'.'.join(map(str, FIRST_PYTHON))}"


def test_the_plugin_has_one_name_in_both() -> None:
    points = [
        tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]["pytest11"]
        for folder in (DISTRIBUTION, ROOT)
    ]
    assert points == [{"perf_trace": f"{package}.pytest_plugin"} for package in ("perf_trace", "tracereport.emit")]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_each_source_is_in_the_grammar_of_the_first_python(source: Path) -> None:
    tree = ast.parse(source.read_text(encoding="utf-8"), feature_version=FIRST_PYTHON)
    absolute = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 0]
    assert not [node.module for node in absolute if str(node.module).startswith("tracereport")]


def test_pytest_does_not_mind_that_it_was_imported_before(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TEST.format(first="perf_trace", second="perf_trace"))
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    autostart = ROOT / "tracereport" / "emit" / "autostart"
    log = tmp_path / "a.log"
    done = run("-m", "pytest", "-q", folder=tmp_path, paths=[autostart, installed], PERF_TRACE=str(log))
    assert done.returncode == 0, done.stdout + done.stderr
    assert b"PERF_TRACE|" in log.read_bytes()


def test_it_holds_the_same_files_and_no_others(installed: Path) -> None:
    there = sorted(path.relative_to(installed / "perf_trace") for path in (installed / "perf_trace").rglob("*.py"))
    assert there == [source.relative_to(ROOT / "tracereport" / "emit") for source in SOURCES]


def test_every_promise_holds_of_it_alone(installed: Path, tmp_path: Path) -> None:
    done = run(str(HERE / "scenes_python.py"), folder=tmp_path, paths=[installed])
    assert done.returncode == 0, done.stderr


def test_every_promise_holds_on_the_first_python(installed: Path, tmp_path: Path) -> None:
    python = shutil.which("pypy3") or shutil.which("python3.9")
    if python is None:
        pytest.skip("needs pypy3 or python3.9: apt-get install pypy3")
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [python, str(HERE / "scenes_python.py")],
        env=environment, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", ["perf_trace/__pycache__/left.pyc", "perf_trace/1.log", "perf_trace/__init__.py"])
def test_a_folder_of_its_name_is_not_taken_for_it(tmp_path: Path, path: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text("raise SystemExit('the program imports this itself')")
    (tmp_path / "test_it.py").write_text(TEST.format(first="tracereport.emit", second="tracereport.emit"))
    done = run("-m", "pytest", *load_plugin(), "-q", "--perf-trace=a.log", folder=tmp_path, paths=[tmp_path, ROOT])
    assert done.returncode == 0, done.stdout + done.stderr
    assert b"PERF_TRACE|" in (tmp_path / "a.log").read_bytes()


BOTH = """
import perf_trace, perf_trace.sqlalchemy
import tracereport.emit
import tracereport.emit.sqlalchemy as hook
from tracereport.emit.tracing import trace
from perf_trace import trace as other_trace

assert tracereport.emit is perf_trace
assert hook is perf_trace.sqlalchemy
assert trace is other_trace
assert hook.__spec__.name == hook.__name__ == "perf_trace.sqlalchemy"
with trace("outer"), other_trace("inner"):
    pass
"""


@pytest.mark.parametrize("order", ["perf_trace first", "tracereport first"])
def test_where_both_are_installed_they_are_one(installed: Path, tmp_path: Path, order: str) -> None:
    pytest.importorskip("sqlalchemy")
    code = BOTH if order == "perf_trace first" else f"import tracereport.emit\n{BOTH}"
    done = run("-c", code, folder=tmp_path, paths=[installed, ROOT], PERF_TRACE="1")
    assert done.returncode == 0, done.stderr
    inner, outer = map(read_line, done.stderr.splitlines())
    assert ((inner.number, inner.parent), (outer.number, outer.parent)) == ((1, 0), (0, None))


def test_without_the_other_each_is_itself(tmp_path: Path) -> None:
    code = "import sys, tracereport.emit as emit\nprint(emit.__name__, 'perf_trace' in sys.modules)"
    assert run("-c", code, folder=tmp_path, paths=[ROOT]).stdout == "tracereport.emit False\n"


def test_a_copy_of_the_one_file_is_not_taken_for_the_package(tmp_path: Path) -> None:
    (tmp_path / "perf_trace.py").write_bytes(read_emitter("python"))
    code = "import perf_trace, tracereport.emit as emit\nprint(emit.__name__, emit is perf_trace)"
    assert run("-c", code, folder=tmp_path, paths=[tmp_path, ROOT]).stdout == "tracereport.emit False\n"


TEST = """
import pytest
from {first} import trace
from {second} import trace as other_trace

@pytest.mark.parametrize("number", range(4))
def test_it(number):
    with trace("outer", number=number), other_trace("inner", number=number):
        pass
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "two workers"])
def test_both_in_one_environment_are_one_plugin_and_one_counter(
    installed: Path, tmp_path: Path, workers: list[str]
) -> None:
    (tmp_path / "test_it.py").write_text(TEST.format(first="perf_trace", second="tracereport.emit"))
    arguments = ["-m", "pytest", *load_plugin(), "-q", "-p", "no:cacheprovider", "--perf-trace", *workers]
    done = run(*arguments, folder=tmp_path, paths=[installed, ROOT])
    assert done.returncode == 0, done.stdout + done.stderr
    assert " calls (" in done.stdout.partition("performance traces")[2]
    lines = (tmp_path / "perf_trace.log").read_text(encoding="utf-8").splitlines()
    calls = [read_line(line) for line in lines if line.startswith("PERF_TRACE|")]
    for process in {call.reserved["process"] for call in calls}:
        numbers = sorted(call.number for call in calls if call.reserved["process"] == process)
        assert numbers == list(range(len(numbers)))
    by_key = {(call.reserved["process"], call.number): call for call in calls}
    for call in calls:
        if call.function == "inner":
            assert call.parent is not None
            assert by_key[call.reserved["process"], call.parent].params == call.params
    assert [call.function for call in calls].count("outer") == 4


def test_the_program_s_own_modules_are_none_of_the_report_s(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TEST.format(first="tracereport.emit", second="tracereport.emit"))
    for name in ("click", "inspect", "platform", "msgspec"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('this is of the program')")
    done = run("-P", "-m", "pytest", *load_plugin(), "-q", "--perf-trace", folder=tmp_path, paths=[ROOT])
    assert done.returncode == 0, done.stdout + done.stderr
    assert " calls (" in done.stdout.partition("performance traces")[2]


@pytest.mark.parametrize("found", ["None", "ModuleSpec(name, None)"], ids=["nothing", "a folder of its name"])
def test_where_there_is_no_report_it_says_how_to_have_one(installed: Path, tmp_path: Path, found: str) -> None:
    (tmp_path / "test_it.py").write_text(TEST.format(first="perf_trace", second="perf_trace"))
    (tmp_path / "without.py").write_text(
        "import importlib.util, shutil\n"
        "from importlib.machinery import ModuleSpec\n"
        "find_spec = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name, *rest: {found} if name == 'tracereport' else find_spec(name, *rest)\n"
        "shutil.which = lambda name: None\n"
    )
    arguments = ["-m", "pytest", "-p", "without", "-p", "perf_trace.pytest_plugin", "-q", "-p", "no:cacheprovider"]
    done = run(
        *arguments, "--perf-trace", folder=tmp_path, paths=[installed, tmp_path], PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "uvx tracereport perf_trace.log   (or: pipx run tracereport perf_trace.log)" in done.stdout
