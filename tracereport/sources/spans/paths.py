"""Addresses of requests -> a template without ids, and the ids: ``/users/17`` -> ``/users/{}`` and ``17``."""

import functools
import re
from typing import Final

from tracereport.calls.tables import Params

_ID: Final = re.compile(
    r"""
      \d+(?:[,;]\d+)*                                            # 17; 17,18
    | [0-9A-Za-z]{8}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{12}   # a UUID, or a masked one
    | (?=[0-9A-Fa-f]*\d)[0-9A-Fa-f]{8,}                          # a hash
    | (?=[\w~.=-]*\d)(?=[\w~.=-]*[A-Za-z])[\w~=-]{16,}           # a token
    | [^@\s/]+@[^@\s/]+                                          # an address
    | \d{4}-\d{2}-\d{2}(?:T[\d:.Z+-]*)?                          # a day
    """,
    re.VERBOSE,
)
_URL: Final = re.compile(
    r"(?:[a-zA-Z][\w+.-]*:)?//(?:[^/?#@]*@)?(?P<host>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?"
)
REDACTED: Final = frozenset({"*", "?*", "REDACTED", "[Filtered]", "[FILTERED]", "[REDACTED]", "***"})
"""What stands where a tool has hidden a value."""


@functools.lru_cache(maxsize=1 << 16)
def template_path(path: str) -> tuple[str, tuple[str, ...]]:
    """The path with ``{}`` for each segment that looks like an id, and those."""
    if not any(letter.isdigit() or letter == "@" for letter in path):
        return path, ()
    ids = []
    segments = path.split("/")
    for at, segment in enumerate(segments):
        if _ID.fullmatch(segment):
            ids.append(segment)
            segments[at] = "{}"
    return "/".join(segments), tuple(ids)


def split_url(url: str) -> tuple[str, str, str]:
    """Host with port, path and query of an address, which may be a path alone."""
    found = _URL.match(url)
    if found is None:
        path, _, query = url.partition("#")[0].partition("?")
        return "", path, query
    return found["host"], found["path"], found["query"] or ""


@functools.lru_cache(maxsize=1 << 16)
def read_query(query: str) -> tuple[Params, bool]:
    """The parameters of a query string, and whether their values are known."""
    if not query:
        return (), True
    params = []
    known = True
    for field in query.split("&"):
        name, equals, value = field.partition("=")
        known &= (value if equals else name) not in REDACTED
        params.append((name if equals and "|" not in name else "query", value if equals else name))
    return tuple(params), known


@functools.lru_cache(maxsize=1 << 16)
def template_name(name: str) -> str:
    """The name of a span with ``{}`` for what looks like an id in it: one place in the tree is one name."""
    if not any(letter.isdigit() for letter in name):
        return name
    return " ".join(template_path(word.partition("?")[0] if "/" in word else word)[0] for word in name.split(" "))
