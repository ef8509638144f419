"""What a report was made with: the settings of its figures, the command's configuration, the selection."""

from types import MappingProxyType
from typing import Annotated

import msgspec

from tracereport.model.base import Record, UnitKind


class Settings(Record, frozen=True, kw_only=True):
    """The thresholds and options in force; their defaults are the definitions of the measures."""

    cache_candidate_calls: Annotated[int, msgspec.Meta(ge=2)] = 3
    """Calls of one signature in one process from which on it is a cache candidate."""
    fan_out_values: Annotated[int, msgspec.Meta(ge=2)] | None = None
    """Distinct values of the varying parameter from which on a group is a fan-out; null: five, and fewer where the
    database is known to be small, or the records tell of a loop over rows."""
    slow_minimum_calls: Annotated[int, msgspec.Meta(ge=1)] = 20
    """Calls of a function below which none of them is called slow."""
    slow_minimum_ns: Annotated[int, msgspec.Meta(ge=0)] = 10_000_000
    """Elapsed time up to which no call is called slow."""
    unit: UnitKind | None = None
    """What a repeat is wasteful within, whatever is known; null: the test where it is known, else the process."""
    ignore_metrics: tuple[str, ...] = ()
    """Metrics that are no result: they take no part in the evidence of a repeat."""
    top: Annotated[int, msgspec.Meta(ge=1)] = 10
    """Rows of each list that the text, Markdown and HTML documents show."""


class Configuration(Record, frozen=True, kw_only=True):
    """The options in force beside settings and selection; those of the command line and of the file alike.

    What only says where documents go isn't among them: the same input and options give the same bytes anywhere.
    """

    fail_on: tuple[str, ...] = ()
    today: str | None = None
    redact: tuple[str, ...] = ()
    redact_key: bool = False
    """Whether a key of one's own was given for the hashes."""
    marker: str | None = None
    markdown_limit: int | None = None
    """Bytes; null where no command said it."""
    location: str | None = None


class Selection(Record, frozen=True, kw_only=True):
    """What the documents are narrowed to; it never changes what is measured."""

    functions: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()
    processes: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    calls: tuple[int, ...] = ()


OPTION_OF_FIELD = MappingProxyType(
    {
        "functions": "function",
        "callers": "caller",
        "processes": "process",
        "tests": "test",
        "params": "param",
        "calls": "call",
        "ignore_metrics": "ignore-metric",
        "source": "from",
    }
)
"""What the user calls a field that holds many values, or whose name is a word of Python's: the option for it."""


def option_of_field(field: str) -> str:
    """What the user calls a field of ``Selection`` or ``Settings``: the option, or the key of the configuration."""
    return OPTION_OF_FIELD.get(field, field.replace("_", "-"))
