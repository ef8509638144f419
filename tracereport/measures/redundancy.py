"""What is asked for more than once: signatures, lookups and cache candidates, over all units of work.

Their rows are many and their calls more, so that parts add up the sums alone. Once it is known which rows are shown,
each part is asked where the calls of these stand.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.grouping import (
    NESTED_ROW_LIMIT,
    ROW_LIMIT,
    caller_rank,
    count_by,
    keep_rows,
    reference_limit,
    sum_by,
)
from tracereport.calls.groups import Groups
from tracereport.calls.lookup_text import decode_lookup, join_signature
from tracereport.calls.texts import Texts
from tracereport.measures.context import Context
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.partials import Column, Table, merge_tables
from tracereport.measures.postings import Key, Located, Postings, collect, post
from tracereport.measures.proof import with_proof
from tracereport.measures.traits import AGAIN, QUESTION, RECORDED, SHOWN
from tracereport.model import CallerShare, CallReference, Param, RedundantLookup, RedundantSignature, Rows
from tracereport.native.keys import factorize, find_distinct
from tracereport.native.tally import Mask, count_traits

SIGNATURES, LOOKUPS, CANDIDATES = "redundant_signatures", "redundant_lookups", "cache_candidates"

_MASKS: Final = {**RECORDED, "shown": Mask(SHOWN), "calls": Mask(QUESTION)}


def _choose_groups(context: Context, key: str) -> tuple[Groups, NDArray[np.bool_]]:
    """The groups that a list is made of: those asked for often enough in one unit."""
    repeats = context.repeats
    groups = repeats.lookups if key == LOOKUPS else repeats.signatures
    least = context.settings.cache_candidate_calls if key == CANDIDATES else 2
    return groups, groups.length >= least


def _choose_rows(groups: Groups, is_chosen: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """What the chosen groups ask for, and of each group an index into that; -1 for the others, and at their end."""
    row, first = factorize(groups.code[is_chosen])
    row_of_group = np.full(len(groups) + 1, -1, np.int32)
    row_of_group[:-1][is_chosen] = row
    return groups.code[is_chosen][first], row_of_group


def sum_askings(context: Context, key: str) -> Table:
    """Sums of the groups of one list, by lookup (and caller)."""
    calls, ordered, cells = context.calls, context.ordered, context.cells
    groups, is_chosen = _choose_groups(context, key)
    code, row_of_group = _choose_rows(groups, is_chosen)
    count = len(code)
    row = row_of_group[groups.of_places(cells.place)]
    index = row_of_group[:-1][is_chosen].astype(np.int64)
    masks = _MASKS
    if key != LOOKUPS:
        # Of a signature the repeats are those of class *again*: a lookup's first asking by a caller is none of its own.
        again = {name: Mask(own.having | AGAIN, own.lacking) for name, own in RECORDED.items()}
        masks = {**masks, **again}
    lookup = code if key == LOOKUPS else calls.signatures.lookup[code]
    table_key = {
        "lookup": Column(np.arange(count), calls.lookups.text.take(lookup)),
        "function": Column(calls.lookups.function[lookup].astype(np.int64), calls.names),
    }
    if key != LOOKUPS:
        table_key["caller"] = Column(calls.signatures.caller[code].astype(np.int64), calls.names)
    return Table(
        key=table_key,
        sums={
            "units": count_by(index, count),
            "processes": _count_processes(index, ordered.units.process[groups.unit[is_chosen]], count),
            **count_traits(row, cells.traits, masks, count, cells.calls),
            "elapsed_ns": sum_by(row, cells.elapsed_ns, count),
            "resolution_ns": sum_by(row, cells.resolution_ns, count),
        },
    )


def _count_processes(index: NDArray[np.int64], process: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    """How many processes each row's units are of."""
    pairs = find_distinct(index * (int(process.max(initial=0)) + 1) + process)
    return np.bincount(pairs // (int(process.max(initial=0)) + 1), minlength=count)


def locate_askings(context: Context, key: str, wanted: Sequence[Key] | None = None) -> Postings:
    """Where the calls of one list stand; only those of the wanted rows where these are given."""
    calls = context.calls
    groups, is_chosen = _choose_groups(context, key)
    code, row_of_group = _choose_rows(groups, is_chosen)
    if wanted is not None:
        asked = code if key == LOOKUPS else calls.signatures.lookup[code]
        is_wanted = calls.lookups.text.take(asked).is_among(text for text, _ in wanted)
        row_of_group[row_of_group >= 0] = np.where(is_wanted, 0, -1)[row_of_group[row_of_group >= 0]]
    return post(context, np.flatnonzero(row_of_group[groups.of_place] >= 0))


def choose_rows(table: Table, limit: int) -> NDArray[np.intp]:
    """The rows with the most calls, at most ``limit``; ties by the lookup's text as logged, then by the caller."""
    count = table.sums["calls"]
    candidates = np.arange(len(count))
    lookup = table.key["lookup"]
    texts = lookup.pack()
    if len(count) > limit:
        least = np.partition(count, len(count) - limit)[len(count) - limit]
        above, ties = np.flatnonzero(count > least), np.flatnonzero(count == least)
        rank = rank_as_logged(texts.take(lookup.codes[ties]))
        last = np.sort(rank)[limit - len(above) - 1]
        # All ties up to the text that fills the list: which of its callers come first is told below.
        candidates = np.concatenate((above, ties[rank <= last]))
    chosen = texts.take(lookup.codes[candidates])
    ranks = [chosen.rank(), rank_as_logged(chosen)]
    if "caller" in table.key:
        names = table.key["caller"]
        order = {name: index for index, name in enumerate(sorted(names.texts or ()))}
        rank_of = np.array([*(order[name] for name in names.texts or ()), len(order)], np.int64)
        ranks.insert(0, rank_of[names.codes[candidates]])
    order_of_rows = np.lexsort((*ranks, -count[candidates]))
    return candidates[order_of_rows][:limit]


def rank_as_logged(texts: Texts) -> NDArray[np.int64]:
    """Ranks by the texts as logged: function first, whatever is escaped."""
    odd = np.flatnonzero(texts.starts_with("||"))
    if not len(odd):
        return texts.rank()
    logged = texts.to_list()
    for index in odd.tolist():
        function, params = decode_lookup(logged[index])
        logged[index] = join_signature(function, None, params)
    ranks = {text: rank for rank, text in enumerate(sorted(set(logged)))}
    return np.array([ranks[text] for text in logged], np.int64)


def list_askings(whole: Whole, key: str) -> Rows[Any]:
    """The rows of one list, by calls."""
    table = whole[key]
    if whole.is_narrowed:
        table = table.take(table.sums["shown"] > 0)
    first = choose_rows(table, whole.row_limit)
    rows = with_proof(table.take(first), whole.grades)
    texts = table.key["lookup"].pack().take(rows.key["lookup"].codes).to_list()
    callers = rows.key["caller"].decode() if key != LOOKUPS else [None] * len(texts)
    wanted = list(zip(texts, callers, strict=True))
    located = collect(whole.details(key, wanted), wanted, of_all_callers=key == LOOKUPS)
    names = (
        "calls", "units", "processes", "unchanged", "changed", "unproven", "elapsed_ns", "resolution_ns",
    )  # fmt: skip
    columns = zip(*(rows.sums[name].tolist() for name in names), strict=True)
    listed: list[Any] = []
    for rank, (text, caller, sums) in enumerate(zip(texts, callers, columns, strict=True)):
        calls, units, processes, unchanged, changed, unproven, elapsed_ns, resolution_ns = sums
        function, fields = decode_lookup(text)
        common = {
            "function": function,
            "params": tuple(Param(name=name, value=value) for name, value in fields),
            "calls": calls,
            "units": units,
            "processes": processes,
            "elapsed_ns": elapsed_ns,
            "elapsed_upper_ns": elapsed_ns + resolution_ns,
            "unchanged": unchanged,
            "changed": changed,
            "unproven": unproven,
        }
        by_caller = located[rank]
        if key == LOOKUPS:
            references = sorted((one for own in by_caller for one in own.references), key=_in_order)
            common["callers"] = _list_shares(by_caller)
            common["call_references"] = Rows(calls, tuple(references[: reference_limit(rank)]))
            listed.append(RedundantLookup(**common))
        else:
            common["signature"] = join_signature(function, caller, fields)
            common["caller"] = caller
            common["call_references"] = Rows(calls, by_caller[0].references)
            listed.append(RedundantSignature(**common))
    return keep_rows(listed, ROW_LIMIT, total=len(table))


def _in_order(reference: CallReference) -> tuple[int, int]:
    return (reference.process, reference.number)


def _list_shares(by_caller: Sequence[Located]) -> Rows[CallerShare]:
    """Each caller's part of a lookup, by calls."""
    shares = [
        CallerShare(caller=own.caller, calls=own.calls, call_references=Rows(own.calls, own.references))
        for own in by_caller
    ]
    shares.sort(key=lambda share: (-share.calls, caller_rank(share.caller)))
    return keep_rows(shares, NESTED_ROW_LIMIT)


MEASURES = tuple(
    Measure(
        key,
        partial(sum_askings, key=key),
        merge_tables,
        partial(list_askings, key=key),
        detail=partial(locate_askings, key=key),
    )
    for key in (SIGNATURES, LOOKUPS, CANDIDATES)
)
