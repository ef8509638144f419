"""Rails' ``log/development.log`` and ``log/test.log`` -> calls: each request, job or test is a process of its own."""

import functools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from tracereport.calls.build import CallsBuilder, Params
from tracereport.calls.calls import NO_PARENT, CallKind, Calls, Facts, Phase
from tracereport.model import Input, Rows
from tracereport.sources.spans.paths import template_name
from tracereport.sources.statements import FILTERED, Statement, read_statement, split_last_comment
from tracereport.sources.streams import BrokenSourceError, Progress, Stream, make_valid

VIA: Final = "rails"
TENTH_NS: Final = 100_000
"""Statements are timed to a tenth of a millisecond."""
MILLISECOND_NS: Final = 1_000_000
OUTSIDE: Final = "outside of requests"
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_BIND: Final = re.compile(
    r"""\[(?:"(?P<name>(?:[^"\\]|\\.)*)"|nil),\s(?P<value>"(?:[^"\\]|\\.)*"|\[FILTERED\]|<\d+\sbytes\sof\sbinary\sdata>|[^\[\]]*|\[[^\]]*\])\]"""
)
_PREFIX: Final = re.compile(r"\s*[DIWEF], \[[^\]]*?#(?P<pid>\d+)\]\s+\w+ -- [^:]*: ")
_STARTED: Final = re.compile(r'Started (?P<method>[A-Z]+) "(?P<path>[^"]*)" for \S+ at ')
_PROCESSING: Final = re.compile(r"Processing by (?P<action>[\w:]+#\w+[?!]?) as ")
_COMPLETED: Final = re.compile(r"Completed \d+ .{0,200}? in (?P<time>\d{1,9}(?:\.\d{1,9})?)ms")
_PERFORMING: Final = re.compile(r"Performing (?P<job>[\w:]+) \(Job ID: (?P<id>[\w-]+)\)")
_PERFORMED: Final = re.compile(
    r"Performed (?P<job>[\w:]+) \(Job ID: (?P<id>[\w-]+)\).{0,300}? in (?P<time>\d{1,9}(?:\.\d{1,9})?)ms"
)
_PLACE: Final = re.compile(r"(?P<path>\S+?):(?P<line>\d+)(?::in [`'](?P<method>.*)')?\s*\Z")
_TEST: Final = re.compile(r"(?P<test>[A-Z][\w:]*: test_.+)")
_DASHES: Final = re.compile(r"-{8,}")
_INSIDE: Final = re.compile(r"(?:block (?:\(\d+ levels\) )?in |rescue in |ensure in )+")
_COMPILED: Final = re.compile(r"_\w+_(?:erb|haml|slim|builder|jbuilder|ruby)_+\d+_\d+")
_GOES_ON: Final = re.compile(
    r"\s*(?:FROM|WHERE|AND|OR|ON|(?:LEFT |RIGHT |INNER |OUTER |CROSS |FULL )*JOIN|ORDER BY|GROUP BY|HAVING|LIMIT|"
    r"OFFSET|SET|VALUES|UNION|RETURNING|SELECT|AS|CASE|WHEN|ELSE|END|\)|\(|,)(?:\b|(?<=[),(]))",
    re.IGNORECASE,
)
_QUIET: Final = frozenset({"SCHEMA", "TRANSACTION", "EXPLAIN"})
"""Names of statements that ask nothing for the program."""
_BOOKKEEPING: Final = re.compile(
    r"schema_migrations|ar_internal_metadata|pg_catalog|information_schema|sqlite_master|PRAGMA"
)
_SETUP: Final = re.compile(r"db/(?:seeds|migrate|schema)\b")
_LONGEST_TIME: Final = 16
_MOST_LINES: Final = 200
"""Of one statement."""
_GIVEN_UP_SECONDS: Final = 30
"""A request that hasn't ended after so long, when the next one begins, never will."""
_LOCATION: Final = "\u21b3 "


class _Question(msgspec.Struct, frozen=True):
    """What one text of statement and values is read as."""

    lookup: int
    kind: CallKind
    writes: str | None
    is_known: bool


_Codes = tuple[int, int, int, bool, CallKind]


class _Unit(msgspec.Struct):
    """A request, a job, a test, or what lies between them."""

    process: int
    frame: int = NO_PARENT
    """Number of the request's own call, which is the others' parent."""
    frame_row: int = -1
    action: str | None = None
    address: str = ""
    """Method and path of a request, which names it where no action does."""
    started: str = ""
    test: str | None = None
    is_transaction: bool = False
    """An outer transaction that no request has begun: a test, as far as is known."""


class _Stream(msgspec.Struct):
    """What goes on in one thread, as far as tags tell: the units that are open in it."""

    outside: _Unit | None = None
    request: _Unit | None = None
    others: int = 0
    """Requests that have begun in between and not ended: no tag tells them apart."""
    banner: int = 0
    """1 behind dashes, 2 behind the test's name."""


class _Pending(msgspec.Struct):
    """A statement whose place in the source may stand in the next line."""

    line: int
    unit: _Unit
    name: str
    rest: str
    elapsed_ns: int
    is_cached: bool
    continued: int = 0


class RailsReader:
    """Reads one log."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._builder = CallsBuilder([name], OUTSIDE)
        self._streams: dict[str, _Stream] = {}
        self._questions: dict[tuple[str, str], _Question] = {}
        self._codes: dict[tuple[str, str, str | None, bool, str | None], _Codes] = {}
        self._statements = 0
        self._questions_seen = 0
        self._writes_seen = 0
        self._places_missing = 0
        self._values_missing = 0
        self._pending: dict[str, _Pending] = {}
        self._last: str = ""
        self._line = 0
        self._continuation_lines = 0
        self.extents: dict[int, int] | None = None
        """By line the last one of a statement over several, where that is asked for."""
        self._notices: Counter[str] = Counter()
        self._error: str | None = None

    def read(self, stream: Stream, progress: Progress | None) -> Calls:
        """All calls of the log."""
        try:
            for chunk in stream.read_chunks(progress):
                valid, is_damaged = make_valid(chunk)
                self._notices["invalid-utf8"] |= is_damaged
                text = valid.decode()
                if "\x1b" in text:
                    text = _COLOUR.sub("", text)
                lines = text.split("\n")
                if valid.endswith(b"\n"):
                    lines.pop()
                for line in lines:
                    self._line += 1
                    self._take(line)
        except BrokenSourceError as error:
            self._error = str(error)
        for key in list(self._pending):
            self._finish(key)
        return self._builder.build(self._make_facts())

    def _take(self, line: str) -> None:
        if "ms)  " in line and self._take_statement(line):
            return
        if _LOCATION in line:
            before, _, place = line.partition(_LOCATION)
            key = _key_of(before)
            if key in self._pending:
                self._finish(key, place.rstrip("\r"))
        elif "Started " in line and (found := _STARTED.search(line)) is not None:
            address = f"{found['method']} {found['path'].partition('?')[0]}"
            self._begin_request(_key_of(line[: found.start()]), address, line[found.end() :])
        elif "Processing by " in line and (found := _PROCESSING.search(line)) is not None:
            self._name_request(_key_of(line[: found.start()]), found["action"])
        elif "Completed " in line and (found := _COMPLETED.search(line)) is not None:
            self._end_request(_key_of(line[: found.start()]), float(found["time"]))
        elif "Perform" in line and (found := _PERFORMING.search(line)) is not None:
            self._begin_request(_key_of(line[: found.start()]), found["job"])
            self._name_request(_key_of(line[: found.start()]), found["job"])
        elif "Performed " in line and (found := _PERFORMED.search(line)) is not None:
            self._end_request(_key_of(line[: found.start()]), float(found["time"]))
        elif line.startswith("---") or self._is_in_banner():
            self._take_banner(line)
        else:
            self._go_on(line)

    # statements

    def _take_statement(self, line: str) -> bool:
        """Takes a line with a statement, ``  User Load (0.5ms)  SELECT ...``; says whether it is one."""
        head, _, rest = line.partition("ms)  ")
        head = head.partition("ms) (db time ")[0]
        left, _, time = head.rpartition("(")
        if not time.replace(".", "", 1).isdecimal() or len(time) > _LONGEST_TIME:
            return False
        before, _, name = left.rpartition("  ")
        key = _key_of(before)
        if key in self._pending:
            self._finish(key)
        stream = self._streams.get(key) or self._streams.setdefault(key, _Stream())
        name = name.strip().removeprefix("ASYNC ")
        is_cached = name.startswith("CACHE")
        if is_cached:
            name = name.removeprefix("CACHE").strip().removeprefix("ASYNC ")
        rest = rest.rstrip("\r")
        unit = self._find_unit(stream, rest)
        self._pending[key] = _Pending(self._line, unit, name, rest, round(float(time) * 10) * TENTH_NS, is_cached)
        self._last = key
        if stream.request is None:
            self._follow_transaction(stream, rest)
        return True

    def _go_on(self, line: str) -> None:
        """Takes a line that may be the rest of a statement."""
        pending = self._pending.get(self._last)
        if pending is None or not line.strip():
            return
        is_next = self._line == pending.line + pending.continued + 1
        has_values = split_binds(pending.rest)[1] != ""
        if is_next and not has_values and pending.continued < _MOST_LINES and (
            _is_open(pending.rest) or _GOES_ON.match(line) is not None
        ):  # fmt: skip
            pending.rest += "\n" + line.rstrip("\r")
            pending.continued += 1

    def _finish(self, key: str, place: str | None = None) -> None:
        """Adds the statement that waits, with its place in the source if it has one."""
        pending = self._pending.pop(key, None)
        if pending is None:
            return
        self._continuation_lines += pending.continued
        if pending.continued and self.extents is not None:
            self.extents[pending.line] = pending.line + pending.continued
        unit = pending.unit
        shape = (pending.name, pending.rest, place, pending.is_cached, unit.action or unit.test)
        codes = self._codes.get(shape)
        if codes is None:
            codes = self._codes[shape] = self._code(*shape)
        lookup, origin, caller, is_known, kind = codes
        self._questions_seen += kind == "question"
        self._writes_seen += kind == "write"
        self._statements += 1
        self._places_missing += place is None
        self._values_missing += not is_known
        self._builder.add_coded(
            lookup,
            origin,
            process=unit.process,
            line=pending.line,
            elapsed_ns=pending.elapsed_ns,
            resolution_ns=TENTH_NS,
            caller=caller,
            parent=unit.frame,
            test=self._builder.tables.code_test(unit.test),
        )

    def _code(self, name: str, rest: str, place: str | None, is_cached: bool, around: str | None) -> _Codes:
        """The codes of lookup, origin and caller, and whether the values are known."""
        question = self._read_question(name, rest)
        caller, at = read_place(place) if place is not None else (None, None)
        phase: Phase = "setup" if at is not None and _SETUP.match(at) else ""
        origin = self._builder.tables.code_origin(
            kind=question.kind,
            answer="cached" if is_cached else "",
            phase=phase,
            at=at,
            via=VIA,
            writes=question.writes,
        )
        caller_code = self._builder.tables.code_name(caller or around)
        return question.lookup, origin, caller_code, question.is_known, question.kind

    def _read_question(self, name: str, rest: str) -> _Question:
        known = self._questions.get((name, rest))
        if known is not None:
            return known
        sql, bound = split_binds(rest)
        statement = read_statement(split_last_comment(sql)[0])
        binds, is_whole = read_binds(bound) if bound else ((), True)
        values_known = is_whole and not statement.is_cut and len(binds) >= statement.places
        is_quiet = name in _QUIET or _BOOKKEEPING.search(sql) is not None
        kind: CallKind = "frame" if is_quiet else statement.kind
        function = name if name not in ("", "SQL") and not is_quiet else statement.name
        lookup = self._builder.tables.code_lookup(
            function, _join_params(statement, binds), values_known=values_known or kind != "question"
        )
        is_known = values_known or kind != "question"
        question = self._questions[name, rest] = _Question(lookup, kind, statement.writes, is_known)
        return question

    # units

    def _find_unit(self, stream: _Stream, rest: str) -> _Unit:
        if stream.request is not None:
            return stream.request
        if stream.outside is None or (_begins_transaction(rest) and not stream.outside.is_transaction):
            stream.outside = _Unit(self._builder.add_process(), is_transaction=_begins_transaction(rest))
        return stream.outside

    def _follow_transaction(self, stream: _Stream, rest: str) -> None:
        """A transaction that no request has begun is a test, if it is rolled back."""
        if (
            stream.request is None
            and stream.outside is not None
            and re.match(r"(?:ROLLBACK|COMMIT)\s*(?:TRANSACTION)?\s*\Z", rest, re.IGNORECASE)
        ):
            stream.outside = None

    def _begin_request(self, key: str, address: str, started: str = "") -> None:
        self._finish(key)
        stream = self._streams.setdefault(key, _Stream())
        before = stream.request
        is_mixed = before is not None and before.action is not None and not _is_long_after(before.started, started)
        if before is not None and is_mixed:
            self._builder.withhold(before.process)
            self._notices["rails-interleaved"] += 1
            stream.others += 1
        else:
            self._close(stream)
        outside = stream.outside if stream.outside is not None and stream.outside.is_transaction else None
        process = outside.process if outside is not None else self._builder.add_process()
        if is_mixed:
            self._builder.withhold(process)
        test = outside.test if outside is not None else None
        stream.request = _Unit(process, address=address, started=started, test=test)

    def _close(self, stream: _Stream) -> None:
        """Ends the request that is open."""
        if stream.request is not None:
            self._builder.name_process(stream.request.process, template_name(stream.request.address))
        stream.request = None
        stream.others = 0

    def _name_request(self, key: str, action: str) -> None:
        stream = self._streams.setdefault(key, _Stream())
        unit = stream.request
        if unit is not None and unit.action is not None:
            self._builder.withhold(unit.process)
            self._notices["rails-interleaved"] += 1
            stream.others += 1
        if unit is None or unit.action is not None:
            return
        unit.action = action
        self._builder.name_process(unit.process, action)
        tables = self._builder.tables
        unit.frame_row = len(self._builder)
        unit.frame = self._builder.add_coded(
            tables.code_lookup(action, ()),
            tables.code_origin(kind="frame", via=VIA),
            process=unit.process,
            line=self._line,
            elapsed_ns=0,
            resolution_ns=MILLISECOND_NS,
            test=tables.code_test(unit.test),
        )

    def _end_request(self, key: str, milliseconds: float) -> None:
        self._finish(key)
        stream = self._streams.get(key)
        if stream is None or stream.request is None:
            return
        if stream.request.frame_row >= 0:
            self._builder.amend_elapsed(stream.request.frame_row, round(milliseconds) * MILLISECOND_NS)
        if stream.others:
            stream.others -= 1
        else:
            self._close(stream)

    # tests

    def _is_in_banner(self) -> bool:
        stream = self._streams.get("")
        return stream is not None and stream.banner > 0

    def _take_banner(self, line: str) -> None:
        """Three lines: dashes, the test's name, dashes. It names the transaction around it."""
        stream = self._streams.setdefault("", _Stream())
        text = line.strip()
        if _DASHES.fullmatch(text):
            stream.banner = (stream.banner + 1) % 2
        elif stream.banner and (found := _TEST.fullmatch(text)) is not None:
            self._finish("")
            if stream.outside is None or not stream.outside.is_transaction:
                stream.outside = _Unit(self._builder.add_process(), is_transaction=True)
            stream.request = None
            stream.outside.test = found["test"]
            self._builder.name_process(stream.outside.process, found["test"])
        else:
            stream.banner = 0

    def _make_facts(self) -> Facts:
        records = len(self._builder)
        self._notices["rails"] = self._statements
        self._notices["rails-questions"] = self._questions_seen
        self._notices["rails-writes"] = self._writes_seen
        self._notices["rails-without-place"] = self._places_missing
        self._notices["rails-without-values"] = self._values_missing
        return Facts(
            input=Input(
                files=(self._name,),
                lines=self._line,
                records=records,
                continuation_lines=self._continuation_lines,
                malformed_lines=0,
                other_lines=self._line - records - self._continuation_lines,
                malformed=Rows(),
                errors=(f"{self._name}: {self._error}",) if self._error else (),
            ),
            notices={code: count for code, count in self._notices.items() if count},
        )


def read_logs(streams: Sequence[Stream], progress: Progress | None) -> Iterator[Calls]:
    """The calls of each log."""
    for stream in streams:
        yield RailsReader(stream.name).read(stream, progress)


def find_extents(stream: Stream) -> Mapping[int, int]:
    """By line the last one of each statement over several."""
    reader = RailsReader(stream.name)
    found: dict[int, int] = {}
    reader.extents = found
    reader.read(stream, None)
    return found


def split_binds(rest: str) -> tuple[str, str]:
    """The statement, and the values behind it as Ruby writes them."""
    start = rest.find("  [[") if rest.rstrip().endswith("]]") else -1
    return (rest, "") if start < 0 else (rest[:start], rest[start:].strip())


def read_binds(text: str) -> tuple[Params, bool]:
    """The names and values behind a statement, and whether all of them are told."""
    params: list[tuple[str, str]] = []
    seen: Counter[str] = Counter()
    is_whole = True
    for found in _BIND.finditer(text, 1):
        name, value = found["name"] or "value", found["value"]
        is_whole &= value.strip('"') != FILTERED and "bytes of binary data" not in value
        seen[name] += 1
        if value.startswith('"'):
            value = value[1:-1]
        params.append((name if seen[name] == 1 else f"{name}_{seen[name]}", value))
    return tuple(params), is_whole


@functools.lru_cache(maxsize=1 << 14)
def read_place(place: str) -> tuple[str | None, str]:
    """The caller, without a line so that it stays the same, and the place with it."""
    found = _PLACE.match(place)
    if found is None:
        return None, place
    method = _INSIDE.sub("", found["method"] or "")
    method = "" if _COMPILED.search(method) or method.startswith("<") else method
    caller = f"{method} ({found['path']})" if method else found["path"]
    return caller, f"{found['path']}:{found['line']}"


def _join_params(statement: Statement, binds: Params) -> Params:
    return (*statement.params, *binds)


def _key_of(before: str) -> str:
    """What tells the threads apart: the process's number and the tags, as they stand in front of a line."""
    text = before.strip()
    if not text:
        return ""
    found = _PREFIX.match(before)
    if found is None:
        return text if text.startswith("[") else ""
    return f"{found['pid']} {before[found.end() :].strip()}"


def _is_long_after(before: str, now: str) -> bool:
    """Whether a request that began at the one time has surely been given up at the other."""
    try:
        first, second = (datetime.strptime(time.strip()[:19], "%Y-%m-%d %H:%M:%S") for time in (before, now))  # noqa: DTZ007 - of one clock
    except ValueError:
        return False
    return (second - first).total_seconds() > _GIVEN_UP_SECONDS


def _begins_transaction(sql: str) -> bool:
    return re.match(r"BEGIN\b|START TRANSACTION", sql, re.IGNORECASE) is not None


def _is_open(sql: str) -> bool:
    """Whether a statement surely goes on."""
    return not sql.strip() or sql.count("(") > sql.count(")") or sql.count("'") % 2 == 1 or sql.rstrip().endswith(",")
