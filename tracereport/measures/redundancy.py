"""What is asked for more than once: signatures, lookups and cache candidates, over all units of work.

Their rows are many and their calls more, so that parts add up the sums alone. Once it is known which rows are shown,
each part is asked where the calls of these stand.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_NAME
from tracereport.calls.coding import spread
from tracereport.calls.grouping import (
    NESTED_ROW_LIMIT,
    ROW_LIMIT,
    caller_rank,
    count_by,
    keep_rows,
    reference_limit,
    sum_chosen,
)
from tracereport.calls.groups import Groups
from tracereport.calls.lookup_text import decode_lookup, join_signature
from tracereport.calls.texts import Texts
from tracereport.measures.context import Context
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.partials import Column, Table, merge_tables
from tracereport.measures.proof import with_proof
from tracereport.measures.traits import AGAIN, QUESTION, RECORDED, SHOWN
from tracereport.model import CallerShare, CallReference, Param, RedundantLookup, RedundantSignature, Rows
from tracereport.native.keys import factorize, find_distinct, group_order
from tracereport.native.tally import Mask, count_traits

SIGNATURES, LOOKUPS, CANDIDATES = "redundant_signatures", "redundant_lookups", "cache_candidates"

Key = tuple[str, str | None]
"""A lookup's canonical text, and a caller (null where it is of all callers)."""


class Postings(msgspec.Struct, frozen=True, eq=False):
    """Where calls stand, by lookup and caller: the first ``NESTED_ROW_LIMIT`` of each."""

    lookup: NDArray[np.int64]
    """Per lookup and caller: index into ``texts``."""
    texts: Texts
    caller: NDArray[np.int64]
    """Per lookup and caller: index into ``callers``, ``NO_NAME`` for a missing one."""
    callers: tuple[str, ...]
    calls: NDArray[np.int64]
    """Per lookup and caller: how many there are."""
    kept: NDArray[np.int64]
    """Per lookup and caller: how many of them are in the columns below, one after the other."""
    process: NDArray[np.int64]
    number: NDArray[np.int64]
    line: NDArray[np.int64]


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
    calls, ordered, repeats = context.calls, context.ordered, context.repeats
    groups, is_chosen = _choose_groups(context, key)
    code, row_of_group = _choose_rows(groups, is_chosen)
    count = len(code)
    row, index = row_of_group[groups.of_place], row_of_group[:-1][is_chosen].astype(np.int64)
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
            **count_traits(row, repeats.traits, masks, count),
            "elapsed_ns": sum_chosen(row, ordered.take(calls.elapsed_ns), count),
            "resolution_ns": sum_chosen(row, ordered.take(calls.resolution_ns), count),
        },
    )


def _count_processes(index: NDArray[np.int64], process: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    """How many processes each row's units are of."""
    pairs = find_distinct(index * (int(process.max(initial=0)) + 1) + process)
    return np.bincount(pairs // (int(process.max(initial=0)) + 1), minlength=count)


def locate_askings(context: Context, key: str, wanted: Sequence[Key] | None = None) -> Postings:
    """Where the calls of one list stand; only those of the wanted rows where these are given."""
    calls, ordered = context.calls, context.ordered
    groups, is_chosen = _choose_groups(context, key)
    code, row_of_group = _choose_rows(groups, is_chosen)
    if wanted is not None:
        asked = code if key == LOOKUPS else calls.signatures.lookup[code]
        is_wanted = calls.lookups.text.take(asked).is_among(text for text, _ in wanted)
        row_of_group[row_of_group >= 0] = np.where(is_wanted, 0, -1)[row_of_group[row_of_group >= 0]]
    places = np.flatnonzero(row_of_group[groups.of_place] >= 0)
    signatures = calls.signatures
    width = len(calls.names) + 1
    pair = ordered.lookup[places].astype(np.int64) * width + signatures.caller[ordered.signature[places]] + 1
    order = group_order(pair)
    distinct, index = _renumber(pair[order])
    size = count_by(index, len(distinct))
    kept_size = np.minimum(size, NESTED_ROW_LIMIT)
    chosen = ordered.row[places[order[spread(np.cumsum(size) - size, kept_size)]]]
    lookups, lookup = np.unique(distinct // width, return_inverse=True)
    return Postings(
        lookup=lookup,
        texts=calls.lookups.text.take(lookups),
        caller=distinct % width - 1,
        callers=calls.names,
        calls=size,
        kept=kept_size,
        process=context.process_key(calls.process[chosen]),
        number=calls.number[chosen],
        line=calls.line[chosen],
    )


def _renumber(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct ones of codes in ascending order, and which of them each is."""
    is_new = np.ones(len(codes), bool)
    is_new[1:] = codes[1:] != codes[:-1]
    return codes[is_new], np.cumsum(is_new) - 1


class _Located(msgspec.Struct, frozen=True):
    """The calls of one lookup and caller in all parts."""

    calls: int
    references: list[CallReference]


def _collect(whole: Whole, key: str, wanted: Sequence[Key]) -> dict[str, dict[str | None, _Located]]:
    """By lookup and caller the wanted calls of all parts, in the order of the input."""
    found: dict[str, dict[str | None, tuple[int, list[CallReference]]]] = {}
    for postings in whole.details(key, wanted):
        chosen = np.flatnonzero(postings.texts.is_among(text for text, _ in wanted)[postings.lookup])
        start = np.cumsum(postings.kept) - postings.kept
        for pair in chosen.tolist():
            caller = postings.callers[postings.caller[pair]] if postings.caller[pair] != NO_NAME else None
            own = slice(int(start[pair]), int(start[pair] + postings.kept[pair]))
            columns = (column[own].tolist() for column in (postings.process, postings.number, postings.line))
            references = [
                CallReference(process=process, number=number, line=line)
                for process, number, line in zip(*columns, strict=True)
            ]
            by_caller = found.setdefault(postings.texts[int(postings.lookup[pair])], {})
            before, already = by_caller.get(caller, (0, []))
            if already:  # of another part; in each they are in order
                references = sorted(already + references, key=_in_order)[:NESTED_ROW_LIMIT]
            by_caller[caller] = (before + int(postings.calls[pair]), references)
    return {
        text: {caller: _Located(calls, references) for caller, (calls, references) in by_caller.items()}
        for text, by_caller in found.items()
    }


def _in_order(reference: CallReference) -> tuple[int, int]:
    return (reference.process, reference.number)


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
    located = _collect(whole, key, list(zip(texts, callers, strict=True)))
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
        limit = reference_limit(rank)
        by_caller = located[text]
        if key == LOOKUPS:
            references = sorted((one for own in by_caller.values() for one in own.references), key=_in_order)
            common["callers"] = _list_shares(by_caller, limit)
            common["call_references"] = Rows(calls, tuple(references[:limit]))
            listed.append(RedundantLookup(**common))
        else:
            common["signature"] = join_signature(function, caller, fields)
            common["caller"] = caller
            common["call_references"] = Rows(calls, tuple(by_caller[caller].references[:limit]))
            listed.append(RedundantSignature(**common))
    return keep_rows(listed, ROW_LIMIT, total=len(table))


def _list_shares(by_caller: dict[str | None, _Located], limit: int) -> Rows[CallerShare]:
    """Each caller's part of a lookup, by calls."""
    shares = [
        CallerShare(caller=caller, calls=own.calls, call_references=Rows(own.calls, tuple(own.references[:limit])))
        for caller, own in by_caller.items()
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
