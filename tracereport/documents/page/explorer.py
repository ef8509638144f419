"""What the page's explorer holds: the signatures and lookups that are asked again, as rows of text and figures."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypedDict

from tracereport.model import Param, RedundantLookup, RedundantSignature, Report, Rows
from tracereport.wording.labels import Labels
from tracereport.wording.units import elide_middle, format_bounds, format_call_runs, format_param

COLUMNS: Final = (
    "function",
    "callers",
    "more_callers",
    "params",
    "calls",
    "unchanged",
    "changed",
    "unproven",
    "elapsed_ns",
    "elapsed",
    "numbers",
)
"""Of a row: function, callers and parameters as indices of texts; callers are a list of the first ones, with how many
more there are; times are in ns and as text, numbers are call numbers as text."""

_PARAMS_WIDTH: Final = 160
_MOST_CALLERS: Final = 4
_MOST_NUMBERS: Final = 8


class Table(TypedDict):
    """How many rows there are, and the first of them."""

    total: int
    rows: list[list[Any]]


class Explorer(TypedDict):
    """Both tables, and the columns of either."""

    columns: tuple[str, ...]
    texts: list[str]
    """Labels of functions and callers, and parameters: rows hold indices into them, since many share them."""
    signatures: Table
    lookups: Table


def list_explorer_rows(report: Report, label: Labels, most: int) -> Explorer:
    """The tables of the explorer, with at most ``most`` rows each."""
    signatures, lookups = report.redundant_signatures, report.redundant_lookups
    index_of: dict[str, int] = {}

    def index(text: str) -> int:
        return index_of.setdefault(text, len(index_of))

    of_signatures: Table = {
        "total": signatures.total,
        "rows": [_list_row(row, label, index, Rows(1, (row.caller,))) for row in signatures.rows[:most]],
    }
    of_lookups: Table = {
        "total": lookups.total,
        "rows": [
            _list_row(row, label, index, Rows(row.callers.total, tuple(share.caller for share in row.callers.rows)))
            for row in lookups.rows[:most]
        ],
    }
    return {"columns": COLUMNS, "texts": list(index_of), "signatures": of_signatures, "lookups": of_lookups}


def _list_row(
    row: RedundantSignature | RedundantLookup, label: Labels, index: Callable[[str], int], callers: Rows[str | None]
) -> list[Any]:
    shown = callers.rows[:_MOST_CALLERS]
    numbers = [call.number for call in row.call_references.rows[:_MOST_NUMBERS]]
    more = " …" if row.call_references.total > len(numbers) else ""
    return [
        index(label(row.function)),
        [index(label(caller)) for caller in shown],
        callers.total - len(shown),
        index(_join(row.params)),
        row.calls,
        row.unchanged,
        row.changed,
        row.unproven,
        row.elapsed_ns,
        format_bounds(row.elapsed_ns, row.elapsed_upper_ns),
        format_call_runs(numbers) + more,
    ]


def _join(params: Sequence[Param]) -> str:
    return elide_middle("|".join(map(format_param, params)), _PARAMS_WIDTH)
