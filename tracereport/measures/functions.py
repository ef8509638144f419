"""Functions: calls, repeats, self time and the distribution of their times."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tracereport.calls.calls import NO_NAME
from tracereport.calls.constant import is_constant
from tracereport.calls.grouping import LONG_ROW_LIMIT, count_by, keep_rows, sum_by
from tracereport.measures.context import Context
from tracereport.measures.distribution import Times, bin_times, count_times, split_times
from tracereport.measures.evidence import EvidencePart
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.partials import Column, Table, merge_tables, shrink
from tracereport.model import EvidenceGrade, Function, HistogramBin, Rows
from tracereport.native.tally import find_extremes
from tracereport.native.trees import sum_children

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PERCENTS = (50, 90, 99)


class FunctionsPart(msgspec.Struct, frozen=True, eq=False):
    """What is known of functions beside their edges."""

    times: Table
    """Calls by function and elapsed time."""
    resolution: Table
    """By function the coarsest and the finest resolution, and the largest elapsed time."""
    self_times: Table
    """By function its own time in known trees, its resolution there, and how many calls stand in them."""


def measure_functions(context: Context) -> FunctionsPart:
    """Times of all calls, and self times of those in known trees."""
    calls = context.calls
    function = calls.function
    names = len(calls.names)
    _, largest_ns = find_extremes(function, calls.elapsed_ns, names)
    found = np.flatnonzero(largest_ns >= 0)
    if is_constant(calls.resolution_ns):
        resolution_ns = np.full(names, calls.resolution_ns[0])
    else:
        _, resolution_ns = find_extremes(function, calls.resolution_ns, names)
    return FunctionsPart(
        times=count_times(function, calls.elapsed_ns, calls.names),
        resolution=Table(
            key={"function": Column(found, calls.names)},
            sums={},
            most={"resolution_ns": resolution_ns[found], "elapsed_ns": largest_ns[found]},
        ),
        self_times=_count_self_times(context),
    )


def _count_self_times(context: Context) -> Table:
    """Elapsed time less what the children take of it, by function, of the calls in known trees.

    ``unknown`` counts the calls of which that isn't known.
    """
    calls, ordered = context.calls, context.ordered
    names = len(calls.names)
    in_tree, elapsed_ns = ordered.in_tree, ordered.take(calls.elapsed_ns)
    function = context.function if in_tree.all() else np.where(in_tree, context.function, np.int32(NO_NAME))
    has_calls = count_by(function, names)
    found = np.flatnonzero(has_calls)
    own_ns = sum_by(function, elapsed_ns, names)[found].astype(object)
    inside_ns = sum_children(ordered.parent, function, elapsed_ns, names)[found]
    resolution_ns = sum_by(function, ordered.take(calls.resolution_ns), names)
    overlaps = context.overlaps
    overlapping = function[overlaps.place]
    shared_ns = sum_by(overlapping, overlaps.shared_ns, names)[found].astype(object)
    return Table(
        key={"function": Column(found, calls.names)},
        sums={
            "self_ns": shrink(own_ns - inside_ns + shared_ns),
            "resolution_ns": resolution_ns[found],
            "calls": has_calls[found],
            "unknown": count_by(overlapping, names, overlaps.is_unknown)[found],
        },
    )


def merge_functions(parts: Sequence[FunctionsPart]) -> FunctionsPart:
    """What all parts know."""
    times = merge_tables([part.times for part in parts])
    return FunctionsPart(
        times=bin_times(times) if len(parts) > 1 else times,
        resolution=merge_tables([part.resolution for part in parts]),
        self_times=merge_tables([part.self_times for part in parts]),
    )


def list_functions(whole: Whole) -> Rows[Function]:
    """One row per function, by calls; times are of all calls, repeats of the judged ones.

    Percentiles are nearest rank on the recorded times.
    """
    part: FunctionsPart = whole["functions"]
    edges = whole.edges.by("function")
    if whole.is_narrowed:
        edges = edges.take(edges.sums["shown"] > 0)
    columns = ("function", *edges.sums)
    found = [dict(zip(columns, values, strict=True)) for values in edges.rows(*columns)]
    found.sort(key=lambda row: (-row["calls"], row["function"]))
    times, evidence = _list_times(part), _list_evidence(whole["evidence"])
    rows = []
    for row in found[:LONG_ROW_LIMIT]:
        name = row["function"]
        rows.append(_make_row(row, times[name], evidence.get(name, ()), whole.grades.get(name, "none")))
    return keep_rows(rows, LONG_ROW_LIMIT, total=len(found))


class _OwnTimes(msgspec.Struct, frozen=True):
    """What the times of a function's calls tell."""

    single: Times
    resolution_ns: int
    largest_ns: int
    self_ns: int | None
    """Null where it isn't known."""
    self_upper_ns: int | None


def _list_times(part: FunctionsPart) -> dict[str, _OwnTimes]:
    """The times of each function."""
    limits = {row[0]: row[1:] for row in part.resolution.rows("function", "resolution_ns", "elapsed_ns")}
    own = {row[0]: row[1:] for row in part.self_times.rows("function", "self_ns", "resolution_ns", "unknown")}
    found = {}
    for name, single in split_times(part.times).items():
        resolution_ns, largest_ns = limits[name]
        self_ns, range_ns, unknown = own.get(name, (0, 0, 1))
        known = (None, None) if unknown else (self_ns, self_ns + range_ns)
        found[name] = _OwnTimes(single, resolution_ns, largest_ns, *known)
    return found


def _make_row(row: dict[str, Any], times: _OwnTimes, evidence: tuple[str, ...], grade: EvidenceGrade) -> Function:
    """The row of one function, of its sums over the edges."""
    p50, p90, p99 = (times.single.percentile(percent) for percent in _PERCENTS)
    return Function(
        function=row["function"],
        calls=row["calls"],
        judged_calls=row["judged"],
        judged_questions=row["judged_questions"],
        lookups=row["judged_questions"] - row["repeats"],
        first_calls=row["first"],
        fan_out_calls=row["fan_out"],
        redundant_calls=row["repeats"],
        again_calls=row["again"],
        shared_calls=row["repeats"] - row["again"],
        unchanged=row["unchanged"],
        changed=row["changed"],
        unproven=row["unproven"],
        total_elapsed_ns=row["elapsed_ns"],
        total_elapsed_upper_ns=row["elapsed_ns"] + row["resolution_ns"],
        self_ns=times.self_ns,
        self_upper_ns=times.self_upper_ns,
        mean_elapsed_ns=row["elapsed_ns"] / row["calls"],
        p50_elapsed_ns=p50,
        p90_elapsed_ns=p90,
        p99_elapsed_ns=p99,
        max_elapsed_ns=times.largest_ns,
        resolution_ns=times.resolution_ns,
        percentiles_exact=times.single.is_exact,
        evidence_metrics=evidence,
        evidence_grade=grade,
        histogram=count_histogram(times.single, times.resolution_ns),
    )


def count_histogram(times: Times, resolution_ns: int) -> Rows[HistogramBin]:
    """Calls from 0 and from each power of two times the resolution on; empty bins are left out."""
    bounds = [0]
    bound = resolution_ns
    while bound <= int(times.elapsed_ns[-1]):
        bounds.append(bound)
        bound *= 2
    starts = np.searchsorted(times.elapsed_ns, np.array(bounds, np.int64))
    ends: NDArray[np.int64] = np.concatenate(([0], np.cumsum(times.calls)))
    calls = np.diff(ends[np.append(starts, len(times.calls))]).tolist()
    return keep_rows(
        [HistogramBin(lower_ns=lower, calls=found) for lower, found in zip(bounds, calls, strict=True) if found]
    )


def _list_evidence(part: EvidencePart) -> dict[str, tuple[str, ...]]:
    """The result metrics that each function's repeats are judged by, by name."""
    found: dict[str, set[str]] = {}
    for function, metric in part.values.rows("function", "metric"):
        found.setdefault(function, set()).add(metric)
    return {function: tuple(sorted(metrics)) for function, metrics in found.items()}


MEASURE = Measure("functions", measure_functions, merge_functions, list_functions)
