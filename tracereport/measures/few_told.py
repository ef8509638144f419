"""What is asked for too few values to tell a loop: told with what would prove it."""

from collections.abc import Iterator

import numpy as np

from tracereport.calls.test_files import is_of_tests
from tracereport.measures.context import Context
from tracereport.measures.partials import Column, Table, group_rows
from tracereport.model import FEW_VALUES, QualityWarning
from tracereport.wording.phrases import format_counted
from tracereport.wording.units import quote_name


def count_unproven(context: Context) -> Table:
    """How many groups lack one sign to be fan-outs, by function, caller and place."""
    calls, ordered = context.calls, context.ordered
    place = context.fanouts.unproven
    signature = ordered.signature[place]
    at = calls.origins.at[ordered.take(calls.origin)[place]].astype(np.int64)
    return group_rows(
        Table(
            key={
                "function": Column(context.function_of_signature[signature].astype(np.int64), calls.names),
                "caller": Column(calls.signatures.caller[signature].astype(np.int64), calls.names),
                "at": Column(at, calls.origins.texts),
            },
            sums={"groups": np.ones(len(place), np.int64)},
        )
    )


def describe_unproven(unproven: Table) -> Iterator[QualityWarning]:
    """The warning that a loop may hide there; what the tests' own code asks is none."""
    rows = [row for row in unproven.rows("groups", "caller", "function", "at") if not is_of_tests(row[3])]
    if not rows:
        return
    _, caller, function, at = min(rows, key=lambda row: (-row[0], row[3], row[2], row[1] or ""))
    asker = "a caller" if caller is None else quote_name(caller)
    others = len(rows) - 1
    beside = f", and so {'does' if others == 1 else 'do'} {format_counted(others, 'other place')}" if others else ""
    yield QualityWarning(
        code=FEW_VALUES,
        message=f"{asker} asks {quote_name(function)} at {quote_name(at)} once for each of a few values"
        f"{beside}: too few to tell a loop over rows from chance.",
        remedy="To prove one, record a test that has five rows or more there; fan-out-values = 2 takes all for one.",
        count=len(rows),
        misleading=False,
    )
