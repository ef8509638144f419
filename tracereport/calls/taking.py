"""Calls that take the next piece of work off a queue: another one each time, and gone for all others."""

import re
from functools import lru_cache
from typing import Final

from tracereport.calls.lookup_text import decode_lookup

_COMMAND: Final = re.compile(
    r"(?:b?[lr]pop|b?lmove|b?rpoplpush|b?l?mpop|spop|b?zpop(?:min|max)|xread|xreadgroup|xautoclaim|getdel) redis",
    re.IGNORECASE,
)
"""Of a key-value store, as hooks write it."""
_STATEMENT: Final = re.compile(
    r"\bSKIP\s+LOCKED\b|^\s*(?:UPDATE|DELETE)\b.*\bLIMIT\b.*\bRETURNING\b", re.IGNORECASE | re.DOTALL
)
"""Locks, changes or deletes the next rows that are free, whichever these are."""


def is_taking_command(name: str) -> bool:
    """Whether a function takes something off a queue, or waits for what is put there."""
    return _COMMAND.fullmatch(name) is not None


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
    return _STATEMENT.search(statement) is not None
