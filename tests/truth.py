"""The real logs of ``tests/logs``, and for those in ``tests/truth`` every call that really happened."""

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zstandard

from tests.paths import LOGS, TRUTH

NAMES = tuple(sorted(path.name.split(".log")[0] for path in LOGS.iterdir()))
"""All logs, by name without suffix."""
TRUE_NAMES = tuple(sorted(path.name.removesuffix(".json.gz") for path in TRUTH.iterdir()))
"""Those whose calls are known."""
SUITE = (
    "ansi",
    "bare-nocapture",
    "bare-single-thread-combined",
    "combined-nocapture",
    "env_logger",
    "env_logger-backtrace",
    "millis",
    "single-thread",
)
"""Runs of the small file system's whole suite."""

HOLDS_FIELDS = frozenset({2, 3})
"""Calls of the hostile logs, by number: a value holds ``|name=``."""
HOLDS_RECORD = frozenset({16, 17, 18, 19})
"""A value holds a whole trace, which takes the place of its call."""
FAKE = frozenset({424242, 434343})
"""The traces that the values hold, where each stands on a line of its own."""
UNLIKE_TRUTH = {
    "hostile": HOLDS_FIELDS | HOLDS_RECORD,
    "hostile-bare": HOLDS_FIELDS | FAKE,
    # The program noted its own time a little later.
    "env_logger-backtrace": {48},
    # Another writer's digit stands in the elapsed time of an otherwise whole line.
    "torn-lines": {1488},
}
"""Numbers of the records that can't be what happened: nothing in their lines tells so."""

MILLISECOND_NS = 1_000_000

Row = Mapping[str, Any]


@dataclass(frozen=True)
class TrueCall:
    """A call as its program noted it; null is what wasn't noted."""

    process: int
    number: int
    function: str
    caller: str | None
    params: tuple[tuple[str, str], ...] | None
    metrics: tuple[tuple[str, int], ...] | None
    elapsed_us: int | None
    parent: int | None
    thread: int
    ended: bool
    """It came to its end, which is when its line is written."""


@dataclass(frozen=True)
class TrueProcess:
    """A run of an instrumented program."""

    program: str
    calls: tuple[TrueCall, ...]

    @property
    def threads(self) -> int:
        """How many threads made calls."""
        return len({call.thread for call in self.calls})


def log_path(name: str) -> Path:
    """Where the log stands, compressed or not."""
    return next(path for path in LOGS.iterdir() if path.name.split(".log")[0] == name)


def read_log(name: str) -> bytes:
    """The log's bytes, decompressed."""
    path = log_path(name)
    content = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(content)
    if path.suffix == ".zst":
        return zstandard.ZstdDecompressor().decompressobj().decompress(content)
    return content


def read_truth(name: str) -> list[TrueProcess]:
    """The processes that wrote, or could have written, the log."""
    content = json.loads(gzip.decompress((TRUTH / f"{name}.json.gz").read_bytes()))
    return [
        TrueProcess(
            program=process["exe"],
            calls=tuple(
                true_call(index, dict(zip(process["columns"], call, strict=True))) for call in process["calls"]
            ),
        )
        for index, process in enumerate(content)
    ]


def true_call(process: int, call: dict[str, Any]) -> TrueCall:
    """One call from its columns; the first parameter called ``caller`` is the caller."""
    params = None if "params" not in call else [(name, value) for name, value in call["params"]]
    callers = [param for param in params or [] if param[0] == "caller"]
    if params is not None and callers:
        params.remove(callers[0])
    return TrueCall(
        process=process,
        number=call["call"],
        function=call["func"],
        caller=callers[0][1] if callers else None,
        params=None if params is None else tuple(params),
        metrics=None if "metrics" not in call else tuple((name, value) for name, value in call["metrics"]),
        elapsed_us=call.get("elapsed_us"),
        parent=call["parent"],
        thread=call["thread"],
        ended=call.get("drop_seq") is not None,
    )


def tells_the_same(row: Row, call: TrueCall) -> bool:
    """Whether a row of the calls table is what this call should have become, its time within a millisecond."""
    return (
        row["number"] == call.number
        and row["function"] == call.function
        and (call.params is None or (row["caller"] == call.caller and fields(row["params"]) == call.params))
        and (call.metrics is None or fields(row["metrics"]) == call.metrics)
        and (call.elapsed_us is None or abs(row["elapsed_ns"] - call.elapsed_us * 1_000) <= MILLISECOND_NS)
    )


def fields(pairs: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, Any], ...]:
    """Parameters or metrics of a row."""
    return tuple((pair["name"], pair["value"]) for pair in pairs)


@dataclass(frozen=True)
class Matching:
    """Rows and true calls, paired as far as they go."""

    pairs: list[tuple[Row, TrueCall]]
    invented: list[Row]
    """Rows that no call became."""
    lost: list[TrueCall]
    """Calls that no row tells of."""


def match(rows: Sequence[Row], truth: Sequence[TrueProcess]) -> Matching:
    """Pair each row with one call that it can be; of several the one whose time is nearest."""
    by_number: dict[int, list[TrueCall]] = {}
    for process in truth:
        for call in process.calls:
            by_number.setdefault(call.number, []).append(call)
    pairs: list[tuple[Row, TrueCall]] = []
    invented: list[Row] = []
    for row in sorted(rows, key=lambda row: (row["number"], row["elapsed_ns"])):
        candidates = [call for call in by_number.get(row["number"], []) if tells_the_same(row, call)]
        if not candidates:
            invented.append(row)
            continue
        found = min(candidates, key=lambda call: (call.elapsed_us or 0, call.process))
        by_number[row["number"]].remove(found)
        pairs.append((row, found))
    lost = [call for process in truth for call in process.calls if call in by_number[call.number]]
    return Matching(pairs, invented, lost)


def sources_of(rows: Sequence[Row], truth: Sequence[TrueProcess]) -> list[TrueProcess]:
    """The true processes each of which alone can have written all of the rows."""
    return [process for process in truth if all_of(rows, process)]


def all_of(rows: Sequence[Row], process: TrueProcess) -> bool:
    """Whether every row tells of a call of this process."""
    calls = {call.number: call for call in process.calls}
    return all(row["number"] in calls and tells_the_same(row, calls[row["number"]]) for row in rows)


def could_be(rows: Sequence[Row], source: TrueProcess) -> bool:
    """Whether a process made calls like all of these, times apart."""
    calls = {call.number: call for call in source.calls}

    def alike(row: Row) -> bool:
        call = calls.get(row["number"])
        if call is None or call.function != row["function"]:
            return False
        if call.params is not None and (call.caller != row["caller"] or call.params != fields(row["params"])):
            return False
        return call.metrics is None or results(call.metrics) == results(fields(row["metrics"]))

    return all(alike(row) for row in rows)


def results(metrics: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Metrics without times."""
    return [(name, value) for name, value in metrics if not name.endswith("_ms")]
