"""What a lookup is by its own text."""

import numpy as np
import pytest

from tracereport.calls.calls import QUESTION, WRITE
from tracereport.calls.statements import find_subjects


@pytest.mark.parametrize(
    ("function", "statement", "kind", "resource"),
    [
        ("load_node", None, QUESTION, "load_node"),
        ("select orders", None, QUESTION, "orders"),
        ("insert items", None, WRITE, "items"),
        ("ask", "SELECT id FROM orders WHERE id = 1", QUESTION, "orders"),
        ("ask", 'select "Order"."id" from "Order"', QUESTION, "order"),
        ("ask", "INSERT OR REPLACE INTO items VALUES (1)", WRITE, "items"),
        ("ask", "  update only stock set n = 1", WRITE, "stock"),
        ("ask", "DELETE FROM shop.items", WRITE, "shop.items"),
        ("ask", "WITH t AS (SELECT 1) SELECT * FROM items", QUESTION, "items"),
        ("ask", "PRAGMA user_version", QUESTION, "ask"),
        ("ask", "SELECT now()|p1=from items", QUESTION, "ask"),
        ("delete items", "DELETE FROM items|p1=2", WRITE, "items"),
    ],
)
def test_a_statement_tells_whether_it_writes_and_which_table_it_names(
    function: str, statement: str | None, kind: int, resource: str
) -> None:
    statements = [] if statement is None else [(0, f"{function}|sql={statement}")]
    found = find_subjects(np.zeros(1, np.int32), (function,), statements)
    assert (found.kind[0], found.resources[found.resource[0]]) == (kind, resource)
