"""Who asked again after whom, per function: between which two places an answer should be handed on."""

import numpy as np

from tracereport.calls.coding import code_tuples
from tracereport.calls.grouping import caller_rank, count_by, keep_rows, sum_by
from tracereport.measures.context import Context
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.partials import Column, Table, merge_tables
from tracereport.measures.proof import with_proof
from tracereport.measures.repeats import CHANGED
from tracereport.model import AskedAgain, Rows


def count_asked_again(context: Context) -> Table:
    """Repeats by previous asker, asker and function, as recorded."""
    calls, ordered, repeats = context.calls, context.ordered, context.repeats
    place = np.flatnonzero(repeats.is_repeat)
    names = len(calls.names) + 1
    caller = calls.signatures.caller[ordered.signature].astype(np.int64) + 1
    (function, previous_caller, own_caller), group = code_tuples(
        (calls.lookups.function[ordered.lookup[place]], names),
        (caller[repeats.previous[place]], names),
        (caller[place], names),
    )
    count = len(function)
    row = ordered.row[place]
    cached = repeats.cached[place]
    unchanged = repeats.unchanged[place]
    changed = repeats.evidence[place] == CHANGED
    written = repeats.written[place]
    masks = {
        "unchanged": unchanged & ~cached,
        "cached": cached,
        "changed": changed,
        "written": written & ~unchanged & ~changed,
        "unchanged_written": written & unchanged & ~cached,
        "own": repeats.own[place],
        "handed_on": repeats.handed_on[place],
        "shown": np.ones(len(place), bool) if context.shown is None else context.shown.places[place],
    }
    return Table(
        key={
            "previous_caller": Column(previous_caller - 1, calls.names),
            "caller": Column(own_caller - 1, calls.names),
            "function": Column(function, calls.names),
        },
        sums={
            "repeats": count_by(group, count),
            **{name: count_by(group, count, mask) for name, mask in masks.items()},
            "elapsed_ns": sum_by(group, calls.elapsed_ns[row], count),
            "resolution_ns": sum_by(group, calls.resolution_ns[row], count),
        },
    )


def list_asked_again(whole: Whole) -> Rows[AskedAgain]:
    """The pairs by unchanged repeats, then by repeats."""
    table = with_proof(whole["asked_again"], whole.grades)
    if whole.is_narrowed:
        table = table.take(table.sums["shown"] > 0)
    rows = [
        AskedAgain(
            previous_caller=previous,
            caller=caller,
            function=function,
            repeats=repeats,
            unchanged=unchanged,
            changed=changed,
            unproven=unproven,
            elapsed_ns=elapsed_ns,
            elapsed_upper_ns=elapsed_ns + resolution_ns,
        )
        for previous, caller, function, repeats, unchanged, changed, unproven, elapsed_ns, resolution_ns in table.rows(
            "previous_caller",
            "caller",
            "function",
            "repeats",
            "unchanged",
            "changed",
            "unproven",
            "elapsed_ns",
            "resolution_ns",
        )
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


MEASURE = Measure("asked_again", count_asked_again, merge_tables, list_asked_again)
