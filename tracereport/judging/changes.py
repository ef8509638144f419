"""What changed from one side of a comparison to the other, row by row."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, TypeVar

from tracereport.calls.grouping import LONG_ROW_LIMIT, caller_rank, keep_rows
from tracereport.findings.interface import Key as FindingKey
from tracereport.judging.comparable import Comparable
from tracereport.judging.matching import Matching
from tracereport.judging.shares import Share
from tracereport.model import (
    CallerChange,
    EdgeChange,
    Finding,
    FindingChange,
    FunctionChange,
    ProcessChange,
    Rows,
    SetApart,
)

State = Literal["new", "worse", "better", "resolved", "unchanged"]
STATES: tuple[State, ...] = ("new", "worse", "better", "resolved", "unchanged")
"""In the order in which findings are listed."""

Key = TypeVar("Key")
Findings = Mapping[str, Finding]


def compare_functions(before: Comparable, after: Comparable) -> list[FunctionChange]:
    """Those that changed, the largest change first."""
    changes = [
        FunctionChange(
            function=function,
            calls_before=was["calls"],
            calls_after=now["calls"],
            redundant_before=was["again"] + was["shared"],
            redundant_after=now["again"] + now["shared"],
            again_before=was["again"],
            again_after=now["again"],
            shared_before=was["shared"],
            shared_after=now["shared"],
        )
        for function, was, now in _changed(before.functions, after.functions, before.functions_cut, after.functions_cut)
    ]
    return sorted(changes, key=rank_function)


def rank_function(row: FunctionChange) -> tuple[int, int, str]:
    """By the change of its calls, the largest first."""
    return -abs(row.calls_after - row.calls_before), -abs(row.redundant_after - row.redundant_before), row.function


def compare_edges(before: Comparable, after: Comparable) -> list[EdgeChange]:
    """Those that changed, the largest change first."""
    changes = [
        EdgeChange(
            caller=caller,
            function=function,
            calls_before=was["calls"],
            calls_after=now["calls"],
            again_before=was["again"],
            again_after=now["again"],
        )
        for (caller, function), was, now in _changed(before.edges, after.edges, before.edges_cut, after.edges_cut)
    ]
    return sorted(changes, key=rank_edge)


def rank_edge(row: EdgeChange) -> tuple[object, ...]:
    """By the change of its calls, the largest first."""
    changed = -abs(row.calls_after - row.calls_before), -abs(row.again_after - row.again_before)
    return *changed, *caller_rank(row.caller), row.function


def compare_callers(before: Comparable, after: Comparable) -> list[CallerChange]:
    """From their edges; nothing where edges were cut, since any caller may have more of them."""
    cut = before.edges_cut or after.edges_cut
    changes = [
        CallerChange(
            caller=caller,
            calls_before=was["calls"],
            calls_after=now["calls"],
            again_before=was["again"],
            again_after=now["again"],
        )
        for caller, was, now in _changed(_sum_by_caller(before), _sum_by_caller(after), cut, cut)
        if not cut
    ]
    return sorted(changes, key=rank_caller)


def rank_caller(row: CallerChange) -> tuple[object, ...]:
    """By the change of its calls, the largest first."""
    changed = -abs(row.calls_after - row.calls_before), -abs(row.again_after - row.again_before)
    return *changed, *caller_rank(row.caller)


def _sum_by_caller(side: Comparable) -> dict[str | None, Counter[str]]:
    sums: dict[str | None, Counter[str]] = {}
    for (caller, _), counts in side.edges.items():
        sums.setdefault(caller, Counter()).update(counts)
    return sums


def compare_processes(matching: Matching, findings_before: Findings, findings_after: Findings) -> list[ProcessChange]:
    """The processes of this run that changed, or that the baseline lacks; not those whose tests are compared."""
    pairs: list[tuple[Share | None, Share]] = [(None, share) for share in matching.only_after if share.is_process]
    pairs += [
        (pair.before[0], pair.after[0]) for pair in matching.pairs if len(pair.after) == 1 and pair.after[0].is_process
    ]
    changes = []
    for before, after in sorted(pairs, key=lambda pair: pair[1].process):
        was = (None, None) if before is None else (before.calls, _count_repeats(before, findings_before))
        now = after.calls, _count_repeats(after, findings_after)
        if was != now:
            changes.append(
                ProcessChange(
                    index=after.process,
                    name=after.name,
                    calls_before=was[0],
                    calls_after=now[0],
                    repeats_before=was[1],
                    repeats_after=now[1],
                )
            )
    return changes


def _count_repeats(share: Share, findings: Findings) -> int:
    """The repeats of a unit, from the findings that take part."""
    return sum(
        row.repeats
        for row in share.by_finding.rows
        if row.fingerprint in findings and findings[row.fingerprint].kind != "fan-out"
    )


def compare_findings(before: Comparable, after: Comparable, findings: Findings) -> list[FindingChange]:
    """All of them, by state; ``findings`` are those of both sides, that of this run where both have one."""
    changes = []
    for fingerprint in _known_keys(before.findings, after.findings, before.findings_cut, after.findings_cut):
        was, now = before.findings.get(fingerprint, 0), after.findings.get(fingerprint, 0)
        if was or now:
            finding = findings[fingerprint]
            changes.append(
                FindingChange(
                    fingerprint=fingerprint,
                    kind=finding.kind,
                    function=finding.function,
                    callers=finding.callers,
                    caller_count=finding.caller_count,
                    param_names=finding.param_names,
                    varying_params=finding.varying_params,
                    writes=finding.writes,
                    before=was,
                    after=now,
                    state=_state_of(was, now),
                    accepted=finding.accepted,
                )
            )
    return _by_state(changes)


def compare_repeats_by_function(before: Comparable, after: Comparable, findings: Findings) -> list[FindingChange]:
    """The repeats of each function as one finding, for sides of which one doesn't know who asks."""
    changes = []
    for function in _known_keys(before.functions, after.functions, before.functions_cut, after.functions_cut):
        was, now = (
            counts["again"] + counts["shared"]
            for counts in (side.functions.get(function, Counter()) for side in (before, after))
        )
        if was or now:
            accepted = [row.accepted for row in findings.values() if row.function == function and row.repeats]
            changes.append(
                FindingChange(
                    fingerprint=FindingKey("again", function, (), ()).fingerprint(),
                    kind="again",
                    function=function,
                    callers=(),
                    param_names=(),
                    varying_params=(),
                    before=was,
                    after=now,
                    state=_state_of(was, now),
                    accepted=accepted[0] if accepted and None not in accepted else None,
                )
            )
    return _by_state(changes)


def _by_state(changes: Iterable[FindingChange]) -> list[FindingChange]:
    return sorted(changes, key=rank_finding)


def rank_finding(row: FindingChange) -> tuple[int, int, int, str]:
    """By state, then by the change."""
    return STATES.index(row.state), -abs(row.after - row.before), -row.after, row.fingerprint


def _state_of(before: int, after: int) -> State:
    if before == after:
        return "unchanged"
    if before == 0:
        return "new"
    if after == 0:
        return "resolved"
    return "worse" if after > before else "better"


def _known_keys(
    before: Mapping[Key, object], after: Mapping[Key, object], before_cut: bool, after_cut: bool
) -> list[Key]:
    """The keys of both sides but those that may stand in the part that was cut from the other."""
    return [
        key
        for key in dict.fromkeys((*before, *after))
        if (key in before or not before_cut) and (key in after or not after_cut)
    ]


def _changed(
    before: Mapping[Key, Counter[str]], after: Mapping[Key, Counter[str]], before_cut: bool, after_cut: bool
) -> Iterator[tuple[Key, Counter[str], Counter[str]]]:
    """The keys whose counts differ, with the counts of both sides; what is missing counts nothing."""
    for key in _known_keys(before, after, before_cut, after_cut):
        was, now = before.get(key, Counter()), after.get(key, Counter())
        if was != now:
            yield key, was, now


def list_set_apart(shares: Iterable[Share], findings: Findings, *, processes: bool) -> Rows[SetApart]:
    """What is set apart of a side, by name in the order of the log: whole processes, or tests."""
    named: dict[tuple[str, int], list[Share]] = {}
    for share in shares:
        if share.is_process == processes:
            # What is only numbered has no name in common with another.
            named.setdefault((share.name, share.index if share.is_numbered else -1), []).append(share)
    rows = [
        SetApart(
            name=name,
            units=len(own),
            calls=sum(share.calls for share in own),
            repeats=sum(_count_repeats(share, findings) for share in own),
        )
        for (name, _), own in named.items()
    ]
    return keep_rows(rows, LONG_ROW_LIMIT)
