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

from tracereport.trace.grammar import MARK, MAXIMUM, UNIT_NS
from tracereport.trace.markers import PlacedMarker, find_markers
from tracereport.trace.source import make_valid

SPARSE_BYTES_PER_MARK = 4_000
"""From here on most lines are no traces, and picking out those that are is cheaper than splitting all."""
SAMPLE_BYTES = 1 << 20
"""The start of a chunk that tells which of the two it is."""

_MARK_BYTES = MARK.encode()
_BARE_MARK = MARK.removesuffix("|")
"""Where it ends a signature, its bar is that of the elapsed field."""
_COLOUR_TAIL = r"(?:\x1b\[[0-9;]*m)+$"
_OTHER_ELAPSED = r"\|elapsed_(?:ms|us|ns|s)="
_ELAPSED = "|elapsed_"
_ELAPSED_TEXT = r"^(ms|us|ns|s)=([0-9]+)(?:\.([0-9]+))?$"
_POWERS_OF_TEN = {power: 10**power for power in range(10)}
_REST = pl.lit(None, dtype=pl.UInt64)
_NUMBER_BYTES = 21
"""Digits of the largest number, and the bar behind it."""


class Dictionaries(msgspec.Struct, frozen=True, eq=False):
    """The distinct texts of a log, coded as they come; the codes' order means nothing."""

    signatures: pl.Categories
    metrics: pl.Categories

    @classmethod
    def new(cls) -> "Dictionaries":
        """Empty ones, of this log alone."""
        return cls(pl.Categories.random(), pl.Categories.random())


class ChunkColumns(msgspec.Struct, frozen=True, eq=False):
    """What a chunk holds. Lines are counted from 0 at its start."""

    text: bytes
    starts: NDArray[np.int64]
    """Where each line starts, and the end."""
    records: pl.DataFrame
    """The plain records: ``line``, ``number``, ``signature``, ``elapsed_ns``, ``resolution_ns``, ``metrics``."""
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


def split_chunk(raw: bytearray, dictionaries: Dictionaries) -> ChunkColumns:
    """Reads the plain lines of a chunk and finds the odd ones and the markers."""
    text, invalid_bytes = make_valid(raw)
    starts = find_line_starts(text)
    sample = min(len(text), SAMPLE_BYTES)
    if text.count(_MARK_BYTES, 0, sample) * SPARSE_BYTES_PER_MARK < sample:
        frame = _pick_marked_lines(text, starts)
    else:
        frame = pl.read_lines(text, name="text").with_row_index("line")
    records = _split_lines(frame, text, dictionaries)
    odd = records.filter(pl.col("elapsed_ns").is_null())["line"].to_numpy().astype(np.int64)
    return ChunkColumns(
        text=text,
        starts=starts,
        records=records.filter(pl.col("elapsed_ns").is_not_null()) if len(odd) else records,
        odd_lines=odd,
        markers=find_markers(text, starts),
        invalid_bytes=invalid_bytes,
    )


def find_line_starts(text: bytes) -> NDArray[np.int64]:
    """Where each line starts; behind the last one, where it ends."""
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n")) + 1
    if not text.endswith(b"\n"):
        ends = np.append(ends, len(text))
    return np.concatenate(([0], ends))


def _pick_marked_lines(text: bytes, starts: NDArray[np.int64]) -> pl.DataFrame:
    """The lines that hold the mark, with their numbers."""
    found = [match.start() for match in re.finditer(_MARK_BYTES.replace(b"|", b"[|]"), text)]
    numbers = np.unique(np.searchsorted(starts, np.array(found, np.int64), side="right") - 1)
    lines = b"".join(text[starts[number] : starts[number + 1]] for number in numbers.tolist())
    frame = pl.read_lines(lines, name="text")
    return frame.select(pl.Series("line", numbers, dtype=pl.UInt32), "text")


def _split_lines(frame: pl.DataFrame, text: bytes, dictionaries: Dictionaries) -> pl.DataFrame:
    """All lines with the mark; ``elapsed_ns`` is null where the line isn't plain.

    Positions are byte offsets (``str.find``), so the cuts are made in binary.
    """
    if b"\x1b" in text:
        frame = frame.with_columns(pl.col("text").str.replace(_COLOUR_TAIL, ""))
    frame = frame.with_columns(
        mark=pl.col("text").str.find(MARK, literal=True),
        elapsed=pl.col("text").str.find(_ELAPSED, literal=True),
    )
    if frame["mark"].null_count():
        frame = frame.filter(pl.col("mark").is_not_null())
    line = pl.col("text").cast(pl.Binary)
    # A cut inside a character would be no text: where there may be one, the number is looked for in all that follows.
    number_bytes = pl.lit(_NUMBER_BYTES if text.isascii() else None, dtype=pl.UInt64)
    head = frame.select(line.bin.slice(pl.col("mark") + len(MARK), number_bytes).cast(pl.String).alias("number"))[
        "number"
    ]
    number_length = head.str.find("|", literal=True)
    # Where the elapsed field stands before the signature, the record has none, or no function: the line isn't plain.
    signature_start = frame["mark"] + len(MARK) + number_length + 1
    has_signature = (frame["elapsed"] >= signature_start).fill_null(value=False)
    frame = frame.with_columns(signature_start=signature_start.zip_with(has_signature, frame["elapsed"]))
    cut = frame.select(
        signature=line.bin.slice(pl.col("signature_start"), pl.col("elapsed") - pl.col("signature_start")).cast(
            pl.String
        ),
        tail=line.bin.slice(pl.col("elapsed") + len(_ELAPSED), _REST).cast(pl.String),
    )
    number = _parse_digits(head.str.head(number_length))
    tails = _read_tails(cut["tail"], dictionaries)
    plain = has_signature & (number <= MAXIMUM) & ~cut["signature"].str.contains(_BARE_MARK, literal=True)
    return pl.DataFrame(
        {
            "line": frame["line"],
            "number": number.cast(pl.Int64, strict=False),
            "signature": cut["signature"].cast(pl.Categorical(dictionaries.signatures)),
            "elapsed_ns": tails["elapsed_ns"].set(~plain.fill_null(value=False), None),
            "resolution_ns": tails["resolution_ns"],
            "metrics": tails["metrics"],
        }
    )


def _read_tails(texts: pl.Series, dictionaries: Dictionaries) -> pl.DataFrame:
    """Elapsed time, resolution and metrics text of what stands behind ``|elapsed_``: read once per distinct text.

    ``elapsed_ns`` is null where a text isn't plain.
    """
    coded = texts.cast(pl.Categorical(pl.Categories.random()))
    distinct = coded.drop_nulls().unique()
    text = pl.col("text")
    parts = (
        pl.DataFrame({"code": distinct.to_physical(), "text": distinct.cast(pl.String)})
        .with_columns(length=text.str.find("|", literal=True).fill_null(text.str.len_bytes()))
        .select(
            "code",
            elapsed=text.cast(pl.Binary).bin.slice(0, pl.col("length")).cast(pl.String),
            metrics=text.cast(pl.Binary).bin.slice(pl.col("length"), _REST).cast(pl.String),
        )
    )
    elapsed_ns, resolution_ns = _parse_elapsed(parts["elapsed"])
    metrics = parts["metrics"]
    odd = metrics.str.contains(MARK, literal=True) | _contains_elapsed(metrics)
    tails = pl.DataFrame(
        {
            "code": parts["code"],
            "elapsed_ns": elapsed_ns.set(odd, None),
            "resolution_ns": resolution_ns,
            "metrics": metrics.cast(pl.Categorical(dictionaries.metrics)),
        }
    )
    # The codes of these texts alone are 0, 1, 2, ...: each text's row is its code.
    return tails.sort("code")[coded.to_physical()]


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
    return found & metrics.str.contains(_OTHER_ELAPSED) if found.any() else found


def _parse_digits(texts: pl.Series) -> pl.Series:
    """Unsigned integers in digits alone: a cast would take ``+5`` as well."""
    numbers = texts.cast(pl.UInt64, strict=False)
    signed = texts.str.starts_with("+")
    return numbers.set(signed, None) if signed.any() else numbers
