"""What all records share: how they are made, how lists are bounded, and the words that stand in more than one."""

from typing import Generic, Literal, TypeVar

import msgspec

SCHEMA_VERSION = 1

Row = TypeVar("Row")

FindingKind = Literal["again", "shared", "fan-out", "slow"]
EvidenceGrade = Literal["content", "version-like", "weak", "constant", "none"]
Confidence = Literal["sure", "likely", "low"]
TreeKind = Literal["flat", "nested", "given", "unknown"]
UnitKind = Literal["test", "process", "root"]
Asks = Literal["first", "fan-out", "unchanged", "changed", "unproven", "write", "frame", "other"]
"""What a call asks for: something new, something that a batch would have answered, what was asked before; or nothing:
it writes, is a place in the program, or is another call that can't ask again."""

UNKNOWN_CALLER = "unknown"
"""What an emitter writes for a caller that it can't tell; no function's name."""

REDACTED = "redacted:"
"""What a value, or a name, begins with that was put in another's place."""


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every record of the report has in common: it is immutable, and its fields are given by name.

    Both are said again by each record: ``kw_only`` holds for a class's own fields alone, and mypy wants ``frozen``.
    What is immutable leads never back to itself: the collector of cycles need not look at a report's 100,000 records.
    """


class Rows(msgspec.Struct, Generic[Row], frozen=True, gc=False):
    """The first rows of a list, and how many there are of them in all."""

    total: int = 0
    rows: tuple[Row, ...] = ()
