"""The public calls table as a Parquet file.

What only the log's lines can tell travels as JSON in the file's metadata, so that a report from the table is the log's.
"""

import os
import re
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from tracereport.calls.calls import Calls, Facts
from tracereport.errors import InputError
from tracereport.sources.frames import read_frame
from tracereport.sources.table import make_table

METADATA_KEY: Final = "tracereport"
_SYSTEM_ERROR: Final = re.compile(r"\(os error ([0-9]+)\)")


class _Metadata(msgspec.Struct, frozen=True):
    facts: Facts | None = None
    impossible_parents: int = 0


def write_table(calls: Calls, path: Path, rows: NDArray[np.bool_] | None = None) -> None:
    """Writes the (selected) calls as Parquet. Under a selection the file says that it is partial.

    Raises:
        OSError: the system doesn't take it.
    """
    table = make_table(calls)
    facts = calls.facts
    if rows is not None:
        table = table.filter(pl.Series(rows))
        if facts is not None:
            facts = Facts(msgspec.structs.replace(facts.input, partial=True), facts.notices)
    metadata = _Metadata(facts, calls.impossible_parents)
    try:
        table.write_parquet(path, metadata={METADATA_KEY: msgspec.json.encode(metadata).decode()})
    except pl.exceptions.PolarsError as error:
        # Polars tells what the system said in its own words, with its number.
        found = _SYSTEM_ERROR.search(str(error))
        if found is None:
            raise
        raise OSError(int(found[1]), os.strerror(int(found[1])), str(path)) from error


def read_table(name: str) -> Calls:
    """The calls of a Parquet file that ``write_table`` wrote, or any that has the columns of ``SCHEMA``.

    Raises:
        InputError: it is no Parquet file, or not one of calls.
    """
    remedy = "Give the log, or a table that tracereport -o calls.parquet wrote."
    try:
        frame = pl.read_parquet(name)
        text = pl.read_parquet_metadata(name).get(METADATA_KEY)
        metadata = msgspec.json.decode(text, type=_Metadata) if text is not None else None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise InputError(f"{name}: can't be read as Parquet: {error}", remedy) from error
    except msgspec.MsgspecError as error:
        raise InputError(f"{name}: its metadata is damaged: {error}", remedy) from error
    calls = read_frame(frame, name=name)
    if metadata is None:
        return calls
    impossible = calls.impossible_parents + metadata.impossible_parents
    return msgspec.structs.replace(calls, facts=metadata.facts, impossible_parents=impossible)
