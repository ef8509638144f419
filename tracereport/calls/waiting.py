"""Calls that look as if somebody waits: their names, or what they ask for, speak of a state that changes by itself."""

import re
from functools import lru_cache
from typing import Final

from tracereport.calls.lookup_text import decode_lookup

_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_WAITS: Final = frozenset(
    {
        *("wait", "waits", "waiting", "poll", "polls", "polling", "until", "retry", "retries", "attempt", "attempts"),
        *("watch", "monitor", "status", "state", "ready", "done", "finished", "completed", "pending", "progress"),
        *("running", "health", "healthy", "alive", "heartbeat", "lock", "locked", "acquire"),
    }
)


_STATEMENT: Final = "sql"
_ONE_COLUMN: Final = re.compile(r"\s*SELECT\b[^,]+?\bFROM\b", re.IGNORECASE)


def may_wait(caller: str | None, lookup: str) -> bool:
    """Whether who asks may wait for another answer, by the words of its name and of what it asks for.

    A statement counts where it asks for one value: among the columns of a whole row there often is a ``status``.

    Args:
        caller: the function that asks.
        lookup: canonical text of the question.
    """
    function, params = decode_lookup(lookup)
    named = [text for name, value in params if _names_it(name, value) for text in (name, value)]
    return any(map(_speaks_of_waiting, (caller or "", function, *named)))


def _names_it(name: str, value: str) -> bool:
    return name != _STATEMENT or _ONE_COLUMN.match(value) is not None


@lru_cache(maxsize=4096)
def _speaks_of_waiting(text: str) -> bool:
    return any(word.lower() in _WAITS for word in _WORD.findall(text))
