"""What repeats prove, once the grades of their functions are known: recorded counts -> what is shown."""

from collections.abc import Mapping

import msgspec
import numpy as np

from tracereport.measures.evidence import Grade
from tracereport.measures.partials import Array, Table


class Proof(msgspec.Struct, frozen=True, eq=False):
    """The repeats of each row by what is proven of them, after the grades of their functions."""

    unchanged: Array
    """The cached ones among them."""
    changed: Array
    unproven: Array
    may_have_changed: Array
    """Those of the unproven ones with a write before them."""
    own: Array
    handed_on: Array


def prove(table: Table, grades: Mapping[str, Grade]) -> Proof:
    """Holds the recorded counts of a table, whose key has a function, against the grades of the functions.

    Equal answers of a function that always answers the same prove nothing: those repeats are unproven.
    """
    sums = table.sums
    column = table.key["function"]
    is_constant = np.array([grades.get(name) == "constant" for name in column.texts or ()] + [False], bool)[
        column.codes
    ]
    unchanged = np.where(is_constant, 0, sums["unchanged"]) + sums["cached"]
    written = sums["written"] + np.where(is_constant, sums["unchanged_written"], 0)
    return Proof(
        unchanged=unchanged,
        changed=sums["changed"],
        unproven=sums["repeats"] - unchanged - sums["changed"],
        may_have_changed=written,
        own=np.where(is_constant, 0, sums["own"]),
        handed_on=np.where(is_constant, 0, sums["handed_on"]),
    )


def with_proof(table: Table, grades: Mapping[str, Grade]) -> Table:
    """The table with what is proven in place of what was recorded; it may be added up over functions."""
    proof = msgspec.structs.asdict(prove(table, grades))
    return Table(table.key, {**table.sums, **proof}, table.least, table.most)
