"""Texts and codes told apart, in the order of their first use."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tracereport.calls.distinct import code_repeated_texts, code_texts, rank_by_first_use

Coder = Callable[[pl.Series], tuple[NDArray[np.int32], NDArray[np.int64]]]
TEXTS = st.lists(st.none() | st.text(max_size=3))


@pytest.mark.parametrize("code", [code_texts, code_repeated_texts])
@given(texts=TEXTS)
def test_texts_are_numbered_as_they_are_first_used(code: Coder, texts: list[str | None]) -> None:
    codes, first_use = code(pl.Series(texts, dtype=pl.String))
    distinct = list(dict.fromkeys(texts))
    assert codes.tolist() == [distinct.index(text) for text in texts]
    assert first_use.tolist() == [texts.index(text) for text in distinct]


def test_texts_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def hash_all_alike(texts: pl.Series) -> pl.Series:
        return pl.Series(np.zeros(len(texts), np.uint64))

    monkeypatch.setattr(pl.Series, "hash", hash_all_alike)
    codes, first_use = code_texts(pl.Series(["b", None, "a", "b", None]))
    assert codes.tolist() == [0, 1, 2, 0, 1]
    assert first_use.tolist() == [0, 1, 2]


@given(st.lists(st.integers(0, 9)))
def test_codes_are_numbered_as_they_are_first_used(values: list[int]) -> None:
    codes, first_use = rank_by_first_use(np.array(values, np.int64))
    distinct = list(dict.fromkeys(values))
    assert codes.tolist() == [distinct.index(value) for value in values]
    assert first_use.tolist() == [values.index(value) for value in distinct]
