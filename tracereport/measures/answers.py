"""Answers: what each distinct set of metrics tells of a call's result, as codes that are equal where answers are."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import MetricSets, is_time
from tracereport.calls.coding import code_tuples
from tracereport.calls.grouping import Integers

NO_ANSWER = -1


class Answers(msgspec.Struct, frozen=True, eq=False):
    """One entry per set of metrics."""

    names: NDArray[np.int32]
    """Code of the names of the result metrics; ``NO_ANSWER`` where there are none."""
    values: NDArray[np.int32]
    """Code of names and values together."""
    found_nothing: NDArray[np.bool_]
    """The metric ``found`` is 0."""
    is_result: NDArray[np.bool_]
    """Per metric's name whether it is a result."""


def code_answers(sets: MetricSets, ignored: frozenset[str]) -> Answers:
    """Codes what each set tells of an answer: its result metrics by name, several of one name in logged order.

    Times are no results, nor are the metrics called ``ignored``.
    """
    count = len(sets.offset) - 1
    owner = np.repeat(np.arange(count), np.diff(sets.offset))
    is_result_name = np.array([not is_time(name) and name not in ignored for name in sets.names], bool)
    is_result = is_result_name[sets.name] if len(sets.names) else np.zeros(0, bool)
    found_nothing = np.zeros(count, bool)
    if "found" in sets.names:
        found = sets.name == sets.names.index("found")
        found_nothing[owner[found]] = sets.value[found] == 0
    owner, name, value = owner[is_result], sets.name[is_result], sets.value[is_result]
    order = np.lexsort((name, owner))
    owner, name, value = owner[order], name[order], value[order]
    distinct, code = np.unique(value, return_inverse=True)
    _, pair = code_tuples((name, max(len(sets.names), 1)), (code, max(len(distinct), 1)))
    return Answers(
        names=code_sequences(owner, name, count).astype(np.int32),
        values=code_sequences(owner, pair, count).astype(np.int32),
        found_nothing=found_nothing,
        is_result=is_result_name,
    )


def code_sequences(owner: Integers, item: Integers, count: int) -> NDArray[np.int64]:
    """Codes the sequence of items of each of ``count`` owners (which are in order): equal sequences, equal codes.

    An owner without items has ``NO_ANSWER``.
    """
    codes = np.full(count, NO_ANSWER, np.int64)
    if not len(owner):
        return codes
    length = np.bincount(owner, minlength=count)
    start = np.concatenate(([0], np.cumsum(length)[:-1]))
    width = int(item.max()) + 1
    prefix = np.zeros(count, np.int64)
    first_code = 0
    for position in range(int(length.max())):
        longer = np.flatnonzero(length > position)
        key = prefix[longer] * width + item[start[longer] + position]
        prefix[longer] = np.unique(key, return_inverse=True)[1]
        ended = longer[length[longer] == position + 1]
        codes[ended] = first_code + prefix[ended]
        first_code += int(prefix[ended].max(initial=-1)) + 1
    return codes
