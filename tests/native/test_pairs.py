"""Pairs are numbered, and rows held against one another, as a loop over them would do it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracereport.native.pairs import NO_PAIR, NOTHING_VARIES, SEVERAL_VARY, find_only_varying, number_pairs

CODES = st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 4)))


@given(CODES, st.booleans())
def test_pairs_are_numbered_by_outer_code_and_first_use(codes: list[tuple[int, int]], is_ordered: bool) -> None:
    if is_ordered:
        codes = sorted(codes, key=lambda own: own[0])
    outer, inner = np.array(codes, np.int64).reshape(-1, 2).T
    pair, first = number_pairs(outer, 4, inner, 5)
    expected = sorted(
        {own: at for at, own in reversed([*enumerate(codes)])}.items(), key=lambda own: (own[0][0], own[1])
    )
    numbers = {own: number for number, (own, _) in enumerate((own, at) for own, at in expected if own[0] >= 0)}
    assert pair.tolist() == [numbers.get(own, NO_PAIR) for own in codes]
    assert first.tolist() == [at for own, at in expected if own[0] >= 0]


@pytest.mark.parametrize(("outer", "inner"), [([2], [0]), ([0], [3]), ([0], [-1]), ([0, 0], [0])])
def test_codes_out_of_their_range_are_refused(outer: list[int], inner: list[int]) -> None:
    with pytest.raises(ValueError, match=r"range|lengths"):
        number_pairs(np.array(outer), 2, np.array(inner), 3)


ROWS = st.lists(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=4), max_size=5)


@given(ROWS)
def test_the_only_field_that_varies_is_found(groups: list[list[tuple[int, int]]]) -> None:
    value = np.array([(0, 0), *(row for rows in groups for row in rows)], np.uint64).ravel()
    rows = np.array([len(own) for own in groups], np.int64)
    found = find_only_varying(rows, np.full(len(rows), 2), np.arange(1, rows.sum() + 1) * 2, value)
    for own, field in zip(groups, found.tolist(), strict=True):
        varying = [at for at in range(2) if len({row[at] for row in own}) > 1]
        assert field == (SEVERAL_VARY if len(varying) > 1 else varying[0] if varying else NOTHING_VARIES)


@pytest.mark.parametrize(
    ("rows", "fields", "start"),
    [([2], [1], [0]), ([1], [1], [0, 1]), ([1], [2], [2]), ([1], [1], [-1]), ([-1], [1], [])],
)
def test_rows_that_are_not_there_are_refused(rows: list[int], fields: list[int], start: list[int]) -> None:
    with pytest.raises(ValueError, match="range"):
        find_only_varying(np.array(rows), np.array(fields), np.array(start, np.int64), np.zeros(3, np.uint64))
