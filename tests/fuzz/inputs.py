"""What other tools wrote, as it breaks: lines in any order, JSON with other values, protobuf with other bytes."""

import json
import random
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from tests.fuzz.documents import write_some
from tests.fuzz.mutators import NUMBERS, mutate, mutate_value
from tests.paths import INPUTS
from tests.spans import CLIENT, SERVER, request, span
from tracereport.errors import InputError
from tracereport.sources import SOURCES
from tracereport.sources.inputs import choose_source, read_inputs
from tracereport.sources.streams.stream import Stream


def encode_field(number: int, content: bytes) -> bytes:
    """A short field of protobuf that holds bytes."""
    return bytes([number << 3 | 2, len(content)]) + content


OURS: Final = frozenset({"perf_trace", "parquet"})
WHOLE_SHARE: Final = 0.1
LONGEST: Final = 40_000
TOKENS: Final = (
    *(b"\n", b"\r\n", b"\t", b"\0", b"\x1b[1m\x1b[36m", b"\xff", b"\xed\xa0\x80", b"  ", b"[x] ", b"|", b"="),
    *(b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"null", b"[[", b"]]", b"'", b"/*", b"*/", b"--", b"$1", b"?"),
    *("↳ ".encode(), b'  [["id", 1]]', b"(0.1ms)  ", b"BEGIN", b"COMMIT", b"ROLLBACK", b"SELECT 1"),
    *(b"duration: 1.5 ms  statement: ", b"LOG:  ", b"DETAIL:  parameters: $1 = '", b"close time.busy=1ms"),
    *(b"# Query_time: 1.5  Lock_time: 0.0 Rows_sent: 1", b'Started GET "/" for ::1 at 2026-01-01 00:00:00'),
    *(b"Processing by A#b as HTML", b"Completed 200 OK in 1ms", b'"spanId":', b'"parentSpanId":"00000000000000aa"'),
    *(b'"startTimeUnixNano":"1"', b'"kind":2', *NUMBERS),
)
CSV: Final = (
    b'2026-01-02 03:04:05.678 UTC,"shop","shop",7,"127.0.0.1:5",6b0.1b,1,"SELECT",2026-01-02 03:04:05 UTC,3/2,0,LOG,'
    b'00000,"duration: 0.5 ms  statement: SELECT a\nFROM t WHERE id = 1",,,,,,,,,"web","client backend",,0\n'
)
POSTGRES_ENTRY: Final = {
    "timestamp": "2026-01-02 03:04:05.678 UTC", "user": "shop", "dbname": "shop", "pid": 7, "session_id": "6b0.1b",
    "line_num": 1, "message": "duration: 0.5 ms  execute a: SELECT 1", "detail": "parameters: $1 = 'x'",
}  # fmt: skip
CLOSED: Final = {
    "timestamp": "2026-01-02T03:04:05Z", "target": "a", "span": {"id": 3, "name": "load"}, "spans": [{"name": "root"}],
    "fields": {"message": "close", "time.busy": "9µs", "time.idle": "1ms"},
}  # fmt: skip
REQUEST: Final = request(
    [span("r", name="GET /", kind=SERVER, took=99)]
    + [span(f"q{n}", "r", kind=CLIENT, start=n, db__statement=f"SELECT {n}") for n in range(6)]
)
PROTOBUF: Final = encode_field(
    1,
    encode_field(1, encode_field(1, encode_field(1, b"service.name") + encode_field(2, encode_field(1, b"shop"))))
    + encode_field(
        2,
        encode_field(
            2,
            encode_field(1, bytes(15) + b"1") + encode_field(2, bytes(7) + b"2") + encode_field(5, b"GET /")
            + b"\x30\x02" + b"\x39" + b"\0" * 7 + b"\1" + b"\x41" + b"\xff" * 7 + b"\1",
        ),
    ),
)  # fmt: skip
"""A request with a service and a span: its ids, name, kind and times."""
MORE: Final = (CSV, *(json.dumps(one).encode() for one in (POSTGRES_ENTRY, CLOSED, REQUEST)), PROTOBUF)


@cache
def seeds() -> tuple[bytes, ...]:
    """The samples of other formats, and what isn't among them."""
    samples = [
        path.read_bytes() for path in sorted(INPUTS.iterdir()) if path.suffix in (".json", ".jsonl", ".log", ".txt")
    ]
    return (*(sample for sample in samples if b"PERF_TRACE|" not in sample), *MORE)


class OtherInputs:
    """Inputs of all formats but our own, by the format that claims them and by another one."""

    name = "inputs"
    batch = 16

    def make(self, rng: random.Random) -> bytes:
        content = rng.choice(seeds())
        kind = rng.random()
        if kind < 0.4 and content[:1] in b"[{" and b"}\n{" not in content:
            value = json.loads(content)
            for _ in range(rng.choice((1, 2, 5))):
                value = mutate_value(rng, value)
            return json.dumps(value).encode("utf-8", "surrogatepass")
        if kind < 0.8:
            lines = content.splitlines(keepends=True)
            start = rng.randrange(len(lines))
            content = b"".join(lines[start : start + rng.randrange(1, 40)])
        return mutate(rng, content[:LONGEST], TOKENS)

    def check(self, inputs: Sequence[bytes], folder: Path) -> None:
        others = [source.name for source in SOURCES if source.name not in OURS]
        for index, content in enumerate(inputs):
            path = folder / f"{index}.log"
            path.write_bytes(content)
            _read(path, content, others[zlib.crc32(content) % len(others)])
            try:
                claiming = choose_source(Stream(str(path))).name
            except InputError:
                continue  # of two formats
            if claiming not in OURS:
                _read(path, content, claiming)


def _read(path: Path, content: bytes, source: str) -> None:
    try:
        calls = read_inputs([str(path)], source=source)
    except InputError:
        return
    assert calls.facts is not None
    read = calls.facts.input
    counts = (read.records, read.continuation_lines, read.malformed_lines, read.other_lines)
    assert min(counts) >= 0, counts
    assert read.lines == sum(counts), counts
    assert read.records == len(calls)
    if len(calls) and zlib.crc32(content) < WHOLE_SHARE * (1 << 32):
        write_some(calls)
