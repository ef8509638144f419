r"""What an SQL statement looks like as a call: its name, the parameters that make two of them one question, its answer.

The hooks for databases share this room.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import re
from collections.abc import Hashable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from .askers import find_outside
from .calls import NOT_TRACED, NOWHERE, Call, TracedCall
from .lines import format_params
from .log import now

if TYPE_CHECKING:
    from types import FrameType

_READS = frozenset({"select", "with", "values", "table", "explain", "describe", "desc"})
_WRITES = frozenset({"insert", "update", "delete", "replace", "merge", "upsert", "truncate"})
_ASK_NOTHING = frozenset(
    """
    begin start commit rollback savepoint release end abort set reset use discard prepare deallocate
    create alter drop rename comment grant revoke pragma show analyze vacuum reindex cluster lock unlock
    attach detach listen unlisten notify checkpoint
    """.split()  # noqa: SIM905  # as many lines as words, else
)
"""Transaction control, settings and schema."""
_NAME = r"""((?:[\w$]+|"[^"]*"|`[^`]*`|\[[^\]]*\])(?:\.(?:[\w$]+|"[^"]*"|`[^`]*`|\[[^\]]*\]))*)"""
_WRITES_INSIDE = re.compile(
    rf"\b(?:(?:insert|replace)\s+(?:or\s+\w+\s+)?into|(?<!for\s)(?<!key\s)update|delete\s+from|merge\s+into)\s+"
    rf"(?:only\s+)?{_NAME}",
    re.IGNORECASE,
)
_TABLE = re.compile(
    rf"\b(?:from|into|update|table|join|truncate)\s+(?:only\s+|if\s+(?:not\s+)?exists\s+)*{_NAME}", re.IGNORECASE
)
_NAMED_FIRST = re.compile(rf"\s*(?:copy\s+(?:binary\s+)?|call\s+){_NAME}", re.IGNORECASE)
_COPIES_OUT = re.compile(r"\bto\s+(?:stdout\b|program\b|')", re.IGNORECASE)
_VERB = re.compile(r"[\s(]*(\w+)")
_QUOTES = re.compile(r"[\"`\[\]]")
_PARENTHESES = re.compile(r"\([^()]*\)")
_LITERAL = re.compile(r"'[^']*'")
PLAIN = frozenset({int, str, float, bool, bytes, type(None)})
"""Kinds of values that print as themselves, whichever driver gives them."""
_TUPLES = frozenset({tuple})
_SETS = frozenset({dict, tuple})
"""Kinds of sets of values, as drivers take them."""
_SCHEMA_TABLE = re.compile(
    r"(?:\w+\.)?(?:information_schema|pg_catalog|sys|performance_schema)\.|pg_\w+$|sqlite_(?:temp_)?(?:master|schema)$"
    r"|alembic_version$|django_migrations$",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"""
    ( '[^']*' | "[^"]*" | `[^`]*` | \$(\w*)\$.*?\$\2\$   # texts and quoted names
    | /\*[+!].*?\*/                                      # hints
    | --(?=\S)[^\n]* )                                   # a comment; in MySQL two signs
    | (?: --(?!\S)[^\n]* | /\*(?![+!]).*?\*/ | \s+ )+
    """,
    re.DOTALL | re.VERBOSE,
)
_SETS_SCHEMA = re.compile(
    r"set\s+(?:session\s+|local\s+)?(?:search_path|schema|role|authorization)\b\s*(?:=|to\b)?\s*(.*)"
    r"|use\s+(.*)|alter\s+session\s+set\s+current_schema\s*=\s*(.*)"
    r"|select\s+(?:pg_catalog\.)?set_config\(\s*('search_path'.*)",
    re.IGNORECASE | re.DOTALL,
)
_RESETS_SCHEMA = re.compile(r"reset\s+(?:search_path|role|all)\b|discard\s+all\b", re.IGNORECASE)


class Statement(NamedTuple):
    """What the text of a statement says."""

    name: str
    """Verb and first table: ``select orders``."""
    field: str
    """The parameter ``sql``: its text on one line, without comments; what is quoted stands as it is."""
    is_read: bool
    asks_nothing: bool
    """Whether it is transaction control, a setting, or about the schema: such statements aren't traced."""
    writes: str | None
    """The table that it changes; ``1`` where that isn't known."""
    sets_schema: str | None
    """What it sets as the place where tables are looked for; empty where it goes back to the first one."""

    @property
    def text(self) -> str:
        """Its text, as the parameter holds it."""
        return self.field[len("sql=") :]


class Session:
    """What a connection to a database has been told that later answers depend on."""

    is_any: ClassVar[bool] = False
    """Whether any connection has been told something: else there is nothing to look up."""
    _rollbacks = itertools.count(1)

    def __init__(self) -> None:
        Session.is_any = True
        self.schema: str | None = None

    def note(self, statement: Statement, values: Sequence[tuple[str, object]]) -> None:
        """Takes a statement that has been executed into account."""
        if statement.sets_schema is not None:
            parts = [statement.sets_schema, *(str(value) for _, value in values)]
            self.schema = " ".join(parts) if statement.sets_schema else None
        elif statement.name.startswith("rollback"):
            self.roll_back()

    def roll_back(self) -> None:
        """Notes that it can't be known which schema holds now, so that no answer is taken for that of another one."""
        if self.schema is not None:
            self.schema = f"after rollback {next(self._rollbacks)}"


class Databases:
    """Names the databases that a program asks, from the second one on: the questions of a program with one stay.

    They are told apart within a test. A database that a test makes for itself, in a file or in memory, stands for the
    first of all where the test asks no other one, so that each such test has the same questions. One that several tests
    ask keeps its name as long as no other has it in the same test.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, str | None] = {}
        self._test: object = None
        self._named: dict[Hashable, str | None] = {}

    def name(self, key: Hashable, name: str) -> str | None:
        """The name of a database in the test that runs, by what tells it from others; None for the first."""
        if self._test != now.test[:2]:
            self._test, self._named = now.test[:2], {}
        if key not in self._named:
            chosen, taken = self._kept.get(key), self._named.values()
            numbered = (f"{name} {number}" for number in itertools.count(2))
            chosen = next(each for each in itertools.chain((chosen, name), numbered) if each not in taken)
            self._named[key] = chosen
            self._kept.setdefault(key, chosen)
        return self._named[key]


def begin_statement(
    statement: Statement,
    values: Sequence[tuple[str, object]],
    machinery: tuple[str, ...],
    *,
    via: str,
    database: str | None = None,
    schema: str | None = None,
    start: FrameType | None = None,
    sent: tuple[object, ...] = (),
) -> Call:
    """Begins the call that a statement is; none for one that asks nothing.

    Its parameters are the statement's text, the values, and where it matters the database and the schema.

    Args:
        statement: what is executed.
        values: names and values bound to it, in order.
        machinery: packages that are not the caller; the first frame outside of them is.
        via: the hook's name.
        database: which one is asked, where there is more than one.
        schema: what a statement before has set as the place where tables are looked for.
        start: the frame from which the caller is searched; None: that which calls this.
        sent: what the program has given the library as the statement, in each of its forms.
    """
    log = now.log
    if log is None or statement.asks_nothing:
        return NOT_TRACED
    params = [statement.field, *format_params(values)]
    if database is not None:
        params.append(f"database={database}")
    if schema is not None:
        params.append(f"schema={schema}")
    marks: dict[str, object] = {}
    if statement.writes is not None:
        marks["write"] = statement.writes
    return TracedCall(log, statement.name, find_outside(machinery, start, sent) or NOWHERE, params, via, marks)


def record_answer(call: Call, rows: Sequence[Any]) -> None:
    """Records what a read gave: how many rows, and a digest by which a repeat's answer is known to be the same."""
    try:
        text = repr(to_plain_rows(rows))
    except Exception:  # noqa: BLE001  # rows of a driver's own kind, or values that can't be printed
        text = None
    call.record_answer("rows", len(rows), text)


def to_plain_rows(rows: Sequence[Any]) -> list[Any]:
    """Rows whose text says what is in them and nothing else; of a kind that isn't known, what they hold by name.

    Raises:
        TypeError: a row holds nothing.
    """
    if not (_TUPLES.issuperset(map(type, rows)) and PLAIN.issuperset(map(type, chain.from_iterable(rows)))):
        return [_to_plain_row(row) for row in rows]
    return rows if type(rows) is list else [*rows]


def _to_plain_row(row: Any) -> object:  # noqa: ANN401  # as a driver, or a program, makes them
    if type(row) in PLAIN:
        return row
    if isinstance(row, Mapping):
        return {name: _to_plain(value) for name, value in row.items()}
    if hasattr(row, "__iter__"):
        values = tuple(row)
        return values if PLAIN.issuperset(map(type, values)) else tuple(map(_to_plain, values))
    return {name: _to_plain(value) for name, value in vars(row).items()}


def goes_back(cursor: Any) -> bool:  # noqa: ANN401  # of any driver
    """Sets a cursor back to its first row, where it can be."""
    scroll = getattr(cursor, "scroll", None)
    if scroll is None:
        return False
    try:
        scroll(0, mode="absolute")
    except Exception:  # noqa: BLE001  # not backwards
        return False
    return True


def name_values(parameters: object) -> list[tuple[str, object]]:
    """The values of one statement, named: by themselves, or ``p1``, ``p2``, ... where they only have places."""
    if not parameters:
        return []
    if type(parameters) is dict or isinstance(parameters, Mapping):
        return [
            (name if type(name) is str else str(name), value if type(value) in PLAIN else _to_plain(value))
            for name, value in parameters.items()
        ]
    if isinstance(parameters, (str, bytes)) or not isinstance(parameters, (list, tuple, Sequence)):
        return []
    named = []
    for place, value in enumerate(parameters, start=1):
        named.append((f"p{place}", value if type(value) in PLAIN else _to_plain(value)))
    return named


def name_many(parameter_sets: Sequence[object]) -> list[tuple[str, object]]:
    """The values of a statement that runs for many sets of them at once: how many, and a hash instead of them all."""
    values = parameter_sets if _are_plain(parameter_sets) else [name_values(each) for each in parameter_sets]
    return [("parameter_sets", len(parameter_sets)), ("values", hide(values))]


def _are_plain(parameter_sets: Sequence[object]) -> bool:
    """Whether sets of values print as what they hold, and are all of one kind."""
    kinds = set(map(type, parameter_sets))
    if type(parameter_sets) is not list or len(kinds) != 1:
        return False
    values = map(dict.values, parameter_sets) if dict in kinds else parameter_sets
    return not kinds.isdisjoint(_SETS) and PLAIN.issuperset(map(type, chain.from_iterable(values)))


def _to_plain(value: object) -> object:
    """Bytes for what drivers hold bytes in, whose text is an address."""
    if type(value) in PLAIN:
        return value
    return bytes(value) if isinstance(value, (memoryview, bytearray)) else value


def hide(value: object) -> str:
    """A hash that stands for a value: equal ones stay equal, and none is told."""
    return hashlib.blake2b(repr(value).encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


@functools.lru_cache(maxsize=1024)
def describe(sql: str) -> Statement:
    """Reads a statement's text, without a dialect: what could be meant in two ways stays as it is."""
    text = _strip_comments(sql)
    bare = _LITERAL.sub("''", text)
    verb = _VERB.match(bare)
    word = verb[1].lower() if verb else "statement"
    table = _find_table(bare, word)
    inside = _WRITES_INSIDE.search(bare) if word in ("with", "explain", "copy") else None
    is_read = (word in _READS or (word == "copy" and _COPIES_OUT.search(bare) is not None)) and not inside
    is_of_schema = (is_read or word in _WRITES) and table is not None and _SCHEMA_TABLE.match(table) is not None
    asks_nothing = is_of_schema or word in _ASK_NOTHING
    writes = None
    if not is_read and not asks_nothing:
        writes = _clean(inside[1]) if inside else table if word in _WRITES or word == "copy" else None
        writes = writes or "1"
    name = f"{word} {table}" if table else word
    return Statement(name, f"sql={text}", is_read, asks_nothing, writes, _find_set_schema(text))


def _strip_comments(sql: str) -> str:
    if "\\'" in sql or '\\"' in sql:  # whether a quote ends there is a matter of the dialect
        return sql.strip()
    return _TOKEN.sub(lambda found: found[1] or " ", sql).strip()


def _find_set_schema(text: str) -> str | None:
    sets = _SETS_SCHEMA.match(text)
    if sets:
        return next(part for part in sets.groups() if part is not None) or "?"
    return "" if _RESETS_SCHEMA.match(text) else None


def _find_table(text: str, verb: str) -> str | None:
    """The first table outside of parentheses; where none is, or where what stands inside comes first, the first one.

    Of a procedure that is called it is that.
    """
    named = _NAMED_FIRST.match(text) if verb in ("copy", "call") else None
    if named:
        return _clean(named[1])
    outside, before = text.lstrip("( \n"), ""
    while outside != before:
        before, outside = outside, _PARENTHESES.sub("()", outside.replace("()", "\0"))
    table = (verb != "with" and _TABLE.search(outside)) or _TABLE.search(text)
    return _clean(table[1]) if table else None


def _clean(name: str) -> str:
    return _QUOTES.sub("", name)
