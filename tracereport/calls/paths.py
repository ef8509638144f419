"""Requests to other servers: whether their paths name different endpoints, pages of a list, or rows."""

import re
from collections.abc import Collection, Sequence
from typing import Final
from urllib.parse import parse_qsl

REQUEST: Final = re.compile(r"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|QUERY) ")
"""The function's name of a request begins with its method."""
PATH: Final = "|path="
"""How the path is written in the canonical text of a request's lookup."""
_PAGE_KEYS: Final = frozenset(
    {
        *("page", "offset", "skip", "start", "startat", "from", "cursor", "after", "before", "since", "marker", "next"),
        *("pagetoken", "nexttoken", "continuation", "continuationtoken", "startkey", "startingafter", "lastid", "p"),
        *("part", "partno", "partnumber", "chunk", "chunkno", "chunknumber", "chunkindex"),
    }
)
"""Keys of a query that say where a page, or a part of a file, begins, in lower case and without punctuation."""
_SIGNS: Final = re.compile(r"[\W_]+")
_IDENTIFIER: Final = re.compile(r"\d")
"""A path segment with a digit is an id, a hash or a date, and not the name of an endpoint."""


def differ_by_row(paths: Sequence[str]) -> bool:
    """Whether paths of a server ask for several rows of one endpoint, as ``/prices/1`` and ``/prices/2`` do.

    Pages of a list don't, nor do different endpoints such as ``/price/1`` and ``/stock/1``.

    Args:
        paths: paths with their queries as logged, all different.
    """
    parted = [path.partition("?")[::2] for path in paths]
    queries = [dict(parse_qsl(query, keep_blank_values=True)) for _, query in parted]
    if len({frozenset(query) for query in queries}) > 1:
        return False
    segments = list(zip(*(path.split("/") for path, _ in parted), strict=False))
    if len({path.count("/") for path, _ in parted}) > 1:
        return False
    differing = [place for place, texts in enumerate(segments) if len(set(texts)) > 1]
    keys = {key for key in queries[0] if len({query[key] for query in queries}) > 1}
    if not differing:
        return bool(keys) and not begin_pages(keys)
    words = [place for place in differing if not all(map(_IDENTIFIER.search, segments[place]))]
    return not words or (len(words) == 1 and _names_row(segments, words[0]))


def begin_pages(keys: Collection[str]) -> bool:
    """Whether all of these keys of a query say where a page begins."""
    return all(_SIGNS.sub("", key).lower() in _PAGE_KEYS for key in keys)


def _names_row(segments: Sequence[tuple[str, ...]], place: int) -> bool:
    """Whether the differing words name rows, as users' names do: they follow another word, and no id is beside them."""
    before, behind = segments[place - 1][0], segments[place + 1][0] if place + 1 < len(segments) else ""
    return bool(before) and not _IDENTIFIER.search(before) and not _IDENTIFIER.search(behind)
