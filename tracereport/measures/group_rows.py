"""Groups of questions as rows of a top list: which come first, and how they are described."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_NAME
from tracereport.calls.grouping import NESTED_ROW_LIMIT, caller_rank, keep_rows, reference_limit
from tracereport.calls.groups import Groups
from tracereport.calls.lookup_text import encode_lookup, join_signature
from tracereport.calls.units import OUTSIDE, name_unit
from tracereport.measures.context import Context
from tracereport.measures.described import refer_to_lists
from tracereport.measures.redundancy import rank_as_logged
from tracereport.model import CallerShare, Param, Rows
from tracereport.native.keys import group_order

_PLACES_AT_ONCE: Final = 1 << 18
"""So many are divided by their callers together: the columns of that are a multiple of the places themselves."""


def choose_groups(
    context: Context, groups: Groups, found: NDArray[np.intp], count: NDArray[np.int64], first: NDArray[np.int64]
) -> NDArray[np.intp]:
    """Those of the found groups with the largest counts, as many as rows are kept, in the order of their rows.

    Ties go by the text of what they ask as logged, then by where the ``first`` call stands that each row shows.
    """
    limit = context.row_limit
    candidates = np.arange(len(found))
    if len(count) > limit:
        least = np.partition(count, len(count) - limit)[len(count) - limit]
        above, ties = np.flatnonzero(count > least), np.flatnonzero(count == least)
        rank = rank_as_logged(context.calls.lookups.text.take(groups.code[found[ties]]))
        last = np.sort(rank)[limit - len(above) - 1]
        candidates = np.concatenate((above, ties[rank <= last]))
    texts = context.calls.lookups.text.take(groups.code[found[candidates]])
    order = np.lexsort((first[candidates], texts.rank(), rank_as_logged(texts), -count[candidates]))
    return found[candidates[order][:limit]]


def rank_group_row(count: int, function: str, params: tuple[Param, ...], process: int, number: int) -> tuple[Any, ...]:
    """The order in which ``choose_groups`` gives groups, of rows of any parts."""
    fields = tuple((param.name, param.value) for param in params)
    return (-count, join_signature(function, None, fields), encode_lookup(function, fields), process, number)


def unit_name_of(context: Context, unit: int) -> str | None:
    """The test (and try), or the root call's function, that a unit of work is.

    Null where it is called as its process: the number in an unnamed one's is known when all parts are.
    """
    units = context.ordered.units
    if units.test[unit] == OUTSIDE and not context.calls.name(int(units.root[unit])):
        return None
    return name_unit(context.calls, units, unit)


def share_by_caller(context: Context, groups: list[NDArray[np.int32]]) -> list[Rows[CallerShare]]:
    """For each group of places its callers, by calls, with their calls."""
    shares: list[Rows[CallerShare]] = []
    ends = np.cumsum([len(group) for group in groups])
    while len(shares) < len(groups):
        first = len(shares)
        behind = int(np.searchsorted(ends, (ends[first - 1] if first else 0) + _PLACES_AT_ONCE, "right"))
        shares += _share_by_caller(context, groups[first : max(behind, first + 1)], first)
    return shares


def _share_by_caller(context: Context, groups: list[NDArray[np.int32]], first_rank: int) -> Iterator[Rows[CallerShare]]:
    """The same of some groups, of which the first one has this rank."""
    ordered = context.ordered
    places = np.concatenate(groups)
    owner = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    width = len(context.calls.names) + 1
    key = owner * width + context.calls.signatures.caller[ordered.signature[places]] - NO_NAME
    order = group_order(key)
    start = np.flatnonzero(np.diff(key[order], prepend=-1))
    length = np.diff(np.append(start, len(order)))
    code = key[order[start]]
    first = [
        ordered.rows(places[order[begin : begin + min(count, reference_limit(first_rank + group))]])
        for begin, count, group in zip(start.tolist(), length.tolist(), (code // width).tolist(), strict=True)
    ]
    shares: list[list[CallerShare]] = [[] for _ in groups]
    for own, count, references in zip(code.tolist(), length.tolist(), refer_to_lists(context, first), strict=True):
        caller = context.calls.name(own % width + NO_NAME)
        shares[own // width].append(CallerShare(caller=caller, calls=count, call_references=Rows(count, references)))
    for found in shares:
        found.sort(key=lambda share: (-share.calls, caller_rank(share.caller)))
        yield keep_rows(found, NESTED_ROW_LIMIT)
