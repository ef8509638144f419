"""The counts that add up, per signature: functions, callers and edges are sums of them."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.grouping import Integers, count_by, sum_by
from tracereport.calls.groups import Groups
from tracereport.calls.ordered import OrderedCalls
from tracereport.measures.repeats import Repeats


class Tally(msgspec.Struct, frozen=True, eq=False):
    """Counts and sums per signature, or per what they were added up by. Times are of all calls."""

    calls: NDArray[Any]
    judged: NDArray[Any]
    repeats: NDArray[Any]
    again: NDArray[Any]
    unchanged: NDArray[Any]
    changed: NDArray[Any]
    elapsed_ns: NDArray[Any]
    resolution_ns: NDArray[Any]

    def add_up(self, codes: Integers, count: int) -> "Tally":
        """The sums of all entries with the same code, for ``count`` codes."""
        return Tally(*(sum_column(codes, getattr(self, column.name), count) for column in msgspec.structs.fields(self)))


def tally_signatures(ordered: OrderedCalls, repeats: Repeats) -> Tally:
    """Counts every signature's calls and repeats."""
    calls = ordered.calls
    count = len(calls.signatures.lookup)
    signature = ordered.signature
    judged = count_by(signature, count)
    return Tally(
        calls=judged if len(ordered) == len(calls) else count_by(calls.signature, count),
        judged=judged,
        repeats=count_by(signature, count, repeats.is_repeat),
        # Of each signature all calls but the first in each process.
        again=judged - count_by(repeats.signatures.code, count),
        unchanged=count_by(signature, count, repeats.unchanged),
        changed=count_by(signature, count, repeats.changed),
        elapsed_ns=sum_by(calls.signature, calls.elapsed_ns, count),
        resolution_ns=sum_by(calls.signature, calls.resolution_ns, count),
    )


class GroupSums(msgspec.Struct, frozen=True, eq=False):
    """Counts and sums of the members of each group."""

    unchanged: NDArray[np.int64]
    changed: NDArray[np.int64]
    elapsed_ns: NDArray[Any]
    resolution_ns: NDArray[Any]


def sum_groups(
    ordered: OrderedCalls, groups: Groups, unchanged: NDArray[np.bool_], changed: NDArray[np.bool_]
) -> GroupSums:
    """Sums of the members of each group; ``unchanged`` and ``changed`` are masks over the places."""
    row = ordered.row[groups.order]

    def sum_times(values_ns: NDArray[np.int64]) -> NDArray[Any]:
        values_ns = values_ns[row]
        if len(values_ns) and int(values_ns.max()) * len(values_ns) < 1 << 63:
            return np.add.reduceat(values_ns, groups.start)
        return sum_by(np.repeat(np.arange(len(groups)), groups.length), values_ns, len(groups))

    return GroupSums(
        unchanged=groups.count(unchanged),
        changed=groups.count(changed),
        elapsed_ns=sum_times(ordered.calls.elapsed_ns),
        resolution_ns=sum_times(ordered.calls.resolution_ns),
    )


def sum_column(codes: Integers, column: NDArray[Any], count: int) -> NDArray[Any]:
    """The sum of a column of counts or times by code; exact also where it holds Python's integers."""
    if column.dtype != object:
        return sum_by(codes, column, count)
    total = np.zeros(count, object)
    np.add.at(total, codes, column)
    return total
