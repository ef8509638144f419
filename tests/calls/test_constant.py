"""Columns take as little memory as their values need, and hold the same whatever they take."""

from pathlib import Path

import numpy as np
import pytest

from tracereport.calls.constant import narrow, repeat_runs, shrink
from tracereport.sources.perf_trace.reader import read_log

LARGE = 1 << 40


@pytest.mark.parametrize(("largest", "kind"), [(1 << 20, np.int32), ((1 << 30) + 1, np.int64), (1 << 62, np.int64)])
def test_numbers_take_32_bits_where_they_and_their_sums_fit(largest: int, kind: type) -> None:
    for sign in (1, -1):
        column = np.array([0, sign * largest, 3], np.int64)
        found = narrow(column)
        assert found.dtype == kind
        assert found.tolist() == column.tolist()


def test_a_column_of_one_value_stays_one() -> None:
    column = shrink(np.full(9, 7, np.int64))
    assert narrow(column) is column


@pytest.mark.parametrize("counts", [[4], [2, 0, 3]])
def test_values_are_repeated_in_runs(counts: list[int]) -> None:
    values = np.arange(len(counts)) + 5
    expected = [value for value, count in zip(values.tolist(), counts, strict=True) for _ in range(count)]
    assert repeat_runs(values, np.array(counts)).tolist() == expected


@pytest.mark.parametrize("chunk_bytes", [40, 1 << 20])
def test_a_number_that_needs_64_bits_is_read_as_it_stands_among_small_ones(tmp_path: Path, chunk_bytes: int) -> None:
    log = tmp_path / "large.log"
    numbers = [0, 1, LARGE, 2, LARGE + 1, 3]
    log.write_text("".join(f"PERF_TRACE|{number}|load|elapsed_ms=1\n" for number in numbers), encoding="utf-8")
    calls = read_log([str(log)], chunk_bytes=chunk_bytes)
    assert calls.number.tolist() == numbers
    assert calls.line.tolist() == [1, 2, 3, 4, 5, 6]
