"""What an SQL statement looks like as a call: its name, the parameters that make two of them one question, its answer.

The hooks of the object-relational mappers share this room.
"""

import functools
import hashlib
import itertools
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any, NamedTuple

from tracereport.emit import Call, begin, digest, name_caller, runs_in

_READS = frozenset({"select", "with", "values", "show", "explain", "pragma", "describe"})
_FRAMES = frozenset(
    {
        "begin", "start", "commit", "rollback", "savepoint", "release", "end", "abort", "set", "reset", "use",
        "discard", "prepare", "deallocate", "create", "alter", "drop", "rename", "comment", "grant", "revoke", "vacuum",
        "reindex", "lock", "unlock", "attach", "detach", "listen", "unlisten", "notify", "checkpoint",
    }
)  # fmt: skip
_WRITES_INSIDE = re.compile(r"\b(insert|update|delete|merge)\b", re.IGNORECASE)
_COMMENTS = re.compile(r"(?:\s|--[^\n]*|/\*.*?\*/)*+", re.DOTALL)
_LITERAL_OR_SPACE = re.compile(r"""('[^']*'|"[^"]*"|`[^`]*`)|\s+""")
_VERB = re.compile(r"[\s(]*(\w+)")
_TABLE = re.compile(r"\b(?:from|into|update|table|join)\s+(?:only\s+)?([\w.\"`\[\]]+)", re.IGNORECASE)
_QUOTES = re.compile(r"[\"`\[\]]")
_write_numbers = itertools.count(1)
_get_frame = sys._getframe  # noqa: SLF001  # inspect's form of it is typed as if there might be no frame


def begin_statement(sql: str, values: Iterable[tuple[str, object]], machinery: tuple[str, ...]) -> Call:
    """Begins the call that a statement is.

    Its function is verb and first table (``select orders``); its parameters are the statement's text, on one line and
    without the comments in front of it, and the values.
    A write is no question that could have been remembered: a running number as ``write`` makes each its own.

    Args:
        sql: the statement.
        values: names and values bound to it, in order.
        machinery: packages that are not the caller; the first frame outside of them is.
    """
    statement = describe(sql)
    params = [("sql", statement.text), *values]
    if not statement.is_read:
        params.append(("write", next(_write_numbers)))
    return begin(statement.name, params, _find_caller(machinery))


def is_read(sql: str) -> bool:
    """Whether the statement asks and changes nothing."""
    return describe(sql).is_read


def record_answer(call: Call, rows: Sequence[Any]) -> None:
    """Records what a read gave: how many rows, and a digest by which a repeat's answer is known to be the same."""
    call.record(rows=len(rows), **digest([tuple(map(_to_plain, row)) for row in rows]))


def name_values(parameters: object) -> list[tuple[str, object]]:
    """The values of one statement, named: by themselves, or ``p1``, ``p2``, ... where they only have places."""
    if isinstance(parameters, Mapping):
        return [(str(name), _to_plain(value)) for name, value in parameters.items()]
    if isinstance(parameters, Sequence) and not isinstance(parameters, (str, bytes)):
        return [(f"p{place}", _to_plain(value)) for place, value in enumerate(parameters, start=1)]
    return []


def name_many(parameter_sets: Sequence[object]) -> list[tuple[str, object]]:
    """The values of a statement that runs for many sets of them at once: how many, and a hash instead of them all."""
    values = [name_values(each) for each in parameter_sets]
    return [("parameter_sets", len(parameter_sets)), ("values", hide(values))]


def _to_plain(value: object) -> object:
    """Bytes for what drivers hold bytes in, whose text is an address."""
    return bytes(value) if isinstance(value, (memoryview, bytearray)) else value


def hide(value: object) -> str:
    """A hash that stands for a value: equal ones stay equal, and none is told."""
    return hashlib.blake2b(repr(value).encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


class Statement(NamedTuple):
    """What the text of a statement says."""

    name: str
    """Verb and first table: ``select orders``."""
    text: str
    """On one line, without the comments in front of it."""
    is_read: bool
    is_frame: bool
    """Control of a transaction or a session: it asks nothing."""
    writes: str | None
    """The table that it changes; ``1`` where that isn't known."""


@functools.lru_cache(maxsize=1024)
def describe(sql: str) -> Statement:
    """Reads a statement's text, without a dialect."""
    text = _COMMENTS.sub("", sql, count=1).strip()
    text = _LITERAL_OR_SPACE.sub(lambda found: found[1] or " ", text)
    verb = _VERB.match(text)
    table = _TABLE.search(text)
    words = [verb[1].lower() if verb else "statement"]
    reads = words[0] in _READS and not (words[0] == "with" and _WRITES_INSIDE.search(text))
    is_frame = words[0] in _FRAMES
    if table:
        words.append(_QUOTES.sub("", table[1]))
    writes = None if reads or is_frame else words[1] if table else "1"
    return Statement(" ".join(words), text, reads, is_frame, writes)


def _find_caller(machinery: tuple[str, ...]) -> str | None:
    """The first function outside the machinery and ours; None where the stack holds none."""
    inside = (*machinery, "tracereport.emit")
    for frame in _walk_stack():
        if not runs_in(frame, inside):
            return name_caller(frame)
    return None


def _walk_stack() -> Iterator[FrameType]:
    """The running frames from the inside out, through the greenlets in which asynchronous code runs synchronous one."""
    frame: FrameType | None = _get_frame(1)
    greenlet = sys.modules.get("greenlet")
    waiting = greenlet.getcurrent().parent if greenlet is not None else None
    while frame is not None:
        yield frame
        frame = frame.f_back
        while frame is None and waiting is not None:
            frame, waiting = waiting.gr_frame, waiting.parent
