"""MySQL's and MariaDB's slow log -> calls: with ``long_query_time = 0`` it holds every statement."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tracereport.calls.calls import Calls
from tracereport.sources.statement_log import Record, StatementLogReader, find_extents_by
from tracereport.sources.streams.raw import Progress
from tracereport.sources.streams.stream import Stream

_USER: Final = re.compile(r"# User@Host: (?P<user>[^\[]*)\[[^\]]*\] @ .*?(?:Id: +(?P<id>\d+))?\s*\Z")
_THREAD: Final = re.compile(r"# Thread_id: (?P<id>\d+)(?:  Schema: (?P<schema>\S*))?")
_TIMES: Final = re.compile(
    r"# Query_time: (?P<time>\d{1,9}\.\d{1,6})\d*\s+Lock_time: \S+\s+Rows_sent: (?P<rows>\d{1,18})"
)
_ASIDE: Final = re.compile(r"(?:SET timestamp=\d+|use (?P<schema>[^;]+));\s*\Z", re.IGNORECASE)
_BREAKS: Final = ("# Time: ", "# User@Host: ")


class MysqlReader(StatementLogReader):
    """Reads one log."""

    name = "mysql"

    def read_records(self, first: str, lines: Iterator[str]) -> Iterator[Record]:
        """Each statement, with its time put as PostgreSQL puts it."""
        record: Record | None = None
        sql: list[str] = []
        user = session = schema = ""
        line: str | None = first
        while line is not None:
            text = line.rstrip("\r\n")
            if text.startswith(_BREAKS) and record is not None:
                yield _finish(record, sql)
                record, sql = None, []
            if (found := _USER.match(text)) is not None:
                user, session = found["user"], found["id"] or ""
            elif (found := _THREAD.match(text)) is not None:
                session, schema = found["id"], found["schema"] or schema
            elif (found := _TIMES.match(text)) is not None:
                milliseconds = f"{int(found['time'].replace('.', '')) / 1_000:.3f}"
                record = Record(
                    self.lines, milliseconds, session=session, user=user, database=schema, rows=int(found["rows"])
                )
            elif (found := _ASIDE.match(text)) is not None and not sql:
                schema = found["schema"] or schema
            elif record is not None and not text.startswith("# "):
                self.continuation_lines += bool(sql)
                sql.append(text)
                self.note_extent(record.line)
            line = next(lines, None)
        if record is not None:
            yield _finish(record, sql)


def _finish(record: Record, sql: Sequence[str]) -> Record:
    record.message = f"duration: {record.message} ms  statement: {chr(10).join(sql).rstrip().removesuffix(';')}"
    return record


def read_logs(streams: Sequence[Stream], progress: Progress | None) -> Iterator[Calls]:
    """The calls of each log."""
    for stream in streams:
        yield MysqlReader(stream.name).read(stream, progress)


def find_extents(stream: Stream) -> Mapping[int, int]:
    """By line the last one of each statement."""
    return find_extents_by(MysqlReader(stream.name), stream)
