"""What is asked for more than once: signatures, lookups, cache candidates, sequential duplicates and shared lookups."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_NAME
from tracereport.calls.grouping import (
    NESTED_ROW_LIMIT,
    ROW_LIMIT,
    Integers,
    caller_rank,
    count_by,
    keep_rows,
    reference_limit,
    stable_order,
)
from tracereport.calls.groups import Groups, places_of_groups
from tracereport.calls.lookup_text import join_signature
from tracereport.calls.ordered import OrderedCalls
from tracereport.calls.selection import Shown
from tracereport.measures.repeats import Repeats
from tracereport.measures.tally import GroupSums, sum_column
from tracereport.model import (
    AdjacentPair,
    CallerShare,
    CallReference,
    RedundantLookup,
    RedundantSignature,
    Rows,
    SequentialDuplicate,
    SharedLookup,
)


def _keep(groups: Groups, wanted: NDArray[np.bool_], shown: Shown | None) -> NDArray[np.intp]:
    """The wanted groups; under a selection those that ask for the same as a selected call."""
    if shown is not None:
        selected = groups.code[groups.count(shown.places) > 0]
        wanted = wanted & np.isin(groups.code, selected)
    return np.flatnonzero(wanted)


def first_by_text(
    ordered: OrderedCalls,
    lookup: Integers,
    count: NDArray[np.int64],
    caller: Integers | None = None,
    *,
    limit: int = ROW_LIMIT,
) -> NDArray[np.intp]:
    """Indices of the rows with the largest counts, at most ``limit``; ties by the lookup's text, then by the caller.

    The text is that of the log, function first, whatever its first use; rows that are still alike (one lookup in
    several processes) stay as they stand.
    """
    lookups = ordered.calls.lookups
    candidates = np.arange(len(count))
    if len(count) > limit:
        least = np.partition(count, len(count) - limit)[len(count) - limit]
        above, ties = np.flatnonzero(count > least), np.flatnonzero(count == least)
        rank = lookups.logged_text(lookup[ties]).rank()
        # All ties up to the text that fills the list: which of its callers come first is told below.
        last = np.partition(rank, limit - len(above) - 1)[limit - len(above) - 1]
        candidates = np.concatenate((above, ties[rank <= last]))
    chosen = lookup[candidates]
    ranks = [texts.rank() for texts in (lookups.text.take(chosen), lookups.logged_text(chosen))]
    if caller is not None:
        own = caller[candidates]
        ranks.insert(0, np.where(own == NO_NAME, len(ordered.calls.names), own))
    order = np.lexsort((candidates, *ranks, -count[candidates]))
    return candidates[order][:limit]


def count_redundant_signatures(
    ordered: OrderedCalls,
    repeats: Repeats,
    sums: GroupSums,
    least: int = 2,
    shown: Shown | None = None,
    limit: int = ROW_LIMIT,
) -> Rows[RedundantSignature]:
    """Signatures called ``least`` times or more in one process, with their calls of such processes, by calls.

    Their repeats are those of class *again*: so are the sums of their groups.
    """
    groups = repeats.signatures
    kept = _keep(groups, groups.length >= least, shown)
    signatures = ordered.calls.signatures
    summary = _summarise(groups, sums, kept)
    first = first_by_text(
        ordered, signatures.lookup[summary.code], summary.calls, signatures.caller[summary.code], limit=limit
    ).tolist()
    rows = []
    for index, references in zip(first, summary.references(ordered, first), strict=True):
        signature = int(summary.code[index])
        lookup = int(signatures.lookup[signature])
        function, caller = ordered.calls.lookups.function[lookup], ordered.calls.name(int(signatures.caller[signature]))
        params = ordered.calls.params_of(lookup)
        calls, processes = int(summary.calls[index]), int(summary.processes[index])
        unchanged, changed = int(summary.unchanged[index]), int(summary.changed[index])
        rows.append(
            RedundantSignature(
                signature=join_signature(
                    ordered.calls.names[function], caller, [(param.name, param.value) for param in params]
                ),
                function=ordered.calls.names[function],
                caller=caller,
                params=params,
                calls=calls,
                processes=processes,
                elapsed_ns=int(summary.elapsed_ns[index]),
                elapsed_upper_ns=int(summary.elapsed_ns[index]) + int(summary.resolution_ns[index]),
                unchanged=unchanged,
                changed=changed,
                unproven=calls - processes - unchanged - changed,
                call_references=references,
            )
        )
    return keep_rows(rows, total=len(summary.code))


def count_redundant_lookups(
    ordered: OrderedCalls, repeats: Repeats, sums: GroupSums, shown: Shown | None = None, limit: int = ROW_LIMIT
) -> Rows[RedundantLookup]:
    """Lookups asked for twice or more in one process, by whomever, with their calls of such processes, by calls."""
    groups = repeats.lookups
    kept = _keep(groups, groups.length > 1, shown)
    summary = _summarise(groups, sums, kept)
    first = first_by_text(ordered, summary.code, summary.calls, limit=limit).tolist()
    shares = _share_by_caller(ordered, [summary.places_of(index) for index in first])
    rows = []
    for index, callers, references in zip(first, shares, summary.references(ordered, first), strict=True):
        lookup = int(summary.code[index])
        calls, processes = int(summary.calls[index]), int(summary.processes[index])
        unchanged, changed = int(summary.unchanged[index]), int(summary.changed[index])
        rows.append(
            RedundantLookup(
                function=ordered.calls.names[ordered.calls.lookups.function[lookup]],
                params=ordered.calls.params_of(lookup),
                calls=calls,
                processes=processes,
                elapsed_ns=int(summary.elapsed_ns[index]),
                elapsed_upper_ns=int(summary.elapsed_ns[index]) + int(summary.resolution_ns[index]),
                unchanged=unchanged,
                changed=changed,
                unproven=calls - processes - unchanged - changed,
                callers=callers,
                call_references=references,
            )
        )
    return keep_rows(rows, total=len(summary.code))


class _Summary(msgspec.Struct, frozen=True, eq=False):
    """Groups of one code put together over their processes."""

    code: NDArray[np.int64]
    calls: NDArray[np.int64]
    processes: NDArray[np.int64]
    elapsed_ns: NDArray[Any]
    resolution_ns: NDArray[Any]
    unchanged: NDArray[np.int64]
    changed: NDArray[np.int64]
    places: NDArray[np.intp]
    """All places, by code, process and number."""
    end: NDArray[np.int64]

    def places_of(self, index: int) -> NDArray[np.intp]:
        """The places of one code."""
        return self.places[self.end[index] - self.calls[index] : self.end[index]]

    def references(self, ordered: OrderedCalls, indices: Sequence[int]) -> list[Rows[CallReference]]:
        """Where the first calls of some codes stand, in the order of their rows."""
        first = [self.places_of(index)[: reference_limit(rank)] for rank, index in enumerate(indices)]
        return [
            Rows(int(self.calls[index]), references)
            for index, references in zip(indices, ordered.reference_lists(first), strict=True)
        ]


def _summarise(groups: Groups, sums: GroupSums, kept: NDArray[np.intp]) -> _Summary:
    is_new = np.ones(len(kept), bool)
    is_new[1:] = np.diff(groups.code[kept]) != 0
    index = np.cumsum(is_new) - 1
    code = groups.code[kept][is_new]
    calls = sum_column(index, groups.length[kept], len(code))
    return _Summary(
        code=code,
        calls=calls,
        processes=count_by(index, len(code)),
        elapsed_ns=sum_column(index, sums.elapsed_ns[kept], len(code)),
        resolution_ns=sum_column(index, sums.resolution_ns[kept], len(code)),
        unchanged=sum_column(index, sums.unchanged[kept], len(code)),
        changed=sum_column(index, sums.changed[kept], len(code)),
        places=places_of_groups(groups, kept),
        end=np.cumsum(calls),
    )


def _share_by_caller(ordered: OrderedCalls, groups: Sequence[NDArray[np.intp]]) -> list[Rows[CallerShare]]:
    """For each group of places its callers, by calls, with their calls."""
    if not groups:
        return []
    places = np.concatenate(groups)
    owner = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    width = len(ordered.calls.names) + 1
    key = owner * width + ordered.calls.signatures.caller[ordered.signature[places]] + 1
    order = stable_order(key, len(groups) * width)
    start = np.flatnonzero(np.diff(key[order], prepend=-1))
    length = np.diff(np.append(start, len(order)))
    code = key[order[start]]
    first = [
        places[order[begin : begin + min(count, reference_limit(group))]]
        for begin, count, group in zip(start.tolist(), length.tolist(), (code // width).tolist(), strict=True)
    ]
    shares: list[list[CallerShare]] = [[] for _ in groups]
    for own, count, references in zip(code.tolist(), length.tolist(), ordered.reference_lists(first), strict=True):
        caller = ordered.calls.name(own % width - 1)
        shares[own // width].append(CallerShare(caller=caller, calls=count, call_references=Rows(count, references)))
    for found in shares:
        found.sort(key=lambda share: (-share.calls, caller_rank(share.caller)))
    return [keep_rows(found, NESTED_ROW_LIMIT) for found in shares]


def find_sequential_duplicates(
    ordered: OrderedCalls, repeats: Repeats, shown: Shown | None = None, limit: int = ROW_LIMIT
) -> Rows[SequentialDuplicate]:
    """Lookups of a process whose calls directly follow one another, by the number of such calls."""
    groups = repeats.lookups
    sequential = repeats.sequential[groups.order]
    starts_run = np.append(sequential[1:], False) & ~sequential
    in_run = np.empty(len(sequential), bool)
    in_run[groups.order] = sequential | starts_run
    in_runs = groups.count(in_run)
    found = _keep(groups, in_runs > 0, shown)
    first = found[first_by_text(ordered, groups.code[found], in_runs[found], limit=limit)]
    rows = []
    for rank, group in enumerate(first.tolist()):
        span = slice(groups.start[group], groups.start[group] + groups.length[group])
        held = sequential[span] | starts_run[span]
        places = groups.order[span][held]
        starts = np.flatnonzero(starts_run[span][held])
        bounds = np.append(starts, len(places)).tolist()
        own_limit = reference_limit(rank)
        runs = [places[start:end] for start, end in pairwise(bounds[: own_limit + 1])]
        callers = np.unique(ordered.calls.signatures.caller[ordered.signature[places]]).tolist()
        names = sorted((ordered.calls.name(code) for code in callers), key=caller_rank)
        lookup = int(groups.code[group])
        rows.append(
            SequentialDuplicate(
                function=ordered.calls.names[ordered.calls.lookups.function[lookup]],
                params=ordered.calls.params_of(lookup),
                callers=keep_rows(names, NESTED_ROW_LIMIT),
                process=int(groups.process[group]),
                runs=Rows(len(starts), tuple(Rows(len(run), ordered.references(run[:own_limit])) for run in runs)),
                calls=int(in_runs[group]),
            )
        )
    return keep_rows(rows, total=len(found))


def find_shared_lookups(
    ordered: OrderedCalls, repeats: Repeats, shown: Shown | None = None, limit: int = ROW_LIMIT
) -> Rows[SharedLookup]:
    """Lookups of a process that two or more callers asked for, by calls."""
    groups = repeats.lookups
    found = _keep(groups, groups.count(~repeats.again) > 1, shown)
    first = found[first_by_text(ordered, groups.code[found], groups.length[found], limit=limit)]
    members = [groups.members(group) for group in first.tolist()]
    rows = []
    for group, places, shares in zip(first.tolist(), members, _share_by_caller(ordered, members), strict=True):
        lookup = int(groups.code[group])
        rows.append(
            SharedLookup(
                process=int(groups.process[group]),
                function=ordered.calls.names[ordered.calls.lookups.function[lookup]],
                params=ordered.calls.params_of(lookup),
                calls=len(places),
                callers=shares,
                adjacent_pairs=_count_adjacent_pairs(ordered, repeats, places),
            )
        )
    return keep_rows(rows, total=len(found))


def _count_adjacent_pairs(ordered: OrderedCalls, repeats: Repeats, places: NDArray[np.intp]) -> Rows[AdjacentPair]:
    """Different callers that are neighbours in a run of sequential duplicates."""
    caller = ordered.calls.signatures.caller
    after = places[repeats.sequential[places]]
    before = caller[ordered.signature[repeats.previous[after]]]
    own = caller[ordered.signature[after]]
    pairs = zip(before[before != own].tolist(), own[before != own].tolist(), strict=True)
    rows = [
        AdjacentPair(previous_caller=ordered.calls.name(previous), caller=ordered.calls.name(code), pairs=count)
        for (previous, code), count in Counter(pairs).items()
    ]
    rows.sort(key=lambda row: (-row.pairs, caller_rank(row.previous_caller), caller_rank(row.caller)))
    return keep_rows(rows, NESTED_ROW_LIMIT)
