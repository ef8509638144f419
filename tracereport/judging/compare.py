"""Two reports, one comparison: what a change did to the calls.

Only figures that neither threads nor time can change are judged, so that a run compared with its repetition shows
nothing. Evidence and times stand beside among the totals.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, TypeVar

import msgspec

from tracereport.calls.grouping import LONG_ROW_LIMIT, caller_rank, keep_rows
from tracereport.errors import BaselineError
from tracereport.judging.change_verdict import describe_change
from tracereport.judging.comparable import (
    STABLE_TOTALS,
    Comparable,
    comparable_figures,
    comparable_findings,
    list_missing_calls,
)
from tracereport.judging.matching import Matching, match_processes
from tracereport.model import (
    BaselineReference,
    BeforeAfter,
    CallerChange,
    Comparison,
    EdgeChange,
    Finding,
    FindingChange,
    FunctionChange,
    Process,
    ProcessChange,
    ProcessOnOneSide,
    Report,
    Rows,
    Selection,
    option_of_field,
)

SHOWN_SETTINGS = frozenset({"top"})
"""Settings that decide what documents show, and no figure."""

State = Literal["new", "worse", "better", "resolved", "unchanged"]
STATES: tuple[State, ...] = ("new", "worse", "better", "resolved", "unchanged")
"""In the order in which findings are listed."""

Key = TypeVar("Key")


class Sides(msgspec.Struct, frozen=True):
    """Two reports brought to what can be compared of them: a comparison and its gates are made from this."""

    report_before: Report
    """The baseline."""
    report_after: Report
    before: Comparable
    after: Comparable
    findings_before: dict[str, Finding]
    """Those that take part, by fingerprint."""
    findings_after: dict[str, Finding]
    matching: Matching
    whole: bool
    """Nothing was taken out of either side."""
    processes_without_tree: int
    """Of both sides together."""

    @property
    def cautions(self) -> tuple[str, ...]:
        """Which calls or rows are missing that a comparison needs."""
        missing = list_missing_calls(self.report_before, "the baseline") + list_missing_calls(
            self.report_after, "this run"
        )
        if self.before.cut or self.after.cut:
            missing.append("rows that were cut from one of the reports take no part")
        return tuple(missing)


def comparable_sides(before: Report, after: Report) -> Sides:
    """The figures of both reports, neither of them narrowed to a selection, that a comparison rests on.

    Processes that only one side has are taken out, unless they hold more than half of the judged calls of a side: then
    all is compared whole. Fan-outs take part in every process whose tree is known on both sides.

    Raises:
        BaselineError: the baseline is narrowed to a selection, or differs in a setting that figures depend on.
    """
    _require_same_measures(before, after)
    without_tree = sum(process.tree == "unknown" for report in (before, after) for process in report.processes.rows)
    findings_before, findings_after = comparable_findings(before), comparable_findings(after)
    kinds = {fingerprint: row.kind for fingerprint, row in (findings_before | findings_after).items()}
    matching = match_processes(before, after, kinds)
    apart = ((), ()) if matching.differ else (matching.only_before, matching.only_after)
    whole = not any(apart)
    hidden_before, hidden_after = _list_without_tree(before, after, matching)
    return Sides(
        report_before=before,
        report_after=after,
        before=comparable_figures(before, findings_before, apart[0], hidden_before, whole=whole),
        after=comparable_figures(after, findings_after, apart[1], hidden_after, whole=whole),
        findings_before=findings_before,
        findings_after=findings_after,
        matching=matching,
        whole=whole,
        processes_without_tree=without_tree,
    )


def _list_without_tree(
    before: Report, after: Report, matching: Matching
) -> tuple[tuple[Process, ...], tuple[Process, ...]]:
    """The processes of each side whose fan-outs can't be compared: their tree is unknown, or that of the other's is.

    Where processes aren't matched, that is all of them if any tree is unknown.
    """
    sides = before.processes.rows, after.processes.rows
    if matching.differ:
        is_known = all(process.tree != "unknown" for rows in sides for process in rows)
        return ((), ()) if is_known else sides
    unknown = [(one, other) for one, other in matching.pairs if "unknown" in (one.tree, other.tree)]
    return tuple(one for one, _ in unknown), tuple(other for _, other in unknown)


def compare_reports(sides: Sides) -> Comparison:
    """What changed from the baseline to the report beside it.

    Functions and edges are listed if they changed, the largest change first; findings all, by state; totals all, null
    where a figure isn't known. Processes that only one side has are listed apart; ``comparable_sides`` says what
    becomes of their calls.
    """
    generator = sides.report_before.generator
    functions = _compare_functions(sides.before, sides.after)
    comparison = Comparison(
        baseline=BaselineReference(title=sides.report_before.title, generator=f"{generator.name} {generator.version}"),
        verdict="",
        partial=bool(sides.cautions),
        processes_differ=sides.matching.differ,
        totals=keep_rows(
            [
                BeforeAfter(
                    figure=figure, before=count, after=sides.after.totals[figure], stable=figure in STABLE_TOTALS
                )
                for figure, count in sides.before.totals.items()
            ]
        ),
        functions=keep_rows(functions, LONG_ROW_LIMIT),
        edges=keep_rows(_compare_edges(sides.before, sides.after), LONG_ROW_LIMIT),
        findings=keep_rows(_compare_findings(sides), LONG_ROW_LIMIT),
        callers=keep_rows(_compare_callers(sides.before, sides.after), LONG_ROW_LIMIT),
        processes=keep_rows(_compare_processes(sides), LONG_ROW_LIMIT),
        functions_added=keep_rows(sorted(row.function for row in functions if row.calls_before == 0)),
        functions_removed=keep_rows(sorted(row.function for row in functions if row.calls_after == 0)),
        processes_only_before=_one_side(sides.matching.only_before, sides.findings_before),
        processes_only_after=_one_side(sides.matching.only_after, sides.findings_after),
        cautions=sides.cautions,
        processes_without_tree=sides.processes_without_tree,
    )
    return msgspec.structs.replace(comparison, verdict=describe_change(comparison))


def _require_same_measures(before: Report, after: Report) -> None:
    if before.selection is not None:
        raise BaselineError(
            f"The baseline is narrowed by {_name_options(before.selection)}: calls that count are missing.",
            "Make the baseline again without that; the run that is compared may still be narrowed.",
        )
    ours = msgspec.structs.asdict(after.settings)
    differing = [
        f"{option_of_field(name)} is {_format_setting(value)} in the baseline and {_format_setting(ours[name])} here"
        for name, value in msgspec.structs.asdict(before.settings).items()
        if value != ours[name] and name not in SHOWN_SETTINGS
    ]
    if differing:
        raise BaselineError(
            f"The baseline was made with other settings: {'; '.join(differing)}.",
            "Make the baseline again with the settings of this run, or run with those of the baseline.",
        )


def _format_setting(value: int | tuple[str, ...]) -> str:
    return str(value) if isinstance(value, int) else ", ".join(value) or "empty"


def _name_options(selection: Selection) -> str:
    """By which options a report is narrowed; their values may be what somebody redacts."""
    given = msgspec.structs.asdict(selection)
    return ", ".join(f"--{option_of_field(field)}" for field, values in given.items() if values)


def _compare_functions(before: Comparable, after: Comparable) -> list[FunctionChange]:
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
    return sorted(
        changes,
        key=lambda row: (
            -abs(row.calls_after - row.calls_before),
            -abs(row.redundant_after - row.redundant_before),
            row.function,
        ),
    )


def _compare_edges(before: Comparable, after: Comparable) -> list[EdgeChange]:
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
    return sorted(
        changes,
        key=lambda row: (
            -abs(row.calls_after - row.calls_before),
            -abs(row.again_after - row.again_before),
            *caller_rank(row.caller),
            row.function,
        ),
    )


def _compare_callers(before: Comparable, after: Comparable) -> list[CallerChange]:
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
    return sorted(
        changes,
        key=lambda row: (
            -abs(row.calls_after - row.calls_before),
            -abs(row.again_after - row.again_before),
            *caller_rank(row.caller),
        ),
    )


def _sum_by_caller(side: Comparable) -> dict[str | None, Counter[str]]:
    sums: dict[str | None, Counter[str]] = {}
    for (caller, _), counts in side.edges.items():
        sums.setdefault(caller, Counter()).update(counts)
    return sums


def _compare_processes(sides: Sides) -> list[ProcessChange]:
    partners = {after.index: before for before, after in sides.matching.pairs}
    changes = []
    for process in sides.report_after.processes.rows:
        partner = partners.get(process.index)
        was = (None, None) if partner is None else (partner.calls, _count_repeats(partner, sides.findings_before))
        now = process.calls, _count_repeats(process, sides.findings_after)
        if was != now:
            changes.append(
                ProcessChange(
                    index=process.index,
                    name=process.name,
                    calls_before=was[0],
                    calls_after=now[0],
                    repeats_before=was[1],
                    repeats_after=now[1],
                )
            )
    return changes


def _count_repeats(process: Process, findings: Mapping[str, Finding]) -> int:
    """The repeats of a process, from the findings that take part."""
    return sum(
        share.repeats
        for share in process.by_finding.rows
        if share.fingerprint in findings and findings[share.fingerprint].kind != "fan-out"
    )


def _compare_findings(sides: Sides) -> list[FindingChange]:
    before, after = sides.before, sides.after
    findings = sides.findings_before | sides.findings_after
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
    return sorted(
        changes, key=lambda row: (STATES.index(row.state), -abs(row.after - row.before), -row.after, row.fingerprint)
    )


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


def _one_side(processes: Iterable[Process], findings: Mapping[str, Finding]) -> Rows[ProcessOnOneSide]:
    rows = [
        ProcessOnOneSide(
            name=process.name,
            calls=process.calls,
            repeats=_count_repeats(process, findings),
        )
        for process in processes
    ]
    return keep_rows(rows, LONG_ROW_LIMIT)
