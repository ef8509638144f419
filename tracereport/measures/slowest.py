"""The slowest calls, and the calls that are far out of their own function's distribution."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import Calls
from tracereport.calls.grouping import NESTED_ROW_LIMIT, ROW_LIMIT, caller_rank, keep_rows, sum_exactly
from tracereport.calls.selection import Shown
from tracereport.calls.shapes import find_shapes
from tracereport.measures.functions import CallsByFunction
from tracereport.model import Rows, Settings, SlowCalls, SlowestCall

_LOW_PERCENT, _HIGH_PERCENT, _FENCE, _FACTOR = 10, 90, 3, 2
_MS = 1_000_000


def describe_rule(settings: Settings) -> str:
    """Above what a call is slow, in words: all that is applied, and its source."""
    floor = f", and {settings.slow_minimum_ns / _MS:g} ms" if settings.slow_minimum_ns else ""
    return (
        f"the largest of the upper outer fence, {_HIGH_PERCENT}th percentile + {_FENCE} x ({_HIGH_PERCENT}th - "
        f"{_LOW_PERCENT}th percentile, the resolution at least), {_FACTOR} x the {_HIGH_PERCENT}th percentile{floor}; "
        f"of at least {settings.slow_minimum_calls:,} calls of the function, without the first of each process and "
        "those of interleaved ones (after Tukey, Exploratory Data Analysis, 1977, with deciles for quartiles)"
    )


def find_slowest_calls(calls: Calls, shown: Shown | None = None, limit: int = ROW_LIMIT) -> Rows[SlowestCall]:
    """All calls by elapsed time; ties by process, number and line."""
    every = np.arange(len(calls)) if shown is None else np.flatnonzero(shown.rows)
    candidates = every
    if len(every) > limit:
        elapsed_ns = calls.elapsed_ns[every]
        least_ns = np.partition(elapsed_ns, len(every) - limit)[len(every) - limit]
        above, ties = every[elapsed_ns > least_ns], every[elapsed_ns == least_ns]
        order = np.lexsort((calls.line[ties], calls.number[ties], calls.process[ties]))
        candidates = np.concatenate((above, ties[order][: limit - len(above)]))
    keys = (calls.line, calls.number, calls.process, -calls.elapsed_ns)
    order = np.lexsort([key[candidates] for key in keys])
    rows = [_describe(calls, row) for row in candidates[order].tolist()]
    return keep_rows(rows, total=len(every))


def _describe(calls: Calls, row: int) -> SlowestCall:
    process = int(calls.process[row])
    signature = int(calls.signature[row])
    lookup = int(calls.signatures.lookup[signature])
    return SlowestCall(
        process=process,
        number=int(calls.number[row]),
        line=int(calls.line[row]),
        file=calls.files[calls.file[row]],
        process_name=calls.processes.name[process],
        function=calls.names[calls.lookups.function[lookup]],
        caller=calls.name(int(calls.signatures.caller[signature])),
        params=calls.params_of(lookup),
        elapsed_ns=int(calls.elapsed_ns[row]),
        elapsed_upper_ns=int(calls.elapsed_ns[row]) + int(calls.resolution_ns[row]),
        metrics=calls.metric_sets.metrics_of(int(calls.metric_set[row])),
    )


class SlowGroup(msgspec.Struct, frozen=True, eq=False):
    """Slow calls of one shape."""

    function: str
    caller: str | None
    param_names: tuple[str, ...]
    limit_ns: int
    rows: NDArray[np.intp]
    """Rows of the calls, the slowest first."""


def find_slow_groups(calls: Calls, by_function: CallsByFunction, settings: Settings) -> list[SlowGroup]:
    """Calls far above what is usual for their own function, by shape; see ``describe_rule``.

    Deciles stand up to distributions in which nearly all calls read 0. First calls take no part, since they may have
    loaded symbols, nor do those of interleaved processes, since there it can't be told which came first. Times
    that are all alike have no outer fence: a slow call takes twice as long at least, and more than the resolution and
    ``slow_minimum_ns`` tell apart.
    """
    is_comparable = calls.judged & ~calls.is_first
    groups: list[SlowGroup] = []
    for code in range(len(calls.names)):
        members = by_function.rows_of(code)
        members = members[is_comparable[members]]
        if len(members) < settings.slow_minimum_calls:
            continue
        elapsed_ns = calls.elapsed_ns[members]
        fence_ns = slow_limit_ns(elapsed_ns, int(calls.resolution_ns[members].max()))
        limit_ns = max(fence_ns, settings.slow_minimum_ns)
        slow = members[elapsed_ns > limit_ns]
        groups += _group_by_shape(calls, slow, limit_ns) if len(slow) else []
    return groups


def list_slow_calls(
    calls: Calls, groups: Sequence[SlowGroup], settings: Settings, shown: Shown | None = None
) -> Rows[SlowCalls]:
    """The slow calls by function and caller, by elapsed time."""
    by_edge: dict[tuple[str, str | None], list[SlowGroup]] = {}
    for group in groups:
        by_edge.setdefault((group.function, group.caller), []).append(group)
    rule = describe_rule(settings)
    rows = []
    for (function, caller), found in by_edge.items():
        if shown is not None and not any(shown.rows[group.rows].any() for group in found):
            continue
        worst = _slowest_first(calls, np.concatenate([group.rows for group in found]))
        rows.append(
            SlowCalls(
                function=function,
                caller=caller,
                rule=rule,
                limit_ns=found[0].limit_ns,
                calls=len(worst),
                elapsed_ns=sum_exactly(calls.elapsed_ns[worst]),
                worst=Rows(len(worst), tuple(calls.reference(row) for row in worst[:NESTED_ROW_LIMIT].tolist())),
                elapsed_upper_ns=sum_exactly(calls.elapsed_ns[worst]) + sum_exactly(calls.resolution_ns[worst]),
            )
        )
    rows.sort(key=lambda row: (-row.elapsed_ns, row.function, caller_rank(row.caller)))
    return keep_rows(rows)


def slow_limit_ns(elapsed_ns: NDArray[np.int64], resolution_ns: int) -> int:
    """Above what a call of a function is slow whose calls took these times."""
    ranks = [-(-percent * len(elapsed_ns) // 100) - 1 for percent in (_LOW_PERCENT, _HIGH_PERCENT)]
    low, high = np.partition(elapsed_ns, ranks)[ranks].tolist()
    return int(max(high + _FENCE * max(high - low, resolution_ns), _FACTOR * high))


def _group_by_shape(calls: Calls, slow: NDArray[np.intp], limit_ns: int) -> list[SlowGroup]:
    lookups, index = np.unique(calls.signatures.lookup[calls.signature[slow]], return_inverse=True)
    shapes = find_shapes(calls.lookups, lookups)
    width = len(calls.names) + 1
    key = shapes.shape[index].astype(np.int64) * width + calls.caller[slow] + 1
    return [
        SlowGroup(
            function=shapes.function[code // width],
            caller=calls.name(code % width - 1),
            param_names=shapes.param_names[code // width],
            limit_ns=limit_ns,
            rows=_slowest_first(calls, slow[key == code]),
        )
        for code in np.unique(key).tolist()
    ]


def _slowest_first(calls: Calls, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    return rows[np.lexsort((calls.line[rows], calls.number[rows], calls.process[rows], -calls.elapsed_ns[rows]))]
