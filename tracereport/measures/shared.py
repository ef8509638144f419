"""Shared lookups: what two or more callers ask for in one unit."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tracereport.calls.grouping import NESTED_ROW_LIMIT, ROW_LIMIT, caller_rank, keep_rows, reference_limit
from tracereport.measures.context import Context
from tracereport.measures.group_rows import choose_groups, rank_group_row, share_by_caller, unit_name_of
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.top import Top, merge_tops
from tracereport.measures.traits import AGAIN, QUESTION, SEQUENTIAL
from tracereport.model import AdjacentPair, CallerShare, Rows, SharedLookup


def find_shared_lookups(context: Context) -> Top[SharedLookup]:
    """One row per lookup and unit, by calls."""
    calls, ordered, repeats = context.calls, context.ordered, context.repeats
    groups = repeats.lookups
    found = np.flatnonzero(groups.count(repeats.are(QUESTION, lacking=AGAIN)) > 1)
    if context.shown is not None:
        found = found[np.isin(groups.code[found], groups.code[groups.count(context.shown.places) > 0])]
    chosen = choose_groups(context, groups, found, groups.length[found], groups.first[found])
    first, members = chosen.tolist(), groups.members(chosen)
    rows = []
    for group, places, shares in zip(first, members, share_by_caller(context, members), strict=True):
        lookup = int(groups.code[group])
        rows.append(
            SharedLookup(
                process=int(ordered.process[places[0]]) + context.first_process,
                unit=unit_name_of(context, int(groups.unit[group])),
                function=calls.names[calls.lookups.function[lookup]],
                params=calls.params_of(lookup),
                calls=len(places),
                callers=shares,
                adjacent_pairs=_count_adjacent_pairs(context, places),
            )
        )
    return Top(len(found), tuple(rows))


def _count_adjacent_pairs(context: Context, places: NDArray[np.integer[Any]]) -> Rows[AdjacentPair]:
    """Different callers that are neighbours in a run of sequential duplicates."""
    ordered, repeats = context.ordered, context.repeats
    caller = context.calls.signatures.caller
    after = places[SEQUENTIAL & repeats.traits[places] > 0]
    before = caller[ordered.signature[repeats.previous[after]]]
    own = caller[ordered.signature[after]]
    pairs = zip(before[before != own].tolist(), own[before != own].tolist(), strict=True)
    rows = [
        AdjacentPair(previous_caller=context.calls.name(previous), caller=context.calls.name(code), pairs=count)
        for (previous, code), count in Counter(pairs).items()
    ]
    rows.sort(key=lambda row: (-row.pairs, caller_rank(row.previous_caller), caller_rank(row.caller)))
    return keep_rows(rows, NESTED_ROW_LIMIT)


def rank_shared(row: SharedLookup) -> tuple[Any, ...]:
    """The order of the rows."""
    first = min(share.call_references.rows[0].number for share in row.callers.rows)
    return rank_group_row(row.calls, row.function, row.params, row.process, first)


def merge_shared(parts: Sequence[Top[SharedLookup]]) -> Top[SharedLookup]:
    """The first rows of all parts."""
    return merge_tops(parts, rank_shared, ROW_LIMIT)


def list_shared(whole: Whole) -> Rows[SharedLookup]:
    """The first rows of all, those far down with few of their calls."""
    part: Top[SharedLookup] = whole["shared_lookups"]
    return Rows(part.total, tuple(_shorten(row, rank) for rank, row in enumerate(part.rows[: whole.row_limit])))


def _shorten(row: SharedLookup, rank: int) -> SharedLookup:
    limit = reference_limit(rank)

    def shorten(share: CallerShare) -> CallerShare:
        references = share.call_references
        return replace(share, call_references=Rows(references.total, references.rows[:limit]))

    return replace(row, callers=Rows(row.callers.total, tuple(shorten(share) for share in row.callers.rows)))


MEASURE = Measure("shared_lookups", find_shared_lookups, merge_shared, list_shared)
