"""What holds for a call because of those above or below it in the tree, in one pass each.

A parent stands before its children; -1 stands for none.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracereport.native.loader import address, checked, column, join_halves, library


def find_parent_places(
    process: NDArray[np.integer[Any]],
    number: NDArray[np.integer[Any]],
    parent_number: NDArray[np.integer[Any]],
    in_tree: NDArray[np.bool_],
) -> NDArray[np.int32]:
    """Where the parent of each call stands; -1 without one.

    Args:
        process: per call, as are all columns. Calls stand in the order of their processes and numbers.
        number: the call's.
        parent_number: that of its parent in its process; below 0 for none.
        in_tree: what isn't has no parent, and is none.
    """
    in_tree, count = np.ascontiguousarray(in_tree, np.bool_), len(process)
    if not count == len(number) == len(parent_number) == len(in_tree):
        raise ValueError("columns of different lengths")
    place = np.empty(count, np.int32)
    columns = (column(process), column(number), column(parent_number), address(in_tree))
    checked(library().tracereport_parent_places(*columns, count, address(place)))
    return place


def find_marks_above(parent: NDArray[np.integer[Any]], marks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """All marks, a bit each, of the calls above each call.

    Raises:
        ValueError: a parent doesn't stand before its child.
    """
    marks = np.ascontiguousarray(marks, np.uint8)
    if len(parent) != len(marks):
        raise ValueError("marks of another length")
    above = np.empty(len(marks), np.uint8)
    checked(library().tracereport_marks_above(column(parent), address(marks), len(marks), address(above)))
    return above


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
    last = np.array(number, np.int64)
    if len(parent) != len(last):
        raise ValueError("numbers of another length")
    checked(library().tracereport_last_inside(column(parent), address(last), len(last)))
    return last


def sum_children(
    parent: NDArray[np.integer[Any]], group: NDArray[np.integer[Any]], values: NDArray[np.integer[Any]], groups: int
) -> NDArray[Any]:
    """The sum of the values of all children of each group's members, exactly: Python's integers where 64 bits won't do.

    Args:
        parent: per call, as are the other columns.
        group: a number below ``groups``; below 0 for none.
        values: from 0 on.
        groups: above all numbers.

    Raises:
        ValueError: a parent doesn't stand before its child, or a number is out of its range.
    """
    group = np.ascontiguousarray(group, np.int32)
    if not len(parent) == len(group) == len(values):
        raise ValueError("columns of different lengths")
    sums = np.empty((groups, 2), np.int64)
    given = (column(parent), address(group), column(values), len(group))
    checked(library().tracereport_sum_children(*given, address(sums), groups))
    return join_halves(sums)
