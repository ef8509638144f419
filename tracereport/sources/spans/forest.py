"""Spans -> trees of calls, one for each request: parents found, wrappers lifted, twins and doubles dropped.

All in columns; what holds for a span because of those above it is found by doubling the step, in log(depth) passes.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import FRAME, NO_NAME
from tracereport.native.keys import find_distinct
from tracereport.sources.spans.described import CLIENT, CONSUMER, INTERNAL, PRODUCER, SERVER
from tracereport.sources.spans.table import SpanColumns

NOWHERE = -1
_TWIN_NS = 1_000_000
"""Two client spans of one call begin within so much."""


class Forest(msgspec.Struct, frozen=True, eq=False):
    """What the spans are to each other; rows are indices of spans."""

    kept: NDArray[np.intp]
    """The spans that are calls or places of the tree, in order of reading."""
    unit: NDArray[np.intp]
    """Per span the row of its local root: the request that it was made for."""
    parent: NDArray[np.intp]
    """Per span the kept span of its unit that made it; ``NOWHERE`` for none."""
    number: NDArray[np.int64]
    """Per kept span its rank among those of its unit, by start."""
    caller: NDArray[np.int32]
    """Per span the code of its caller's name; ``NO_NAME`` where it isn't known."""
    is_cut: NDArray[np.bool_]
    """Per span whether it stands in a unit of which the parent is missing."""
    unfinished: int
    doubled: int
    """Spans that were there already."""
    twins: int
    """Second spans of one call."""
    folded: int
    """Spans around one call that say nothing else."""


def grow_forest(spans: SpanColumns) -> Forest:
    """Finds each span's unit, place in the tree, and caller."""
    doubled = _find_doubled(spans)
    parent, is_missing = _find_parents(spans, doubled)
    _break_circles(parent, is_missing)
    is_root = (parent == NOWHERE) | np.isin(spans.kind, (SERVER, CONSUMER))
    # What runs in another service is another request, even where no span says that it serves.
    is_root |= spans.service != spans.service[np.maximum(parent, 0)]
    unit = _find_units(spans, parent, is_root, is_missing)
    own = np.where(is_root, NOWHERE, parent)
    is_cut = (is_missing & ~np.isin(spans.kind, (SERVER, CONSUMER)))[unit]
    unfinished = ((spans.end_ns <= 0) | (spans.end_ns < spans.start_ns)) & ~doubled
    answered = np.zeros(len(spans), bool)
    answered[parent[(parent != NOWHERE) & (spans.kind == SERVER)]] = True
    twins = _find_twins(spans, own, doubled | unfinished, answered)
    dropped = doubled | unfinished | twins
    folded = _find_wrappers(spans, own, is_root, dropped)
    caller = _find_callers(spans, own, dropped | folded)
    dropped |= folded
    kept_parent = _lift(own, dropped)
    kept = np.flatnonzero(~dropped)
    return Forest(
        kept=kept,
        unit=unit,
        parent=kept_parent,
        number=_number(spans, unit, kept_parent, kept),
        caller=caller,
        is_cut=is_cut,
        unfinished=int(unfinished.sum()),
        doubled=int(doubled.sum()),
        twins=int(twins.sum()),
        folded=int(folded.sum()),
    )


def _find_doubled(spans: SpanColumns) -> NDArray[np.bool_]:
    """Which spans have been read before: an exporter that got no answer sends once more."""
    doubled = np.zeros(len(spans), bool)
    by_id = np.argsort(spans.span, kind="stable")
    same = np.flatnonzero(spans.span[by_id][1:] == spans.span[by_id][:-1])
    if not len(same):
        return doubled
    rows = find_distinct(np.concatenate((by_id[same], by_id[same + 1])))
    keys = [key[rows] for key in (spans.start_ns, spans.kind, spans.service, spans.span, spans.trace)]
    order = np.lexsort(keys)
    is_same = np.ones(len(rows) - 1, bool)
    for key in keys:
        is_same &= key[order][1:] == key[order][:-1]
    doubled[rows[order[1:][is_same]]] = True
    return doubled


def _find_parents(spans: SpanColumns, doubled: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Each span's parent, and which parents are missing."""
    own = np.flatnonzero(~doubled)
    order = own[np.lexsort((spans.trace[own], spans.span[own]))]
    ids = spans.span[order]
    first = np.searchsorted(ids, spans.parent, side="left")
    behind = np.searchsorted(ids, spans.parent, side="right")
    behind[spans.parent == 0] = first[spans.parent == 0]
    parent = np.full(len(spans), NOWHERE, np.intp)
    only = np.flatnonzero(behind - first == 1)
    found = order[first[only]]
    is_own = spans.trace[found] == spans.trace[only]
    parent[only[is_own]] = found[is_own]
    for row in np.flatnonzero(behind - first > 1).tolist():
        candidates = order[first[row] : behind[row]]
        candidates = candidates[spans.trace[candidates] == spans.trace[row]]
        if len(candidates):
            parent[row] = _choose_half(spans, row, candidates)
    _join_halves(spans, order, parent)
    parent[parent == np.arange(len(spans))] = NOWHERE
    is_missing = (spans.parent != 0) & (parent == NOWHERE)
    return parent, is_missing


def _choose_half(spans: SpanColumns, row: int, candidates: NDArray[np.intp]) -> int:
    """Of several spans with the parent's id the one of the child's service, else the serving one, else the first."""
    same = candidates[spans.service[candidates] == spans.service[row]]
    if len(same):
        return int(same[-1] if (spans.kind[same[-1]] == SERVER) else same[0])
    serving = candidates[spans.kind[candidates] == SERVER]
    return int(serving[0] if len(serving) else candidates[0])


def _join_halves(spans: SpanColumns, order: NDArray[np.intp], parent: NDArray[np.intp]) -> None:
    """Lets the serving half of a shared span be the child of the calling one."""
    same = np.flatnonzero(
        (np.diff(spans.trace[order]) == 0) & (spans.span[order][1:] == spans.span[order][:-1])
        if len(order) > 1
        else np.zeros(0, bool)
    )
    for at in same.tolist():
        pair = order[at], order[at + 1]
        for serving, calling in (pair, pair[::-1]):
            if spans.kind[serving] in (SERVER, CONSUMER) and spans.kind[calling] in (CLIENT, PRODUCER):
                parent[serving] = calling


def _break_circles(parent: NDArray[np.intp], is_missing: NDArray[np.bool_]) -> None:
    """Takes the parents from spans that are, by what they say, above themselves."""
    above = parent.copy()
    for _ in range(max(len(parent), 1).bit_length() + 1):
        inside = above != NOWHERE
        if not inside.any():
            return
        above[inside] = above[above[inside]]
    endless = above != NOWHERE
    parent[endless] = NOWHERE
    is_missing[endless] = True


def _find_units(
    spans: SpanColumns, parent: NDArray[np.intp], is_root: NDArray[np.bool_], is_missing: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Each span's local root; those that lack the same parent are one unit."""
    unit = np.where(is_root, np.arange(len(spans)), parent).astype(np.intp)
    orphans = np.flatnonzero(is_root & is_missing & ~np.isin(spans.kind, (SERVER, CONSUMER)))
    if len(orphans):
        order = orphans[np.lexsort((orphans, spans.parent[orphans], spans.trace[orphans]))]
        is_new = np.ones(len(order), bool)
        is_new[1:] = (np.diff(spans.trace[order]) != 0) | (spans.parent[order][1:] != spans.parent[order][:-1])
        unit[order] = order[np.maximum.accumulate(np.where(is_new, np.arange(len(order)), 0))]
    while True:
        further = unit[unit]
        if np.array_equal(further, unit):
            return unit
        unit = further


def _find_twins(
    spans: SpanColumns, own: NDArray[np.intp], gone: NDArray[np.bool_], answered: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Second spans of one call, as two layers of a client write them: beside each other, and one server has answered.

    Two calls that run at the same time are answered by two.
    """
    twins = np.zeros(len(spans), bool)
    rows = np.flatnonzero((spans.kind == CLIENT) & (own != NOWHERE) & ~gone)
    order = rows[np.lexsort((spans.start_ns[rows], spans.lookup[rows], own[rows]))]
    if len(order) < 2:  # noqa: PLR2004 - a pair
        return twins
    first, second = order[:-1], order[1:]
    is_pair = (
        (own[first] == own[second])
        & (spans.lookup[first] == spans.lookup[second])
        & (spans.service[first] == spans.service[second])
        & (spans.start_ns[second] - spans.start_ns[first] <= _TWIN_NS)
        & (spans.start_ns[second] < spans.end_ns[first])
        & (answered[first] != answered[second])
    )
    twins[np.where(answered[first], second, first)[is_pair]] = True
    return twins


def _find_wrappers(
    spans: SpanColumns, own: NDArray[np.intp], is_root: NDArray[np.bool_], gone: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Spans inside of a process that hold one call and say nothing else of it, as layers of database access do."""
    is_call = (spans.call_kind != FRAME) & ~gone
    depth = _find_depth(own)
    inner = is_call.astype(np.int64)
    child_of_same = np.zeros(len(spans), bool)
    order = np.argsort(-depth, kind="stable")
    bounds = np.flatnonzero(np.diff(-depth[order])) + 1
    for rows in np.split(order, bounds):
        inside = rows[own[rows] != NOWHERE]
        np.add.at(inner, own[inside], inner[inside])
        same = inside[is_call[inside] & (spans.function[inside] == spans.function[own[inside]])]
        child_of_same[own[same]] = True
    is_frame = (spans.call_kind == FRAME) & (spans.kind == INTERNAL) & (inner == 1)
    is_outer = is_call & (inner == 2) & child_of_same  # noqa: PLR2004 - itself and one more
    wrappers: NDArray[np.bool_] = (is_frame | is_outer) & ~is_root & ~gone
    return wrappers


def _find_depth(parent: NDArray[np.intp]) -> NDArray[np.int64]:
    """How many spans stand above each."""
    depth: NDArray[np.int64] = (parent != NOWHERE).astype(np.int64)
    above = parent.copy()
    while True:
        inside = np.flatnonzero(above != NOWHERE)
        if not len(inside):
            return depth
        at = above[inside]
        depth[inside] += depth[at]
        above[inside] = above[at]


def _lift(own: NDArray[np.intp], dropped: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Each span's nearest ancestor that is kept."""
    step = own.copy()
    while True:
        inside = np.flatnonzero(step != NOWHERE)
        again = inside[dropped[step[inside]]]
        if not len(again):
            return step
        step[again] = step[step[again]]


def _find_callers(spans: SpanColumns, own: NDArray[np.intp], dropped: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Who asked: the function of the source that the span names, or one of those around it; else the span above."""
    caller = np.where(own == NOWHERE, NO_NAME, spans.function[np.maximum(own, 0)]).astype(np.int32)
    is_call = spans.call_kind != FRAME
    says = is_call & (spans.code_function != NO_NAME)
    caller[says] = spans.code_function[says]
    rows = np.flatnonzero((own != NOWHERE) & ~says & ~dropped)
    at = own[rows]
    while len(rows):
        told = spans.code_function[at] != NO_NAME
        caller[rows[told]] = spans.code_function[at[told]]
        further = ~told & dropped[at] & (own[at] != NOWHERE)
        rows, at = rows[further], own[at[further]]
    return caller


def _number(
    spans: SpanColumns, unit: NDArray[np.intp], parent: NDArray[np.intp], kept: NDArray[np.intp]
) -> NDArray[np.int64]:
    """Ranks by start; clocks of two machines may differ, and still no child starts before its parent."""
    start = spans.start_ns.copy()
    above = parent.copy()
    while True:
        inside = np.flatnonzero(above != NOWHERE)
        if not len(inside):
            break
        at = above[inside]
        start[inside] = np.maximum(start[inside], start[at])
        above[inside] = above[at]
    order = np.lexsort((kept, _find_depth(parent)[kept], start[kept], unit[kept]))
    own_unit = unit[kept][order]
    is_new = np.ones(len(order), bool)
    is_new[1:] = own_unit[1:] != own_unit[:-1]
    first = np.maximum.accumulate(np.where(is_new, np.arange(len(order)), 0))
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order)) - first
    return number
