"""Codes are looked up, renumbered and paired as plain Python would do it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracereport.native.codes import PairTable, renumber, take

CODES = st.lists(st.integers(-3, 9))
MANY = 3_000
"""Enough of them for the library: fewer are left to NumPy."""


def narrow(codes: list[int]) -> np.ndarray:
    return np.array(codes, np.int32)


@pytest.mark.parametrize("entry", [np.bool_, np.uint16, np.int32, np.float64])
@pytest.mark.parametrize("index", [np.int32, np.int64, np.uint8])
def test_entries_are_taken_as_numpy_takes_them(entry: type[Any], index: type[Any]) -> None:
    table = np.arange(90).astype(entry)
    wanted = np.random.default_rng(1).integers(0, 90, MANY).astype(index)
    assert np.array_equal(take(table, wanted), table[wanted])
    assert take(table, wanted).dtype == entry


def test_indices_below_zero_count_from_the_end() -> None:
    table = np.arange(7)
    wanted = np.random.default_rng(2).integers(-7, 7, MANY)
    assert np.array_equal(take(table, wanted), table[wanted])
    assert np.array_equal(take(table, wanted[::3]), table[wanted[::3]])


@pytest.mark.parametrize("beyond", [7, -8, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize("count", [1, MANY])
def test_an_index_beyond_the_table_is_refused(beyond: int, count: int) -> None:
    with pytest.raises(IndexError):
        take(np.arange(7), narrow([0] * (count - 1) + [beyond]))


@given(CODES)
def test_codes_are_numbered_as_they_are_first_used(codes: list[int]) -> None:
    numbers, used = renumber(narrow(codes))
    assert used.tolist() == list(dict.fromkeys(codes))
    assert used[numbers].tolist() == codes


def test_codes_in_order_are_given_back_as_they_are() -> None:
    codes = narrow([0, 1, 0, 2, 1])
    assert renumber(codes)[0] is codes


def test_a_column_of_one_code_stays_one() -> None:
    numbers, used = renumber(np.broadcast_to(np.int32(-5), 9))
    assert numbers.strides == (0,)
    assert (numbers.tolist(), used.tolist()) == ([0] * 9, [-5])


@given(st.lists(st.lists(st.tuples(st.sampled_from((-1, 0, 1, 2**31 - 1)), st.integers(-(2**31), 2)))))
def test_pairs_have_one_code_each_in_the_order_of_first_use(parts: list[list[tuple[int, int]]]) -> None:
    table = PairTable()
    known: dict[tuple[int, int], int] = {}
    for part in parts:
        first, second = narrow([one for one, _ in part]), narrow([other for _, other in part])
        assert table.intern(first, second).tolist() == [known.setdefault(pair, len(known)) for pair in part]
    assert len(table) == len(known)
    assert [tuple(pair) for pair in table.pairs().tolist()] == list(known)


def test_many_pairs_are_told_apart() -> None:
    first, second = np.divmod(np.random.default_rng(3).permutation(40_000).astype(np.int32), np.int32(200))
    table = PairTable()
    assert table.intern(first, second).tolist() == list(range(40_000))
    assert np.array_equal(table.intern(first[::-1], second[::-1]), np.arange(40_000)[::-1])
