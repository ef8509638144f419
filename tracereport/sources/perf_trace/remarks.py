"""What the reserved fields of records say of their calls, one entry per distinct text of them."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_TEXT
from tracereport.sources.perf_trace.grammar import (
    FLAG_FIELDS,
    NUMBER_FIELDS,
    PHASE_FIELD,
    TEXT_FIELDS,
    MetricFields,
    undo_escapes,
)

NOT_SAID = -1


class Remarks(msgspec.Struct, frozen=True, eq=False):
    """What is said, by remark; one of them may say nothing."""

    dropped: NDArray[np.int64]
    """How many fields can't be what their names say."""
    flags: dict[str, NDArray[np.bool_]]
    """Per name of ``FLAG_FIELDS``."""
    numbers: dict[str, NDArray[np.int64]]
    """Per name of ``NUMBER_FIELDS``; ``NOT_SAID`` where there is none."""
    texts: dict[str, tuple[NDArray[np.int32], tuple[str, ...]]]
    """Per name of ``TEXT_FIELDS`` and ``phase`` an index into the values, ``NO_TEXT`` where there is none."""


def make_remarks(fields: Sequence[MetricFields]) -> Remarks:
    """The remarks as columns; escapes are undone where a remark says that its record is escaped."""
    return Remarks(
        dropped=np.array([own.dropped for own in fields], np.int64),
        flags={name: np.array([name in own.flags for own in fields], bool) for name in FLAG_FIELDS},
        numbers={
            name: np.array([own.numbers.get(name, NOT_SAID) for own in fields], np.int64) for name in NUMBER_FIELDS
        },
        texts={name: _code_values(name, fields) for name in (*TEXT_FIELDS, PHASE_FIELD)},
    )


def _code_values(name: str, fields: Sequence[MetricFields]) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    codes: dict[str, int] = {}
    found = []
    for own in fields:
        value = own.texts.get(name)
        if value is not None and "escaped" in own.flags:
            value = undo_escapes(value)
        found.append(NO_TEXT if value is None else codes.setdefault(value, len(codes)))
    return np.array(found, np.int32), tuple(codes)
