"""A table of calls as a source: what ``-o calls.parquet`` wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tracereport.errors import InputError
from tracereport.sources.streams.names import STANDARD_INPUT
from tracereport.sources.streams.raw import open_raw
from tracereport.sources.urls import is_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tracereport.calls.calls import Calls, Facts
    from tracereport.sources.streams.raw import Progress
    from tracereport.sources.streams.stream import Stream

PARQUET_MAGIC: Final = b"PAR1"
_NO_LINES: Final = "a table of calls doesn't hold the records"


class ParquetSource:
    """Tables of calls."""

    name: Final = "parquet"

    def recognises(self, path: str, head: bytes) -> bool:
        """Whether it is a Parquet file, as it lies there; one that is packed or comes through a pipe can't be read."""
        return head.startswith(PARQUET_MAGIC) and is_calls_table(path)

    def read(self, streams: Sequence[Stream], progress: Progress | None) -> Iterator[Calls]:  # noqa: ARG002 - at once
        """Each table's calls."""
        from tracereport.sources.parquet import read_table  # noqa: PLC0415

        for stream in streams:
            yield read_table(stream.name, stream.unpacked_limit)

    def read_raw(self, calls: Calls, rows: NDArray[np.bool_], inputs: Sequence[str | None]) -> Iterator[bytes]:  # noqa: ARG002
        """Nothing: a table doesn't hold the records.

        Raises:
            InputError: always.
        """
        raise InputError(_NO_LINES, "Give the log itself.")

    def explain_nothing(self, names: Sequence[str], facts: Facts | None) -> InputError:  # noqa: ARG002
        """That the table is empty."""
        return InputError(f"{names[0]}: no calls in the table", "Give the log itself.")


def is_calls_table(name: str) -> bool:
    """Whether the input is a Parquet file, or an object that is one."""
    if is_url(name):
        with open_raw(name) as object_file:
            return object_file.peek(len(PARQUET_MAGIC)) == PARQUET_MAGIC
    if name == STANDARD_INPUT or not Path(name).is_file():
        return False
    with Path(name).open("rb") as file:
        return file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC
