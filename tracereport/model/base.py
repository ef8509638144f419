"""What all records share: how they are made, go to JSON and back, how lists are bounded, and words of more than one."""

from typing import Generic, Literal, TypeVar

import msgspec

SCHEMA_VERSION = 1

Row = TypeVar("Row")
Kind = TypeVar("Kind", bound=msgspec.Struct)

FindingKind = Literal["again", "shared", "fan-out", "slow"]
EvidenceGrade = Literal["content", "version-like", "weak", "constant", "none"]
Confidence = Literal["sure", "likely", "low"]
TreeKind = Literal["flat", "nested", "given", "unknown"]
UnitKind = Literal["test", "process", "root"]
Asks = Literal["first", "fan-out", "unchanged", "changed", "unproven", "write", "frame", "other"]
"""What a call asks for: something new, something that a batch would have answered, what was asked before; or nothing:
it writes, is a place in the program, or is another call that can't ask again."""

UNKNOWN_CALLER = "unknown"
FEW_VALUES = "few-values"
"""The code of the warning that a loop over rows may hide where too few values are asked for to tell."""
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


def encode_json(record: Record) -> bytes:
    """A record as one JSON object, indented by nothing, keys in the order of its fields, with a final newline."""
    return msgspec.json.encode(record) + b"\n"


def decode_json(text: bytes, kind: type[Kind]) -> Kind:
    """The record that ``encode_json`` wrote; unknown keys are ignored.

    Raises:
        msgspec.ValidationError: a key is missing or holds something else.
        msgspec.DecodeError: it is no JSON.
    """
    return msgspec.json.decode(text, type=kind)


def json_schema(kind: type[Record]) -> dict[str, object]:
    """The JSON Schema (2020-12) of what ``encode_json`` writes of such a record."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(kind)}
