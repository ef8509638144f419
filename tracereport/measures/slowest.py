"""The slowest calls of all, by elapsed time."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tracereport.calls.grouping import ROW_LIMIT
from tracereport.measures.context import Context
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.top import Top, merge_tops
from tracereport.model import Rows, SlowestCall
from tracereport.native.tally import find_nth_largest


def find_slowest_calls(context: Context) -> Top[SlowestCall]:
    """The calls with the longest times; ties by process, number and line."""
    calls, limit = context.calls, context.row_limit
    shown = None if context.shown is None else context.shown.rows
    elapsed_ns = calls.elapsed_ns if shown is None else calls.elapsed_ns[shown]
    count = len(elapsed_ns)
    least_ns = find_nth_largest(elapsed_ns, limit) if count > limit else 0
    is_candidate = calls.elapsed_ns >= least_ns
    if shown is not None:
        is_candidate &= shown
    rows = np.flatnonzero(is_candidate)
    keys = (calls.line[rows], calls.number[rows], calls.process[rows], -calls.elapsed_ns[rows])
    chosen = rows[np.lexsort(keys)[:limit]]
    return Top(count, tuple(_describe(context, row) for row in chosen.tolist()))


def _describe(context: Context, row: int) -> SlowestCall:
    calls = context.calls
    process = int(calls.process[row])
    signature = int(calls.signature[row])
    lookup = int(calls.signatures.lookup[signature])
    return SlowestCall(
        process=process + context.first_process,
        number=int(calls.number[row]),
        line=int(calls.line[row]),
        file=calls.files[calls.file[row]],
        process_name=calls.processes.name[process],
        function=calls.names[calls.lookups.function[lookup]],
        caller=calls.name(int(calls.signatures.caller[signature])),
        params=calls.params_of(lookup),
        elapsed_ns=int(calls.elapsed_ns[row]),
        elapsed_upper_ns=int(calls.elapsed_ns[row]) + int(calls.resolution_ns[row]),
        metrics=calls.metric_sets.metrics_of(int(calls.metric_set[row])),
    )


def rank_slowest(row: SlowestCall) -> tuple[Any, ...]:
    """The order of the slowest calls."""
    return (-row.elapsed_ns, row.process, row.number, row.line)


def merge_slowest(parts: Sequence[Top[SlowestCall]]) -> Top[SlowestCall]:
    """The slowest of all parts."""
    return merge_tops(parts, rank_slowest, ROW_LIMIT)


def list_slowest(whole: Whole) -> Rows[SlowestCall]:
    """The slowest of all."""
    part: Top[SlowestCall] = whole["slowest_calls"]
    return Rows(part.total, tuple(part.rows[: whole.row_limit]))


MEASURE = Measure("slowest_calls", find_slowest_calls, merge_slowest, list_slowest)
