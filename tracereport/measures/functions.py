"""Functions: calls, repeats and the distribution of their times."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import Calls
from tracereport.calls.grouping import LONG_ROW_LIMIT, count_by, keep_rows, stable_order
from tracereport.calls.selection import Shown
from tracereport.measures.metric_use import MetricUse
from tracereport.measures.repeats import result_names
from tracereport.measures.tally import Tally
from tracereport.model import Function, HistogramBin, Rows, Settings

_PERCENTS = (50, 90, 99)


class CallsByFunction(msgspec.Struct, frozen=True, eq=False):
    """All calls sorted by function."""

    row: NDArray[np.intp]
    """Rows of the calls, by function and in the order of the log."""
    end: NDArray[np.int64]
    """Where the rows of each name's code end."""

    def rows_of(self, code: int) -> NDArray[np.intp]:
        """The calls of one function."""
        return self.row[(self.end[code - 1] if code else 0) : self.end[code]]


def sort_by_function(calls: Calls) -> CallsByFunction:
    """Sorts all calls by function."""
    function, count = calls.function, len(calls.names)
    return CallsByFunction(stable_order(function, count), np.cumsum(count_by(function, count)))


def count_functions(
    calls: Calls,
    by_function: CallsByFunction,
    tally: Tally,
    use: MetricUse,
    self_ns: Sequence[int | None],
    settings: Settings,
    shown: Shown | None = None,
) -> Rows[Function]:
    """One row per function, by calls; times are of all calls, repeats of the judged ones.

    ``self_ns`` holds each function's self time by its name code. Percentiles are nearest rank on the recorded times.
    """
    total = tally.add_up(calls.lookups.function[calls.signatures.lookup], len(calls.names))
    evidence = find_evidence_metrics(use, calls, settings)
    found = [
        code for code in np.flatnonzero(total.calls).tolist() if shown is None or calls.names[code] in shown.functions
    ]
    found.sort(key=lambda code: (-int(total.calls[code]), calls.names[code]))
    rows = []
    for code in found[:LONG_ROW_LIMIT]:
        own = by_function.rows_of(code)
        times_ns = np.sort(calls.elapsed_ns[own])
        resolution_ns = int(calls.resolution_ns[own].max())
        elapsed_ns = int(total.elapsed_ns[code])
        p50, p90, p99 = (nearest_rank(times_ns, percent) for percent in _PERCENTS)
        rows.append(
            Function(
                function=calls.names[code],
                calls=len(own),
                lookups=int(total.judged[code] - total.repeats[code]),
                redundant_calls=int(total.repeats[code]),
                again_calls=int(total.again[code]),
                shared_calls=int(total.repeats[code] - total.again[code]),
                unchanged=int(total.unchanged[code]),
                changed=int(total.changed[code]),
                unproven=int(total.repeats[code] - total.unchanged[code] - total.changed[code]),
                total_elapsed_ns=elapsed_ns,
                total_elapsed_upper_ns=elapsed_ns + int(total.resolution_ns[code]),
                self_ns=self_ns[code],
                mean_elapsed_ns=elapsed_ns / len(own),
                p50_elapsed_ns=p50,
                p90_elapsed_ns=p90,
                p99_elapsed_ns=p99,
                max_elapsed_ns=int(times_ns[-1]),
                resolution_ns=resolution_ns,
                evidence_metrics=evidence[code],
                histogram=count_histogram(times_ns, resolution_ns),
                judged_calls=int(total.judged[code]),
            )
        )
    return keep_rows(rows, LONG_ROW_LIMIT, total=len(found))


def nearest_rank(sorted_ns: NDArray[np.int64], percent: int) -> int:
    """The smallest recorded time that at least ``percent`` of all don't exceed."""
    rank = -(-percent * len(sorted_ns) // 100)
    return int(sorted_ns[rank - 1])


def count_histogram(sorted_ns: NDArray[np.int64], resolution_ns: int) -> Rows[HistogramBin]:
    """Calls from 0 and from each power of two times the resolution on; empty bins are left out."""
    bounds = [0]
    bound = resolution_ns
    while bound <= int(sorted_ns[-1]):
        bounds.append(bound)
        bound *= 2
    starts = np.searchsorted(sorted_ns, np.array(bounds, np.int64))
    calls = np.diff(np.append(starts, len(sorted_ns))).tolist()
    return keep_rows(
        [HistogramBin(lower_ns=lower, calls=found) for lower, found in zip(bounds, calls, strict=True) if found]
    )


def find_evidence_metrics(use: MetricUse, calls: Calls, settings: Settings) -> list[tuple[str, ...]]:
    """By function code the names of the result metrics that its repeats are judged by."""
    names = calls.metric_sets.names
    is_result = result_names(calls.metric_sets, frozenset(settings.ignore_metrics))
    found: list[list[str]] = [[] for _ in calls.names]
    for key in np.unique(use.function.astype(np.int64) * max(len(names), 1) + use.name).tolist():
        function, name = divmod(key, len(names))
        if is_result[name]:
            found[function].append(names[name])
    return [tuple(sorted(of_function)) for of_function in found]
