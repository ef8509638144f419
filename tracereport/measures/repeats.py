"""Repeats: which calls ask for what their process has asked for before, who asked, and whether the answer changed."""

from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.ancestry import last_number_inside
from tracereport.calls.calls import MetricSets, is_time
from tracereport.calls.coding import code_values
from tracereport.calls.grouping import Integers, caller_rank, count_by, keep_rows, sum_by
from tracereport.calls.groups import Groups, group_calls
from tracereport.calls.ordered import NOWHERE, OrderedCalls
from tracereport.calls.selection import Shown
from tracereport.model import AskedAgain, Rows

NO_RESULT = -1


class Repeats(msgspec.Struct, frozen=True, eq=False):
    """What is known of each judged call as a repeat. Arrays run over the places of ``OrderedCalls``."""

    previous: NDArray[np.int32]
    """Place of the call of the same lookup just before it in the process; ``NOWHERE`` for a first call."""
    again: NDArray[np.bool_]
    """Its caller has asked for this lookup before; a repeat that isn't *again* is *shared*."""
    unchanged: NDArray[np.bool_]
    changed: NDArray[np.bool_]
    sequential: NDArray[np.bool_]
    """It directly follows the call before: its number is the next one behind that call's whole subtree."""
    negative: NDArray[np.bool_]
    """Both found nothing."""
    lookups: Groups
    """The calls of each lookup in each process."""
    signatures: Groups
    """The calls of each signature in each process."""

    @property
    def is_repeat(self) -> NDArray[np.bool_]:
        """Whether each call is a repeat."""
        return np.not_equal(self.previous, NOWHERE)

    @property
    def unproven(self) -> NDArray[np.bool_]:
        """Repeats without evidence of their answer."""
        return self.is_repeat & ~self.unchanged & ~self.changed


def find_repeats(ordered: OrderedCalls, ignored_metrics: Iterable[str] = ()) -> Repeats:
    """Finds the repeats of each process and judges each against the call of the same lookup just before it."""
    lookups = group_calls(ordered.lookup, len(ordered.calls.lookups.function), ordered.process)
    signatures = group_calls(ordered.signature, len(ordered.calls.signatures.lookup), ordered.process)
    order, follows = lookups.order, ~lookups.is_first
    previous = np.full(len(ordered), NOWHERE, np.int32)
    previous[order[follows]] = order[np.flatnonzero(follows) - 1]
    again = np.empty(len(ordered), bool)
    again[signatures.order] = ~signatures.is_first

    # The calls of a lookup stand side by side in this order: each is held against its neighbour.
    results = code_results(ordered.calls.metric_sets, frozenset(ignored_metrics))
    metric_set = ordered.calls.metric_set[ordered.row[order]]
    names, values = results.names[metric_set], results.values[metric_set]
    found_nothing = results.found_nothing[metric_set]
    number = ordered.number[order]
    last_inside = last_number_inside(ordered)[order] if ordered.in_tree.any() else number
    comparable = _same_as_before(names) & (names != NO_RESULT)
    same = _same_as_before(values)
    facts = (
        comparable & same,
        comparable & ~same,
        number == _before(last_inside) + 1,
        found_nothing & _before(found_nothing),
    )
    held = np.empty(len(ordered), np.uint8)
    held[order] = sum(((fact & follows).view(np.uint8) << bit for bit, fact in enumerate(facts)), np.uint8(0))
    unchanged, changed, sequential, negative = (held & (1 << bit) != 0 for bit in range(len(facts)))
    return Repeats(
        previous=previous,
        again=again,
        unchanged=unchanged,
        changed=changed,
        sequential=sequential,
        negative=negative,
        lookups=lookups,
        signatures=signatures,
    )


def _before(column: NDArray[Any]) -> NDArray[Any]:
    """The entry before each; the first has itself there, which means nothing: it follows no other."""
    return np.concatenate((column[:1], column[:-1]))


def _same_as_before(column: NDArray[Any]) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = column == _before(column)
    return same


class Results(msgspec.Struct, frozen=True, eq=False):
    """What each metric set tells of an answer, as codes that are equal where the answers are."""

    names: NDArray[np.int32]
    """Of the names of the result metrics; ``NO_RESULT`` where there are none."""
    values: NDArray[np.int32]
    """Of names and values together."""
    found_nothing: NDArray[np.bool_]
    """The metric ``found`` is 0."""


def result_names(sets: MetricSets, ignored: frozenset[str]) -> NDArray[np.bool_]:
    """Which of the metric names are results."""
    return np.array([not is_time(name) and name not in ignored for name in sets.names], bool)


def code_results(sets: MetricSets, ignored: frozenset[str]) -> Results:
    """Codes what each set tells of an answer: its result metrics by name, several of one name in logged order."""
    count = len(sets.offset) - 1
    owner = np.repeat(np.arange(count), np.diff(sets.offset))
    is_result = result_names(sets, ignored)[sets.name] if len(sets.names) else np.zeros(0, bool)
    found_nothing = np.zeros(count, bool)
    if "found" in sets.names:
        found = sets.name == sets.names.index("found")
        found_nothing[owner[found]] = sets.value[found] == 0
    owner, name, value = owner[is_result], sets.name[is_result], sets.value[is_result]
    order = np.lexsort((name, owner))
    owner, name, value = owner[order], name[order], value[order]
    distinct, code = np.unique(value, return_inverse=True)
    pair = name.astype(np.int64) * len(distinct) + code
    return Results(
        names=code_sequences(owner, name, count).astype(np.int32),
        values=code_sequences(owner, pair, count).astype(np.int32),
        found_nothing=found_nothing,
    )


def code_sequences(owner: Integers, item: Integers, count: int) -> NDArray[np.int64]:
    """Codes the sequence of items of each of ``count`` owners (which are in order): equal sequences, equal codes.

    An owner without items has ``NO_RESULT``.
    """
    codes = np.full(count, NO_RESULT, np.int64)
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
        first_code += len(longer)
    return codes


def count_asked_again(ordered: OrderedCalls, repeats: Repeats, shown: Shown | None = None) -> Rows[AskedAgain]:
    """Who asked again after whom, per function: between which two places a value should be handed on."""
    calls = ordered.calls
    place = np.flatnonzero(repeats.is_repeat)
    names = len(calls.names) + 1
    caller = calls.signatures.caller[ordered.signature].astype(np.int64) + 1
    function = calls.lookups.function[ordered.lookup[place]]
    key = (function * names + caller[repeats.previous[place]]) * names + caller[place]
    distinct, group = code_values(key, len(calls.names) * names * names)
    count = len(distinct)
    is_shown = np.ones(count, bool) if shown is None else count_by(group, count, shown.places[place]) > 0
    elapsed_ns = sum_by(group, calls.elapsed_ns[ordered.row[place]], count)
    resolution_ns = sum_by(group, calls.resolution_ns[ordered.row[place]], count)
    rows = [
        AskedAgain(
            previous_caller=calls.name(code // names % names - 1),
            caller=calls.name(code % names - 1),
            function=calls.names[code // names // names],
            repeats=total,
            unchanged=unchanged,
            changed=changed,
            unproven=total - unchanged - changed,
            elapsed_ns=elapsed,
            elapsed_upper_ns=elapsed + resolution,
        )
        for code, selected, total, unchanged, changed, elapsed, resolution in zip(
            distinct.tolist(),
            is_shown.tolist(),
            np.bincount(group, minlength=count).tolist(),
            np.bincount(group[repeats.unchanged[place]], minlength=count).tolist(),
            np.bincount(group[repeats.changed[place]], minlength=count).tolist(),
            elapsed_ns.tolist(),
            resolution_ns.tolist(),
            strict=True,
        )
        if selected
    ]
    rows.sort(
        key=lambda row: (
            -row.unchanged,
            -row.repeats,
            row.function,
            caller_rank(row.previous_caller),
            caller_rank(row.caller),
        )
    )
    return keep_rows(rows)
