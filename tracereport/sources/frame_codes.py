"""Columns of a frame's texts -> codes."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tracereport.calls.calls import NO_NAME
from tracereport.native.keys import factorize


def code_texts(texts: pl.Series) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Each text's number in the order of first use, and where each number is used first; null is a text like others."""
    codes = texts.cast(pl.Categorical(pl.Categories.random())).to_physical()
    return factorize(codes.cast(pl.Int64).fill_null(-1).to_numpy())


def code_names(texts: pl.Series, names: pl.Series) -> NDArray[np.int32]:
    """Each text's index in the sorted ``names``; ``NO_NAME`` where it is null or isn't there."""
    if not len(names):
        return np.full(len(texts), NO_NAME, np.int32)
    codes = texts.cast(pl.Enum(names), strict=False).to_physical().cast(pl.Int32).fill_null(NO_NAME)
    return codes.to_numpy().copy()
