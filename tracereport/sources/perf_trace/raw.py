"""The trace lines as they stood in the log, byte for byte from the mark on: what a grep for them would give.

What a collector wrote around them is left out, so that they can be read again.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import Calls
from tracereport.native.keys import find_distinct
from tracereport.sources.envelopes.unwrapping import Envelope, unwrap
from tracereport.sources.perf_trace.continuation import join_following
from tracereport.sources.perf_trace.grammar import ELAPSED_START, RECORD_START
from tracereport.sources.streams.raw import BrokenSourceError
from tracereport.sources.streams.stream import Stream

_START = re.compile(RECORD_START.pattern.encode())
_ELAPSED = re.compile(rf"{ELAPSED_START}[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{{1,4}})?(?=[| \t\r\n\x1b]|\Z)".encode())
"""What surely ends a record on its own line; without it the following lines are asked."""


def read_raw(calls: Calls, rows: NDArray[np.bool_], inputs: Sequence[str | None]) -> Iterator[bytes]:
    """The lines of the selected calls, each with its line feed; a record over several lines gives them all.

    Args:
        calls: as read from the inputs, which are logs.
        rows: the selected calls.
        inputs: where each of the calls' files is found; None where it is not to be read.
    """
    for index, name in enumerate(inputs):
        wanted = find_distinct(calls.line[rows & (calls.file == index)]) - 1
        if len(wanted) and name is not None:
            yield from _read_lines(name, wanted)


def _read_lines(name: str, wanted: NDArray[np.int64]) -> Iterator[bytes]:
    """The records that start on these lines (counted from 0, in order) of a log.

    What is wrong with the input is said where its calls are read; here all that can be read is. These lines were read
    before, so that no limit is needed that they don't set themselves.
    """
    source = Stream(name, sys.maxsize).read_chunks()
    chunks = unwrap(source, Envelope())
    first_line = 0
    try:
        chunk = _next_chunk(chunks)
        while chunk is not None and first_line <= wanted[-1]:
            behind = _next_chunk(chunks)
            starts = find_line_starts(chunk)
            end_line = first_line + len(starts) - 1
            for line in (wanted[(wanted >= first_line) & (wanted < end_line)] - first_line).tolist():
                yield _read_record(chunk, starts, line, behind or b"")
            first_line, chunk = end_line, behind
    finally:
        chunks.close()
        source.close()


def find_line_starts(text: bytes) -> NDArray[np.int64]:
    """Where each line starts; behind the last one, where it ends."""
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n")) + 1
    if not text.endswith(b"\n"):
        ends = np.append(ends, len(text))
    return np.concatenate(([0], ends))


def _next_chunk(source: Iterator[bytes]) -> bytes | None:
    """The next chunk; null at the end, or where the input breaks off."""
    with suppress(BrokenSourceError):
        return next(source, None)
    return None


def _read_record(text: bytes, starts: NDArray[np.int64], line: int, behind: bytes) -> bytes:
    """The bytes of the record that starts on this line."""
    begin, end = int(starts[line]), int(starts[line + 1])
    found = _START.search(text, begin, end)
    start = found.start() if found is not None else begin
    record = text[start:end]
    if found is None or not _ELAPSED.search(text, found.end() - 1, end):
        taken: list[bytes] = []
        following = chain(_lines_from(text, end), _lines_from(behind, 0))
        _, more = join_following(_decode(text[begin:end]), _decode_each(following, taken))
        record += b"".join(taken[:more])
    return record if record.endswith(b"\n") else record + b"\n"


def _lines_from(text: bytes, start: int) -> Iterator[bytes]:
    while start < len(text):
        end = text.find(b"\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _decode_each(lines: Iterable[bytes], taken: list[bytes]) -> Iterator[str]:
    """The lines as the reader sees them; they are put into ``taken`` as they stood."""
    for line in lines:
        taken.append(line)
        yield _decode(line)


def _decode(line: bytes) -> str:
    return line.decode("utf-8", errors="backslashreplace").removesuffix("\n")
