"""A chunk of lines -> columns, vectorised: the bulk of a log never meets Python.

The whole grammar is in ``grammar.py``; this room reads the plain lines only, those with one mark, one elapsed field
in whole units and nothing odd about them, and hands the others over by line. It splits at literals, which is many
times faster than a regular expression per field, and leaves the texts of signatures and metrics whole: they are read
once per distinct text.
"""

import re

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from tracereport.calls.distinct import code_repeated_texts
from tracereport.sources.perf_trace.grammar import ELAPSED_START, MARK, MAXIMUM, UNIT_NS, UNITS
from tracereport.sources.perf_trace.markers import PlacedMarker, find_markers
from tracereport.sources.perf_trace.reading import Records
from tracereport.sources.streams import make_valid

SPARSE_BYTES_PER_MARK = 4_000
"""From here on most lines are no traces, and picking out those that are is cheaper than splitting all."""
SAMPLE_BYTES = 1 << 20
"""The start of a chunk that tells which of the two it is."""

_MARK_BYTES = MARK.encode()
_BARE_MARK = MARK.removesuffix("|")
"""Where it ends a signature, its bar is that of the elapsed field."""
_COLOUR_TAIL = r"(?:\x1b\[[0-9;]*m)+$"
_ELAPSED = "|elapsed_"
_ELAPSED_TEXT = rf"^({UNITS})=([0-9]+)(?:\.([0-9]+))?$"
_POWERS_OF_TEN = {power: 10**power for power in range(10)}
_REST = pl.lit(None, dtype=pl.UInt64)
_PLAIN_DIGITS = 18


class ChunkColumns(msgspec.Struct, frozen=True, eq=False):
    """What a chunk holds. Lines are counted from 0 at its start."""

    text: bytes
    starts: NDArray[np.int64]
    """Where each line starts, and the end."""
    records: Records
    odd_lines: NDArray[np.int64]
    """The other lines that hold the mark."""
    markers: tuple[PlacedMarker, ...]
    invalid_bytes: bool

    @property
    def lines(self) -> int:
        """The number of lines."""
        return len(self.starts) - 1

    def whole_line(self, line: int) -> str:
        """One line, without the line feed at its end."""
        return self.text[self.starts[line] : self.starts[line + 1]].decode().removesuffix("\n")

    def line_text(self, line: int) -> str:
        """One line, without its end."""
        return self.whole_line(line).removesuffix("\r")


def split_chunk(raw: bytes) -> ChunkColumns:
    """Reads the plain lines of a chunk and finds the odd ones and the markers."""
    text, invalid_bytes = make_valid(raw)
    lines = pl.read_lines(text, name="text")["text"]
    starts = _add_up_lines(lines, text) if b"\r" not in text else find_line_starts(text)
    sample = min(len(text), SAMPLE_BYTES)
    if text.count(_MARK_BYTES, 0, sample) * SPARSE_BYTES_PER_MARK < sample:
        marked = _find_marked_lines(text, starts)
        lines = lines.gather(marked)
    else:
        marked = np.arange(len(lines))
    records = _split_lines(lines, marked, text, starts)
    is_odd = records.columns["elapsed_ns"].is_null()
    return ChunkColumns(
        text=text,
        starts=starts,
        records=records.filter(~is_odd) if is_odd.any() else records,
        odd_lines=records.columns["line"].filter(is_odd).to_numpy(),
        markers=find_markers(text, starts),
        invalid_bytes=invalid_bytes,
    )


def _add_up_lines(lines: pl.Series, text: bytes) -> NDArray[np.int64]:
    """What ``find_line_starts`` finds, for lines that end with a line feed alone."""
    starts = np.zeros(len(lines) + 1, np.int64)
    np.cumsum(lines.str.len_bytes().to_numpy() + 1, out=starts[1:])
    starts[-1] = len(text)
    return starts


def find_line_starts(text: bytes) -> NDArray[np.int64]:
    """Where each line starts; behind the last one, where it ends."""
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n")) + 1
    if not text.endswith(b"\n"):
        ends = np.append(ends, len(text))
    return np.concatenate(([0], ends))


def _find_marked_lines(text: bytes, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The lines that hold the mark."""
    found = [match.start() for match in re.finditer(re.escape(_MARK_BYTES), text)]
    return np.unique(np.searchsorted(starts, np.array(found, np.int64), side="right") - 1)


def _split_lines(lines: pl.Series, numbers: NDArray[np.int64], text: bytes, starts: NDArray[np.int64]) -> Records:
    """Those of the lines that hold the mark; ``elapsed_ns`` is null where one isn't plain.

    Positions are byte offsets (``str.find``), so the cuts are made in binary.
    """
    if b"\x1b" in text:
        lines = lines.str.replace(_COLOUR_TAIL, "")
    mark = lines.str.find(MARK, literal=True)
    if mark.null_count():
        marked = mark.is_not_null()
        lines, mark, numbers = lines.filter(marked), mark.filter(marked), numbers[marked.to_numpy()]
    elapsed = lines.str.find(_ELAPSED, literal=True)
    first_digit = mark.to_numpy().astype(np.int64) + len(MARK)
    number, digits = _read_numbers(np.frombuffer(text, np.uint8), starts[numbers] + first_digit)
    # Where the elapsed field stands before the signature, the record has none, or no function: the line isn't plain.
    has_signature = (digits > 0) & (elapsed >= first_digit + digits + 1).fill_null(value=False).to_numpy()
    start = pl.Series(first_digit + digits + 1).zip_with(pl.Series(has_signature), elapsed.cast(pl.Int64))
    line = pl.col("text").cast(pl.Binary)
    cut = pl.DataFrame({"text": lines, "start": start, "elapsed": elapsed.cast(pl.Int64)}).select(
        signature=line.bin.slice(pl.col("start"), pl.col("elapsed") - pl.col("start")).cast(pl.String),
        tail=line.bin.slice(pl.col("elapsed") + len(_ELAPSED), _REST).cast(pl.String),
    )
    signature, first_use = code_repeated_texts(cut["signature"])
    signatures = cut["signature"].gather(first_use)
    holds_mark = signatures.str.contains(_BARE_MARK, literal=True).fill_null(value=True).to_numpy()
    tail, first_use = code_repeated_texts(cut["tail"])
    tails, metrics = _read_tails(cut["tail"].gather(first_use))
    plain = pl.Series(has_signature & ~holds_mark[signature])
    columns = tails[tail].select(
        pl.Series("line", numbers),
        pl.Series("number", number),
        pl.Series("signature", signature),
        pl.when(plain).then(pl.col("elapsed_ns")).alias("elapsed_ns"),
        "resolution_ns",
        "metrics",
    )
    return Records(columns, signatures, metrics)


def _read_numbers(text: NDArray[np.uint8], position: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The call number at each position, and how many digits it has: none where no plain number stands there.

    A plain one has at most 18 digits, which can't overflow, and a bar behind them.
    """
    number = np.zeros(len(position), np.int64)
    digits = np.zeros(len(position), np.int64)
    reading = np.arange(len(position))
    last = len(text) - 1
    for place in range(_PLAIN_DIGITS + 1):
        byte = text[np.minimum(position[reading] + place, last)]
        digits[reading[byte == ord("|")]] = place
        is_digit = (byte >= ord("0")) & (byte <= ord("9"))
        reading = reading[is_digit]
        if not len(reading):
            break
        number[reading] = number[reading] * 10 + (byte[is_digit] - ord("0"))
    return number, digits


def _read_tails(texts: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
    """Of each text behind ``|elapsed_`` its time, resolution and code of its metrics; and the metrics' texts.

    ``elapsed_ns`` is null where a text isn't plain.
    """
    binary, length = pl.col("text").cast(pl.Binary), pl.col("length")
    parts = (
        pl.DataFrame({"text": texts})
        .with_columns(length=pl.col("text").str.find("|", literal=True).fill_null(pl.col("text").str.len_bytes()))
        .select(
            elapsed=binary.bin.slice(0, length).cast(pl.String),
            metrics=binary.bin.slice(length, _REST).cast(pl.String),
        )
    )
    elapsed_ns, resolution_ns = _parse_elapsed(parts["elapsed"])
    odd = parts["metrics"].str.contains(MARK, literal=True) | _contains_elapsed(parts["metrics"])
    metrics, first_use = code_repeated_texts(parts["metrics"])
    columns = {"elapsed_ns": elapsed_ns.set(odd, None), "resolution_ns": resolution_ns, "metrics": metrics}
    return pl.DataFrame(columns), parts["metrics"].gather(first_use)


def _parse_elapsed(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Time and resolution in ns of texts such as ``ms=15``; the time is null where one isn't plain."""
    parts = texts.str.extract_groups(_ELAPSED_TEXT).struct.unnest()
    unit, whole, decimals = parts.to_series(0), parts.to_series(1), parts.to_series(2).fill_null("")
    unit_ns = unit.replace_strict(UNIT_NS, default=None, return_dtype=pl.UInt64)
    # Decimals finer than a nanosecond leave no resolution: they are left to the grammar.
    digits = decimals.str.len_bytes()
    resolution_ns = unit_ns // digits.replace_strict(_POWERS_OF_TEN, default=None, return_dtype=pl.UInt64)
    amount = whole.cast(pl.UInt64, strict=False)
    elapsed_ns = amount * unit_ns + decimals.replace("", "0").cast(pl.UInt64, strict=False) * resolution_ns
    plain = ((resolution_ns > 0) & (amount < MAXIMUM // unit_ns)).fill_null(value=False)
    return elapsed_ns.set(~plain, None).cast(pl.Int64), resolution_ns.cast(pl.Int64)


def _contains_elapsed(metrics: pl.Series) -> pl.Series:
    """Which hold a second elapsed field; a metric called ``elapsed_...`` by itself is none."""
    found = metrics.str.contains(_ELAPSED, literal=True)
    return found & metrics.str.contains(ELAPSED_START) if found.any() else found
