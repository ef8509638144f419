"""What stands in a cell: a value of the report in words, before any document's syntax.

Every document writes the same cell: plain text shows ``plain``, Markdown puts ``code`` around it, the page adds titles
and links by the cell's type. So a figure reads alike in all of them.
"""

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import msgspec

from tracereport.model import AdjacentPair, CallerShare, CallReference, Metric, Param, Rows
from tracereport.wording.phrases import Code, format_count
from tracereport.wording.sentences import describe_reference
from tracereport.wording.units import (
    format_bounds,
    format_call_runs,
    format_caller,
    format_cut_list,
    format_elapsed,
    format_exact_time,
    format_lookup,
    format_metric,
    format_name,
    format_self_time,
    format_signature,
    quote_name,
    shorten_path,
)

NOTHING = "-"
"""What stands for a zero, or for what isn't known."""
LEVEL_MARK = "> "
"""Stands for a level of calls."""
_LISTED = 8
"""Of a list inside a cell, where nothing else says how much room there is."""


class Words(msgspec.Struct, frozen=True):
    """Our own words; those that mean better or worse are marked as such, never by colour alone."""

    text: str
    tone: Literal["", "better", "worse"] = ""

    def plain(self) -> str:
        """The words."""
        return self.text


class Figure(msgspec.Struct, frozen=True):
    """A figure with its unit; the exact value where the figure is rounded."""

    text: str
    exact: str = ""

    def plain(self) -> str:
        """The figure."""
        return self.text


class Count(msgspec.Struct, frozen=True):
    """How many; a zero is a quiet dash."""

    count: int

    def plain(self) -> str:
        """``1,523``."""
        return format_count(self.count) if self.count else NOTHING


class Name(msgspec.Struct, frozen=True):
    """A name or value of the log."""

    name: str

    def plain(self) -> str:
        """The name."""
        return format_name(self.name)


class FunctionName(msgspec.Struct, frozen=True):
    """A function; the page lets a reader choose it, to see only what belongs to it."""

    name: str

    def plain(self) -> str:
        """The name."""
        return format_name(self.name)


class CallerName(msgspec.Struct, frozen=True):
    """A caller; null where the record names none."""

    name: str | None

    def plain(self) -> str:
        """The name."""
        return format_caller(self.name)


class Asked(msgspec.Struct, frozen=True):
    """What was asked: a lookup, or with its caller a signature."""

    function: str
    params: tuple[Param, ...]
    caller: str | None = None

    def plain(self) -> str:
        """In the syntax of the log."""
        if self.caller is None:
            return format_lookup(self.function, self.params)
        return format_signature(self.function, self.caller, self.params)


class Clause(msgspec.Struct, frozen=True):
    """A clause that names something of the log: the document says how a name is written."""

    write: Callable[[Code], str]

    def plain(self) -> str:
        """The clause, its names in backticks."""
        return self.write(quote_name)


class Step(msgspec.Struct, frozen=True):
    """A call among others, as many levels below the first one as it stands inside of others."""

    depth: int
    write: Callable[[Code], str]

    def plain(self) -> str:
        """``> > select products: pk_1 = 10, 11``: a mark for each level."""
        return LEVEL_MARK * self.depth + self.write(format_name)


class Numbers(msgspec.Struct, frozen=True):
    """Numbers of calls, all of them."""

    numbers: tuple[int, ...]

    def plain(self) -> str:
        """``#42-#44``."""
        return format_call_runs(self.numbers)


class Calls(msgspec.Struct, frozen=True):
    """Calls by their numbers."""

    references: Rows[CallReference]

    def plain(self) -> str:
        """The first of them in runs, and how many more there are."""
        shown = [reference.number for reference in self.references.rows[:_LISTED]]
        left = self.references.total - len(shown)
        return format_call_runs(shown) + (f" and {format_count(left)} more" if left else "")


class Runs(msgspec.Struct, frozen=True):
    """Runs of calls that directly follow one another."""

    runs: Rows[Rows[CallReference]]

    def plain(self) -> str:
        """The first runs, and how many more there are."""
        shown = [format_call_runs([call.number for call in run.rows]) for run in self.runs.rows[:_LISTED]]
        return format_cut_list(shown, self.runs.total)


class Place(msgspec.Struct, frozen=True):
    """One call, with its function where that isn't said beside it."""

    number: int
    line: int
    function: str = ""
    record: str = "line"

    def plain(self) -> str:
        """``load_node #42 (line 46)``."""
        return f"{format_name(self.function)} {self._place()}" if self.function else self._place()

    def _place(self) -> str:
        return describe_reference(self.number, self.line, self.record)


class Path(msgspec.Struct, frozen=True):
    """Functions from the root down."""

    path: tuple[str, ...]

    def plain(self) -> str:
        """``main > load > query``."""
        return " > ".join(shorten_path(self.path))


class Callers(msgspec.Struct, frozen=True):
    """Some of so many callers."""

    callers: tuple[str | None, ...]
    total: int

    def plain(self) -> str:
        """The first of them, and how many more there are."""
        return format_cut_list([format_caller(caller) for caller in self.callers], self.total)


class Shares(msgspec.Struct, frozen=True):
    """The callers of a lookup, each with its calls."""

    shares: Rows[CallerShare]

    def plain(self) -> str:
        """``load_node 12, metadata 3 and 2 more``."""
        named = [f"{format_caller(share.caller)} {format_count(share.calls)}" for share in self.shares.rows[:_LISTED]]
        return format_cut_list(named, self.shares.total)


class Pairs(msgspec.Struct, frozen=True):
    """Who asked directly after whom."""

    pairs: Rows[AdjacentPair]

    def plain(self) -> str:
        """``15 metadata after load_node and 2 more``."""
        named = [
            f"{format_count(pair.pairs)} {format_caller(pair.caller)} after {format_caller(pair.previous_caller)}"
            for pair in self.pairs.rows[:_LISTED]
        ]
        return format_cut_list(named, self.pairs.total) if named else NOTHING


class Metrics(msgspec.Struct, frozen=True):
    """The metrics of a call."""

    metrics: tuple[Metric, ...]

    def plain(self) -> str:
        """``query_ms=12, rows=1``."""
        named = [format_metric(metric) for metric in self.metrics[:_LISTED]]
        return format_cut_list(named, len(self.metrics)) if named else NOTHING


class Names(msgspec.Struct, frozen=True):
    """A few names of the log."""

    names: tuple[str, ...]

    def plain(self) -> str:
        """``id and part``."""
        return format_cut_list([format_name(name) for name in self.names[:_LISTED]], len(self.names))


Cell: TypeAlias = (
    Words
    | Figure
    | Count
    | Name
    | FunctionName
    | CallerName
    | Asked
    | Clause
    | Step
    | Numbers
    | Calls
    | Runs
    | Place
    | Path
    | Callers
    | Shares
    | Pairs
    | Metrics
    | Names
)

OF_THE_LOG = (
    *(Name, FunctionName, CallerName, Asked, Step, Numbers, Calls, Runs, Place, Path, Callers, Shares, Pairs, Metrics),
    Names,
)
"""Cells that hold text of the log, or numbers that stand in it: documents set them as code."""


def time_range(lower_ns: int, upper_ns: int) -> Figure:
    """A time known by its bounds."""
    exact = f"{format_exact_time(lower_ns)} recorded, below {format_exact_time(upper_ns)}"
    return Figure(format_bounds(lower_ns, upper_ns), exact if upper_ns > lower_ns else format_exact_time(lower_ns))


def self_time(self_ns: int | None, upper_ns: int | None) -> Figure:
    """A self time by its bounds, as far as these are known."""
    if self_ns is None:
        return Figure(format_self_time(self_ns, upper_ns))
    return time_range(max(self_ns, 0), self_ns if upper_ns is None else upper_ns)


def recorded_time(elapsed_ns: int, resolution_ns: int) -> Figure:
    """One time as it was recorded."""
    return Figure(format_elapsed(elapsed_ns, resolution_ns), format_exact_time(elapsed_ns))


def list_names(names: Sequence[str]) -> Names:
    """Names of the log."""
    return Names(tuple(names))
