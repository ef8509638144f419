"""What one log holds, before the logs are put together. Lines are numbered from 0."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.constant import concatenate
from tracereport.sources.envelopes.unwrapping import Envelope
from tracereport.sources.perf_trace.grammar import Reason
from tracereport.sources.perf_trace.markers import Marker


class Columns(msgspec.Struct, frozen=True, eq=False):
    """Records in columns, one entry each; codes are those of the ``Encoder`` that made them."""

    line: NDArray[np.int64]
    number: NDArray[np.int64]
    elapsed_ns: NDArray[np.int64]
    resolution_ns: NDArray[np.int64]
    lookup: NDArray[np.int32]
    caller: NDArray[np.int32]
    """Code of the caller's name, -1 where the record has none."""
    metric_set: NDArray[np.int32]
    """Below -1 for the set of a text that only the grammar could read."""
    remark: NDArray[np.int32]
    """What the record says beside its metrics: -1 nothing; below that, the text is one that only the grammar read."""
    parent: NDArray[np.int64]
    """The number, ``NONE``, or ``MISSING`` where the record doesn't say."""
    activation: NDArray[np.int64]

    @classmethod
    def empty(cls) -> "Columns":
        """No record."""
        long, code = np.empty(0, np.int64), np.empty(0, np.int32)
        return cls(long, long, long, long, code, code, code, code, long, long)

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


class FileReading(msgspec.Struct):
    """What one input holds. Lines are numbered from 0."""

    name: str
    lines: int = 0
    records: list[Columns] = msgspec.field(default_factory=list)
    """One part per chunk, in the order of their lines."""
    continued: list[tuple[int, int]] = msgspec.field(default_factory=list)
    """The records that go on beyond their line, and how many lines each takes there."""
    malformed: list[tuple[int, Reason, str]] = msgspec.field(default_factory=list)
    quoted: list[int] = msgspec.field(default_factory=list)
    markers: list[tuple[int, Marker]] = msgspec.field(default_factory=list)
    """Where processes start."""
    tests: list[tuple[int, str]] = msgspec.field(default_factory=list)
    """Where libtest says which test runs from here on; an empty name: none."""
    doubled: list[tuple[int, int]] = msgspec.field(default_factory=list)
    """Ranges of lines that nextest printed twice: the second copy."""
    envelope: Envelope = msgspec.field(default_factory=Envelope)
    invalid_chunks: int = 0
    head: bytes = b""
    error: str | None = None
