"""The report is the same, byte for byte: in one process, on workers, in parts of any order, killed and resumed."""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.strategies import logs
from tests.truth import NAMES, log_path
from tracereport.calls.grouping import ROW_LIMIT
from tracereport.calls.units import UNIT_KINDS
from tracereport.engine import run as engine
from tracereport.engine.measuring import Parts, merge_partials
from tracereport.engine.report import finish_report, make_report
from tracereport.engine.run import Measuring, measure_inputs
from tracereport.engine.tasks import run_task
from tracereport.model import Settings, UnitKind, encode_json
from tracereport.sources.inputs import read_inputs
from tracereport.sources.streams.names import describe_inputs

DEFAULT = Settings()
Told = Callable[..., None]
UNITS = st.sampled_from((None, *UNIT_KINDS))


def ignore(*_: object) -> None:
    """Nobody watches."""


def of_one_process(paths: Sequence[Path], own: Settings = DEFAULT) -> bytes:
    return encode_json(make_report(read_inputs([str(path) for path in paths]), own, "same"))


def measuring(paths: Sequence[Path], **changes: Any) -> Measuring:
    names = tuple(str(path) for path in paths)
    told: dict[str, Any] = {
        "inputs": names,
        "titles": names,
        "states": tuple(describe_inputs(names)),
        "settings": Settings(),
    }
    told |= {"row_limit": ROW_LIMIT, "workers": "1"}
    return Measuring(**(told | changes))


def of_parts(paths: Sequence[Path], **changes: Any) -> bytes:
    told = measuring(paths, **changes)
    with measure_inputs(told, ignore) as parts:
        return encode_json(finish_report(parts, told.settings, "same"))


class ShuffledExecutor(Executor):
    """Runs what it is given in this process, in an order of its own."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - not for secrets
        self._waiting: list[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]] = []

    def submit(self, function: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        assert not named
        future: Future[Any] = Future()
        self._waiting.append((future, function, args))
        if len(self._waiting) > 2:
            self._run_one()
        return future

    def _run_one(self) -> None:
        future, function, args = self._waiting.pop(self._random.randrange(len(self._waiting)))
        future.set_result(function(*args))

    def run_all(self) -> None:
        while self._waiting:
            self._run_one()


class PairwiseParts:
    """Parts that are merged two by two, in a random grouping."""

    def __init__(self, parts: Any, seed: int, *, is_shuffled: bool = False) -> None:
        self._parts = parts
        self._is_shuffled = is_shuffled
        self._random = random.Random(seed)  # noqa: S311 - not for secrets

    def merge(self) -> dict[str, Any]:
        merged: list[dict[str, Any]] = [self._parts.read_partials(name) for name in self._parts.names]
        if self._is_shuffled:
            self._random.shuffle(merged)
        while len(merged) > 1:
            at = self._random.randrange(len(merged) - 1)
            merged[at : at + 2] = [merge_partials(merged[at : at + 2])]
        return merged[0]

    def details(self, key: str, wanted: Any) -> Any:
        return self._parts.details(key, wanted)


REAL = [log_path(name) for name in NAMES]


def test_all_real_logs_together_give_the_same_report_in_parts() -> None:
    assert of_parts(REAL) == of_one_process(REAL)


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_each_real_log_alone_gives_the_same_report_from_its_part(path: Path) -> None:
    assert of_parts([path]) == of_one_process([path])


@pytest.mark.parametrize("unit", UNIT_KINDS)
def test_all_real_logs_together_give_the_same_report_by_any_unit(unit: UnitKind) -> None:
    own = Settings(unit=unit, ignore_metrics=("found",), fan_out_values=3)
    assert of_parts(REAL, settings=own) == of_one_process(REAL, own)


@pytest.mark.parametrize("seed", [1, 2])
def test_parts_merge_in_any_grouping(seed: int) -> None:
    paths = REAL[:10]
    with measure_inputs(measuring(paths), ignore) as parts:
        merged: Parts = PairwiseParts(parts, seed)
        assert encode_json(finish_report(merged, Settings(), "same")) == of_one_process(paths)


@pytest.mark.parametrize("seed", [1, 2])
def test_parts_merge_in_any_order(seed: int) -> None:
    """But for the names of the inputs and what is wrong with each: these the engine merges in the inputs' order."""
    paths = REAL[:10]
    with measure_inputs(measuring(paths), ignore) as parts:
        merged: Parts = PairwiseParts(parts, seed, is_shuffled=True)
        report = finish_report(merged, Settings(), "same")
    expected = make_report(read_inputs([str(path) for path in paths]), Settings(), "same")
    assert report.input is not None
    assert expected.input is not None
    assert sorted(report.input.files) == sorted(expected.input.files)
    assert encode_json(replace(report, input=None)) == encode_json(replace(expected, input=None))


@pytest.mark.parametrize("workers", ["2", "5"])
def test_worker_processes_give_the_same_report(workers: str) -> None:
    paths = [log_path(name) for name in ("duckpond-nextest", "single-thread", "stress-4-threads")]
    assert of_parts(paths, workers=workers) == of_one_process(paths)


def test_inputs_that_end_in_any_order_give_the_same_report(monkeypatch: pytest.MonkeyPatch) -> None:
    executor = ShuffledExecutor(3)

    def wait_for_all(futures: Any, **_: Any) -> Any:
        executor.run_all()
        return set(futures), set()

    monkeypatch.setattr("tracereport.engine.local_workers.make_local_executor", lambda _workers: executor)
    monkeypatch.setattr("tracereport.engine.workers.wait", wait_for_all)
    paths = REAL[:8]
    assert of_parts(paths, workers="4") == of_one_process(paths)


@settings(max_examples=15, deadline=None)
@given(written=st.lists(logs(), min_size=2, max_size=4), seed=st.integers(0, 9), unit=UNITS)
def test_any_logs_give_the_same_report_in_parts(
    tmp_path_factory: pytest.TempPathFactory, written: list[bytes], seed: int, unit: UnitKind | None
) -> None:
    own = Settings(unit=unit)
    folder = tmp_path_factory.mktemp("any")
    paths = [folder / f"{index}.log" for index in range(len(written))]
    for path, log in zip(paths, written, strict=True):
        path.write_bytes(log)
    with measure_inputs(measuring(paths, settings=own), ignore) as parts:
        report = finish_report(PairwiseParts(parts, seed), own, "same")
    assert encode_json(report) == of_one_process(paths, own)


def test_forty_files_of_the_same_names_give_the_same_report(tmp_path: Path) -> None:
    paths = []
    for index in range(40):
        path = tmp_path / f"part-{index:02}.log"
        lines = [f"     Running tests/part_{index % 3}.rs (target/debug/deps/part-{index:016x})\n"]
        lines += [
            f"PERF_TRACE|{number}|load|caller={'ab'[number % 2]}|id={number * (index + 1) % 7}"
            f"|elapsed_us={number * 37 % 11}|rows={number * index % 3}\n"
            for number in range(60)
        ]
        path.write_text("".join(lines))
        paths.append(path)
    assert of_parts(paths) == of_one_process(paths)


def test_what_is_done_stays_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths, parts = REAL[:6], str(tmp_path / "parts")
    measured: list[str] = []

    def stop_at_the_fourth(task: Any, *rest: Any) -> Any:
        if len(measured) == 3:
            raise KeyboardInterrupt
        measured.append(task.input)
        return run_task(task, *rest)

    monkeypatch.setattr(engine, "run_task", stop_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        of_parts(paths, parts=parts)

    def go_on(task: Any, *rest: Any) -> Any:
        measured.append(task.input)
        return run_task(task, *rest)

    monkeypatch.setattr(engine, "run_task", go_on)
    assert of_parts(paths, parts=parts) == of_one_process(paths)
    assert measured == [str(path) for path in paths]


def test_an_input_that_has_changed_is_measured_again(tmp_path: Path) -> None:
    log, parts = tmp_path / "a.log", str(tmp_path / "parts")
    log.write_text("PERF_TRACE|0|load|id=1|elapsed_ms=1\n")
    first = of_parts([log], parts=parts)
    log.write_text("PERF_TRACE|0|load|id=1|elapsed_ms=1\nPERF_TRACE|1|load|id=1|elapsed_ms=1\n")
    assert of_parts([log], parts=parts) == of_one_process([log]) != first
