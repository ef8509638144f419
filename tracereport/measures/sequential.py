"""Sequential duplicates: lookups of a unit whose calls directly follow one another."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from msgspec.structs import replace

from tracereport.calls.grouping import NESTED_ROW_LIMIT, ROW_LIMIT, caller_rank, keep_rows, reference_limit
from tracereport.measures.context import Context
from tracereport.measures.described import refer_to_lists
from tracereport.measures.group_rows import choose_groups, rank_group_row, unit_name_of
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.top import Top, merge_tops
from tracereport.measures.traits import SEQUENTIAL
from tracereport.model import Rows, SequentialDuplicate
from tracereport.native.keys import find_distinct
from tracereport.native.tally import find_extremes


def find_sequential_duplicates(context: Context) -> Top[SequentialDuplicate]:
    """One row per lookup and unit, by the number of calls in runs."""
    calls, ordered, repeats = context.calls, context.ordered, context.repeats
    groups = repeats.lookups
    follows = np.flatnonzero(repeats.are(SEQUENTIAL))
    starts_run = np.zeros(len(ordered), bool)
    starts_run[repeats.previous[follows]] = True
    starts_run[follows] = False
    in_run = starts_run.copy()
    in_run[follows] = True
    in_runs = groups.count(in_run)
    found = np.flatnonzero(in_runs)
    if context.shown is not None:
        found = found[np.isin(groups.code[found], groups.code[groups.count(context.shown.places) > 0])]
    of_run = np.where(in_run, groups.of_place, np.int32(-1))
    first, _ = find_extremes(of_run, np.arange(len(ordered), dtype=np.int32), len(groups))
    chosen = choose_groups(context, groups, found, in_runs[found], first[found])
    rows = []
    for rank, (group, members) in enumerate(zip(chosen.tolist(), groups.members(chosen), strict=True)):
        places = members[in_run[members]]
        starts = np.flatnonzero(starts_run[places])
        bounds = np.append(starts, len(places)).tolist()
        own_limit = reference_limit(rank)
        runs = [ordered.rows(places[start:end]) for start, end in pairwise(bounds[: own_limit + 1])]
        callers = find_distinct(calls.signatures.caller[ordered.signature[places]]).tolist()
        names = sorted((calls.name(code) for code in callers), key=caller_rank)
        lookup = int(groups.code[group])
        references = refer_to_lists(context, [run[:own_limit] for run in runs])
        rows.append(
            SequentialDuplicate(
                function=calls.names[calls.lookups.function[lookup]],
                params=calls.params_of(lookup),
                callers=keep_rows(names, NESTED_ROW_LIMIT),
                process=int(ordered.process[places[0]]) + context.first_process,
                unit=unit_name_of(context, int(groups.unit[group])),
                runs=Rows(len(starts), tuple(Rows(len(run), own) for run, own in zip(runs, references, strict=True))),
                calls=int(in_runs[group]),
            )
        )
    return Top(len(found), tuple(rows))


def rank_sequential(row: SequentialDuplicate) -> tuple[Any, ...]:
    """The order of the rows."""
    first = row.runs.rows[0].rows[0]
    return rank_group_row(row.calls, row.function, row.params, row.process, first.number)


def merge_sequential(parts: Sequence[Top[SequentialDuplicate]]) -> Top[SequentialDuplicate]:
    """The first rows of all parts."""
    return merge_tops(parts, rank_sequential, ROW_LIMIT)


def list_sequential(whole: Whole) -> Rows[SequentialDuplicate]:
    """The first rows of all, those far down with few of their runs."""
    part: Top[SequentialDuplicate] = whole["sequential_duplicates"]
    return Rows(part.total, tuple(_shorten(row, rank) for rank, row in enumerate(part.rows[: whole.row_limit])))


def _shorten(row: SequentialDuplicate, rank: int) -> SequentialDuplicate:
    limit = reference_limit(rank)
    runs = tuple(Rows(run.total, run.rows[:limit]) for run in row.runs.rows[:limit])
    return replace(row, runs=Rows(row.runs.total, runs))


MEASURE = Measure("sequential_duplicates", find_sequential_duplicates, merge_sequential, list_sequential)
