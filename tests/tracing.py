"""Traces what a test does, in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.written_lines import WrittenCall, read_written
from tracereport import emit


@contextmanager
def tracing(folder: Path) -> Iterator[list[WrittenCall]]:
    """Gives a list that holds the calls, in the order of their ends, once the block has ended."""
    calls: list[WrittenCall] = []
    emit.start(str(folder / "trace.log"))
    try:
        yield calls
    finally:
        emit.stop()
        calls += read_written(folder / "trace.log")
