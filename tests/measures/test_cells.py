"""Cells hold every call once, and calls of one cell are alike."""

from pathlib import Path

import numpy as np
import pytest

from tests.paths import LOGS
from tracereport.calls.grouping import ROW_LIMIT
from tracereport.measures import cells as cells_module
from tracereport.measures.context import Context
from tracereport.model import Settings
from tracereport.sources.perf_trace.reader import read_log

SOME = ("single-thread.log", "duckpond-parallel.log", "stress-4-threads.log.gz")


def context_of(log: Path) -> Context:
    return Context(read_log([str(log)]), Settings(), None, 0, ROW_LIMIT)


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize("most", [0.0, 1.0])
def test_cells_hold_every_call_once(name: str, most: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells_module, "_MOST_CELLS", most)
    context = context_of(LOGS / name)
    calls, ordered, cells = context.calls, context.ordered, context.cells
    assert (len(cells) == len(calls)) == (most == 0 or len(calls) == len(np.unique(cells.row)))
    assert cells.calls.sum() == len(calls)
    assert cells.elapsed_ns.sum() == calls.elapsed_ns.sum()
    assert cells.resolution_ns.sum() == calls.resolution_ns.sum()
    own = cells.of_place
    for of_cell, of_place in (
        (cells.signature, ordered.signature),
        (cells.unit, ordered.unit),
        (cells.traits, context.traits),
        (cells.is_promised, context.is_promised),
        (calls.origin[cells.row], ordered.take(calls.origin)),
        (calls.test[cells.row], ordered.take(calls.test)),
    ):
        assert np.array_equal(of_cell[own], of_place)
    has_place = cells.place >= 0
    assert np.array_equal(ordered.rows(cells.place[has_place]), cells.row[has_place])
    assert cells.calls[~has_place].sum() == len(calls) - len(ordered)


def test_sums_beyond_64_bits_are_left_to_the_calls(tmp_path: Path) -> None:
    log = tmp_path / "long.log"
    line = f"PERF_TRACE|{{}}|load|caller=a|elapsed_ns={2**62}|found=1\n"
    log.write_text("".join(line.format(number) for number in range(1, 9)), encoding="utf-8")
    context = context_of(log)
    assert len(context.cells) == len(context.calls) == 8
    assert sum(context.cells.elapsed_ns.tolist()) == 8 * 2**62
