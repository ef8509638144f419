"""Finds the output that nextest prints twice: at its end it repeats what the tests that did not pass had written."""

import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from tracereport.sources.perf_trace.chunks import Chunk, end_of_line
from tracereport.sources.perf_trace.grammar import MARK
from tracereport.sources.perf_trace.markers import COLOURS, MarkerKind

NO_OUTPUT = re.compile(rb"^(?!  )(?![^\S\n]*$)|^(?:\x1b\[[0-9;]*m)* {5}(?:\x1b\[[0-9;]*m)*Summary", re.MULTILINE)
"""The line behind which a block is over, and that is no part of it."""
_MARK = MARK.encode()


class DoubledBlock(NamedTuple):
    """The second copy of a block."""

    first_line: int
    end_line: int
    """The line behind it."""
    digest: bytes
    first_copy: int
    """The line that the first copy begins at."""


class _Block(msgspec.Struct):
    """What follows a nextest marker while it is indented or blank; blank lines at its end don't count."""

    first_line: int
    digest: hashlib.blake2b
    end_line: int
    blank: bytes = b""
    has_trace: bool = False
    is_open: bool = True


class BlockFinder:
    """Told every chunk of a file in turn, it knows which of the blocks that have ended came before, line for line.

    Args:
        seen: the digests of blocks that stand before the first chunk, and are found again.
    """

    def __init__(self, seen: Iterable[bytes] = ()) -> None:
        self._seen = dict.fromkeys(seen, -1)
        self._doubled: list[DoubledBlock] = []
        self._block: _Block | None = None

    def add(self, chunk: Chunk, first_line: int) -> None:
        """Goes on with the next chunk, whose first line has this number."""
        start, line = 0, first_line
        for placed in chunk.markers:
            if not placed.marker.starts_process:
                continue
            self._add_lines(chunk.text, start, placed.start, line)
            self._end_block()
            start = end_of_line(chunk.text, placed.start)
            line = first_line + placed.line + 1
            if placed.marker.kind is MarkerKind.NEXTEST:
                own = chunk.whole_line(placed.start).removesuffix("\r")
                self._block = _Block(line, hashlib.blake2b(COLOURS.sub("", own).encode()), line)
        self._add_lines(chunk.text, start, len(chunk.text), line)

    def take_doubled(self) -> list[DoubledBlock]:
        """The second copies that have ended since this was asked for."""
        doubled, self._doubled = self._doubled, []
        return doubled

    def finish(self) -> list[DoubledBlock]:
        """As above, at the end of the file."""
        self._end_block()
        return self.take_doubled()

    def _add_lines(self, chunk_text: bytes, start: int, end: int, first_line: int) -> None:
        """Goes on with the lines between two places; the first has this number."""
        block = self._block
        if block is None or not block.is_open or start == end:
            return
        text = chunk_text[start:end]
        if (other := NO_OUTPUT.search(text)) is not None and other.start() < len(text):
            block.is_open = False
            text = text[: other.start()]
        if not text.endswith(b"\n"):
            text += b"\n" if text else b""
        text = text.replace(b"\r\n", b"\n")
        lines = text.split(b"\n")[:-1]
        while lines and not lines[-1].strip():
            lines.pop()
        if lines:
            written = b"".join(line + b"\n" for line in lines)
            block.digest.update(block.blank + written)
            block.blank = text[len(written) :]
            block.has_trace |= _MARK in written
            block.end_line = first_line + len(lines)
        else:
            block.blank += text

    def _end_block(self) -> None:
        block, self._block = self._block, None
        if block is None or not block.has_trace:
            return
        identity = block.digest.digest()
        if identity in self._seen:
            self._doubled.append(DoubledBlock(block.first_line, block.end_line, identity, self._seen[identity]))
        self._seen.setdefault(identity, block.first_line)
