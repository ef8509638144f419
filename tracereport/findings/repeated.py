"""Repeats -> findings *again* and *shared*: every repeat is in exactly one of them.

*again* promises what the caller's own kept answer would have served. What another asker's answer would have served has
to be handed on: the finding *shared* of its callers saves it.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.coding import code_tuples
from tracereport.calls.constant import map_rows
from tracereport.calls.grouping import (
    NESTED_ROW_LIMIT,
    ROW_LIMIT,
    caller_rank,
    count_by,
    keep_rows,
    sum_by,
)
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
from tracereport.findings.sorted_repeats import NO_FINDING, SortedRepeats, sort_repeats
from tracereport.measures.context import Context
from tracereport.measures.described import describe_call
from tracereport.measures.evidence import SURE_GRADES, Grade
from tracereport.measures.interface import Whole
from tracereport.measures.partials import Array, Column, Table, group_rows, merge_tables
from tracereport.measures.proof import with_proof
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
from tracereport.model import UNKNOWN_CALLER, Confidence, Finding, RepeatPair, Rows
from tracereport.native.keys import factorize, group_order
from tracereport.native.pairs import number_pairs
from tracereport.native.savings import find_inside
from tracereport.native.tally import TRAIT_TYPE, Mask, count_traits, find_first_largest
from tracereport.wording.phrases import format_counted

KIND_KEY: Final = "repeat_findings"
_SORTS: Final = (UNCHANGED, 0, CHANGED)
"""What repeats show, by the trait that tells it: unchanged ones are shown first, then unproven ones."""


class RepeatsPart(msgspec.Struct, frozen=True, eq=False):
    """What some processes know of the findings of repeats."""

    findings: Table
    pairs: Table
    """By finding, previous asker and asker."""
    sizes: Table
    """By finding and how often one lookup was asked again: the largest ones."""
    tests: Table
    places: Table
    hooks: Table
    units: Table
    """By process, unit and finding."""


def _sort(context: Context) -> SortedRepeats:
    return context.make_once("sorted_repeats", lambda: sort_repeats(context))


def measure_repeat_findings(context: Context) -> RepeatsPart:
    """The sums of each finding."""
    found = _sort(context)
    calls, cells, names = context.calls, context.cells, found.keys
    cell = np.flatnonzero(found.finding != NO_FINDING)
    finding, row, counts = found.finding[cell], cells.row[cell], cells.calls[cell]
    tests = count_pairs_with(finding, names, map_rows(calls.test, row), calls.tests, counts, "test", "repeats")
    tests.sums["avoidable_calls"] = np.zeros(len(tests), np.int64)
    at, via = places_of(context, row)
    texts = calls.origins.texts
    return RepeatsPart(
        findings=_sum_findings(context, found, cell),
        pairs=_sum_pairs(context, found, cell),
        sizes=_count_sizes(context, found),
        tests=tests,
        places=count_pairs_with(finding, names, at, texts, counts, "at", "calls"),
        hooks=count_pairs_with(finding, names, via, texts, counts, "via", "calls"),
        units=_count_units(context, finding, cell, names),
    )


def _count_units(context: Context, finding: Array, cell: NDArray[np.intp], names: tuple[str, ...]) -> Table:
    unit = context.cells.unit[cell]
    group, first = number_pairs(unit, len(context.ordered.units), finding, len(names))
    unit = unit[first].astype(np.int64)
    return Table(
        key={
            "process": Column(context.process_key(context.ordered.units.process[unit])),
            "unit": Column(unit),
            "finding": Column(finding[first].astype(np.int64), names),
        },
        sums={"repeats": sum_by(group, context.cells.calls[cell], len(first))},
    )


_MASKS: Final = {
    **RECORDED,
    "possible": Mask(REPEAT, lacking=UNCHANGED | CHANGED | WRITTEN | AVOIDABLE),
    "possible_if_constant": Mask(UNCHANGED, lacking=CACHED | WRITTEN | AVOIDABLE),
    "sequential": Mask(SEQUENTIAL),
    "sequential_own": Mask(SEQUENTIAL | SAME_ASKER),
    "negative": Mask(NEGATIVE),
    "shown": Mask(SHOWN),
}


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

    def join(name: str) -> Table:
        return merge_tables([getattr(part, name) for part in parts])

    return RepeatsPart(
        findings=join("findings"),
        pairs=join("pairs"),
        sizes=_keep_largest(join("sizes")),
        tests=join("tests"),
        places=join("places"),
        hooks=join("hooks"),
        units=join("units"),
    )


def choose_repeat_evidence(context: Context, wanted: Sequence[str] | None = None) -> list[EvidenceOf]:
    """The first repeats of the lookup asked most often, by what its answers say; of the wanted findings, or of all."""
    found, repeats, ordered, cells = _sort(context), context.repeats, context.ordered, context.cells
    # The last one is for NO_FINDING.
    is_wanted = np.full(len(found.keys) + 1, wanted is None)
    if wanted is not None:
        codes = {key: code for code, key in enumerate(found.keys)}
        is_wanted[[codes[key] for key in wanted if key in codes]] = True
    is_wanted[NO_FINDING] = False
    cell = np.flatnonzero(is_wanted[found.finding])
    cell = cell[group_order(cells.place[cell])]
    sizes = found.sizes_of(context, cell)
    owner = found.finding[cell].astype(np.int64) * len(_SORTS) + _sort_of(cells.traits[cell])
    code, first = factorize(owner)
    best = find_first_largest(code, sizes, len(first))
    group = repeats.lookups.of_places(cells.place[cell])
    is_kept = group == group[best][code]
    code_of_cell = np.full(len(cells), NO_FINDING, np.int32)
    code_of_cell[cell[is_kept]] = code[is_kept]
    place = np.flatnonzero(code_of_cell[cells.of_place] != NO_FINDING)
    code_of_place = code_of_cell[cells.of_place[place]]
    lists: dict[int, list[int]] = {}
    for index in first_rows(code_of_place, [place], EVIDENCE_LIMIT).tolist():
        lists.setdefault(int(code_of_place[index]), []).append(int(place[index]))
    return [
        EvidenceOf(
            key=found.keys[int(owner[first[own]]) // len(_SORTS)],
            sort=int(owner[first[own]]) % len(_SORTS),
            size=int(sizes[best[own]]),
            rows=tuple(
                describe_call(context, row, before)
                for row, before in zip(
                    ordered.rows(np.array(places)).tolist(),
                    ordered.rows(repeats.previous[places]).tolist(),
                    strict=True,
                )
            ),
        )
        for own, places in lists.items()
    ]


def _sort_of(traits: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Of each repeat the index in ``_SORTS`` of what it shows."""
    return np.where(traits & UNCHANGED, 0, np.where(traits & CHANGED, 2, 1))


def find_repeat_findings(whole: Whole) -> list[Candidate]:
    """The findings of all repeats, after the grades of their functions."""
    part: RepeatsPart = whole[KIND_KEY]
    table = with_proof(part.findings, whole.grades)
    describe = _Describer(whole)
    candidates = []
    for row in _list_rows(table):
        key = read_key(row["finding"])
        grade: Grade = whole.grades.get(key.function, "none")
        saved, possible = _count_saved(row, grade)
        asked = row["unchanged"] - row["cached"]
        is_low = not asked and not saved and row["unproven"] == row["may_have_changed"]
        candidates.append(
            Candidate(
                key=key,
                calls_saved=saved,
                possible_calls_saved=possible,
                elapsed_ns=row["elapsed_ns"],
                is_low=is_low,
                is_shown=bool(row["shown"]) or not whole.is_narrowed,
                describe=partial(describe.describe, key, row, grade),
            )
        )
    return candidates


def _list_rows(table: Table) -> list[dict[str, Any]]:
    columns = ["finding", *table.sums]
    return [dict(zip(columns, row, strict=True)) for row in table.rows(*columns)]


def _count_saved(row: dict[str, Any], grade: Grade) -> tuple[int, int]:
    """What a finding's fix saves, and what it saves with what is unproven."""
    if grade == "constant":
        return 0, row["possible"] + row["possible_if_constant"]
    return row["saved"], row["saved"] + row["possible"]


class _Describer:
    """Describes findings; what it needs of all of them is made when the first is."""

    def __init__(self, whole: Whole) -> None:
        self._whole = whole
        self._part: RepeatsPart = whole[KIND_KEY]
        self._made: dict[str, dict[str, Any]] = {}
        self.wanted: list[str] = []

    def _once(self, name: str, make: Any) -> dict[str, Any]:  # noqa: ANN401
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def describe(self, key: Key, row: dict[str, Any], grade: Grade) -> Finding:
        """One finding."""
        part, text = self._part, key.text()
        saved, possible = _count_saved(row, grade)
        is_constant = grade == "constant"
        confidence, reason = judge_repeats(row, grade)
        pairs = self._once("pairs", lambda: _list_pairs(with_proof(part.pairs, self._whole.grades)))
        sizes = self._once("sizes", lambda: _list_sizes(part.sizes))
        tests = self._once("tests", lambda: list_tests(part.tests))
        places = self._once("places", lambda: list_places(part.places))
        hooks = self._once("hooks", lambda: list_hooks(part.hooks))
        saving_ns, range_ns = (0, 0) if is_constant else (row["saving_ns"], row["saving_range_ns"])
        return Finding(
            fingerprint=key.fingerprint(),
            kind="again" if key.kind == "again" else "shared",
            function=key.function,
            callers=key.callers[:ROW_LIMIT],
            caller_count=len(key.callers),
            param_names=key.param_names,
            calls=row["repeats"] + row["lookups"],
            repeats=row["repeats"],
            unchanged=row["unchanged"],
            changed=row["changed"],
            unproven=row["unproven"],
            may_have_changed=row["may_have_changed"],
            cached=row["cached"],
            own_calls=row["own"],
            handed_on_calls=0 if is_constant else row["handed_on" if key.kind == "again" else "saved_handed_on"],
            calls_saved=saved,
            possible_calls_saved=possible,
            evidence_grade=grade,
            elapsed_ns=row["elapsed_ns"],
            elapsed_upper_ns=row["elapsed_ns"] + row["resolution_ns"],
            saving_ns=saving_ns,
            saving_upper_ns=saving_ns + range_ns,
            lookups=row["lookups"],
            worst=sizes[text],
            pairs=pairs[text],
            sequential=row["sequential"],
            sequential_own=row["sequential_own"],
            negative=row["negative"],
            at=places.get(text, Rows()),
            via=hooks.get(text, ()),
            confidence=confidence,
            reason=reason,
            tests=tests.get(text, Rows()),
        )


def judge_repeats(row: dict[str, Any], grade: Grade) -> tuple[Confidence, str]:
    """How sure it is that repeats needn't have been made, and why."""
    unchanged, changed, unproven = row["unchanged"], row["changed"], row["unproven"]
    written = row["may_have_changed"]
    handed_on = row["saved_handed_on"] if grade != "constant" else 0
    others = [f"{changed:,} changed"] * (changed > 0) + [f"{unproven:,} without evidence"] * (unproven > 0)
    beside = f"; {' and '.join(others)}" if others else ""
    if asked := unchanged - row["cached"] or handed_on:
        same = f"{format_counted(asked, 'repeat')} got the answer of the call before{beside}"
        if grade in SURE_GRADES:
            return "sure", same
        return "likely", f"{same}; only counts were compared: an update in place wouldn't show"
    if unproven > written:
        what = (
            "every call gives the same answer, which proves nothing"
            if grade == "constant"
            else "no result is recorded to tell whether the answer changed"
        )
        return "likely", f"{what}{f'; {changed:,} changed' if changed else ''}"
    if unproven:
        return "low", "something was written to the same resource before each repeat: the answer may have changed"
    if row["cached"]:
        return "low", "a cache answered every repeat: nothing is asked that could be left out"
    return "low", "every answer had changed: asking again was right, unless the caller made the change itself"


def _list_pairs(table: Table) -> dict[str, Rows[RepeatPair]]:
    found: dict[str, list[RepeatPair]] = {}
    columns = ("finding", "previous_caller", "caller", "unchanged", "changed", "unproven", "own", "handed_on")
    for text, previous, caller, unchanged, changed, unproven, own, handed_on in table.rows(*columns):
        pair = RepeatPair(
            previous_caller=previous,
            caller=caller,
            unchanged=unchanged,
            changed=changed,
            unproven=unproven,
            own=own,
            handed_on=handed_on,
        )
        found.setdefault(text, []).append(pair)
    for rows in found.values():
        rows.sort(
            key=lambda row: (
                -row.unchanged,
                -row.unproven,
                -row.changed,
                caller_rank(row.previous_caller),
                caller_rank(row.caller),
            )
        )
    return {text: keep_rows(rows, NESTED_ROW_LIMIT) for text, rows in found.items()}


def _list_sizes(table: Table) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for text, size, groups in table.rows("finding", "size", "groups"):
        found.setdefault(text, []).extend([size] * min(groups, WORST_LIMIT))
    return {text: tuple(sorted(sizes, reverse=True)[:WORST_LIMIT]) for text, sizes in found.items()}


def list_unit_amounts(whole: Whole) -> list[UnitAmount]:
    """What each unit adds to each finding."""
    part: RepeatsPart = whole[KIND_KEY]
    return [
        UnitAmount(process, unit, key, repeats, 0)
        for process, unit, key, repeats in part.units.rows("process", "unit", "finding", "repeats")
    ]


KIND = FindingKind(
    KIND_KEY,
    measure_repeat_findings,
    merge_repeat_findings,
    find_repeat_findings,
    list_unit_amounts,
    detail=choose_repeat_evidence,
)
