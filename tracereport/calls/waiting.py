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


def may_wait(caller: str | None, lookup: str) -> bool:
    """Whether who asks may wait for another answer, by the words of its name and of what it asks for.

    Args:
        caller: the function that asks.
        lookup: canonical text of the question.
    """
    function, params = decode_lookup(lookup)
    return any(_speaks_of_waiting(text) for text in (caller or "", function, *(text for own in params for text in own)))


@lru_cache(maxsize=4096)
def _speaks_of_waiting(text: str) -> bool:
    return any(word.lower() in _WAITS for word in _WORD.findall(text))
