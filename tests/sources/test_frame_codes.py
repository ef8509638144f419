"""A frame's texts are told apart, in the order of their first use."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tracereport.sources.frame_codes import code_texts


@given(st.lists(st.none() | st.text(max_size=3)))
def test_texts_are_numbered_as_they_are_first_used(texts: list[str | None]) -> None:
    codes, first_use = code_texts(pl.Series(texts, dtype=pl.String))
    distinct = list(dict.fromkeys(texts))
    assert codes.tolist() == [distinct.index(text) for text in texts]
    assert first_use.tolist() == [texts.index(text) for text in distinct]
