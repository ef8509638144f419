"""Calls that are far out of their own function's distribution."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import Calls
from tracereport.calls.constant import is_constant
from tracereport.calls.grouping import NESTED_ROW_LIMIT, caller_rank, keep_rows
from tracereport.calls.shapes import find_shapes
from tracereport.measures.context import Context
from tracereport.measures.described import describe_call
from tracereport.measures.distribution import Times, bin_times, count_times, split_times, subtract_times
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.partials import Column, Table, group_rows, merge_tables
from tracereport.model import CallReference, Evidence, Rows, Settings, SlowCalls
from tracereport.native.tally import find_extremes

if TYPE_CHECKING:
    from tracereport.measures.functions import FunctionsPart

_LOW_PERCENT, _HIGH_PERCENT, _FENCE, _FACTOR = 10, 90, 3, 2
_MS = 1_000_000


class Shape(msgspec.Struct, frozen=True):
    """Function, caller and parameter names."""

    function: str
    caller: str | None
    param_names: tuple[str, ...]

    def text(self) -> str:
        """The shape as one text, to be a key."""
        return msgspec.json.encode(self).decode()


class SlowestOfShape(msgspec.Struct, frozen=True):
    """The slowest comparable calls of one shape."""

    shape: Shape
    rows: tuple[Evidence, ...]
    """The slowest first, at most ``NESTED_ROW_LIMIT``."""


class SlowPart(msgspec.Struct, frozen=True, eq=False):
    """What tells the slow calls once the distributions are whole."""

    incomparable: Table
    """Calls by function and elapsed time that take no part: first calls, and those of interleaved stretches."""
    resolution: Table
    """By function the coarsest resolution of its comparable calls."""
    candidates: Table
    """Comparable calls above ``slow_minimum_ns`` by shape and elapsed time."""
    slowest: tuple[SlowestOfShape, ...]


class SlowGroup(msgspec.Struct, frozen=True):
    """The slow calls of one shape."""

    shape: Shape
    limit_ns: int
    calls: int
    elapsed_ns: int
    elapsed_upper_ns: int
    is_shown: bool
    slowest: tuple[Evidence, ...]


def describe_rule(settings: Settings) -> str:
    """Above what a call is slow, in words: all that is applied, and its source."""
    floor = f", and {settings.slow_minimum_ns / _MS:g} ms" if settings.slow_minimum_ns else ""
    return (
        f"the largest of the upper outer fence, {_HIGH_PERCENT}th percentile + {_FENCE} x ({_HIGH_PERCENT}th - "
        f"{_LOW_PERCENT}th percentile, the resolution at least), {_FACTOR} x the {_HIGH_PERCENT}th percentile{floor}; "
        f"of at least {settings.slow_minimum_calls:,} calls of the function, without the first of each process and "
        "those of interleaved ones (after Tukey, Exploratory Data Analysis, 1977, with deciles for quartiles)"
    )


def measure_slow_calls(context: Context) -> SlowPart:
    """Which calls may be slow.

    First calls take no part, since they may have loaded symbols, nor do those of interleaved processes, since there it
    can't be told which came first.
    """
    calls = context.calls
    is_comparable = calls.judged & ~context.is_first
    others = np.flatnonzero(~is_comparable)
    rows = np.flatnonzero(is_comparable & (calls.elapsed_ns > context.settings.slow_minimum_ns))
    lookups, index = np.unique(calls.signatures.lookup[calls.signature[rows]], return_inverse=True)
    shapes = find_shapes(calls.lookups, lookups)
    width = len(calls.names) + 1
    distinct, shape = np.unique(
        shapes.shape[index].astype(np.int64) * width + calls.caller[rows] + 1, return_inverse=True
    )
    texts = [
        Shape(shapes.function[code // width], calls.name(code % width - 1), shapes.param_names[code // width])
        for code in distinct.tolist()
    ]
    shown = np.ones(len(rows), np.int64) if context.shown is None else context.shown.rows[rows].astype(np.int64)
    candidates = Table(
        key={
            "shape": Column(shape, tuple(own.text() for own in texts)),
            "elapsed_ns": Column(calls.elapsed_ns[rows]),
        },
        sums={
            "calls": np.ones(len(rows), np.int64),
            "binned": np.zeros(len(rows), np.int64),
            "sum_ns": calls.elapsed_ns[rows],
            "resolution_ns": calls.resolution_ns[rows],
            "shown": shown,
        },
    )
    return SlowPart(
        incomparable=count_times(calls.function[others], calls.elapsed_ns[others], calls.names),
        resolution=_find_resolution(calls, is_comparable),
        candidates=bin_times(group_rows(candidates), "shape"),
        slowest=tuple(
            SlowestOfShape(own, tuple(describe_call(context, row) for row in chosen.tolist()))
            for own, chosen in zip(texts, _choose_slowest(context, rows, shape, len(texts)), strict=True)
        ),
    )


def _find_resolution(calls: Calls, is_comparable: NDArray[np.bool_]) -> Table:
    """By function the coarsest resolution of the comparable calls; that of all, where they have but one."""
    names = len(calls.names)
    if is_constant(calls.resolution_ns):
        coarsest = np.full(names, calls.resolution_ns[0])
    else:
        _, coarsest = find_extremes(np.where(is_comparable, calls.function, -1), calls.resolution_ns, names)
    found = np.flatnonzero(coarsest >= 0)
    key = {"function": Column(found, calls.names)}
    return Table(key=key, sums={}, most={"resolution_ns": coarsest[found]})


def _choose_slowest(
    context: Context, rows: NDArray[np.intp], shape: NDArray[np.intp], count: int
) -> list[NDArray[np.intp]]:
    """The slowest calls of each shape."""
    calls = context.calls
    order = np.lexsort((calls.line[rows], calls.number[rows], calls.process[rows], -calls.elapsed_ns[rows], shape))
    ends = np.cumsum(np.bincount(shape, minlength=count))
    return [rows[own[:NESTED_ROW_LIMIT]] for own in np.split(order, ends[:-1])] if count else []


def merge_slow_calls(parts: Sequence[SlowPart]) -> SlowPart:
    """What all parts know."""
    if len(parts) == 1:
        return parts[0]
    slowest: dict[Shape, list[Evidence]] = {}
    for part in parts:
        for own in part.slowest:
            slowest.setdefault(own.shape, []).extend(own.rows)
    return SlowPart(
        incomparable=bin_times(merge_tables([part.incomparable for part in parts])),
        resolution=merge_tables([part.resolution for part in parts]),
        candidates=bin_times(merge_tables([part.candidates for part in parts]), "shape"),
        slowest=tuple(
            SlowestOfShape(shape, tuple(sorted(rows, key=rank_slow)[:NESTED_ROW_LIMIT]))
            for shape, rows in sorted(slowest.items(), key=lambda item: item[0].text())
        ),
    )


def rank_slow(row: Evidence) -> tuple[Any, ...]:
    """The slowest first."""
    return (-row.elapsed_ns, row.process, row.number, row.line)


def find_slow_groups(whole: Whole) -> list[SlowGroup]:
    """Calls far above what is usual for their own function, by shape; see ``describe_rule``.

    Deciles stand up to distributions in which nearly all calls read 0. Times that are all alike have no outer fence: a
    slow call takes twice as long at least, and more than the resolution and ``slow_minimum_ns`` tell apart.
    """
    part: SlowPart = whole["slow_calls"]
    functions: FunctionsPart = whole["functions"]
    resolution = dict(part.resolution.rows("function", "resolution_ns"))
    limits = {
        name: max(slow_limit_ns(times, resolution[name]), whole.settings.slow_minimum_ns)
        for name, times in split_times(subtract_times(functions.times, part.incomparable)).items()
        if int(times.calls.sum()) >= whole.settings.slow_minimum_calls
    }
    shapes = [msgspec.json.decode(text, type=Shape) for text in part.candidates.key["shape"].texts or ()]
    # No time is beyond this: where a limit is, nothing is slow.
    most_ns = np.iinfo(np.int64).max
    limit_ns = np.array([min(limits.get(shape.function, most_ns), most_ns) for shape in shapes] + [0], np.int64)
    is_slow = part.candidates.key["elapsed_ns"].codes > limit_ns[part.candidates.key["shape"].codes]
    slow = part.candidates.take(is_slow).by("shape")
    slowest = {own.shape: own.rows for own in part.slowest}
    groups = []
    for code, calls, sum_ns, resolution_ns, shown in zip(
        slow.key["shape"].codes.tolist(),
        *(slow.sums[name].tolist() for name in ("calls", "sum_ns", "resolution_ns", "shown")),
        strict=True,
    ):
        shape, limit = shapes[code], int(limit_ns[code])
        own = tuple(row for row in slowest[shape] if row.elapsed_ns > limit)
        is_shown = bool(shown) or not whole.is_narrowed
        groups.append(SlowGroup(shape, limit, calls, sum_ns, sum_ns + resolution_ns, is_shown, own))
    groups.sort(key=lambda group: group.shape.text())
    return groups


def list_slow_calls(whole: Whole) -> Rows[SlowCalls]:
    """The slow calls by function and caller, by elapsed time."""
    by_edge: dict[tuple[str, str | None], list[SlowGroup]] = {}
    for group in find_slow_groups(whole):
        by_edge.setdefault((group.shape.function, group.shape.caller), []).append(group)
    rule = describe_rule(whole.settings)
    rows = []
    for (function, caller), found in by_edge.items():
        if not any(group.is_shown for group in found):
            continue
        calls = sum(group.calls for group in found)
        slowest = sorted((row for group in found for row in group.slowest), key=rank_slow)[:NESTED_ROW_LIMIT]
        references = tuple(CallReference(process=row.process, number=row.number, line=row.line) for row in slowest)
        rows.append(
            SlowCalls(
                function=function,
                caller=caller,
                rule=rule,
                limit_ns=found[0].limit_ns,
                calls=calls,
                elapsed_ns=sum(group.elapsed_ns for group in found),
                elapsed_upper_ns=sum(group.elapsed_upper_ns for group in found),
                worst=Rows(calls, references),
            )
        )
    rows.sort(key=lambda row: (-row.elapsed_ns, row.function, caller_rank(row.caller)))
    return keep_rows(rows)


def slow_limit_ns(times: Times, resolution_ns: int) -> int:
    """Above what a call of a function is slow whose calls took these times."""
    low, high = times.percentile(_LOW_PERCENT), times.percentile(_HIGH_PERCENT)
    return max(high + _FENCE * max(high - low, resolution_ns), _FACTOR * high)


MEASURE = Measure("slow_calls", measure_slow_calls, merge_slow_calls, list_slow_calls)
