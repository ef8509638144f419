"""What is true of files that other tools wrote, at the level of the calls."""

from collections import Counter
from typing import Any

import pytest

from tests.paths import INPUTS
from tests.spans import rows
from tracereport.sources.inputs import choose_source, read_inputs
from tracereport.sources.streams.stream import Stream

SOURCE_OF = {
    "jaeger-ui-download.json": "jaeger",
    "laravel-debugbar.json": "laravel",
    "otlp-java-agent.jsonl": "otlp",
    "sentry-rails-n-plus-one.json": "sentry",
    "tempo-base64.json": "tempo",
    "zipkin-v2-page.json": "zipkin",
}


def calls_of(name: str) -> list[dict[str, Any]]:
    return rows(read_inputs([str(INPUTS / name)]))


def questions_of(name: str) -> list[dict[str, Any]]:
    return [call for call in calls_of(name) if call["kind"] == "question"]


@pytest.mark.parametrize("name", SOURCE_OF)
def test_each_sample_is_told_by_its_content(name: str) -> None:
    assert choose_source(Stream(str(INPUTS / name))).name == SOURCE_OF[name]


@pytest.mark.parametrize("name", SOURCE_OF)
def test_every_span_is_accounted_for(name: str) -> None:
    calls = read_inputs([str(INPUTS / name)])
    assert calls.facts is not None
    read = calls.facts.input
    assert read.malformed_lines == 0
    assert read.lines == read.records + read.other_lines
    assert read.records == len(calls)


def test_zipkins_page_asks_for_devices_one_by_one_and_for_some_again() -> None:
    asked = [
        call for call in questions_of("zipkin-v2-page.json")
        if call["function"] == "GET /devices/{}" and call["unit"] == "stLogin: GET api/oauth/authorize"
    ]  # fmt: skip
    assert len(asked) == 52
    assert len({call["params"]["id1"] for call in asked}) == 20
    assert {call["parent"] for call in asked} == {"GET api/oauth/authorize"}


def test_zipkins_twins_are_one_call() -> None:
    calls = calls_of("zipkin-v2-page.json")
    served = Counter(call["unit"] for call in calls if call["function"] == "GET /devices/{}")
    assert served["platformapi: get devices/_deviceid_/"] == 52, "one for each request that it serves"


def test_zipkins_cassandra_is_asked_for_one_client_six_times_and_nobody_knows_which() -> None:
    asked = [
        call for call in questions_of("zipkin-v2-page.json")
        if call["unit"] == "auth: post /oauth/token" and call["function"] == "select auth.client"
    ]  # fmt: skip
    assert len(asked) == 6
    assert not any(call["known"] for call in asked)


def test_laravels_page_asks_for_images_one_by_one_in_a_view() -> None:
    asked = [call for call in questions_of("laravel-debugbar.json") if call["function"] == "select images"]
    assert [call["params"]["p2"] for call in asked] == ["87", "86", "85"]
    assert {(call["caller"], call["at"], call["parent"]) for call in asked} == {
        ("dashboard", "dashboard:710", "GET admin")
    }


def test_sentrys_event_asks_for_ten_authors_one_by_one() -> None:
    asked = [call for call in questions_of("sentry-rails-n-plus-one.json") if call["function"] == "select books_author"]
    assert len({call["params"]["p1"] for call in asked}) == 10
    assert all(call["known"] for call in asked)
    assert {call["parent"] for call in asked} == {"BooksController#index"}
    assert {call["params"]["sql"] for call in asked} == {
        "SELECT `books_author`.* FROM `books_author` WHERE `books_author`.`id` = ? LIMIT ?"
    }


def test_layers_of_database_access_are_lifted_out_of_the_java_agents_trace() -> None:
    asked = questions_of("otlp-java-agent.jsonl")
    assert [call["function"] for call in asked] == ["select log_api"] * 2
    assert {call["parent"] for call in asked} == {"GET /lamp/log"}
    assert {call["caller"] for call in asked} == {"com.kt.otelagentspringboot01.repository.LogRepository.findAll"}
    assert len({call["unit"] for call in asked}) == 1
    assert len({(call["unit"], call["line"]) for call in asked}) == 2


def test_jaegers_trace_is_three_requests_in_three_services() -> None:
    calls = calls_of("jaeger-ui-download.json")
    assert {call["unit"] for call in calls} == {
        "shop-user: /user/{id}/{type}", "shop-order: /order/user/{id}", "shop-goods: /goods/{ids}",
    }  # fmt: skip
    assert {call["function"] for call in calls if call["kind"] == "question"} == {
        "GET 192.0.2.1:8100/order/user/{}", "GET 192.0.2.1:8200/goods/{}",
        "select goods", "select order", "select order_goods", "select user",
    }  # fmt: skip
    known = {call["function"]: call["known"] for call in calls if call["kind"] == "question"}
    assert known["select order"], "it asks for no value"
    assert not known["select user"]
    assert known["GET 192.0.2.1:8100/order/user/{}"]


def test_tempos_ids_in_base64_find_their_parents() -> None:
    calls = calls_of("tempo-base64.json")
    (asked,) = (call for call in calls if call["kind"] == "question")
    assert (asked["function"], asked["parent"]) == ("hget redis", "oteldemo.CartService/GetCart")
    assert asked["params"] == {"command": "00000000-0000-4000-8000-000000000001"}


@pytest.mark.parametrize("name", ["jaeger-ui-download.json", "tempo-base64.json", "otlp-java-agent.jsonl"])
def test_where_nothing_is_asked_twice_nothing_is_found(name: str) -> None:
    asked = Counter(
        (call["unit"], call["line"] if not call["known"] else 0, call["function"], str(call["params"]))
        for call in questions_of(name)
    )
    if name != "otlp-java-agent.jsonl":
        assert set(asked.values()) == {1}
    calls = read_inputs([str(INPUTS / name)])
    keys = list(zip(calls.process.tolist(), calls.lookup.tolist(), strict=True))
    assert len(set(keys)) == len(keys)
