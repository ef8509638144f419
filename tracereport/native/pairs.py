"""Pairs of codes numbered, and rows of groups held against one another: what fan-outs are made of."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tracereport.native.loader import address, checked, contiguous, library

NO_PAIR: Final = -1
NOTHING_VARIES: Final = -1
SEVERAL_VARY: Final = -2


def number_pairs(
    outer: NDArray[np.integer[Any]], outers: int, inner: NDArray[np.integer[Any]], inners: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Numbers the pairs of two columns: those of a smaller outer code come first, then those that are used first.

    Args:
        outer: codes in ``[0, outers)``; what is below 0 has no pair.
        outers: above all outer codes.
        inner: codes in ``[0, inners)``, for each outer one.
        inners: above all inner codes.

    Returns:
        Of each element the number of its pair, ``NO_PAIR`` for none; of each pair the index of its first use.

    Raises:
        ValueError: a code is out of its range.
    """
    outer, inner = np.ascontiguousarray(outer, np.int32), np.ascontiguousarray(inner, np.int32)
    if len(outer) != len(inner):
        raise ValueError("columns of different lengths")
    pair, first = np.empty(len(outer), np.int32), np.empty(len(outer), np.int32)
    own = (address(outer), outers, address(inner), inners, len(outer), address(pair), address(first))
    return pair, first[: checked(library().tracereport_number_pairs(*own))].copy()


def find_only_varying(
    rows: NDArray[np.integer[Any]],
    fields: NDArray[np.integer[Any]],
    start: NDArray[np.integer[Any]],
    value: NDArray[np.uint64],
) -> NDArray[np.int32]:
    """Of each group of rows the only field in which any of them differs from the first.

    Args:
        rows: per group; they stand one behind the other.
        fields: per group how many its rows have.
        start: per row where its values begin.
        value: of the rows, in any order; rows may have them in common.

    Returns:
        Per group the position of the field; ``NOTHING_VARIES`` for none, ``SEVERAL_VARY`` for several.

    Raises:
        ValueError: a row has fewer values, or there are other rows.
    """
    rows, fields, start = contiguous(rows), contiguous(fields), contiguous(start)
    value = np.ascontiguousarray(value, np.uint64)
    if len(rows) != len(fields):
        raise ValueError("groups of different lengths")
    field = np.empty(len(rows), np.int32)
    groups = (address(rows), address(fields), len(rows))
    values = (address(start), len(start), address(value), len(value))
    checked(library().tracereport_only_varying(*groups, *values, address(field)))
    return field
