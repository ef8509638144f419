"""What is certain of processes that can't be told apart: never more repeats than there were."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import WrittenProcess, interleaved, processes
from tests.truth import NAMES, TrueCall, log_path, read_truth
from tracereport.calls.calls import Calls, is_time
from tracereport.engine.report import make_report
from tracereport.model import Settings
from tracereport.processes.bounds import NO_ANSWER, bound_repeats
from tracereport.sources.perf_trace.reader import read_log


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


def answers_of(calls: Calls) -> np.ndarray:
    """Codes of the answers of the sets of metrics: all metrics but times."""
    codes: dict[tuple[tuple[str, int], ...], int] = {}
    found = []
    for own in range(len(calls.metric_sets.offset) - 1):
        metrics = calls.metric_sets.metrics_of(own)
        results = tuple(sorted((metric.name, metric.value) for metric in metrics if not is_time(metric.name)))
        found.append(codes.setdefault(results, len(codes)) if results else NO_ANSWER)
    return np.array(found, np.int64)


def read(folder: Path, *lines: str) -> Calls:
    path = folder / "some.log"
    path.write_text("".join(f"PERF_TRACE|{line}\n" for line in lines), encoding="utf-8")
    return read_log([str(path)])


def bounds_of(calls: Calls) -> tuple[int, int]:
    bounds = bound_repeats(calls, answers_of(calls))
    return int(bounds.repeats.sum()), int(bounds.unchanged.sum())


def mixed(folder: Path, behind: str = "|rows=1", parameters: str = "id=1") -> Calls:
    """Two processes, of which one asks five times and the other four times."""
    lines = [
        f"{number}|load|{parameters}|elapsed_us=5{behind.format(number)}" for number in (0, 1, 2, 0, 1, 3, 4, 2, 3)
    ]
    calls = read(folder, *lines, "9|other|elapsed_us=1")
    assert not calls.judged.any()
    return calls


def test_all_but_one_of_each_process_and_of_one_more_are_repeats(folder: Path) -> None:
    assert bounds_of(mixed(folder)) == (6, 6)
    assert bounds_of(mixed(folder, "")) == (6, 0)
    assert bounds_of(mixed(folder, "|rows={0}")) == (6, 0)


def test_what_is_no_question_is_no_repeat(folder: Path) -> None:
    for behind in ("|write=1", "|frame=1", "|failed=1"):
        assert bounds_of(mixed(folder, behind)) == (0, 0)


def test_judged_processes_need_no_bounds(folder: Path) -> None:
    calls = read(folder, *(f"{number}|load|elapsed_us=5" for number in range(9)))
    assert calls.judged.all()
    assert bounds_of(calls) == (0, 0)
    assert bounds_of(read(folder)) == (0, 0)


def test_bounds_of_a_real_log_are_close_and_never_more_than_the_truth() -> None:
    calls = read_log([str(log_path("torn-lines"))])
    least, unchanged = bounds_of(calls)
    true_repeats = sum(count_repeats(process.calls) for process in read_truth("torn-lines"))
    assert least <= true_repeats
    assert unchanged <= least
    assert least >= 0.95 * true_repeats


def count_repeats(calls: tuple[TrueCall, ...]) -> int:
    asked = Counter((call.function, call.params) for call in calls)
    return sum(count - 1 for count in asked.values())


@given(processes(largest_size=12), processes(largest_size=12), st.data())
@settings(max_examples=80)
def test_bounds_are_never_more_than_the_truth(
    folder: Path, first: WrittenProcess, second: WrittenProcess, data: st.DataObject
) -> None:
    lines = data.draw(interleaved([call.trace() for call in first.calls], [call.trace() for call in second.calls]))
    (folder / "any.log").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    calls = read_log([str(folder / "any.log")])
    least, _ = bounds_of(calls)
    true_repeats = 0
    for process in (first, second):
        asked = Counter((call.function, call.params) for call in process.calls)
        true_repeats += sum(count - 1 for count in asked.values())
    assert least <= true_repeats


@pytest.mark.parametrize("name", NAMES)
def test_every_call_of_a_real_log_is_judged_but_those_of_torn_lines(name: str) -> None:
    calls = read_log([str(log_path(name))])
    if name == "torn-lines":
        totals = make_report(calls, Settings(), name).totals
        assert (totals.calls, totals.judged_calls) == (11_678, 0)
        assert (totals.interleaved_repeats, totals.interleaved_unchanged) == (11_632, 11_023)
    else:
        assert calls.judged.all()


def test_what_is_certain_is_said_of_the_process_in_the_verdict_and_before_any_figure(folder: Path) -> None:
    report = make_report(mixed(folder), Settings(), "mixed")
    assert (report.totals.redundant_calls, report.totals.interleaved_repeats) == (0, 6)
    assert [row.least_repeats for row in report.processes.rows] == [6]
    assert report.verdict.message.endswith("Of processes that wrote at the same time, at least 6 calls ask again.")
    (warning,) = [row for row in report.quality.rows if row.code == "interleaved"]
    assert warning.misleading
    assert "at least 6 of them ask again, whoever made them" in warning.message
