"""``pytest --perf-trace``: one file, every process in it by itself, every call with its test, and a report."""

import os
import re
from pathlib import Path

import pytest

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
    assert "Total traces: 19" in report
    assert f"tracereport {project / 'perf_trace.log'}" in report


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
