"""A measure is one file: here is one, which the engine measures, merges and finishes like its own."""

from collections.abc import Sequence

import pytest

from tests.engine.test_same_report import REAL, ignore, measuring
from tracereport.calls.grouping import ROW_LIMIT
from tracereport.engine import measuring as engine
from tracereport.engine import tasks
from tracereport.engine.run import measure_inputs
from tracereport.measures.context import Context
from tracereport.measures.interface import Measure, Whole
from tracereport.model import Settings


def count_odd_numbers(context: Context) -> int:
    return int((context.calls.number % 2).sum())


def add_up(parts: Sequence[int]) -> int:
    return sum(parts)


def describe(whole: Whole) -> str:
    return f"{whole['odd-numbers']} odd"


TOY = Measure("odd-numbers", count_odd_numbers, add_up, describe)


def test_a_measure_of_one_file_is_measured_merged_and_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MEASURED", (*engine.MEASURED, TOY))
    monkeypatch.setattr(tasks, "MEASURED", engine.MEASURED)
    paths = REAL[:4]
    with measure_inputs(measuring(paths), ignore) as parts:
        merged = parts.merge()
    whole = Whole(merged, Settings(), is_narrowed=False, row_limit=ROW_LIMIT, details=parts.details)
    calls = sum(path.read_bytes().count(b"PERF_TRACE|") for path in paths)
    assert TOY.finish is not None
    assert TOY.finish(whole) == f"{merged['odd-numbers']} odd"
    assert 0 < merged["odd-numbers"] < calls
