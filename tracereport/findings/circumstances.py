"""What stands around the calls of a finding: in which tests and units, at which places, by which hooks.

Repeats and fan-outs count it alike: each part of an input adds up tables, which are listed when all parts are merged.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.coding import code_values
from tracereport.calls.constant import map_column, map_rows
from tracereport.calls.grouping import NESTED_ROW_LIMIT, keep_rows, sum_by
from tracereport.findings.interface import PLACE_LIMIT
from tracereport.measures.context import Context
from tracereport.measures.partials import Array, Column, Table, merge_tables
from tracereport.model import PlaceCount, Rows, TestShare
from tracereport.native.pairs import number_pairs


class FoundCells(msgspec.Struct, frozen=True, eq=False):
    """Calls of findings by cells, which have test, origin and unit in common. One row per finding and cell."""

    keys: tuple[str, ...]
    """The texts of the findings' keys, by code."""
    finding: NDArray[np.integer]
    """The code of the finding."""
    cell: NDArray[np.integer]
    """An index into ``Context.cells``."""
    calls: NDArray[np.int64]
    """How many calls of the finding the cell holds."""


class Circumstances(msgspec.Struct, frozen=True, eq=False):
    """What stands around the calls of findings, as tables whose keys begin with the finding's."""

    tests: Table
    places: Table
    hooks: Table
    units: Table
    """By process, unit and finding."""


class ListedCircumstances(msgspec.Struct, frozen=True, eq=False):
    """The same as rows of a report, by the text of the finding's key; a finding without any is left out."""

    tests: dict[str, Rows[TestShare]]
    places: dict[str, Rows[PlaceCount]]
    hooks: dict[str, tuple[str, ...]]


def count_circumstances(context: Context, found: FoundCells, amounts: FoundCells, amount: str) -> Circumstances:
    """Counts calls of findings by what stands around them.

    Args:
        context: of the calls.
        found: all calls of the findings, which are counted by places and hooks.
        amounts: those that count in tests and units.
        amount: what these are called: ``repeats`` or ``avoidable_calls``.
    """
    calls, cells = context.calls, context.cells
    origin = map_rows(calls.origin, cells.row[found.cell])
    at, via = calls.origins.at.astype(np.int64), calls.origins.via.astype(np.int64)
    texts = calls.origins.texts
    test = map_rows(calls.test, cells.row[amounts.cell])
    tests = _count_texts(amounts, test, calls.tests, "test", amount)
    for other in {"repeats", "avoidable_calls"} - {amount}:
        tests.sums[other] = np.zeros(len(tests), np.int64)
    return Circumstances(
        tests=tests,
        places=_count_texts(found, map_column(at.__getitem__, origin), texts, "at", "calls"),
        hooks=_count_texts(found, map_column(via.__getitem__, origin), texts, "via", "calls"),
        units=_count_units(context, amounts, amount),
    )


def _count_texts(found: FoundCells, codes: Array, texts: tuple[str, ...], name: str, amount: str) -> Table:
    """How many calls stand with each finding and text; those without a text are left out.

    Args:
        found: the calls.
        codes: per row of them an index into the texts, -1 for none.
        texts: of tests, places or hooks.
        name: of the column of the texts.
        amount: of the column of the counts.
    """
    known = np.flatnonzero(codes >= 0) if texts else np.zeros(0, np.intp)
    width = max(len(texts), 1)
    pairs = found.finding[known].astype(np.int64) * width + codes[known]
    distinct, index = code_values(pairs, max(len(found.keys), 1) * width)
    return Table(
        key={"finding": Column(distinct // width, found.keys), name: Column(distinct % width, texts)},
        sums={amount: sum_by(index, map_rows(found.calls, known), len(distinct))},
    )


def _count_units(context: Context, found: FoundCells, amount: str) -> Table:
    units = context.ordered.units
    unit = context.cells.unit[found.cell]
    pair, first = number_pairs(unit, len(units), found.finding, len(found.keys))
    unit = unit[first].astype(np.int64)
    return Table(
        key={
            "process": Column(context.process_key(units.process[unit])),
            "unit": Column(unit),
            "finding": Column(found.finding[first].astype(np.int64), found.keys),
        },
        sums={amount: sum_by(pair, found.calls, len(first))},
    )


def merge_circumstances(parts: Sequence[Circumstances]) -> Circumstances:
    """The sums of all parts."""
    return Circumstances(
        tests=merge_tables([part.tests for part in parts]),
        places=merge_tables([part.places for part in parts]),
        hooks=merge_tables([part.hooks for part in parts]),
        units=merge_tables([part.units for part in parts]),
    )


def list_circumstances(whole: Circumstances) -> ListedCircumstances:
    """The rows of a report: tests by what they add, places by their calls, hooks by name."""
    return ListedCircumstances(_list_tests(whole.tests), _list_places(whole.places), _list_hooks(whole.hooks))


def _list_tests(table: Table) -> dict[str, Rows[TestShare]]:
    found: dict[str, list[TestShare]] = {}
    for key, test, repeats, avoidable in table.rows("finding", "test", "repeats", "avoidable_calls"):
        found.setdefault(key, []).append(TestShare(test=test, repeats=repeats, avoidable_calls=avoidable))
    for rows in found.values():
        rows.sort(key=lambda row: (-row.repeats, -row.avoidable_calls, row.test))
    return {key: keep_rows(rows, NESTED_ROW_LIMIT) for key, rows in found.items()}


def _list_places(table: Table) -> dict[str, Rows[PlaceCount]]:
    found: dict[str, list[PlaceCount]] = {}
    for key, at, calls in table.rows("finding", "at", "calls"):
        found.setdefault(key, []).append(PlaceCount(at=at, calls=calls))
    for rows in found.values():
        rows.sort(key=lambda row: (-row.calls, row.at))
    return {key: keep_rows(rows, PLACE_LIMIT) for key, rows in found.items()}


def _list_hooks(table: Table) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for key, via in table.rows("finding", "via"):
        found.setdefault(key, set()).add(via)
    return {key: tuple(sorted(hooks)) for key, hooks in found.items()}
