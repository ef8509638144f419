"""OTLP in JSON: one request a line, as the Collector's file exporter writes it, or one document; and Tempo's form.

Read into typed records; what has another shape than the protocol says meets ``lenient``, span by span.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from tracereport.sources.spans.described import Scalar
from tracereport.sources.spans.table import Span

_KINDS = {"INTERNAL": 1, "SERVER": 2, "CLIENT": 3, "PRODUCER": 4, "CONSUMER": 5}
_ERROR = 2
UNKNOWN_SERVICE = "unknown service"


class _Value(msgspec.Struct, gc=False):
    string: str | None = msgspec.field(name="stringValue", default=None)
    integer: str | int | None = msgspec.field(name="intValue", default=None)
    double: float | str | None = msgspec.field(name="doubleValue", default=None)
    boolean: bool | None = msgspec.field(name="boolValue", default=None)
    array: msgspec.Raw | msgspec.UnsetType = msgspec.field(name="arrayValue", default=msgspec.UNSET)


class _Attribute(msgspec.Struct, gc=False):
    key: str = ""
    value: _Value | None = None


class _Status(msgspec.Struct, gc=False):
    code: int | str | None = None


class _Span(msgspec.Struct):
    trace_id: str = msgspec.field(name="traceId", default="")
    span_id: str = msgspec.field(name="spanId", default="")
    parent_id: str | None = msgspec.field(name="parentSpanId", default=None)
    name: str = ""
    kind: int | str | None = None
    start: str | int | None = msgspec.field(name="startTimeUnixNano", default=None)
    end: str | int | None = msgspec.field(name="endTimeUnixNano", default=None)
    attributes: list[_Attribute] | None = None
    status: _Status | str | None = None


class _Scope(msgspec.Struct):
    spans: list[_Span] | None = None


class _Resource(msgspec.Struct):
    attributes: list[_Attribute] | None = None


class _ResourceSpans(msgspec.Struct):
    resource: _Resource | None = None
    scopes: list[_Scope] | None = msgspec.field(name="scopeSpans", default=None)
    libraries: list[_Scope] | None = msgspec.field(name="instrumentationLibrarySpans", default=None)


class _Request(msgspec.Struct):
    resource_spans: list[_ResourceSpans] | None = msgspec.field(name="resourceSpans", default=None)
    batches: list[_ResourceSpans] | None = None
    trace: "_Request | None" = None


_decoder = msgspec.json.Decoder(_Request)


def read_typed(document: bytes) -> Iterator[Span]:
    """The spans of one request.

    Raises:
        msgspec.MsgspecError: it has another shape, or is no JSON.
    """
    request: _Request | None = _decoder.decode(document)
    while request is not None:
        for resource in (*(request.resource_spans or ()), *(request.batches or ())):
            service = _name_service(_to_dict(resource.resource.attributes if resource.resource else None))
            for scope in (*(resource.scopes or ()), *(resource.libraries or ())):
                for span in scope.spans or ():
                    yield _to_span(span, service)
        request = request.trace


def is_request(document: bytes) -> bool:
    """Whether it is an export request, of whatever its spans are like."""
    try:
        found = msgspec.json.decode(document)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return isinstance(found, dict) and isinstance(found.get("resourceSpans", []), list)


def walk(document: Any) -> Iterator[tuple[Any, str]]:  # noqa: ANN401 - JSON of any shape
    """Each span of a request as it stands, with its service's name, in the order of ``read_typed``."""
    while isinstance(document, dict):
        for resource in (*_list(document.get("resourceSpans")), *_list(document.get("batches"))):
            if not isinstance(resource, dict):
                continue
            own = resource.get("resource")
            service = _name_service(_read_attributes(own.get("attributes") if isinstance(own, dict) else None))
            for scope in (*_list(resource.get("scopeSpans")), *_list(resource.get("instrumentationLibrarySpans"))):
                if isinstance(scope, dict):
                    yield from ((span, service) for span in _list(scope.get("spans")))
        document = document.get("trace")


def read_lenient(span: Any, service: str) -> Span | None:  # noqa: ANN401 - as above
    """One span of any shape; None where it is none."""
    if not isinstance(span, dict):
        return None
    plain = {**span, "attributes": None, "status": None}
    try:
        read = msgspec.convert(plain, _Span, strict=False)
    except (msgspec.ValidationError, RecursionError):
        return None
    status = span.get("status")
    code = status.get("code") if isinstance(status, dict) else status
    found = _to_span(read, service)
    found.attributes = _read_attributes(span.get("attributes"))
    found.failed = _is_error(code)
    return found


def _to_span(span: _Span, service: str) -> Span:
    status = span.status
    return Span(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_id=span.parent_id or "",
        name=span.name,
        kind=_read_kind(span.kind),
        start_ns=to_ns(span.start),
        end_ns=to_ns(span.end),
        service=service,
        attributes=_to_dict(span.attributes),
        failed=status is not None and _is_error(status.code if isinstance(status, _Status) else status),
    )


def _to_dict(attributes: list[_Attribute] | None) -> dict[str, Scalar]:
    found: dict[str, Scalar] = {}
    for attribute in attributes or ():
        value = attribute.value
        if value is None:
            continue
        if value.string is not None:
            found[attribute.key] = value.string
        elif value.integer is not None:
            found[attribute.key] = value.integer
        elif value.boolean is not None:
            found[attribute.key] = value.boolean
        elif value.double is not None:
            found[attribute.key] = value.double
        elif value.array is not msgspec.UNSET:
            found[attribute.key] = bytes(value.array).decode()
    return found


def _read_attributes(attributes: Any) -> dict[str, Scalar]:  # noqa: ANN401 - as above
    """What can be read of attributes of any shape."""
    found: dict[str, Scalar] = {}
    for attribute in _list(attributes):
        try:
            found.update(_to_dict([msgspec.convert(attribute, _Attribute, strict=False)]))
        except (msgspec.ValidationError, RecursionError):
            continue
    return found


def _name_service(attributes: dict[str, Scalar]) -> str:
    return str(attributes.get("service.name") or UNKNOWN_SERVICE)


def _read_kind(kind: int | str | None) -> int:
    if isinstance(kind, str):
        return _KINDS.get(kind.rpartition("_")[2].upper(), 0) if not kind.isdecimal() else int(kind[:3])
    return kind or 0


def _is_error(code: Any) -> bool:  # noqa: ANN401 - as above
    return code == _ERROR or (isinstance(code, str) and (code == "2" or code.upper().endswith("ERROR")))


def to_ns(time: str | int | None) -> int:
    """A time in nanoseconds; 0 for none that can be."""
    try:
        number = int(time or 0)
    except ValueError:
        return 0
    return number if 0 < number < 1 << 63 else 0


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - as above
    return value if isinstance(value, list) else []
