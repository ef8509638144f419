"""Fan-outs as a list: one row per group, the largest first."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.grouping import NESTED_ROW_LIMIT, ROW_LIMIT, caller_rank
from tracereport.calls.ordered import NOWHERE
from tracereport.measures.context import Context
from tracereport.measures.described import refer_to
from tracereport.measures.group_rows import unit_name_of
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.top import Top, merge_tops
from tracereport.model import Confidence, FanOut, Rows
from tracereport.native.keys import list_members

CONFIDENCES: Final[tuple[Confidence, ...]] = ("sure", "likely", "low")
"""By the certainty of a scope."""


def find_fanout_rows(context: Context) -> Top[FanOut]:
    """One row per fan-out, by avoidable calls; ties by function, caller and names, then by the first call."""
    fanouts = context.fanouts
    ranked = _rank_groups(context)
    if context.shown is not None:
        is_shown = np.zeros(len(fanouts) + 1, bool)
        is_shown[fanouts.group_of_place[context.shown.places]] = True
        ranked = ranked[is_shown[ranked]]
    kept = ranked[: context.row_limit]
    members = list_members(fanouts.group_of_place, kept, fanouts.calls[kept], len(fanouts))
    rows = [_describe(context, group, own) for group, own in zip(kept.tolist(), members, strict=True)]
    return Top(len(ranked), tuple(rows))


def _rank_groups(context: Context) -> NDArray[np.intp]:
    fanouts = context.fanouts
    keys = [
        (
            context.calls.names[kind.function],
            *caller_rank(context.calls.name(kind.caller)),
            kind.param_names,
            kind.varying_params,
        )
        for kind in fanouts.kinds
    ]
    place = {key: rank for rank, key in enumerate(sorted(set(keys)))}
    rank = np.array([place[key] for key in keys], np.int64)[fanouts.kind]
    return np.lexsort((fanouts.first, rank, -fanouts.distinct_values))


def _describe(context: Context, group: int, places: NDArray[np.int32]) -> FanOut:
    calls, ordered, fanouts = context.calls, context.ordered, context.fanouts
    parent = int(fanouts.parent[group])
    kind = fanouts.kind_of(group)
    params = calls.params_of(int(ordered.lookup[places[0]]))
    if kind.varying:
        fixed = [param for position, param in enumerate(params) if position not in kind.varying]
    else:
        # Of writes the statement, which tells one loop from another; of questions no value is known.
        fixed = [param for param in params if fanouts.is_write[group] and param.name == "sql"][:1]
    elapsed_ns = int(fanouts.elapsed_ns[group])
    return FanOut(
        function=calls.names[kind.function],
        caller=calls.name(kind.caller),
        param_names=kind.param_names,
        fixed_params=tuple(fixed),
        varying_params=kind.varying_params,
        writes=bool(fanouts.is_write[group]),
        distinct_values=int(fanouts.distinct_values[group]),
        calls=int(fanouts.calls[group]),
        avoidable_calls=int(fanouts.distinct_values[group]) - 1,
        parent=None if parent == NOWHERE else refer_to(context, ordered.rows(np.array([parent])))[0],
        parent_function=None if parent == NOWHERE else calls.names[calls.lookups.function[ordered.lookup[parent]]],
        process=int(ordered.process[places[0]]) + context.first_process,
        unit=unit_name_of(context, int(fanouts.unit[group])),
        elapsed_ns=elapsed_ns,
        elapsed_upper_ns=elapsed_ns + int(fanouts.resolution_ns[group]),
        confidence=CONFIDENCES[fanouts.certainty[group]],
        call_references=Rows(len(places), refer_to(context, ordered.rows(places[:NESTED_ROW_LIMIT]))),
    )


def rank_fanout(row: FanOut) -> tuple[Any, ...]:
    """The order of the rows."""
    first = row.call_references.rows[0]
    caller = caller_rank(row.caller)
    return (-row.distinct_values, row.function, caller, row.param_names, row.varying_params, row.process, first.number)


def merge_fanouts(parts: Sequence[Top[FanOut]]) -> Top[FanOut]:
    """The first rows of all parts."""
    return merge_tops(parts, rank_fanout, ROW_LIMIT)


def list_fanouts(whole: Whole) -> Rows[FanOut]:
    """The first rows of all."""
    part: Top[FanOut] = whole["fanouts"]
    return Rows(part.total, tuple(part.rows[: whole.row_limit]))


MEASURE = Measure("fanouts", find_fanout_rows, merge_fanouts, list_fanouts)
