"""What is asked of Redis: one call a command, questions told from writes."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.tracing import tracing

pytest.importorskip("redis")
fakeredis = pytest.importorskip("fakeredis")

from tracereport.emit import redis as redis_hook  # noqa: E402  # only where it is installed


@pytest.fixture(autouse=True)
def hooks() -> None:
    redis_hook.trace_commands()
    redis_hook.trace_asynchronous_commands()


def test_a_command_is_a_call_with_its_arguments(tmp_path: Path) -> None:
    client = fakeredis.FakeStrictRedis()
    with tracing(tmp_path) as calls:
        client.set("a|b", b"\xff1")
        assert client.get("a|b") == client.get("a|b") == b"\xff1"
        assert client.get("c") is None
        client.sadd("s", "x", "y")
        assert client.smembers("s") == {b"x", b"y"}
        client.ping()
        client.set("long", "x" * 500)
    assert [(call.function, call.reserved.get("write")) for call in calls] == [
        ("set redis", "redis"),
        ("get redis", None),
        ("get redis", None),
        ("get redis", None),
        ("sadd redis", "redis"),
        ("smembers redis", None),
        ("set redis", "redis"),
    ]
    assert calls[0].params == (("p1", "a|b"), ("p2", "\\xff1"))
    assert len(dict(calls[6].params)["p2"]) == 16
    assert calls[1].metrics == calls[2].metrics
    assert [call.metrics["found"] for call in calls[1:4]] == [1, 1, 0]
    assert {call.caller for call in calls} == {"test_a_command_is_a_call_with_its_arguments"}


def test_a_pipeline_is_one_call(tmp_path: Path) -> None:
    client = fakeredis.FakeStrictRedis()
    with tracing(tmp_path) as calls:
        assert client.pipeline(transaction=False).get("a").get("b").execute() == [None, None]
        assert client.pipeline().set("a", 1).get("a").execute() == [True, b"1"]
    assert [(call.function, dict(call.params)["commands"], call.reserved.get("write")) for call in calls] == [
        ("pipeline redis", "2", None),
        ("pipeline redis", "2", "redis"),
    ]


def test_asynchronous_clients_are_traced(tmp_path: Path) -> None:
    async def main() -> Any:  # what Redis answers
        async with fakeredis.FakeAsyncRedis() as client:
            await client.set("a", 1)
            return [await client.get("a"), await client.pipeline(transaction=False).get("a").execute()]

    with tracing(tmp_path) as calls:
        assert asyncio.run(main()) == [b"1", [b"1"]]
    assert [call.function for call in calls] == ["set redis", "get redis", "pipeline redis"]


def test_a_command_that_fails_has_failed(tmp_path: Path) -> None:
    client = fakeredis.FakeStrictRedis()
    client.set("a", "text")
    with tracing(tmp_path) as calls, pytest.raises(Exception, match="not an integer"):
        client.incr("a")
    assert calls[0].reserved["failed"] == "1"


def test_while_it_is_off_commands_are_answered_as_ever() -> None:
    client = fakeredis.FakeStrictRedis()
    client.set("a", 1)
    assert client.get("a") == b"1"
