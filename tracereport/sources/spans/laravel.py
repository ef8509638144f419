"""Laravel's Debugbar -> spans: a file of ``storage/debugbar`` is one request with its statements, in their order.

It says how long each took, and not when: they are put one behind the other, up to the time at which the file was made.
"""

from collections.abc import Iterator
from typing import Any, Final

from tracereport.sources.spans.described import CLIENT, SERVER, Scalar
from tracereport.sources.spans.otlp import to_ns
from tracereport.sources.spans.table import Span

Json = Any
_ROOT: Final = "1"
_TICKS: Final = 10**5
"""Debugbar writes seconds to five decimals."""
_TICK_NS: Final = 10**9 // _TICKS
_OUTSIDE: Final = ("/vendor/", "vendor/")


def walk_laravel(document: Json) -> Iterator[tuple[Json, Json]]:
    """The request, then each of its statements with its number and the time at which it begins."""
    whole = _mapping(document)
    meta, queries = _mapping(whole.get("__meta")), _mapping(whole.get("queries"))
    if not meta:
        return
    statements = [one for one in _list(queries.get("statements")) if _mapping(one).get("type", "query") == "query"]
    trace = str(meta.get("id", ""))
    ticks = [round(_number(_mapping(one).get("duration")) * _TICKS) for one in statements]
    start = round(_number(meta.get("utime")) * _TICKS)
    yield whole, (trace, 0, start, sum(ticks))
    for number, (one, taken) in enumerate(zip(statements, ticks, strict=True), start=1):
        yield one, (trace, number, start, taken)
        start += taken


def read_laravel(span: Json, context: Json) -> Span | None:
    """The request or a statement; None where it is neither."""
    trace, number, start, taken = context
    if not isinstance(span, dict) or (number and not isinstance(span.get("sql"), str)):
        return None
    attributes: dict[str, Scalar] = {}
    if number:
        attributes["db.statement"] = span["sql"]
        attributes |= _find_place(span.get("backtrace"))
        if isinstance(span.get("row_count"), int):
            attributes["db.response.returned_rows"] = span["row_count"]
        name = "statement"
    else:
        name = _name_request(span)
    return Span(
        trace_id=trace,
        span_id=f"{number + 1:x}",
        parent_id=_ROOT if number else "",
        name=name,
        kind=CLIENT if number else SERVER,
        start_ns=to_ns(start * _TICK_NS),
        end_ns=to_ns((start + taken) * _TICK_NS),
        service="laravel",
        attributes=attributes,
        failed=bool(number) and span.get("is_success") is False,
    )


def _name_request(document: dict[str, Json]) -> str:
    """Its route, else its method and path."""
    route, meta = _mapping(document.get("route")), _mapping(document.get("__meta"))
    uri = str(route.get("uri") or "").removeprefix("GET|HEAD ")
    if uri:
        return uri if " " in uri else f"{meta.get('method', 'GET')} {uri}"
    return f"{meta.get('method', 'GET')} {str(meta.get('uri', '')).partition('?')[0]}"


def _find_place(backtrace: Json) -> dict[str, Scalar]:
    """The first place outside of what was installed: a file, or a view by its name."""
    for one in _list(backtrace):
        frame = _mapping(one)
        name, line = frame.get("name"), frame.get("line")
        if isinstance(name, str) and isinstance(line, int) and not name.startswith(_OUTSIDE):
            place = name.lstrip("/")
            return {"code.function.name": place, "code.file.path": place, "code.line.number": line}
    return {}


def _mapping(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _number(value: Json) -> float:
    is_number = isinstance(value, int | float) and 0 <= value < 2**33  # seconds, up to the year 2242
    return value if is_number else 0
