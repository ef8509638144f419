"""An SQL statement with its values in it -> what was asked, and with which values; for all sources that see SQL."""

import functools
import re
from typing import Final

import msgspec

from tracereport.calls.calls import CallKind
from tracereport.calls.tables import Params
from tracereport.emit.statements import describe

_TOKEN: Final = re.compile(
    r"""
    (?P<text>  (?:\b[EeNnBbXx])?'(?:[^']|'')*' )
  | (?P<name>  "(?:[^"]|"")*" | `[^`]*` | \[[A-Za-z_][^\]\[]*\] )
  | (?P<comment> --[^\n]* | /\*.{0,2000}?\*/ )
  | (?P<place> \$\d+ | %s | %\(\w+\)s | \? | (?<![:\w]):[A-Za-z_]\w* | (?<![@\w])@[A-Za-z_]\w* )
  | (?P<number> (?:(?:(?<=[(,=<>+*/-])|(?<=[(,=<>+*/-]\s))[-+])?
               (?<![\w.$])(?:0x[0-9A-Fa-f]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)(?![\w]) )
    """,
    re.VERBOSE | re.DOTALL,
)
_BATCH: Final = re.compile(r"begin\s+(?:unlogged\s+|counter\s+)?batch\b", re.IGNORECASE)
"""Several writes of Cassandra's in one statement."""
_CUT_OFF: Final = re.compile(r"(?:\.\.\.|…|\[truncated\])\s*\Z")
_LONGEST: Final = 100_000
"""Characters of a statement that are looked at; what is longer has been made by a machine for many rows at once."""
_MOST_COMMENTS: Final = 100
FILTERED: Final = "[FILTERED]"


class Statement(msgspec.Struct, frozen=True):
    """What one statement asks."""

    name: str
    """Verb and first table: ``select orders``."""
    params: Params
    """``sql``, the text without values; then ``p1``, ``p2``, ... as they stood in it."""
    places: int
    """How many values stood elsewhere: ``?``, ``$1``, ``:name``."""
    kind: CallKind
    writes: str | None
    """What it changes; ``""``: everything; None for a question, or where its text says so."""
    is_cut: bool
    """The end of its text is missing."""


def split_last_comment(sql: str) -> tuple[str, str]:
    """The statement without the comment that it ends with, and what that says: tools write there who asked."""
    text = sql.rstrip().removesuffix(";").rstrip()
    start = text.rfind("/*") if text.endswith("*/") else -1
    return (sql, "") if start < 0 else (text[:start].rstrip(), text[start + 2 : -2])


@functools.lru_cache(maxsize=1 << 16)
def read_statement(sql: str) -> Statement:
    """Reads a statement, without a dialect."""
    values: list[str] = []
    places: set[str] = set()

    def take(found: re.Match[str]) -> str:
        kind, text = found.lastgroup, found[0]
        if kind == "place":
            places.add(f"? {len(places)}" if text in ("?", "%s") else text)
            return text
        if kind in ("name", "comment"):
            return text
        values.append(text[text.index("'") + 1 : -1].replace("''", "'") if kind == "text" else text)
        return "?"

    # So many comments are no program's: looking for the end of each takes the square of the length.
    longest = _LONGEST if sql.count("/*") <= _MOST_COMMENTS else _LONGEST // 50
    is_cut = len(sql) > longest or _CUT_OFF.search(sql[-_LONGEST:]) is not None
    told = describe(_TOKEN.sub(take, sql[:longest]))
    is_batch = _BATCH.match(told.text) is not None
    kind: CallKind = "question" if told.is_read else "frame" if told.asks_nothing and not is_batch else "write"
    return Statement(
        name=told.name,
        params=(("sql", told.text), *[(f"p{place}", value) for place, value in enumerate(values, start=1)]),
        places=len(places),
        kind=kind,
        writes="" if told.writes == "1" or is_batch else None,
        is_cut=is_cut or FILTERED in values,
    )
