"""Callers and edges: who calls what, how often, and how often for something it has asked for before."""

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import Calls
from tracereport.calls.coding import code_values
from tracereport.calls.grouping import LONG_ROW_LIMIT, Integers, caller_rank, keep_rows
from tracereport.calls.selection import Shown
from tracereport.measures.tally import Tally
from tracereport.model import Caller, Edge, Rows


def count_callers(calls: Calls, tally: Tally, shown: Shown | None = None) -> Rows[Caller]:
    """One row per caller, by calls; ``unknown`` and a missing caller each count as one."""
    # A missing caller has code -1: all are moved up by one.
    total = tally.add_up(calls.signatures.caller + 1, len(calls.names) + 1)
    rows = [
        Caller(
            caller=calls.name(code - 1),
            calls=int(total.calls[code]),
            again_calls=int(total.again[code]),
            repeats=int(total.repeats[code]),
            unchanged=int(total.unchanged[code]),
            changed=int(total.changed[code]),
            unproven=int(total.repeats[code] - total.unchanged[code] - total.changed[code]),
            total_elapsed_ns=int(total.elapsed_ns[code]),
            total_elapsed_upper_ns=int(total.elapsed_ns[code]) + int(total.resolution_ns[code]),
            judged_calls=int(total.judged[code]),
        )
        for code in np.flatnonzero(total.calls).tolist()
        if shown is None or calls.name(code - 1) in shown.callers
    ]
    rows.sort(key=lambda row: (-row.calls, caller_rank(row.caller)))
    return keep_rows(rows)


def count_edges(calls: Calls, tally: Tally, shown: Shown | None = None) -> Rows[Edge]:
    """One row per caller and function, by calls."""
    names = len(calls.names) + 1
    keys, edge_of_signature = code_edges(calls)
    total = tally.add_up(edge_of_signature, len(keys))
    rows = [
        Edge(
            caller=calls.name(key % names - 1),
            function=calls.names[key // names],
            calls=int(total.calls[index]),
            again_calls=int(total.again[index]),
            total_elapsed_ns=int(total.elapsed_ns[index]),
            total_elapsed_upper_ns=int(total.elapsed_ns[index]) + int(total.resolution_ns[index]),
        )
        for index, key in enumerate(keys.tolist())
        if shown is None or (calls.name(key % names - 1), calls.names[key // names]) in shown.edges
    ]
    rows.sort(key=lambda row: (-row.calls, row.function, caller_rank(row.caller)))
    return keep_rows(rows, LONG_ROW_LIMIT)


def code_edges(calls: Calls) -> tuple[Integers, NDArray[np.int32]]:
    """The edges, ascending, as function code x (names + 1) + caller code + 1; and each signature's index among them."""
    signatures = calls.signatures
    names = len(calls.names) + 1
    key = calls.lookups.function[signatures.lookup].astype(np.int64) * names + signatures.caller + 1
    return code_values(key, names * names)
