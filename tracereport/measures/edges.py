"""Who asks what, how often, and how often again, by caller and function.

Functions, callers and totals are added up from these sums.
"""

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import FRAME, WRITE, Calls
from tracereport.calls.coding import code_values
from tracereport.calls.grouping import LONG_ROW_LIMIT, Integers, caller_rank, count_by, keep_rows, sum_by
from tracereport.measures.context import Context
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.partials import Array, Column, Table, merge_tables
from tracereport.measures.repeats import CHANGED
from tracereport.measures.scopes import LOW
from tracereport.model import Edge, Rows


def count_edges(context: Context) -> Table:
    """One row per caller and function: counts of calls and repeats as recorded, and times.

    ``written`` counts the unproven repeats with a write before them, ``unchanged_written`` the unchanged ones, which
    become unproven where answers prove nothing.
    """
    calls, ordered, repeats = context.calls, context.ordered, context.repeats
    keys, edge_of_signature = code_edges(calls)
    count = len(keys)
    edge = edge_of_signature[calls.signature]
    place = edge_of_signature[ordered.signature]
    kind = calls.kind
    is_repeat, unchanged = repeats.is_repeat, repeats.unchanged
    changed = is_repeat & (repeats.evidence == CHANGED)
    is_fan_out = find_batched(context)
    masks: dict[str, NDArray[np.bool_]] = {
        "judged": ordered.is_judged,
        "judged_questions": ordered.is_question,
        "repeats": is_repeat,
        "first": ordered.is_question & ~is_repeat & ~is_fan_out,
        "fan_out": is_fan_out,
        "again": repeats.again,
        "unchanged": unchanged & ~repeats.cached,
        "cached": repeats.cached,
        "changed": changed,
        "written": is_repeat & ~unchanged & ~changed & repeats.written,
        "unchanged_written": unchanged & ~repeats.cached & repeats.written,
        "own": repeats.own,
        "handed_on": repeats.handed_on,
    }
    sums: dict[str, Array] = {name: count_by(place, count, mask) for name, mask in masks.items()}
    sums["calls"] = count_by(edge, count)
    sums["writes"] = count_by(edge, count, kind == WRITE)
    sums["frames"] = count_by(edge, count, kind == FRAME)
    sums["questions"] = sums["calls"] - sums["writes"] - sums["frames"]
    sums["elapsed_ns"] = sum_by(edge, calls.elapsed_ns, count)
    sums["resolution_ns"] = sum_by(edge, calls.resolution_ns, count)
    sums["shown"] = sums["calls"] if context.shown is None else count_by(edge, count, context.shown.rows)
    return Table(key=key_of_edges(calls, keys), sums=sums)


def find_batched(context: Context) -> NDArray[np.bool_]:
    """Per call whether a batch would have answered it, for certain or likely, though it repeats nothing."""
    fanouts = context.fanouts
    group = fanouts.group_of_place
    is_certain = np.append(fanouts.certainty != LOW, False)
    batched: NDArray[np.bool_] = (
        fanouts.is_avoidable & is_certain[group] & context.ordered.is_judged & ~context.repeats.is_repeat
    )
    return batched


def code_edges(calls: Calls) -> tuple[Integers, NDArray[np.int32]]:
    """The edges, ascending, as function code x (names + 1) + caller code + 1; and each signature's index among them."""
    signatures = calls.signatures
    names = len(calls.names) + 1
    key = calls.lookups.function[signatures.lookup].astype(np.int64) * names + signatures.caller + 1
    return code_values(key, names * names)


def key_of_edges(calls: Calls, keys: Integers) -> dict[str, Column]:
    """Edges as ``code_edges`` numbers them, as the key of a table."""
    names = len(calls.names) + 1
    return {
        "caller": Column(keys % names - 1, calls.names),
        "function": Column(keys // names, calls.names),
    }


def list_edges(whole: Whole) -> Rows[Edge]:
    """One row per caller and function, by calls."""
    edges = whole["edges"]
    if whole.is_narrowed:
        edges = edges.take(edges.sums["shown"] > 0)
    rows = [
        Edge(
            caller=caller,
            function=function,
            calls=calls,
            again_calls=again,
            total_elapsed_ns=elapsed_ns,
            total_elapsed_upper_ns=elapsed_ns + resolution_ns,
        )
        for caller, function, calls, again, elapsed_ns, resolution_ns in edges.rows(
            "caller", "function", "calls", "again", "elapsed_ns", "resolution_ns"
        )
    ]
    rows.sort(key=lambda row: (-row.calls, row.function, caller_rank(row.caller)))
    return keep_rows(rows, LONG_ROW_LIMIT)


MEASURE = Measure("edges", count_edges, merge_tables, list_edges)
