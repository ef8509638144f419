"""The public calls table as a Parquet file.

What only the log's lines can tell travels as JSON in the file's metadata, so that a report from the table is the log's.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars.io.plugins import register_io_source

from tracereport.calls.calls import Calls, Facts
from tracereport.errors import InputError
from tracereport.sources.frames import read_frame
from tracereport.sources.object_file import ObjectFile
from tracereport.sources.parquet_trial import try_table
from tracereport.sources.streams.names import input_title
from tracereport.sources.streams.unpacking import LEAST_UNPACKED_LIMIT_BYTES, UNPACKED_RATIO
from tracereport.sources.table import SCHEMA, CallTable
from tracereport.sources.urls import is_url

METADATA_KEY: Final = "tracereport"
ROW_GROUP_CALLS: Final = 50_000
"""Of a written table, what is made at once."""
_LEAST_ROW_BYTES: Final = 64
"""In memory, whatever the row holds."""
_LONGEST_MESSAGE: Final = 300
_STANDARD_ERROR: Final = 2
_TRIED_BYTES: Final = 1 << 20
"""More than what the rest of a page may have left free."""
_SYSTEM_ERROR: Final = re.compile(r"\(os error ([0-9]+)\)")


class _Metadata(msgspec.Struct, frozen=True):
    facts: Facts | None = None
    impossible_parents: int = 0


def write_table(calls: Calls, path: Path, rows: NDArray[np.bool_] | None = None) -> None:
    """Writes the (selected) calls as Parquet. Under a selection the file says that it is partial.

    Raises:
        OSError: the system doesn't take it.
    """
    facts = calls.facts
    if rows is not None and facts is not None:
        facts = msgspec.structs.replace(facts, input=msgspec.structs.replace(facts.input, partial=True))
    metadata = _Metadata(facts, calls.impossible_parents)
    chosen = np.arange(len(calls)) if rows is None else np.flatnonzero(rows)
    try:
        _scan_rows(CallTable(calls), chosen).sink_parquet(
            path,
            row_group_size=ROW_GROUP_CALLS,
            metadata={METADATA_KEY: msgspec.json.encode(metadata).decode()},
            engine="streaming",
        )
    except pl.exceptions.PolarsError as error:
        number = _find_system_error(path, str(error))
        if number is None:
            raise
        raise OSError(number, os.strerror(number), str(path)) from error


def _find_system_error(path: Path, said: str) -> int | None:
    """The system's number for why a file can't be written, which Polars tells in its own words, or not at all.

    Then the system is asked again: a disk that was too full for the last page still is.
    """
    found = _SYSTEM_ERROR.search(said)
    if found is not None:
        return int(found[1])
    try:
        with path.open("ab") as file:
            file.write(bytes(_TRIED_BYTES))
    except OSError as error:
        return error.errno
    return None


def _scan_rows(table: CallTable, chosen: NDArray[np.intp]) -> pl.LazyFrame:
    """The rows of the chosen calls, made while they are written: there are only some at a time."""

    def make(*_: object) -> Iterator[pl.DataFrame]:
        for start in range(0, len(chosen), ROW_GROUP_CALLS):
            yield table.make_rows(chosen[start : start + ROW_GROUP_CALLS])

    return register_io_source(make, schema=SCHEMA)


def read_table(name: str, unpacked_limit: int | None = None) -> Calls:
    """The calls of a Parquet file that ``write_table`` wrote, or any that has the columns of ``SCHEMA``.

    Raises:
        InputError: it is no Parquet file, or not one of calls, or has more rows than a file of its size should.
    """
    title = input_title(name)
    remedy = "Give the log, or a table that tracereport -o calls.parquet wrote."
    try:
        with _file_of(name) as path, _without_panics():
            rows = pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()
            size = Path(path).stat().st_size
            most_bytes = unpacked_limit or max(LEAST_UNPACKED_LIMIT_BYTES, UNPACKED_RATIO * size)
            if rows * _LEAST_ROW_BYTES > most_bytes:
                raise InputError(
                    f"{title}: {size:,} bytes unpack to {rows:,} rows", "Allow for them: --max-unpacked BYTES"
                )
            try_table(path, title, most_bytes)
            frame = pl.read_parquet(path, glob=False)
            text = pl.read_parquet_metadata(path).get(METADATA_KEY)
        metadata = msgspec.json.decode(text, type=_Metadata) if text is not None else None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise InputError(f"{title}: can't be read as Parquet: {_first_line(error)}", remedy) from error
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InputError(f"{title}: its metadata is damaged: {_first_line(error)}", remedy) from error
    calls = read_frame(frame, name=title)
    if metadata is None:
        return calls
    impossible = calls.impossible_parents + metadata.impossible_parents
    return msgspec.structs.replace(calls, facts=metadata.facts, impossible_parents=impossible)


@contextmanager
def _file_of(name: str) -> Iterator[str]:
    """The table as a file: it is read here and there, which an object isn't made for."""
    if not is_url(name):
        yield name
        return
    with tempfile.TemporaryDirectory(prefix="tracereport-") as folder, ObjectFile(name) as content:
        path = Path(folder, "calls.parquet")
        with path.open("wb") as file:
            shutil.copyfileobj(content, file)
        yield str(path)


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0][:_LONGEST_MESSAGE]


@contextmanager
def _without_panics() -> Iterator[None]:
    """Keeps from standard error what Polars prints there of its own accord, if it fails: we say what is wrong.

    What anybody printed there meanwhile is printed once it hasn't failed.
    """
    try:
        kept, said = os.dup(_STANDARD_ERROR), tempfile.TemporaryFile()  # noqa: SIM115 - closed below
    except OSError:
        yield
        return
    with said:
        os.dup2(said.fileno(), _STANDARD_ERROR)
        try:
            yield
            said.seek(0)
            printed = said.read()
        except BaseException:
            printed = b""
            raise
        finally:
            os.dup2(kept, _STANDARD_ERROR)
            os.close(kept)
        if printed:
            os.write(_STANDARD_ERROR, printed)
