"""Rows of what records say beside question and answer -> the table of the distinct ones that the calls point to."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_TEXT, Origins
from tracereport.native.keys import factorize

_LARGEST_KEY: Final = 1 << 62

Integers = NDArray[np.int64]


class CodedOrigins(msgspec.Struct, frozen=True, eq=False):
    """The distinct origins, and which of them each of what was coded has."""

    origins: Origins
    origin: NDArray[np.int32]
    resources: tuple[str, ...]
    """Those given, and behind them those that only writes name."""


def code_origins(
    *,
    kind: NDArray[np.integer],
    answer: NDArray[np.integer],
    phase: NDArray[np.integer],
    attempt: NDArray[np.integer],
    at: tuple[NDArray[np.int32], Sequence[str]],
    via: tuple[NDArray[np.int32], Sequence[str]],
    writes: NDArray[np.integer],
    resources: tuple[str, ...],
) -> CodedOrigins:
    """Codes rows of what records say; each column as in ``Origins``, the texts with their values."""
    texts = {text: code for code, text in enumerate(dict.fromkeys((*at[1], *via[1])))}
    places = (np.array([*(texts[text] for text in values), NO_TEXT], np.int64)[code] for code, values in (at, via))
    columns = [column.astype(np.int64) for column in (kind, answer, phase, attempt, *places, writes)]
    origin, row = _code_rows(columns)
    if not len(row):
        return CodedOrigins(Origins.unsaid(), origin, resources)
    kinds, answers, phases, attempts, at_texts, via_texts, resource = (column[row] for column in columns)
    origins = Origins(
        kind=kinds.astype(np.uint8),
        answer=answers.astype(np.uint8),
        phase=phases.astype(np.uint8),
        attempt=attempts.astype(np.int32),
        at=at_texts.astype(np.int32),
        via=via_texts.astype(np.int32),
        writes=resource.astype(np.int32),
        texts=tuple(texts),
    )
    return CodedOrigins(origins, origin, resources)


def _code_rows(columns: Sequence[Integers]) -> tuple[NDArray[np.int32], Integers]:
    """Each row's number in the order of first use, and the first row of each number."""
    key = np.zeros(len(columns[0]), np.int64)
    width = 1
    for column in columns:
        if not len(column) or column[0] == column.min() == column.max():
            continue
        span = int(column.max() - column.min()) + 1
        if width * span > _LARGEST_KEY:
            key = np.unique(key, return_inverse=True)[1]
            width = int(key.max()) + 1
        key = key * span + (column - column.min())
        width *= span
    return factorize(key)
