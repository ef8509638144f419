"""Inputs broken in the ways in which they break: at the joints of their structure, and anywhere."""

import random
from collections.abc import Callable, Sequence

MARK = b"PERF_TRACE|"
TOKENS = (
    MARK,
    b"PERF_TRACE",
    b"|",
    b"||",
    b"=",
    b"\n",
    b"\r\n",
    b"\r",
    b"\0",
    b"\x1b[0m",
    b"\x1b[31m",
    b"\x1b[K",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    "\u2028".encode(),
    "\u202e".encode(),
    "é".encode(),
    b"\\x7c",
    b"\\x0a",
    b"\\",
    b"elapsed_ms=1",
    b"|elapsed_ms=1",
    b"|elapsed_us=15,5",
    b"|elapsed_ns=1.5e-05",
    b"|elapsed_s=-3",
    b"|elapsed_ms=",
    b"|caller=",
    b"|caller=unknown",
    b"|parent=none",
    b"|parent=0",
    b"|parent=1",
    b"|parent=99999999999999999999",
    b"|test=a::b",
    b"|try=2",
    b"|phase=setup",
    b"|process=7",
    b"|at=a.py:3",
    b"|write=1",
    b"|write=t",
    b"|via=x",
    b"|activation=1",
    b"|escaped=1",
    b"|found=0",
    b"|rows=3",
    b"|digest=ab12",
    b"|sql=SELECT 1",
    b"|sql=INSERT INTO t",
    b"|id=1",
    b"|id=",
    b"|h_ms=99",
    b"::error::x",
    b"test a::b ... ",
    b"ok\n",
    b"     Running tests/a.rs (target/debug/deps/a-0123456789abcdef)\n",
    b"   Doc-tests x\n",
    b"        PASS [   0.010s] (1/2) b t\n",
    b"  TRY 1 FAIL [   1.000s] (1/2) b t\n",
    b"running 1 test\n",
    b"2026-11-22T19:54:07.123456Z ",
    b"service_1  | ",
    b"2026-11-22T19:54:07Z stdout F ",
    b'{"log":"',
    b'\\n","stream":"stderr"}',
    b"    ",
)
NUMBERS = (
    b"0",
    b"1",
    b"-1",
    b"00",
    b"9223372036854775807",
    b"9223372036854775808",
    b"18446744073709551615",
    b"1e309",
    b"4294967296",
    b"9" * 40,
    b"0.0000000001",
    b"1.5",
    b"2147483648",
)
FUNCTIONS = (b"f", b"load", b"walk", b"<Foo as Bar<'a>>::baz", b"", b"insert x", b"\xff", "über".encode())


def make_record(rng: random.Random) -> bytes:
    """A line as an emitter might write it, or nearly so."""
    number = rng.choice(NUMBERS) if rng.random() < 0.05 else b"%d" % rng.randrange(8)
    params = b"".join(
        b"|%s=%d" % (rng.choice((b"id", b"k", b"sql")), rng.randrange(3)) for _ in range(rng.randrange(3))
    )
    caller = rng.choice((b"", b"|caller=walk", b"|caller=main", b"|caller=unknown"))
    unit = rng.choice((b"ms", b"us", b"ns", b"s"))
    elapsed = rng.choice(NUMBERS) if rng.random() < 0.1 else b"%d" % rng.randrange(100)
    behind = b"".join(
        rng.sample((b"|parent=0", b"|rows=1", b"|test=t", b"|try=1", b"|found=1", b"|h_ms=3"), rng.randrange(3))
    )
    return (
        MARK + number + b"|" + rng.choice(FUNCTIONS) + caller + params + b"|elapsed_" + unit + b"=" + elapsed + behind
    )


def make_log(rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    """A log: lines of our own and of the seeds, in any order, broken."""
    lines: list[bytes] = []
    for _ in range(rng.randrange(1, 12)):
        kind = rng.random()
        if kind < 0.5:
            lines.append(rng.choice((b"", b"", b"[DEBUG] ", b"    ")) + make_record(rng))
        elif kind < 0.8 and seeds:
            lines.append(rng.choice(seeds))
        else:
            lines.append(rng.choice(TOKENS))
    log = rng.choice((b"\n", b"\n", b"\n", b"\r\n")).join(lines) + rng.choice((b"\n", b""))
    return mutate(rng, log, TOKENS)


def mutate(rng: random.Random, content: bytes, tokens: Sequence[bytes]) -> bytes:
    """The bytes with up to five changes."""
    for _ in range(rng.choice((0, 1, 1, 2, 3, 5))):
        content = rng.choice(CHANGES)(rng, content, tokens)
    return content


def _insert(rng: random.Random, content: bytes, tokens: Sequence[bytes]) -> bytes:
    place = rng.randint(0, len(content))
    return content[:place] + rng.choice(tokens) + content[place:]


def _insert_number(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    place = rng.randint(0, len(content))
    return content[:place] + rng.choice(NUMBERS) + content[place:]


def _delete(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    place = rng.randint(0, len(content))
    return content[:place] + content[place + rng.choice((1, 1, 2, 8, 40)) :]


def _double(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    start, end = sorted((rng.randint(0, len(content)), rng.randint(0, len(content))))
    return content[:end] + content[start : min(end, start + 400)] * rng.choice((1, 1, 2, 20)) + content[end:]


def _flip(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    if not content:
        return content
    place = rng.randrange(len(content))
    return content[:place] + bytes([content[place] ^ (1 << rng.randrange(8))]) + content[place + 1 :]


def _truncate(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    return content[: rng.randint(0, len(content))]


def _swap(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    separator = rng.choice((b"\n", b"|"))
    parts = content.split(separator)
    first, second = rng.randrange(len(parts)), rng.randrange(len(parts))
    parts[first], parts[second] = parts[second], parts[first]
    return separator.join(parts)


CHANGES: tuple[Callable[[random.Random, bytes, Sequence[bytes]], bytes], ...] = (
    _insert,
    _insert,
    _insert_number,
    _delete,
    _double,
    _flip,
    _truncate,
    _swap,
)

VALUES: tuple[object, ...] = (
    None,
    True,
    0,
    1,
    -1,
    2**31,
    2**63,
    2**64,
    10**400,
    0.5,
    -0.0,
    1e308,
    "",
    "x",
    "\0",
    "\ud7ff",
    "|",
    "PERF_TRACE|",
    "a" * 300,
    [],
    {},
    [[]],
)


def mutate_value(rng: random.Random, value: object, depth: int = 0) -> object:
    """A JSON value with something in it replaced, left out or doubled."""
    if depth > 12 or rng.random() < 0.08 or not isinstance(value, (dict, list)) or not value:
        return _nested(rng) if rng.random() < 0.05 else rng.choice(VALUES)
    if isinstance(value, dict):
        key = rng.choice(list(value))
        if rng.random() < 0.1:
            return {other: kept for other, kept in value.items() if other != key}
        return {**value, key: mutate_value(rng, value[key], depth + 1)}
    index = rng.randrange(len(value))
    if rng.random() < 0.1:
        return [*value, value[index]]
    return [*value[:index], mutate_value(rng, value[index], depth + 1), *value[index + 1 :]]


def _nested(rng: random.Random) -> object:
    value: object = 0
    for _ in range(rng.choice((3, 100, 600))):
        value = [value] if rng.random() < 0.5 else {"x": value}
    return value
