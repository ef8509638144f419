"""What calls ask for, and what is known of their answers: the colours of bars in charts and tables."""

from collections.abc import Sequence
from typing import Any, Final

from tracereport.model import Caller, Function, TreePath
from tracereport.sections.interface import Bars

KINDS: Final = (
    ("first calls", "first"),
    ("one by one (fan-out)", "fan-out"),
    ("asked again, unchanged", "unchanged"),
    ("asked again, changed", "changed"),
    ("asked again, no evidence", "unproven"),
)
OTHERS: Final = ("writes, others, and not judged", "line")
"""Each by its words, and by the name of its colour."""


def count_kinds(row: Function | Caller | TreePath) -> tuple[int, ...]:
    """The calls of each of ``KINDS``, and the others: writes, places in the program, and what isn't judged."""
    kinds = (row.first_calls, row.fan_out_calls, row.unchanged, row.changed, row.unproven)
    return (*kinds, row.calls - sum(kinds))


def bars_of_calls(rows: Sequence[Function] | Sequence[Caller]) -> Bars[Any]:
    """The calls of each line by what they ask for, without what none of them does."""
    legend = (*KINDS, OTHERS)
    present = [index for index in range(len(legend)) if any(count_kinds(row)[index] for row in rows)]
    return Bars(
        "calls",
        tuple(legend[index] for index in present),
        lambda row: [count_kinds(row)[index] for index in present],
    )
