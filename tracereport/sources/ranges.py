"""A file in ranges of whole processes, each of which is read by itself, as if all before it had been read."""

from typing import Final

import msgspec

_LAST_ARE_SMALLER: Final = 4


class ByteRange(msgspec.Struct, frozen=True, kw_only=True):
    """A range of a file that begins where a process does, and what is known of the file before it is read."""

    start: int
    end: int
    first_line: int
    """How many lines stand before it."""
    crate: str | None = None
    """That of the last test binary before it that names one."""
    printed_before: tuple[bytes, ...] = ()
    """Digests of the tests' outputs in it that stand in the file before it, too."""
    unlearnt_tails: int = 0
    """Of the whole file, told with its first range; as of ``Envelope``."""
    split_lines: int = 0
    """As above."""


def least_bytes(start: int, size: int, range_bytes: int) -> int:
    """How many bytes a range has at least that starts there, in a file of this size.

    The last ones are smaller than the others, so that whoever measures them ends at about the same time.
    """
    return range_bytes if size - start >= 2 * range_bytes else range_bytes // _LAST_ARE_SMALLER
