"""What a record is by what it says: a question, a write or a frame; and what it asks or changes."""

import re

from tests.oracle.reading import Record

WRITING_WORDS = ("INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE")
NAME = re.compile(r"[A-Za-z0-9_$.\"`\[\]]*")

EVERYTHING = None
"""The resource of a write that names none."""


def kind_of(record: Record) -> str:
    """``frame`` and ``write`` where the line says so; else what the statement does, else what the function's name says.

    A function named like ``insert items``, a verb and one word, writes.
    """
    if record.frame:
        return "frame"
    if record.write is not None:
        return "write"
    statement = statement_of(record)
    if statement is not None:
        if statement.upper().rstrip(" ;").split() == ["SELECT", "1"]:
            return "frame"
        return "write" if first_word(statement) in WRITING_WORDS or written_inside(statement) else "question"
    verb, name = verb_and_name(record.function)
    return "write" if name and verb in WRITING_WORDS else "question"


def is_question(record: Record) -> bool:
    """Whether an answer to it can be told from another: its values were recorded, and it didn't fail."""
    return kind_of(record) == "question" and record.values_known and not record.failed


def resource_of(record: Record) -> str | None:
    """What a question asks: its table, else its function. What a write changes: that, or ``EVERYTHING``."""
    if kind_of(record) == "write" and record.write is not None:
        return EVERYTHING if record.write == "1" else bare(record.write)
    table = table_of(record)
    if table:
        return table
    return EVERYTHING if kind_of(record) == "write" else bare(record.function)


def table_of(record: Record) -> str | None:
    """The table that the statement names, else that which the function's name does."""
    statement = statement_of(record)
    table = table_in(statement) if statement is not None else None
    if table:
        return table
    verb, name = verb_and_name(record.function)
    return bare(name) if name and verb in (*WRITING_WORDS, "SELECT") else None


def tables_read(record: Record) -> set[str]:
    """What a question's answer rests on: its resource, and every table that its statement joins."""
    words = re.sub(r"([,()])", r" \1 ", statement_of(record) or "").split()
    tables = {resource_of(record)}
    for place, word in enumerate(words):
        if word.upper() in ("FROM", "JOIN"):
            rest = words[place + 1 :]
            while rest:
                if rest[0].upper() in ("ONLY", "LATERAL") and len(rest) > 1:
                    rest = rest[1:]
                name = NAME.match(rest[0])
                if not name or not name.group():
                    break
                tables.add(bare(name.group()))
                behind = rest[1:4]
                if behind[:1] and behind[0].upper() == "AS":
                    behind = behind[1:]
                comma = next((at for at, own in enumerate(behind[:2]) if own == ","), None)
                if comma is None or name.group() != rest[0]:
                    break
                rest = rest[rest.index(",") + 1 :]
    return {table for table in tables if table != EVERYTHING}


def statement_of(record: Record) -> str | None:
    """The parameter ``sql``."""
    return next((value for name, value in record.params if name == "sql"), None)


def first_word(statement: str) -> str:
    """In capitals."""
    word = re.match(r"\s*([A-Za-z]*)", statement)
    return word.group(1).upper() if word else ""


def table_in(statement: str) -> str | None:
    """The name behind INTO, UPDATE or the first FROM that has one; what a statement behind WITH writes, if it does."""
    inside = written_inside(statement)
    if inside:
        return inside
    before = {"INSERT": "INTO", "REPLACE": "INTO", "MERGE": "INTO", "UPDATE": "UPDATE"}.get(
        first_word(statement), "FROM"
    )
    words = statement.split()
    for place, word in enumerate(words):
        if word.upper() == before:
            behind = words[place + 1 : place + 3]
            if len(behind) == 2 and behind[0].upper() == "ONLY":
                del behind[0]
            match = NAME.match(behind[0]) if behind else None
            if match and bare(match.group()):
                return bare(match.group())
    return None


def written_inside(statement: str) -> str | None:
    """The table that a statement behind WITH or EXPLAIN changes."""
    if first_word(statement) not in ("WITH", "EXPLAIN"):
        return None
    words = re.sub("'[^']*'", "''", statement).replace("(", " ").split()
    for place, word in enumerate(words):
        behind = [each.upper() for each in words[place + 1 : place + 4]]
        verb, before = word.upper(), words[place - 1].upper()
        if verb in ("INSERT", "REPLACE") and behind[:1] == ["OR"]:
            behind = behind[2:]
            skipped = 3
        else:
            skipped = 1
        if verb in ("INSERT", "REPLACE", "MERGE") and behind[:1] == ["INTO"]:
            named = words[place + skipped + 1 :]
        elif verb == "DELETE" and behind[:1] == ["FROM"]:
            named = words[place + 2 :]
        elif verb == "UPDATE" and before not in ("FOR", "KEY"):
            named = words[place + 1 :]
        else:
            continue
        if len(named) > 1 and named[0].upper() == "ONLY":
            named = named[1:]
        match = NAME.match(named[0]) if named else None
        if match and bare(match.group()):
            return bare(match.group())
    return None


def verb_and_name(function: str) -> tuple[str, str]:
    """The two words of a function's name, the first in capitals; empty where it has not just two."""
    verb, _, name = function.partition(" ")
    return (verb.upper(), name) if name and not re.search(r"\s", name) else ("", "")


def bare(name: str) -> str:
    """Without quotes, in lower case."""
    return re.sub(r"[\"`\[\]]", "", name).lower()
