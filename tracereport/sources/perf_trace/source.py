"""The project's own trace line as a source."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tracereport.sources.parquet_source import PARQUET_MAGIC

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tracereport.calls.calls import Calls, Facts
    from tracereport.errors import InputError
    from tracereport.sources.ranges import ByteRange
    from tracereport.sources.streams.raw import Progress
    from tracereport.sources.streams.stream import Stream

_RECORD: Final = re.compile(rb"PERF_TRACE\|[0-9]+\|")


class PerfTraceSource:
    """Logs with ``PERF_TRACE`` lines."""

    name: Final = "perf_trace"

    def recognises(self, path: str, head: bytes) -> bool:  # noqa: ARG002 - told by content
        """Whether a record begins somewhere; a table may hold its text."""
        return not head.startswith(PARQUET_MAGIC) and _RECORD.search(head) is not None

    def read(self, streams: Sequence[Stream], progress: Progress | None) -> Iterator[Calls]:
        """The calls of all logs as one set."""
        from tracereport.sources.perf_trace.reader import read_log  # noqa: PLC0415

        yield read_log(streams, progress)

    def read_sets(self, streams: Sequence[Stream], progress: Progress | None, calls_at_once: int) -> Iterator[Calls]:
        """The calls between markers, of one log or of several."""
        from tracereport.sources.perf_trace.reader import read_sets  # noqa: PLC0415

        return read_sets(streams, progress, calls_at_once=calls_at_once)

    def cut(self, stream: Stream, range_bytes: int) -> Sequence[ByteRange]:
        """A log that isn't packed, between markers."""
        from tracereport.sources.perf_trace.cutting import cut_log  # noqa: PLC0415

        return cut_log(stream, range_bytes)

    def read_raw(self, calls: Calls, rows: NDArray[np.bool_], inputs: Sequence[str | None]) -> Iterator[bytes]:
        """The lines from the mark on."""
        from tracereport.sources.perf_trace.raw import read_raw  # noqa: PLC0415

        return read_raw(calls, rows, inputs)

    def explain_nothing(self, names: Sequence[str], facts: Facts | None) -> InputError:
        """Why a log may hold no traces."""
        from tracereport.sources.perf_trace.diagnosis import explain_no_traces  # noqa: PLC0415

        return explain_no_traces(names, facts)
