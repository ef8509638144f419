"""A log of Rails, line by line -> sets of calls."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from tracereport.calls.build import CallsBuilder
from tracereport.calls.calls import Calls, Facts, FileFacts
from tracereport.calls.tables import NO_TEST
from tracereport.model import Input, Rows
from tracereport.sources.rails.coding import StatementCodes
from tracereport.sources.rails.cutting import Cuts
from tracereport.sources.rails.grammar import (
    COLOUR,
    COMPLETED,
    PERFORMED,
    PERFORMING,
    PLACE_MARK,
    PROCESSING,
    STARTED,
    STATEMENT_MARK,
    TENTH_NS,
    Head,
    goes_on,
    key_of,
    read_head,
    split_place,
)
from tracereport.sources.rails.units import OUTSIDE, Unit, Units
from tracereport.sources.streams.encoding import make_valid
from tracereport.sources.streams.raw import BrokenSourceError, Progress
from tracereport.sources.streams.stream import Stream

CALLS_AT_ONCE: Final = 250_000
"""Of a set: it ends behind so many, where no unit is open."""
_FRAMES: Final = "rails-frames"
_MOST_LINES: Final = 200
"""Of one statement."""
_LINES_BETWEEN_LOOKS: Final = 10_000
"""How often it is looked for threads that have ended without a word, once a set is full."""


class _Pending(msgspec.Struct, gc=False):
    """A statement whose place in the source may stand in the next line."""

    line: int
    unit: Unit
    head: Head
    rest: str
    continued: int = 0


class _Set:
    """Whole units that become one set of calls.

    Args:
        name: of the log.
        lines_before: how many stand before it.
    """

    def __init__(self, name: str, lines_before: int) -> None:
        self.builder = CallsBuilder([name], OUTSIDE)
        self.codes = StatementCodes(self.builder.tables)
        self.notices: Counter[str] = Counter()
        self.statements = 0
        self.continuation_lines = 0
        self._name = name
        self._lines_before = lines_before

    def build(self, line: int, error: str | None = None, *, holds_invalid: bool = False) -> Calls:
        """The calls, and the facts of the lines up to this one."""
        records, lines = len(self.builder), line - self._lines_before
        others = self.notices["rails-writes"] + self.notices.pop(_FRAMES, 0)
        self.notices.update({"rails": self.statements, "rails-questions": self.statements - others})
        facts = Facts(
            input=Input(
                files=(self._name,),
                lines=lines,
                records=records,
                continuation_lines=self.continuation_lines,
                malformed_lines=0,
                other_lines=lines - records - self.continuation_lines,
                malformed=Rows(),
                errors=(f"{self._name}: {error}",) if error else (),
            ),
            notices={code: count for code, count in self.notices.items() if count},
            by_file=(FileFacts(file=self._name, holds_invalid=holds_invalid),),
        )
        return self.builder.build(facts)


class RailsReader:
    """Reads one log."""

    def __init__(self, name: str, calls_at_once: int = CALLS_AT_ONCE) -> None:
        self.extents: dict[int, int] | None = None
        """By line the last one of a statement over several, where that is asked for."""
        self._name = name
        self._calls_at_once = calls_at_once
        self._line = 0
        self._units = Units(self._begin_process)
        self._set = self._begin_set(0)
        self._full: list[Calls] = []
        self._pending: dict[str, _Pending] = {}
        self._last: str = ""
        self._next_look = 0

    def read(self, stream: Stream, progress: Progress | None) -> Iterator[Calls]:
        """The calls of the log, or of a range of it, in sets of whole units."""
        if stream.byte_range is not None:
            self._line = stream.byte_range.first_line
            self._set = self._begin_set(self._line)
        error: str | None = None
        is_damaged = False
        cuts = Cuts()
        try:
            for chunk in stream.read_chunks(progress):
                for piece, is_cut in cuts.split(chunk):
                    if is_cut:
                        self._end_units()
                    valid, is_invalid = make_valid(piece)
                    is_damaged |= is_invalid
                    self._take_lines(valid.decode())
                while self._full:
                    yield self._full.pop(0)
        except BrokenSourceError as broken:
            error = str(broken)
        self._end_units()
        yield self._set.build(self._line, error, holds_invalid=is_damaged)

    def _end_units(self) -> None:
        for key in list(self._pending):
            self._finish(key)
        self._units.close_all()

    def _take_lines(self, text: str) -> None:
        is_ended = text.endswith("\n")
        if "\x1b" in text:
            text = COLOUR.sub("", text)
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        lines = text.split("\n")
        if is_ended:
            lines.pop()
        for line in lines:
            self._line += 1
            before, mark, rest = line.partition(STATEMENT_MARK)
            if mark and (head := read_head(before)) is not None:
                self._take_statement(head, rest)
            elif PLACE_MARK in line:
                key, place = split_place(line)
                if key in self._pending:
                    self._finish(key, place)
            else:
                self._take_other(line)

    def _take_other(self, line: str) -> None:
        """Takes a line that is neither a statement nor the place of one."""
        if "Started " in line and (found := STARTED.search(line)) is not None:
            address = f"{found['method']} {found['path'].partition('?')[0]}"
            self._begin_request(key_of(line[: found.start()]), address, line[found.end() :])
        elif "Processing by " in line and (found := PROCESSING.search(line)) is not None:
            self._units.name_request(key_of(line[: found.start()]), found["action"], self._line)
        elif "Completed " in line and (found := COMPLETED.search(line)) is not None:
            self._end_request(key_of(line[: found.start()]), float(found["time"]))
        elif "Perform" in line and (found := PERFORMING.search(line)) is not None:
            key = key_of(line[: found.start()])
            self._begin_request(key, found["job"])
            self._units.name_request(key, found["job"], self._line)
        elif "Performed " in line and (found := PERFORMED.search(line)) is not None:
            self._end_request(key_of(line[: found.start()]), float(found["time"]))
        elif self._units.banner or line.startswith("---"):
            self._finish("")
            self._units.take_banner(line.strip())
        else:
            self._go_on(line)

    def _begin_request(self, key: str, address: str, started: str = "") -> None:
        self._finish(key)
        self._units.begin_request(key, address, started, self._line)

    def _end_request(self, key: str, milliseconds: float) -> None:
        self._finish(key)
        self._units.end_request(key, milliseconds)

    # statements

    def _take_statement(self, head: Head, rest: str) -> None:
        key = head.key
        if key in self._pending:
            self._finish(key)
        self._pending[key] = _Pending(self._line, self._units.find(key, rest, self._line), head, rest)
        self._last = key

    def _go_on(self, line: str) -> None:
        """Takes a line that may be the rest of a statement."""
        pending = self._pending.get(self._last)
        if pending is None or not line.strip():
            return
        is_next = self._line == pending.line + pending.continued + 1 and pending.continued < _MOST_LINES
        if is_next and goes_on(pending.rest, line):
            pending.rest += "\n" + line
            pending.continued += 1

    def _finish(self, key: str, place: str | None = None) -> None:
        """Adds the statement that waits, with its place in the source if it has one."""
        pending = self._pending.pop(key, None)
        if pending is None:
            return
        own, unit, head = self._set, pending.unit, pending.head
        if pending.continued:
            own.continuation_lines += pending.continued
            if self.extents is not None:
                self.extents[pending.line] = pending.line + pending.continued
        form, lookup, is_known = own.codes.code_question(head.name, pending.rest)
        origin, caller = own.codes.code_origin(form, place, unit.action, is_cached=head.is_cached)
        own.statements += 1
        if form.kind != "question":
            own.notices["rails-writes" if form.kind == "write" else _FRAMES] += 1
        if place is None:
            own.notices["rails-without-place"] += 1
        if not is_known:
            own.notices["rails-without-values"] += 1
        own.builder.add_coded(
            lookup,
            origin,
            process=unit.process,
            line=pending.line,
            elapsed_ns=head.elapsed_ns,
            resolution_ns=TENTH_NS,
            caller=caller,
            parent=unit.frame,
            test=NO_TEST if unit.test is None else own.builder.tables.code_test(unit.test),
        )

    # sets

    def _begin_process(self) -> int:
        """Begins a unit, in a new set if the one before is full and all units in it are closed."""
        if len(self._set.builder) >= self._calls_at_once and self._are_units_closed():
            self._full.append(self._set.build(self._line - 1))
            self._set = self._begin_set(self._line - 1)
        return self._set.builder.add_process()

    def _are_units_closed(self) -> bool:
        if not self._units.are_closed and self._line >= self._next_look:
            self._next_look = self._line + _LINES_BETWEEN_LOOKS
            for key in self._units.list_forgotten(self._line):
                self._finish(key)
                self._units.forget(key)
        return self._units.are_closed and not self._pending

    def _begin_set(self, lines_before: int) -> _Set:
        begun = _Set(self._name, lines_before)
        self._units.builder, self._units.notices = begun.builder, begun.notices
        return begun


def read_logs(
    streams: Sequence[Stream], progress: Progress | None, calls_at_once: int = CALLS_AT_ONCE
) -> Iterator[Calls]:
    """The calls of each log, in sets of whole units."""
    for stream in streams:
        yield from RailsReader(stream.name, calls_at_once).read(stream, progress)


def find_extents(stream: Stream) -> Mapping[int, int]:
    """By line the last one of each statement over several."""
    reader = RailsReader(stream.name)
    found: dict[int, int] = {}
    reader.extents = found
    for _ in reader.read(stream, None):
        pass
    return found
