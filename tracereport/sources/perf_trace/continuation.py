"""How a record goes on in the lines after its own, for the reader of a log and for whoever watches one being written.

A value that holds a newline breaks its line. A logger indents what follows by four spaces more than the record's own
line, the bare writer does not: the first line after the record's own tells which of the two it is.
"""

from collections.abc import Iterator

from tracereport.sources.perf_trace.grammar import (
    ELAPSED_FIELD,
    MARK,
    RECORD_START,
    Reason,
    RecordText,
    parse_body,
    strip_line_end,
)

INDENT = " " * 4
LARGEST_BYTES = 1 << 20
"""Of a record, without what it is indented by."""


class OpenRecord:
    """A record without its elapsed time, which the lines after it may hold.

    Args:
        line: the one on which the record starts. All lines are without their line feed, with a carriage return.

    Raises:
        ValueError: no record starts there.
    """

    def __init__(self, line: str) -> None:
        start = RECORD_START.search(line)
        if start is None:
            raise ValueError(line)
        self._digits = start[1]
        self._parts = [line[start.end() :]]
        self._bytes = _count_bytes(self._parts[0])
        self._indent = " " * (len(line) - len(line.lstrip(" ")))
        self._is_logged: bool | None = None
        self.is_complete = False
        """The line that was taken last holds the elapsed time: no other may follow."""

    def take(self, line: str) -> bool:
        """Adds the next line, if it can be part of the record; if it can't, the record stays broken off.

        It is for the caller to stop at a marker that starts a process: no record goes on beyond one.
        """
        deeper = self._indent + INDENT
        if self._is_logged is None:
            self._is_logged = line.startswith(deeper)
        if not line.startswith(deeper) if self._is_logged else MARK in line:
            return False
        part = line.removeprefix(deeper if self._is_logged else self._indent)
        self._bytes += 1 + _count_bytes(part)
        if self._bytes > LARGEST_BYTES:
            return False
        self._parts.append(part)
        # A field can't reach over a line's end, so the new line alone tells whether the record is complete.
        self.is_complete = ELAPSED_FIELD.search(strip_line_end(part)) is not None
        return True

    def read(self) -> RecordText | Reason:
        """The complete record, cut in three."""
        parts = self._parts
        if parts[-1].endswith("\r"):
            parts = [part.removesuffix("\r") for part in parts]
        # Where the last line ends without a carriage return, those before are the value's own.
        return parse_body(self._digits, strip_line_end("\n".join(parts)))


def join_following(own: str, following: Iterator[str]) -> tuple[RecordText | Reason, int]:
    """The record that starts on the line ``own`` and ends on one of the following; and how many of these it takes.

    Args:
        own: without its line feed, with a carriage return.
        following: the lines after it, up to a marker that starts a process.
    """
    if RECORD_START.search(own) is None:
        return Reason.NO_RECORD, 0
    record = OpenRecord(own)
    for taken, line in enumerate(following, start=1):
        if not record.take(line):
            break
        if record.is_complete:
            return record.read(), taken
    return Reason.BROKEN_OFF, 0


def _count_bytes(part: str) -> int:
    return len(part.removesuffix("\r").encode())
