"""Spans -> calls: what a span asks, with which values, and what came of it."""

from pathlib import Path
from typing import Any

import pytest

from tests.spans import CLIENT, INTERNAL, PRODUCER, SELECT, SERVER, read_requests, request, rows, span
from tracereport.sources.statements import read_statement

FIRST_VALUE: dict[str, Any] = {"db.query.parameter.0": "7"}


def described(tmp_path: Path, name: str = "work", kind: int = CLIENT, **attributes: Any) -> dict[str, Any]:
    """What one span under a request is read as."""
    calls = read_requests(
        tmp_path, request([span("r", name="GET /", kind=SERVER, took=50), span("a", "r", name, kind, 1, **attributes)])
    )
    return rows(calls)[1]


def test_values_in_a_statement_are_its_parameters(tmp_path: Path) -> None:
    call = described(tmp_path, db__query__text="SELECT  * FROM users\n WHERE id = 7 AND name = 'O''Hara' LIMIT 1")
    assert call["function"] == "select users"
    assert call["params"] == {
        "sql": "SELECT * FROM users WHERE id = ? AND name = ? LIMIT ?", "p1": "7", "p2": "O'Hara", "p3": "1",
    }  # fmt: skip
    assert call["known"]


@pytest.mark.parametrize(
    "text", ["id = ?", "id = $1", "id = :id", "id = %s", "id = @id", "id IN (?, ?)", "name = '[FILTERED]'"]
)
def test_values_that_stand_elsewhere_arent_known(tmp_path: Path, text: str) -> None:
    assert not described(tmp_path, db__statement=f"SELECT * FROM users WHERE {text}")["known"]  # noqa: S608


def test_values_that_are_recorded_beside_the_statement_are_known(tmp_path: Path) -> None:
    call = described(tmp_path, db__query__text="SELECT * FROM users WHERE id = $1", **FIRST_VALUE)
    assert call["known"]
    assert call["params"]["0"] == "7"
    half = described(tmp_path, db__query__text="SELECT 1 FROM t WHERE a = ? AND b = ?", **FIRST_VALUE)
    assert not half["known"]


def test_a_statement_that_breaks_off_doesnt_hold_all_its_values(tmp_path: Path) -> None:
    assert not described(tmp_path, db__statement="SELECT * FROM users WHERE id IN (1, 2, 3...")["known"]


@pytest.mark.parametrize(
    ("sql", "name", "kind"),
    [
        ("INSERT INTO orders (a) VALUES (1)", "insert orders", "write"),
        ("UPDATE orders SET a = 1", "update orders", "write"),
        ("DELETE FROM orders", "delete orders", "write"),
        ("BEGIN", "begin", "frame"),
        ("COMMIT", "commit", "frame"),
        ("BEGIN BATCH INSERT INTO t (a) VALUES (1) APPLY BATCH", "begin t", "write"),
        ("select 1", "select", "question"),
    ],
)
def test_verb_and_table_name_a_statement(tmp_path: Path, sql: str, name: str, kind: str) -> None:
    call = described(tmp_path, db__statement=sql)
    assert (call["function"], call["kind"]) == (name, kind)


def test_the_second_database_that_a_service_asks_is_named(tmp_path: Path) -> None:
    calls = read_requests(
        tmp_path,
        request([span(f"q{n}", kind=CLIENT, db__name=name, **SELECT) for n, name in enumerate(["a", "b", "a"])]),
    )
    assert [call["params"].get("database") for call in rows(calls)] == [None, "b", None]


def test_ids_in_an_address_are_parameters_and_so_is_its_query(tmp_path: Path) -> None:
    call = described(
        tmp_path, "GET", url__full="https://api.example/v2/users/17/carts/3fa85f64-5717-4562-b3fc-2c963f66afa6?page=2",
        http__request__method="GET", http__response__status_code=200, http__response__body__size=512,
    )  # fmt: skip
    assert call["function"] == "GET api.example/v2/users/{}/carts/{}"
    assert call["params"] == {"id1": "17", "id2": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "page": "2"}
    assert call["known"]
    assert call["metrics"] == {"bytes": 512}, "a status is no answer"
    assert call["resource"] == "api.example/v2/users"


def test_a_template_of_an_address_says_which_parts_are_ids(tmp_path: Path) -> None:
    call = described(
        tmp_path, "GET", url__full="http://b/users/ada/x", http__request__method="GET", url__template="/users/{name}/x"
    )
    assert (call["function"], call["params"]) == ("GET b/users/{name}/x", {"id1": "ada"})


def test_what_a_tool_has_hidden_isnt_known(tmp_path: Path) -> None:
    assert not described(tmp_path, "GET", url__full="http://b/x?*", http__request__method="GET")["known"]
    assert not described(tmp_path, "GET", url__full="http://b/x?id=REDACTED", http__request__method="GET")["known"]


@pytest.mark.parametrize(
    ("status", "answer", "metrics"),
    [(200, "", {}), (404, "", {"found": 0}), (410, "", {"found": 0}), (500, "failed", {}), (429, "failed", {})],
)
def test_not_found_is_an_answer_and_failed_is_none(
    tmp_path: Path, status: int, answer: str, metrics: dict[str, int]
) -> None:
    call = described(tmp_path, "GET", url__full="http://b/x", http__method="GET", http__status_code=status)
    assert (call["answer"], call["metrics"]) == (answer, metrics)


def test_a_failed_statement_is_no_answer(tmp_path: Path) -> None:
    failed = {**span("q", "r", kind=CLIENT, start=1, db__response__returned_rows=3, **SELECT), "status": {"code": 2}}
    calls = read_requests(tmp_path, request([span("r", kind=SERVER, took=9), failed]))
    assert (rows(calls)[1]["answer"], rows(calls)[1]["metrics"]) == ("failed", {})


def test_rows_are_an_answer(tmp_path: Path) -> None:
    assert described(tmp_path, db__response__returned_rows=3, **SELECT)["metrics"] == {"rows": 3}


@pytest.mark.parametrize(
    ("attributes", "function", "kind", "known"),
    [
        ({"db__system": "redis", "db__statement": "GET user:7"}, "get redis", "question", True),
        ({"db__system": "redis", "db__statement": "SET user:7 ?"}, "set redis", "write", False),
        ({"db__system": "redis", "db__statement": "PING"}, "ping redis", "frame", True),
        (
            {"db__system": "mongodb", "db__operation": "find", "db__mongodb__collection": "carts"},
            "find carts",
            "question",
            False,
        ),
        (
            {
                "db__system": "mongodb",
                "db__operation": "find",
                "db__statement": '{"find": "carts", "filter": {"_id": "?"}}',
            },
            "find carts",
            "question",
            False,
        ),
        (
            {"db__system": "mongodb", "db__operation": "insert", "db__mongodb__collection": "carts"},
            "insert carts",
            "write",
            False,
        ),
        ({"rpc__system": "grpc", "rpc__service": "Carts", "rpc__method": "Get"}, "Carts/Get", "question", False),
        ({"http__method": "POST", "http__url": "http://b/orders"}, "POST b/orders", "write", False),
        ({"http__method": "POST", "http__url": "http://b/graphql"}, "POST b/graphql", "question", False),
        ({"http__method": "DELETE", "http__url": "http://b/orders/7"}, "DELETE b/orders/{}", "write", False),
    ],
)
def test_other_ways_to_ask(tmp_path: Path, attributes: dict[str, Any], function: str, kind: str, known: bool) -> None:
    call = described(tmp_path, **attributes)
    assert (call["function"], call["kind"], call["known"]) == (function, kind, known)


def test_a_message_that_is_sent_is_a_write(tmp_path: Path) -> None:
    call = described(
        tmp_path, "bills publish", PRODUCER, messaging__system="kafka", messaging__destination__name="bills"
    )
    assert (call["function"], call["kind"]) == ("publish bills", "write")


@pytest.mark.parametrize("name", ["pg.connect", "pg-pool.connect", "acquire connection"])
def test_a_connection_is_no_question(tmp_path: Path, name: str) -> None:
    assert described(tmp_path, name, db__system="postgresql")["kind"] == "frame"


def test_what_is_no_call_to_another_system_is_a_place(tmp_path: Path) -> None:
    assert described(tmp_path, "render", INTERNAL)["kind"] == "frame"
    assert described(tmp_path, "something", CLIENT)["kind"] == "frame"


def test_a_span_names_its_place_in_the_source(tmp_path: Path) -> None:
    new = described(
        tmp_path, code__function__name="shop.load", code__file__path="shop.py", code__line__number=7, **SELECT
    )
    old = described(
        tmp_path, code__function="load", code__namespace="shop", code__filepath="shop.py", code__lineno=7, **SELECT
    )
    for call in (new, old):
        assert (call["caller"], call["at"]) == ("shop.load", "shop.py:7")


def test_a_statement_is_read_once_and_the_same_whatever_its_values() -> None:
    one, other = read_statement("select a from t where b = 1"), read_statement("select a from t where b = 22")
    assert one.params[0] == other.params[0]
    assert read_statement('select a-1, 2 + -3, "b1", `c2`, $$x$$ from t1 where x::int = 5 and y = -6').params[1:] == (
        ("p1", "1"), ("p2", "2"), ("p3", "-3"), ("p4", "5"), ("p5", "-6"),
    )  # fmt: skip
