"""Traces what a test does, in this process."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from tests.written_lines import WrittenCall, read_written
from tracereport import emit


@contextmanager
def tracing(folder: Path | None = None) -> Iterator[list[WrittenCall]]:
    """Gives a list that holds the calls, in the order of their ends, once the block has ended.

    Args:
        folder: where the log is written; None: in one that is removed again.
    """
    calls: list[WrittenCall] = []
    with nullcontext(folder) if folder else tempfile.TemporaryDirectory() as place:
        log = Path(place, "trace.log")
        emit.start(str(log))
        try:
            yield calls
        finally:
            emit.stop()
            calls += read_written(log)
