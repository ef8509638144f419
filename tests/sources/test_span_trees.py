"""Spans -> processes and trees: which request a span belongs to, what it lies in, and which spans are one call."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.needs import examples
from tests.spans import CLIENT, CONSUMER, INTERNAL, SELECT, SERVER, facts_of, read_requests, request, rows, span
from tracereport.calls.calls import NO_PARENT
from tracereport.sources.inputs import read_inputs

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
