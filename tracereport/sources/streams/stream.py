"""One input: opened, looked at and read."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tracereport.sources.streams.chunks import CHUNK_BYTES, cut_chunks
from tracereport.sources.streams.encoding import UTF8_MARK, UTF16_MARKS, Utf16Stream
from tracereport.sources.streams.names import STANDARD_INPUT, is_stream
from tracereport.sources.streams.raw import PIECE_BYTES, CountedInput, PeekedStream, RangedFile, open_raw
from tracereport.sources.streams.unpacking import LONGEST_MAGIC, find_packing, unpack
from tracereport.sources.urls import is_url

if TYPE_CHECKING:
    from collections.abc import Generator

    from tracereport.sources.ranges import ByteRange
    from tracereport.sources.streams.raw import Progress

SPLITTING_THREADS: Final = 2
"""What splits lines beside who reads them, in a process that has the machine to itself."""
HEAD_BYTES: Final = 1 << 18
"""So much of an input is looked at to tell its format."""


class Stream:
    """One input, unpacked, in UTF-8 or nearly so; its beginning can be looked at before it is read, once.

    A file is opened again to be read, so that thousands of them aren't held open; a pipe stays open between the two.
    """

    def __init__(
        self,
        name: str,
        unpacked_limit: int | None = None,
        byte_range: ByteRange | None = None,
        splitting_threads: int = SPLITTING_THREADS,
    ) -> None:
        """Take the most bytes that the input may unpack to, the range of its bytes that is read, and who splits lines.

        None: as ``UNPACKED_RATIO`` says; all. An input with a range isn't packed.
        """
        self.name = name
        self.unpacked_limit = unpacked_limit
        self.byte_range = byte_range
        self.splitting_threads = splitting_threads
        """How many threads of their own split its lines."""
        self._held: tuple[CountedInput, PeekedStream] | None = None
        self._version: str | None = None
        """Of the object that was looked at: that one is read."""

    def peek(self, size: int = HEAD_BYTES) -> bytes:
        """How the input begins; less where it is shorter or can't be read so far."""
        held = _open_stream(self.name, self.unpacked_limit)
        if self.name == STANDARD_INPUT or is_stream(self.name):
            self._held = held
            return held[1].peek(size)
        self._version = held[0].version
        with held[1] as stream:
            return stream.peek(size)

    def find_plain_start(self) -> int | None:
        """Where its text begins, if it is a file whose bytes are those of the text from there on."""
        if is_url(self.name) or not Path(self.name).is_file():
            return None
        with Path(self.name).open("rb") as file:
            head = file.read(LONGEST_MAGIC)
        if find_packing(head) is not None or head.startswith(tuple(UTF16_MARKS)):
            return None
        return len(UTF8_MARK) if head.startswith(UTF8_MARK) else 0

    def open(self, progress: Progress | None = None) -> io.RawIOBase:
        """The content, from its beginning; a source that breaks off raises ``BrokenSourceError`` in its place."""
        if self.byte_range is not None:
            ranged = RangedFile(io.FileIO(self.name, "rb"), self.byte_range)
            ranged.progress = progress
            return ranged
        counted, stream = self._held or _open_stream(self.name, self.unpacked_limit, self._version)
        self._held = None
        counted.progress = progress
        return stream

    def read_chunks(
        self, progress: Progress | None = None, *, chunk_bytes: int = CHUNK_BYTES
    ) -> Generator[bytes, None, None]:
        """The content in chunks, as ``cut_chunks`` gives them.

        Raises:
            BrokenSourceError: after what could be read, if that isn't all.
        """
        with self.open(progress) as stream:
            yield from cut_chunks(stream, chunk_bytes)


def read_whole(name: str, unpacked_limit: int | None = None) -> bytes:
    """All that a file holds, unpacked, in UTF-8 and without a mark of that; for files that are no logs.

    Raises:
        OSError: it can't be read.
        BrokenSourceError: it is damaged, or unpacks to more than it may.
    """
    with _open_stream(name, unpacked_limit)[1] as stream:
        pieces = []
        piece = memoryview(bytearray(PIECE_BYTES))
        while count := stream.readinto(piece):
            pieces.append(bytes(piece[:count]))
        return b"".join(pieces)


def _open_stream(
    name: str, unpacked_limit: int | None, version: str | None = None
) -> tuple[CountedInput, PeekedStream]:
    """The raw input, and what it holds."""
    raw = open_raw(name, version)
    packing = find_packing(raw.peek(LONGEST_MAGIC))
    peeked = PeekedStream(unpack(raw, packing, unpacked_limit) if packing is not None else raw)
    head = peeked.peek(len(UTF8_MARK))
    if head[:2] in UTF16_MARKS:
        peeked = PeekedStream(Utf16Stream(peeked, UTF16_MARKS[head[:2]]))
    elif head == UTF8_MARK:
        peeked.drop(len(UTF8_MARK))
    return raw, peeked
