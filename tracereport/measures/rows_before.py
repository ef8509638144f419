"""How many rows questions gave, and whether one before a loop gave as many as it has turns: then it is over these."""

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import MetricSets
from tracereport.calls.grouping import Integers
from tracereport.calls.ordered import OrderedCalls

ROWS = "rows"
"""The metric that says it."""
_SEVERAL = 2
_ABOVE_ROWS = 2**31


def count_rows(sets: MetricSets) -> NDArray[np.int64] | None:
    """By set of metrics the rows that an answer has, -1 where it isn't said; null where no set says it."""
    if ROWS not in sets.names:
        return None
    rows = np.full(len(sets.offset) - 1, -1, np.int64)
    owner = np.repeat(np.arange(len(rows)), np.diff(sets.offset))
    said = sets.name == sets.names.index(ROWS)
    np.maximum.at(rows, owner[said], np.minimum(sets.value[said], _ABOVE_ROWS - 1).astype(np.int64))
    return rows


def list_rows(ordered: OrderedCalls) -> NDArray[np.int64] | None:
    """The rows of the answer at each place, -1 where it isn't said; null where no record says it."""
    rows = count_rows(ordered.calls.metric_sets)
    return None if rows is None else rows[ordered.take(ordered.calls.metric_set)]


def find_most_before(ordered: OrderedCalls, rows: NDArray[np.int64], place: Integers) -> NDArray[np.int64]:
    """The most rows that a question before each place gave in its unit; 0 where none gave several.

    Args:
        ordered: all calls.
        rows: of the answer at each place.
        place: those asked of.
    """
    asked = np.flatnonzero(ordered.is_question & (rows >= _SEVERAL))
    asked = asked[np.lexsort((asked, ordered.unit[asked]))]
    unit, own = ordered.unit[asked].astype(np.int64), ordered.unit[place].astype(np.int64)
    # Units ascend, so that those behind are above all rows of the ones before them.
    most = np.maximum.accumulate(unit * _ABOVE_ROWS + rows[asked])
    before = np.searchsorted(unit * len(ordered) + asked, own * len(ordered) + place) - 1
    found = np.append(most, [-1])[before] - own * _ABOVE_ROWS
    return np.where((before >= 0) & (found >= 0), found, 0)


def gave_as_many(
    ordered: OrderedCalls,
    rows: NDArray[np.int64],
    place: Integers,
    wanted: NDArray[np.int64],
    nearest: int | None = None,
) -> NDArray[np.bool_]:
    """Whether a question before each place gave just as many rows, in its unit, as are wanted there.

    Args:
        ordered: all calls.
        rows: of the answer at each place.
        place: those asked of.
        wanted: the rows for each of them.
        nearest: it is at most so many calls before; anywhere, if None.
    """
    asked = np.flatnonzero(ordered.is_question & (rows >= _SEVERAL) & (rows <= wanted.max(initial=0)))
    if not len(asked):
        return np.zeros(len(place), bool)
    codes, code = np.unique(ordered.unit[asked] * np.int64(_ABOVE_ROWS) + rows[asked], return_inverse=True)
    keys = code * len(ordered) + asked
    order = np.argsort(keys)
    own = ordered.unit[place] * np.int64(_ABOVE_ROWS) + wanted
    slot = np.minimum(np.searchsorted(codes, own), len(codes) - 1)
    last = np.searchsorted(keys[order], slot * len(ordered) + place) - 1  # of those before
    before = asked[order[np.maximum(last, 0)]]
    found: NDArray[np.bool_] = (codes[slot] == own) & (last >= 0) & (code[order[np.maximum(last, 0)]] == slot)
    if nearest is not None:
        number = ordered.take(ordered.calls.number)
        found &= number[place] - number[before] <= nearest
    return found
