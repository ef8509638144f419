"""Rows that are equal but in some fields: whatever their hashes, what is found is so."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracereport.calls.coding import mix_bits
from tracereport.measures import variation
from tracereport.measures.variation import NO_SET, Table, find_sets

ROWS = st.integers(1, 3).flatmap(
    lambda fields: st.lists(
        st.tuples(*(st.integers(0, 4) for _ in range(fields))), min_size=2, max_size=12, unique=True
    )
)


def table_of(rows: Sequence[tuple[int, ...]]) -> Table:
    fields = len(rows[0])
    return Table(
        rows=np.array([len(rows)]),
        fields=np.array([fields]),
        start=np.arange(len(rows)) * fields,
        value=mix_bits(np.array(rows, np.uint64).ravel()),
        name_rank=np.arange(fields),
    )


def hold(rows: list[tuple[int, ...]], least: int) -> None:
    """Every set is one: at least so many rows, equal but where they vary, and there each has a value of its own."""
    found = find_sets(table_of(rows), least)
    for index, varying in enumerate(found.varying_of_set.tolist()):
        own = [rows[at] for at in np.flatnonzero(found.set_of_row == index).tolist()]
        positions = found.varying[varying]
        assert len(own) >= least
        for position in range(len(rows[0])):
            values = {row[position] for row in own}
            assert len(values) == (len(own) if position in positions else 1)
    assert found.set_of_row.max(initial=NO_SET) < len(found.varying_of_set)


@given(ROWS, st.integers(2, 4))
def test_every_set_that_is_found_is_one(rows: list[tuple[int, ...]], least: int) -> None:
    hold(rows, least)


@given(ROWS, st.integers(2, 4))
def test_every_set_that_is_found_is_one_where_hashes_collide(rows: list[tuple[int, ...]], least: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variation, "mix_bits", lambda values: np.asarray(values).astype(np.uint64))
        hold(rows, least)


def test_rows_whose_sums_agree_are_no_set() -> None:
    rows = [(value, value % 2, 1 - value % 2) for value in range(6)]
    table = msgspec.structs.replace(table_of(rows), value=np.array(rows, np.uint64).ravel())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variation, "mix_bits", lambda values: np.asarray(values).astype(np.uint64))
        assert find_sets(table, 4).varying == ()
    assert find_sets(table_of(rows), 4).varying == ()
