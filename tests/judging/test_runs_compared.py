"""Two runs of one test suite: what scheduling decides fails no gate, and what the program does otherwise is found."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.running import run

GATES = ("--fail-on", "new-findings", "--fail-on", "worse", "--fail-on", "redundant_calls > baseline")


def written(folder: Path, name: str, *lines: str) -> Path:
    """A log of these lines: markers, or trace lines from their number on."""
    path = folder / name
    path.write_text("".join(f"{line}\n" if line.startswith(" ") else f"PERF_TRACE|{line}\n" for line in lines))
    return path


def compare(folder: Path, before: Path, after: Path, *gates: str) -> tuple[int, dict[str, Any]]:
    """The exit code of judging a run by one before it, and its report."""
    assert run(before, "-q", "-o", folder / "base.json").returncode == 0
    judged = run(after, "-q", "--baseline", folder / "base.json", "-o", folder / "after.json", *gates)
    return judged.returncode, json.loads((folder / "after.json").read_bytes())


def find(number: int, key: str, test: str, *said: str) -> str:
    return "|".join(
        (f"{number}|find|caller=page|key={key}|elapsed_us=7|size=1|parent=none", f"test=t.py::{test}", *said)
    )


def shared_out(folder: Path, name: str, *shares: Sequence[tuple[str, str]]) -> Path:
    """The log of workers that ran these tests; each asks for its key twice."""
    lines = []
    for worker, tests in enumerate(shares):
        lines.append(f"     Running pytest (gw{worker})")
        asked = [(test, key) for test, key in tests for _ in range(2)]
        lines += [find(number, key, test) for number, (test, key) in enumerate(asked)]
    return written(folder, name, *lines)


TESTS = [(f"test_{index}", f"k{index % 3}") for index in range(8)]


@pytest.mark.parametrize(
    "after", [[TESTS], [TESTS[:3], TESTS[3:]], [TESTS[::3], TESTS[1::3], TESTS[2::3]], [TESTS[::-1]]]
)
def test_which_worker_ran_which_test_fails_no_gate(tmp_path: Path, after: list[list[tuple[str, str]]]) -> None:
    before = shared_out(tmp_path, "before.log", TESTS[::2], TESTS[1::2])
    code, report = compare(tmp_path, before, shared_out(tmp_path, "after.log", *after), *GATES)
    assert code == 0
    assert report["totals"]["redundant_calls"] == 8
    assert {row["state"] for row in report["comparison"]["findings"]["rows"]} == {"unchanged"}


def test_a_test_that_was_tried_again_fails_no_gate(tmp_path: Path) -> None:
    first = [find(0, "a", "test_flaky", "try=1"), find(1, "b", "test_other", "try=1")]
    before = written(tmp_path, "before.log", *first)
    after = written(tmp_path, "after.log", *first, find(2, "a", "test_flaky", "try=2"))
    code, report = compare(tmp_path, before, after, *GATES)
    assert (code, report["totals"]["redundant_calls"]) == (0, 0)
    assert [row["name"] for row in report["units"]["rows"]][-1] == "t.py::test_flaky (try 2)"


def test_a_repeat_inside_of_one_test_fails_the_gates(tmp_path: Path) -> None:
    before = written(tmp_path, "before.log", find(0, "a", "test_one"), find(1, "a", "test_other"))
    after = written(
        tmp_path, "after.log", find(0, "a", "test_one"), find(1, "a", "test_one"), find(2, "a", "test_other")
    )
    code, report = compare(tmp_path, before, after, *GATES)
    assert (code, report["totals"]["redundant_calls"]) == (1, 1)
    assert [gate["passed"] for gate in report["gates"]["rows"]] == [False, True, False]


PAGE, THREADS = (
    f"     Running tests/{name}.rs (target/debug/deps/{name}-0123456789abcdef)" for name in ("page", "threads")
)
THREADED = (THREADS, "0|q|caller=a|id=1|elapsed_ms=1|rows=1", "2|q|caller=b|id=2|elapsed_ms=1|rows=1")
"""A process whose tree nobody knows."""


def test_a_new_loop_in_a_process_with_a_tree_fails_the_gate_whatever_runs_beside_it(tmp_path: Path) -> None:
    whole = (PAGE, "1|list_all|caller=page|elapsed_ms=1|rows=6", "0|page|caller=unknown|elapsed_ms=3")
    loop = [f"{number}|load_one|caller=page|id={number}|elapsed_ms=1|rows=1" for number in range(1, 7)]
    looped = (PAGE, *loop, "0|page|caller=unknown|elapsed_ms=9")
    for beside in ((), THREADED):
        before = written(tmp_path, "before.log", *whole, *beside)
        after = written(tmp_path, "after.log", *looped, *beside)
        code, report = compare(tmp_path, before, after, "--fail-on", "new-findings")
        assert code == 1
        new = [row for row in report["comparison"]["findings"]["rows"] if row["state"] == "new"]
        assert [(row["kind"], row["function"]) for row in new] == [("fan-out", "load_one")]
