"""One large log -> ranges of whole processes, so that several workers can read it, and a worker only a part of it."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import numpy as np
from msgspec.structs import replace

from tracereport.native.split import split_chunk
from tracereport.sources.envelopes.unwrapping import Envelope, unwrap
from tracereport.sources.perf_trace.blocks import BlockFinder, DoubledBlock
from tracereport.sources.perf_trace.chunks import Chunk, read_chunk
from tracereport.sources.perf_trace.markers import find_crate, find_markers
from tracereport.sources.ranges import ByteRange, least_bytes
from tracereport.sources.streams.encoding import make_valid
from tracereport.sources.streams.raw import BrokenSourceError
from tracereport.sources.streams.stream import Stream


def cut_log(stream: Stream, range_bytes: int) -> Sequence[ByteRange]:
    """The ranges of a log: each ends at the first marker of a process that stands so many bytes behind its start.

    Those at its end are smaller (``ranges.least_bytes``).
    There are none where the bytes of the file aren't those of the log (it is packed, in UTF-16 or in an envelope),
    where it breaks off, and where no marker stands at the right place: one process that fills an eighth of the log,
    and half a range, may be all that there is, and nobody looks further.
    """
    start = stream.find_plain_start()
    if start is None:
        return ()
    size = Path(stream.name).stat().st_size
    if not _holds_processes(stream, max(range_bytes // 2, size // 8)):
        return ()
    envelope = Envelope()
    source = stream.read_chunks()
    chunks = unwrap(source, envelope)
    cutter = _Cutter(start, size, range_bytes)
    try:
        for raw, chunk in _split(chunks, range_bytes):
            if envelope.layers:
                return ()
            cutter.add(raw, chunk)
            if cutter.is_sparse():
                return ()
    except BrokenSourceError:
        return ()
    finally:
        chunks.close()
        source.close()
    return cutter.finish(envelope)


_LOOK_CHUNK_BYTES: Final = 1 << 19
"""Small enough that what is looked at is still in the cache."""


def _holds_processes(stream: Stream, within_bytes: int) -> bool:
    """Whether a second process starts within so many bytes: a quick look, enough for a log of one process."""
    processes = read = 0
    with closing(stream.read_chunks(chunk_bytes=_LOOK_CHUNK_BYTES)) as chunks, suppress(BrokenSourceError):
        for raw in chunks:
            text, _ = make_valid(raw)
            markers = find_markers(text, split_chunk(text, only_candidates=True).candidates)
            processes += sum(placed.marker.starts_process for placed in markers)
            read += len(raw)
            if processes > 1 or read >= within_bytes:
                break
    return processes > 1


def _split(chunks: Iterator[bytes], with_records_bytes: int) -> Iterator[tuple[bytes, Chunk]]:
    """The chunks as they stand and split; the next one is split meanwhile.

    Args:
        chunks: of a log.
        with_records_bytes: in how much of it records are looked for, too.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="tracereport-cut") as pool:
        before: tuple[bytes, Future[Chunk]] | None = None
        read = 0
        for raw in chunks:
            following = (raw, pool.submit(read_chunk, raw, only_markers=read >= with_records_bytes))
            read += len(raw)
            if before is not None:
                yield before[0], before[1].result()
            before = following
        if before is not None:
            yield before[0], before[1].result()


_BYTES_A_RECORD: Final = 4096
"""A log whose first range has fewer records than one in so many bytes isn't cut."""


class _Cutter:
    """Told every chunk of a log in turn, it knows where to cut."""

    def __init__(self, start: int, size: int, range_bytes: int) -> None:
        self._size = size
        self._range_bytes = range_bytes
        self._ranges = [ByteRange(start=start, end=start, first_line=0)]
        self._blocks = BlockFinder()
        self._doubled: list[DoubledBlock] = []
        self._crate: str | None = None
        self._position = start
        self._line = 0
        self._records = self._sampled_bytes = 0

    def add(self, raw: bytes, chunk: Chunk) -> None:
        """Goes on with the next chunk."""
        for placed in chunk.markers:
            if not placed.marker.starts_process:
                continue
            begun = self._ranges[-1].start
            if self._position + placed.start - begun >= least_bytes(begun, self._size, self._range_bytes):
                # What is no UTF-8 takes more room in the text than in the file.
                start = self._position + (placed.start if len(raw) == len(chunk.text) else find_line(raw, placed.line))
                self._ranges[-1] = replace(self._ranges[-1], end=start)
                line = self._line + placed.line
                self._ranges.append(ByteRange(start=start, end=start, first_line=line, crate=self._crate))
            self._crate = find_crate([placed.marker], self._crate)
        self._blocks.add(chunk, self._line)
        self._doubled += self._blocks.take_doubled()
        self._position += len(raw)
        self._line += chunk.split.lines
        if self._sampled_bytes < self._range_bytes:
            self._sampled_bytes += len(raw)
            self._records += chunk.split.record_count

    def is_sparse(self) -> bool:
        """Whether records are too few, by what stands at the beginning.

        To find records takes less time than to find where to cut; what workers share is the measuring.
        """
        return self._sampled_bytes >= self._range_bytes and self._records * _BYTES_A_RECORD < self._sampled_bytes

    def finish(self, envelope: Envelope) -> Sequence[ByteRange]:
        """The ranges, at the end of the log."""
        ranges = self._ranges
        if len(ranges) == 1:
            return ()
        ranges[-1] = replace(ranges[-1], end=self._position)
        ranges[0] = replace(ranges[0], unlearnt_tails=envelope.unlearnt_tails, split_lines=envelope.split_lines)
        for block in (*self._doubled, *self._blocks.finish()):
            at = bisect_right(ranges, block.first_line, key=lambda one: one.first_line) - 1
            if block.first_copy < ranges[at].first_line:
                printed = dict.fromkeys((*ranges[at].printed_before, block.digest))
                ranges[at] = replace(ranges[at], printed_before=tuple(printed))
        return ranges


def find_line(text: bytes, line: int) -> int:
    """Where a line begins."""
    return int(np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))[line - 1]) + 1 if line else 0
