"""The page about data formats names every column with its type, and the lists' limits, as the program has them."""

import re

import polars as pl

from tests.paths import ROOT
from tracereport.calls.calls import ANSWER_KINDS, CALL_KINDS, PHASES, TREE_KINDS
from tracereport.calls.grouping import LONG_ROW_LIMIT, NESTED_ROW_LIMIT, ROW_LIMIT
from tracereport.measures.processes import UNIT_LIMIT
from tracereport.sources.table import EVERY_RESOURCE, SCHEMA

PAGE = (ROOT / "docs" / "reference" / "data-formats.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+) \|$", PAGE, re.MULTILINE)
MEANINGS = {column: meaning for column, _, meaning in ROWS}


def name_type(kind: pl.DataType) -> str:
    """As the page writes it."""
    if isinstance(kind, pl.List):
        return f"List({name_type(pl.Schema({'inner': kind.inner})['inner'])})"
    if isinstance(kind, pl.Struct):
        fields = ", ".join(f"{field.name}: {field.dtype}" for field in kind.fields)
        return f"Struct({fields})"
    return str(kind)


def test_every_column_is_told_in_order_with_its_type() -> None:
    assert [(column, kind) for column, kind, _ in ROWS] == [(name, name_type(kind)) for name, kind in SCHEMA.items()]


def test_columns_that_hold_one_of_a_few_words_name_them_all() -> None:
    for column, words in (("kind", CALL_KINDS), ("tree", TREE_KINDS), ("answer", ANSWER_KINDS), ("phase", PHASES)):
        assert set(re.findall(r"`([a-z]+)`", MEANINGS[column])) == {word for word in words if word}, column
    assert f"`{EVERY_RESOURCE}`" in MEANINGS["writes"]


def test_the_lengths_of_lists_are_those_that_are_kept() -> None:
    text = " ".join(PAGE.split())
    assert f"At most {UNIT_LIMIT:,} units of work are kept" in text
    assert f"{LONG_ROW_LIMIT:,} functions, edges, processes and findings" in text
    assert f"{ROW_LIMIT:,} of most other lists" in text
    assert f"{NESTED_ROW_LIMIT} of a list inside a row" in text
