"""Jaeger's, Zipkin's and Sentry's JSON -> spans. Each value is taken as it comes: numbers as texts, parts missing."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tracereport.sources.spans.described import INTERNAL, Scalar
from tracereport.sources.spans.otlp import UNKNOWN_SERVICE, to_ns
from tracereport.sources.spans.table import Span

Json = Any
_KINDS = {"server": 2, "client": 3, "producer": 4, "consumer": 5}
_TRUE = frozenset({"true", "1", "error"})


def walk_jaeger(document: Json) -> Iterator[tuple[Json, Json]]:
    """Each span of ``/api/traces`` or of a downloaded trace, with the processes that it may name."""
    found = _mapping(document)
    for trace in _list(found["data"]) if "data" in found else [document]:
        processes = _mapping(_mapping(trace).get("processes"))
        yield from ((span, processes) for span in _list(_mapping(trace).get("spans")))


def read_jaeger(span: Json, processes: Json) -> Span | None:
    """One span of Jaeger's; None where it is none."""
    if not isinstance(span, dict):
        return None
    attributes: dict[str, Scalar] = {}
    for tag in _list(span.get("tags")):
        key, value = _mapping(tag).get("key"), _mapping(tag).get("value")
        if isinstance(key, str) and isinstance(value, str | int | float):
            attributes[key] = value
    process = processes.get(_text(span.get("processID")), span.get("process"))
    start_us, duration_us = _number(span.get("startTime")), _number(span.get("duration"))
    trace_id = _text(span.get("traceID"))
    return Span(
        trace_id=trace_id,
        span_id=_text(span.get("spanID")),
        parent_id=_text(span.get("parentSpanID")) or _find_reference(span, trace_id),
        name=_text(span.get("operationName")),
        kind=_KINDS.get(str(attributes.get("span.kind", "")).lower(), INTERNAL),
        start_ns=to_ns(start_us * 1000),
        end_ns=to_ns((start_us + duration_us) * 1000) if span.get("duration") is not None else 0,
        service=_text(_mapping(process).get("serviceName")) or UNKNOWN_SERVICE,
        attributes=attributes,
        failed=str(attributes.get("error", "")).lower() in _TRUE
        or str(attributes.get("otel.status_code", "")).upper() in ("ERROR", "2"),
    )


def _find_reference(span: dict[str, Json], trace_id: str) -> str:
    """The id of the span's parent; one of another trace is none."""
    for kind in ("CHILD_OF", "FOLLOWS_FROM"):
        for reference in _list(span.get("references")):
            found = _mapping(reference)
            if found.get("refType") == kind and _text(found.get("traceID", trace_id)) == trace_id:
                return _text(found.get("spanID"))
    return ""


def walk_zipkin(document: Json) -> Iterator[tuple[Json, Json]]:
    """Each span of a list, or of a list of traces; the parts of one that came in several are put together."""
    spans = [span for part in _list(document) for span in (part if isinstance(part, list) else [part])]
    whole: dict[tuple[str, str, str], dict[str, Json]] = {}
    for span in spans:
        if not isinstance(span, dict):
            whole[str(len(whole)), "", ""] = {}
            continue
        endpoint = _mapping(span.get("localEndpoint"))
        key = _text(span.get("traceId"))[-16:], _text(span.get("id")), _text(endpoint.get("serviceName"))
        known = whole.setdefault(key, {})
        tags = {**_mapping(known.get("tags")), **_mapping(span.get("tags"))}
        for name, value in span.items():
            if value is not None and known.get(name) in (None, ""):
                known[name] = value
        known["tags"] = tags
    yield from ((span, None) for span in whole.values())


def read_zipkin(span: Json, _context: Json) -> Span | None:
    """One span of Zipkin's; None where it is none."""
    if not span or not span.get("id"):
        return None
    tags = _mapping(span.get("tags"))
    attributes: dict[str, Scalar] = {
        key: value for key, value in tags.items() if isinstance(key, str) and isinstance(value, str | int | float)
    }
    remote = _text(_mapping(span.get("remoteEndpoint")).get("serviceName"))
    if remote not in ("", "?"):
        attributes.setdefault("peer.service", remote)
    start_us, duration_us = _number(span.get("timestamp")), _number(span.get("duration"))
    return Span(
        trace_id=_text(span.get("traceId"))[-16:],
        span_id=_text(span.get("id")),
        parent_id=_text(span.get("parentId")),
        name=_text(span.get("name")),
        kind=_KINDS.get(_text(span.get("kind")).lower(), INTERNAL),
        start_ns=to_ns(start_us * 1000),
        end_ns=to_ns((start_us + duration_us) * 1000) if duration_us else 0,
        service=_text(_mapping(span.get("localEndpoint")).get("serviceName")) or UNKNOWN_SERVICE,
        attributes=attributes,
        failed="error" in tags,
    )


def walk_sentry(document: Json) -> Iterator[tuple[Json, Json]]:
    """The transaction of an event, and each of its spans."""
    event = _mapping(document)
    spans = _list(event.get("spans"))
    if not spans:
        return
    trace = _mapping(_mapping(event.get("contexts")).get("trace"))
    first = _mapping(spans[0])
    known = {_text(_mapping(span).get("span_id")) for span in spans}
    above = (_text(_mapping(span).get("parent_span_id")) for span in spans)
    root_id = _text(trace.get("span_id")) or next((one for one in above if one not in known), "")
    root = {
        "span_id": root_id,
        "trace_id": trace.get("trace_id") or first.get("trace_id"),
        "op": trace.get("op") or "http.server",
        "description": event.get("transaction") or event.get("culprit") or "transaction",
        "start_timestamp": event.get("start_timestamp") or first.get("start_timestamp"),
        "timestamp": event.get("timestamp") or _mapping(spans[-1]).get("timestamp"),
    }
    service = _text(event.get("project_slug") or event.get("project_name"))
    yield root, (service, True)
    yield from ((span, (service, False)) for span in spans)


def read_sentry(span: Json, context: Json) -> Span | None:
    """One span of an event; None where it is none."""
    if not isinstance(span, dict):
        return None
    service, is_root = context
    attributes: dict[str, Scalar] = {
        key: value for key, value in _mapping(span.get("data")).items() if isinstance(value, str | int | float)
    }
    operation, text = _text(span.get("op")), _text(span.get("description"))
    status = _text(span.get("status"))
    kind = 2 if is_root else INTERNAL
    if not is_root and operation.startswith("db") and text:
        attributes.setdefault("db.statement", text)
        kind = 3
    elif not is_root and operation.startswith("http.client"):
        method, _, url = text.partition(" ")
        attributes.setdefault("http.request.method", method)
        attributes.setdefault("url.full", url)
        kind = 3
    elif not is_root and operation.startswith("cache") and text:
        attributes.setdefault("cache.key", text)
        attributes.setdefault("cache.operation", operation.rpartition(".")[2])
        kind = 3
    return Span(
        trace_id=_text(span.get("trace_id")),
        span_id=_text(span.get("span_id")),
        parent_id="" if is_root else _text(span.get("parent_span_id")),
        name=text or operation,
        kind=kind,
        start_ns=_read_seconds(span.get("start_timestamp")),
        end_ns=_read_seconds(span.get("timestamp")),
        service=service or "sentry",
        attributes=attributes,
        failed=status not in ("", "ok", "not_found", "cancelled"),
    )


def _read_seconds(value: Json) -> int:
    """A time in seconds, or as a date, in nanoseconds; it is written to the microsecond."""
    if isinstance(value, str) and "T" in value:
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            return 0
        return to_ns(round(time.timestamp() * 1e6) * 1000) if time.tzinfo is not None else 0
    try:
        return to_ns(int((Decimal(str(value)) * 1_000_000).to_integral_value()) * 1000)
    except (InvalidOperation, ValueError, OverflowError):
        return 0


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _mapping(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else "" if value is None or isinstance(value, list | dict) else str(value)


def _number(value: Json) -> int:
    try:
        return int(value or 0)
    except (TypeError, ValueError, OverflowError):
        return 0
