"""Calls that take the next piece of work off a queue: another one each time, and gone for all others."""

import re
from functools import lru_cache
from typing import Final

from tracereport.calls.lookup_text import decode_lookup
from tracereport.calls.patterns import lazily

_STORE: Final = "redis"
_COMMANDS: Final = frozenset(
    {
        *("lpop", "rpop", "blpop", "brpop", "lmove", "blmove", "rpoplpush", "brpoplpush", "lmpop", "blmpop", "spop"),
        *("zpopmin", "zpopmax", "bzpopmin", "bzpopmax", "zmpop", "bzmpop"),
        *("xread", "xreadgroup", "xautoclaim", "getdel"),
    }
)
"""Of a key-value store, as hooks write them before its name."""
_STATEMENT: Final = lazily(
    r"\bSKIP\s+LOCKED\b|^\s*(?:UPDATE|DELETE)\b.*\bLIMIT\b.*\bRETURNING\b", re.IGNORECASE | re.DOTALL
)
"""Locks, changes or deletes the next rows that are free, whichever these are."""


def is_taking_command(name: str) -> bool:
    """Whether a function takes something off a queue, or waits for what is put there."""
    command, _, store = name.lower().partition(" ")
    return store == _STORE and command in _COMMANDS


def takes_one(lookup: str) -> bool:
    """Whether a call takes something off a queue.

    Args:
        lookup: its canonical text.
    """
    function, params = decode_lookup(lookup)
    if is_taking_command(function):
        return True
    statement = next((value for name, value in params if name == "sql"), None)
    return statement is not None and _takes(statement)


@lru_cache(maxsize=4096)
def _takes(statement: str) -> bool:
    return _STATEMENT().search(statement) is not None
