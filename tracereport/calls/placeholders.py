"""Placeholders of statements: which stand in a list, in a comparison, in where a page begins.

Statements may also hold their values written out, as those of some clients do.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from tracereport.calls.patterns import lazily

_PLACE: Final = r"(?:%\(\w+\)s|%s|\?\d*|\$\d+|[:@]\w+)"
"""A placeholder, in the style of any driver."""
_LITERAL: Final = r"(?:-?\d+(?:\.\d+)?|'[^']*')"
_PLACES: Final = lazily(_PLACE)
_QUOTED: Final = lazily(r"'[^']*'|\"[^\"]*\"|`[^`]*`|::\w+")
"""Quoted texts and names, and casts: what looks like a placeholder in them is none."""
_LISTED: Final = lazily(
    rf"\bIN\s*\(\s*{_PLACE}(?:\s*,\s*{_PLACE})+\s*\)|"
    rf"\b(?:ANY|UNNEST|OPENJSON|STRING_(?:SPLIT|TO_ARRAY)|JSONB?_(?:EACH|TABLE|ARRAY_ELEMENTS(?:_TEXT)?))\s*\(\s*{_PLACE}|"
    rf"(?P<column>\b[\w.]{{1,200}})\s*=\s*{_PLACE}(?:\s+OR\s+(?P=column)\s*=\s*{_PLACE})+",
    re.IGNORECASE,
)
"""A list with at least two placeholders, in one of the forms of SQL; or an array."""
_SKIPPED: Final = lazily(rf"\bOFFSET\s+{_PLACE}|\bLIMIT\s+{_PLACE}(?=\s*,)", re.IGNORECASE)
"""The number of rows to skip."""
_ROW: Final = rf"(?:{_PLACE}|\(\s*{_PLACE}(?:\s*,\s*{_PLACE})*\s*\))"
"""A value, or those of several columns."""
_BOUND: Final = lazily(rf"(?:(?<![<>!=])>=?|(?<!<)<=?(?!>))\s*{_ROW}")
"""A comparison with the last row of the previous page."""
_RANGED: Final = lazily(
    rf"(?:<>|!=|[<>]=?|\bI?LIKE\b|\bBETWEEN(?:\s+{_PLACE}\s+AND)?\b|\bMATCH\b|\bREGEXP\b|!?~\*?)\s*{_ROW}",
    re.IGNORECASE,
)
"""A comparison with a bound or a pattern."""
_WHERE: Final = lazily(r"\bWHERE\b", re.IGNORECASE)
_LIMITED: Final = lazily(r"\bLIMIT\b|\bFETCH\s+(?:FIRST|NEXT)\b|\bSELECT\s+TOP\b", re.IGNORECASE)
_WRITTEN_OUT: Final = lazily(
    rf"(?P<list>\bIN\s*\(\s*{_LITERAL}(?:\s*,\s*{_LITERAL})+\s*\))|(?P<single>\bIN\s*\(\s*{_LITERAL}\s*\))|"
    rf"(?P<skip>\bOFFSET\s+\d+|\bLIMIT\s+\d+(?=\s*,))|"
    rf"(?P<bound>(?<![<>!=])[<>]=?\s*{_LITERAL})",
    re.IGNORECASE,
)
"""The parts in which chunks and pages differ if the values are written into the statement."""
_NUMBER: Final = lazily(r"[0-9]{1,9}")
"""A plausible number. Python refuses to convert one of thousands of digits."""


@lru_cache(maxsize=4096)
def is_of_pages(statement: str) -> bool:
    """Whether a statement may ask for many keys, or for a page."""
    return any(find_places(statement)) or _WRITTEN_OUT().search(statement) is not None


def has_places(statement: str) -> bool:
    """Whether a value is left open."""
    return _PLACES().search(_hide_quoted(statement)) is not None


def find_condition(statement: str) -> int | None:
    """Where a statement begins to say for which rows it is."""
    found = _WHERE().search(_hide_quoted(statement))
    return None if found is None else found.start()


@lru_cache(maxsize=4096)
def find_places(statement: str) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
    """The positions of placeholders in a list; after ``OFFSET``; and in a comparison that continues a page."""
    bare = _hide_quoted(statement)
    many = _places_in(bare, _LISTED().finditer(bare))
    pages = _places_in(bare, _SKIPPED().finditer(bare))
    bounds = _places_in(bare, _BOUND().finditer(bare)) if _LIMITED().search(bare) else frozenset()
    return many, pages, bounds


@lru_cache(maxsize=4096)
def find_ranges(statement: str) -> frozenset[int]:
    """The positions of placeholders that are compared as bounds or patterns."""
    bare = _hide_quoted(statement)
    return _places_in(bare, _RANGED().finditer(bare))


def _places_in(text: str, found: Iterable[re.Match[str]]) -> frozenset[int]:
    return frozenset(place.start() for each in found for place in _PLACES().finditer(text, each.start(), each.end()))


def number_places(statement: str, names: Sequence[str]) -> list[tuple[int, str]]:
    """Each placeholder's position and the name of its parameter; empty if there is none."""
    found = []
    for index, place in enumerate(_PLACES().finditer(_hide_quoted(statement))):
        own = place[0].strip("%()$:@?").removesuffix(")s") if place[0] not in ("?", "%s") else ""
        if own in names:
            name = own
        else:
            position = int(own) - 1 if _NUMBER().fullmatch(own) else index
            name = names[position] if 0 <= position < len(names) else ""
        found.append((place.start(), name))
    return found


@lru_cache(maxsize=4096)
def _hide_quoted(statement: str) -> str:
    """The statement with blanks instead of quoted parts, so that positions don't change."""
    return _QUOTED().sub(lambda found: " " * len(found[0]), statement)


def differ_by_chunk(statements: Sequence[str]) -> bool:
    """Whether statements differ only in the keys of a list, the offset, or the first row of a page."""
    by_statement = [{found.lastgroup for found in _WRITTEN_OUT().finditer(each)} for each in statements]
    marks = {mark for own in by_statement for mark in own}
    is_limited = all(_LIMITED().search(each) for each in statements)
    # Of chunks the last one may have a single key.
    lists = sum("list" in own for own in by_statement)
    are_lists = lists > 1 and lists >= len(statements) - 1
    if not (are_lists or (marks & {"skip", "bound"} and is_limited)):
        return False
    return len({" ".join(_WRITTEN_OUT().sub("", each).split()) for each in statements}) == 1
