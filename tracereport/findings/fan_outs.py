"""Fan-outs -> findings: one per shape and varying parameter."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_NAME
from tracereport.calls.grouping import (
    ROW_LIMIT,
    stable_order,
    sum_by,
    sum_exactly,
)
from tracereport.calls.ordered import NOWHERE, OrderedCalls
from tracereport.calls.selection import Shown
from tracereport.findings.candidates import EVIDENCE_LIMIT, WORST_LIMIT, Candidate, Key, count_tests, describe_evidence
from tracereport.measures.fanout import NO_GROUP, FanOutGroups
from tracereport.model import (
    Finding,
    ProcessFinding,
    Rows,
)


def find_fanout_findings(
    ordered: OrderedCalls, fanouts: FanOutGroups, by_process: dict[int, list[ProcessFinding]], shown: Shown | None
) -> list[Candidate]:
    """One finding per shape and varying parameter; where some groups have a parent, those without one don't count."""
    places, start = _places_by_group(fanouts)
    candidates = []
    for key, groups in _sort_fanouts(ordered, fanouts).items():
        under_parent = groups[~fanouts.is_low[groups]]
        counted = under_parent if len(under_parent) else groups
        counted = _sort_by_size(ordered, fanouts, counted)
        avoidable = fanouts.distinct_values[counted] - 1
        fingerprint = key.fingerprint()
        process, index = np.unique(fanouts.process[counted], return_inverse=True)
        for number, spread in zip(process.tolist(), sum_by(index, avoidable, len(process)).tolist(), strict=True):
            row = ProcessFinding(fingerprint=fingerprint, repeats=0, avoidable_calls=spread)
            by_process.setdefault(number, []).append(row)
        own = np.concatenate([places[start[group] : start[group + 1]] for group in counted.tolist()])
        elapsed_ns = sum_exactly(ordered.calls.elapsed_ns[ordered.row[own]])
        candidates.append(
            Candidate(
                key=key,
                calls_saved=int(avoidable.sum()),
                possible_calls_saved=int(avoidable.sum()),
                elapsed_ns=elapsed_ns,
                is_low=not len(under_parent),
                is_shown=shown is None or bool(shown.places[own].any()),
                describe=partial(_describe_fanout, ordered, fanouts, key, counted, own, elapsed_ns),
            )
        )
    return candidates


def _describe_fanout(
    ordered: OrderedCalls,
    fanouts: FanOutGroups,
    key: Key,
    counted: NDArray[np.intp],
    own: NDArray[np.intp],
    elapsed_ns: int,
) -> Finding:
    is_low = bool(fanouts.is_low[counted].any())
    parents = [ordered.calls.name(code) for code in _parent_functions(ordered, fanouts, counted).tolist()]
    avoidable_calls = int(fanouts.distinct_values[counted].sum()) - len(counted)
    evidence = tuple(describe_evidence(ordered.calls, row) for row in ordered.row[own[:EVIDENCE_LIMIT]].tolist())
    return Finding(
        fingerprint=key.fingerprint(),
        kind=key.kind,
        function=key.function,
        callers=key.callers[:ROW_LIMIT],
        caller_count=len(key.callers),
        param_names=key.param_names,
        varying_params=fanouts.varying_params(int(counted[0])),
        parent_functions=tuple(dict.fromkeys(name for name in parents if name is not None)),
        worst_parent=parents[0],
        calls=len(own),
        calls_saved=avoidable_calls,
        possible_calls_saved=avoidable_calls,
        elapsed_ns=elapsed_ns,
        elapsed_upper_ns=elapsed_ns + sum_exactly(ordered.calls.resolution_ns[ordered.row[own]]),
        worst=tuple(fanouts.distinct_values[counted[:WORST_LIMIT]].tolist()),
        avoidable_calls=avoidable_calls,
        confidence="low" if is_low else "sure",
        reason=_fanout_reason(len(counted), parents.count(None), is_low=is_low),
        evidence=Rows(len(own), evidence),
        tests=count_tests(ordered, own[fanouts.is_avoidable[own]], is_avoidable=True),
    )


def _sort_by_size(ordered: OrderedCalls, fanouts: FanOutGroups, groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """The largest groups first; ties by the parent's function, one that never printed last, then by the first call."""
    function = _parent_functions(ordered, fanouts, groups)
    rank = np.where(function == NO_NAME, len(ordered.calls.names), function)
    return groups[np.lexsort((rank, -fanouts.distinct_values[groups]))]


def _parent_functions(ordered: OrderedCalls, fanouts: FanOutGroups, groups: NDArray[np.intp]) -> NDArray[np.int32]:
    """The name code of each group's parent, ``NO_NAME`` where there is none or it never printed."""
    parent = fanouts.parent[groups]
    function = np.full(len(groups), NO_NAME, np.int32)
    known = parent != NOWHERE
    function[known] = ordered.calls.lookups.function[ordered.lookup[parent[known]]]
    return function


def _places_by_group(fanouts: FanOutGroups) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The places of all groups, one after the other, and where each group starts; last, where the last one ends."""
    places = np.flatnonzero(fanouts.group_of_place != NO_GROUP)
    group = fanouts.group_of_place[places]
    order = stable_order(group, max(len(fanouts), 1))
    return places[order], np.concatenate(([0], np.cumsum(np.bincount(group, minlength=len(fanouts)))))


def _sort_fanouts(ordered: OrderedCalls, fanouts: FanOutGroups) -> dict[Key, NDArray[np.intp]]:
    """The groups of each finding."""
    found: dict[Key, list[int]] = {}
    names = ordered.calls.names
    for group in range(len(fanouts)):
        shape = int(fanouts.shape[group])
        key = Key(
            kind="fan-out",
            function=fanouts.shapes.function[shape],
            callers=(None if fanouts.caller[group] < 0 else names[fanouts.caller[group]],),
            param_names=fanouts.shapes.param_names[shape],
            varying_params=fanouts.varying_params(group)[:1],
        )
        found.setdefault(key, []).append(group)
    return {key: np.array(groups, np.intp) for key, groups in found.items()}


def _fanout_reason(groups: int, unfinished: int, *, is_low: bool) -> str:
    """Why it is as sure as it is; ``unfinished`` groups stand under a call that never printed."""
    if is_low:
        return "no parent call is known: a busy caller of a whole test suite looks the same"
    if groups == 1:
        return f"all stand under one parent call{', which never printed' if unfinished else ''}"
    beside = f"; {'each' if unfinished == groups else f'{unfinished:,}'} of these never printed" if unfinished else ""
    return f"each of the {groups:,} groups stands under one parent call{beside}"
