"""What a lookup is by its own text."""

import numpy as np
import pytest

from tracereport.calls.calls import QUESTION, WRITE
from tracereport.calls.statements import find_subjects
from tracereport.emit.statements import describe


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
        ("ask", "WITH old AS (SELECT id FROM a) DELETE FROM items USING old", WRITE, "items"),
        ("ask", "with gone as (delete from only items returning *) select * from gone", WRITE, "items"),
        ("ask", "WITH a AS (SELECT 1) INSERT INTO items SELECT * FROM a", WRITE, "items"),
        ("ask", "WITH a AS (SELECT 'update stock' AS word FROM b) SELECT word FROM a", QUESTION, "b"),
        ("ask", "WITH a AS (SELECT id FROM b FOR UPDATE SKIP LOCKED) SELECT id FROM a", QUESTION, "b"),
        ("ask", "WITH a AS (SELECT id FROM b FOR NO KEY UPDATE OF b) SELECT id FROM a", QUESTION, "b"),
        ("ask", "EXPLAIN ANALYZE UPDATE stock SET n = 1", WRITE, "stock"),
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
    if statement is not None and statement.lower().startswith(("with", "explain", "select", "insert", "delete")):
        assert describe(statement.partition("|")[0]).is_read == (kind == QUESTION), "the hooks keep the same rule"
