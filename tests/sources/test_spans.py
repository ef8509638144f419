"""Spans -> calls: whose they are, where they stand, what they ask, and what isn't known of them."""

import gzip
import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.needs import examples
from tests.running import run
from tests.spans import CLIENT, CONSUMER, INTERNAL, PRODUCER, SERVER, read_requests, request, rows, span
from tracereport.api import render
from tracereport.calls.calls import NO_PARENT, Calls
from tracereport.engine.report import make_report
from tracereport.model import Settings
from tracereport.sources.inputs import read_inputs, read_raw
from tracereport.sources.statements import read_statement

SELECT: dict[str, Any] = {"db__system": "postgresql", "db__statement": "SELECT * FROM users WHERE id = 7"}

FIRST_VALUE: dict[str, Any] = {"db.query.parameter.0": "7"}


def facts_of(calls: Calls) -> dict[str, int]:
    assert calls.facts is not None
    return calls.facts.notices


def described(tmp_path: Path, name: str = "work", kind: int = CLIENT, **attributes: Any) -> dict[str, Any]:
    """What one span under a request is read as."""
    calls = read_requests(
        tmp_path, request([span("r", name="GET /", kind=SERVER, took=50), span("a", "r", name, kind, 1, **attributes)])
    )
    return rows(calls)[1]


# whose they are


def test_a_request_is_a_process_of_its_own_named_by_service_and_route(tmp_path: Path) -> None:
    calls = read_requests(
        tmp_path,
        request([span("a", name="GET", kind=SERVER, http__route="/users/{id}", http__request__method="GET")]),
        request([span("b", name="GET /users/17", kind=SERVER, trace="u")]),
        request([span("c", "b", name="work", trace="u", start=1)]),
    )
    assert [call["unit"] for call in rows(calls)] == [
        "shop: GET /users/{id}", "shop: GET /users/{}", "shop: GET /users/{}",
    ]  # fmt: skip
    assert calls.judged.all()


def test_what_another_service_does_is_another_request(tmp_path: Path) -> None:
    calls = read_requests(
        tmp_path,
        request(
            [
                span("r", name="GET /", kind=SERVER, took=90),
                span("c", "r", "GET", CLIENT, 1, 50, url__full="http://b/x"),
            ]
        ),
        request(
            [
                span("s", "c", name="GET /x", kind=SERVER, start=2, took=40),
                span("q", "s", kind=CLIENT, start=3, **SELECT),
            ],
            "b",
        ),
        request([span("w", "q", name="inside", start=4)], "database"),
    )
    found = {call["function"]: call for call in rows(calls)}
    assert found["GET b/x"]["parent"] == "GET /"
    assert found["GET /x"]["parent"] is None
    assert found["GET /x"]["unit"] == found["select users"]["unit"] == "b: GET /x"
    assert found["inside"]["unit"] == "database: inside"


def test_a_trace_without_a_request_is_one_unit(tmp_path: Path) -> None:
    calls = read_requests(
        tmp_path, request([span("q", "r", kind=CLIENT, start=1, **SELECT), span("r", name="job", took=9)])
    )
    assert {call["unit"] for call in rows(calls)} == {"shop: job"}
    assert calls.judged.all()


def test_a_consumer_serves_each_message(tmp_path: Path) -> None:
    calls = read_requests(
        tmp_path,
        request(
            [span("p", name="poll", took=90)]
            + [span(f"m{n}", "p", "bills process", CONSUMER, n, trace="t") for n in range(3)]
        ),
    )
    assert Counter(call["unit"] for call in rows(calls)) == {"shop: poll": 1, "shop: bills process": 3}
    assert len(calls.processes.name) == 4


def test_what_lacks_its_parent_is_counted_and_not_judged(tmp_path: Path) -> None:
    calls = read_requests(
        tmp_path,
        request([span("a", "gone", kind=CLIENT, **SELECT), span("b", "gone", kind=CLIENT, start=1, **SELECT)]),
        request([span("s", "elsewhere", name="GET /", kind=SERVER, trace="u")]),
    )
    found = rows(calls)
    assert [call["unit"] for call in found] == ["shop: (cut off)", "shop: (cut off)", "shop: GET /"]
    assert [call["judged"] for call in found] == [False, False, True]
    assert facts_of(calls)["spans-cut"] == 2


def test_spans_that_are_above_themselves_end_nowhere(tmp_path: Path) -> None:
    calls = read_requests(
        tmp_path, request([span("a", "b"), span("b", "c"), span("c", "a"), span("d", "a"), span("e", "e")])
    )
    assert len(calls) == 5
    assert not calls.judged.any()
    assert not (calls.parent != NO_PARENT).any()


def test_a_trace_may_go_on_in_the_next_file(tmp_path: Path) -> None:
    for name, one in (
        ("a", span("r", name="GET /", kind=SERVER, took=9)),
        ("b", span("q", "r", kind=CLIENT, **SELECT)),
    ):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(request([one])))
    calls = read_inputs([str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl")])
    assert [call["unit"] for call in rows(calls)] == ["shop: GET /"] * 2
    assert rows(calls)[1]["parent"] == "GET /"


# where they stand


def test_numbers_are_ranks_of_starts_and_no_child_starts_before_its_parent(tmp_path: Path) -> None:
    calls = read_requests(
        tmp_path,
        request(
            [
                span("late", "r", "late", CLIENT, 30, **SELECT),
                span("early", "r", "early", CLIENT, -5, **SELECT),
                span("r", name="GET /", kind=SERVER, took=50),
                span("middle", "r", "middle", INTERNAL, 10, 5),
                span("deep", "middle", "deep", CLIENT, 8, **SELECT),
                span("deep2", "middle", "deep2", CLIENT, 9, **SELECT),
            ]
        ),
    )
    assert calls.number.tolist() == [5, 1, 0, 2, 3, 4]
    found = rows(calls)
    assert [call["parent"] for call in found] == ["GET /", "GET /", None, "GET /", "middle", "middle"]


def test_a_span_that_holds_one_call_alone_is_folded_into_it(tmp_path: Path) -> None:
    calls = read_requests(
        tmp_path,
        request(
            [
                span("r", name="GET /", kind=SERVER, took=900),
                *(
                    one
                    for n in range(3)
                    for one in (
                        span(
                            f"f{n}",
                            "r",
                            "Users.find",
                            INTERNAL,
                            n * 100,
                            90,
                            code__namespace="Users",
                            code__function="find",
                        ),
                        span(f"o{n}", f"f{n}", "SELECT User", INTERNAL, n * 100 + 1, 80),
                        span(f"q{n}", f"o{n}", "SELECT users", CLIENT, n * 100 + 2, 70, **SELECT),
                        span(f"c{n}", f"f{n}", "commit", INTERNAL, n * 100 + 85, 2),
                    )
                ),
            ]
        ),
    )
    asked = [call for call in rows(calls) if call["kind"] == "question"]
    assert [call["parent"] for call in asked] == ["GET /"] * 3
    assert [call["caller"] for call in asked] == ["Users.find"] * 3
    assert facts_of(calls)["spans-folded"] == 6


def test_one_statement_that_two_layers_write_is_one_call(tmp_path: Path) -> None:
    calls = read_requests(
        tmp_path,
        request(
            [
                span("r", name="GET /", kind=SERVER, took=900),
                span("o", "r", "doctrine", CLIENT, 1, 50, **SELECT),
                span("q", "o", "pdo", CLIENT, 2, 40, **SELECT),
            ]
        ),
    )
    (asked,) = (call for call in rows(calls) if call["kind"] == "question")
    assert (asked["parent"], asked["elapsed_us"]) == ("GET /", 40)


def test_a_span_that_holds_several_calls_is_a_place_in_the_tree(tmp_path: Path) -> None:
    calls = read_requests(
        tmp_path,
        request(
            [
                span("r", name="GET /", kind=SERVER, took=900),
                span("c", "r", "load_cart", INTERNAL, 1, 50),
                span("p", "c", "x", CLIENT, 2, 10, **SELECT),
                span("q", "c", "x", CLIENT, 20, 10, **SELECT),
            ]
        ),
    )
    assert [call["parent"] for call in rows(calls)] == [None, "GET /", "load_cart", "load_cart"]


def test_what_two_layers_of_a_client_write_beside_each_other_is_one_call(tmp_path: Path) -> None:
    url = {"url__full": "http://b/x"}
    calls = read_requests(
        tmp_path,
        request([
            span("r", name="GET /", kind=SERVER, took=900),
            span("outer", "r", "GET", CLIENT, 10, 60, **url), span("inner", "r", "GET", CLIENT, 12, 50, **url),
            span("one", "r", "GET", CLIENT, 100, 60, **url), span("two", "r", "GET", CLIENT, 101, 60, **url),
        ]),
        request([span(f"s{n}", n, "GET /x", SERVER, 20, 5) for n in ("inner", "one", "two")], "b"),
    )  # fmt: skip
    asked = [call for call in rows(calls) if call["kind"] == "question"]
    assert [call["elapsed_us"] for call in asked] == [50, 60, 60], "two at the same time are answered by two"
    assert facts_of(calls)["spans-twins"] == 1


def test_what_is_sent_twice_counts_once_and_what_never_ended_not_at_all(tmp_path: Path) -> None:
    one = request(
        [span("r", name="GET /", kind=SERVER), {**span("q", "r", kind=CLIENT, **SELECT), "endTimeUnixNano": "0"}]
    )
    calls = read_requests(tmp_path, one, one)
    assert len(calls) == 1
    assert facts_of(calls)["spans-doubled"] == 2
    assert facts_of(calls)["spans-unfinished"] == 1


@pytest.mark.parametrize(("unit_ns", "resolution_ns"), [(1, 1), (100, 100), (1_000, 1_000), (1_000_000, 1_000_000)])
def test_how_finely_a_service_measures_is_told_by_its_times(tmp_path: Path, unit_ns: int, resolution_ns: int) -> None:
    one = span("r", kind=SERVER)
    one |= {"startTimeUnixNano": str(1_700_000_000_003 * unit_ns), "endTimeUnixNano": str(1_700_000_000_011 * unit_ns)}
    calls = read_requests(tmp_path, request([one]))
    assert calls.resolution_ns.tolist() == [resolution_ns]
    assert calls.elapsed_ns.tolist() == [8 * unit_ns]


# what they ask


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


def test_how_much_could_be_used_is_counted(tmp_path: Path) -> None:
    calls = read_requests(
        tmp_path,
        request([
            span("r", name="GET /", kind=SERVER, took=900), span("a", "r", kind=CLIENT, **SELECT),
            span("b", "r", "SELECT", CLIENT, db__system="mysql"),
            span("c", "r", kind=CLIENT, db__statement="select 1 from t where a = ?"), span("d", "r", "?", CLIENT),
            span("e", "r", kind=CLIENT, db__statement="update t set a = 1"),
        ]),
    )  # fmt: skip
    assert facts_of(calls) == {
        "spans": 6, "spans-questions": 3, "spans-writes": 1, "spans-frames": 2, "spans-without-statement": 1,
        "spans-without-values": 1, "spans-unknown-client": 1,
    }  # fmt: skip


# how they come


def shapes(one: dict[str, Any]) -> dict[str, bytes]:
    """The same spans in every form that they come in."""
    line = json.dumps(one).encode()
    pretty = json.dumps(one, indent=2).encode()
    return {
        "a line": line + b"\n",
        "no line feed": line,
        "indented": pretty,
        "two behind each other": pretty + b"\n" + pretty,
        "gzip": gzip.compress(line),
        "zstd": zstandard.ZstdCompressor().compress(pretty),
        "with a mark": b"\xef\xbb\xbf" + line,
        "in UTF-16": pretty.decode().encode("utf-16"),
        "Windows": pretty.replace(b"\n", b"\r\n"),
        "blank lines": b"\n\n" + line + b"\n\n",
    }


@pytest.mark.parametrize("shape", shapes({}))
def test_documents_come_in_lines_or_indented_packed_or_not(tmp_path: Path, shape: str) -> None:
    path = tmp_path / "traces.json"
    path.write_bytes(
        shapes(request([span("r", name="GET /", kind=SERVER), span("q", "r", kind=CLIENT, **SELECT)]))[shape]
    )
    calls = read_inputs([str(path)])
    assert [call["function"] for call in rows(calls)] == ["GET /", "select users"]
    assert calls.facts is not None
    assert not calls.facts.input.errors


def test_of_a_document_that_breaks_off_every_whole_span_is_read(tmp_path: Path) -> None:
    spans = [span("r", name="GET /", kind=SERVER, took=99)] + [
        span(f"q{n}", "r", kind=CLIENT, start=n, **SELECT) for n in range(20)
    ]
    whole = json.dumps(request(spans), indent=1).encode()
    path = tmp_path / "traces.json"
    read = []
    for end in range(len(whole) // 2, len(whole) - 1, 37):
        path.write_bytes(whole[:end])
        calls = read_inputs([str(path)])
        assert calls.facts is not None
        assert calls.facts.input.errors == (f"{path}: the document ends too early",)
        read.append(len(calls))
    assert read == sorted(read)
    assert set(read) >= set(range(read[0], 21)), "no span is lost but the last"
    path.write_bytes(whole[: len(whole) // 2])
    done = run(path)
    assert done.returncode == 3
    assert b"the document ends too early" in done.stdout + done.stderr


def test_a_line_that_breaks_off_or_is_none_is_one_malformed_record(tmp_path: Path) -> None:
    good = json.dumps(request([span("r", name="GET /", kind=SERVER)]))
    path = tmp_path / "traces.jsonl"
    path.write_text(f"{good}\nnot json\n{good[:99]}\n")
    calls = read_inputs([str(path)])
    assert calls.facts is not None
    assert len(calls) == 1
    assert [(row.line, row.reason) for row in calls.facts.input.malformed.rows] == [
        (2, "is no document"),
        (3, "is no document"),
    ]


def test_numbers_as_texts_and_missing_parts_lose_nothing_else(tmp_path: Path) -> None:
    odd: dict[str, Any] = {
        "traceId": "AA",
        "spanId": "BB",
        "parentSpanId": None,
        "name": "GET /",
        "kind": "SPAN_KIND_SERVER",
        "startTimeUnixNano": 1_700_000_000_000_000_000,
        "endTimeUnixNano": "1700000000000001000",
        "status": "STATUS_CODE_OK",
        "attributes": [
            {"key": "a", "value": {"arrayValue": {}}},
            {"key": "b", "value": {}},
            {"key": "c"},
            {},
            {"value": {"intValue": 3}},
        ],
    }
    worse = {**odd, "spanId": "CC", "parentSpanId": "BB", "kind": 3.0, "attributes": [7, None, {"key": 3, "value": []}]}
    worst: list[Any] = [7, None, [], {"name": ["x"]}, {**odd, "spanId": {}}]
    calls = read_requests(tmp_path, request([odd, worse, *worst]), {"resourceSpans": None}, {"resourceSpans": 7}, {})
    assert [call["function"] for call in rows(calls)] == ["GET /", "GET /"]
    assert calls.facts is not None
    assert calls.facts.input.malformed_lines == len(worst)


def test_nothing_in_it_is_said_and_is_no_success(tmp_path: Path) -> None:
    path = tmp_path / "traces.json"
    path.write_text(json.dumps({"resourceSpans": []}))
    done = run(path)
    assert done.returncode == 3
    assert b"no span in it" in done.stderr
    path.write_text(json.dumps(request([{**span("q"), "endTimeUnixNano": 0}])))
    assert b"no span has ended" in run(path).stderr


def test_the_spans_behind_calls_are_given_as_they_stood(tmp_path: Path) -> None:
    spans = [span("r", name="GET /", kind=SERVER, took=99)] + [
        span(f"q{n}", "r", kind=CLIENT, start=n, **SELECT) for n in range(3)
    ]
    calls = read_requests(tmp_path, request(spans))
    raw = list(read_raw(calls, np.arange(4) >= 2, [str(tmp_path / "traces.jsonl")]))
    assert [json.loads(line) for line in raw] == spans[2:]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=9),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=9), inside, max_size=4),
    max_leaves=12,
)
KEYS = sorted(
    {
        "resourceSpans",
        "batches",
        "resource",
        "attributes",
        "scopeSpans",
        "spans",
        "traceId",
        "spanId",
        "parentSpanId",
        "kind",
        "name",
        "startTimeUnixNano",
        "endTimeUnixNano",
        "status",
        "code",
        "key",
        "value",
        "stringValue",
        "intValue",
        "data",
        "processes",
        "traceID",
        "spanID",
        "operationName",
        "references",
        "startTime",
        "duration",
        "tags",
        "processID",
        "id",
        "timestamp",
        "localEndpoint",
        "serviceName",
        "start_timestamp",
        "span_id",
        "parent_span_id",
        "op",
        "description",
        "__meta",
        "utime",
        "queries",
        "statements",
        "sql",
        "type",
        "backtrace",
        "line",
        "row_count",
        "route",
        "uri",
    }
)
shaped = st.recursive(
    json_values,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inside, max_size=8),
    max_leaves=40,
)


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=shaped, name=st.sampled_from(["otlp", "tempo", "jaeger", "zipkin", "sentry", "laravel"]))
def test_any_json_is_read_or_refused_and_accounted_for(tmp_path: Path, document: object, name: str) -> None:
    path = tmp_path / "any.json"
    path.write_text(json.dumps(document))
    calls = read_inputs([str(path)], source=name)
    assert calls.facts is not None
    read = calls.facts.input
    assert read.lines == len(calls) + read.other_lines + read.malformed_lines
    assert (calls.elapsed_ns >= 0).all()


@pytest.mark.parametrize("source", ["otlp", "tempo", "jaeger", "zipkin", "sentry", "laravel"])
@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"resourceSpans":' * 50_000, '{"a":' * 9_000 + "1" + "}" * 9_000, '"\\ud800"']
)
def test_json_of_any_depth_is_refused_in_good_order(tmp_path: Path, source: str, text: str) -> None:
    path = tmp_path / "deep.json"
    path.write_text(text)
    assert len(read_inputs([str(path)], source=source)) == 0


@given(
    st.lists(
        st.tuples(
            st.integers(0, 15),
            st.integers(0, 15),
            st.integers(1, 5),
            st.integers(0, 40),
            st.integers(0, 20),
            st.booleans(),
        ),
        max_size=30,
    )
)
@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_trees_hold_whatever_the_spans_say(tmp_path: Path, drawn: list[tuple[int, int, int, int, int, bool]]) -> None:
    spans = [
        span(f"s{ident}", f"s{parent}" if parent else "", "x", kind, start, took, **(SELECT if asks else {}))
        for ident, parent, kind, start, took, asks in drawn
    ]
    calls = read_requests(tmp_path, *(request([one]) for one in spans), source="otlp")
    for process in range(len(calls.processes.name)):
        own = calls.process == process
        number, parent = calls.number[own], calls.parent[own]
        assert sorted(number.tolist()) == list(range(len(number)))
        assert (parent < number).all(), "who asks has begun before"
    assert all(first < second for first, second in pairwise(calls.line.tolist()))


def test_a_statement_is_read_once_and_the_same_whatever_its_values() -> None:
    one, other = read_statement("select a from t where b = 1"), read_statement("select a from t where b = 22")
    assert one.params[0] == other.params[0]
    assert read_statement('select a-1, 2 + -3, "b1", `c2`, $$x$$ from t1 where x::int = 5 and y = -6').params[1:] == (
        ("p1", "1"), ("p2", "2"), ("p3", "-3"), ("p4", "5"), ("p5", "-6"),
    )  # fmt: skip


def test_documents_call_a_span_a_span(tmp_path: Path) -> None:
    calls = read_requests(
        tmp_path,
        request(
            [span("r", name="GET /", kind=SERVER, took=50), *(span(f"c{at}", "r", start=at, **SELECT) for at in (1, 3))]
        ),
    )
    report = make_report(calls, Settings(), "spans")
    assert report.input is not None
    assert report.input.record_kind == "span"
    text, markdown, page = (render(report, kind) for kind in ("text", "markdown", "html"))
    for document in (text, markdown, page):
        assert "span 3" in document
        assert not re.search(r"\bline \d", str(document))


def test_bytes_that_are_no_utf8_are_shown_and_said(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    one = json.dumps(request([span("r", name="GET /", kind=SERVER), span("q", "r", name="q?", **SELECT)])).encode()
    odd = one.replace(b"q?", b"q\xff\xc3")
    for content in (odd, odd.replace(b'"kind": 1', b'"kind": "1"')):
        path.write_bytes(content + b"\n")
        calls = read_inputs([str(path)])
        assert calls.facts is not None
        assert calls.facts.notices["invalid-utf8"] == 1
        assert calls.facts.input.malformed_lines == 0
        (line,) = read_raw(calls, calls.line == 2, [str(path)])
        assert json.loads(line)["name"] == r"q\xff\xc3"


def test_a_last_line_that_was_cut_is_read_as_far_as_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    whole, last = (
        json.dumps(request([span(f"{name}r", kind=SERVER), span(f"{name}q", f"{name}r", **SELECT)])) for name in "ab"
    )
    path.write_text(f"{whole}\n{last[:-200]}")
    done = run(path, "-o", tmp_path / "report.json")
    assert done.returncode == 3
    assert b"the document ends too early" in done.stderr
    calls = read_inputs([str(path)])
    assert [call["function"] for call in rows(calls)] == ["work", "select users", "work"]
