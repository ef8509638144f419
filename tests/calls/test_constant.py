"""Columns of one value behave as the columns that they stand for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracereport.calls.constant import concatenate, is_constant, map_column, repeat_value, shrink
from tracereport.native.keys import factorize

VALUES = st.lists(st.integers(-2, 2), max_size=6)


@given(VALUES)
def test_a_column_of_one_value_takes_no_room_and_says_the_same(values: list[int]) -> None:
    column = shrink(np.array(values, np.int64))
    assert column.tolist() == values
    assert is_constant(column) == (len(set(values)) == 1)


@given(st.lists(VALUES.map(lambda values: shrink(np.array(values, np.int64))), min_size=1, max_size=4))
def test_parts_are_put_together_whatever_they_are(parts: list[np.ndarray]) -> None:
    whole = concatenate(parts)
    values = [value for part in parts for value in part.tolist()]
    assert whole.tolist() == values
    assert whole.dtype == np.int64
    if is_constant(whole):
        assert len(set(values)) == 1


@given(VALUES.filter(bool))
def test_a_function_is_asked_once_for_one_value(values: list[int]) -> None:
    asked = []

    def double(column: np.ndarray) -> np.ndarray:
        asked.append(len(column))
        return column * 2

    column = shrink(np.array(values, np.int64))
    assert map_column(double, column).tolist() == [value * 2 for value in values]
    assert asked == [1 if is_constant(column) else len(values)]


def test_a_column_of_one_value_has_one_code() -> None:
    codes, first_use = factorize(repeat_value(np.int64(7), 5))
    assert (codes.tolist(), first_use.tolist()) == ([0] * 5, [0])
    assert factorize(repeat_value(np.int64(7), 0))[0].tolist() == []
