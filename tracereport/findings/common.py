"""What findings of several kinds have in common: tests, places and evidence."""

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.coding import code_values
from tracereport.calls.constant import map_column, map_rows
from tracereport.calls.grouping import NESTED_ROW_LIMIT, keep_rows, order_by, sum_by
from tracereport.findings.interface import PLACE_LIMIT
from tracereport.measures.context import Context
from tracereport.measures.partials import Array, Column, Table
from tracereport.model import Evidence, PlaceCount, Rows, TestShare


class EvidenceOf(msgspec.Struct, frozen=True):
    """Calls that show a finding, of the group of calls that shows it best."""

    key: str
    sort: int
    """What they show: of several sorts the report takes the first that there is."""
    size: int
    """Of the group: the larger, the better."""
    rows: tuple[Evidence, ...]
    """In the order of their calls."""

    def rank(self) -> tuple[int, int, int, int]:
        """The best first."""
        first = self.rows[0]
        return (self.sort, -self.size, first.process, first.number)


def choose_evidence(found: Iterable[EvidenceOf]) -> dict[tuple[str, int], EvidenceOf]:
    """By finding and sort the best evidence of all parts."""
    best: dict[tuple[str, int], EvidenceOf] = {}
    for own in sorted(found, key=EvidenceOf.rank):
        best.setdefault((own.key, own.sort), own)
    return best


def count_pairs_with(
    codes: Array, keys: tuple[str, ...], other: Array, column: tuple[str, ...], calls: Array, name: str, amount: str
) -> Table:
    """How many calls stand with each finding and text; those without a text are left out.

    Args:
        codes: per cell (or call) the code of its finding, an index into ``keys``.
        keys: the texts of the findings' keys.
        other: per cell the code of the text, -1 for none.
        column: the texts.
        calls: per cell.
        name: of the column of the texts.
        amount: of the column of the counts.
    """
    known = np.flatnonzero(other >= 0) if column else np.zeros(0, np.intp)
    width = max(len(column), 1)
    distinct, index = code_values(codes[known].astype(np.int64) * width + other[known], max(len(keys), 1) * width)
    return Table(
        key={"finding": Column(distinct // width, keys), name: Column(distinct % width, column)},
        sums={amount: sum_by(index, map_rows(calls, known), len(distinct))},
    )


def places_of(context: Context, rows: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where in the source some calls were made, and which hook wrote them: indices into the origins' texts."""
    origin = map_rows(context.calls.origin, rows)
    at, via = context.calls.origins.at.astype(np.int64), context.calls.origins.via.astype(np.int64)
    return map_column(at.__getitem__, origin), map_column(via.__getitem__, origin)


def list_tests(table: Table) -> dict[str, Rows[TestShare]]:
    """By finding the tests that add to it, by how much."""
    found: dict[str, list[TestShare]] = {}
    for key, test, repeats, avoidable in table.rows("finding", "test", "repeats", "avoidable_calls"):
        found.setdefault(key, []).append(TestShare(test=test, repeats=repeats, avoidable_calls=avoidable))
    for rows in found.values():
        rows.sort(key=lambda row: (-row.repeats, -row.avoidable_calls, row.test))
    return {key: keep_rows(rows, NESTED_ROW_LIMIT) for key, rows in found.items()}


def list_places(table: Table) -> dict[str, Rows[PlaceCount]]:
    """By finding the places in the source that ask, by how many calls."""
    found: dict[str, list[PlaceCount]] = {}
    for key, at, calls in table.rows("finding", "at", "calls"):
        found.setdefault(key, []).append(PlaceCount(at=at, calls=calls))
    for rows in found.values():
        rows.sort(key=lambda row: (-row.calls, row.at))
    return {key: keep_rows(rows, PLACE_LIMIT) for key, rows in found.items()}


def list_hooks(table: Table) -> dict[str, tuple[str, ...]]:
    """By finding the hooks that wrote its calls."""
    found: dict[str, set[str]] = {}
    for key, via in table.rows("finding", "via"):
        found.setdefault(key, set()).add(via)
    return {key: tuple(sorted(hooks)) for key, hooks in found.items()}


def first_rows(owner: Array, rank: Sequence[Array], limit: int) -> NDArray[np.intp]:
    """Of each owner the first rows, at most ``limit``, in the order of the ranks (the most important one first)."""
    order = order_by(owner, *rank)
    codes = owner[order]
    start = np.flatnonzero(np.diff(codes, prepend=-1))
    within = np.arange(len(order)) - np.repeat(start, np.diff(start, append=len(order)))
    return order[within < limit]
