"""Breakdown: what the metrics of a function say, and how much of its elapsed time its time metrics account for."""

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import is_time
from tracereport.calls.grouping import ROW_LIMIT, keep_rows
from tracereport.measures.context import Context
from tracereport.measures.evidence import DIGEST_BITS, DIGEST_NAMES, EvidencePart
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.partials import Column, Table, merge_tables, shrink
from tracereport.model import Breakdown, MetricSummary, Rows

_UNIT_NS: Final = {"_ms": 1_000_000, "_us": 1_000, "_ns": 1}
MetricKind: TypeAlias = Literal["time", "flag", "count", "identity"]

IDENTITIES: Final = frozenset(
    {*DIGEST_NAMES, "checksum", "etag", "fingerprint", "id", "oid", "revision", "uuid", "version", "xid"}
)
"""Last words of names whose values are nothing to add up; so are values that are as large as digests."""
FLAGS: Final = frozenset(
    {
        *("cached", "changed", "created", "empty", "enabled", "error", "exists", "failed", "flag", "found", "hit"),
        *("miss", "missing", "new", "ok", "retried", "success", "timeout", "truncated", "valid"),
    }
)
"""Last words of names whose values are 0 or 1; so are names that begin with a verb of ``FLAG_VERBS``."""
FLAG_VERBS: Final = frozenset({"can", "did", "has", "is", "was"})
_SIGNED: Final = np.uint64(1 << 63)


def count_metrics(context: Context) -> Table:
    """By function and metric: how many calls name it, the sum, the least and the largest of its values.

    Values of 64 bits are kept less 2^63, so that signed columns hold them in their order.
    """
    calls, use = context.calls, context.metric_use
    names = calls.metric_sets.names
    key = use.function * max(len(names), 1) + use.name
    order = np.argsort(key, kind="stable")
    start = np.flatnonzero(np.diff(key[order], prepend=-1))
    value = (use.value[order] ^ _SIGNED).view(np.int64)
    distinct = key[order[start]]
    is_empty = not len(start)
    return Table(
        key={
            "function": Column(distinct // max(len(names), 1), calls.names),
            "metric": Column(distinct % max(len(names), 1), names),
        },
        sums={
            "calls": start if is_empty else np.add.reduceat(use.calls[order], start),
            "total": start if is_empty else _sum_products(use.value[order], use.calls[order], start),
        },
        least={"value": start if is_empty else np.minimum.reduceat(value, start)},
        most={"value": start if is_empty else np.maximum.reduceat(value, start)},
    )


def _sum_products(value: NDArray[np.uint64], calls: NDArray[np.int64], start: NDArray[np.intp]) -> NDArray[Any]:
    """Value times calls, added up group by group, exactly."""
    if int(value.max()) * int(calls.sum()) < 1 << 62:
        return np.add.reduceat(value.astype(np.int64) * calls, start)
    return shrink(np.add.reduceat(value.astype(object) * calls.astype(object), start))


def list_breakdown(whole: Whole) -> Rows[Breakdown]:
    """One row per function that has metrics, by elapsed time; times are in nanoseconds, their sums exact."""
    table: Table = whole["breakdown"]
    edges = whole.edges.by("function")
    totals = {
        name: (calls, elapsed_ns)
        for name, calls, elapsed_ns, shown in edges.rows("function", "calls", "elapsed_ns", "shown")
        if shown or not whole.is_narrowed
    }
    found: dict[str, list[tuple[str, int, int, int, int]]] = {}
    for function, metric, calls, total, least, most in zip(
        table.key["function"].decode(),
        table.key["metric"].decode(),
        table.sums["calls"].tolist(),
        table.sums["total"].tolist(),
        table.least["value"].tolist(),
        table.most["value"].tolist(),
        strict=True,
    ):
        if function in totals and function is not None and metric is not None:
            found.setdefault(function, []).append((metric, calls, total, least + (1 << 63), most + (1 << 63)))
    distinct = _count_values(whole["evidence"])
    ranked = sorted(found, key=lambda name: (-totals[name][1], name))
    rows = [_describe(name, *totals[name], found[name], distinct) for name in ranked[:ROW_LIMIT]]
    return keep_rows(rows, total=len(ranked))


def _describe(
    function: str,
    calls: int,
    total_elapsed_ns: int,
    found: list[tuple[str, int, int, int, int]],
    distinct: Mapping[tuple[str, str], tuple[int, bool]],
) -> Breakdown:
    metrics = [_summarise(*own, total_elapsed_ns, distinct.get((function, own[0]))) for own in found]
    times_ns = [metric.total for metric in metrics if metric.kind == "time"]
    unaccounted_ns = total_elapsed_ns - sum(times_ns) if times_ns else None
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


def _count_values(part: EvidencePart) -> dict[tuple[str, str], tuple[int, bool]]:
    """By function and metric how many values the judged questions have, and whether there are more."""
    found: dict[tuple[str, str], tuple[int, bool]] = {}
    for function, metric, more in part.values.rows("function", "metric", "more"):
        count, has_more = found.get((function, metric), (0, False))
        found[function, metric] = (count + 1, has_more or bool(more))
    return found


def tell_kind(name: str, most: int) -> MetricKind:
    """What a metric is, by its name: that its values happen to be 0 and 1 makes no flag."""
    if is_time(name):
        return "time"
    words = name.lower().split("_")
    if most >= 1 << DIGEST_BITS or words[-1] in IDENTITIES:
        return "identity"
    return "flag" if most <= 1 and (words[-1] in FLAGS or words[0] in FLAG_VERBS) else "count"


def _summarise(
    name: str,
    calls: int,
    total: int,
    least: int,
    most: int,
    total_elapsed_ns: int,
    distinct: tuple[int, bool] | None,
) -> MetricSummary:
    """One metric of one function; each time that a call names it counts."""
    unit_ns = _UNIT_NS.get(name[-3:], 1)
    kind = tell_kind(name, most)
    values, has_more = distinct if distinct is not None and kind == "identity" else (None, False)
    return MetricSummary(
        name=name,
        kind=kind,
        calls=calls,
        total=total * unit_ns,
        mean=total * unit_ns / calls,
        min=least * unit_ns,
        max=most * unit_ns,
        share_of_elapsed=total * unit_ns / total_elapsed_ns if kind == "time" and total_elapsed_ns else None,
        distinct_values=values,
        has_more_values=has_more,
    )


MEASURE = Measure("breakdown", count_metrics, merge_tables, list_breakdown)
