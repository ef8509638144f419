"""Statements that handle many rows already: a list of keys, a set of rows, a page.

A loop over chunks of keys or over pages looks like an N+1, but a batch could replace none of its statements. Only the
statements themselves tell the difference.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from tracereport.calls.lookup_text import decode_lookup
from tracereport.calls.paths import PATH, REQUEST, begin_pages, differ_by_row
from tracereport.calls.placeholders import (
    differ_by_chunk,
    find_condition,
    find_places,
    find_ranges,
    has_places,
    is_of_pages,
    number_places,
)
from tracereport.calls.statements import STATEMENT, changes_rows, find_statement

_MANY_ROWS: Final = re.compile(r"\bVALUES\s*\((?:[^()]|\([^()]*\))*\)\s*,\s*\(", re.IGNORECASE)
"""``VALUES`` with at least two rows."""
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
_REPLACES: Final = re.compile("(?:PUT|PATCH|DELETE) ")
"""The methods of requests that change what is named."""
_PAGE_NAME: Final = r"(?:page|offset|skip|cursor|(?:page|next)_?token)"
_PAGE: Final = re.compile(_PAGE_NAME, re.IGNORECASE)
"""The name of a function's parameter that chooses a page."""
_NAMES_PAGE: Final = re.compile(rf"\|{_PAGE_NAME}=", re.IGNORECASE)
_OPERATED: Final = re.compile(r"\.\$?(?:in|gte?|lte?|contains|startsWith|endsWith|regex)=|\|cursor\.")
"""A condition of a library without statements, as Prisma (``where.id.in``) and MongoDB (``_id.$in``) have them."""
_LIST_OF_KEYS: Final = re.compile(r"(?:.+\.)?\$?in")
_BOUND: Final = re.compile(r".+\.\$?(?:gte?|lte?)")
_PATTERN: Final = re.compile(r".+\.\$?(?:contains|startsWith|endsWith|regex)")
_LIMITS: Final = frozenset({"take", "limit", "first"})
_MANY_KEYS: Final = re.compile(r"\[[^\[\]]+,")
"""The beginning of a list of at least two values."""
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
        is_page = all(_PAGE.fullmatch(name.partition(".")[0]) is not None for name in varying)
        return is_page or _is_of_many(function) or _operates_on_many(lookups, varying)
    if "sql" in varying:
        return differ_by_chunk([_read_statement(decode_lookup(each)[1]) or "" for each in lookups])
    return _varies_in_chunks(statement, lookups, varying)


def _operates_on_many(lookups: Sequence[str], varying: Collection[str]) -> bool:
    """Whether operations without a statement differ only in lists of keys, or in where a page begins."""
    asked = [dict(decode_lookup(each)[1]) for each in lookups]
    if all(_LIST_OF_KEYS.fullmatch(name) is not None for name in varying):
        # The last list may hold one key.
        few = [own for own in asked if not any(_MANY_KEYS.match(own.get(name, "")) for name in varying)]
        return len(few) <= 1 < len(asked)
    return not _LIMITS.isdisjoint(asked[0]) and all(_BOUND.fullmatch(name) is not None for name in varying)


def _varies_in_chunks(statement: str, lookups: Sequence[str], varying: Collection[str]) -> bool:
    """Whether what varies are the values of all lists of a statement, what it skips, or where a page begins."""
    many, pages, bounds = find_places(statement)
    if not (many or pages or bounds):
        return False
    names = [name for name, _ in decode_lookup(lookups[0])[1] if name not in _NOT_VALUES]
    varies = {place for place in number_places(statement, names) if place[1] in varying}
    at = {start for start, _ in varies}
    if (many and many <= at) or pages & at:
        return True
    named = {name for start, name in varies if start in bounds}
    return bool(named) and all(start in bounds or _repeats_any(lookups, name, named) for start, name in varies)


def _repeats_any(lookups: Sequence[str], name: str, others: Collection[str]) -> bool:
    """Whether a parameter always has the value of one of others, as in ``a > ? OR a = ? AND b > ?``."""
    found = [dict(decode_lookup(each)[1]) for each in lookups]
    return any(all(own.get(name) == own.get(other) for own in found) for other in others)


def asks_for_range(lookups: Sequence[str], varying: Collection[str]) -> bool:
    """Whether questions differ only in a bound or a pattern, for which no list can be asked.

    Args:
        lookups: canonical texts of several questions of a group.
        varying: the names of the parameters that differ.
    """
    params = decode_lookup(lookups[0])[1]
    statement = _read_statement(params)
    if statement is None:
        return all(_BOUND.fullmatch(name) or _PATTERN.fullmatch(name) for name in varying)
    if "sql" in varying:
        return False
    names = [name for name, _ in params if name not in _NOT_VALUES]
    at = {start for start, name in number_places(statement, names) if name in varying}
    return bool(at) and at <= find_ranges(statement)


def may_write_range(lookup: str) -> bool:
    """Whether a write may be for the rows of a range: a quick test before ``writes_range``.

    Args:
        lookup: its canonical text.
    """
    statement = find_statement(lookup) if STATEMENT in lookup else None
    return statement is not None and bool(find_ranges(statement))


def writes_range(lookups: Sequence[str]) -> bool:
    """Whether the conditions of writes differ only in bounds or patterns: each is for a range of rows.

    Args:
        lookups: canonical texts of the writes of a group, all different.
    """
    found = [dict(decode_lookup(each)[1]) for each in lookups]
    varying = {name for name in found[0] if len({own.get(name) for own in found}) > 1}
    statement = found[0]["sql"]
    where = find_condition(statement)
    if where is None or "sql" in varying:
        return False
    names = [name for name in found[0] if name not in _NOT_VALUES]
    at = {start for start, name in number_places(statement, names) if name in varying and start > where}
    return bool(at) and at <= find_ranges(statement)


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


def changes_the_same(lookup: str) -> bool:
    """Whether a write changes, or deletes, the same rows each time that it is executed, as no value is left open.

    Args:
        lookup: its canonical text.
    """
    params = decode_lookup(lookup)[1]
    statement = _read_statement(params)
    if statement is None or not changes_rows(lookup) or any(name not in _NOT_VALUES for name, _ in params):
        return False
    return not has_places(statement)


def may_ask_for_many(lookup: str) -> bool:
    """Whether a question may be for many keys, or for a page: a quick test before ``asks_for_many``.

    Args:
        lookup: its canonical text.
    """
    statement = find_statement(lookup) if STATEMENT in lookup else None
    if statement is not None:
        return is_of_pages(statement) or bool(find_ranges(statement))
    if REQUEST.match(lookup) is not None:
        return PATH in lookup
    if _STORE.match(lookup) is not None or _NAMES_PAGE.search(lookup) is not None:
        return True
    return _OPERATED.search(lookup) is not None


def sends_many_kinds(lookups: Sequence[str]) -> bool:
    """Whether writing requests go to different endpoints, or change one thing again, rather than several rows of one.

    Args:
        lookups: canonical texts of several requests of a group, all different.
    """
    if REQUEST.match(lookups[0]) is None:
        return False
    paths = _list_paths(lookups)
    if len(paths) == 1:
        return all(_REPLACES.match(each) is not None for each in lookups)
    return len(paths) > 1 and not differ_by_row(paths)


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
