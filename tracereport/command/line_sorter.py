"""Sorts the lines of a stream while it is written, in whatever pieces they come: trace lines and all others."""

import io
import re
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from tracereport.sources.perf_trace.blocks import NO_OUTPUT
from tracereport.sources.perf_trace.continuation import LARGEST_BYTES, OpenRecord
from tracereport.sources.perf_trace.grammar import (
    ELAPSED_START,
    MARK,
    RECORD_START,
    Reason,
    parse_record,
    strip_line_end,
)

MARK_BYTES: Final = MARK.encode()
# Wider than the reader's own idea of a marker: a line kept for nothing is only one *other* line more.
CONTEXT: Final = re.compile(
    rb"^(?:(?:\x1b\[[0-9;]*m| )*(?:Running|Doc-tests|[A-Z][A-Za-z0-9 +/#-]{0,15}(?:\x1b\[[0-9;]*m)* \[)|test ).*$",
    re.MULTILINE,
)
LONGEST_UNDECIDED_BYTES: Final = 4096
"""Of a line without a mark or an end: what a progress bar draws over and over is one line for hours."""
NEXTEST: Final = re.compile(
    rb"^(?:\x1b\[[0-9;]*m| )*(?:[A-Z][A-Za-z0-9 +/#-]{0,15})(?:\x1b\[[0-9;]*m)* \[.*$", re.MULTILINE
)
"""As wide: behind such a line nextest sets what a test has printed, and repeats it at its end."""
PLAIN_RECORD: Final = re.compile(rf"{RECORD_START.pattern}[^\n]*{ELAPSED_START}[0-9]+[|\r\n]".encode())
"""What the grammar surely reads as a whole record; all else is left to the grammar."""


class Keeping(Protocol):
    """Takes lines that are kept: a file, or what stands for one."""

    def write(self, text: bytes, /) -> object: ...  # noqa: D102
    def writelines(self, lines: Iterable[bytes], /) -> None: ...  # noqa: D102
    def flush(self) -> None: ...  # noqa: D102


class LineSorter:
    """Sorts the lines of a stream: trace lines are kept, all others shown, and markers both.

    What nextest repeats is told by whole blocks, so that these are kept whole.

    A line goes with how many of its bytes are on the screen already: what is held back too long is shown before it is
    known what it is.

    Args:
        keep: takes the lines that are kept.
        show: is given what is to be shown.
    """

    def __init__(self, keep: Keeping, show: Callable[[bytes], object]) -> None:
        self._keep = keep
        self._show = show
        self._line = b""
        """A line whose end hasn't come yet."""
        self._line_shown = 0
        self._record: OpenRecord | None = None
        self._following: list[tuple[bytes, int]] = []
        """The lines that it has taken: should they not complete it, they were no part of it."""
        self._is_in_block = False
        self._witnesses = 0
        """How many of the next lines are kept whatever they are, to show the reader why a record stayed broken off."""

    @property
    def are_held(self) -> bool:
        """Whether something waits to be shown."""
        return any(_is_overdue(line, shown) for line, shown in [*self._following, (self._line, self._line_shown)])

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes of the stream."""
        end = chunk.rfind(b"\n") + 1
        if end:
            whole, self._line = self._line + chunk[:end], chunk[end:]
            shown, self._line_shown = self._line_shown, 0
            self._show(self._sort(whole, shown))
        else:
            self._line += chunk
            is_part_of_block = self._is_in_block and self._line.startswith(b"  ")
            longest = LARGEST_BYTES if is_part_of_block else LONGEST_UNDECIDED_BYTES
            if len(self._line) > longest and MARK_BYTES not in self._line:
                self._show(self._line[self._line_shown :])
                # Its last bytes may be the beginning of the mark.
                self._line_shown = len(MARK_BYTES) - 1
                self._line = self._line[-self._line_shown :]

    def release(self) -> None:
        """Shows what has been held back long enough."""
        for index, (line, shown) in enumerate(self._following):
            if _is_overdue(line, shown):
                self._show(line[shown:])
                self._following[index] = line, len(line)
        if _is_overdue(self._line, self._line_shown):
            self._show(self._line[self._line_shown :])
            self._line_shown = len(self._line)

    def close(self) -> None:
        """Takes the end of the stream for the end of the last line and of the last record."""
        self._show(self._sort(self._line, self._line_shown))
        while self._record is not None:
            self._show(self._sort_lines(deque(self._give_up())))
        self._keep.flush()

    def _sort(self, text: bytes, shown: int) -> bytes:
        """Keeps what is to be kept of whole lines, and gives what is to be shown, less the first ``shown`` bytes."""
        if not (MARK_BYTES in text or self._record or self._witnesses or self._is_in_block or NEXTEST.search(text)):
            for marker in CONTEXT.finditer(text):
                self._keep.write(marker[0] + b"\n")
            return text[shown:]
        lines = deque((line, 0) for line in io.BytesIO(text))
        if lines:
            lines[0] = lines[0][0], shown
        return self._sort_lines(lines)

    def _sort_lines(self, lines: deque[tuple[bytes, int]]) -> bytes:
        visible: list[bytes] = []
        while lines:
            line, shown = lines.popleft()
            if self._record is None:
                if not self._is_trace(line):
                    visible.append(line[shown:])
                self._witnesses = max(self._witnesses - 1, 0)
            elif not _ends_process(line) and self._record.take(_decode(line)):
                self._following.append((line, shown))
                if self._record.is_complete:
                    self._keep.writelines(following for following, _ in self._end_record())
            else:
                lines.appendleft((line, shown))
                lines.extendleft(reversed(self._give_up()))
        return b"".join(visible)

    def _end_record(self) -> list[tuple[bytes, int]]:
        """Ends the open record, and gives the lines that have followed it."""
        following, self._following = self._following, []
        self._record = None
        return following

    def _give_up(self) -> list[tuple[bytes, int]]:
        """Leaves the open record broken off, and gives the lines that are to be read afresh."""
        following = self._end_record()
        self._witnesses += len(following) + 1
        return following

    def _is_trace(self, line: bytes) -> bool:
        """Whether the line isn't to be shown. Keeps it if it is to be kept."""
        is_in_block, self._is_in_block = self._is_in_block, self._goes_on(line)
        if MARK_BYTES not in line:
            if self._witnesses or is_in_block or CONTEXT.match(line):
                self._keep.write(line)
            return False
        self._keep.write(line)
        if line.count(MARK_BYTES) == 1 and PLAIN_RECORD.search(line):
            return True
        text = _decode(line)
        reading = parse_record(strip_line_end(text))
        if reading is Reason.BROKEN_OFF:
            self._record = OpenRecord(text)
        return reading not in (Reason.QUOTED, Reason.NO_RECORD)

    def _goes_on(self, line: bytes) -> bool:
        """Whether the line behind this one may be part of a block: of this one's, or the first of one."""
        if NEXTEST.match(line) is not None:
            return True
        return self._is_in_block and NO_OUTPUT.match(line) is None


def _ends_process(line: bytes) -> bool:
    """Whether the line is a marker to the reader, too: no record goes on beyond one."""
    if CONTEXT.match(line) is None:
        return False
    from tracereport.sources.perf_trace.markers import parse_marker  # noqa: PLC0415  # slow to import, and seldom asked

    marker = parse_marker(_decode(line).removesuffix("\r"))
    return marker is not None and marker.starts_process


def _is_overdue(line: bytes, shown: int) -> bool:
    return len(line) > shown and MARK_BYTES not in line


def _decode(line: bytes) -> str:
    """The line as the reader sees it, without its line feed."""
    return line.decode("utf-8", "backslashreplace").removesuffix("\n")
