"""Callers: who asks, how often, and how often for something it has asked for before."""

from tracereport.calls.grouping import caller_rank, keep_rows
from tracereport.measures.interface import Measure, Whole
from tracereport.model import Caller, Rows


def list_callers(whole: Whole) -> Rows[Caller]:
    """One row per caller, by calls; ``unknown`` and a missing caller each count as one."""
    callers = whole.edges.by("caller")
    if whole.is_narrowed:
        callers = callers.take(callers.sums["shown"] > 0)
    columns = ("caller", *callers.sums)
    rows = [
        Caller(
            caller=row["caller"],
            calls=row["calls"],
            judged_calls=row["judged"],
            first_calls=row["first"],
            fan_out_calls=row["fan_out"],
            again_calls=row["again"],
            repeats=row["repeats"],
            unchanged=row["unchanged"],
            changed=row["changed"],
            unproven=row["unproven"],
            total_elapsed_ns=row["elapsed_ns"],
            total_elapsed_upper_ns=row["elapsed_ns"] + row["resolution_ns"],
        )
        for row in (dict(zip(columns, values, strict=True)) for values in callers.rows(*columns))
    ]
    rows.sort(key=lambda row: (-row.calls, caller_rank(row.caller)))
    return keep_rows(rows)


MEASURE: Measure[None] = Measure("callers", lambda _context: None, lambda _parts: None, list_callers)
