"""Metrics of what a function returned: what a repeat of the call is judged by."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sized


def size(returned: Sized | None) -> dict[str, int]:
    """The result metric ``size``: how many there are; none for None."""
    return {"size": 0 if returned is None else len(returned)}


def found(returned: object) -> dict[str, int]:
    """The result metric ``found``: 0 for None, else 1."""
    return {"found": int(returned is not None)}


def digest(returned: object) -> dict[str, int]:
    """The result metric ``digest``: 63 bits of a hash of the answer's ``repr``; equal answers have equal ones."""
    return {"digest": hash_text(repr(returned))}


def hash_text(text: str) -> int:
    """63 bits of a hash, which is the same in every process."""
    return int.from_bytes(blake2b(text.encode("utf-8", "backslashreplace"), digest_size=8).digest(), "big") >> 1
