"""Callers: who asks, how often, and how often for something it has asked for before."""

from tracereport.calls.grouping import caller_rank, keep_rows
from tracereport.measures.interface import Measure, Whole
from tracereport.model import Caller, Rows


def list_callers(whole: Whole) -> Rows[Caller]:
    """One row per caller, by calls; ``unknown`` and a missing caller each count as one."""
    callers = whole.edges.by("caller")
    if whole.is_narrowed:
        callers = callers.take(callers.sums["shown"] > 0)
    columns = callers.rows(
        "caller", "calls", "judged", "again", "repeats", "unchanged", "changed", "unproven", "elapsed_ns",
        "resolution_ns",
    )  # fmt: skip
    rows = [
        Caller(
            caller=caller,
            calls=calls,
            judged_calls=judged,
            again_calls=again,
            repeats=repeats,
            unchanged=unchanged,
            changed=changed,
            unproven=unproven,
            total_elapsed_ns=elapsed_ns,
            total_elapsed_upper_ns=elapsed_ns + resolution_ns,
        )
        for caller, calls, judged, again, repeats, unchanged, changed, unproven, elapsed_ns, resolution_ns in columns
    ]
    rows.sort(key=lambda row: (-row.calls, caller_rank(row.caller)))
    return keep_rows(rows)


MEASURE: Measure[None] = Measure("callers", lambda _context: None, lambda _parts: None, list_callers)
