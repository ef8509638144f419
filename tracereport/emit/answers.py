"""Metrics of what a function returned: what a repeat of the call is judged by."""

from __future__ import annotations

import functools
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sized

_SHORT = 500
"""Characters of a text whose digest is kept."""


def size(returned: Sized | None) -> dict[str, int]:
    """The result metric ``size``: how many there are; none for None."""
    return {"size": 0 if returned is None else len(returned)}


def found(returned: object) -> dict[str, int]:
    """The result metric ``found``: 0 for None, else 1."""
    return {"found": int(returned is not None)}


def digest(returned: object) -> dict[str, int]:
    """The result metric ``digest``: 63 bits of a hash of the answer's ``repr``; equal answers have equal ones."""
    return {"digest": hash_text(repr(returned))}


def digest_field(text: str) -> str:
    """The result metric ``digest`` of an answer's text, as a line has it."""
    return _digest_short(text) if len(text) <= _SHORT else _digest(text)


def _digest(text: str) -> str:
    return f"digest={hash_text(text)}"


_digest_short = functools.lru_cache(maxsize=1024)(_digest)
"""What was answered once is answered again: in a loop, and by the next test."""


def hash_text(text: str) -> int:
    """63 bits of a hash, which is the same in every process."""
    return int.from_bytes(blake2b(text.encode("utf-8", "backslashreplace"), digest_size=8).digest(), "big") >> 1
