"""What an LRU cache of each size would have answered: one cache per function and process, across units of work."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import CACHED
from tracereport.calls.grouping import ROW_LIMIT, count_by, keep_rows, sum_by
from tracereport.calls.ordered import NOWHERE
from tracereport.measures.answers import NO_ANSWER
from tracereport.measures.context import Context
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.partials import Column, Table, merge_tables
from tracereport.measures.traits import CHANGED
from tracereport.model import CacheCurve, CachePoint, Rows
from tracereport.native.distances import stack_distances
from tracereport.native.keys import factorize, previous_same
from tracereport.native.pairs import NO_PAIR, number_pairs
from tracereport.native.tally import Mask

MARKS: Final = (50, 80, 95)
"""Percent of all hits that aren't stale, whose capacities the report names."""


class CachePart(msgspec.Struct, frozen=True, eq=False):
    """What caches of every capacity answer."""

    functions: Table
    """By function: judged questions, and those that some cache could answer."""
    hits: Table
    """By function and the least capacity that answers them: fresh and stale hits, and the time of the fresh ones."""


def measure_caches(context: Context) -> CachePart:
    """The hits of the caches of all processes, by function and capacity.

    A cache answers the calls whose stack distance is below its capacity. A hit is stale where the answer had changed: a
    correct cache asks anyway.
    """
    calls, ordered = context.calls, context.ordered
    names = len(calls.names)
    previous = _find_previous(context)
    function = context.function
    streams, stream = _number_streams(context, function)
    distance = stack_distances(stream, previous, streams)
    del stream
    asked = count_by(function, names, ordered.is_question)
    # From here on only of what some cache answers.
    function[distance < 0] = NO_PAIR
    possible_hits = count_by(function, names)
    group, first = number_pairs(function, names, distance, int(distance.max(initial=0)) + 1)
    function, capacity = function[first].astype(np.int64), distance[first].astype(np.int64) + 1
    del distance
    count, hits = len(first), count_by(group, len(first))
    stale = _is_stale(context, previous)
    stale_hits = count_by(group, count, stale)
    group[stale] = NO_PAIR
    found = np.flatnonzero(asked)
    return CachePart(
        functions=Table(
            key={"function": Column(found, calls.names)},
            sums={"calls": asked[found], "possible_hits": possible_hits[found]},
        ),
        hits=Table(
            key={
                "function": Column(function, calls.names),
                "capacity": Column(capacity),
            },
            sums={
                "fresh": hits - stale_hits,
                "stale": stale_hits,
                "saved_ns": sum_by(group, ordered.take(calls.elapsed_ns), count),
            },
        ),
    )


def _find_previous(context: Context) -> NDArray[np.integer[Any]]:
    """Of each question that of the same lookup just before it in its process; -1 for others."""
    ordered = context.ordered
    if np.array_equal(ordered.unit, ordered.process):
        return context.repeats.previous
    place = np.flatnonzero(ordered.is_question)
    lookups = max(len(context.calls.lookups.function), 1)
    before = previous_same(ordered.process[place].astype(np.int64) * lookups + ordered.lookup[place])
    previous = np.full(len(ordered), NOWHERE, np.int64)
    previous[place] = np.where(before < 0, NOWHERE, place[before])
    return previous


def _number_streams(context: Context, function: NDArray[np.int32]) -> tuple[int, NDArray[np.int32]]:
    """How many caches there are, and which one answers each question, -1 for other calls.

    Each function of each process has one: streams that have no lookup in common.
    """
    ordered, names = context.ordered, len(context.calls.names)
    if len(context.calls.processes.name) == 1:
        count, stream = names, function
    else:
        stream, first = factorize(ordered.process.astype(np.int64) * names + function)
        count = len(first)
    return count, stream if ordered.is_question.all() else np.where(ordered.is_question, stream, np.int32(-1))


def _is_stale(context: Context, previous: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Whether each hit's answer is recorded, as that of the call before is, and differs from it.

    What is told of calls that are no hits means nothing.
    """
    answers = context.answers
    if previous is context.repeats.previous and not (context.calls.origins.answer == CACHED).any():
        return Mask(CHANGED).of(context.repeats.traits)
    own = context.ordered.take(context.calls.metric_set)
    other = own[previous]
    comparable = (answers.names[own] == answers.names[other]) & (answers.names[own] != NO_ANSWER)
    stale: NDArray[np.bool_] = comparable & (answers.values[own] != answers.values[other])
    return stale


def merge_caches(parts: Sequence[CachePart]) -> CachePart:
    """The hits of all parts: no cache outlives its process."""
    return CachePart(
        functions=merge_tables([part.functions for part in parts]), hits=merge_tables([part.hits for part in parts])
    )


def list_cache_curves(whole: Whole) -> Rows[CacheCurve]:
    """One row per function with judged questions, by possible hits."""
    part: CachePart = whole["cache_curves"]
    found = sorted(part.functions.rows("function", "calls", "possible_hits"), key=lambda row: (-row[2], row[0]))
    if whole.is_narrowed:
        shown = {name for name, count in whole.edges.by("function").rows("function", "shown") if count}
        found = [row for row in found if row[0] in shown]
    hits: dict[str, list[tuple[int, int, int, int]]] = {}
    for name, *own in part.hits.rows("function", "capacity", "fresh", "stale", "saved_ns"):
        hits.setdefault(name, []).append((own[0], own[1], own[2], own[3]))
    rows = [
        _draw_curve(name, calls, possible, sorted(hits.get(name, ()))) for name, calls, possible in found[:ROW_LIMIT]
    ]
    return keep_rows(rows, total=len(found))


def _draw_curve(function: str, calls: int, possible_hits: int, hits: Sequence[tuple[int, int, int, int]]) -> CacheCurve:
    """The hits at powers of two and at the marks, up to the capacity from which on nothing is gained."""
    points, marks = measure_curve(hits)
    return CacheCurve(
        function=function,
        calls=calls,
        possible_hits=possible_hits,
        points=Rows(len(points), points),
        capacity_for_50=marks[0],
        capacity_for_80=marks[1],
        capacity_for_95=marks[2],
    )


def measure_curve(
    hits: Sequence[tuple[int, int, int, int]],
) -> tuple[tuple[CachePoint, ...], tuple[int | None, ...]]:
    """Points and marks of a curve.

    Args:
        hits: capacity, fresh hits, stale hits and saved time, by the least capacity that answers, ascending.
    """
    if not hits:
        return (), (None,) * len(MARKS)
    capacities = np.array([own[0] for own in hits])
    columns: list[list[Any]] = [np.cumsum(np.array([own[part] for own in hits], object)).tolist() for part in (1, 2, 3)]
    fresh = columns[0]
    marks = tuple(
        int(capacities[np.searchsorted(np.array(fresh, np.int64), -(-fresh[-1] * percent // 100))])
        if fresh[-1]
        else None
        for percent in MARKS
    )
    largest = int(capacities[-1])
    powers = [1 << exponent for exponent in range((largest - 1).bit_length() + 1)]
    shown = sorted({*powers, *(mark for mark in marks if mark is not None)})
    last = (np.searchsorted(capacities, shown, side="right") - 1).tolist()
    points = []
    for capacity, index in zip(shown, last, strict=True):
        fresh_hits, stale_hits, saved_ns = (column[index] if index >= 0 else 0 for column in columns)
        points.append(
            CachePoint(capacity=capacity, hits=fresh_hits + stale_hits, stale_hits=stale_hits, saved_ns=saved_ns)
        )
    return tuple(points), marks


MEASURE = Measure("cache_curves", measure_caches, merge_caches, list_cache_curves)
