"""PostgreSQL's log, entry by entry: csvlog, jsonlog and the plain one."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from tracereport.calls.calls import Calls
from tracereport.sources.statement_log import Record, StatementLogReader, find_extents_by
from tracereport.sources.streams.raw import Progress
from tracereport.sources.streams.stream import Stream

_LINE: Final = re.compile(
    r"(?P<prefix>.*?)\b(?P<severity>LOG|DETAIL|STATEMENT|ERROR|FATAL|PANIC|HINT|CONTEXT|WARNING|NOTICE|INFO|DEBUG\d?|QUERY|"
    r"LOCATION):  (?P<message>.*)",
    re.DOTALL,
)
_SESSION: Final = re.compile(r"\b(?P<id>[0-9a-f]{8}\.[0-9a-f]{1,8})\b")
_PROCESS: Final = re.compile(r"\[(?P<id>\d+)\]|\bpid[=: ]+(?P<named>\d+)|\((?P<round>\d+)\)")
_LINE_NUMBER: Final = re.compile(r"\[(?P<number>\d+)-\d+\]|\bline[=: ]+(?P<named>\d+)")
_NAMED: Final = re.compile(r"\b(?P<key>user|db|app|application)=(?P<value>\[[^\]]*\]|[^,\s\]]*)")
_USER_AND_DATABASE: Final = re.compile(r"\b(?P<user>[\w.-]+)@(?P<db>[\w.-]+)\b")
_CSV: Final = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.\d]* [^,\n]{1,40},")
_CSV_KEYS: Final = (
    "timestamp", "user", "dbname", "pid", "connection_from", "session_id", "line_num", "ps", "session_start", "vxid",
    "txid", "error_severity", "state_code", "message", "detail", "hint", "internal_query", "internal_position",
    "context", "statement", "cursor_position", "location", "application_name", "backend_type",
)  # fmt: skip
_OTHER_KEYS: Final = {
    "log_time": "timestamp", "user_name": "user", "database_name": "dbname", "process_id": "pid",
    "session_line_num": "line_num",
}  # fmt: skip
"""What operators of clouds call the same."""
_LONGEST_FIELD: Final = 1 << 27


class PostgresReader(StatementLogReader):
    """Reads one log."""

    name = "postgres"

    def read_records(self, first: str, lines: Iterator[str]) -> Iterator[Record]:
        """Each entry of the log, in any of its forms."""
        if first.startswith("{"):
            return self._read_json(first, lines)
        if _CSV.match(first.encode()) and first.count(",") >= len(_CSV_KEYS) // 2:
            return self._read_csv(first, lines)
        return self._read_plain(first, lines)

    def _read_json(self, first: str, lines: Iterator[str]) -> Iterator[Record]:
        for line in _chain(first, lines):
            number = self.lines
            try:
                entry = msgspec.json.decode(line)
            except (msgspec.MsgspecError, RecursionError):
                continue
            if not isinstance(entry, dict):
                continue
            text = entry.get("textPayload")
            if isinstance(text, str):
                if (record := _read_plain_line(text.rstrip("\n"), number)) is not None:
                    yield record[1]
                continue
            inner = entry.get("record")
            yield _to_record(inner if isinstance(inner, dict) else entry, number)

    def _read_csv(self, first: str, lines: Iterator[str]) -> Iterator[Record]:
        csv.field_size_limit(_LONGEST_FIELD)
        reader = csv.reader(_chain(first, lines))
        before = self.lines - 1
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:
                before = self.lines
                continue
            self.continuation_lines += max(self.lines - before - 1, 0)
            self.note_extent(before + 1)
            yield _to_record(dict(zip(_CSV_KEYS, row, strict=False)), before + 1)
            before = self.lines

    def _read_plain(self, first: str, lines: Iterator[str]) -> Iterator[Record]:
        """Entries of the plain log: a tab begins a line that goes on, DETAIL belongs to the entry before."""
        waiting: Record | None = None
        is_detail = False
        for line in _chain(first, lines):
            text = line.rstrip("\r\n")
            if text.startswith("\t") and waiting is not None:
                self.continuation_lines += 1
                self.note_extent(waiting.line)
                if is_detail:
                    waiting.detail += "\n" + text[1:]
                else:
                    waiting.message += "\n" + text[1:]
                continue
            read = _read_plain_line(text, self.lines)
            if read is None:
                continue
            severity, record = read
            if severity == "DETAIL" and waiting is not None and record.session == waiting.session:
                self.continuation_lines += 1
                self.note_extent(waiting.line)
                waiting.detail, is_detail = record.message, True
                continue
            if waiting is not None:
                yield waiting
            waiting, is_detail = record, False
        if waiting is not None:
            yield waiting


def read_logs(streams: Sequence[Stream], progress: Progress | None) -> Iterator[Calls]:
    """The calls of each log."""
    for stream in streams:
        yield PostgresReader(stream.name).read(stream, progress)


def find_extents(stream: Stream) -> Mapping[int, int]:
    """By line the last one of each entry over several."""
    return find_extents_by(PostgresReader(stream.name), stream)


def _chain(first: str, lines: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from lines


def _to_record(entry: Mapping[str, Any], line: int) -> Record:
    """An entry of csvlog or jsonlog."""
    known = {_OTHER_KEYS.get(key, key): value for key, value in entry.items()}

    def text(key: str) -> str:
        value = known.get(key)
        return value if isinstance(value, str) else "" if value is None else str(value)

    number = text("line_num")
    return Record(
        line=line,
        message=text("message"),
        detail=text("detail"),
        session=text("session_id") or text("pid"),
        number=int(number) if number.isdecimal() and len(number) < len(str(1 << 62)) else 0,
        user=text("user"),
        database=text("dbname"),
        application=_clean_name(text("application_name")),
    )


def _read_plain_line(text: str, line: int) -> tuple[str, Record] | None:
    """Severity and entry of a line of the plain log; None where it begins none."""
    found = _LINE.match(text)
    if found is None:
        return None
    prefix = found["prefix"]
    session = _SESSION.search(prefix)
    process = _PROCESS.search(prefix)
    number = _LINE_NUMBER.search(prefix)
    named = {one["key"]: one["value"] for one in _NAMED.finditer(prefix)}
    both = _USER_AND_DATABASE.search(prefix)
    return found["severity"], Record(
        line=line,
        message=found["message"],
        session=session["id"]
        if session is not None
        else next((one for one in process.groups() if one), "")
        if process is not None
        else "",
        number=int((number["number"] or number["named"])[:18]) if number is not None else 0,
        user=named.get("user") or (both["user"] if both is not None else ""),
        database=named.get("db") or (both["db"] if both is not None else ""),
        application=_clean_name(named.get("app") or named.get("application") or ""),
    )


def _clean_name(name: str) -> str:
    return "" if name == "[unknown]" else name
