"""Spans in columns: what each asks is worked out as it is read; whose child it is, when all are there."""

import base64
import hashlib
from struct import Struct

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import CALL_KINDS
from tracereport.calls.tables import CallTables
from tracereport.sources.spans.describe import describe_span
from tracereport.sources.spans.described import CONSUMER, INTERNAL, Attributes

_HEX_DIGITS = 16
_BASE64_LETTERS = 12
_KIND_CODES = {kind: code for code, kind in enumerate(CALL_KINDS)}
_TELLING = (
    "db.", "sql.", "cassandra.", "cache.", "http.", "url.", "server.address", "net.peer.name", "peer.service", "rpc.",
    "messaging.", "code.", "aws.dynamodb",
)  # fmt: skip
"""How the names of the attributes begin that say what is asked, by whom, and what came of it."""
_MOST_KNOWN = 1 << 17
"""Spans of so many kinds are known again."""
_Codes = tuple[str, int, int, int, int, int, int]
_ROW = Struct("=qqqQQiiiiiiiiii")
_FIELDS = (
    "line", "start_ns", "end_ns", "span", "parent", "file", "trace", "service", "kind", "lookup", "origin",
    "metric_set", "function", "code_function", "call_kind",
)  # fmt: skip
_DTYPE = np.dtype(list(zip(_FIELDS, ["i8"] * 3 + ["u8"] * 2 + ["i4"] * 10, strict=True)))
"""A row as ``_ROW`` packs it."""


class Span(msgspec.Struct, gc=False):
    """One span, whatever skin it came in."""

    trace_id: str
    span_id: str
    parent_id: str
    """Empty for a root."""
    name: str
    kind: int
    start_ns: int
    end_ns: int
    """0 where it hasn't ended."""
    service: str
    attributes: Attributes
    failed: bool = False


class SpanColumns(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """All spans, in the order in which they were read."""

    file: NDArray[np.int32]
    line: NDArray[np.int64]
    trace: NDArray[np.int32]
    span: NDArray[np.uint64]
    parent: NDArray[np.uint64]
    """0 for a root."""
    service: NDArray[np.int32]
    kind: NDArray[np.int32]
    start_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    lookup: NDArray[np.int32]
    origin: NDArray[np.int32]
    metric_set: NDArray[np.int32]
    function: NDArray[np.int32]
    """Code of the call's name."""
    code_function: NDArray[np.int32]
    """Code of the function in the source that made the span; ``NO_NAME`` where it isn't recorded."""
    call_kind: NDArray[np.int32]
    """Index into ``CALL_KINDS``."""

    def __len__(self) -> int:
        """The number of spans."""
        return len(self.line)


class SpanTable:
    """Takes spans one by one."""

    def __init__(self, via: str) -> None:
        self.tables = CallTables()
        self.services: dict[str, int] = {}
        self.notices: dict[str, int] = {}
        self._via = via
        self._traces: dict[str, int] = {}
        self._databases: dict[str, str] = {}
        self._rows = bytearray()
        self._known: dict[tuple[object, ...], _Codes] = {}
        self._telling: dict[str, tuple[str, tuple[str, ...]]] = {}

    def add(self, span: Span, *, file: int, line: int) -> None:
        """Adds a span that stands at this place, from 1 on."""
        shape = (span.name, span.kind, span.failed, span.service, *self._tell_apart(span.attributes))
        codes = self._known.get(shape)
        if codes is None:
            codes = self._code(span)
            if len(self._known) < _MOST_KNOWN:
                self._known[shape] = codes
        lacks, lookup, origin, metric_set, function, code_function, call_kind = codes
        if lacks:
            self.notices[lacks] = self.notices.get(lacks, 0) + 1
        self._rows += _ROW.pack(
            line,
            span.start_ns,
            span.end_ns,
            _to_number(span.span_id),
            _to_number(span.parent_id) if span.parent_id else 0,
            file,
            self._traces.setdefault(span.trace_id, len(self._traces)),
            self.services.setdefault(span.service, len(self.services)),
            span.kind if INTERNAL <= span.kind <= CONSUMER else INTERNAL,
            lookup,
            origin,
            metric_set,
            function,
            code_function,
            call_kind,
        )

    def _tell_apart(self, attributes: Attributes) -> list[object]:
        """What of the attributes says what is asked: their names, and the values of those."""
        names = "\n".join(attributes)
        telling = self._telling.get(names)
        if telling is None:
            found = tuple(name for name in attributes if name.startswith(_TELLING))
            telling = self._telling[names] = ("\n".join(found), found)
        together, found = telling
        # 1 and True are equal, and read otherwise.
        values = [value if (value := attributes[name]).__class__ is str else (value.__class__, value) for name in found]
        return [together, *values]

    def _code(self, span: Span) -> _Codes:
        """What the span says of its call, in codes."""
        tables, attributes = self.tables, span.attributes
        told = describe_span(span.name, span.kind, attributes, failed=span.failed)
        params = told.params
        if told.database is not None and told.database != self._databases.setdefault(span.service, told.database):
            params = (*params, ("database", told.database))
        return (
            told.lacks,
            tables.code_lookup(told.function, params, values_known=told.values_known, resource=told.resource),
            tables.code_origin(
                kind=told.kind, answer=told.answer, at=_find_place(attributes), via=self._via, writes=told.writes
            ),
            tables.code_metrics(told.metrics),
            tables.code_name(told.function),
            tables.code_name(_find_function(attributes)),
            _KIND_CODES[told.kind],
        )

    def finish(self) -> SpanColumns:
        """All spans."""
        rows = np.frombuffer(self._rows, _DTYPE)
        return SpanColumns(**{name: np.ascontiguousarray(rows[name]) for name in _FIELDS})


def _to_number(text: str) -> int:
    """An id as a number: hexadecimal, or eight bytes in base64 as Tempo writes them; of anything else a hash."""
    try:
        if len(text) <= _HEX_DIGITS:
            number = int(text, 16)
            return number if number >= 0 else -number
    except ValueError:
        pass
    if len(text) == _BASE64_LETTERS:
        try:
            return int.from_bytes(base64.b64decode(text, validate=True))
        except ValueError:
            pass
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _find_place(attributes: Attributes) -> str | None:
    """Where in the source the call was made."""
    path = attributes.get("code.file.path") or attributes.get("code.filepath")
    if not path:
        return None
    line = attributes.get("code.line.number") or attributes.get("code.lineno")
    return f"{path}:{line}" if line else str(path)


def _find_function(attributes: Attributes) -> str | None:
    """Which function of the source made the call."""
    if name := attributes.get("code.function.name"):
        return str(name)
    if name := attributes.get("code.function"):
        inside = attributes.get("code.namespace")
        return f"{inside}.{name}" if inside else str(name)
    return None
