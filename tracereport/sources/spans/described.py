"""What is known of a span as a call, and what all spans tell in the same attributes."""

from collections.abc import Mapping
from typing import Final

import msgspec

from tracereport.calls.calls import AnswerKind, CallKind
from tracereport.calls.tables import Metrics, Params

Scalar = str | int | float | bool
Attributes = Mapping[str, Scalar]
INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5
"""Kinds of spans, numbered as OTLP does."""
_ROWS: Final = ("db.response.returned_rows", "db.row_count", "db.rows_affected", "db.response.row_count")
_BYTES: Final = (
    "http.response.body.size",
    "http.response_content_length",
    "http.response.header.content-length",
    "cache.item_size",
)
_LARGEST_METRIC: Final = 2**64 - 1


class Described(msgspec.Struct, frozen=True):
    """A span as a call."""

    function: str
    kind: CallKind
    params: Params = ()
    values_known: bool = True
    answer: AnswerKind = ""
    resource: str | None = None
    """What is asked or changed, where no statement says so."""
    writes: str | None = None
    metrics: Metrics = ()
    database: str | None = None
    """Which database is asked."""
    lacks: str = ""
    """Why it can't be used in full: code of a notice."""


def find_metrics(attributes: Attributes) -> Metrics:
    """The rows and bytes of an answer, where they are told."""
    found = []
    for name, keys in (("rows", _ROWS), ("bytes", _BYTES)):
        for key in keys:
            value = attributes.get(key)
            if value is not None:
                try:
                    number = int(value)
                except (ValueError, OverflowError):
                    continue
                if 0 <= number <= _LARGEST_METRIC:
                    found.append((name, number))
                    break
    return tuple(found)
