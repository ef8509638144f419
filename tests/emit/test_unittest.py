"""Under unittest each test is named, and each of its phases is a frame; under pytest the plugin names it."""

from pathlib import Path

import pytest

from tests.emit.test_autostart import run
from tests.written_lines import WrittenCall, read_written

TESTS = """
import asyncio, unittest
from tracereport.emit import traced

@traced
def load(key):
    return key

@traced
async def fetch(key):
    return key

class Plain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        load("class")
    def setUp(self):
        load("before")
    def tearDown(self):
        load("behind")
    def test_loads(self):
        for key in ("a", "a"):
            with self.subTest(key=key):
                load(key)
    def test_skips(self):
        load("b")
        self.skipTest("of its own will")

class Asynchronous(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        await fetch("before")
    async def test_fetches(self):
        await asyncio.gather(fetch("a"), fetch("a"))
"""
PLAIN, ASYNCHRONOUS = "test_it.Plain", "test_it.Asynchronous"


def trace_run(folder: Path, *arguments: str) -> list[WrittenCall]:
    (folder / "test_it.py").write_text(TESTS)
    done = run(folder, *arguments, PERF_TRACE=str(folder / "trace.log"))
    assert done.returncode == 0, done.stdout + done.stderr
    return read_written(folder / "trace.log")


def asked(calls: list[WrittenCall]) -> set[tuple[str, str | None, str | None, str | None]]:
    """Of each question: its key, the test, the phase, and the frame it stands in."""
    frames: dict[int | None, str] = {call.number: call.function for call in calls if call.reserved.get("frame")}
    return {
        (call.params[0][1], call.test, call.reserved.get("phase"), frames.get(call.parent))
        for call in calls
        if call.number not in frames
    }


def test_each_phase_of_a_test_is_a_frame_of_its_own(tmp_path: Path) -> None:
    calls = trace_run(tmp_path, "-m", "unittest", "-q", "test_it")
    loads, skips, fetches = f"{PLAIN}.test_loads", f"{PLAIN}.test_skips", f"{ASYNCHRONOUS}.test_fetches"
    around = {
        (key, test, phase, f"test {phase}")
        for test in (loads, skips)
        for key, phase in (("before", "setup"), ("behind", "teardown"))
    }
    assert asked(calls) == {
        ("class", None, None, None),
        *around,
        ("a", loads, "call", "test"),
        ("b", skips, "call", "test"),
        ("before", fetches, "setup", "test setup"),
        ("a", fetches, "call", "test"),
    }
    assert {call.reserved["via"] for call in calls if call.reserved.get("frame")} == {"unittest"}
    assert len([call for call in calls if call.test == fetches and call.params[0][1] == "a"]) == 2


def test_the_file_of_a_run_is_named_after_unittest(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    assert run(tmp_path, "-m", "unittest", "-q", PERF_TRACE=str(tmp_path / "%n.log")).returncode == 0
    assert [path.name for path in tmp_path.glob("*.log")] == ["unittest.log"]


def test_a_test_that_is_run_again_is_another_try(tmp_path: Path) -> None:
    (tmp_path / "again.py").write_text(
        "import unittest, test_it\n"
        "for _ in range(2):\n"
        "    assert unittest.defaultTestLoader.loadTestsFromModule(test_it).run(unittest.TestResult()) is not None\n"
    )
    calls = trace_run(tmp_path, "again.py")
    assert {call.reserved["try"] for call in calls if call.test} == {"1", "2"}


def test_under_pytest_the_plugin_names_the_tests(tmp_path: Path) -> None:
    calls = trace_run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py")
    assert {call.test for call in calls if call.test} == {
        f"test_it.py::{name}" for name in ("Plain::test_loads", "Plain::test_skips", "Asynchronous::test_fetches")
    }
    assert {call.reserved["via"] for call in calls if call.function == "test"} == {"pytest"}


def test_under_pytest_set_up_and_tear_down_are_no_part_of_the_test(tmp_path: Path) -> None:
    calls = trace_run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py")
    assert {(key, phase, frame) for key, _, phase, frame in asked(calls)} == {
        ("class", "setup", "fixture"),
        ("before", "setup", "test setup"),
        ("a", "call", "test"),
        ("b", "call", "test"),
        ("behind", "teardown", "test teardown"),
    }
    assert {call.reserved["try"] for call in calls} == {"1"}


@pytest.mark.parametrize("variable", [{}, {"PERF_TRACE_WITHOUT": "unittest"}])
def test_while_it_is_off_nothing_is_put_around_tests(tmp_path: Path, variable: dict[str, str]) -> None:
    target = str(tmp_path / "trace.log") if variable else "0"
    code = "import unittest, unittest.async_case; assert not hasattr(unittest.TestCase._callSetUp, '__wrapped__')"
    assert run(tmp_path, "-c", code, PERF_TRACE=target, **variable).returncode == 0
