"""What an LRU cache of each size would have answered: one cache per function and process."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.grouping import ROW_LIMIT, keep_rows, rank_rows, stable_order, sum_by, sum_exactly
from tracereport.calls.ordered import NOWHERE, OrderedCalls
from tracereport.calls.selection import Shown
from tracereport.measures.repeats import Repeats
from tracereport.measures.sampled_distance import sample_distances
from tracereport.measures.stack_distance import FIRST, distances_since
from tracereport.model import CacheCurve, CachePoint, Rows, Settings

MARKS: Final = (50, 80, 95)
"""Percent of all hits that aren't stale, whose capacities the report names."""

_BATCH_CALLS: Final = 1 << 18
"""Small functions are measured together: their streams can stand one behind the other."""

_THREADS: Final = 2
"""NumPy works outside Python's lock most of the time here; more threads would hold more columns at once."""


class Answers(msgspec.Struct, frozen=True, eq=False):
    """The calls of one function as a cache meets them: parallel columns."""

    distance: NDArray[np.int64]
    """Stack distance; ``FIRST`` where no cache can answer."""
    stale: NDArray[np.bool_]
    """A repeat whose answer has changed: a correct cache asks anyway."""
    elapsed_ns: NDArray[np.int64]


class Gains(msgspec.Struct, frozen=True):
    """What a cache without limit answers."""

    fresh_hits: int
    stale_hits: int
    saved_ns: int
    """Elapsed time of the fresh hits."""


class Curve(msgspec.Struct, frozen=True):
    """Hits by capacity, at the powers of two and at the marks, up to the capacity from which on nothing is gained."""

    points: tuple[CachePoint, ...]
    capacity_for: tuple[int | None, ...]
    """For each of ``MARKS`` the smallest capacity that reaches it; null where no hit is fresh."""


def count_cache_curves(
    ordered: OrderedCalls, repeats: Repeats, settings: Settings, shown: Shown | None = None
) -> Rows[CacheCurve]:
    """One row per function with judged calls, by possible hits; the hits of its processes' caches are added up."""
    names = ordered.calls.names
    function = ordered.calls.lookups.function[ordered.lookup]
    calls = np.bincount(function, minlength=len(names))
    possible_hits = np.bincount(function[repeats.is_repeat], minlength=len(names))
    listed = np.flatnonzero(calls)
    if shown is not None:
        listed = listed[[names[code] in shown.functions for code in listed.tolist()]]
    ranked = rank_rows(possible_hits[listed].tolist(), [(names[code],) for code in listed.tolist()])
    kept = listed[ranked[:ROW_LIMIT]]
    streams = _arrange_streams(ordered, repeats, function, np.sort(kept))
    measure = partial(_measure_batch, streams, settings)
    with ThreadPoolExecutor(_THREADS) as threads:
        curves = {
            code: found for batch in threads.map(measure, _cut_batches(streams, settings)) for code, found in batch
        }
    rows = []
    for code in kept.tolist():
        curve, is_exact = curves[code]
        capacity_for_50, capacity_for_80, capacity_for_95 = curve.capacity_for
        rows.append(
            CacheCurve(
                function=names[code],
                calls=int(calls[code]),
                possible_hits=int(possible_hits[code]),
                points=Rows(len(curve.points), curve.points),
                capacity_for_50=capacity_for_50,
                capacity_for_80=capacity_for_80,
                capacity_for_95=capacity_for_95,
                exact=is_exact,
            )
        )
    return keep_rows(rows, total=len(listed))


def measure_curve(answers: Answers, gains: Gains | None = None) -> Curve:
    """The hits of every capacity: a cache answers the calls whose stack distance is below its capacity.

    Args:
        answers: calls of one function, of all processes, or those of a sample of its lookups.
        gains: with a sample, those of all calls: the curve is scaled to end there.
    """
    repeat = answers.distance != FIRST
    capacity, stale = answers.distance[repeat] + 1, answers.stale[repeat]
    if not capacity.size:
        return Curve((), (None,) * len(MARKS))
    largest = int(capacity.max())
    fresh_hits = np.cumsum(np.bincount(capacity[~stale], minlength=largest + 1))
    marks = tuple(_find_mark(fresh_hits, percent) for percent in MARKS)
    powers = [1 << exponent for exponent in range((largest - 1).bit_length() + 1)]
    shown = sorted({*powers, *(mark for mark in marks if mark is not None)})
    point = np.searchsorted(shown, np.arange(largest + 1))[capacity]
    sums = (
        np.bincount(point[~stale], minlength=len(shown)),
        np.bincount(point[stale], minlength=len(shown)),
        sum_by(point[~stale], answers.elapsed_ns[repeat][~stale], len(shown)),
    )
    ends = (gains.fresh_hits, gains.stale_hits, gains.saved_ns) if gains else (None, None, None)
    columns = [_accumulate(column, end) for column, end in zip(sums, ends, strict=True)]
    points = [
        CachePoint(capacity=capacity, hits=fresh + stale, stale_hits=stale, saved_ns=saved_ns)
        for capacity, fresh, stale, saved_ns in zip(shown, *columns, strict=True)
    ]
    return Curve(tuple(points), marks)


def sum_gains(answers: Answers) -> Gains:
    """The end of the curve of these calls."""
    repeat = answers.distance != FIRST
    fresh = repeat & ~answers.stale
    fresh_hits = int(np.count_nonzero(fresh))
    return Gains(fresh_hits, int(np.count_nonzero(repeat)) - fresh_hits, sum_exactly(answers.elapsed_ns[fresh]))


def _find_mark(fresh_hits: NDArray[np.int64], percent: int) -> int | None:
    """The smallest capacity with this share of the fresh hits; ``fresh_hits`` are cumulative, by capacity."""
    possible = int(fresh_hits[-1])
    return int(np.searchsorted(fresh_hits, -(-possible * percent // 100))) if possible else None


def _accumulate(column: NDArray[Any], end: int | None) -> list[int]:
    """Running sums, scaled to the end if there is one."""
    sums: list[int] = np.cumsum(column).tolist()
    if end is None:
        return sums
    return [value * end // max(sums[-1], 1) for value in sums[:-1]] + [end]


class _Streams(msgspec.Struct, frozen=True, eq=False):
    """The calls of some functions, function by function, each by process and number: parallel columns."""

    function: NDArray[np.intp]
    """The functions' name codes, ascending."""
    start: NDArray[np.int64]
    """Where the stream of each function begins, and where the last one ends."""
    lookup: NDArray[np.int32]
    previous: NDArray[np.int32]
    """Where in the streams the call of the same lookup just before stands; ``FIRST`` without one."""
    stale: NDArray[np.bool_]
    elapsed_ns: NDArray[np.int64]


def _arrange_streams(
    ordered: OrderedCalls, repeats: Repeats, function: NDArray[np.int32], kept: NDArray[np.intp]
) -> _Streams:
    """``function`` holds the name code of each place, ``kept`` the functions that take part."""
    names = len(ordered.calls.names)
    calls = np.bincount(function, minlength=names)
    place = stable_order(function, names)
    if calls[kept].sum() < len(place):
        place = place[np.isin(function[place], kept)]
    position = np.empty(len(ordered), np.int32)
    position[place] = np.arange(len(place), dtype=np.int32)
    previous = repeats.previous[place]
    return _Streams(
        function=kept,
        start=np.concatenate(([0], np.cumsum(calls[kept]))),
        lookup=ordered.lookup[place],
        previous=np.where(previous == NOWHERE, FIRST, position[previous]),
        stale=repeats.changed[place],
        elapsed_ns=ordered.calls.elapsed_ns[ordered.row[place]],
    )


def _cut_batches(streams: _Streams, settings: Settings) -> list[range]:
    """Runs of functions that are measured together, the largest first; one that may be sampled stands alone."""
    limit = min(_BATCH_CALLS, settings.sampling_calls)
    batches: list[range] = []
    held = 0
    for index, calls in enumerate(np.diff(streams.start).tolist()):
        if batches and held + calls <= limit:
            batches[-1] = range(batches[-1].start, index + 1)
            held += calls
        else:
            batches.append(range(index, index + 1))
            held = calls
    return sorted(batches, key=lambda batch: int(streams.start[batch.start] - streams.start[batch.stop]))


def _measure_batch(streams: _Streams, settings: Settings, batch: range) -> list[tuple[int, tuple[Curve, bool]]]:
    """Of each function its code, its curve, and whether that is exact."""
    start, end = int(streams.start[batch.start]), int(streams.start[batch.stop])
    previous = streams.previous[start:end]
    previous = np.where(previous == FIRST, FIRST, previous - start)
    if end - start > settings.sampling_calls:
        curve = _sample_curve(streams, previous, slice(start, end))
        if curve is not None:
            return [(int(streams.function[batch.start]), (curve, False))]
    distance = distances_since(previous)
    measured = []
    for index in batch:
        part = slice(int(streams.start[index]), int(streams.start[index + 1]))
        own = distance[part.start - start : part.stop - start]
        curve = measure_curve(Answers(own, streams.stale[part], streams.elapsed_ns[part]))
        measured.append((int(streams.function[index]), (curve, True)))
    return measured


def _sample_curve(streams: _Streams, previous: NDArray[np.int32], part: slice) -> Curve | None:
    """The curve of one function from a sample of its lookups, if that promises to be near enough."""
    sample = sample_distances(streams.lookup[part], previous)
    if sample is None:
        return None
    stale, elapsed_ns = streams.stale[part], streams.elapsed_ns[part]
    sampled = Answers(sample.distance, stale[sample.position], elapsed_ns[sample.position])
    return measure_curve(sampled, sum_gains(Answers(previous.astype(np.int64), stale, elapsed_ns)))
