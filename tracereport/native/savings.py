"""What calls that needn't have been made took: of what lies inside a call never more counts than the call itself took.

A parent stands before its children; -1 stands for none.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracereport.native.loader import address, checked, column, join_halves, library

MOST_DEPTH = 64
"""Limits that a call may lie in and still save something; saved calls around a saved one that are looked at."""


class Limits(NamedTuple):
    """The calls that limit what those inside them save: their children took longer than they did themselves."""

    nearest: NDArray[np.int32]
    """Per call the number of the nearest limit above it; -1 for none."""
    place: NDArray[np.int32]
    """Per limit the call that it is."""
    above: NDArray[np.int32]
    """Per limit the next one outside of it; -1 for none."""
    depth: NDArray[np.int32]
    """Per limit in how many others it lies, ``MOST_DEPTH`` at most."""


class SavedTimes(NamedTuple):
    """Sums by group, exact: of Python's integers where 64 bits might not do."""

    recorded_ns: NDArray[Any]
    range_ns: NDArray[Any]
    """How far the upper end lies above, or below, if others may use up more of a limit's time."""
    exclusive_ns: NDArray[Any]
    """The recorded times of the exclusive calls alone."""


def find_limits(
    parent: NDArray[np.integer[Any]], time_ns: NDArray[np.integer[Any]], range_ns: NDArray[np.integer[Any]]
) -> Limits:
    """The calls that took less than their children together, as recorded or at most.

    Args:
        parent: per call.
        time_ns: what each took.
        range_ns: how far that may lie above.

    Raises:
        ValueError: a parent doesn't stand before its child, or a time is below 0.
    """
    count = len(parent)
    if not count == len(time_ns) == len(range_ns):
        raise ValueError("columns of different lengths")
    nearest, place, above, depth = (np.empty(count, np.int32) for _ in range(4))
    given = (column(parent), column(time_ns), column(range_ns), count, MOST_DEPTH)
    limits = (address(place), address(above), address(depth))
    found = checked(library().tracereport_find_limits(*given, address(nearest), *limits))
    return Limits(nearest, place[:found].copy(), above[:found].copy(), depth[:found].copy())


def sum_saved(
    limits: Limits | None,
    time_ns: NDArray[np.integer[Any]],
    range_ns: NDArray[np.integer[Any]],
    chosen: NDArray[np.bool_],
    group: NDArray[np.integer[Any]],
    groups: int,
    *,
    apart: bool,
    exclusive: NDArray[np.bool_] | None = None,
) -> SavedTimes:
    """Adds up what the chosen calls save, each as long as those before it leave something of all limits that it is in.

    Args:
        limits: of the calls; null: nothing limits anything.
        time_ns: per call, as are all columns.
        range_ns: how far the time may lie above.
        chosen: whose time counts.
        group: a number in ``[0, groups)`` of each chosen one.
        groups: above all numbers.
        apart: whether none uses up what a call of another group may save.
        exclusive: calls whose time is added up by itself, too.

    Raises:
        ValueError: a number or time is out of its range.
    """
    count = len(chosen)
    chosen, group = np.ascontiguousarray(chosen, np.bool_), np.ascontiguousarray(group, np.int32)
    exclusive = None if exclusive is None else np.ascontiguousarray(exclusive, np.bool_)
    others = (time_ns, range_ns, group, *(() if limits is None else (limits.nearest,)))
    if any(len(own) != count for own in (*others, *(() if exclusive is None else (exclusive,)))):
        raise ValueError("columns of different lengths")
    known = (None, None, None, None, 0) if limits is None else (*map(address, limits), len(limits.place))
    sums = np.empty((3, groups, 2), np.int64)
    columns = (column(time_ns), column(range_ns), address(chosen), None if exclusive is None else address(exclusive))
    checked(
        library().tracereport_sum_saved(
            *known, MOST_DEPTH, *columns, count, address(group), groups, apart, address(sums)
        )
    )
    return SavedTimes(*(join_halves(own) for own in sums))


class Inside(NamedTuple):
    """Which calls lie inside others that have an owner."""

    any: NDArray[np.bool_]
    own: NDArray[np.bool_]
    """Inside one of their own owner, or inside more than ``MOST_DEPTH`` others."""


def find_inside(parent: NDArray[np.integer[Any]], owner: NDArray[np.integer[Any]]) -> Inside:
    """Which calls lie inside one that has an owner, and which inside one of their own.

    Args:
        parent: per call.
        owner: per call; below 0 for none.

    Raises:
        ValueError: a parent doesn't stand before its child.
    """
    owner = np.ascontiguousarray(owner, np.int32)
    if len(parent) != len(owner):
        raise ValueError("columns of different lengths")
    found = np.empty(len(owner), np.uint8)
    given = (column(parent), address(owner), len(owner), MOST_DEPTH)
    checked(library().tracereport_inside_owned(*given, address(found)))
    return Inside(found & 1 > 0, found > 1)
