"""Hits of a least-recently-used cache, by simulating one of each capacity."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from tests.oracle.evidence import compare_answers
from tests.oracle.units import Call, by_lookup

Row = dict[str, Any]


def simulate_lru(calls: Iterable[Call], capacity: int) -> list[Call]:
    """The ordered calls of one process that a cache of ``capacity`` entries answers."""
    cached: list[object] = []
    hits = []
    for call in calls:
        if call.lookup in cached:
            cached.remove(call.lookup)
            hits.append(call)
        elif len(cached) == capacity:
            del cached[0]
        cached.append(call.lookup)
    return hits


def cache_curve(function: str, by_process: Iterable[Sequence[Call]], ignored: Sequence[str]) -> Row:
    """Hits by capacity: ``curve`` holds every capacity from 1 up to the one from which on nothing more is gained.

    ``by_process`` holds the judged questions of each process, over its units, in order.
    """
    streams = [[call for call in calls if call.function == function] for calls in by_process]
    stale = {
        call
        for stream in streams
        for asked in by_lookup(stream).values()
        for previous, call in pairwise(asked)
        if compare_answers(previous, call, ignored) == "changed"
    }
    distinct = [len({call.lookup for call in stream}) for stream in streams]
    calls = sum(len(stream) for stream in streams)
    possible_hits = calls - sum(distinct)
    curve: list[Row] = []
    for capacity in range(1, max(distinct, default=0) + 1):
        hits = [call for stream in streams for call in simulate_lru(stream, capacity)]
        curve.append(
            {
                "capacity": capacity,
                "hits": len(hits),
                "stale_hits": sum(call in stale for call in hits),
                "saved_ns": sum(call.elapsed_ns for call in hits if call not in stale),
            }
        )
        if len(hits) == possible_hits:
            break
    good = [point["hits"] - point["stale_hits"] for point in curve]
    return {
        "function": function,
        "calls": calls,
        "possible_hits": possible_hits,
        "curve": curve,
        **{
            f"capacity_for_{percent}": next(
                (capacity for capacity, hits in enumerate(good, start=1) if 0 < 100 * hits >= percent * good[-1]), None
            )
            for percent in (50, 80, 95)
        },
    }
