"""Formats of one record a line as sources: they differ in what tells them, and in who reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tracereport.errors import InputError
from tracereport.sources.streams.raw import BrokenSourceError
from tracereport.sources.streams.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tracereport.calls.calls import Calls, Facts
    from tracereport.sources.streams.raw import Progress

    Read = Callable[[Sequence[Stream], Progress | None], Iterator[Calls]]
    FindExtents = Callable[[Stream], Mapping[int, int]]
    Reader = tuple[Read, FindExtents | None]
    """What reads the calls, and what tells by line the last one of each record over several, where there are such."""

COLOUR: Final = rb"(?:\x1b\[[0-9;]*m)*"


class LinesSource:
    """Logs with one record a line, or one that begins there.

    Args:
        name: as the option ``--from`` calls it.
        sign: what stands in such a log, and in no other.
        words: one of these stands in all that the sign matches. Where none is, the slower sign isn't looked for.
        nothing: what to say of one without a call.
        remedy: what to do then.
        load: gives what reads it; nothing of that is loaded before.
    """

    def __init__(
        self, name: str, sign: bytes, words: tuple[bytes, ...], nothing: str, remedy: str, load: Callable[[], Reader]
    ) -> None:
        self.name = name
        self._sign = sign
        self._words = words
        self._nothing = nothing
        self._remedy = remedy
        self._load = load

    def recognises(self, path: str, head: bytes) -> bool:  # noqa: ARG002 - told by content
        """Whether the sign stands in it."""
        return any(word in head for word in self._words) and re.search(self._sign, head, re.MULTILINE) is not None

    def read(self, streams: Sequence[Stream], progress: Progress | None) -> Iterator[Calls]:
        """The calls of each log."""
        read, _ = self._load()
        return read(streams, progress)

    def read_raw(self, calls: Calls, rows: NDArray[np.bool_], inputs: Sequence[str | None]) -> Iterator[bytes]:
        """All lines of each record, as they stand."""
        _, find_extents = self._load()
        for index, name in enumerate(inputs):
            wanted = set(calls.line[rows & (calls.file == index)].tolist())
            if wanted and name is not None:
                ends = find_extents(Stream(name)) if find_extents is not None else {}
                more = (range(line + 1, ends[line] + 1) for line in wanted & ends.keys())
                yield from _read_lines(name, wanted.union(*more))

    def explain_nothing(self, names: Sequence[str], facts: Facts | None) -> InputError:
        """That no record stands in it."""
        if facts is not None and facts.input.errors:
            return InputError(f"{facts.input.errors[0]}, and no call before that", "Collect the log again.")
        return InputError(f"{names[0]}: {self._nothing}", self._remedy)


def _read_lines(name: str, wanted: set[int]) -> Iterator[bytes]:
    number = 0
    try:
        for chunk in Stream(name).read_chunks():
            for line in (
                chunk.splitlines(keepends=True) if b"\r" not in chunk else re.findall(rb"[^\n]*\n|[^\n]+", chunk)
            ):
                number += 1
                if number in wanted:
                    yield line if line.endswith(b"\n") else line + b"\n"
    except BrokenSourceError:
        return  # what is wrong with the input is said where its calls are read


def _load_postgres() -> Reader:
    from tracereport.sources.postgres import find_extents, read_logs  # noqa: PLC0415

    return read_logs, find_extents


def _load_rust_tracing() -> Reader:
    from tracereport.sources.rust_tracing import read_logs  # noqa: PLC0415

    return read_logs, None


def _load_mysql() -> Reader:
    from tracereport.sources.mysql import find_extents, read_logs  # noqa: PLC0415

    return read_logs, find_extents


LINES_SOURCES: Final = (
    LinesSource(
        "postgres",
        rb"\bduration: \d+\.\d+ ms  (?:statement|execute|parse|bind)\b|\bLOG:  (?:duration: \d|statement: |execute )",
        (b"duration: ", b"LOG:  "),
        "no statement with its duration in it",
        "Log every statement: log_min_duration_statement = 0",
        _load_postgres,
    ),
    LinesSource(
        "rust-tracing",
        rb"\bclose\b[^\n]{0,80}\btime\.busy\b[^\n]{1,40}\btime\.idle\b|\"time\.busy\"\s*:",
        (b"time.busy",),
        "no span has closed in it",
        "Let the subscriber say when spans close: fmt().with_span_events(FmtSpan::CLOSE)",
        _load_rust_tracing,
    ),
    LinesSource(
        "mysql",
        rb"^# Query_time: \d+\.\d+\s+Lock_time: ",
        (b"# Query_time: ",),
        "no statement with its time in it",
        "Log every statement: set global slow_query_log = 1, global long_query_time = 0",
        _load_mysql,
    ),
)
