from typing import Any, Literal

import msgspec

from tests.sample_report import sample_report
from tests.sample_report.names import HOSTILE_CALLER
from tracereport.documents.page.explorer import COLUMNS, Explorer, list_explorer_rows
from tracereport.model import Rows
from tracereport.wording.labels import Labels


def read_row(listed: Explorer, row: list[Any]) -> dict[str, Any]:
    """A row by its columns, its texts in full."""
    texts = listed["texts"]
    named = dict(zip(COLUMNS, row, strict=True))
    named["callers"] = [texts[index] for index in named["callers"]]
    return {**named, "function": texts[named["function"]], "params": texts[named["params"]]}


def rows(table: Literal["signatures", "lookups"]) -> list[dict[str, object]]:
    listed = list_explorer_rows(sample_report(), Labels(), most=100)
    return [read_row(listed, row) for row in listed[table]["rows"]]


def test_a_row_holds_what_the_explorer_shows_and_sorts_by() -> None:
    assert rows("signatures")[0] == {
        "function": "ensure_partition_cached",
        "callers": ["query_latest_record"],
        "more_callers": 0,
        "params": "part_id=00000000-0000-7100-8000-000000000000",
        "calls": 267,
        "unchanged": 0,
        "changed": 0,
        "unproven": 266,
        "elapsed_ns": 267_000_000,
        "elapsed": "267-534 ms",
        "numbers": "#5 #36 #67 #98 #129 #160 #191 #222 …",
    }


def test_a_lookup_names_its_callers() -> None:
    assert rows("lookups")[0]["callers"] == [
        "query_latest_record",
        "query_latest_directory_record",
        "query_records",
    ]


def test_callers_that_are_cut_are_counted() -> None:
    report = sample_report()
    first = report.redundant_lookups.rows[0]
    shares = tuple(msgspec.structs.replace(first.callers.rows[0], caller=f"caller_{n}") for n in range(9))
    lookup = msgspec.structs.replace(first, callers=Rows(12, shares))
    listed = list_explorer_rows(msgspec.structs.replace(report, redundant_lookups=Rows(1, (lookup,))), Labels(), most=1)
    row = read_row(listed, listed["lookups"]["rows"][0])
    assert row["callers"] == ["caller_0", "caller_1", "caller_2", "caller_3"]
    assert row["more_callers"] == 8


def test_all_numbers_are_shown_where_they_are_few() -> None:
    assert rows("signatures")[-1]["numbers"] == "#400-#401"


def test_rows_are_bounded_and_their_total_is_kept() -> None:
    listed = list_explorer_rows(sample_report(), Labels(), 2)
    assert len(listed["signatures"]["rows"]) == 2
    assert listed["signatures"]["total"] == 856


def test_long_values_are_cut_and_foreign_ones_escaped() -> None:
    hostile = rows("signatures")[4]
    assert hostile["callers"] == [Labels()(HOSTILE_CALLER)]
    assert "\\u202e" in str(hostile["params"])
    assert len(str(hostile["params"])) <= 160
