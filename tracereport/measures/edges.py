"""Who asks what, how often, and how often again, by caller and function.

Functions, callers and totals are added up from these sums.
"""

from typing import Final

from tracereport.calls.calls import FRAME, WRITE, Calls
from tracereport.calls.calls import QUESTION as QUESTION_KIND
from tracereport.calls.grouping import LONG_ROW_LIMIT, Integers, caller_rank, keep_rows, sum_by
from tracereport.measures.context import Context
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.partials import Array, Column, Table, merge_tables
from tracereport.measures.traits import AGAIN, ASKED, JUDGED, QUESTION, RECORDED, SHOWN
from tracereport.model import Edge, Rows
from tracereport.native.tally import Mask, count_traits

_MASKS: Final = {
    "judged": Mask(JUDGED),
    "judged_questions": Mask(QUESTION),
    "again": Mask(AGAIN),
    "shown": Mask(SHOWN),
    **ASKED,
    **RECORDED,
}


def count_edges(context: Context) -> Table:
    """One row per caller and function: counts of calls and repeats as recorded, and times."""
    calls, cells = context.calls, context.cells
    keys, edge_of_signature = context.edges
    count, edge = len(keys), edge_of_signature[cells.signature]
    sums: dict[str, Array] = dict(count_traits(edge, cells.traits, _MASKS, count, cells.calls))
    sums["calls"] = cells.count_by(edge, count)
    kind = calls.kind_of(cells.row)
    sums["writes"] = cells.count_by(edge, count, kind == WRITE)
    sums["frames"] = cells.count_by(edge, count, kind == FRAME)
    is_other = (kind != QUESTION_KIND) & Mask(JUDGED).of(cells.traits)
    sums["judged_others"] = cells.count_by(edge, count, is_other)
    sums["questions"] = sums["calls"] - sums["writes"] - sums["frames"]
    sums["elapsed_ns"] = sum_by(edge, cells.elapsed_ns, count)
    sums["resolution_ns"] = sum_by(edge, cells.resolution_ns, count)
    return Table(key=key_of_edges(calls, keys), sums=sums)


def key_of_edges(calls: Calls, keys: Integers) -> dict[str, Column]:
    """Edges as the context numbers them, as the key of a table."""
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
