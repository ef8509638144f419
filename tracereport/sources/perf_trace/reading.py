"""What one log holds, before the logs are put together. Lines are numbered from 0."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.constant import Whole, concatenate
from tracereport.calls.facts import MALFORMED_ROWS
from tracereport.sources.envelopes.unwrapping import Envelope
from tracereport.sources.perf_trace.blocks import DoubledBlock
from tracereport.sources.perf_trace.grammar import Reason, describe_bad_value
from tracereport.sources.perf_trace.markers import Marker, find_crate

MALFORMED_BYTES: Final = 200
REASONS: Final = tuple(Reason)


class Columns(msgspec.Struct, frozen=True, eq=False):
    """Records in columns, one entry each; codes are those of the ``Encoder`` that made them."""

    line: Whole
    number: Whole
    elapsed_ns: NDArray[np.int64]
    resolution_ns: NDArray[np.int64]
    signature: NDArray[np.int32]
    metric_set: NDArray[np.int32]
    """Below -1 for the set of a text that only the grammar could read."""
    remark: NDArray[np.int32]
    """What the record says beside its metrics: -1 nothing; below that, the text is one that only the grammar read."""
    parent: Whole
    """The number, ``NONE``, or ``MISSING`` where the record doesn't say."""
    activation: Whole

    @classmethod
    def empty(cls) -> "Columns":
        """No record."""
        long, code = np.empty(0, np.int64), np.empty(0, np.int32)
        return cls(long, long, long, long, code, code, code, long, long)

    def __len__(self) -> int:
        """The number of records."""
        return len(self.line)

    def take(self, rows: NDArray[Any]) -> "Columns":
        """Some of the records: by their indices, or where a mask is true."""
        return Columns(*(column[rows] for column in msgspec.structs.astuple(self)))


def join_columns(parts: list[Columns]) -> Columns:
    """All records of the parts, one part behind the other. The list is emptied, its columns are given up one by one."""
    rows = [list(msgspec.structs.astuple(part)) for part in parts or [Columns.empty()]]
    parts.clear()
    joined = []
    for place in range(len(rows[0])):
        joined.append(concatenate([row[place] for row in rows]))
        for row in rows:
            row[place] = None
    return Columns(*joined)


class LineNotes:
    """Lines of which something is noted: a number each. They are noted in order."""

    def __init__(self) -> None:
        self._line = array("q")
        self._value = array("q")

    def __len__(self) -> int:
        """How many lines there are."""
        return len(self._line)

    def add(self, line: int, value: int = 1) -> None:
        """Notes the next line."""
        self._line.append(line)
        self._value.append(value)

    def take_before(self, line: int) -> "LineNotes":
        """Those before a line, which are no longer here."""
        taken, count = LineNotes(), bisect_left(self._line, line)
        taken._line, self._line = self._line[:count], self._line[count:]
        taken._value, self._value = self._value[:count], self._value[count:]
        return taken

    def drop(self, first: int, end: int) -> None:
        """Takes out those of a range of lines."""
        own = slice(bisect_left(self._line, first), bisect_left(self._line, end))
        del self._line[own], self._value[own]

    @property
    def values(self) -> NDArray[np.int64]:
        """What is noted, in the order of the lines."""
        return np.frombuffer(self._value.tobytes(), np.int64)


class Malformed(NamedTuple):
    """A record that can't be read: its line, why, in words, and how it begins."""

    line: int
    reason: str
    text: str


class FileReading(msgspec.Struct):
    """What one input holds, or a run of its lines. Lines are numbered from 0."""

    name: str
    first_line: int = 0
    end_line: int = 0
    """Behind the last one that has been read."""
    records: list[Columns] = msgspec.field(default_factory=list)
    """One part per chunk, two of one that is cut, in the order of their lines."""
    continued: LineNotes = msgspec.field(default_factory=LineNotes)
    """The records that go on beyond their line, and how many lines each takes there."""
    malformed: LineNotes = msgspec.field(default_factory=LineNotes)
    """The records that can't be read, with the place of the reason in ``REASONS``."""
    first_malformed: list[Malformed] = msgspec.field(default_factory=list)
    """The first of them."""
    quoted: LineNotes = msgspec.field(default_factory=LineNotes)
    markers: list[tuple[int, Marker]] = msgspec.field(default_factory=list)
    """Where processes start."""
    crate: str | None = None
    """That of the last marker before the first line that has one."""
    tests: list[tuple[int, str]] = msgspec.field(default_factory=list)
    """Where libtest says which test runs from here on; an empty name: none."""
    doubled: list[DoubledBlock] = msgspec.field(default_factory=list)
    """What nextest printed twice: the second copies."""
    parts: int = 0
    """Lines that were put to a line before, since a collector had cut it."""
    unlearnt_tails: int = 0
    split_lines: int = 0
    """Both as of ``Envelope``."""
    holds_invalid: bool = False
    head: bytes = b""
    error: str | None = None

    def note_malformed(self, line: int, reason: Reason, text: str) -> None:
        """Notes a record that can't be read.

        What stands behind the last marker may still turn out to be doubled: it doesn't count as one of the first yet.
        """
        if is_within(line, self.doubled):
            return
        self.malformed.add(line, REASONS.index(reason))
        settled = bisect_left(
            self.first_malformed, self.markers[-1][0] if self.markers else 0, key=lambda own: own.line
        )
        if settled < MALFORMED_ROWS and len(self.first_malformed) - settled < MALFORMED_ROWS:
            why = describe_bad_value(text) if reason is Reason.BAD_VALUE else reason.value
            beginning = text.encode()[:MALFORMED_BYTES].decode(errors="ignore")
            self.first_malformed.append(Malformed(line, why, beginning))

    def note_doubled(self, blocks: Sequence[DoubledBlock]) -> None:
        """Takes out what stands in second copies of a test's output: those lines are *other* lines.

        Their records go when the reading is put together.
        """
        self.doubled += blocks
        for first, end, *_ in blocks:
            self.first_malformed = [own for own in self.first_malformed if not first <= own.line < end]
            for notes in (self.continued, self.malformed, self.quoted):
                notes.drop(first, end)

    def settle_envelope(self, envelope: Envelope) -> None:
        """Takes over what was counted while lines were taken out of their envelope."""
        self.parts += envelope.parts
        self.unlearnt_tails += envelope.unlearnt_tails
        self.split_lines += envelope.split_lines
        envelope.parts = envelope.unlearnt_tails = envelope.split_lines = 0

    def take_before(self, line: int) -> "FileReading":
        """The reading of what stands before a line that starts a process; the rest stays here."""
        taken = FileReading(
            name=self.name,
            first_line=self.first_line,
            end_line=line,
            records=[part for part in self.records if len(part) and part.line[0] < line],
            continued=self.continued.take_before(line),
            malformed=self.malformed.take_before(line),
            first_malformed=[own for own in self.first_malformed if own.line < line],
            quoted=self.quoted.take_before(line),
            markers=[own for own in self.markers if own[0] < line],
            crate=self.crate,
            tests=[own for own in self.tests if own[0] < line],
            doubled=self.doubled,
            parts=self.parts,
            unlearnt_tails=self.unlearnt_tails,
            split_lines=self.split_lines,
            holds_invalid=self.holds_invalid,
            head=self.head,
        )
        self.first_line = line
        self.records = [part for part in self.records if len(part) and part.line[0] >= line]
        self.doubled = []
        self.first_malformed = [own for own in self.first_malformed if own.line >= line]
        self.markers = [own for own in self.markers if own[0] >= line]
        self.crate = find_crate((marker for _, marker in taken.markers), self.crate)
        self.tests = [own for own in self.tests if own[0] >= line]
        self.parts = self.unlearnt_tails = self.split_lines = 0
        self.holds_invalid, self.head = False, b""
        return taken

    def take_records(self) -> list[Columns]:
        """The records outside of second copies, which are no longer here."""
        taken, self.records = self.records, []
        if not self.doubled:
            return taken
        first, end = (np.array(column, np.int64) for column in list(zip(*self.doubled, strict=True))[:2])
        kept = []
        for part in taken:
            block = np.searchsorted(first, part.line, side="right") - 1
            kept.append(part.take((block < 0) | (part.line >= end[block])))
        return kept


def is_within(line: int, blocks: Sequence[DoubledBlock]) -> bool:
    """Whether a line stands in one of the blocks, which are in order."""
    at = bisect_right(blocks, line, key=lambda block: block.first_line) - 1
    return at >= 0 and line < blocks[at].end_line
