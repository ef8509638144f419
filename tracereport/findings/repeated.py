"""Repeats -> findings *again* and *shared*: every repeat is in exactly one of them."""

from functools import partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.ancestry import any_above
from tracereport.calls.coding import code_values
from tracereport.calls.grouping import (
    NESTED_ROW_LIMIT,
    ROW_LIMIT,
    caller_rank,
    count_by,
    keep_rows,
    stable_order,
    sum_by,
    sum_exactly,
)
from tracereport.calls.groups import places_of_groups
from tracereport.calls.ordered import NOWHERE, OrderedCalls
from tracereport.calls.selection import Shown
from tracereport.calls.shapes import find_shapes
from tracereport.findings.candidates import EVIDENCE_LIMIT, WORST_LIMIT, Candidate, Key, count_tests, describe_evidence
from tracereport.measures.repeats import Repeats, code_sequences
from tracereport.measures.savings import Saving, find_enclosed
from tracereport.model import (
    UNKNOWN_CALLER,
    Confidence,
    Evidence,
    Finding,
    ProcessFinding,
    RepeatPair,
    Rows,
)
from tracereport.wording.phrases import format_counted

UNPROVEN, UNCHANGED, CHANGED = (np.int8(code) for code in range(3))
"""What the answers say of a repeat."""


class RepeatFindings(msgspec.Struct, frozen=True, eq=False):
    """The repeats sorted by finding, and within one by lookup, process and number. Columns run over all repeats."""

    keys: tuple[Key, ...]
    end: NDArray[np.int64]
    """Where each key's repeats end."""
    places: NDArray[np.intp]
    group: NDArray[np.int64]
    """A number of the repeat's lookup and process, ascending within a finding."""
    evidence: NDArray[np.int8]
    """``UNPROVEN``, ``UNCHANGED`` or ``CHANGED``."""
    previous_caller: NDArray[np.int32]
    """Name codes moved up by one: 0 for a missing caller."""
    caller: NDArray[np.int32]

    def of_key(self, code: int) -> slice:
        """The repeats of one finding."""
        return slice(int(self.end[code - 1]) if code else 0, int(self.end[code]))


def sort_repeats(ordered: OrderedCalls, repeats: Repeats) -> RepeatFindings:
    """Puts every repeat into its finding: *again* by its caller, *shared* by the set of callers."""
    groups = repeats.lookups
    repeated = np.flatnonzero(groups.length > 1)
    places = groups.order[~groups.is_first]
    group = np.repeat(np.arange(len(repeated)), groups.length[repeated] - 1)
    shapes = find_shapes(ordered.calls.lookups, groups.code[repeated])
    shape = shapes.shape[group].astype(np.int64)
    again = repeats.again[places]
    sets, set_of_group = _find_caller_sets(ordered, repeats, repeated)
    caller = ordered.calls.signatures.caller + 1
    own_caller = caller[ordered.signature[places]]
    who = np.where(again, own_caller, set_of_group[group])
    width = max(len(ordered.calls.names) + 1, len(sets))
    code, finding = code_values((shape * 2 + again) * width + who, len(shapes.function) * 2 * width)
    keys = []
    for value in code.tolist():
        shape_again, who_code = divmod(value, width)
        own_shape, is_again = divmod(shape_again, 2)
        keys.append(
            Key(
                kind="again" if is_again else "shared",
                function=shapes.function[own_shape],
                callers=(ordered.calls.name(who_code - 1),) if is_again else sets[who_code],
                param_names=shapes.param_names[own_shape],
            )
        )
    order = stable_order(finding, len(keys))
    places = places[order]
    return RepeatFindings(
        keys=tuple(keys),
        end=np.cumsum(count_by(finding, len(keys))),
        places=places,
        group=group[order],
        evidence=repeats.unchanged[places] * UNCHANGED + repeats.changed[places] * CHANGED,
        previous_caller=caller[ordered.signature[repeats.previous[places]]],
        caller=own_caller[order],
    )


def _find_caller_sets(
    ordered: OrderedCalls, repeats: Repeats, repeated: NDArray[np.intp]
) -> tuple[list[tuple[str | None, ...]], NDArray[np.int64]]:
    """The sets of callers that share lookups, and which of them each repeated group has (0 where one caller asks)."""
    groups = repeats.lookups
    shared = np.flatnonzero(groups.count(~repeats.again)[repeated] > 1)
    places = places_of_groups(groups, repeated[shared])
    owner = np.repeat(np.arange(len(shared)), groups.length[repeated[shared]])
    # A group's callers are those of the calls that come first of their signature.
    first = ~repeats.again[places]
    caller = ordered.calls.signatures.caller[ordered.signature[places[first]]].astype(np.int64) + 1
    owner = owner[first]
    order = np.lexsort((_rank_callers(ordered)[caller], owner))
    caller, owner = caller[order], owner[order]
    codes = code_sequences(owner, caller, len(shared))
    end = np.cumsum(np.bincount(owner, minlength=len(shared)))
    _, first_group, set_code = np.unique(codes, return_index=True, return_inverse=True)
    sets = [
        tuple(ordered.calls.name(code - 1) for code in caller[(end[index - 1] if index else 0) : end[index]].tolist())
        for index in first_group.tolist()
    ]
    set_of_group = np.zeros(len(repeated), np.int64)
    set_of_group[shared] = set_code
    return sets, set_of_group


def _rank_callers(ordered: OrderedCalls) -> NDArray[np.int64]:
    """The rank of each caller's code moved up by one: names are sorted, a missing caller comes last."""
    count = len(ordered.calls.names)
    return np.concatenate(([count], np.arange(count)))


def find_repeat_findings(
    ordered: OrderedCalls,
    repeats: Repeats,
    found: RepeatFindings,
    promised: NDArray[np.bool_],
    by_process: dict[int, list[ProcessFinding]],
    shown: Shown | None,
) -> list[Candidate]:
    """The findings of the sorted repeats; what each process adds to them is added to ``by_process``."""
    count = len(found.keys)
    places = found.places
    total = np.diff(found.end, prepend=0)
    finding = np.repeat(np.arange(count), total)
    counts = count_by(3 * finding + found.evidence, 3 * count).reshape(-1, 3).tolist()
    elapsed_ns = sum_by(finding, ordered.calls.elapsed_ns[ordered.row[places]], count).tolist()
    is_shown = np.ones(count, bool) if shown is None else count_by(finding, count, shown.places[places]) > 0
    fingerprints = [key.fingerprint() for key in found.keys]
    spread = ordered.process[places].astype(np.int64) * count + finding
    codes, members = code_values(spread, len(ordered.calls.processes.name) * count)
    for code, repeated in zip(codes.tolist(), count_by(members, len(codes)).tolist(), strict=True):
        row = ProcessFinding(fingerprint=fingerprints[code % count], repeats=repeated, avoidable_calls=0)
        by_process.setdefault(code // count, []).append(row)
    inside_saved = any_above(ordered, repeats.unchanged) if ordered.in_tree.any() else None
    describe = partial(_describe_repeats, ordered, repeats, found, promised, inside_saved)
    return [
        Candidate(
            key=key,
            calls_saved=unchanged,
            possible_calls_saved=unchanged + unproven,
            elapsed_ns=elapsed_ns[code],
            is_low=not unchanged and not unproven,
            is_shown=bool(is_shown[code]),
            describe=partial(describe, code, elapsed_ns[code]),
        )
        for code, (key, (unproven, unchanged, _)) in enumerate(zip(found.keys, counts, strict=True))
    ]


def _saving_of(
    ordered: OrderedCalls,
    promised: NDArray[np.bool_],
    inside_saved: NDArray[np.bool_] | None,
    unchanged: NDArray[np.intp],
) -> Saving:
    """Time of a finding's unchanged repeats; where they (may) lie inside one another, of the outermost ones."""
    own = np.sort(unchanged)
    enclosed = find_enclosed(ordered, own[ordered.calls.processes.has_tree("unknown")[ordered.process[own]]])
    counted = own[promised[own] & ~np.isin(own, enclosed, assume_unique=True)]
    if inside_saved is not None and inside_saved[counted].any():
        # They are calls of one function: only where it calls itself can one of them lie inside another.
        above = ordered.parent[counted]
        inside = np.zeros(len(counted), bool)
        walking = np.flatnonzero(inside_saved[counted])
        while len(walking):
            inside[walking] |= np.isin(above[walking], own)
            above[walking] = ordered.parent[above[walking]]
            walking = walking[(above[walking] != NOWHERE) & ~inside[walking]]
        counted = counted[~inside]
    row = ordered.row[counted]
    lower_ns = sum_exactly(ordered.calls.elapsed_ns[row])
    return Saving(lower_ns, lower_ns + sum_exactly(ordered.calls.resolution_ns[row]))


def _describe_repeats(
    ordered: OrderedCalls,
    repeats: Repeats,
    found: RepeatFindings,
    promised: NDArray[np.bool_],
    inside_saved: NDArray[np.bool_] | None,
    code: int,
    elapsed_ns: int,
) -> Finding:
    key, own = found.keys[code], found.of_key(code)
    places, evidence = found.places[own], found.evidence[own]
    unproven_count, unchanged_count, changed_count = count_by(evidence, 3).tolist()
    saving = _saving_of(ordered, promised, inside_saved, places[evidence == UNCHANGED])
    first = np.flatnonzero(np.diff(found.group[own], prepend=-1))
    sizes = np.diff(np.append(first, len(places)))
    confidence, reason = judge_repeats(unchanged_count, changed_count, unproven_count)
    return Finding(
        fingerprint=key.fingerprint(),
        kind=key.kind,
        function=key.function,
        callers=key.callers[:ROW_LIMIT],
        caller_count=len(key.callers),
        param_names=key.param_names,
        varying_params=(),
        parent_functions=(),
        calls=len(places) + len(sizes),
        repeats=len(places),
        unchanged=unchanged_count,
        changed=changed_count,
        unproven=unproven_count,
        calls_saved=unchanged_count,
        possible_calls_saved=unchanged_count + unproven_count,
        elapsed_ns=elapsed_ns,
        elapsed_upper_ns=elapsed_ns + sum_exactly(ordered.calls.resolution_ns[ordered.row[places]]),
        saving_ns=saving.lower_ns,
        saving_upper_ns=saving.upper_ns,
        lookups=len(sizes),
        worst=tuple(np.sort(sizes)[::-1][:WORST_LIMIT].tolist()),
        avoidable_calls=0,
        pairs=_count_pairs(ordered, found, own),
        sequential=int(repeats.sequential[places].sum()),
        sequential_own=_count_own_neighbours(ordered, repeats, found, own),
        negative=int(repeats.negative[places].sum()),
        confidence=confidence,
        reason=reason,
        evidence=_choose_evidence(ordered, repeats, places, evidence, sizes),
        tests=count_tests(ordered, places),
    )


def judge_repeats(unchanged: int, changed: int, unproven: int) -> tuple[Confidence, str]:
    """How sure it is that repeats needn't have been made, and why."""
    others = [f"{changed:,} changed"] * (changed > 0) + [f"{unproven:,} without evidence"] * (unproven > 0)
    beside = f"; {' and '.join(others)}" if others else ""
    if unchanged:
        return "sure", f"{format_counted(unchanged, 'repeat')} got the answer of the call before{beside}"
    if unproven:
        return (
            "likely",
            f"no result is recorded to tell whether the answer changed{f'; {changed:,} changed' if changed else ''}",
        )
    return "low", "every answer had changed: asking again was right, unless the caller made the change itself"


def _count_pairs(ordered: OrderedCalls, found: RepeatFindings, own: slice) -> Rows[RepeatPair]:
    width = len(ordered.calls.names) + 1
    key, pair = code_values(found.previous_caller[own].astype(np.int64) * width + found.caller[own], width * width)
    counts = count_by(3 * pair + found.evidence[own], 3 * len(key)).reshape(-1, 3)
    rows = [
        RepeatPair(
            previous_caller=ordered.calls.name(code // width - 1),
            caller=ordered.calls.name(code % width - 1),
            unchanged=unchanged,
            changed=changed,
            unproven=unproven,
        )
        for code, (unproven, unchanged, changed) in zip(key.tolist(), counts.tolist(), strict=True)
    ]
    rows.sort(
        key=lambda row: (
            -row.unchanged,
            -row.unproven,
            -row.changed,
            caller_rank(row.previous_caller),
            caller_rank(row.caller),
        )
    )
    return keep_rows(rows, NESTED_ROW_LIMIT)


def _count_own_neighbours(ordered: OrderedCalls, repeats: Repeats, found: RepeatFindings, own: slice) -> int:
    """Repeats that directly follow a call of the same caller, which the log names."""
    names = ordered.calls.names
    is_named = np.array([False, *(name != UNKNOWN_CALLER for name in names)], bool)
    caller = found.caller[own]
    is_own = is_named[caller] & (found.previous_caller[own] == caller)
    return int((is_own & repeats.sequential[found.places[own]]).sum())


def _choose_evidence(
    ordered: OrderedCalls,
    repeats: Repeats,
    places: NDArray[np.intp],
    evidence: NDArray[np.int8],
    sizes: NDArray[np.int64],
) -> Rows[Evidence]:
    """The first repeats of the lookup asked most often: for an unchanged answer if there are any, else unproven."""
    best = next(kind for kind in (UNCHANGED, UNPROVEN, CHANGED) if (evidence == kind).any())
    held = np.flatnonzero(evidence == best)
    size = np.repeat(sizes, sizes)[held]
    worst = places[held[size == size.max()]]
    chosen = worst[ordered.lookup[worst] == ordered.lookup[worst[0]]][:EVIDENCE_LIMIT]
    rows = [
        describe_evidence(ordered.calls, int(ordered.row[place]), ordered.reference(int(repeats.previous[place])))
        for place in chosen.tolist()
    ]
    return Rows(len(places), tuple(rows))
