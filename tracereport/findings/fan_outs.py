"""Fan-outs -> findings: one per shape and varying parameter; of writes, one per shape."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.grouping import NESTED_ROW_LIMIT, ROW_LIMIT, count_by, sum_by
from tracereport.calls.ordered import NOWHERE
from tracereport.findings.common import (
    EvidenceOf,
    count_pairs_with,
    first_rows,
    list_hooks,
    list_places,
    list_tests,
    places_of,
)
from tracereport.findings.interface import (
    EVIDENCE_LIMIT,
    WORST_LIMIT,
    Candidate,
    FindingKind,
    Key,
    UnitAmount,
    read_key,
)
from tracereport.measures.cells import Cells
from tracereport.measures.context import Context
from tracereport.measures.fanout import NO_GROUP
from tracereport.measures.fanout_rows import CONFIDENCES
from tracereport.measures.interface import Whole
from tracereport.measures.partials import Column, Table, add_up, group_rows, merge_tables
from tracereport.measures.scopes import LOW
from tracereport.model import Finding, Rows
from tracereport.native.codes import take
from tracereport.native.keys import list_members
from tracereport.native.pairs import number_pairs

KIND_KEY: Final = "fan_out_findings"


class FanOutsPart(msgspec.Struct, frozen=True, eq=False):
    """What some processes know of the findings of fan-outs. Keys hold the certainty of the groups."""

    findings: Table
    sizes: Table
    """By finding, certainty, distinct values and parent's function: groups, the largest ones."""
    tests: Table
    places: Table
    hooks: Table
    units: Table


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
    sums = {
        "groups": count_by(of_group, count),
        "unfinished_parents": count_by(of_group, count, (fanouts.parent == NOWHERE) & (fanouts.certainty != LOW)),
        "writes": count_by(of_group, count, fanouts.is_write),
        "calls": count_by(of_place, count),
        "avoidable_calls": count_by(of_place, count, fanouts.is_avoidable),
        "elapsed_ns": add_up(of_group, fanouts.elapsed_ns, count),
        "resolution_ns": add_up(of_group, fanouts.resolution_ns, count),
        "shown": count_by(of_place, count, None if context.shown is None else context.shown.places),
    }
    keys = tuple(f"{key}{level}" for key in found.keys for level in range(levels))
    tests, places, hooks, units = _count_circumstances(context, of_place, keys)
    return FanOutsPart(
        findings=Table(
            key={
                "finding": Column(present, keys),
                "function": Column(found.function[present // levels], calls.names),
            },
            sums={name: column[present] for name, column in sums.items()},
        ),
        sizes=_count_sizes(context, of_group, keys),
        tests=tests,
        places=places,
        hooks=hooks,
        units=units,
    )


def _count_circumstances(
    context: Context, of_place: NDArray[np.int32], keys: tuple[str, ...]
) -> tuple[Table, Table, Table, Table]:
    """How many calls stand with each finding in which test, at which place, by which hook, and in which unit.

    In tests and units the avoidable ones alone count.

    Args:
        context: of the calls.
        of_place: per call its finding, ``NO_GROUP`` for none; only the avoidable ones are left in it.
        keys: the texts of the findings' keys.
    """
    calls, cells, units = context.calls, context.cells, context.ordered.units
    own, cell, count = _count_cells(cells, of_place, len(keys))
    of_place[~context.fanouts.is_avoidable] = NO_GROUP
    own_avoidable, cell_avoidable, avoidable = _count_cells(cells, of_place, len(keys))
    tests = count_pairs_with(
        own_avoidable, keys, calls.test[cells.row[cell_avoidable]], calls.tests, avoidable, "test", "avoidable_calls"
    )
    tests.sums["repeats"] = np.zeros(len(tests), np.int64)
    at, via = places_of(context, cells.row[cell])
    texts = calls.origins.texts
    unit = cells.unit[cell_avoidable]
    pair, first = number_pairs(unit, len(units), own_avoidable, len(keys))
    unit = unit[first].astype(np.int64)
    return (
        tests,
        count_pairs_with(own, keys, at, texts, count, "at", "calls"),
        count_pairs_with(own, keys, via, texts, count, "via", "calls"),
        Table(
            key={
                "process": Column(context.process_key(units.process[unit])),
                "unit": Column(unit),
                "finding": Column(own_avoidable[first].astype(np.int64), keys),
            },
            sums={"avoidable_calls": sum_by(pair, avoidable, len(first))},
        ),
    )


def _count_cells(
    cells: Cells, finding: NDArray[np.int32], findings: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """The calls of each finding by cells, which have test, origin and unit in common: finding, cell, and count."""
    if cells.are_calls:
        place = np.flatnonzero(finding != NO_GROUP)
        return finding[place], cells.of_place[place], np.ones(len(place), np.int64)
    pair, first = number_pairs(finding, findings, cells.of_place, len(cells))
    return finding[first], cells.of_place[first], count_by(pair, len(first))


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

    def join(name: str) -> Table:
        return merge_tables([getattr(part, name) for part in parts])

    return FanOutsPart(
        findings=join("findings"),
        sizes=_keep_largest(join("sizes")),
        tests=join("tests"),
        places=join("places"),
        hooks=join("hooks"),
        units=join("units"),
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


def _choose_levels(part: FanOutsPart) -> dict[str, int]:
    """By finding the best certainty of its groups: those of a worse one don't count."""
    best: dict[str, int] = {}
    for (text,) in part.findings.rows("finding"):
        key, level = text[:-1], int(text[-1])
        best[key] = min(best.get(key, level), level)
    return best


def find_fan_out_findings(whole: Whole) -> list[Candidate]:
    """The findings of all fan-outs."""
    part: FanOutsPart = whole[KIND_KEY]
    levels = _choose_levels(part)
    describer = _Describer(part)
    columns = ("finding", *part.findings.sums)
    candidates = []
    for values in part.findings.rows(*columns):
        row = dict(zip(columns, values, strict=True))
        text, level = row["finding"][:-1], int(row["finding"][-1])
        if levels[text] != level:
            continue
        key = read_key(text)
        candidates.append(
            Candidate(
                key=key,
                calls_saved=row["avoidable_calls"],
                possible_calls_saved=row["avoidable_calls"],
                elapsed_ns=row["elapsed_ns"],
                is_low=level == LOW,
                is_shown=bool(row["shown"]) or not whole.is_narrowed,
                describe=partial(describer.describe, key, row, level),
            )
        )
    return candidates


class _Describer:
    """Describes findings; what it needs of all of them is made when the first is."""

    def __init__(self, part: FanOutsPart) -> None:
        self._part = part
        self._made: dict[str, dict[str, Any]] = {}

    def _once(self, name: str, make: Any) -> dict[str, Any]:  # noqa: ANN401
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def describe(self, key: Key, row: dict[str, Any], level: int) -> Finding:
        """One finding."""
        part, text = self._part, row["finding"]
        sizes = self._once("sizes", lambda: _list_sizes(part.sizes))[text]
        tests = self._once("tests", lambda: list_tests(part.tests))
        places = self._once("places", lambda: list_places(part.places))
        hooks = self._once("hooks", lambda: list_hooks(part.hooks))
        parents = [parent for _, parent, _ in sizes]
        is_write = row["writes"] > 0
        return Finding(
            fingerprint=key.fingerprint(),
            kind="fan-out",
            function=key.function,
            callers=key.callers[:ROW_LIMIT],
            caller_count=len(key.callers),
            param_names=key.param_names,
            varying_params=key.varying_params,
            writes=is_write,
            parent_functions=tuple(dict.fromkeys(name for name in parents if name is not None)),
            worst_parent=parents[0],
            calls=row["calls"],
            calls_saved=row["avoidable_calls"],
            possible_calls_saved=row["avoidable_calls"],
            elapsed_ns=row["elapsed_ns"],
            elapsed_upper_ns=row["elapsed_ns"] + row["resolution_ns"],
            worst=tuple(size for size, _, groups in sizes for _ in range(groups))[:WORST_LIMIT],
            avoidable_calls=row["avoidable_calls"],
            at=places.get(text, Rows()),
            via=hooks.get(text, ()),
            confidence=CONFIDENCES[level],
            reason=_explain(row, level),
            tests=tests.get(text, Rows()),
        )


def _list_sizes(table: Table) -> dict[str, list[tuple[int, str | None, int]]]:
    """By finding the distinct values, the parent's function and the number of its largest groups."""
    found: dict[str, list[tuple[int, str | None, int]]] = {}
    for text, size, parent, groups in table.rows("finding", "size", "parent", "groups"):
        found.setdefault(text, []).append((size, parent, groups))
    for rows in found.values():
        rows.sort(key=lambda row: (-row[0], row[1] is None, row[1] or ""))
    return found


def _explain(row: dict[str, Any], level: int) -> str:
    """Why it is as sure as it is."""
    groups, unfinished = row["groups"], row["unfinished_parents"]
    if level == LOW:
        return "no parent call is known: a busy caller of a whole test suite looks the same"
    if CONFIDENCES[level] == "likely":
        return "one call of the named caller was running each time, though no call tree is known: at least so many"
    if groups == 1:
        return f"all stand under one parent call{', which never printed' if unfinished else ''}"
    beside = f"; {'each' if unfinished == groups else f'{unfinished:,}'} of these never printed" if unfinished else ""
    return f"each of the {groups:,} groups stands under one parent call{beside}"


def list_unit_amounts(whole: Whole) -> list[UnitAmount]:
    """What each unit adds to each finding."""
    part: FanOutsPart = whole[KIND_KEY]
    levels = _choose_levels(part)
    return [
        UnitAmount(process, unit, text[:-1], 0, avoidable)
        for process, unit, text, avoidable in part.units.rows("process", "unit", "finding", "avoidable_calls")
        if levels.get(text[:-1]) == int(text[-1])
    ]


KIND = FindingKind(
    KIND_KEY,
    measure_fan_out_findings,
    merge_fan_out_findings,
    find_fan_out_findings,
    list_unit_amounts,
    detail=choose_fan_out_evidence,
)
