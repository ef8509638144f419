"""Requests to other servers: whether their paths ask for one thing of several kinds, for pages, or for rows."""

import re
from collections.abc import Collection, Sequence
from typing import Final
from urllib.parse import parse_qsl

REQUEST: Final = re.compile(r"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|QUERY) ")
"""How a request is called, by its method."""
PATH: Final = "|path="
"""What the text of a request's lookup holds that says its path."""
_PAGE_KEYS: Final = frozenset(
    {
        *("page", "offset", "skip", "start", "startat", "from", "cursor", "after", "before", "since", "marker", "next"),
        *("pagetoken", "nexttoken", "continuation", "continuationtoken", "startkey", "startingafter", "lastid", "p"),
    }
)
"""Keys of a query that say where a page begins, without signs between their words."""
_SIGNS: Final = re.compile(r"[\W_]+")
_IDENTIFIER: Final = re.compile(r"\d")
"""What is looked up by number, by hash or by date, and no word that a server has given its parts."""


def differ_by_row(paths: Sequence[str]) -> bool:
    """Whether paths of one server ask for the same of several rows: ``/prices/1`` and ``/prices/2``.

    Not so pages of a list, and things of several kinds: ``/price/1`` and ``/stock/1``.

    Args:
        paths: as logged, with their queries, all different.
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
    """Whether keys of a query all say where a page begins."""
    return all(_SIGNS.sub("", key).lower() in _PAGE_KEYS for key in keys)


def _names_row(segments: Sequence[tuple[str, ...]], place: int) -> bool:
    """Whether words tell rows apart, as names of users do: behind another word, and with no identifier beside them."""
    before, behind = segments[place - 1][0], segments[place + 1][0] if place + 1 < len(segments) else ""
    return bool(before) and not _IDENTIFIER.search(before) and not _IDENTIFIER.search(behind)
