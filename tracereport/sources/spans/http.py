"""Requests over HTTP: what a client asks, and what a server answers."""

import re
from typing import Final

from tracereport.calls.calls import CallKind
from tracereport.sources.spans.described import Attributes, Described, find_metrics
from tracereport.sources.spans.paths import read_query, split_url, template_name, template_path

_ASKING_POSTS: Final = re.compile(r"/(?:graphql|_?m?search|query|_bulk_get|_count|find)/?\Z", re.IGNORECASE)
_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "QUERY"})
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS", "QUERY"})
_GONE: Final = frozenset({404, 410})
_FIRST_FAILURE: Final = 400


def describe_http(method: str, name: str, attributes: Attributes, *, failed: bool) -> Described:
    """What a client asks of a server."""
    url = str(attributes.get("url.full") or attributes.get("http.url") or "")
    host, path, query = split_url(url)
    if not path:
        target = attributes.get("url.path") or attributes.get("http.target") or attributes.get("http.path") or ""
        _, path, query_of_path = split_url(str(target))
        query = query or query_of_path
    query = query or str(attributes.get("url.query") or attributes.get("http.query") or "").lstrip("?")
    host = host or str(attributes.get("server.address") or attributes.get("net.peer.name") or "")
    host = host or str(attributes.get("http.host") or attributes.get("peer.service") or "")
    if not path and not host:
        return Described(
            template_name(name), _kind_of_method(method, ""), values_known=False,
            answer="failed" if failed else "", lacks="spans-without-values",
        )  # fmt: skip
    if path and not path.startswith("/"):
        path = f"/{path}"
    template, ids = template_path(path)
    given = attributes.get("url.template") or attributes.get("http.route")
    if given and (matched := _match_template(str(given), path)) is not None:
        template, ids = str(given), matched
    fields, known = read_query(query)
    kind = _kind_of_method(method, path)
    known = known and method in _READS
    status = _find_status(attributes)
    is_gone = status in _GONE
    failed = (failed or (status is not None and status >= _FIRST_FAILURE)) and not is_gone
    metrics = () if failed else find_metrics(attributes)
    resource = f"{host}{template.partition('/{')[0]}"
    return Described(
        f"{method} {host}{template}",
        kind,
        (*[(f"id{place}", value) for place, value in enumerate(ids, start=1)], *fields),
        values_known=known,
        answer="failed" if failed else "",
        resource=resource,
        metrics=(*metrics, ("found", 0)) if is_gone else metrics,
        lacks="" if known or kind == "write" else "spans-without-values",
    )


def _match_template(template: str, path: str) -> tuple[str, ...] | None:
    """The parts of a path that a template leaves open; None where it isn't the path's."""
    pattern = re.sub(
        r"\\\{[^{}/]*\\\}|:\w+|<[^<>/]*>", "([^/]+)", re.escape(template).replace("\\:", ":").replace("\\<", "<")
    )
    found = re.search(f"{pattern}/?$", path) if "([^/]+)" in pattern else None
    return found.groups() if found is not None else None


def _kind_of_method(method: str, path: str) -> CallKind:
    return "question" if method in _READS or _ASKING_POSTS.search(path) else "write"


def find_method(name: str, attributes: Attributes) -> str | None:
    """The method of a request, in capitals; null where the span is none."""
    method = attributes.get("http.request.method") or attributes.get("http.method")
    if method is None and (
        "http.path" in attributes or "http.url" in attributes or "url.full" in attributes or "http.target" in attributes
    ):
        method = name.partition(" ")[0]
    if method is None:
        return None
    upper = str(method).upper()
    return upper if upper in _METHODS else "GET" if method == name else upper


def _find_status(attributes: Attributes) -> int | None:
    status = attributes.get("http.response.status_code") or attributes.get("http.status_code")
    try:
        return int(status) if status is not None else None
    except (ValueError, OverflowError):
        return None


def name_request(name: str, attributes: Attributes) -> str:
    """Method and route of what a server does, else the span's name."""
    route = attributes.get("http.route") or attributes.get("url.template")
    method = attributes.get("http.request.method") or attributes.get("http.method")
    if route and method:
        return f"{str(method).upper()} {route}"
    if method and name.upper() == str(method).upper():
        target = attributes.get("url.path") or attributes.get("http.path") or attributes.get("http.target") or ""
        path = template_path(split_url(str(target))[1])[0]
        return f"{str(method).upper()} {path}" if path else template_name(name)
    return template_name(name)
