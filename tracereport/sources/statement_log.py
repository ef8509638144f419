"""A database's log of statements -> calls. A transaction of a session is a process of its own."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from tracereport.calls.build import CallsBuilder
from tracereport.calls.calls import NO_PARENT, CallKind, Calls, Facts
from tracereport.calls.tables import Params
from tracereport.model import Input, Rows
from tracereport.sources.statements import read_statement, split_last_comment
from tracereport.sources.streams.encoding import make_valid
from tracereport.sources.streams.raw import BrokenSourceError, Progress
from tracereport.sources.streams.stream import Stream

MICROSECOND_NS: Final = 1_000
_MESSAGE: Final = re.compile(
    r"duration: (?P<time>\d{1,12}\.\d{1,6}) ms"
    r"(?:  (?P<step>statement|execute|parse|bind)(?: [^:\n]*)?: (?P<sql>.*))?\Z",
    re.DOTALL,
)
_STATEMENT: Final = re.compile(r"(?:statement|execute(?: [^:\n]*)?): (?P<sql>.*)", re.DOTALL)
_PARAMETERS: Final = re.compile(r"[Pp]arameters: (?P<values>.*)", re.DOTALL)
_PARAMETER: Final = re.compile(r"(?P<name>\$\d+) = (?P<value>'(?:[^']|'')*'|NULL|[^,]*)(?:, |\Z)")
_FIRST_COMMENT: Final = re.compile(r"\s*/\*(?P<text>[^*]*(?:\*(?!/)[^*]*)*)\*/\s*")
_TAG: Final = re.compile(r"(?P<key>[\w-]+)\s*[=:]\s*'?(?P<value>[^',]*)'?")
_CATALOG: Final = re.compile(r"\w+ (?:pg_catalog\.|information_schema\.|pg_)")
_BEGINS: Final = re.compile(r"(?:begin|start transaction)\b(?!\s+batch)", re.IGNORECASE)
_ENDS: Final = re.compile(r"(?:commit|end|rollback(?!\s+to)|abort|prepare transaction)\b", re.IGNORECASE)


class Record(msgspec.Struct):
    """One entry of the log."""

    line: int
    message: str
    detail: str = ""
    session: str = ""
    number: int = 0
    """Its place among the session's lines; 0 where it isn't told."""
    user: str = ""
    database: str = ""
    application: str = ""
    rows: int | None = None
    """How many the answer holds, where that is told."""


class _Session(msgspec.Struct):
    """What goes on in one session."""

    processes: list[int]
    unit: int = -1
    tag: str = ""
    """What the comments of the unit's statements say of the request."""
    frame: int = NO_PARENT
    frame_row: int = -1
    spent_ns: int = 0
    in_transaction: bool = False
    last_number: int = 0
    waiting: tuple[int, str, str] | None = None
    """Line, statement and values that wait for their duration."""


class StatementLogReader:
    """Reads one log. Each database gives its entries, with messages of PostgreSQL's form."""

    name: str
    """Of the database; it stands in each call and in the notices."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._builder = CallsBuilder([name])
        self._sessions: dict[str, _Session] = {}
        self._sampled: set[str] = set()
        self._notices: Counter[str] = Counter()
        self.lines = 0
        self.continuation_lines = 0
        self.extents: dict[int, int] | None = None
        """By line the last one of an entry over several, where that is asked for."""
        self._error: str | None = None

    def read(self, stream: Stream, progress: Progress | None) -> Calls:
        """All calls of the log."""
        lines = self.read_lines(stream, progress)
        first = next(lines, "")
        while first and not first.strip():
            first = next(lines, "")
        records = self.read_records(first, lines)
        for record in records:
            self._take(record)
        for session in self._sampled:
            for process in self._sessions[session].processes:
                self._builder.withhold(process)
        self._notices[f"{self.name}-sampled"] = len(self._sampled)
        return self._builder.build(self._make_facts())

    def read_lines(self, stream: Stream, progress: Progress | None) -> Iterator[str]:
        """Each line with its line feed."""
        try:
            for chunk in stream.read_chunks(progress):
                valid, is_damaged = make_valid(chunk)
                self._notices["invalid-utf8"] |= is_damaged
                lines = valid.decode().split("\n")
                last = lines.pop()
                for line in lines:
                    self.lines += 1
                    yield f"{line}\n"
                if last:
                    self.lines += 1
                    yield last
        except BrokenSourceError as error:
            self._error = str(error)

    def read_records(self, first: str, lines: Iterator[str]) -> Iterator[Record]:
        """Each entry of the log.

        Args:
            first: line.
            lines: behind it.
        """
        raise NotImplementedError

    def note_extent(self, line: int) -> None:
        """Notes that the entry that begins at a line reaches to the one that was read last."""
        if self.extents is not None and self.lines > line:
            self.extents[line] = self.lines

    def _take(self, record: Record) -> None:
        session = self._sessions.get(record.session)
        if session is None:
            session = self._sessions[record.session] = _Session([])
        if record.number:
            if session.last_number and record.number > session.last_number + 1:
                self._sampled.add(record.session)
            session.last_number = record.number
        found = _MESSAGE.match(record.message)
        if found is None:
            if (only := _STATEMENT.match(record.message)) is not None:
                session.waiting = (record.line, only["sql"], record.detail)
            return
        elapsed_ns = int(Decimal(found["time"]) * 1_000_000)
        if found["sql"] is not None:
            if found["step"] in ("statement", "execute"):
                self._add(session, record, found["sql"], record.detail, elapsed_ns)
        elif session.waiting is not None:
            line, sql, detail = session.waiting
            session.waiting = None
            self._add(session, record, sql, detail, elapsed_ns, line)

    def _add(
        self, session: _Session, record: Record, text: str, detail: str, elapsed_ns: int, line: int | None = None
    ) -> None:
        sql, tags = split_comment(text.strip())
        statement = read_statement(sql)
        found = _PARAMETERS.match(detail)
        values, is_whole = read_parameters(found["values"]) if found is not None else ((), True)
        known = is_whole and not statement.is_cut and len(values) >= statement.places
        kind: CallKind = "frame" if _CATALOG.match(statement.name) else statement.kind
        begins, ends = _BEGINS.match(sql) is not None, _ENDS.match(sql) is not None
        place = line or record.line
        caller = name_caller(tags) or record.application or None
        self._choose_unit(session, record, tags, caller, begins=begins)
        is_asked = kind == "question"
        self._notices[self.name] += 1
        self._notices[f"{self.name}-questions"] += is_asked
        self._notices[f"{self.name}-writes"] += kind == "write"
        self._notices[f"{self.name}-without-values"] += is_asked and not known
        self._notices[f"{self.name}-without-session"] += not record.session
        row = len(self._builder)
        number = self._builder.add(
            "transaction" if begins else statement.name,
            process=session.unit,
            line=place,
            elapsed_ns=elapsed_ns,
            resolution_ns=MICROSECOND_NS,
            caller=caller,
            params=() if begins else (*statement.params, *values),
            parent=session.frame,
            kind=kind,
            values_known=known or not is_asked,
            via=self.name,
            metrics=() if record.rows is None else (("rows", record.rows),),
            writes=statement.writes,
            at=tags.get("file") or tags.get("line"),
        )
        if begins:
            session.frame, session.frame_row = number, row
        session.spent_ns += elapsed_ns
        if ends:
            self._end(session)

    def _choose_unit(
        self,
        session: _Session,
        record: Record,
        tags: Mapping[str, str],
        caller: str | None,
        *,
        begins: bool,
    ) -> None:
        """Begins a unit where a transaction begins, or where another request goes on with the connection."""
        tag = tags.get("traceparent") or tags.get("request_id") or name_caller(tags) or ""
        if session.unit >= 0 and not begins and (session.in_transaction or tag == session.tag):
            return
        self._end(session)
        # Statements that commit by themselves may be of many requests: only a transaction is known to be one.
        session.unit = self._builder.add_process(
            _name_unit(record, caller), judged=bool(record.session), tree="given" if begins else "flat"
        )
        session.processes.append(session.unit)
        session.tag, session.in_transaction = tag, begins

    def _end(self, session: _Session) -> None:
        """Ends the unit; a transaction took at least what its statements took."""
        if session.frame_row >= 0:
            self._builder.amend_elapsed(session.frame_row, session.spent_ns)
        session.unit, session.frame, session.frame_row, session.spent_ns = -1, NO_PARENT, -1, 0
        session.in_transaction, session.tag = False, ""

    def _make_facts(self) -> Facts:
        records = self._notices[self.name]
        return Facts(
            input=Input(
                files=(self._name,),
                lines=self.lines,
                records=records,
                continuation_lines=self.continuation_lines,
                malformed_lines=0,
                other_lines=max(self.lines - records - self.continuation_lines, 0),
                malformed=Rows(),
                errors=(f"{self._name}: {self._error}",) if self._error else (),
            ),
            notices={code: count for code, count in self._notices.items() if count},
        )


def find_extents_by(reader: StatementLogReader, stream: Stream) -> Mapping[int, int]:
    """By line the last one of each entry over several, as a reader finds them."""
    found: dict[int, int] = {}
    reader.extents = found
    reader.read(stream, None)
    return found


def _name_unit(record: Record, caller: str | None) -> str:
    return " ".join(part for part in (caller or record.user, record.database and f"on {record.database}") if part)


def split_comment(sql: str) -> tuple[str, dict[str, str]]:
    """The statement without the comment that says who asked, and what that says."""
    rest, said = split_last_comment(sql)
    tags = _read_tags(said)
    if not tags and (found := _FIRST_COMMENT.match(sql)) is not None:
        rest, tags = sql[found.end() :], _read_tags(found["text"])
    return (rest, tags) if tags else (sql, {})


def _read_tags(said: str) -> dict[str, str]:
    return {one["key"]: _decode(one["value"]) for one in _TAG.finditer(said)}


def _decode(value: str) -> str:
    from urllib.parse import unquote  # noqa: PLC0415

    return unquote(value.strip())


def name_caller(tags: Mapping[str, str]) -> str | None:
    """Who asked, by what a comment says."""
    controller, action = tags.get("controller"), tags.get("action")
    if controller and action:
        return f"{controller}#{action}"
    return tags.get("route") or controller or action or tags.get("job") or None


def read_parameters(text: str) -> tuple[Params, bool]:
    """The values bound to a statement, and whether all are whole."""
    params: list[tuple[str, str]] = []
    is_whole = True
    for found in _PARAMETER.finditer(text):
        value = found["value"]
        is_whole &= not value.endswith(("...'", "..."))
        params.append((found["name"], value[1:-1].replace("''", "'") if value.startswith("'") else value))
    return tuple(params), is_whole
