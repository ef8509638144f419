"""Rails' log as a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracereport.sources.lines_source import COLOUR, LinesSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tracereport.calls.calls import Calls
    from tracereport.sources.lines_source import Reader
    from tracereport.sources.ranges import ByteRange
    from tracereport.sources.streams.raw import Progress
    from tracereport.sources.streams.stream import Stream


class RailsSource(LinesSource):
    """Logs of Rails, in which each request is judged alone."""

    def __init__(self) -> None:
        super().__init__(
            "rails",
            # Each part begins at a character that few lines have: what begins anywhere takes a square of time.
            rb"\bStarted [A-Z]{1,20} \"[^\"\n]*\" for [^ \n]+ at |\(\d{1,9}\.\d{1,9}ms\)"
            + COLOUR
            + rb"  "
            + COLOUR
            + rb"(?i:SELECT|INSERT|UPDATE|DELETE|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|CREATE|WITH|SHOW|PRAGMA)\b",
            (b"Started ", b"ms)"),
            "no statement in it",
            "Log at the level debug: config.log_level = :debug",
            _load,
        )

    def read_sets(self, streams: Sequence[Stream], progress: Progress | None, calls_at_once: int) -> Iterator[Calls]:
        """The calls of each log, in sets of whole requests."""
        from tracereport.sources.rails.reader import read_logs  # noqa: PLC0415

        return read_logs(streams, progress, calls_at_once)

    def cut(self, stream: Stream, range_bytes: int) -> Sequence[ByteRange]:
        """A log of development that isn't packed and has no tags, between requests."""
        from tracereport.sources.rails.cutting import cut_log  # noqa: PLC0415

        return cut_log(stream, range_bytes)


def _load() -> Reader:
    from tracereport.sources.rails.reader import find_extents, read_logs  # noqa: PLC0415

    return read_logs, find_extents
