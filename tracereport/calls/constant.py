"""Columns in as little memory as their values need.

One that holds one value throughout takes none: it is a view of a single element, with a stride of 0. Lines, call
numbers and the like are nearly always small: they take 32 bits, and 64 only where they have to.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from tracereport.native.codes import take

Scalar = TypeVar("Scalar", bound=np.generic)
Whole = NDArray[np.signedinteger[Any]]
"""Whole numbers of 32 bits or of 64; what is computed from several of them is to be given its own type."""

_FITS_BELOW: Final = 1 << 30
"""Of what stands in 32 bits: two may be added up, and one may be taken from the other."""


def repeat_value(value: Scalar, count: int) -> NDArray[Scalar]:
    """A column of one value."""
    column: NDArray[Scalar] = np.broadcast_to(value, count)
    return column


def repeat_runs(values: NDArray[Scalar], counts: NDArray[np.integer[Any]]) -> NDArray[Scalar]:
    """Each value so many times, one run behind the other."""
    return repeat_value(values[0], int(counts[0])) if len(values) == 1 else np.repeat(values, counts)


def is_constant(column: NDArray[Any]) -> bool:
    """Whether a column is such a one; an empty one isn't."""
    return column.strides == (0,) and len(column) > 0


def shrink(column: NDArray[Scalar]) -> NDArray[Scalar]:
    """The column, as such a one if all its values are the same."""
    if len(column) and column[0] == column[-1] and column.min() == column.max():
        return repeat_value(column[0], len(column))
    return column


def narrow(column: Whole) -> Whole:
    """The column in 32 bits if its values fit."""
    if is_constant(column) or column.dtype == np.int32 or not len(column):
        return column
    if int(column.min()) >= -_FITS_BELOW and int(column.max()) < _FITS_BELOW:
        return column.astype(np.int32)
    return column


def map_column(function: Callable[[NDArray[Any]], NDArray[Scalar]], column: NDArray[Any]) -> NDArray[Scalar]:
    """What a function of single values gives for a column: of one value it is asked once."""
    if is_constant(column):
        return repeat_value(function(column[:1])[0], len(column))
    return function(column)


def map_rows(column: NDArray[Scalar], rows: NDArray[np.integer[Any]]) -> NDArray[Scalar]:
    """Some entries of a column; of such a one it is such a one."""
    return repeat_value(column[0], len(rows)) if is_constant(column) else take(column, rows)


def concatenate(parts: Sequence[NDArray[Scalar]]) -> NDArray[Scalar]:
    """The parts, one behind the other."""
    filled = [part for part in parts if len(part)]
    if filled and all(is_constant(part) and part[0] == filled[0][0] for part in filled):
        return repeat_value(filled[0][0], sum(map(len, filled)))
    return np.concatenate(parts)
