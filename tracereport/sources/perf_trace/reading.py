"""What one log holds, before the logs are put together. Lines are numbered from 0."""

from collections.abc import Sequence

import msgspec
import numpy as np
import polars as pl
from msgspec.structs import replace

from tracereport.calls.distinct import code_texts
from tracereport.sources.perf_trace.grammar import Reason, RecordText
from tracereport.sources.perf_trace.markers import Marker


class Records(msgspec.Struct, frozen=True, eq=False):
    """Records in columns."""

    columns: pl.DataFrame
    """``line``, ``number``, ``signature``, ``elapsed_ns``, ``resolution_ns``, ``metrics``; texts by their index."""
    signatures: pl.Series
    metrics: pl.Series

    def filter(self, kept: pl.Series) -> "Records":
        """Some of them."""
        return replace(self, columns=self.columns.filter(kept))


def join_records(parts: Sequence[Records]) -> Records:
    """All records of the parts, one part behind the other; equal texts become one."""
    columns = pl.concat([part.columns for part in parts])
    signature, signatures = _join_texts(
        [part.signatures for part in parts], [part.columns for part in parts], "signature"
    )
    metric, metrics = _join_texts([part.metrics for part in parts], [part.columns for part in parts], "metrics")
    return Records(columns.with_columns(signature=signature, metrics=metric), signatures, metrics)


def _join_texts(tables: list[pl.Series], columns: list[pl.DataFrame], name: str) -> tuple[pl.Series, pl.Series]:
    texts = pl.concat(tables)
    code, first_use = code_texts(texts)
    ends = np.cumsum([len(table) for table in tables])
    own = zip(np.split(code, ends[:-1]), columns, strict=True)
    return pl.Series(np.concatenate([codes[frame[name].to_numpy()] for codes, frame in own])), texts.gather(first_use)


class OddRecord(msgspec.Struct):
    """A record that the fast path handed over, with the lines that it takes beyond its own."""

    line: int
    record: RecordText
    continuation_lines: int


class FileReading(msgspec.Struct):
    """What one input holds. Lines are numbered from 0."""

    name: str
    lines: int = 0
    plain: list[Records] = msgspec.field(default_factory=list)
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
