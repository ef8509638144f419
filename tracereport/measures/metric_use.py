"""Which metrics each function's calls carry: every field of the distinct metric sets, and how many calls have it."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import Calls

_DENSE_PAIRS = 1 << 22


class MetricUse(msgspec.Struct, frozen=True, eq=False):
    """Parallel columns, one entry per function, set of metrics and field of the set."""

    function: NDArray[np.int64]
    name: NDArray[np.int32]
    value: NDArray[np.uint64]
    calls: NDArray[np.int64]


def count_metric_use(calls: Calls, rows: NDArray[np.intp] | None = None) -> MetricUse:
    """Counts the calls of each function with each set of metrics, and gives the sets' fields.

    ``rows`` are the calls that count; null: all.
    """
    sets = calls.metric_sets
    set_count = len(sets.offset) - 1
    key = calls.function.astype(np.int64) * set_count + calls.metric_set
    if rows is not None:
        key = key[rows]
    if len(calls.names) * set_count <= _DENSE_PAIRS:
        counts = np.bincount(key)
        distinct = np.flatnonzero(counts)
        counts = counts[distinct]
    else:
        distinct, counts = np.unique(key, return_counts=True)
    function, metric_set = np.divmod(distinct, max(set_count, 1))
    length = np.diff(sets.offset)[metric_set]
    pair = np.repeat(np.arange(len(distinct)), length)
    field = np.arange(len(pair)) - np.repeat(np.cumsum(length) - length, length) + sets.offset[metric_set][pair]
    return MetricUse(function=function[pair], name=sets.name[field], value=sets.value[field], calls=counts[pair])
