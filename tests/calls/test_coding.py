"""Codes of values and of rows: dense, in order, and right however large what they stand for is."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracereport.calls.coding import code_tuples

SIZES = st.lists(st.sampled_from((1, 2, 300, 70_000, 2**31 - 1)), min_size=1, max_size=5)


@st.composite
def columns(draw: st.DrawFn) -> list[tuple[list[int], int]]:
    rows = draw(st.integers(0, 8))
    return [(draw(st.lists(st.integers(0, size - 1), min_size=rows, max_size=rows)), size) for size in draw(SIZES)]


@given(columns())
def test_rows_are_told_apart_in_their_order_whatever_the_sizes_multiply_to(
    given_columns: list[tuple[list[int], int]],
) -> None:
    distinct, code = code_tuples(*((np.array(column, np.int32), size) for column, size in given_columns))
    rows = list(zip(*(column for column, _ in given_columns), strict=True))
    found = list(zip(*(column.tolist() for column in distinct), strict=True))
    assert found == sorted(set(rows))
    assert [found[index] for index in code] == rows
