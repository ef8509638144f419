"""Traces what the library redis asks: one call per command, or per pipeline of them."""

from __future__ import annotations

import functools
from typing import Any

from .askers import find_outside
from .calls import NOT_TRACED, NOWHERE, Call, TracedCall
from .hooks import extend_asking
from .log import now
from .statements import hide

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

    _extend(Redis, Pipeline)


def trace_asynchronous_commands() -> None:
    """Traces the commands of all asynchronous clients."""
    from redis.asyncio.client import Pipeline, Redis  # noqa: PLC0415  # as above

    _extend(Redis, Pipeline)


def _extend(client: type, pipeline: type) -> None:
    extend_asking(client, "execute_command", _begin, _record)
    extend_asking(pipeline, "execute", _begin_pipeline, _record)


def _begin(_: Any, command: Any, *args: Any, **__: Any) -> Call:  # noqa: ANN401  # as redis has it
    params = [f"p{place}={_show(value)}" for place, value in enumerate(args, start=1)]
    verb = _find_verb(str(command))
    return _begin_command(f"{verb} redis", params, frozenset((verb,)))


@functools.lru_cache(maxsize=1024)
def _find_verb(command: str) -> str:
    words = command.lower().split()
    return words[0] if words else "command"


def _begin_pipeline(pipeline: Any, *_: Any, **__: Any) -> Call:  # noqa: ANN401  # as above
    commands = [each[0] if isinstance(each, tuple) else getattr(each, "args", ()) for each in pipeline.command_stack]
    verbs = frozenset(_find_verb(str(command[0])) for command in commands if command)
    params = [f"commands={len(commands)}", f"values={hide(commands)}"]
    return _begin_command("pipeline redis", params, verbs)


def _begin_command(name: str, params: list[str], verbs: frozenset[str]) -> Call:
    """A command that neither asks nor is known to change nothing is a write."""
    log = now.log
    if log is None or verbs <= _ASK_NOTHING:
        return NOT_TRACED
    marks: dict[str, object] = {} if verbs <= _READS else {"write": "redis"}
    return TracedCall(log, name, find_outside(_MACHINERY) or NOWHERE, params, "redis", marks)


def _record(call: Call, answer: object, *_: object) -> None:
    try:
        text = repr(sorted(answer, key=repr) if isinstance(answer, (set, frozenset)) else answer)
    except Exception:  # noqa: BLE001  # an answer of the program's own kind may not be printable
        text = None
    call.record_answer("found", int(answer is not None), text)


def _show(value: object) -> str:
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
    return hide(value) if len(text) > _SHOWN else text
