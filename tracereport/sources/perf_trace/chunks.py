"""A chunk of lines, split: its plain records in columns, and by line what only Python can judge.

The whole grammar is in ``grammar.py`` and ``markers.py``; the native library reads the plain records only, those with
one mark, one elapsed field and nothing odd about them, and says which other lines are worth a look.
"""

from collections.abc import Iterator

import msgspec

from tracereport.native.split import Split, split_chunk
from tracereport.sources.perf_trace.markers import PlacedMarker, find_markers
from tracereport.sources.streams.encoding import make_valid


class Chunk(msgspec.Struct, frozen=True, eq=False):
    """What a chunk holds. Lines are counted from 0 at its start."""

    text: bytes
    split: Split
    markers: tuple[PlacedMarker, ...]
    invalid_bytes: bool

    @property
    def last_process_line(self) -> int | None:
        """The line of the last marker that starts a process."""
        return next((placed.line for placed in reversed(self.markers) if placed.marker.starts_process), None)

    def whole_line(self, start: int) -> str:
        """The line that starts at this byte, without the line feed at its end."""
        return whole_line(self.text, start)

    def lines_from(self, start: int) -> Iterator[tuple[int, str]]:
        """Where each line starts, from this byte on, and the line without its line feed."""
        while start < len(self.text):
            yield start, self.whole_line(start)
            start = end_of_line(self.text, start)


def read_chunk(raw: bytes, *, only_markers: bool = False) -> Chunk:
    """Splits a chunk and reads its markers; without any record that takes a quarter of the time."""
    text, invalid_bytes = make_valid(raw)
    split = split_chunk(text, only_candidates=only_markers)
    return Chunk(text, split, find_markers(text, split.candidates), invalid_bytes)


def whole_line(text: bytes, start: int) -> str:
    """The line that starts at this byte, without the line feed at its end."""
    return text[start : end_of_line(text, start)].decode().removesuffix("\n")


def end_of_line(text: bytes, start: int) -> int:
    """Where the line ends that starts at this byte, behind its line feed."""
    return text.find(b"\n", start) + 1 or len(text)
