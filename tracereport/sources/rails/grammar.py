"""How Rails writes a line: what stands in front of a statement, behind it and below it."""

import functools
import re
from collections import Counter
from datetime import datetime
from typing import Final

import msgspec

from tracereport.calls.tables import Params
from tracereport.sources.statements import FILTERED

TENTH_NS: Final = 100_000
"""Statements are timed to a tenth of a millisecond."""
STATEMENT_MARK: Final = "ms)  "
"""Stands between a statement's time and its text."""
PLACE_MARK: Final = "\u21b3 "
COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
STARTED: Final = re.compile(r'Started (?P<method>[A-Z]+) "(?P<path>[^"]*)" for \S+ at ')
PROCESSING: Final = re.compile(r"Processing by (?P<action>[\w:]+#\w+[?!]?) as ")
COMPLETED: Final = re.compile(r"Completed \d+ .{0,200}? in (?P<time>\d{1,9}(?:\.\d{1,9})?)ms")
PERFORMING: Final = re.compile(r"Performing (?P<job>[\w:]+) \(Job ID: (?P<id>[\w-]+)\)")
PERFORMED: Final = re.compile(
    r"Performed (?P<job>[\w:]+) \(Job ID: (?P<id>[\w-]+)\).{0,300}? in (?P<time>\d{1,9}(?:\.\d{1,9})?)ms"
)
TEST: Final = re.compile(r"(?P<test>[A-Z][\w:]*: test_.+)")
DASHES: Final = re.compile(r"-{8,}")
_ENDS_TRANSACTION: Final = re.compile(r"(?:ROLLBACK|COMMIT)\s*(?:TRANSACTION)?\s*\Z", re.IGNORECASE)
_BEGINS_TRANSACTION: Final = re.compile(r"BEGIN\b|START TRANSACTION", re.IGNORECASE)
_BIND: Final = re.compile(
    r"""\[(?:"(?P<name>(?:[^"\\]|\\.)*)"|nil),\s(?P<value>"(?:[^"\\]|\\.)*"|\[FILTERED\]|<\d+\sbytes\sof\sbinary\sdata>|[^\[\]]*|\[[^\]]*\])\]"""
)
_PLAIN_BIND: Final = re.compile(r'\["([^"\\]+)", (?:"([^"\\]*)"|([\w.+-]+))\](?=[,\]])')
_PREFIX: Final = re.compile(r"\s*[DIWEF], \[[^\]]*?#(?P<pid>\d+)\]\s+\w+ -- [^:]*: ")
_PLACE: Final = re.compile(r"(?P<path>\S+?):(?P<line>\d+)(?::in [`'](?P<method>.*)')?\s*\Z")
_INSIDE: Final = re.compile(r"(?:block (?:\(\d+ levels\) )?in |rescue in |ensure in )+")
_COMPILED: Final = re.compile(r"_\w+_(?:erb|haml|slim|builder|jbuilder|ruby)_+\d+_\d+")
_GOES_ON: Final = re.compile(
    r"\s*(?:FROM|WHERE|AND|OR|ON|(?:LEFT |RIGHT |INNER |OUTER |CROSS |FULL )*JOIN|ORDER BY|GROUP BY|HAVING|LIMIT|"
    r"OFFSET|SET|VALUES|UNION|RETURNING|SELECT|AS|CASE|WHEN|ELSE|END|\)|\(|,)(?:\b|(?<=[),(]))",
    re.IGNORECASE,
)
_LONGEST_TIME: Final = 16
_GIVEN_UP_SECONDS: Final = 30
"""A request that hasn't ended after so long, when the next one begins, never will."""


class Head(msgspec.Struct, frozen=True, gc=False):
    """What stands in front of a statement."""

    key: str
    """As ``key_of``."""
    name: str
    """``User Load``, ``SCHEMA``; empty where Rails knows none."""
    elapsed_ns: int
    is_cached: bool


@functools.lru_cache(maxsize=1 << 12)
def read_head(text: str) -> Head | None:
    """Reads what stands before a line's ``STATEMENT_MARK``: ``  User Load (0.5``; none if no statement follows."""
    left, _, time = text.partition("ms) (db time ")[0].rpartition("(")
    if not time.replace(".", "", 1).isdecimal() or len(time) > _LONGEST_TIME:
        return None
    before, _, name = left.rpartition("  ")
    name = name.strip().removeprefix("ASYNC ")
    is_cached = name.startswith("CACHE")
    if is_cached:
        name = name.removeprefix("CACHE").strip().removeprefix("ASYNC ")
    return Head(key_of(before), name, round(float(time) * 10) * TENTH_NS, is_cached)


@functools.lru_cache(maxsize=1 << 12)
def split_place(line: str) -> tuple[str, str]:
    """Of a line with ``PLACE_MARK`` its key, as ``key_of``, and the place."""
    before, _, place = line.partition(PLACE_MARK)
    return key_of(before), place


@functools.lru_cache(maxsize=1 << 14)
def read_place(place: str) -> tuple[str | None, str]:
    """The caller, without a line so that it stays the same, and the place with it."""
    found = _PLACE.match(place)
    if found is None:
        return None, place
    method = _INSIDE.sub("", found["method"] or "")
    method = "" if _COMPILED.search(method) or method.startswith("<") else method
    caller = f"{method} ({found['path']})" if method else found["path"]
    return caller, f"{found['path']}:{found['line']}"


def split_binds(rest: str) -> tuple[str, str]:
    """The statement, and the values behind it as Ruby writes them."""
    start = rest.find("  [[") if rest.rstrip().endswith("]]") else -1
    return (rest, "") if start < 0 else (rest[:start], rest[start:].strip())


def read_binds(text: str) -> tuple[Params, bool]:
    """The names and values behind a statement, and whether all of them are told."""
    params: list[tuple[str, str]] = []
    seen: Counter[str] = Counter()
    is_whole = True
    for found in _BIND.finditer(text, 1):
        name, value = found["name"] or "value", found["value"]
        is_whole &= value.strip('"') != FILTERED and "bytes of binary data" not in value
        seen[name] += 1
        if value.startswith('"'):
            value = value[1:-1]
        params.append((name if seen[name] == 1 else f"{name}_{seen[name]}", value))
    return tuple(params), is_whole


def join_plain_binds(text: str) -> tuple[str, int] | None:
    """Names and values as they stand in the text of a lookup, ``|id=1|state=open``, and how many there are.

    Of texts and numbers under names of their own, as nearly all are; none where there is anything else.
    """
    found = _PLAIN_BIND.findall(text)
    count = len(found)
    joined = "".join([f"|{name}={number or quoted}" for name, quoted, number in found])
    # Beside names, values and quotes there is [[, ], [, ], [, ]] in the text, and as much of | and = in what is joined.
    is_all = len(joined) - 2 * count + text.count('"') + 6 * count == len(text)
    is_plain = joined.count("|") == joined.count("=") == count == len({name for name, _, _ in found})
    return (joined, count) if is_all and is_plain and FILTERED not in text else None


def key_of(before: str) -> str:
    """What tells the threads apart: the process's number and the tags, as they stand in front of a line."""
    text = before.strip()
    if not text:
        return ""
    found = _PREFIX.match(before)
    if found is None:
        return text if text.startswith("[") else ""
    return f"{found['pid']} {before[found.end() :].strip()}"


def goes_on(sql: str, line: str) -> bool:
    """Whether a line behind a statement is the rest of it."""
    if split_binds(sql)[1]:
        return False
    is_open = (
        not sql.strip() or sql.count("(") > sql.count(")") or sql.count("'") % 2 == 1 or sql.rstrip().endswith(",")
    )
    return is_open or _GOES_ON.match(line) is not None


def begins_transaction(sql: str) -> bool:
    """Whether a statement begins one."""
    return _BEGINS_TRANSACTION.match(sql) is not None


def ends_transaction(sql: str) -> bool:
    """Whether a statement ends the outermost one."""
    return _ENDS_TRANSACTION.match(sql) is not None


def is_long_after(before: str, now: str) -> bool:
    """Whether a request that began at the one time has surely been given up at the other."""
    try:
        first, second = (datetime.strptime(time.strip()[:19], "%Y-%m-%d %H:%M:%S") for time in (before, now))  # noqa: DTZ007 - of one clock
    except ValueError:
        return False
    return (second - first).total_seconds() > _GIVEN_UP_SECONDS
