"""Which metrics each function's calls carry: every field of the distinct metric sets, and how many calls have it."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import Calls
from tracereport.calls.grouping import count_by
from tracereport.native.codes import take
from tracereport.native.pairs import number_pairs
from tracereport.native.tally import count_pairs

_DENSE_PAIRS = 1 << 20


class MetricSetUse(msgspec.Struct, frozen=True, eq=False):
    """Parallel columns, one entry per function and set of metrics."""

    function: NDArray[np.int64]
    metric_set: NDArray[np.int64]
    calls: NDArray[np.int64]


class MetricUse(msgspec.Struct, frozen=True, eq=False):
    """Parallel columns, one entry per function, set of metrics and field of the set."""

    pairs: MetricSetUse
    """The functions and sets themselves."""
    function: NDArray[np.int64]
    name: NDArray[np.int32]
    value: NDArray[np.uint64]
    calls: NDArray[np.int64]


def count_metric_use(calls: Calls, rows: NDArray[np.integer[Any]] | None = None) -> MetricUse:
    """Counts the calls of each function with each set of metrics, and gives the sets' fields.

    ``rows`` are the calls that count; null: all.
    """
    sets = calls.metric_sets
    set_count = len(sets.offset) - 1
    function_of = calls.lookups.function[calls.signatures.lookup]
    signature, metric_set = calls.signature, calls.metric_set
    if rows is not None:
        signature, metric_set = signature[rows], metric_set[rows]
    function = take(function_of, signature)
    if len(calls.names) * set_count <= _DENSE_PAIRS:
        table = count_pairs(function, len(calls.names), metric_set, set_count)
        used, used_set = np.nonzero(table)
        counts = table[used, used_set]
    else:
        pair, first = number_pairs(function, len(calls.names), metric_set, set_count)
        used, used_set = function[first].astype(np.int64), metric_set[first].astype(np.int64)
        counts = count_by(pair, len(first))
    length = np.diff(sets.offset)[used_set]
    pair = np.repeat(np.arange(len(used)), length)
    field = np.arange(len(pair)) - np.repeat(np.cumsum(length) - length, length) + sets.offset[used_set][pair]
    return MetricUse(
        pairs=MetricSetUse(used, used_set, counts),
        function=used[pair],
        name=sets.name[field],
        value=sets.value[field],
        calls=counts[pair],
    )
