"""Traces what the library redis asks: one call per command, or per pipeline of them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from .answers import digest
from .calls import NOT_TRACED, Call, begin
from .hooks import extend, find_outside, safely
from .statements import hide

if TYPE_CHECKING:
    from collections.abc import Callable

__tracebackhide__ = __unittest = True  # who reads of a failure reads of no frames of ours
_MACHINERY = ("redis", "fakeredis", "redis_entraid", "async_timeout")
_READS = frozenset(
    """
    get mget getrange strlen exists ttl pttl type keys scan dbsize hget hmget hgetall hkeys hvals hlen hexists hscan
    lrange lindex llen smembers sismember smismember scard sscan srandmember sinter sunion sdiff zrange zrangebyscore
    zrevrange zrevrangebyscore zscore zmscore zcard zcount zrank zrevrank zscan bitcount getbit xrange xrevrange xlen
    pfcount geopos geodist geosearch json.get json.mget object memory
    """.split()  # noqa: SIM905  # as many lines as words, else
)
_ASK_NOTHING = frozenset(
    ("auth", "hello", "select", "ping", "echo", "client", "config", "info", "command", "multi", "exec", "watch")
)
_SHOWN = 200
"""Characters of an argument that are shown; a longer one is a hash."""


def trace_commands() -> None:
    """Traces the commands of all clients that wait for their answers."""
    from redis.client import Pipeline, Redis  # noqa: PLC0415  # waited for by itself

    extend(Redis, "execute_command", _execute)
    extend(Pipeline, "execute", _execute_pipeline)


def trace_asynchronous_commands() -> None:
    """Traces the commands of all asynchronous clients."""
    from redis.asyncio.client import Pipeline, Redis  # noqa: PLC0415  # as above

    extend(Redis, "execute_command", _execute_asynchronously)
    extend(Pipeline, "execute", _execute_pipeline_asynchronously)


def _execute(execute: Callable[..., Any], client: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401  # as redis has it
    with safely(_begin, args) as call:
        answer = execute(client, *args, **options)
        _record(call, answer)
    return answer


async def _execute_asynchronously(execute: Callable[..., Any], client: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401  # as above
    with safely(_begin, args) as call:
        answer = await execute(client, *args, **options)
        _record(call, answer)
    return answer


def _execute_pipeline(execute: Callable[..., Any], pipeline: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401  # as above
    with safely(_begin_pipeline, pipeline) as call:
        answers = execute(pipeline, *args, **options)
        _record(call, answers)
    return answers


async def _execute_pipeline_asynchronously(
    execute: Callable[..., Any],
    pipeline: Any,  # noqa: ANN401  # as above
    *args: Any,  # noqa: ANN401  # as above
    **options: Any,  # noqa: ANN401  # as above
) -> Any:  # noqa: ANN401  # as above
    with safely(_begin_pipeline, pipeline) as call:
        answers = await execute(pipeline, *args, **options)
        _record(call, answers)
    return answers


def _begin(args: tuple[Any, ...]) -> Call:
    params: list[tuple[str, object]] = [(f"p{place}", _show(value)) for place, value in enumerate(args[1:], start=1)]
    verb = _find_verb(str(args[0]))
    return _begin_command(f"{verb} redis", params, frozenset((verb,)))


@functools.lru_cache(maxsize=1024)
def _find_verb(command: str) -> str:
    words = command.lower().split()
    return words[0] if words else "command"


def _begin_pipeline(pipeline: Any) -> Call:  # noqa: ANN401  # as above
    commands = [each[0] if isinstance(each, tuple) else getattr(each, "args", ()) for each in pipeline.command_stack]
    verbs = frozenset(_find_verb(str(command[0])) for command in commands if command)
    params: list[tuple[str, object]] = [("commands", len(commands)), ("values", hide(commands))]
    return _begin_command("pipeline redis", params, verbs)


def _begin_command(name: str, params: list[tuple[str, object]], verbs: frozenset[str]) -> Call:
    """A command that neither asks nor is known to change nothing is a write."""
    if verbs <= _ASK_NOTHING:
        return NOT_TRACED
    write = None if verbs <= _READS else "redis"
    return begin(name, params, find_outside(_MACHINERY), via="redis", write=write)


def _record(call: Call, answer: object) -> None:
    found = int(answer is not None)
    try:
        call.record(found=found, **digest(sorted(answer, key=repr) if isinstance(answer, (set, frozenset)) else answer))
    except Exception:  # noqa: BLE001  # an answer of the program's own kind may not be printable
        call.record(found=found)


def _show(value: object) -> str:
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
    return hide(value) if len(text) > _SHOWN else text
