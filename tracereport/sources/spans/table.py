"""Spans in columns: what each asks is worked out as it is read; whose child it is, when all are there."""

import base64
import hashlib
from array import array

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.build import CallTables
from tracereport.calls.calls import CALL_KINDS
from tracereport.sources.spans.describe import CONSUMER, INTERNAL, Attributes, describe_span

_HEX_DIGITS = 16
_BASE64_LETTERS = 12
_KIND_CODES = {kind: code for code, kind in enumerate(CALL_KINDS)}

_WIDE = ("line", "start_ns", "end_ns")
_NARROW = (
    "file", "trace", "service", "kind", "lookup", "origin", "metric_set", "function", "code_function", "call_kind",
)  # fmt: skip


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
        self._wide = {name: array("q") for name in _WIDE}
        self._narrow = {name: array("i") for name in _NARROW}
        self._span = array("Q")
        self._parent = array("Q")

    def add(self, span: Span, *, file: int, line: int) -> None:
        """Adds a span that stands at this place, from 1 on."""
        tables, attributes = self.tables, span.attributes
        told = describe_span(span.name, span.kind, attributes, failed=span.failed)
        params = told.params
        if told.database is not None and told.database != self._databases.setdefault(span.service, told.database):
            params = (*params, ("database", told.database))
        if told.lacks:
            self.notices[told.lacks] = self.notices.get(told.lacks, 0) + 1
        narrow, wide = self._narrow, self._wide
        narrow["file"].append(file)
        wide["line"].append(line)
        narrow["trace"].append(self._traces.setdefault(span.trace_id, len(self._traces)))
        self._span.append(_to_number(span.span_id))
        self._parent.append(_to_number(span.parent_id) if span.parent_id else 0)
        narrow["service"].append(self.services.setdefault(span.service, len(self.services)))
        narrow["kind"].append(span.kind if INTERNAL <= span.kind <= CONSUMER else INTERNAL)
        wide["start_ns"].append(span.start_ns)
        wide["end_ns"].append(span.end_ns)
        narrow["lookup"].append(
            tables.code_lookup(told.function, params, values_known=told.values_known, resource=told.resource)
        )
        narrow["origin"].append(
            tables.code_origin(
                kind=told.kind, answer=told.answer, at=_find_place(attributes), via=self._via, writes=told.writes
            )
        )
        narrow["metric_set"].append(tables.code_metrics(told.metrics))
        narrow["function"].append(tables.code_name(told.function))
        narrow["code_function"].append(tables.code_name(_find_function(attributes)))
        narrow["call_kind"].append(_KIND_CODES[told.kind])

    def finish(self) -> SpanColumns:
        """All spans."""
        narrow = {name: np.array(column, np.int32) for name, column in self._narrow.items()}
        wide = {name: np.array(column, np.int64) for name, column in self._wide.items()}
        return SpanColumns(
            span=np.array(self._span, np.uint64),
            parent=np.array(self._parent, np.uint64),
            line=wide["line"],
            start_ns=wide["start_ns"],
            end_ns=wide["end_ns"],
            **narrow,
        )


def _to_number(text: str) -> int:
    """An id as a number: hexadecimal, or eight bytes in base64 as Tempo writes them; of anything else a hash."""
    try:
        if len(text) <= _HEX_DIGITS:
            return int(text, 16)
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
