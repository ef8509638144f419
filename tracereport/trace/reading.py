"""What one log holds, before the logs are put together. Lines are numbered from 0."""

import msgspec
import polars as pl

from tracereport.trace.grammar import (
    Reason,
    RecordText,
)
from tracereport.trace.markers import Marker


class OddRecord(msgspec.Struct):
    """A record that the fast path handed over, with the lines that it takes beyond its own."""

    line: int
    record: RecordText
    continuation_lines: int


class FileReading(msgspec.Struct):
    """What one input holds. Lines are numbered from 0."""

    name: str
    lines: int = 0
    plain: list[pl.DataFrame] = msgspec.field(default_factory=list)
    odd: list[OddRecord] = msgspec.field(default_factory=list)
    malformed: list[tuple[int, Reason, str]] = msgspec.field(default_factory=list)
    quoted: list[int] = msgspec.field(default_factory=list)
    markers: list[tuple[int, Marker]] = msgspec.field(default_factory=list)
    """Where processes start."""
    tests: list[tuple[int, str]] = msgspec.field(default_factory=list)
    """Where libtest says which test runs from here on; an empty name: none."""
    doubled: list[tuple[int, int]] = msgspec.field(default_factory=list)
    """Ranges of lines that nextest printed twice: the second copy."""
    invalid_chunks: int = 0
    head: bytes = b""
    error: str | None = None
