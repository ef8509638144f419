"""Close events of Rust's ``tracing`` (``FmtSpan::CLOSE``), in JSON or as text -> calls; each root span is a process.

No line holds an id. An event names the spans around its own, so it waits for the one of them that closes next and was
open all the while.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from tracereport.calls.build import CallsBuilder
from tracereport.calls.calls import NO_PARENT, Calls, Facts
from tracereport.calls.tables import Params
from tracereport.model import Input, Rows
from tracereport.sources.streams.encoding import make_valid
from tracereport.sources.streams.raw import BrokenSourceError, Progress
from tracereport.sources.streams.stream import Stream

VIA: Final = "tracing"
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_TEXT: Final = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT[\d:.]+Z?)?\s*(?:[A-Z]+)\s+(?:(?P<thread>[^\s{}]+)\s+(?:ThreadId\(\d+\)\s+)?)??"
    r"(?P<path>(?:[^\s:{}]+(?:\{[^{}]*\})?:)+)\s(?:(?P<target>[\w:-]+):\s)?close\s"
    r"time\.busy=(?P<busy>\S+)\stime\.idle=(?P<idle>\S+)(?P<fields>.*)"
)
_SPAN: Final = re.compile(r"(?P<name>[^\s:{}]+)(?:\{(?P<fields>[^{}]*)\})?:")
_FIELD: Final = re.compile(r'(?P<name>[\w.]+)=(?P<value>"(?:[^"\\]|\\.)*"|\S+)')
_LONGEST_LINE: Final = 20_000
_DURATION: Final = re.compile(r"(?P<number>\d{1,9}(?:\.(?P<decimals>\d{1,9}))?)(?P<unit>ns|µs|us|ms|s)")
_UNIT_NS: Final = {"ns": 1, "µs": 1_000, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
_NO_TESTS: Final = re.compile(r"main|tokio-.*|async-.*|actix-.*|rayon-.*|ThreadId\(\d+\)|\d+|")

Path = tuple[tuple[str, Params], ...]


class _Closed(msgspec.Struct):
    """A span that has closed."""

    line: int
    name: str
    target: str
    fields: Params
    around: Path
    """The spans that it stands in, from the root on."""
    elapsed_ns: int
    resolution_ns: int
    end_ns: int
    """0 where the line says no time."""
    busy_ns: int
    test: str | None
    children: "list[_Closed]"


class _Reader:
    """Reads one log."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: dict[tuple[str | None, Path], list[_Closed]] = {}
        self._roots: list[_Closed] = []
        self._lines = 0
        self._error: str | None = None
        self._holds_invalid = False

    def read(self, stream: Stream, progress: Progress | None) -> Calls:
        """All calls of the log."""
        try:
            for chunk in stream.read_chunks(progress):
                valid, is_damaged = make_valid(chunk)
                self._holds_invalid |= is_damaged
                lines = valid.decode().split("\n")
                if chunk.endswith(b"\n"):
                    lines.pop()
                for line in lines:
                    self._lines += 1
                    closed = (
                        _read_json(line, self._lines)
                        if line.lstrip().startswith("{")
                        else _read_text(line, self._lines)
                    )
                    if closed is not None:
                        self._take(closed)
        except BrokenSourceError as error:
            self._error = str(error)
        return self._build()

    def _take(self, closed: _Closed) -> None:
        own = (closed.test, (*closed.around, (closed.name, closed.fields)))
        begun_ns = closed.end_ns - closed.elapsed_ns - closed.resolution_ns
        kept: list[_Closed] = []
        for child in self._waiting.pop(own, ()):
            is_inside = not child.end_ns or child.end_ns - child.elapsed_ns >= begun_ns - child.resolution_ns
            (closed.children if is_inside else kept).append(child)
        if kept:
            self._waiting[own] = kept
        if closed.around:
            self._waiting.setdefault((closed.test, closed.around), []).append(closed)
        else:
            self._roots.append(closed)

    def _build(self) -> Calls:
        builder = CallsBuilder([self._name])
        cut = [closed for waiting in self._waiting.values() for closed in waiting]
        for root in sorted(self._roots + cut, key=lambda closed: closed.line):
            outermost = root.around[0][0] if root.around else root.name
            self._add(builder, root, builder.add_process(outermost, judged=not root.around))
        return builder.build(self._make_facts(len(builder), len(cut)))

    def _add(self, builder: CallsBuilder, root: _Closed, process: int) -> None:
        """Adds a tree, each call before those that it made."""
        stack = [(root, NO_PARENT)]
        while stack:
            closed, parent = stack.pop()
            number = builder.add(
                f"{closed.target}::{closed.name}" if closed.target else closed.name,
                process=process,
                line=closed.line,
                elapsed_ns=closed.elapsed_ns,
                resolution_ns=closed.resolution_ns,
                caller=closed.around[-1][0] if closed.around else None,
                params=closed.fields,
                metrics=(("busy_ns", closed.busy_ns),),
                parent=parent,
                values_known=bool(closed.fields),
                via=VIA,
                test=closed.test,
            )
            stack += [(child, number) for child in sorted(closed.children, key=_begin_of, reverse=True)]

    def _make_facts(self, records: int, cut: int) -> Facts:
        notices = {"rust-tracing": records, "rust-tracing-questions": records, "rust-tracing-cut": cut}
        notices["invalid-utf8"] = int(self._holds_invalid)
        return Facts(
            input=Input(
                files=(self._name,),
                lines=self._lines,
                records=records,
                continuation_lines=0,
                malformed_lines=0,
                other_lines=self._lines - records,
                malformed=Rows(),
                errors=(f"{self._name}: {self._error}",) if self._error else (),
            ),
            notices={code: count for code, count in notices.items() if count},
        )


def read_logs(streams: Sequence[Stream], progress: Progress | None) -> Iterator[Calls]:
    """The calls of each log."""
    for stream in streams:
        yield _Reader(stream.name).read(stream, progress)


def _begin_of(closed: _Closed) -> tuple[int, int]:
    return (closed.end_ns - closed.elapsed_ns if closed.end_ns else 0), closed.line


def _read_text(line: str, number: int) -> _Closed | None:
    if "time.busy=" not in line or len(line) > _LONGEST_LINE:
        return None
    found = _TEXT.search(_COLOUR.sub("", line))
    if found is None:
        return None
    path: Path = tuple((one["name"], _read_fields(one["fields"] or "")) for one in _SPAN.finditer(found["path"]))
    (name, fields), around = path[-1], path[:-1]
    behind = _read_fields(found["fields"])
    # The compact form writes the fields of all spans behind the times.
    return _make(
        number,
        name,
        found["target"] or "",
        fields or behind,
        around,
        found["busy"],
        found["idle"],
        found["time"],
        found["thread"],
    )


def _read_json(line: str, number: int) -> _Closed | None:
    try:
        event = msgspec.json.decode(line)
    except (msgspec.MsgspecError, RecursionError):
        return None
    if not isinstance(event, dict):
        return None
    fields = event.get("fields") if isinstance(event.get("fields"), dict) else event
    span = event.get("span")
    if not isinstance(fields, dict) or fields.get("message") != "close" or not isinstance(span, dict):
        return None
    name, own = _split_span(span)
    spans = event.get("spans")
    around = tuple(_split_span(one) for one in spans if isinstance(one, dict)) if isinstance(spans, list) else ()
    if around and around[-1] == (name, own) and len(around) > 1 and around[-2] != around[-1]:
        around = around[:-1]
    busy, idle = str(fields.get("time.busy", "")), str(fields.get("time.idle", ""))
    return _make(
        number, name, str(event.get("target") or ""), own, around, busy, idle,
        str(event.get("timestamp") or ""), str(event.get("threadName") or ""),
    )  # fmt: skip


def _split_span(span: dict[str, Any]) -> tuple[str, Params]:
    fields = tuple(
        (str(key), value if isinstance(value, str) else str(value)) for key, value in span.items() if key != "name"
    )
    return str(span.get("name") or ""), fields


def _make(
    line: int,
    name: str,
    target: str,
    fields: Params,
    around: Path,
    busy: str,
    idle: str,
    time: str | None,
    thread: str | None,
) -> _Closed | None:
    spans = [read_duration(busy), read_duration(idle)]
    if None in spans:
        return None
    (busy_ns, fine), (idle_ns, other) = (span for span in spans if span is not None)
    test = thread if thread and _NO_TESTS.fullmatch(thread) is None else None
    return _Closed(
        line,
        name,
        target,
        fields,
        around,
        busy_ns + idle_ns,
        max(fine, other),
        _read_time(time or ""),
        busy_ns,
        test,
        [],
    )


def read_duration(text: str) -> tuple[int, int] | None:
    """A time as ``921µs`` or ``1.28ms`` in nanoseconds, and how finely it is written; None for what is none."""
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    unit_ns = _UNIT_NS[found["unit"]]
    resolution_ns = max(unit_ns // 10 ** len(found["decimals"] or ""), 1)
    return int(Decimal(found["number"]) * unit_ns), resolution_ns


def _read_time(text: str) -> int:
    """Nanoseconds since 1970; 0 for what is no time."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return 0
    # Fractions are added as an integer: a float doesn't hold them.
    whole = int(time.replace(microsecond=0).timestamp()) if time.tzinfo is not None else 0
    return whole * 1_000_000_000 + time.microsecond * 1_000 if whole > 0 else 0


def _read_fields(text: str) -> Params:
    return tuple((one["name"], one["value"].strip('"')) for one in _FIELD.finditer(text))
