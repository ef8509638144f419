"""What some processes know of the findings of fan-outs: sums of each, and the calls that show it."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_PARENT
from tracereport.calls.grouping import NESTED_ROW_LIMIT, count_by, first_rows
from tracereport.calls.ordered import NOWHERE
from tracereport.findings.circumstances import Circumstances, FoundCells, count_circumstances, merge_circumstances
from tracereport.findings.interface import EVIDENCE_LIMIT, EvidenceOf, Key
from tracereport.measures.context import Context
from tracereport.measures.doubts import Doubt
from tracereport.measures.fanout_groups import NO_GROUP
from tracereport.measures.fanout_rows import CONFIDENCES
from tracereport.measures.partials import Column, Table, add_up, group_rows, merge_tables
from tracereport.measures.scopes import LOW
from tracereport.native.codes import take
from tracereport.native.keys import list_members
from tracereport.native.pairs import number_pairs

KIND_KEY: Final = "fan_out_findings"
DOUBTS: Final = tuple(doubt for doubt in Doubt if doubt != Doubt.NONE)


class FanOutsPart(msgspec.Struct, frozen=True, eq=False):
    """What some processes know of the findings of fan-outs. Keys hold the certainty of the groups."""

    findings: Table
    sizes: Table
    """By finding, certainty, distinct values and parent's function: groups, the largest ones."""
    circumstances: Circumstances


class _Grouped(msgspec.Struct, frozen=True, eq=False):
    """The groups of calls with their findings."""

    keys: tuple[str, ...]
    function: NDArray[np.int64]
    """Per finding."""
    finding: NDArray[np.int64]
    """Per group."""


def _group(context: Context) -> _Grouped:
    def make() -> _Grouped:
        calls, fanouts = context.calls, context.fanouts
        codes: dict[str, int] = {}
        functions: list[int] = []
        finding_of_kind = []
        for kind in fanouts.kinds:
            key = Key(
                kind="fan-out",
                function=calls.names[kind.function],
                callers=(calls.name(kind.caller),),
                param_names=kind.param_names,
                varying_params=kind.varying_params[:1],
            ).text()
            if key not in codes:
                codes[key] = len(codes)
                functions.append(kind.function)
            finding_of_kind.append(codes[key])
        return _Grouped(
            keys=tuple(codes),
            function=np.array(functions, np.int64),
            finding=np.array(finding_of_kind, np.int64)[fanouts.kind],
        )

    return context.make_once(KIND_KEY, make)


def measure_fan_out_findings(context: Context) -> FanOutsPart:
    """The sums of each finding, by the certainty of its groups."""
    calls, fanouts = context.calls, context.fanouts
    found = _group(context)
    # Finding and certainty as one code, by group and by call.
    levels = len(CONFIDENCES)
    of_group = found.finding * levels + fanouts.certainty
    # The last one is for NO_GROUP.
    of_place = take(np.append(of_group, NO_GROUP).astype(np.int32), fanouts.group_of_place)
    count = len(found.keys) * levels
    present = np.flatnonzero(count_by(of_group, count))
    is_unprinted = (fanouts.parent == NOWHERE) & (fanouts.certainty != LOW)
    is_run = context.ordered.take(calls.parent)[fanouts.first] == NO_PARENT
    sums = {
        "groups": count_by(of_group, count),
        "unfinished_parents": count_by(of_group, count, is_unprinted & ~is_run),
        "runs": count_by(of_group, count, is_unprinted & is_run),
        "few": count_by(of_group, count, fanouts.is_few),
        "over_rows": count_by(of_group, count, fanouts.is_over_rows),
        "writes": count_by(of_group, count, fanouts.is_write),
        **{doubt.name.lower(): count_by(of_group, count, fanouts.doubt == doubt) for doubt in DOUBTS},
        "calls": count_by(of_place, count),
        "avoidable_calls": count_by(of_place, count, fanouts.is_avoidable),
        "elapsed_ns": add_up(of_group, fanouts.elapsed_ns, count),
        "resolution_ns": add_up(of_group, fanouts.resolution_ns, count),
        "shown": count_by(of_place, count, None if context.shown is None else context.shown.places),
    }
    keys = tuple(f"{key}{level}" for key in found.keys for level in range(levels))
    all_cells = _count_cells(context, keys, of_place)
    of_place[~fanouts.is_avoidable] = NO_GROUP
    avoidable_cells = _count_cells(context, keys, of_place)
    return FanOutsPart(
        findings=Table(
            key={
                "finding": Column(present, keys),
                "function": Column(found.function[present // levels], calls.names),
            },
            sums={name: column[present] for name, column in sums.items()},
        ),
        sizes=_count_sizes(context, of_group, keys),
        circumstances=count_circumstances(context, all_cells, avoidable_cells, "avoidable_calls"),
    )


def _count_cells(context: Context, keys: tuple[str, ...], of_place: NDArray[np.int32]) -> FoundCells:
    """The calls of findings by cells.

    Args:
        context: of the calls.
        keys: the texts of the findings' keys.
        of_place: per call its finding; ``NO_GROUP`` for none.
    """
    cells = context.cells
    if cells.are_calls:
        place = np.flatnonzero(of_place != NO_GROUP)
        return FoundCells(keys, of_place[place], cells.of_place[place], np.ones(len(place), np.int64))
    pair, first = number_pairs(of_place, len(keys), cells.of_place, len(cells))
    return FoundCells(keys, of_place[first], cells.of_place[first], count_by(pair, len(first)))


def _count_sizes(context: Context, of_group: NDArray[np.int64], keys: tuple[str, ...]) -> Table:
    """How many groups have so many distinct values under a call of some function."""
    fanouts, ordered = context.fanouts, context.ordered
    function = np.full(len(fanouts), -1, np.int64)
    known = fanouts.parent != NOWHERE
    function[known] = context.calls.lookups.function[ordered.lookup[fanouts.parent[known]]]
    return _keep_largest(
        group_rows(
            Table(
                key={
                    "finding": Column(of_group, keys),
                    "size": Column(fanouts.distinct_values),
                    "parent": Column(function, context.calls.names),
                },
                sums={"groups": np.ones(len(fanouts), np.int64)},
            )
        )
    )


def _keep_largest(table: Table) -> Table:
    """The largest of each finding, ties by the parent's name, one that never printed last."""
    parent = table.key["parent"]
    order = {name: rank for rank, name in enumerate(sorted(parent.texts or ()))}
    rank = np.array([*(order[name] for name in parent.texts or ()), len(order)], np.int64)[parent.codes]
    chosen = first_rows(table.key["finding"].codes, [-table.key["size"].codes, rank], NESTED_ROW_LIMIT)
    return table.take(chosen)


def merge_fan_out_findings(parts: Sequence[FanOutsPart]) -> FanOutsPart:
    """The sums of all parts."""
    return FanOutsPart(
        findings=merge_tables([part.findings for part in parts]),
        sizes=_keep_largest(merge_tables([part.sizes for part in parts])),
        circumstances=merge_circumstances([part.circumstances for part in parts]),
    )


def choose_fan_out_evidence(context: Context, wanted: Sequence[str] | None = None) -> list[EvidenceOf]:
    """The first calls of the largest group of each finding and certainty; of the wanted findings, or of all."""
    from tracereport.measures.described import describe_call  # noqa: PLC0415

    fanouts, found = context.fanouts, _group(context)
    chosen = np.arange(len(fanouts))
    if wanted is not None:
        among = set(wanted)
        is_wanted = np.array([key in among for key in found.keys], bool)
        chosen = np.flatnonzero(is_wanted[found.finding]) if len(found.keys) else chosen
    owner = found.finding[chosen] * len(CONFIDENCES) + fanouts.certainty[chosen]
    best = chosen[first_rows(owner, [-fanouts.distinct_values[chosen], fanouts.first[chosen]], 1)]
    members = list_members(fanouts.group_of_place, best, fanouts.calls[best], len(fanouts))
    evidence = []
    for group, places in zip(best.tolist(), members, strict=True):
        rows = context.ordered.rows(places[:EVIDENCE_LIMIT])
        evidence.append(
            EvidenceOf(
                key=found.keys[int(found.finding[group])],
                sort=int(fanouts.certainty[group]),
                size=int(fanouts.distinct_values[group]),
                rows=tuple(describe_call(context, row) for row in rows.tolist()),
            )
        )
    return evidence
