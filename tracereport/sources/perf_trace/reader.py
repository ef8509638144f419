"""Logs -> calls: runs the chunks of every input through the fast path, sees to the odd lines, and puts all together.

Chunks are split by threads while the next one is read; their results are taken in the order of the log. Only here are
lines looked at one by one: those that hold the mark and aren't plain, and the lines that go on a broken record.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain

import numpy as np

from tracereport.calls.calls import Calls
from tracereport.sources.envelopes.unwrapping import unwrap
from tracereport.sources.perf_trace.assemble import assemble_calls
from tracereport.sources.perf_trace.blocks import BlockFinder
from tracereport.sources.perf_trace.chunks import Chunk, read_chunk
from tracereport.sources.perf_trace.continuation import join_following
from tracereport.sources.perf_trace.encode import Encoder
from tracereport.sources.perf_trace.grammar import Reason, RecordText, parse_record, strip_line_end
from tracereport.sources.perf_trace.reading import Columns, FileReading, join_columns
from tracereport.sources.streams import CHUNK_BYTES, BrokenSourceError, Progress, Stream

HEAD_BYTES = 1 << 20
WORKERS = 2


def read_log(
    inputs: Sequence[str | Stream], progress: Progress | None = None, *, chunk_bytes: int = CHUNK_BYTES
) -> Calls:
    """All calls of the logs, in the order of the inputs.

    An input that can't be read to its end gives what could be read, and an entry in ``facts.input.errors``.
    """
    encoder = Encoder()
    return assemble_calls([_read_file(_to_stream(one), encoder, progress, chunk_bytes) for one in inputs], encoder)


def _to_stream(one: str | Stream) -> Stream:
    return Stream(one) if isinstance(one, str) else one


def _read_file(stream: Stream, encoder: Encoder, progress: Progress | None, chunk_bytes: int) -> FileReading:
    reading = FileReading(stream.name)
    blocks = BlockFinder()
    consumed = 0
    window = _Window(_split_chunks(reading, stream, progress, chunk_bytes))
    while (chunk := window.take()) is not None:
        records, consumed = _take_chunk(reading, chunk, window, consumed, encoder)
        reading.records.append(records)
        blocks.add(chunk, reading.lines)
        reading.lines += chunk.split.lines
    reading.doubled = blocks.finish()
    return reading


class _Window:
    """The chunks to come, with as many of them at hand as a record that goes on beyond its own chunk looks into."""

    def __init__(self, chunks: Iterator[Chunk]) -> None:
        self._chunks = chunks
        self._seen: deque[Chunk] = deque()

    def take(self) -> Chunk | None:
        """The next chunk, which is no longer one to come; none at the end."""
        return self._seen.popleft() if self._seen else next(self._chunks, None)

    def __iter__(self) -> Iterator[Chunk]:
        """Those to come; they stay so."""
        yield from self._seen
        for chunk in self._chunks:
            self._seen.append(chunk)
            yield chunk


def _split_chunks(reading: FileReading, stream: Stream, progress: Progress | None, chunk_bytes: int) -> Iterator[Chunk]:
    """The chunks of an input, split by threads, in order."""
    source = stream.read_chunks(progress, chunk_bytes=chunk_bytes)
    chunks = unwrap(source, reading.envelope)
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="tracereport-split")
    futures: deque[Future[Chunk]] = deque()
    try:
        try:
            for chunk in chunks:
                reading.head = reading.head or chunk[:HEAD_BYTES]
                futures.append(pool.submit(read_chunk, chunk))
                if len(futures) > WORKERS:
                    yield futures.popleft().result()
        except BrokenSourceError as error:
            reading.error = str(error)
        while futures:
            yield futures.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        chunks.close()
        source.close()


def _take_chunk(
    reading: FileReading, chunk: Chunk, window: _Window, consumed: int, encoder: Encoder
) -> tuple[Columns, int]:
    """The records that start in a chunk, and the first line that none of them has taken; the rest is noted.

    Lines before ``consumed`` go on a record of a chunk before.
    """
    first_line = reading.lines
    taken = [(0, consumed - first_line)] if consumed > first_line else []
    odd: list[tuple[int, RecordText]] = []
    for line, start in chunk.split.odd.tolist():
        if first_line + line < consumed:
            continue
        record, continuation_lines = _read_odd_line(chunk, start, window)
        if isinstance(record, RecordText):
            odd.append((line, record))
            if continuation_lines:
                reading.continued.append((first_line + line, continuation_lines))
                taken.append((line + 1, line + 1 + continuation_lines))
                consumed = first_line + line + 1 + continuation_lines
        elif record is Reason.QUOTED:
            reading.quoted.append(first_line + line)
        elif record is not Reason.NO_RECORD:
            reading.malformed.append((first_line + line, record, chunk.whole_line(start).removesuffix("\r")))
    _note_markers(reading, chunk)
    return _join_records(encoder, chunk, taken, odd, first_line), consumed


def _read_odd_line(chunk: Chunk, start: int, window: _Window) -> tuple[RecordText | Reason, int]:
    """The record that starts on a line that isn't plain, or why there is none; and how many lines more it takes."""
    whole = chunk.whole_line(start)
    record = parse_record(strip_line_end(whole))
    if record is Reason.BROKEN_OFF:
        return join_following(whole, _following_lines(chunk, start, window))
    return record, 0


def _note_markers(reading: FileReading, chunk: Chunk) -> None:
    for placed in chunk.markers:
        if placed.marker.starts_process:
            reading.markers.append((reading.lines + placed.line, placed.marker))
        else:
            reading.tests.append((reading.lines + placed.line, placed.marker.name))
    reading.invalid_chunks += chunk.invalid_bytes


def _join_records(
    encoder: Encoder,
    chunk: Chunk,
    taken: list[tuple[int, int]],
    odd: list[tuple[int, RecordText]],
    first_line: int,
) -> Columns:
    """The plain records of a chunk but for those in lines that were taken, and the odd ones, in order."""
    records = encoder.encode_chunk(chunk)
    for first, behind in taken:
        records = records.take((records.line < first) | (records.line >= behind))
    if odd:
        records = join_columns([records, encoder.encode_records(odd)])
        records = records.take(np.argsort(records.line, kind="stable"))
    np.add(records.line, first_line, out=records.line)
    return records


def _following_lines(chunk: Chunk, start: int, window: _Window) -> Iterator[str]:
    """The lines behind the one that starts there, each with its carriage return, up to a marker of a process."""
    for index, following in enumerate(chain([chunk], window)):
        lines = following.lines_from(0 if index else start)
        barriers = {placed.start for placed in following.markers if placed.marker.starts_process}
        for line_start, line in lines:
            if line_start in barriers:
                return
            if index or line_start > start:
                yield line
