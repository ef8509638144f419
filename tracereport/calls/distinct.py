"""Columns of texts -> the distinct ones in the order of their first use, and which of them each text is."""

import numpy as np
import polars as pl
from numpy.typing import NDArray


def code_texts(texts: pl.Series) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Each text's number in the order of first use, and where each number is used first; null is a text like others.

    Texts are told apart by their hashes, and then compared: equal hashes of different texts cost time, no more.
    """
    codes, first_use = rank_by_first_use(np.unique(texts.hash().to_numpy(), return_inverse=True)[1])
    if not texts.eq_missing(texts.gather(first_use[codes])).all():
        return code_repeated_texts(texts)
    return codes, first_use


def code_repeated_texts(texts: pl.Series) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """As ``code_texts``, by a dictionary: half the time where most texts repeat others, thrice it where none do."""
    codes = texts.cast(pl.Categorical(pl.Categories.random())).to_physical()
    if codes.null_count():
        codes = codes.cast(pl.Int64).fill_null(-1) + 1
    return rank_by_first_use(codes.to_numpy())


def rank_by_first_use(codes: NDArray[np.integer]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Codes renumbered in the order of their first use, and where each new one is used first."""
    if not len(codes):
        return np.empty(0, np.int32), np.empty(0, np.int64)
    first_use = np.empty(int(codes.max()) + 1, np.int64)
    # Assigned from the last to the first: what remains is the first.
    first_use[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    first_use = first_use[codes]
    is_first = np.zeros(len(codes), bool)
    is_first[first_use] = True
    return (np.cumsum(is_first, dtype=np.int32) - 1)[first_use], np.flatnonzero(is_first)
