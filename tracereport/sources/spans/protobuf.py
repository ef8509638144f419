"""OTLP in protobuf: one export request, or many of them, each behind its length, as the Collector's file exporter does.

Needs ``opentelemetry-proto``, which the extra ``otlp`` brings.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tracereport.errors import InputError
from tracereport.sources.spans.described import Scalar
from tracereport.sources.spans.documents import Document
from tracereport.sources.spans.otlp import UNKNOWN_SERVICE, to_ns
from tracereport.sources.spans.protobuf_cut import shorten_request
from tracereport.sources.spans.table import Span
from tracereport.sources.streams.raw import Progress
from tracereport.sources.streams.stream import Stream

if TYPE_CHECKING:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

LENGTH_BYTES = 4
_ERROR = 2
_SCALARS = frozenset({"string_value", "int_value", "bool_value", "double_value"})


class UnreadableError(Exception):
    """The bytes are no export request."""


def decode_request(content: bytes) -> "ExportTraceServiceRequest":
    """One export request.

    Raises:
        UnreadableError: it is none.
        InputError: what reads protobuf isn't installed.
    """
    try:
        from google.protobuf.message import DecodeError  # noqa: PLC0415
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2  # noqa: PLC0415
    except ImportError as error:
        raise InputError(
            "Spans in protobuf need opentelemetry-proto", "Install it: pip install 'tracereport[otlp]'"
        ) from error
    try:
        request: ExportTraceServiceRequest = trace_service_pb2.ExportTraceServiceRequest.FromString(content)
    except DecodeError as error:
        raise UnreadableError(str(error)) from error
    return request


def split_requests(stream: Stream, progress: Progress | None) -> Iterator[Document]:
    """The requests of an input."""
    content = b"".join(stream.read_chunks(progress))
    if not begins_with_length(content):
        shortened, is_cut = shorten_request(content)
        yield Document(shortened, is_whole=not is_cut)
        return
    start = 0
    while start < len(content):
        length = int.from_bytes(content[start : start + LENGTH_BYTES])
        start += LENGTH_BYTES
        if start + length > len(content) or start > len(content):
            yield Document(shorten_request(content[start:])[0], is_whole=False)
            return
        yield Document(content[start : start + length])
        start += length


def begins_with_length(content: bytes) -> bool:
    """Whether the first request stands behind its length: a request by itself begins with its first field."""
    return len(content) > LENGTH_BYTES and is_request(content[LENGTH_BYTES:]) and not is_request(content)


def is_request(head: bytes) -> bool:
    """Whether bytes begin as an export request does: resource spans, in them a resource or the spans of a scope."""
    outer = _enter(head, 0, b"\x0a")
    inner = _enter(head, outer[0], b"\x0a\x12") if outer else None
    # Empty lines are tags of the first field, too, but what is inside ends outside of what it is in.
    if outer is None or inner is None or sum(inner) > sum(outer):
        return False
    return len(head) <= inner[0] or head[inner[0]] in b"\x0a\x10\x12\x1a"


def _enter(head: bytes, start: int, tags: bytes) -> tuple[int, int] | None:
    """Where the content of a field begins whose tag is one of these, and its length; nothing where there is none."""
    if start >= len(head) or head[start] not in tags:
        return None
    at, length, shift = start + 1, 0, 0
    while at < len(head) and shift < 35:  # noqa: PLR2004 - bits of a length
        length |= (head[at] & 0x7F) << shift
        if head[at] < 0x80:  # noqa: PLR2004 - the last byte
            return (at + 1, length) if length else None
        at, shift = at + 1, shift + 7
    return None


def walk(request: "ExportTraceServiceRequest") -> Iterator[tuple[Any, str]]:
    """Each span of a request, with its service's name."""
    for resource in request.resource_spans:
        service = str(_to_dict(resource.resource.attributes).get("service.name") or UNKNOWN_SERVICE)
        for scope in resource.scope_spans:
            yield from ((span, service) for span in scope.spans)


def read_span(span: Any, service: str) -> Span:  # noqa: ANN401 - generated classes are found at run time
    """One span."""
    return Span(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        name=span.name,
        kind=span.kind,
        start_ns=to_ns(span.start_time_unix_nano),
        end_ns=to_ns(span.end_time_unix_nano),
        service=service,
        attributes=_to_dict(span.attributes),
        failed=span.status.code == _ERROR,
    )


def encode_span(span: Any) -> bytes:  # noqa: ANN401 - as above
    """One span as a line of JSON."""
    from google.protobuf.json_format import MessageToJson  # noqa: PLC0415

    return str(MessageToJson(span, indent=None)).encode()


def _to_dict(attributes: Any) -> dict[str, Scalar]:  # noqa: ANN401 - as above
    found: dict[str, Scalar] = {}
    for attribute in attributes:
        kind = attribute.value.WhichOneof("value")
        if kind in _SCALARS:
            found[attribute.key] = getattr(attribute.value, kind)
        elif kind == "array_value":
            items = [(item, item.WhichOneof("value")) for item in attribute.value.array_value.values]
            found[attribute.key] = str([getattr(item, one) for item, one in items if one in _SCALARS])
    return found
