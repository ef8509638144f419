"""``pytest --perf-trace``: one file, every process in it by itself, every call with its test, and a report."""

import os
import re
import shlex
from pathlib import Path

import pytest

from tests.running import run
from tests.shop import run_pytest
from tests.written_lines import WrittenCall, read_line

TESTS = """
import os, subprocess, sys, threading
import pytest
from tracereport.emit import trace

@pytest.fixture
def database():
    with trace("setup"):
        yield

@pytest.mark.parametrize("value", ["a=b", "c|d", "e f"])
def test_values(database, value):
    with trace("work", value=value):
        pass

def test_thread():
    def work():
        with trace("in_thread"):
            pass
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

def test_child():
    code = "from tracereport.emit import trace\\nwith trace('in_child'): pass"
    subprocess.run([sys.executable, "-c", code], check=True)

def test_failure():
    with trace("failing"):
        assert False
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(TESTS)
    return tmp_path


def read_processes(log: Path) -> list[tuple[str, list[WrittenCall]]]:
    """The processes of a log by the name that their marker gives them."""
    processes: list[tuple[str, list[WrittenCall]]] = []
    for line in log.read_text(encoding="utf-8").split("\n")[:-1]:
        marker = re.fullmatch(r" {5}Running pytest \((.+)\)", line)
        if marker:
            processes.append((marker[1], []))
        else:
            processes[-1][1].append(read_line(line))
    return processes


def calls_by_test(calls: list[WrittenCall]) -> dict[str, list[str]]:
    tests: dict[str, list[str]] = {}
    for call in sorted(calls, key=lambda call: call.number):
        assert call.test is not None
        if "frame" not in call.reserved:
            tests.setdefault(call.test.removeprefix("tests/test_it.py::"), []).append(call.function)
    return tests


EXPECTED = {
    "test_values[a=b]": ["setup", "work"],
    "test_values[c|d]": ["setup", "work"],
    "test_values[e f]": ["setup", "work"],
    "test_thread": ["in_thread"],
    "test_child": ["in_child"],
    "test_failure": ["failing"],
}


def test_every_call_carries_its_test_and_one_counter_runs_through_a_process(project: Path) -> None:
    done = run_pytest(project, "--perf-trace")
    assert "1 failed, 5 passed" in done.stdout, done.stdout + done.stderr
    [(name, calls), (child_name, child_calls)] = read_processes(project / "perf_trace.log")
    assert (name, child_name) == ("pytest", "pytest child")
    assert sorted(call.number for call in calls) == list(range(len(calls)))
    assert [call.number for call in child_calls] == [0]
    assert calls_by_test(calls) | calls_by_test(child_calls) == EXPECTED


def test_workers_write_one_file_each_a_process_of_its_own(project: Path) -> None:
    done = run_pytest(project, "--perf-trace=out/trace.log", "-n", "2")
    assert "1 failed, 5 passed" in done.stdout, done.stdout + done.stderr
    processes = read_processes(project / "out" / "trace.log")
    assert {name.split()[0] for name, _ in processes} == {"gw0", "gw1"}
    tests: dict[str, list[str]] = {}
    for _, calls in processes:
        assert sorted(call.number for call in calls) == list(range(len(calls)))
        tests |= calls_by_test(calls)
    assert tests == EXPECTED


def test_the_report_is_printed_at_the_end(project: Path) -> None:
    done = run_pytest(project, "--perf-trace")
    report = done.stdout.partition("= performance traces: perf_trace.log =")[2]
    assert "perf_trace.log: 20 calls (5 judged questions) in 2 processes" in report
    assert "\nFull report: tracereport perf_trace.log\n" in report


LOADS = """
from tracereport.emit import traced

@traced
def load(key):
    pass

def test_page():
    for key in range(6):
        load(key)
"""


@pytest.mark.parametrize("options", [["tests"], ["--rootdir=..", "tests"]])
def test_the_command_that_it_ends_with_can_be_typed_where_pytest_was(tmp_path: Path, options: list[str]) -> None:
    folder = tmp_path / "my café" / "api"
    (folder / "tests").mkdir(parents=True)
    (folder / "tests" / "test_it.py").write_text(LOADS)
    done = run_pytest(folder, "--perf-trace", *options)
    typed = done.stdout.partition("\nFull report: ")[2].partition("\n")[0]
    (program, log) = shlex.split(typed)
    assert program == "tracereport"
    assert b"PERF_TRACE|" in (folder / log).read_bytes()
    assert f"tracereport {shlex.quote(log)} --explain" in done.stdout


@pytest.mark.parametrize("word", ["1", "on", "Stderr"])
def test_whoever_asked_for_traces_on_standard_error_gets_them(project: Path, word: str) -> None:
    done = run_pytest(project, "--perf-trace", PERF_TRACE=word)
    assert "performance traces" not in done.stdout
    assert done.stderr == (project / "perf_trace.log").read_text(encoding="utf-8")


def test_what_follows_the_option_is_not_taken_for_its_file(project: Path) -> None:
    (project / "tests" / "conftest.py").write_text(
        "def pytest_addoption(parser): parser.addoption('--of-the-folder', action='store_true')"
    )
    done = run_pytest(project, "--perf-trace", "tests", "--of-the-folder", "-k", "thread")
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert (project / "tests" / "test_it.py").exists()
    assert len(read_processes(project / "perf_trace.log")) == 1


@pytest.mark.parametrize("options", [["--perf-trace"], ["--perf-trace", "--confcutdir=tests"]])
def test_folders_above_the_project_are_not_read(project: Path, options: list[str]) -> None:
    """Pytest looks for ``conftest.py`` no higher than in the project, or where it is told to stop."""
    (project / "conftest.py").write_text("raise RuntimeError('not to be read')")
    place = project if "--confcutdir=tests" in options else project / "tests"
    (place / "pytest.ini").write_text("[pytest]")
    done = run_pytest(place, *options, "-k", "thread")
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_a_run_that_stops_early_leaves_no_test_s_name_behind(project: Path) -> None:
    (project / "conftest.py").write_text(
        "import os\n"
        "def pytest_sessionfinish(): print('left:', [name for name in os.environ if name.startswith('PERF_TRACE_T')])\n"
    )
    (project / "tests" / "test_it.py").write_text("def test_failing(): assert False\ndef test_next(): pass\n")
    done = run_pytest(project, "--perf-trace", "-x", "-s")
    assert "left: []" in done.stdout, done.stdout


def test_nothing_is_left_behind_and_an_earlier_file_is_replaced(project: Path) -> None:
    (project / "perf_trace.log").write_text("earlier\n")
    run_pytest(project, "--perf-trace", "-k", "thread")
    assert sorted(path.name for path in project.iterdir()) == ["perf_trace.log", "tests"]
    assert "earlier" not in (project / "perf_trace.log").read_text()


@pytest.mark.parametrize("option", ["--collect-only", "--fixtures", "-k=no_such_test"])
def test_a_run_without_a_test_leaves_an_earlier_file_as_it_is(project: Path, option: str) -> None:
    (project / "perf_trace.log").write_text("earlier\n")
    done = run_pytest(project, "--perf-trace", option)
    assert "performance traces" not in done.stdout
    assert (project / "perf_trace.log").read_text() == "earlier\n"


def test_a_run_that_traced_nothing_says_how_to_trace(project: Path) -> None:
    (project / "perf_trace.log").write_text("earlier\n")
    (project / "tests" / "test_it.py").write_text("def test_nothing(): pass")
    for workers in ([], ["-n", "1"]):
        done = run_pytest(project, "--perf-trace", *workers)
        said = done.stdout.partition("= performance traces: perf_trace.log =")[2]
        assert "Nothing was traced" in said
        assert "@traced" in said
        assert "cargo" not in said
        assert (project / "perf_trace.log").read_text() == ""


HANGING = """
import os
from tracereport.emit import trace

def test_fast():
    with trace("load", name="a"):
        pass

def test_hang():
    with trace("load", name="b"):
        pass
    os._exit(1)
"""


@pytest.mark.skipif(os.name == "nt", reason="no file that is open can be moved there")
def test_a_run_that_is_killed_leaves_its_own_traces_and_the_next_one_none_of_them(project: Path) -> None:
    log = project / "perf_trace.log"
    log.write_text("earlier\n")
    (project / "tests" / "test_it.py").write_text(HANGING)
    run_pytest(project, "--perf-trace")
    [(_, calls)] = read_processes(log)
    assert [dict(call.params)["name"] for call in calls if call.function == "load"] == ["a", "b"]
    (project / "tests" / "test_it.py").write_text(TESTS)
    run_pytest(project, "--perf-trace", "-k", "thread")
    assert sorted(path.name for path in project.iterdir()) == ["perf_trace.log", "tests"]
    assert "load" not in log.read_text()


@pytest.mark.skipif(os.name == "nt", reason="as above")
def test_workers_that_are_killed_leave_their_traces_where_the_run_says(project: Path) -> None:
    (project / "tests" / "test_it.py").write_text(
        "import os, signal, time\n"
        "from tracereport.emit import trace\n"
        "def test_end():\n"
        "    with trace('load'): pass\n"
        "    os.kill(os.getppid(), signal.SIGKILL)\n"
    )
    done = run_pytest(project, "--perf-trace", "-n", "1")
    said = re.search(r"perf-trace: perf_trace.log \(while it runs, other processes: (.+)\)", done.stdout)
    assert said is not None, done.stdout
    [part] = [part for part in (project / said[1]).glob("gw0-*.log") if "load" in part.read_text()]
    assert "load" in [call.function for _, calls in read_processes(part) for call in calls]


def test_without_the_option_nothing_happens(project: Path) -> None:
    done = run_pytest(project, "-k", "thread")
    assert "1 passed" in done.stdout
    assert "performance traces" not in done.stdout
    assert sorted(path.name for path in project.iterdir()) == ["tests"]


def test_a_file_that_cannot_be_written_is_an_error_of_usage(project: Path) -> None:
    (project / "file").write_text("")
    for target in ("file/trace.log", "tests"):
        done = run_pytest(project, f"--perf-trace={target}")
        assert done.returncode == pytest.ExitCode.USAGE_ERROR
        assert f"ERROR: --perf-trace={target}: " in done.stderr


def load_calls(log: Path) -> list[WrittenCall]:
    return [call for _, calls in read_processes(log) for call in calls if call.function == "load"]


PHASES = """
import pytest
from tracereport.emit import trace

def load(name):
    with trace("load", name=name):
        pass

@pytest.fixture
def shelf():
    load("set-up")
    yield
    load("tear-down")

@pytest.fixture
def late():
    load("late fixture")

def test_it(shelf, request):
    load("test")
    request.getfixturevalue("late")
    load("test again")
"""


def test_each_phase_and_fixture_is_a_frame_and_what_a_fixture_asks_belongs_to_the_set_up(project: Path) -> None:
    (project / "tests" / "test_it.py").write_text(PHASES)
    run_pytest(project, "--perf-trace")
    [(_, calls)] = read_processes(project / "perf_trace.log")
    by_number = {call.number: call for call in calls}
    found = []
    for call in sorted(calls, key=lambda call: call.number):
        if call.function == "load":
            assert call.parent is not None
            around = by_number[call.parent]
            found.append((dict(call.params)["name"], call.reserved["phase"], around.function))
    assert found == [
        ("set-up", "setup", "fixture"),
        ("test", "call", "test"),
        ("late fixture", "setup", "fixture"),
        ("test again", "call", "test"),
        ("tear-down", "teardown", "test teardown"),
    ]
    frames = [(call.function, dict(call.params)["name"]) for call in calls if "frame" in call.reserved]
    assert ("fixture", "shelf") in frames
    assert {call.reserved["try"] for call in calls} == {"1"}


HELPERS = """
from tracereport.emit import traced

@traced
def load(key):
    return key

def load_one(key):
    return load(key)

def load_page(keys):
    return [load_one(key) for key in keys]

def test_page():
    def visit():
        return load_page(range(6))
    assert visit() == [*range(6)]

def test_each_by_itself():
    assert [load_one(key) for key in range(6)] == [*range(6)]
    assert (lambda: load_one(7))() == 7

def test_in_a_loop():
    for key in range(6):
        load(key)
"""


def test_what_a_function_asks_by_way_of_others_is_its_loop_and_not_the_test_s(project: Path) -> None:
    (project / "tests" / "test_it.py").write_text(HELPERS)
    done = run_pytest(project, "--perf-trace")
    assert "3 passed" in done.stdout, done.stdout + done.stderr
    [(_, calls)] = read_processes(project / "perf_trace.log")
    runs: dict[str | None, list[str]] = {}
    for call in calls:
        if call.function == "load":
            runs.setdefault(call.test, []).append(call.reserved["activation"])
    assert [len({*of_test}) for of_test in runs.values()] == [1, 7, 1]
    assert [len(of_test) for of_test in runs.values()] == [6, 7, 6]
    assert "`load_one` asks `load` once for each `key`" in run(project / "perf_trace.log").stdout.decode()


def test_a_frame_in_which_nothing_is_traced_is_not_written(project: Path) -> None:
    (project / "tests" / "test_it.py").write_text(
        "from tracereport.emit import trace\n"
        "def test_it(tmp_path, monkeypatch):\n    with trace('load'): pass\n"
        "def test_nothing(tmp_path): pass\n"
    )
    run_pytest(project, "--perf-trace")
    [(_, calls)] = read_processes(project / "perf_trace.log")
    assert [call.function for call in calls] == ["load", "test"]


RETRIED = """
from tracereport.emit import trace
tries = []

def test_it():
    tries.append(1)
    with trace("load"):
        assert len(tries) == 3
"""


def test_each_try_of_a_test_is_its_own(project: Path) -> None:
    pytest.importorskip("pytest_rerunfailures")
    (project / "tests" / "test_it.py").write_text(RETRIED)
    done = run_pytest(project, "--perf-trace", "--reruns", "3")
    assert "1 passed, 2 rerun" in done.stdout, done.stdout
    assert [call.reserved["try"] for call in load_calls(project / "perf_trace.log")] == ["1", "2", "3"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_tests_in_forked_processes_are_traced(project: Path) -> None:
    pytest.importorskip("pytest_forked")
    (project / "tests" / "test_it.py").write_text(
        "import os\nfrom tracereport.emit import trace\n"
        "def test_a():\n    with trace('load'): pass\n"
        "def test_b():\n    with trace('load'): os._exit(1)\n"
        "def test_c():\n    with trace('load'): pass\n"
    )
    # What forked tests end with depends on pytest's version, but never on the traces.
    without, done = (run_pytest(project, *given, "--forked", "-p", "no:randomly") for given in ((), ("--perf-trace",)))
    outcomes = [re.search(r"test_it\.py ([.F]{3})", each.stdout) for each in (without, done)]
    assert outcomes[0] is not None, without.stdout
    assert outcomes[1] is not None, done.stdout
    assert outcomes[1][1] == outcomes[0][1]
    calls = load_calls(project / "perf_trace.log")
    assert sorted(str(call.test) for call in calls) == [f"tests/test_it.py::test_{name}" for name in "ac"]
    assert len({call.reserved["process"] for call in calls}) == 2


def test_a_worker_that_crashes_leaves_its_traces(project: Path) -> None:
    (project / "tests" / "test_it.py").write_text(
        "import os\nfrom tracereport.emit import trace\n"
        "def test_a():\n    with trace('load'): pass\n    os._exit(1)\n"
        "def test_b():\n    with trace('load'): pass\n"
    )
    run_pytest(project, "--perf-trace", "-n", "1")
    calls = load_calls(project / "perf_trace.log")
    assert sorted({str(call.test) for call in calls}) == [f"tests/test_it.py::test_{name}" for name in "ab"]
    assert not (project / ".perf_trace.log.d").exists()


def test_subtests_belong_to_their_test(project: Path) -> None:
    (project / "tests" / "test_it.py").write_text(
        "from tracereport.emit import trace\n"
        "def test_it(subtests):\n"
        "    for number in range(3):\n"
        "        with subtests.test(number=number), trace('load'):\n"
        "            assert number != 1\n"
    )
    done = run_pytest(project, "--perf-trace")
    if "fixture 'subtests' not found" in done.stdout:
        pytest.skip("needs pytest 9")
    calls = load_calls(project / "perf_trace.log")
    assert [(call.test, "failed" in call.reserved) for call in calls] == [
        ("tests/test_it.py::test_it", failed) for failed in (False, True, False)
    ]


@pytest.mark.parametrize("name", ["terminal", "capture", "cacheprovider", "faulthandler"])
def test_it_does_without_pytest_s_own_plugins(project: Path, name: str) -> None:
    (project / "tests" / "test_it.py").write_text(
        "from tracereport.emit import trace\ndef test_it():\n    with trace('load'): pass\n"
    )
    for wanted in ("", "1"):
        done = run_pytest(project, "--perf-trace", "-p", f"no:{name}", PERF_TRACE=wanted)
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(load_calls(project / "perf_trace.log")) == 1


SQL = """
from sqlalchemy import create_engine, text

def test_it():
    with create_engine("sqlite://").connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1
"""


@pytest.mark.parametrize(
    ("left_out", "functions"),
    [
        ([], ["select", "test"]),
        (["sqlalchemy"], []),
        (["django"], ["select", "test"]),
        (["django, sqlalchemy"], []),
        (["sqlalchemy", "django"], []),
    ],
)
def test_libraries_trace_themselves_unless_they_are_left_out(
    project: Path, left_out: list[str], functions: list[str]
) -> None:
    pytest.importorskip("sqlalchemy")
    (project / "tests" / "test_it.py").write_text(SQL)
    done = run_pytest(project, "--perf-trace", *(f"--perf-trace-without={names}" for names in left_out))
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    written = [call.function for _, calls in read_processes(project / "perf_trace.log") for call in calls]
    assert written == functions


def test_a_hook_is_switched_on_whose_module_the_program_imports_before_the_library(project: Path) -> None:
    pytest.importorskip("sqlalchemy")
    (project / "tests" / "test_it.py").write_text(f"from tracereport.emit.sqlalchemy import trace_statements\n{SQL}")
    run_pytest(project, "--perf-trace")
    calls = [call for _, calls in read_processes(project / "perf_trace.log") for call in calls]
    assert [call.reserved["via"] for call in calls] == ["sqlalchemy", "pytest"]


def test_a_library_that_there_is_no_hook_for_is_an_error_of_usage(project: Path) -> None:
    done = run_pytest(project, "--perf-trace", "--perf-trace-without=flask,nothing")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--perf-trace-without: no hook is called nothing; there are sqlalchemy, django, " in done.stderr


def test_modules_are_traced_that_the_configuration_names(project: Path) -> None:
    """Also where pytest rewrites their assertions, as it does with all modules of its plugins' distributions."""
    (project / "repository.py").write_text("def load(key): return key\n")
    (project / "tests" / "test_it.py").write_text("import repository\ndef test_it(): repository.load(3)\n")
    (project / "pyproject.toml").write_text(
        '[tool.tracereport.trace]\nmodules = ["repository"]\n[tool.pytest.ini_options]\npythonpath = ["."]\n'
    )
    for conftest in ("", "import pytest\npytest.register_assert_rewrite('repository')\n"):
        (project / "tests" / "conftest.py").write_text(conftest)
        run_pytest(project, "--perf-trace")
        assert [call.params for call in load_calls(project / "perf_trace.log")] == [(("key", "3"),)]
    (project / "pyproject.toml").write_text("[tool.tracereport.trace]\nmodules = 'repository'\n")
    done = run_pytest(project, "--perf-trace")
    assert "tool.tracereport.trace.modules is a list of modules' names" in done.stderr


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_a_module_to_trace_that_there_is_not_is_said(project: Path, options: tuple[str, ...]) -> None:
    """Where workers import them, the process that reports doesn't know."""
    (project / "app").mkdir()
    (project / "app" / "__init__.py").write_text("")
    (project / "app" / "store.py").write_text("raise SystemExit('no test imports it')\n")
    (project / "tests" / "test_it.py").write_text("import app\ndef test_it(): pass\n")
    (project / "pyproject.toml").write_text(
        '[tool.tracereport.trace]\nmodules = ["app.store", "app.stock", "nowhere", "other.store", "app"]\n'
        '[tool.pytest.ini_options]\npythonpath = ["."]\n'
    )
    told = [line for line in run_pytest(project, "--perf-trace", *options).stdout.splitlines() if "no module" in line]
    names = [] if options else ["app.stock", "nowhere"]
    assert told == [f"There is no module {name}, which pyproject.toml names as one to trace." for name in names]
