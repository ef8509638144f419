"""The first rows of lists: in one order wherever they are made, and merged without a look at those that don't count."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import logs
from tests.truth import NAMES, log_path
from tracereport.calls.calls import Calls
from tracereport.engine.measuring import measure_calls
from tracereport.errors import InputError
from tracereport.measures.fanout_rows import rank_fanout
from tracereport.measures.sequential import rank_sequential
from tracereport.measures.shared import rank_shared
from tracereport.measures.slowest import rank_slowest
from tracereport.measures.top import PackedRows, Top, merge_tops
from tracereport.model import CallReference, Settings
from tracereport.sources.inputs import read_inputs

RANKS: dict[str, Any] = {
    "fanouts": rank_fanout,
    "sequential_duplicates": rank_sequential,
    "shared_lookups": rank_shared,
    "slowest_calls": rank_slowest,
}


def require_order(calls: Calls, row_limit: int) -> None:
    part = measure_calls(calls, Settings(), first_process=0, row_limit=row_limit)
    for key, rank in RANKS.items():
        rows = part.partials[key].rows
        assert list(rows) == sorted(rows, key=rank), key


@pytest.mark.parametrize("row_limit", [7, 1_000])
@pytest.mark.parametrize("name", NAMES)
def test_rows_of_real_logs_are_in_the_order_that_they_are_merged_in(name: str, row_limit: int) -> None:
    require_order(read_inputs([str(log_path(name))]), row_limit)


@given(log=logs(), row_limit=st.integers(1, 5))
def test_rows_of_any_log_are_in_the_order_that_they_are_merged_in(
    tmp_path_factory: pytest.TempPathFactory, log: bytes, row_limit: int
) -> None:
    path = Path(tmp_path_factory.getbasetemp(), "any.log")
    path.write_bytes(log)
    require_order(read_inputs([str(path)]), row_limit)


def at(number: int) -> CallReference:
    return CallReference(process=0, number=number, line=1)


def rank_number(row: CallReference) -> int:
    return row.number


@given(lists=st.lists(st.lists(st.integers(0, 50)), min_size=1), limit=st.integers(1, 20))
def test_the_first_rows_of_all_lists_are_kept(lists: list[list[int]], limit: int) -> None:
    kept = [sorted(numbers)[:limit] for numbers in lists]
    tops = [Top(len(every), tuple(map(at, own))) for every, own in zip(lists, kept, strict=True)]
    packed = [Top(top.total, PackedRows(CallReference, PackedRows.pack(top.rows))) for top in tops]
    expected = sorted(number for own in lists for number in own)
    for parts in (tops, packed):
        merged = merge_tops(parts, rank_number, limit)
        assert merged.total == len(expected)
        assert list(map(rank_number, merged.rows)) == expected[:limit]


def test_packed_rows_are_made_when_they_are_asked_for() -> None:
    rows = tuple(map(at, range(5)))
    packed = PackedRows(CallReference, PackedRows.pack(rows))
    assert (len(packed), packed[3], packed[1:3], tuple(packed)) == (5, rows[3], rows[1:3], rows)
    with pytest.raises(IndexError):
        packed[5]


def test_only_the_rows_that_count_are_made() -> None:
    # The second list's rows behind its first are none: they would be an error if they were looked at.
    others = msgspec.msgpack.encode([at(10), "none", "none"])
    merged = merge_tops([Top(3, tuple(map(at, range(3)))), Top(3, PackedRows(CallReference, others))], rank_number, 3)
    assert list(map(rank_number, merged.rows)) == [0, 1, 2]


def test_a_row_of_another_kind_is_an_error_of_ours() -> None:
    packed: PackedRows[CallReference] = PackedRows(CallReference, msgspec.msgpack.encode(["none"]))
    with pytest.raises(InputError, match="damaged"):
        packed[0]
