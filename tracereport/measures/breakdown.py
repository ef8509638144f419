"""Breakdown: what the metrics of a function say, and how much of its elapsed time its time metrics account for."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import Calls, is_time
from tracereport.calls.grouping import ROW_LIMIT, keep_rows, sum_by
from tracereport.calls.selection import Shown
from tracereport.measures.metric_use import MetricUse
from tracereport.model import Breakdown, MetricSummary, Rows

_UNIT_NS = {"_ms": 1_000_000, "_us": 1_000, "_ns": 1}


def count_breakdown(calls: Calls, use: MetricUse, shown: Shown | None = None) -> Rows[Breakdown]:
    """One row per function that has metrics, by elapsed time; times are in nanoseconds, their sums exact."""
    names = calls.metric_sets.names
    total_elapsed_ns = sum_by(calls.function, calls.elapsed_ns, len(calls.names)).tolist()
    total_calls = np.bincount(calls.function, minlength=len(calls.names)).tolist()
    found = [code for code in np.unique(use.function).tolist() if shown is None or calls.names[code] in shown.functions]
    found.sort(key=lambda code: (-total_elapsed_ns[code], calls.names[code]))
    kept = found[:ROW_LIMIT]
    entries = np.flatnonzero(np.isin(use.function, kept))
    key = use.function[entries] * max(len(names), 1) + use.name[entries]
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    summaries: dict[int, list[MetricSummary]] = {}
    for members in np.split(entries[order], starts[1:]) if len(order) else []:
        function, name = int(use.function[members[0]]), int(use.name[members[0]])
        summary = _summarise(names[name], use.value[members], use.calls[members], total_elapsed_ns[function])
        summaries.setdefault(function, []).append(summary)
    rows = [
        _describe(calls.names[function], total_calls[function], total_elapsed_ns[function], summaries[function])
        for function in kept
    ]
    return keep_rows(rows, total=len(found))


def _describe(function: str, calls: int, total_elapsed_ns: int, metrics: list[MetricSummary]) -> Breakdown:
    unaccounted_ns = _unaccounted_ns(total_elapsed_ns, metrics)
    return Breakdown(
        function=function,
        calls=calls,
        total_elapsed_ns=total_elapsed_ns,
        metrics=keep_rows(
            sorted(metrics, key=lambda metric: (metric.kind != "time", metric.kind, -metric.total, metric.name))
        ),
        unaccounted_ns=unaccounted_ns,
        unaccounted_share=None if unaccounted_ns is None or not total_elapsed_ns else unaccounted_ns / total_elapsed_ns,
    )


def _summarise(name: str, value: NDArray[np.uint64], calls: NDArray[np.int64], total_elapsed_ns: int) -> MetricSummary:
    """One metric of one function; each time that a call names it counts."""
    unit_ns = _UNIT_NS.get(name[-3:], 1)
    lowest, highest = int(value.min()) * unit_ns, int(value.max()) * unit_ns
    kind: Literal["time", "flag", "count"] = "time" if is_time(name) else "flag" if highest <= 1 else "count"
    count = int(calls.sum())
    total = _weighted_sum(value, calls) * unit_ns
    return MetricSummary(
        name=name,
        kind=kind,
        calls=count,
        total=total,
        mean=total / count,
        min=lowest,
        max=highest,
        share_of_elapsed=total / total_elapsed_ns if kind == "time" and total_elapsed_ns else None,
    )


def _weighted_sum(value: NDArray[np.uint64], calls: NDArray[np.int64]) -> int:
    """Exactly, though a value may have 64 bits."""
    high, low = (value >> np.uint64(32)).astype(np.int64), (value & np.uint64(0xFFFFFFFF)).astype(np.int64)
    return _sum_products(high, calls) * (1 << 32) + _sum_products(low, calls)


def _sum_products(value: NDArray[np.int64], calls: NDArray[np.int64]) -> int:
    if int(value.max()) * int(calls.sum()) < 1 << 63:
        return int((value * calls).sum())
    products: NDArray[Any] = value.astype(object) * calls.astype(object)
    return int(products.sum())


def _unaccounted_ns(total_elapsed_ns: int, metrics: list[MetricSummary]) -> int | None:
    times_ns = [metric.total for metric in metrics if metric.kind == "time"]
    return total_elapsed_ns - sum(times_ns) if times_ns else None
