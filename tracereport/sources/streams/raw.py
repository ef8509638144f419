"""Raw inputs: files, standard input and objects of stores, as bytes that tell how far they have been read."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tracereport.sources.streams.names import STANDARD_INPUT
from tracereport.sources.urls import is_url

if TYPE_CHECKING:  # what a range is made of takes a while to load
    from tracereport.sources.ranges import ByteRange

PIECE_BYTES: Final = 1 << 18

Progress = Callable[[int, int | None], None]
"""Told the bytes read of the current input so far, and its size where that is known."""


class BrokenSourceError(Exception):
    """The input can't be read further; its text says why."""


class WrappedStream(io.RawIOBase):
    """A stream made of another one, which is closed with it."""

    def __init__(self, stream: io.RawIOBase) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """It is."""
        return True

    def close(self) -> None:
        """As of any raw file."""
        self._stream.close()
        super().close()


class PeekedStream(WrappedStream):
    """A stream whose first bytes can be looked at before they are read."""

    def __init__(self, stream: io.RawIOBase) -> None:
        super().__init__(stream)
        self._head = b""
        self._broken: BrokenSourceError | OSError | None = None

    def peek(self, size: int) -> bytes:
        """What comes next, at most ``size`` bytes; an error waits until what stands before it has been read."""
        buffer = bytearray(size)
        try:
            while len(self._head) < size and (count := self._stream.readinto(memoryview(buffer)[len(self._head) :])):
                self._head += buffer[len(self._head) : len(self._head) + count]
        except (BrokenSourceError, OSError) as error:
            self._broken = error
        return self._head

    def drop(self, size: int) -> None:
        """Leaves out so many of the bytes that were looked at."""
        self._head = self._head[size:]

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As of any raw file."""
        if not self._head:
            if self._broken is not None:
                raise self._broken
            return self._stream.readinto(buffer) or 0
        count = min(len(self._head), len(buffer))
        buffer[:count] = self._head[:count]
        self._head = self._head[count:]
        return count


class CountedInput(PeekedStream):
    """A raw file that says how far it is."""

    def __init__(self, raw: io.RawIOBase, size: int | None, version: str | None) -> None:
        super().__init__(raw)
        self._size = size
        self.version = version
        """Of an object, where that stands for its bytes."""
        self._position = 0
        self.progress: Progress | None = None

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As of any raw file."""
        count = super().readinto(memoryview(buffer))
        self._position += count
        if self.progress is not None:
            self.progress(self._position, self._size)
        return count

    def read(self, size: int | None = -1) -> bytes:
        """At most ``size`` bytes in one reading, as the unpackers ask for."""
        buffer = bytearray(PIECE_BYTES if size is None or size < 0 else size)
        return bytes(memoryview(buffer)[: self.readinto(memoryview(buffer))])

    @property
    def packed_bytes(self) -> int:
        """The size of the input; of one that has none, what was read of it."""
        return self._size or self._position


def open_raw(name: str, version: str | None = None) -> CountedInput:
    """Opens an input, at the version of an object that it must have; None: any."""
    # A file that isn't whole must not be closed: the stream is made once the file is open.
    if is_url(name):
        from tracereport.sources.object_file import ObjectFile  # noqa: PLC0415 - most inputs are files

        found = ObjectFile(name, version)
        return CountedInput(found, found.size, found.version)
    if name == STANDARD_INPUT:
        return CountedInput(io.FileIO(os.dup(sys.stdin.fileno()), "rb"), None, None)
    file = io.FileIO(name, "rb")
    return CountedInput(file, os.fstat(file.fileno()).st_size or None, None)


class RangedFile(WrappedStream):
    """A range of a file that isn't packed."""

    def __init__(self, raw: io.FileIO, byte_range: ByteRange) -> None:
        super().__init__(raw)
        raw.seek(byte_range.start)
        self._left = self._size = byte_range.end - byte_range.start
        self.progress: Progress | None = None

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As of any raw file."""
        count = self._stream.readinto(memoryview(buffer)[: self._left]) if self._left else 0
        self._left -= count or 0
        if self.progress is not None:
            self.progress(self._size - self._left, self._size)
        return count or 0
