"""What a lookup is by its own text: a question or a write, and the resource that it asks or changes."""

import re
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import EVERYTHING, FRAME, QUESTION, WRITE
from tracereport.calls.lookup_text import ODD_LOOKUP, decode_lookup
from tracereport.native.keys import find_distinct

_WRITES = "insert|update|delete|replace|merge"
STATEMENT = "|sql="
"""What the text of a lookup holds whose parameters include a statement."""
ALL = "1"
"""What a write says that names no resource: it may have changed anything."""
_NAME = r"[\w$.\"`\[\]]{1,200}"
_TABLE = re.compile(
    rf"\s*(?:(?:insert|replace|merge)\b[\w\s]{{0,60}}?\binto\s+|update\s+(?:only\s+)?|"
    rf"delete\s+from\s+(?:only\s+)?|(?:select|with)\b.{{0,4000}}?\bfrom\s+)(?P<table>{_NAME})",
    re.IGNORECASE | re.DOTALL,
)
_READ = re.compile(r"\b(?:from|join)\b", re.IGNORECASE)
_LISTED = re.compile(rf"\s*(?:(?:only|lateral)\s+)?(?P<table>{_NAME})", re.IGNORECASE)
_COMMA = re.compile(r"(?:\s+(?:as\s+)?[\w\"`\[\]]{1,200})?\s*,", re.IGNORECASE)
"""Behind a table, and what it is called: another one follows."""
_FIRST_WORD = re.compile(rf"\s*(?:{_WRITES})\b", re.IGNORECASE)
_MAY_HOLD_A_WRITE = re.compile(r"\s*(?:with|explain)\b", re.IGNORECASE)
_WRITE_INSIDE = re.compile(
    rf"\b(?:(?:insert|replace)\s+(?:or\s+\w+\s+)?into|(?<!for\s)(?<!key\s)update|delete\s+from|merge\s+into)\s+"
    rf"(?:only\s+)?(?P<table>{_NAME})",
    re.IGNORECASE,
)
"""A statement that begins with WITH may change a table, too; one that locks rows (FOR UPDATE) changes none."""
_TABLELESS = re.compile(r"(?:\|\|)?select\|", re.IGNORECASE)
"""How hooks call a question for no table, in the text of a lookup."""
_PING = re.compile(r"\s*select\s+1\s*;?\s*", re.IGNORECASE)
"""Whether a connection still lives: to ask that again is no waste."""
_LITERAL = re.compile(r"'[^']*'")
_VERB_AND_NAME = re.compile(rf"(?P<verb>select|{_WRITES}) (?P<name>\S+)", re.IGNORECASE)


class Subjects(msgspec.Struct, frozen=True, eq=False):
    """Per lookup its kind, and what it asks or changes."""

    kind: NDArray[np.uint8]
    """Index into ``CALL_KINDS``."""
    resource: NDArray[np.int32]
    """Index into ``resources``, or ``EVERYTHING``."""
    resources: tuple[str, ...]


def find_subjects(function: NDArray[np.int32], names: Sequence[str], statements: Iterable[tuple[int, str]]) -> Subjects:
    """Kind and resource of lookups.

    A write is told by the first word of the parameter ``sql``, or behind WITH by one inside it, or for a function named
    ``<verb> <name>`` by that verb. ``SELECT 1`` is a frame: it asks nothing.
    The resource is the table that the statement or that name gives; of a question else the function, of a write
    everything.

    Args:
        function: per lookup the code of its function.
        names: what the codes stand for.
        statements: the lookups that may hold the parameter ``sql``, with their canonical texts.
    """
    codes: dict[str, int] = {}
    kind_of_name, resource_of_name = np.full(len(names), QUESTION, np.uint8), np.zeros(len(names), np.int32)
    for code in find_distinct(function).tolist():
        kind_of_name[code], resource = _read_name(names[code])
        resource_of_name[code] = codes.setdefault(resource, len(codes))
    kind, resource_code = kind_of_name[function], resource_of_name[function]
    known: dict[str, tuple[int, str | None]] = {}
    for lookup, text in statements:
        statement = find_statement(text)
        if statement is None:
            continue
        told = known.get(statement)
        if told is None:
            written = _find_write(statement)
            found = written if written is not None and "table" in written.re.groupindex else _TABLE.match(statement)
            told = known[statement] = (
                WRITE if written is not None else FRAME if _PING.fullmatch(statement) else QUESTION,
                _bare_name(found["table"]) if found is not None else None,
            )
        kind[lookup], table = told
        if table is not None:
            resource_code[lookup] = codes.setdefault(table, len(codes))
        elif told[0] == WRITE and not _VERB_AND_NAME.fullmatch(names[function[lookup]]):
            resource_code[lookup] = EVERYTHING
    return Subjects(kind, resource_code, tuple(codes))


def list_tables_read(text: str) -> set[str]:
    """The tables that the statement of a question reads, all that it joins: what stands behind FROM and JOIN.

    Args:
        text: canonical text of a lookup; one without a statement reads none.
    """
    statement = find_statement(text)
    if statement is None or _find_write(statement) is not None:
        return set()
    tables = set()
    for clause in _READ.finditer(statement):
        found = _LISTED.match(statement, clause.end())
        while found is not None:
            tables.add(_bare_name(found["table"]))
            comma = _COMMA.match(statement, found.end())
            found = _LISTED.match(statement, comma.end()) if comma is not None else None
    return tables


def asks_no_table(text: str) -> bool:
    """Whether a question is for no table but for what the database itself does or knows: a lock, a sequence, the time.

    Args:
        text: canonical text of a lookup.
    """
    statement = find_statement(text) if _TABLELESS.match(text) is not None else None
    return statement is not None and _READ.search(_LITERAL.sub("''", statement)) is None


def changes_rows(text: str) -> bool:
    """Whether a write changes, or deletes, rows that are there, and adds none: to do so once more does nothing new.

    Args:
        text: canonical text of a lookup.
    """
    statement = find_statement(text)
    return (text if statement is None else statement).lstrip()[:6].lower() in ("update", "delete")


def code_written(name: str, codes: dict[str, int]) -> int:
    """The code of what ``write=<name>`` says is changed: a resource that is known by that name, or a table.

    Args:
        name: as logged; ``1`` and ``*`` stand for everything.
        codes: of the resources; one that isn't among them is added.
    """
    if name in (ALL, "*"):
        return EVERYTHING
    return codes[name] if name in codes else codes.setdefault(_bare_name(name), len(codes))


def _find_write(statement: str) -> re.Match[str] | None:
    """What says that the statement writes: its first word, or, behind WITH, a write inside it, with its ``table``."""
    first = _FIRST_WORD.match(statement)
    if first is not None or _MAY_HOLD_A_WRITE.match(statement) is None:
        return first
    return _WRITE_INSIDE.search(_LITERAL.sub("''", statement))


def _read_name(function: str) -> tuple[int, str]:
    named = _VERB_AND_NAME.fullmatch(function)
    if named is None:
        return QUESTION, _bare_name(function)
    return (QUESTION if named["verb"].lower() == "select" else WRITE), _bare_name(named["name"])


def find_statement(text: str) -> str | None:
    """The parameter ``sql`` of a lookup."""
    if text.startswith(ODD_LOOKUP):
        return next((value for name, value in decode_lookup(text)[1] if name == "sql"), None)
    start = text.find(STATEMENT)
    return None if start < 0 else text[start + len(STATEMENT) :].partition("|")[0]


def _bare_name(name: str) -> str:
    """A table's name without quotes, lower case: ``"Orders"`` and ``orders`` are one resource."""
    return re.sub(r"[\"`\[\]]", "", name).lower()
