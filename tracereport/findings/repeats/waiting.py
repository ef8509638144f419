"""Repeats that may be right though they got the answer of the call before: who asks may wait for another one."""

import re

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_TEXT
from tracereport.calls.grouping import sum_by
from tracereport.calls.paths import REQUEST
from tracereport.calls.statements import asks_no_table
from tracereport.calls.waiting import may_wait
from tracereport.findings.interface import read_key
from tracereport.findings.repeats.sorting import SortedRepeats
from tracereport.measures.context import Context
from tracereport.measures.rows_before import gave_as_many, list_rows
from tracereport.measures.traits import AGAIN, ASKED_UNCHANGED, CHANGED, SEQUENTIAL
from tracereport.native.codes import take
from tracereport.native.tally import Mask, find_extremes

_LEAST = 3
"""So many calls may wait."""
_RELOAD = re.compile(r"\w+:\w+")
"""How a hook says that it loads an object anew which it has (``sqlalchemy:Job``), as ``refresh`` does."""
_SELECT = "select"
"""What hooks call a question for no table."""


def count_waits(context: Context, found: SortedRepeats, cell: NDArray[np.intp]) -> dict[str, NDArray[np.int64]]:
    """By finding the unchanged repeats of who may wait for another answer, by what tells of it.

    Args:
        context: of the calls.
        found: the repeats by finding.
        cell: those of repeats.
    """
    return {
        "awaited": _count_awaited(context, found),
        "pending": _count_pending(context, found),
        "tableless": _count_tableless(context, found, cell),
    }


def _count_awaited(context: Context, found: SortedRepeats) -> NDArray[np.int64]:
    """By finding the unchanged repeats of who asked the same, and nothing else, until it got another answer.

    A database or a server may change by itself while it is asked: its answers differ, and no write is to be seen. What
    else is traced may have been changed by the program, where nothing shows it; there only the last answer may differ.
    """
    signatures, traits = context.repeats.signatures, context.repeats.traits
    is_changed = Mask(AGAIN | CHANGED).of(traits)
    if not is_changed.any():
        return np.zeros(len(found.keys), np.int64)
    last = _find_last(context)
    changed = signatures.count(is_changed)
    # The last one is for NO_FINDING.
    shows_writes = np.array([_shows_writes(key) for key in found.keys] + [False], bool)[found.again]
    is_awaited = signatures.count(Mask(AGAIN | SEQUENTIAL).of(traits)) == signatures.length - 1
    is_awaited &= ((changed > 0) & shows_writes) | ((changed == 1) & is_changed[last])
    group = np.flatnonzero(is_awaited)
    return sum_by(found.again[group], signatures.length[group] - 1 - changed[group], len(found.keys))


def _find_last(context: Context) -> NDArray[np.int64]:
    """Per group of a signature the place of its last question."""
    signatures = context.repeats.signatures
    place = np.flatnonzero(signatures.of_place >= 0)
    last = np.zeros(len(signatures), np.int64)
    last[signatures.of_place[place]] = place
    return last


def _shows_writes(text: str) -> bool:
    """Whether the program's own writes of what is asked are traced as well, by the hook that traces the questions."""
    key = read_key(text)
    return "sql" in key.param_names or REQUEST.match(key.function) is not None


def _count_pending(context: Context, found: SortedRepeats) -> NDArray[np.int64]:
    """By finding the repeats of one line that in one run asked for one thing in a row, where names speak of waiting.

    A loop over rows looks so, too, where each asks for the same: but a question before it gave as many rows.
    """
    calls, ordered, signatures = context.calls, context.ordered, context.repeats.signatures
    none = np.zeros(len(found.keys), np.int64)
    if (calls.origins.at == NO_TEXT).all():
        return none
    traits = context.repeats.traits
    may_be = (signatures.length >= _LEAST) & (signatures.count(Mask(CHANGED).of(traits)) == 0)
    may_be &= signatures.count(Mask(AGAIN | SEQUENTIAL).of(traits)) == signatures.length - 1
    if not may_be.any():
        return none
    at = take(calls.origins.at, ordered.take(calls.origin))
    group = np.flatnonzero(may_be & _are_of_one(context, at, may_be))
    rows = list_rows(ordered)
    if rows is not None:
        group = group[~gave_as_many(ordered, rows, signatures.first[group], signatures.length[group])]
    lookup = calls.signatures.lookup[signatures.code[group]]
    callers = calls.signatures.caller[signatures.code[group]].tolist()
    texts = calls.lookups.text.take(lookup).to_list()
    waits = np.array([may_wait(calls.name(caller), text) for caller, text in zip(callers, texts, strict=True)], bool)
    is_reload = np.array([_RELOAD.fullmatch(text) is not None for text in calls.origins.texts] + [False], bool)
    group = group[waits | is_reload[calls.origins.via[ordered.take(calls.origin)[_find_last(context)[group]]]]]
    return sum_by(found.again[group], signatures.length[group] - 1, len(found.keys))


def _are_of_one(context: Context, at: NDArray[np.int32], chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether all repeats of each chosen group are of one line and run, and that line asks for nothing else there.

    The first question may be of another line: ``job = get(1)``, and then ``refresh(job)`` in a loop.
    """
    ordered, signatures = context.ordered, context.repeats.signatures
    count, group_of_place = len(signatures), signatures.of_place
    is_repeat = np.append(chosen, [False])[group_of_place]
    is_repeat[signatures.first[chosen]] = False
    place = np.flatnonzero(is_repeat)
    own = group_of_place[place]
    least, most = find_extremes(own, at[place], count)
    is_one: NDArray[np.bool_] = (least == most) & (least != NO_TEXT)
    if context.calls.activation is not None:
        first, last = find_extremes(own, ordered.take(context.calls.activation)[place], count)
        is_one &= first == last
    is_line = np.zeros(len(context.calls.origins.texts) + 1, bool)
    is_line[at[place]] = True
    is_line[NO_TEXT] = False
    asked = np.flatnonzero((group_of_place >= 0) & is_line[at])
    pairs, pair = np.unique(ordered.action[asked] * np.int64(len(is_line)) + at[asked], return_inverse=True)
    low, high = find_extremes(pair.astype(np.int32), group_of_place[asked], len(pairs))
    asks_else = np.zeros(len(ordered), bool)
    asks_else[asked] = (low != high)[pair]
    is_one[group_of_place[place[asks_else[place]]]] = False
    return is_one


def _count_tableless(context: Context, found: SortedRepeats, cell: NDArray[np.intp]) -> NDArray[np.int64]:
    """By finding the unchanged repeats that ask the database for no table: they may do something, as to take a lock."""
    calls, cells = context.calls, context.cells
    is_named = np.array([name.lower() == _SELECT for name in calls.names], bool)
    if not is_named.any():
        return np.zeros(len(found.keys), np.int64)
    lookup = calls.signatures.lookup[cells.signature[cell]]
    chosen = np.flatnonzero(is_named[calls.lookups.function[lookup]] & ASKED_UNCHANGED.of(cells.traits[cell]))
    distinct, code = np.unique(lookup[chosen], return_inverse=True)
    is_tableless = np.array([asks_no_table(text) for text in calls.lookups.text.take(distinct).to_list()], bool)
    kept = chosen[is_tableless[code]]
    return sum_by(found.finding[cell[kept]], cells.calls[cell[kept]], len(found.keys))
