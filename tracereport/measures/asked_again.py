"""Who asked again after whom, per function: between which two places an answer should be handed on."""

import numpy as np

from tracereport.calls.coding import code_tuples
from tracereport.calls.constant import map_rows
from tracereport.calls.grouping import caller_rank, keep_rows, sum_by
from tracereport.measures.context import Context
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.partials import Column, Table, merge_tables
from tracereport.measures.proof import with_proof
from tracereport.measures.traits import AGAIN, RECORDED, REPEAT, SHOWN
from tracereport.model import AskedAgain, Rows
from tracereport.native.tally import Mask, count_traits


def count_asked_again(context: Context) -> Table:
    """Repeats by previous asker, asker and function, as recorded."""
    calls, cells = context.calls, context.cells
    repeated = np.flatnonzero(Mask(REPEAT).of(cells.traits))
    names = len(calls.names) + 1
    edges, edge_of_signature = context.edges
    (previous, edge), group = code_tuples(
        (cells.previous_caller[repeated] + 1, names),
        (edge_of_signature[cells.signature[repeated]], max(len(edges), 1)),
    )
    count = len(previous)
    return Table(
        key={
            "previous_caller": Column(previous - 1, calls.names),
            "caller": Column(edges[edge] % names - 1, calls.names),
            "function": Column(edges[edge] // names, calls.names),
        },
        sums={
            **count_traits(
                group,
                cells.traits[repeated],
                {**RECORDED, "again": Mask(AGAIN), "shown": Mask(SHOWN)},
                count,
                cells.calls[repeated],
            ),
            "elapsed_ns": sum_by(group, cells.elapsed_ns[repeated], count),
            "resolution_ns": sum_by(group, map_rows(cells.resolution_ns, repeated), count),
        },
    )


def list_asked_again(whole: Whole) -> Rows[AskedAgain]:
    """The pairs by unchanged repeats, then by repeats."""
    table = with_proof(whole["asked_again"], whole.grades)
    if whole.is_narrowed:
        table = table.take(table.sums["shown"] > 0)
    columns = (*table.key, *table.sums)
    rows = [
        AskedAgain(
            previous_caller=row["previous_caller"],
            caller=row["caller"],
            function=row["function"],
            repeats=row["repeats"],
            again_calls=row["again"],
            shared_calls=row["repeats"] - row["again"],
            own_calls=row["own"],
            handed_on_calls=row["handed_on"],
            unchanged=row["unchanged"],
            changed=row["changed"],
            unproven=row["unproven"],
            elapsed_ns=row["elapsed_ns"],
            elapsed_upper_ns=row["elapsed_ns"] + row["resolution_ns"],
        )
        for row in (dict(zip(columns, values, strict=True)) for values in table.rows(*columns))
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
