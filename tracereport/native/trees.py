"""What holds for a call because of those above or below it in the tree, in one pass each.

A parent stands before its children; -1 stands for none.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracereport.native.loader import address, checked, column, contiguous, library


def nearest_above(parent: NDArray[np.integer[Any]], mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The nearest call above each call that is one of the mask's; -1 without one.

    Raises:
        ValueError: a parent doesn't stand before its child.
    """
    parent, mask = contiguous(parent), np.ascontiguousarray(mask, np.bool_)
    if len(parent) != len(mask):
        raise ValueError("a mask of another length")
    nearest = np.empty(len(parent), np.int64)
    checked(library().tracereport_nearest_above(address(parent), address(mask), len(parent), address(nearest)))
    return nearest


def are_unlike_above(
    parent: NDArray[np.integer[Any]], code: NDArray[np.int32], mask: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """The calls of the mask but for those that have the code of the call right above them.

    Raises:
        ValueError: a parent doesn't stand before its child.
    """
    code, unlike = np.ascontiguousarray(code, np.int32), np.array(mask, np.bool_)
    if not len(parent) == len(code) == len(unlike):
        raise ValueError("columns of different lengths")
    checked(library().tracereport_unlike_above(column(parent), address(code), len(code), address(unlike)))
    return unlike


def last_inside(parent: NDArray[np.integer[Any]], number: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """The largest number of each call's subtree, its own among them.

    Raises:
        ValueError: a parent doesn't stand before its child.
    """
    parent, last = contiguous(parent), np.array(number, np.int64)
    if len(parent) != len(last):
        raise ValueError("numbers of another length")
    checked(library().tracereport_last_inside(address(parent), address(last), len(parent)))
    return last


def find_overfull(
    parent: NDArray[np.integer[Any]], time_ns: NDArray[np.int64], range_ns: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """The calls that took less than their children together, as recorded or at most.

    Args:
        parent: per call.
        time_ns: what each took.
        range_ns: how far that may lie above.

    Raises:
        ValueError: a parent doesn't stand before its child, or a time is below 0.
    """
    parent, time_ns, range_ns = contiguous(parent), contiguous(time_ns), contiguous(range_ns)
    if not len(parent) == len(time_ns) == len(range_ns):
        raise ValueError("columns of different lengths")
    overfull = np.empty(len(parent), np.bool_)
    own = (address(parent), address(time_ns), address(range_ns), len(parent), address(overfull))
    checked(library().tracereport_overfull(*own))
    return overfull


def cap_times(
    group: NDArray[np.integer[Any]],
    limit_ns: NDArray[np.int64],
    limit_range_ns: NDArray[np.int64],
    time_ns: NDArray[np.int64],
    range_ns: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Times of children, each as long as those before it in its group leave something of the parent's own time.

    Args:
        group: per child a number from 0 on; one after the other the children of a group use up their parent's time.
        limit_ns: per child its parent's time.
        limit_range_ns: how far that may lie above.
        time_ns: per child its time.
        range_ns: how far that may lie above.

    Returns:
        The capped times, and how far they may lie above.

    Raises:
        ValueError: a time or group is below 0.
    """
    count = len(group)
    group = np.ascontiguousarray(group, np.int32)
    limits = contiguous(limit_ns), contiguous(limit_range_ns)
    capped = np.array(time_ns, np.int64), np.array(range_ns, np.int64)
    if {len(column) for column in (*limits, *capped)} != {count}:
        raise ValueError("columns of different lengths")
    groups = int(group.max(initial=-1)) + 1
    own = (address(column) for column in (*limits, *capped))
    checked(library().tracereport_cap_times(address(group), groups, count, *own))
    return capped
