"""Statements that handle many rows already: a list of keys, a set of rows, a page.

A loop over chunks of keys or over pages looks like an N+1, but a batch could replace none of its statements. Only the
statements themselves tell the difference.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Final

from tracereport.calls.lookup_text import decode_lookup
from tracereport.calls.paths import PATH, REQUEST, begin_pages, differ_by_row
from tracereport.calls.statements import STATEMENT, changes_rows, find_statement

_PLACE: Final = r"(?:%\(\w+\)s|%s|\?\d*|\$\d+|[:@]\w+)"
"""A placeholder, in the style of any driver."""
_LITERAL: Final = r"(?:-?\d+(?:\.\d+)?|'[^']*')"
_PLACES: Final = re.compile(_PLACE)
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|::\w+")
"""Quoted texts and names, and casts: what looks like a placeholder in them is none."""
_LISTED: Final = re.compile(
    rf"\bIN\s*\(\s*{_PLACE}(?:\s*,\s*{_PLACE})+\s*\)|\b(?:ANY|UNNEST)\s*\(\s*{_PLACE}", re.IGNORECASE
)
"""A list with at least two placeholders, or an array."""
_SKIPPED: Final = re.compile(rf"\bOFFSET\s+{_PLACE}|\bLIMIT\s+{_PLACE}(?=\s*,)", re.IGNORECASE)
"""The number of rows to skip."""
_BOUND: Final = re.compile(rf"(?:(?<![<>!=])>=?|(?<!<)<=?(?!>))\s*{_PLACE}")
"""A comparison with the last row of the previous page."""
_RANGED: Final = re.compile(
    rf"(?:<>|!=|[<>]=?|\bI?LIKE\b|\bBETWEEN(?:\s+{_PLACE}\s+AND)?\b|\bMATCH\b|\bREGEXP\b|!?~\*?)\s*{_PLACE}",
    re.IGNORECASE,
)
"""A comparison with a bound or a pattern."""
_LIMITED: Final = re.compile(r"\bLIMIT\b|\bFETCH\s+(?:FIRST|NEXT)\b|\bSELECT\s+TOP\b", re.IGNORECASE)
_MANY_ROWS: Final = re.compile(r"\bVALUES\s*\((?:[^()]|\([^()]*\))*\)\s*,\s*\(", re.IGNORECASE)
"""``VALUES`` with at least two rows."""
_WRITTEN_OUT: Final = re.compile(
    rf"(?P<list>\bIN\s*\(\s*{_LITERAL}(?:\s*,\s*{_LITERAL})+\s*\))|(?P<skip>\bOFFSET\s+\d+)|"
    rf"(?P<bound>(?<![<>!=])[<>]=?\s*{_LITERAL})",
    re.IGNORECASE,
)
"""The parts in which chunks and pages differ if the values are written into the statement."""
_NOT_VALUES: Final = frozenset({"sql", "database", "schema", "table"})
"""Parameters of a statement that aren't values of its placeholders."""
_STORE: Final = re.compile(r"([\w.]+) (?:redis|cache)(?=$|\|)")
"""The function's name of a command to a key-value store, as hooks write it."""
_COMMANDS_FOR_MANY: Final = frozenset(
    {
        *("pipeline", "mget", "hmget", "json.mget", "mset", "msetnx", "scan", "sscan", "hscan", "zscan"),
        *("get_many", "set_many", "delete_many"),
    }
)
_PAGE_NAME: Final = r"(?:page|offset|skip|cursor|(?:page|next)_?token)"
_PAGE: Final = re.compile(_PAGE_NAME, re.IGNORECASE)
"""The name of a function's parameter that chooses a page."""
_NAMES_PAGE: Final = re.compile(rf"\|{_PAGE_NAME}=", re.IGNORECASE)
SETS: Final = "parameter_sets"
"""The parameter with which a hook says for how many sets of values a statement is executed."""
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
"""A plausible number. Python refuses to convert one of thousands of digits."""


def asks_for_many(lookups: Sequence[str], varying: Collection[str]) -> bool:
    """Whether questions differ only in the keys of a list, or in the page that they ask for.

    Args:
        lookups: canonical texts of several questions of a group.
        varying: the names of the parameters that differ.
    """
    function, params = decode_lookup(lookups[0])
    statement = _read_statement(params)
    if statement is None:
        if REQUEST.match(function) is not None:
            return _asks_for_pages(lookups, varying)
        return _is_of_many(function) or all(_PAGE.fullmatch(name) is not None for name in varying)
    if "sql" in varying:
        return _differ_by_chunk([_read_statement(decode_lookup(each)[1]) or "" for each in lookups])
    many, pages, bounds = _find_places(statement)
    if not (many or pages or bounds):
        return False
    names = [name for name, _ in params if name not in _NOT_VALUES]
    varies = {place for place in _number_places(statement, names) if place[1] in varying}
    at = {start for start, _ in varies}
    if (many and many <= at) or pages & at:
        return True
    return bool(bounds) and bool(at) and at <= bounds


def asks_for_range(lookups: Sequence[str], varying: Collection[str]) -> bool:
    """Whether questions differ only in a bound or a pattern, for which no list can be asked.

    Args:
        lookups: canonical texts of several questions of a group.
        varying: the names of the parameters that differ.
    """
    params = decode_lookup(lookups[0])[1]
    statement = _read_statement(params)
    if statement is None or "sql" in varying:
        return False
    names = [name for name, _ in params if name not in _NOT_VALUES]
    at = {start for start, name in _number_places(statement, names) if name in varying}
    return bool(at) and at <= _find_ranges(statement)


def writes_many(lookup: str) -> bool:
    """Whether a write writes several rows at once.

    Args:
        lookup: its canonical text.
    """
    function, params = decode_lookup(lookup)
    told = dict(params)
    sets = told.get(SETS, "")
    if _NUMBER.fullmatch(sets):
        return int(sets) > 1
    return _is_of_many(function) or _MANY_ROWS.search(told.get("sql", "")) is not None


def adds_nothing_twice(lookup: str) -> bool:
    """Whether repeating a write adds no further row.

    That holds for ``UPDATE`` and ``DELETE``, for requests to servers and for keys of a store, if their values are
    recorded.

    Args:
        lookup: its canonical text.
    """
    if all(name in _NOT_VALUES for name, _ in decode_lookup(lookup)[1]):
        return False
    return changes_rows(lookup) or REQUEST.match(lookup) is not None or _STORE.match(lookup) is not None


def may_ask_for_many(lookup: str) -> bool:
    """Whether a question may be for many keys, or for a page: a quick test before ``asks_for_many``.

    Args:
        lookup: its canonical text.
    """
    statement = find_statement(lookup) if STATEMENT in lookup else None
    if statement is not None:
        return _is_of_pages(statement) or bool(_find_ranges(statement))
    if REQUEST.match(lookup) is not None:
        return PATH in lookup
    return _STORE.match(lookup) is not None or _NAMES_PAGE.search(lookup) is not None


def sends_many_kinds(lookups: Sequence[str]) -> bool:
    """Whether writing requests go to different endpoints, rather than to several rows of one.

    Args:
        lookups: canonical texts of several requests of a group, all different.
    """
    if REQUEST.match(lookups[0]) is None:
        return False
    return len(_list_paths(lookups)) > 1 and not _differ_by_row(lookups)


def _asks_for_pages(lookups: Sequence[str], varying: Collection[str]) -> bool:
    """Whether requests differ only in the page, in the endpoint, or in their headers.

    Depending on the hook, the query is a part of the path or a parameter of its own.
    """
    if "path" in varying:
        return not _differ_by_row(lookups)
    keys = set(varying) - {"headers"}
    return not keys or begin_pages(keys)


def _differ_by_row(lookups: Sequence[str]) -> bool:
    paths = _list_paths(lookups)
    return len(paths) > 1 and differ_by_row(paths)


def _list_paths(lookups: Sequence[str]) -> list[str]:
    """The distinct paths of requests; without those that have none."""
    found = (dict(decode_lookup(each)[1]).get("path") for each in lookups)
    return list(dict.fromkeys(path for path in found if path is not None))


def _read_statement(params: Iterable[tuple[str, str]]) -> str | None:
    """The text of the statement, if there is one."""
    return next((value for name, value in params if name == "sql"), None)


def _is_of_many(function: str) -> bool:
    """Whether a command of a store takes many keys, or reads a page of them."""
    command = _STORE.match(function)
    return command is not None and command[1] in _COMMANDS_FOR_MANY


@lru_cache(maxsize=4096)
def _is_of_pages(statement: str) -> bool:
    return any(_find_places(statement)) or _WRITTEN_OUT.search(statement) is not None


@lru_cache(maxsize=4096)
def _find_places(statement: str) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
    """The positions of placeholders in a list; after ``OFFSET``; and in a comparison that continues a page."""
    bare = _hide_quoted(statement)
    many = _places_in(bare, _LISTED.finditer(bare))
    pages = _places_in(bare, _SKIPPED.finditer(bare))
    bounds = _places_in(bare, _BOUND.finditer(bare)) if _LIMITED.search(bare) else frozenset()
    return many, pages, bounds


@lru_cache(maxsize=4096)
def _find_ranges(statement: str) -> frozenset[int]:
    bare = _hide_quoted(statement)
    return _places_in(bare, _RANGED.finditer(bare))


def _places_in(text: str, found: Iterable[re.Match[str]]) -> frozenset[int]:
    return frozenset(place.start() for each in found for place in _PLACES.finditer(text, each.start(), each.end()))


def _number_places(statement: str, names: Sequence[str]) -> list[tuple[int, str]]:
    """Each placeholder's position and the name of its parameter; empty if there is none."""
    found = []
    for index, place in enumerate(_PLACES.finditer(_hide_quoted(statement))):
        own = place[0].strip("%()$:@?").removesuffix(")s") if place[0] not in ("?", "%s") else ""
        if own in names:
            name = own
        else:
            position = int(own) - 1 if _NUMBER.fullmatch(own) else index
            name = names[position] if 0 <= position < len(names) else ""
        found.append((place.start(), name))
    return found


@lru_cache(maxsize=4096)
def _hide_quoted(statement: str) -> str:
    """The statement with blanks instead of quoted parts, so that positions don't change."""
    return _QUOTED.sub(lambda found: " " * len(found[0]), statement)


def _differ_by_chunk(statements: Sequence[str]) -> bool:
    """Whether statements differ only in the keys of a list, the offset, or the first row of a page."""
    marks = {found.lastgroup for each in statements for found in _WRITTEN_OUT.finditer(each)}
    is_limited = all(_LIMITED.search(each) for each in statements)
    if not (marks & {"list"} or (marks & {"skip", "bound"} and is_limited)):
        return False
    return len({" ".join(_WRITTEN_OUT.sub("", each).split()) for each in statements}) == 1
