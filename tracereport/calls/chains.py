"""Statements that may walk from row to row: each key stands in the answer before, so that no list of them is known.

So it is where a table's rows refer to one another: a row to its parent, a page to the next one.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from tracereport.calls.patterns import lazily
from tracereport.calls.statements import find_statement

NO_LINK, TO_ONE, TO_MANY, UNKNOWN_COLUMNS = range(4)
"""A statement follows no reference; it may look up the row that another refers to; or all that refer to one; or it asks
for all columns (``*``) of one row, which may refer to another."""
_NAME: Final = r"[\w$.\"`\[\]]{1,200}"
_ONE_TABLE: Final = lazily(
    rf"\s*SELECT\s+(?P<columns>.{{1,4000}}?)\sFROM\s+(?P<table>{_NAME})"
    rf"(?:\s+(?:AS\s+)?(?!WHERE\b)[\w\"`]{{1,200}})?\s+WHERE\s+(?P<conditions>.*)",
    re.IGNORECASE | re.DOTALL,
)
_VALUE: Final = r"(?:\?|%s|%\(\w+\)s|\$\d+|[:@]\w+|-?\d+|'[^']*')"
_EQUAL: Final = lazily(
    rf"(?P<column>{_NAME})(?:\s*=\s*{_VALUE}|\s+IN\s*\(\s*{_VALUE}\s*\))|{_VALUE}\s*=\s*(?P<behind>{_NAME})",
    re.IGNORECASE,
)
_JOINED: Final = lazily(r"\bjoin\b", re.IGNORECASE)
_EXISTENCE: Final = lazily(r"\s*SELECT\s+(?:1\b|TRUE\b|EXISTS\b|COUNT\s*\(|CASE\s+WHEN\s+EXISTS\b)", re.IGNORECASE)
_ALL_COLUMNS: Final = lazily(r"(?:[\w.\"`]{1,200}\.)?\*")
_COLUMNS_WRITTEN: Final = lazily(
    rf"\s*(?:INSERT|REPLACE)\b[\w\s]{{0,60}}?\bINTO\s+(?P<table>{_NAME})\s*\((?P<columns>[^()]{{1,4000}})\)",
    re.IGNORECASE,
)
_WORD: Final = lazily(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+")
_LINKS: Final = frozenset(
    {
        *("parent", "child", "ancestor", "up", "next", "prev", "previous", "following", "preceding", "left", "right"),
        *("successor", "predecessor", "manager", "supervisor", "boss", "reports", "master", "referrer", "referred"),
        *("replaced", "replaces", "superseded", "supersedes", "redirect", "redirects", "reply", "forward", "forwards"),
    }
)
"""What columns are called by which rows refer to others of their own table."""
_BESIDE_LINKS: Final = frozenset(
    {*("id", "ids", "key", "uuid", "guid", "pk", "code", "slug", "ref", "no", "to", "by", "in", "node", "item", "row")}
)


_KEYS: Final = frozenset({"id", "key", "uuid", "guid", "pk", "code", "ref", "no"})
"""Words of columns by which rows are told apart."""


def find_link(lookup: str) -> int:
    """``TO_ONE``, ``TO_MANY``, ``UNKNOWN_COLUMNS`` or ``NO_LINK``.

    Args:
        lookup: its canonical text.
    """
    statement = find_statement(lookup)
    return NO_LINK if statement is None else _find_link(statement)


def writes_link(lookup: str) -> bool:
    """Whether an insert names a column by which rows of its table refer to others of it.

    Args:
        lookup: its canonical text.
    """
    statement = find_statement(lookup)
    return statement is not None and _writes_link(statement)


def leads_elsewhere(via: str, lookup: str) -> bool:
    """Whether a hook says that what is asked belongs to the rows of another table (``sqlalchemy:Book.author``).

    Args:
        via: the hook.
        lookup: canonical text of a question for rows of one table.
    """
    owner, _, attribute = via.partition(":")[2].rpartition(".")
    statement = find_statement(lookup)
    found = None if statement is None else _ONE_TABLE().match(statement)
    if not owner or found is None:
        return False
    own = _list_words(found["table"])
    return not (_list_words(owner) & own or _is_link(attribute, own))


def proves_existence(lookup: str) -> bool:
    """Whether a question asks no more than whether there is such a row, or how many there are.

    Args:
        lookup: its canonical text.
    """
    statement = find_statement(lookup)
    return statement is not None and _EXISTENCE().match(statement) is not None


@lru_cache(maxsize=4096)
def _find_link(statement: str) -> int:
    found = _ONE_TABLE().match(statement)
    if found is None or _JOINED().search(statement) is not None:
        return NO_LINK
    own = _list_words(found["table"])
    keys = [each["column"] or each["behind"] for each in _EQUAL().finditer(found["conditions"])]
    if not keys:
        return NO_LINK
    if any(_is_link(key, own) for key in keys):
        return TO_MANY
    columns = [each.split()[0] for each in found["columns"].split(",") if each.split()]
    if any(_is_link(column, own) and _refers_to(column, keys, own) for column in columns):
        return TO_ONE
    is_open = any(_ALL_COLUMNS().fullmatch(column) for column in columns) and _refers_to("", keys, own)
    return UNKNOWN_COLUMNS if is_open else NO_LINK


def _refers_to(column: str, keys: Sequence[str], own: frozenset[str]) -> bool:
    """Whether a column may hold what one of the keys is asked for: ``parent_id`` an ``id``, but no ``slug``."""
    held = _find_words(column) - _LINKS - own
    for key in keys:
        asked = _find_words(key) - own
        if not asked or (column and not held) or held & asked or (held <= _KEYS and asked <= _KEYS):
            return True
    return False


@lru_cache(maxsize=4096)
def _writes_link(statement: str) -> bool:
    found = _COLUMNS_WRITTEN().match(statement)
    if found is None:
        return False
    own = _list_words(found["table"])
    return any(_is_link(column.strip(' \t\n"`[]'), own) for column in found["columns"].split(","))


def _list_words(name: str) -> frozenset[str]:
    """The words of a table's or a class's name, without the s of a plural."""
    return frozenset(word.lower().removesuffix("s") for word in _WORD().findall(name))


def _find_words(column: str) -> set[str]:
    """The words of a column's name."""
    return {word.lower() for word in _WORD().findall(column.rpartition(".")[2])}


def _is_link(column: str, own: frozenset[str]) -> bool:
    """Whether a column refers to a row of its own table, by the words of its name."""
    words = _find_words(column) - _BESIDE_LINKS
    words = {word for word in words if word.removesuffix("s") not in own}
    return bool(words) and words <= _LINKS
