"""Where a log of Rails is cut: between two requests, so that several workers can read it.

The reader ends all units there as well, whoever reads what stands behind: so the calls are the same.
"""

import mmap
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tracereport.sources.ranges import ByteRange, least_bytes
from tracereport.sources.streams.stream import Stream

STEP_BYTES: Final = 16 << 20
"""There is a cut at the first place behind so many bytes from the one before."""
_PIECE_BYTES: Final = 4 << 20
_LONGEST_PLACE: Final = 1 << 10
_PLACE: Final = re.compile(rb"\nCompleted \d[^\n]{0,500}\n(?:\r?\n){1,4}(?=Started )")
"""The end of a request in development, empty lines, and the next request, without tags: nothing is open there."""


class Cuts:
    """Told every chunk of a log in turn, it splits them at the cuts."""

    def __init__(self) -> None:
        self._next = STEP_BYTES
        """Where the search for the next cut begins, in bytes from the beginning."""
        self._position = 0
        self._tail = b""
        """What stands before the next chunk: a place may reach from one to the other."""

    def split(self, chunk: bytes) -> Iterator[tuple[bytes, bool]]:
        """The chunk in pieces, and whether there is a cut before each."""
        end = self._position + len(chunk)
        begin, is_cut = 0, False
        if end > self._next:
            before = self._position - len(self._tail)
            window = self._tail + chunk
            while (found := _PLACE.search(window, max(self._next - before, 0))) is not None:
                place = before + found.end()
                if begin < place - self._position:
                    yield chunk[begin : place - self._position], is_cut
                begin, is_cut = place - self._position, True
                self._next = place + STEP_BYTES
        if begin < len(chunk):
            yield chunk[begin:], is_cut
        self._position = end
        self._tail = (self._tail + chunk[-_LONGEST_PLACE:])[-_LONGEST_PLACE:]


def cut_log(stream: Stream, range_bytes: int) -> Sequence[ByteRange]:
    """The ranges of a log, each of ``least_bytes`` and up to a cut; none if it is packed or has no cut."""
    start = stream.find_plain_start()
    path = Path(stream.name)
    if start is None or path.stat().st_size <= start:
        return ()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        ranges = [ByteRange(start=start, end=len(text), first_line=0)]
        found = _PLACE.search(text, start + STEP_BYTES)
        while found is not None:
            cut, last = found.end(), ranges[-1]
            if cut - last.start >= least_bytes(last.start, len(text), range_bytes):
                lines = sum(
                    text[at : min(at + _PIECE_BYTES, cut)].count(b"\n") for at in range(last.start, cut, _PIECE_BYTES)
                )
                ranges[-1] = ByteRange(start=last.start, end=cut, first_line=last.first_line)
                ranges.append(ByteRange(start=cut, end=len(text), first_line=last.first_line + lines))
            found = _PLACE.search(text, cut + STEP_BYTES)
    return ranges if len(ranges) > 1 else ()
