"""Logs -> calls: runs the chunks of every input through the fast path, sees to the odd lines, and puts all together.

Chunks are split by two threads while the next one is read; their results are taken in the order of the log. Only here
are lines looked at one by one: those that hold the mark and aren't plain, and the lines that go on a broken record.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain

import polars as pl
from msgspec.structs import replace

from tracereport.calls.calls import Calls
from tracereport.sources.perf_trace.assemble import assemble_calls
from tracereport.sources.perf_trace.blocks import BlockFinder
from tracereport.sources.perf_trace.columns import ChunkColumns, split_chunk
from tracereport.sources.perf_trace.continuation import join_following
from tracereport.sources.perf_trace.grammar import COLOUR_TAIL, Reason, RecordText, parse_record
from tracereport.sources.perf_trace.reading import FileReading, OddRecord
from tracereport.sources.streams import CHUNK_BYTES, BrokenSourceError, Progress, Stream

HEAD_BYTES = 1 << 20
WORKERS = 2


def read_log(
    inputs: Sequence[str | Stream], progress: Progress | None = None, *, chunk_bytes: int = CHUNK_BYTES
) -> Calls:
    """All calls of the logs, in the order of the inputs.

    An input that can't be read to its end gives what could be read, and an entry in ``facts.input.errors``.
    """
    return assemble_calls([_read_file(_to_stream(one), progress, chunk_bytes) for one in inputs])


def _to_stream(one: str | Stream) -> Stream:
    return Stream(one) if isinstance(one, str) else one


def _read_file(stream: Stream, progress: Progress | None, chunk_bytes: int) -> FileReading:
    reading = FileReading(stream.name)
    blocks = BlockFinder()
    consumed = 0
    window = _Window(_split_chunks(reading, stream, progress, chunk_bytes))
    while (chunk := window.take()) is not None:
        consumed = _take_chunk(reading, blocks, chunk, window, consumed)
    reading.doubled = blocks.finish()
    return reading


class _Window:
    """The chunks to come, with as many of them at hand as a record that goes on beyond its own chunk looks into."""

    def __init__(self, chunks: Iterator[ChunkColumns]) -> None:
        self._chunks = chunks
        self._seen: deque[ChunkColumns] = deque()

    def take(self) -> ChunkColumns | None:
        """The next chunk, which is no longer one to come; none at the end."""
        return self._seen.popleft() if self._seen else next(self._chunks, None)

    def __iter__(self) -> Iterator[ChunkColumns]:
        """Those to come; they stay so."""
        yield from self._seen
        for chunk in self._chunks:
            self._seen.append(chunk)
            yield chunk


def _split_chunks(
    reading: FileReading, stream: Stream, progress: Progress | None, chunk_bytes: int
) -> Iterator[ChunkColumns]:
    """The chunks of an input, split by threads, in order."""
    chunks = stream.read_chunks(progress, chunk_bytes=chunk_bytes)
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="tracereport-split")
    futures: deque[Future[ChunkColumns]] = deque()
    try:
        try:
            for chunk in chunks:
                reading.head = reading.head or chunk[:HEAD_BYTES]
                futures.append(pool.submit(split_chunk, chunk))
                if len(futures) > WORKERS:
                    yield futures.popleft().result()
        except BrokenSourceError as error:
            reading.error = str(error)
        while futures:
            yield futures.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        chunks.close()


def _take_chunk(reading: FileReading, blocks: BlockFinder, chunk: ChunkColumns, window: _Window, consumed: int) -> int:
    """Adds a chunk to the reading.

    Lines before ``consumed`` go on a record of a chunk before. Gives the first line that no record has taken.
    """
    first_line = reading.lines
    markers = [(first_line + placed.line, placed.marker) for placed in chunk.markers]
    taken: list[tuple[int, int]] = [(0, consumed - first_line)] if consumed > first_line else []
    for line in chunk.odd_lines.tolist():
        if first_line + line < consumed:
            continue
        text = COLOUR_TAIL.sub("", chunk.line_text(line))
        record = parse_record(text)
        continuation_lines = 0
        if record is Reason.BROKEN_OFF:
            record, continuation_lines = join_following(
                chunk.whole_line(line), _following_lines(chain([chunk], window), line + 1)
            )
        if isinstance(record, RecordText):
            reading.odd.append(OddRecord(first_line + line, record, continuation_lines))
            if continuation_lines:
                taken.append((line + 1, line + 1 + continuation_lines))
                consumed = first_line + line + 1 + continuation_lines
        elif record is Reason.QUOTED:
            reading.quoted.append(first_line + line)
        elif record is not Reason.NO_RECORD:
            reading.malformed.append((first_line + line, record, chunk.line_text(line)))
    records = chunk.records
    for start, end in taken:
        line = records.columns["line"]
        records = records.filter((line < start) | (line >= end))
    reading.plain.append(replace(records, columns=records.columns.with_columns(pl.col("line") + first_line)))
    reading.markers += [(line, marker) for line, marker in markers if marker.starts_process]
    reading.tests += [(line, marker.name) for line, marker in markers if not marker.starts_process]
    reading.invalid_chunks += chunk.invalid_bytes
    blocks.add(chunk, first_line)
    reading.lines += chunk.lines
    return consumed


def _following_lines(chunks: Iterable[ChunkColumns], line: int) -> Iterator[str]:
    """The lines from ``line`` on, each with its carriage return, up to a marker that starts a process."""
    for chunk in chunks:
        barriers = {placed.line for placed in chunk.markers if placed.marker.starts_process}
        for index in range(line, chunk.lines):
            if index in barriers:
                return
            yield chunk.whole_line(index)
        line = 0
