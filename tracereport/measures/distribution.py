"""Distributions of times: how many calls of each function took how long, exactly or within 0.1 %.

Recorded times repeat, since they are integers of a coarse unit. While a function has few distinct ones they are counted
each; beyond, times are counted in bins whose relative width is at most 2^-10.
"""

from itertools import pairwise
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.grouping import count_by
from tracereport.measures.partials import Array, Column, Table, group_rows
from tracereport.native.keys import factorize
from tracereport.native.pairs import number_pairs

DISTINCT_TIMES: Final = 65_536
"""Distinct times of a function up to which its distribution is exact."""
_MANTISSA_BITS: Final = 11
"""Significant bits of a bin's lower end."""


class Times(msgspec.Struct, frozen=True, eq=False):
    """The times of one function, ascending, and how many calls took each."""

    elapsed_ns: NDArray[np.int64]
    calls: NDArray[np.int64]
    is_exact: bool

    def percentile(self, percent: int) -> int:
        """Nearest rank: the smallest recorded time that at least ``percent`` of all calls don't exceed."""
        ends = np.cumsum(self.calls)
        rank = -(-percent * int(ends[-1]) // 100)
        return int(self.elapsed_ns[np.searchsorted(ends, rank)])


def count_times(function: NDArray[np.integer], elapsed_ns: NDArray[np.int64], names: tuple[str, ...]) -> Table:
    """Calls by function and elapsed time, in ns."""
    value, distinct = factorize(elapsed_ns)
    group, first = number_pairs(function, len(names), value, len(distinct))
    table = Table(
        key={"function": Column(function[first].astype(np.int64), names), "elapsed_ns": Column(elapsed_ns[first])},
        sums={"calls": count_by(group, len(first)), "binned": np.zeros(len(first), np.int64)},
    )
    return bin_times(table)


def bin_times(table: Table, by: str = "function") -> Table:
    """Puts the times of functions (or of what else the key says) with too many distinct ones into bins.

    Whatever parts a table was merged from: a function is in bins if it has too many distinct times, and a bin's lower
    end is in that bin itself.
    """
    function = table.key[by].codes
    size = count_by(function, int(function.max(initial=0)) + 1)
    is_binned = size > DISTINCT_TIMES
    is_binned[function[table.sums["binned"] > 0]] = True
    if not is_binned.any():
        return table
    chosen = is_binned[function]
    elapsed_ns = table.key["elapsed_ns"].codes.copy()
    elapsed_ns[chosen] = lower_end(elapsed_ns[chosen])
    binned = table.sums["binned"].copy()
    binned[chosen] = 1
    return group_rows(
        Table(
            {**table.key, "elapsed_ns": Column(elapsed_ns)}, {**table.sums, "binned": binned}, table.least, table.most
        )
    )


def lower_end(elapsed_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """The lower end of the bin that each time is in: its highest bits."""
    _, exponent = np.frexp(elapsed_ns.astype(np.float64))
    shift = np.maximum(exponent - _MANTISSA_BITS, 0).astype(np.int64)
    lower: NDArray[np.int64] = elapsed_ns >> shift << shift
    return lower


def split_times(table: Table) -> dict[str, Times]:
    """The distribution of each function."""
    function = table.key["function"]
    elapsed_ns = table.key["elapsed_ns"].codes
    order = np.lexsort((elapsed_ns, function.codes))
    codes = function.codes[order]
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    names = function.texts or ()
    found = {}
    for start, end in pairwise([*starts.tolist(), len(order)]):
        rows = order[start:end]
        found[names[codes[start]]] = Times(
            elapsed_ns[rows], table.sums["calls"][rows], not table.sums["binned"][rows].any()
        )
    return found


def subtract_times(all_times: Table, some: Table) -> Table:
    """The calls of a distribution that aren't in another one, which is part of it."""
    names: dict[str, int] = {}
    parts = []
    for table in (all_times, some):
        column = table.key["function"]
        own = np.array([names.setdefault(name, len(names)) for name in column.texts or ()], np.int64)
        parts.append(own[column.codes] if len(own) else column.codes)
    is_binned = np.zeros(len(names) + 1, bool)
    is_binned[parts[0][all_times.sums["binned"] > 0]] = True
    taken_ns = some.key["elapsed_ns"].codes
    taken_ns = np.where(is_binned[parts[1]], lower_end(taken_ns), taken_ns)
    calls: Array = np.concatenate((all_times.sums["calls"], -some.sums["calls"]))
    # Counts may be negative here, which sums of a table are not: they are added to their own rows.
    key = np.concatenate((all_times.key["elapsed_ns"].codes, taken_ns))
    value = factorize(key)[0]
    code, first = factorize(value.astype(np.int64) * (len(names) + 1) + np.concatenate(parts))
    total = np.zeros(len(first), np.int64)
    np.add.at(total, code, calls)
    kept = total > 0
    function = np.concatenate(parts)[first][kept]
    return Table(
        key={"function": Column(function, tuple(names)), "elapsed_ns": Column(key[first][kept])},
        sums={"calls": total[kept], "binned": is_binned[function].astype(np.int64)},
    )
