"""Logs -> calls: runs the chunks of every input through the fast path, sees to the odd lines, and puts all together.

Chunks are split by threads, where there are any, while the next is read; their results are taken in the order of the
log. Only here are lines looked at one by one: those that hold the mark and aren't plain, and those that go on a broken
record.

No process goes on beyond a marker, so that what stands before one can be put together and given away.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec.structs import replace

from tracereport.calls.calls import Calls
from tracereport.calls.constant import narrow
from tracereport.errors import InputError
from tracereport.sources.envelopes.unwrapping import Envelope, unwrap
from tracereport.sources.memory import find_free_bytes
from tracereport.sources.perf_trace.assemble import assemble_calls
from tracereport.sources.perf_trace.blocks import BlockFinder
from tracereport.sources.perf_trace.chunks import Chunk, read_chunk
from tracereport.sources.perf_trace.continuation import join_following
from tracereport.sources.perf_trace.encode import Encoder
from tracereport.sources.perf_trace.grammar import Reason, RecordText, parse_record, strip_line_end
from tracereport.sources.perf_trace.reading import Columns, FileReading, is_within, join_columns
from tracereport.sources.streams.chunks import CHUNK_BYTES
from tracereport.sources.streams.raw import BrokenSourceError, Progress
from tracereport.sources.streams.stream import Stream

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

HEAD_BYTES = 1 << 20
CALL_BYTES: Final = 60
TREE_CALL_BYTES: Final = 145
LOOKUP_BYTES: Final = 290
"""What a call takes while it is put together and measured, beside what is held of it before; what it takes where calls
were made inside others; and what each distinct lookup takes. Measured of one and of four million calls of one process:
54, 143, and 345 bytes a call where nearly each asks for something else."""
FIRST_LOOK_CALLS = 1_000_000
"""From so many calls on it is looked whether there is memory for them."""
_SMALL: Final = 1 / 4
"""Of a chunk's usual size. A smaller one, which is all of a small log, is split before a thread has started."""


def read_log(
    inputs: Sequence[str | Stream], progress: Progress | None = None, *, chunk_bytes: int = CHUNK_BYTES
) -> Calls:
    """All calls of the logs as one set, in the order of the inputs.

    An input that can't be read to its end gives what could be read, and an entry in ``facts.input.errors``.
    """
    (calls,) = read_sets(inputs, progress, chunk_bytes=chunk_bytes)
    return calls


def read_sets(
    inputs: Sequence[str | Stream],
    progress: Progress | None = None,
    *,
    calls_at_once: int | None = None,
    chunk_bytes: int = CHUNK_BYTES,
) -> Iterator[Calls]:
    """All calls of the logs in sets of whole processes, in the order of the inputs; one set at least.

    A set ends at the first marker of a process behind so many calls, and at the end of a log.

    Args:
        inputs: the logs.
        progress: is told the bytes read.
        calls_at_once: of a set, if a marker stands there; null: one set of all.
        chunk_bytes: of a chunk.
    """
    gathered = _Set()
    for one in inputs:
        stream = Stream(one) if isinstance(one, str) else one
        if gathered.is_full(calls_at_once):
            yield gathered.assemble()
        file = _File(stream)
        for chunk in file.read_chunks(progress, chunk_bytes):
            cut = chunk.last_process_line if gathered.is_full(calls_at_once, file.reading) else None
            if cut is None:
                file.take(chunk, [(gathered.encoder, None)])
                gathered.require_memory(file.reading, is_cut=calls_at_once is not None)
                continue
            behind = _Set()
            file.take(chunk, [(gathered.encoder, cut), (behind.encoder, None)])
            gathered.readings.append(file.reading.take_before(file.reading.end_line - chunk.split.lines + cut))
            full, gathered = gathered, behind
            yield full.assemble()
        gathered.readings.append(file.finish())
    yield gathered.assemble()


class _Set:
    """The readings that are put together next, with what codes their records."""

    def __init__(self) -> None:
        self.encoder = Encoder()
        self.readings: list[FileReading] = []
        self._next_look = FIRST_LOOK_CALLS
        self._has_tree = False

    def is_full(self, calls: int | None, open_reading: FileReading | None = None) -> bool:
        """Whether it holds so many calls, together with those of a file that is being read."""
        return calls is not None and self._count_calls(open_reading) >= calls

    def require_memory(self, open_reading: FileReading, *, is_cut: bool) -> None:
        """Makes sure that what is held can be measured: a machine that has begun to swap says nothing any more.

        Args:
            open_reading: of the file that is being read.
            is_cut: whether a marker would end the set.

        Raises:
            InputError: there isn't the memory for it.
        """
        calls = self._count_calls(open_reading)
        if calls < self._next_look:
            return
        self._next_look = calls + calls // 8
        needed, free = self._estimate_bytes(open_reading, calls), find_free_bytes()
        if free is None or needed <= free:
            return
        where = f"{open_reading.name}: {calls:,} calls up to line {open_reading.end_line:,}"
        amounts = f"they take {needed / 1e6:,.0f} MB more to measure, and {free / 1e6:,.0f} MB are free"
        if is_cut:
            raise InputError(
                f"{where}, and no marker of cargo or nextest among them, where they could be cut: {amounts}",
                "Run the tests with -- --test-threads=1 or with cargo-nextest, or give each process a log of its own.",
            )
        raise InputError(
            f"{where}, all of which are held: {amounts}",
            "Write no document that is made of the calls themselves; select and redact nothing; or give fewer logs.",
        )

    def _estimate_bytes(self, open_reading: FileReading, calls: int) -> int:
        """What measuring so many calls takes, beside what is held of them already."""
        newest = open_reading.records[-1].number
        # A call inside another one ends before it, and has the larger number; 0 may be the first of the next process.
        self._has_tree = self._has_tree or bool(np.any((newest[1:] < newest[:-1]) & (newest[1:] > 0)))
        each = TREE_CALL_BYTES if self._has_tree else CALL_BYTES
        return calls * each + self.encoder.count_lookups() * LOOKUP_BYTES

    def _count_calls(self, open_reading: FileReading | None) -> int:
        readings = self.readings if open_reading is None else [*self.readings, open_reading]
        return sum(len(records) for reading in readings for records in reading.records)

    def assemble(self) -> Calls:
        """Its calls; nothing of what they were made of is held any longer."""
        readings, encoder = self.readings, self.encoder
        self.readings, self.encoder = [], Encoder()
        return assemble_calls(readings, encoder)


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


class _File:
    """One log, as far as it has been read."""

    def __init__(self, stream: Stream) -> None:
        byte_range = stream.byte_range
        self._stream = stream
        self._envelope = Envelope()
        self._consumed = 0
        """The first line that no record has taken."""
        self.reading = FileReading(stream.name)
        self._blocks = BlockFinder(byte_range.printed_before if byte_range is not None else ())
        self._window = _Window(iter(()))
        if byte_range is not None:
            self.reading.first_line = self.reading.end_line = byte_range.first_line
            self.reading.crate = byte_range.crate
            self.reading.unlearnt_tails = byte_range.unlearnt_tails
            self.reading.split_lines = byte_range.split_lines

    def read_chunks(self, progress: Progress | None, chunk_bytes: int) -> Iterator[Chunk]:
        """The chunks, in order; each is to be taken before the next."""
        self._window = _Window(self._split_chunks(progress, chunk_bytes))
        while (chunk := self._window.take()) is not None:
            yield chunk

    def _split_chunks(self, progress: Progress | None, chunk_bytes: int) -> Iterator[Chunk]:
        """The chunks, split by as many threads as the stream says; without any the one who reads does it himself."""
        source = self._stream.read_chunks(progress, chunk_bytes=chunk_bytes)
        # A range is of a log without an envelope: what it holds by itself might look like one.
        chunks = unwrap(source, self._envelope) if self._stream.byte_range is None else source
        threads = self._stream.splitting_threads
        pool: Executor | None = None
        futures: deque[Future[Chunk]] = deque()
        try:
            try:
                for index, chunk in enumerate(chunks):
                    if not index and not self.reading.first_line:
                        self.reading.head = chunk[:HEAD_BYTES]
                    if not threads or (len(chunk) < _SMALL * chunk_bytes and not futures):
                        yield read_chunk(chunk)
                        continue
                    if pool is None:
                        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - a small log needs none

                        pool = ThreadPoolExecutor(threads, thread_name_prefix="tracereport-split")
                    futures.append(pool.submit(read_chunk, chunk))
                    if len(futures) > threads:
                        yield futures.popleft().result()
            except BrokenSourceError as error:
                self.reading.error = str(error)
            while futures:
                yield futures.popleft().result()
        finally:
            if pool is not None:
                pool.shutdown(wait=True, cancel_futures=True)
            chunks.close()
            source.close()

    def take(self, chunk: Chunk, encoders: Sequence[tuple[Encoder, int | None]]) -> None:
        """Notes what stands in a chunk.

        Args:
            chunk: the next one.
            encoders: what codes its records, each up to a line of the chunk; the last one to its end.
        """
        reading, first_line = self.reading, self.reading.end_line
        _note_markers(reading, chunk)
        self._blocks.add(chunk, first_line)
        reading.note_doubled(self._blocks.take_doubled())
        # Lines that go on a record of a chunk before are none of this chunk's records.
        taken = [(0, self._consumed - first_line)] if self._consumed > first_line else []
        odd = self._read_odd_lines(chunk, taken)
        start = 0
        for encoder, end in encoders:
            part = _join_records(encoder, chunk, taken, odd)
            if len(encoders) > 1:
                part = part.take((part.line >= start) & (part.line < (chunk.split.lines if end is None else end)))
            reading.records.append(replace(part, line=narrow(part.line + np.int64(first_line))))
            start = end or 0
        reading.end_line += chunk.split.lines
        reading.settle_envelope(self._envelope)
        if any(map(len, reading.records[-len(encoders) :])):
            reading.head = b""

    def _read_odd_lines(self, chunk: Chunk, taken: list[tuple[int, int]]) -> list[tuple[int, RecordText]]:
        """The records that start on lines that aren't plain; lines that they take behind their own go to ``taken``."""
        reading, first_line = self.reading, self.reading.end_line
        odd: list[tuple[int, RecordText]] = []
        for line, start in chunk.split.odd.tolist():
            if first_line + line < self._consumed:
                continue
            record, continuation_lines = _read_odd_line(chunk, start, self._window)
            if isinstance(record, RecordText):
                odd.append((line, record))
                if continuation_lines:
                    if not is_within(first_line + line, reading.doubled):
                        reading.continued.add(first_line + line, continuation_lines)
                    taken.append((line + 1, line + 1 + continuation_lines))
                    self._consumed = first_line + line + 1 + continuation_lines
            elif record is Reason.QUOTED:
                if not is_within(first_line + line, reading.doubled):
                    reading.quoted.add(first_line + line)
            elif record is not Reason.NO_RECORD:
                reading.note_malformed(first_line + line, record, chunk.whole_line(start).removesuffix("\r"))
        return odd

    def finish(self) -> FileReading:
        """What stands behind the last cut, once all chunks are taken."""
        reading = self.reading
        reading.note_doubled(self._blocks.finish())
        reading.settle_envelope(self._envelope)
        if reading.head:
            from tracereport.sources.perf_trace.diagnosis import shorten_head  # noqa: PLC0415 - few logs need it

            reading.head = shorten_head(reading.head)
        return reading


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
            reading.markers.append((reading.end_line + placed.line, placed.marker))
        else:
            reading.tests.append((reading.end_line + placed.line, placed.marker.name))
    reading.holds_invalid |= chunk.invalid_bytes


def _join_records(
    encoder: Encoder, chunk: Chunk, taken: Sequence[tuple[int, int]], odd: Sequence[tuple[int, RecordText]]
) -> Columns:
    """The plain records of a chunk but for those in lines that were taken, and the odd ones, in order."""
    records = encoder.encode_chunk(chunk)
    for first, behind in taken:
        records = records.take((records.line < first) | (records.line >= behind))
    if odd:
        records = join_columns([records, encoder.encode_records(odd)])
        records = records.take(np.argsort(records.line, kind="stable"))
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
