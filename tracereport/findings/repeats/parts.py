"""What some processes know of the findings of repeats: sums of each, and the calls that show it."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.coding import code_tuples
from tracereport.calls.constant import map_rows
from tracereport.calls.grouping import count_by, first_rows, sum_by
from tracereport.findings.circumstances import Circumstances, FoundCells, count_circumstances, merge_circumstances
from tracereport.findings.interface import EVIDENCE_LIMIT, WORST_LIMIT, EvidenceOf
from tracereport.findings.repeats.sorting import NO_FINDING, SortedRepeats, sort_repeats
from tracereport.findings.repeats.waiting import count_waits
from tracereport.measures.context import Context
from tracereport.measures.described import describe_call
from tracereport.measures.partials import Array, Column, Table, group_rows, merge_tables
from tracereport.measures.savings import find_enclosed, sum_times
from tracereport.measures.traits import (
    AVOIDABLE,
    CACHED,
    CHANGED,
    NEGATIVE,
    RECORDED,
    REPEAT,
    SAME_ASKER,
    SEQUENTIAL,
    SHOWN,
    UNCHANGED,
    WRITTEN,
)
from tracereport.model import UNKNOWN_CALLER
from tracereport.native.keys import factorize, group_order
from tracereport.native.savings import find_inside
from tracereport.native.tally import TRAIT_TYPE, Mask, count_traits, find_first_largest

KIND_KEY: Final = "repeat_findings"
_SORTS: Final = 3
"""Of repeats as evidence: unchanged ones are shown first, then unproven ones, then changed ones."""
_MASKS: Final = {
    **RECORDED,
    "possible": Mask(REPEAT, lacking=UNCHANGED | CHANGED | WRITTEN | AVOIDABLE),
    "possible_if_constant": Mask(UNCHANGED, lacking=CACHED | WRITTEN | AVOIDABLE),
    "sequential": Mask(SEQUENTIAL),
    "sequential_own": Mask(SEQUENTIAL | SAME_ASKER),
    "negative": Mask(NEGATIVE),
    "shown": Mask(SHOWN),
}


class RepeatsPart(msgspec.Struct, frozen=True, eq=False):
    """What some processes know of the findings of repeats."""

    findings: Table
    pairs: Table
    """By finding, previous asker and asker."""
    sizes: Table
    """By finding and how often one lookup was asked again: the largest ones."""
    circumstances: Circumstances


def measure_repeat_findings(context: Context) -> RepeatsPart:
    """The sums of each finding."""
    found = sort_repeats(context)
    cell = np.flatnonzero(found.finding != NO_FINDING)
    cells = FoundCells(found.keys, found.finding[cell], cell, context.cells.calls[cell])
    return RepeatsPart(
        findings=_sum_findings(context, found, cell),
        pairs=_sum_pairs(context, found, cell),
        sizes=_count_sizes(context, found),
        circumstances=count_circumstances(context, cells, cells, "repeats"),
    )


def _sum_findings(context: Context, found: SortedRepeats, cell: NDArray[np.intp]) -> Table:
    """The sums of each finding, of these cells of repeats."""
    calls, cells = context.calls, context.cells
    count, finding, saver = len(found.keys), found.finding[cell], found.saver[cell]
    counts = cells.calls[cell]
    lower_ns, range_ns, exclusive_ns = _time_saved(context, found)
    owner, _ = found.sizes(context)
    return Table(
        key={
            "finding": Column(np.arange(count), found.keys),
            "function": Column(found.function, calls.names),
        },
        sums={
            **count_traits(finding, _note_askers(context, cell), _MASKS, count, counts),
            "lookups": count_by(owner, count),
            **count_waits(context, found, cell),
            "saved": sum_by(saver, counts, count),
            "saved_handed_on": sum_by(np.where(saver == finding, NO_FINDING, saver), counts, count),
            "elapsed_ns": sum_by(finding, cells.elapsed_ns[cell], count),
            "resolution_ns": sum_by(finding, map_rows(cells.resolution_ns, cell), count),
            "saving_ns": lower_ns,
            "saving_range_ns": range_ns,
            "exclusive_ns": exclusive_ns,
        },
    )


def _note_askers(context: Context, cell: NDArray[np.intp]) -> NDArray[np.uint16]:
    """The traits of cells of repeats, with those that only findings ask for."""
    cells = context.cells
    traits = cells.traits[cell]
    caller = context.calls.signatures.caller[cells.signature[cell]]
    is_named = np.array([name != UNKNOWN_CALLER for name in context.calls.names] + [False], bool)
    is_same = (caller == cells.previous_caller[cell]) & is_named[caller]
    traits |= is_same * TRAIT_TYPE(SAME_ASKER)
    return traits


def _time_saved(context: Context, found: SortedRepeats) -> tuple[Array, Array, Array]:
    """By finding the time of what it saves, its range, and the time of calls inside no other saved call."""
    ordered, cells, count = context.ordered, context.cells, len(found.keys)
    if context.is_flat:
        counted_by = np.where(cells.is_promised, found.saver, NO_FINDING)
        saved_ns = sum_by(counted_by, cells.elapsed_ns, count)
        return saved_ns, sum_by(counted_by, cells.resolution_ns, count), saved_ns
    saver = found.saver[cells.of_place]
    is_saved = saver != NO_FINDING
    counts = is_saved & context.is_promised
    tree_unknown = context.is_tree_unknown
    uncertain = np.flatnonzero(is_saved & tree_unknown)
    counts[find_enclosed(ordered, uncertain, saver[uncertain].astype(np.int64))] = False
    is_exclusive = counts & ~tree_unknown
    if ordered.in_tree.any():
        inside = find_inside(ordered.parent, saver)
        is_exclusive &= ~inside.any
        # A finding's function may call itself.
        counts &= ~inside.own
    return sum_times(context, counts, saver, count, apart=True, exclusive=is_exclusive)


def _sum_pairs(context: Context, found: SortedRepeats, cell: NDArray[np.intp]) -> Table:
    calls, cells = context.calls, context.cells
    names = len(calls.names) + 1
    (finding, previous, caller), pair = code_tuples(
        (found.finding[cell], max(len(found.keys), 1)),
        (cells.previous_caller[cell] + 1, names),
        (calls.signatures.caller[cells.signature[cell]] + 1, names),
    )
    return Table(
        key={
            "finding": Column(finding, found.keys),
            "function": Column(found.function[finding], calls.names),
            "previous_caller": Column(previous - 1, calls.names),
            "caller": Column(caller - 1, calls.names),
        },
        sums={**count_traits(pair, cells.traits[cell], RECORDED, len(finding), cells.calls[cell])},
    )


def _count_sizes(context: Context, found: SortedRepeats) -> Table:
    """How often the lookups of each finding were asked again, the largest numbers."""
    finding, size = found.sizes(context)
    table = group_rows(
        Table(
            key={"finding": Column(finding.astype(np.int64), found.keys), "size": Column(size)},
            sums={"groups": np.ones(len(size), np.int64)},
        )
    )
    return _keep_largest(table)


def _keep_largest(table: Table) -> Table:
    return table.take(first_rows(table.key["finding"].codes, [-table.key["size"].codes], WORST_LIMIT))


def merge_repeat_findings(parts: Sequence[RepeatsPart]) -> RepeatsPart:
    """The sums of all parts."""
    return RepeatsPart(
        findings=merge_tables([part.findings for part in parts]),
        pairs=merge_tables([part.pairs for part in parts]),
        sizes=_keep_largest(merge_tables([part.sizes for part in parts])),
        circumstances=merge_circumstances([part.circumstances for part in parts]),
    )


def choose_repeat_evidence(context: Context, wanted: Sequence[str] | None = None) -> list[EvidenceOf]:
    """The first repeats of the lookup asked most often, by what its answers say; of the wanted findings, or of all."""
    found, repeats, ordered, cells = sort_repeats(context), context.repeats, context.ordered, context.cells
    cell = _find_cells(context, found, wanted)
    # Finding and what the answer says as one number, and as a code without gaps.
    finding_and_sort = found.finding[cell].astype(np.int64) * _SORTS + _sort_by_answer(cells.traits[cell])
    code, first = factorize(finding_and_sort)
    sizes = found.sizes_of(context, cell)
    best = find_first_largest(code, sizes, len(first))
    group = repeats.lookups.of_places(cells.place[cell])
    is_kept = group == group[best][code]
    code_of_cell = np.full(len(cells), NO_FINDING, np.int32)
    code_of_cell[cell[is_kept]] = code[is_kept]
    evidence = []
    for own, places in _list_first_places(code_of_cell[cells.of_place]).items():
        finding, sort = divmod(int(finding_and_sort[first[own]]), _SORTS)
        rows, previous = ordered.rows(np.array(places)), ordered.rows(repeats.previous[places])
        described = tuple(
            describe_call(context, row, before) for row, before in zip(rows.tolist(), previous.tolist(), strict=True)
        )
        evidence.append(EvidenceOf(found.keys[finding], sort, int(sizes[best[own]]), described))
    return evidence


def _find_cells(context: Context, found: SortedRepeats, wanted: Sequence[str] | None) -> NDArray[np.intp]:
    """The cells of the wanted findings' repeats, or of all, in the order of their first calls."""
    # The last one is for NO_FINDING.
    is_wanted = np.full(len(found.keys) + 1, wanted is None)
    if wanted is not None:
        codes = {key: code for code, key in enumerate(found.keys)}
        is_wanted[[codes[key] for key in wanted if key in codes]] = True
    is_wanted[NO_FINDING] = False
    cell = np.flatnonzero(is_wanted[found.finding])
    return cell[group_order(context.cells.place[cell])]


def _sort_by_answer(traits: NDArray[np.uint16]) -> NDArray[np.int64]:
    """What each repeat shows of its answer, as a number below ``_SORTS``."""
    return np.where(traits & UNCHANGED, 0, np.where(traits & CHANGED, 2, 1))


def _list_first_places(code_of_place: NDArray[np.int32]) -> dict[int, list[int]]:
    """By code the first places that have it."""
    place = np.flatnonzero(code_of_place != NO_FINDING)
    codes = code_of_place[place]
    first: dict[int, list[int]] = {}
    for index in first_rows(codes, [place], EVIDENCE_LIMIT).tolist():
        first.setdefault(int(codes[index]), []).append(int(place[index]))
    return first
