"""Two reports, one comparison: what a change did to the calls.

Only figures that neither threads nor time nor a scheduler can change are judged, so that a run compared with its
repetition shows nothing. Evidence and times stand beside among the totals.
"""

import msgspec

from tracereport.calls.grouping import LONG_ROW_LIMIT, keep_rows
from tracereport.errors import BaselineError
from tracereport.judging.change_verdict import NOTHING_COMPARABLE, describe_change
from tracereport.judging.changes import (
    compare_callers,
    compare_edges,
    compare_findings,
    compare_functions,
    compare_processes,
    compare_repeats_by_function,
    list_set_apart,
)
from tracereport.judging.comparable import (
    STABLE_TOTALS,
    Comparable,
    comparable_figures,
    comparable_findings,
    list_missing_calls,
)
from tracereport.judging.matching import Matching, match_shares
from tracereport.judging.shares import list_shares
from tracereport.model import (
    UNKNOWN_CALLER,
    BaselineReference,
    BeforeAfter,
    Comparison,
    Finding,
    FindingChange,
    Report,
    Rows,
    Selection,
    option_of_field,
)
from tracereport.wording.phrases import format_setting

SHOWN_SETTINGS = frozenset({"top"})
"""Settings that decide what documents show, and no figure."""

OF_CALLERS = frozenset({"again_calls", "shared_calls"})
"""Totals that rest on who asks."""


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
    unknown_callers: str
    """The side whose callers are all unknown, where the other's aren't: then functions are compared. Else empty."""

    @property
    def whole(self) -> bool:
        """Nothing was taken out of either side."""
        return not (self.matching.only_before or self.matching.only_after)

    @property
    def processes_without_tree(self) -> int:
        """Of both sides together, among what is compared."""
        return sum(
            len({share.process for share in self.matching.of_side(side) if share.tree == "unknown"}) for side in (0, 1)
        )

    @property
    def cautions(self) -> tuple[str, ...]:
        """Which calls or rows are missing that a comparison needs."""
        missing = list_missing_calls(self.report_before, "the baseline") + list_missing_calls(
            self.report_after, "this run"
        )
        if self.matching.nothing_common:
            missing.append(NOTHING_COMPARABLE)
        if self.before.cut or self.after.cut:
            missing.append("rows that were cut from one of the reports take no part")
        if self.unknown_callers:
            missing.append(f"all callers are unknown in {self.unknown_callers}: compared by function")
        return tuple(missing)


def comparable_sides(before: Report, after: Report) -> Sides:
    """The figures of both reports, neither of them narrowed to a selection, that a comparison rests on.

    What only one side has is taken out. Fan-outs take part wherever the tree is known on both sides.

    Raises:
        BaselineError: the baseline is narrowed to a selection, or differs in a setting that figures depend on.
    """
    _require_same_measures(before, after)
    findings_before, findings_after = comparable_findings(before), comparable_findings(after)
    kinds = {fingerprint: row.kind for fingerprint, row in (findings_before | findings_after).items()}
    matching = match_shares(list_shares(before), list_shares(after), kinds)
    whole = not (matching.only_before or matching.only_after)
    hidden = [pair for pair in matching.pairs if not pair.has_trees]
    sides = [
        comparable_figures(
            report,
            findings,
            matching.of_side(side),
            [share for pair in hidden for share in pair.of_side(side)],
            whole=whole,
        )
        for side, report, findings in ((0, before, findings_before), (1, after, findings_after))
    ]
    unknown_callers = _find_unknown_callers(*sides)
    if unknown_callers:
        sides = [side.without_callers() for side in sides]
    return Sides(
        report_before=before,
        report_after=after,
        before=sides[0],
        after=sides[1],
        findings_before=findings_before,
        findings_after=findings_after,
        matching=matching,
        unknown_callers=unknown_callers,
    )


def _find_unknown_callers(before: Comparable, after: Comparable) -> str:
    """The side of which no caller is known, where some are on the other."""
    known = [any(caller not in (None, UNKNOWN_CALLER) for caller, _ in side.edges) for side in (before, after)]
    if known[0] == known[1] or not (before.edges and after.edges):
        return ""
    return "this run" if known[0] else "the baseline"


def compare_reports(sides: Sides) -> Comparison:
    """What changed from the baseline to the report beside it.

    Functions and edges are listed if they changed, the largest change first; findings all, by state; totals all, null
    where a figure isn't known. What only one side has is listed apart.
    """
    generator = sides.report_before.generator
    before, after, matching = sides.before, sides.after, sides.matching
    functions = compare_functions(before, after)
    by_function = bool(sides.unknown_callers)
    comparison = Comparison(
        baseline=BaselineReference(title=sides.report_before.title, generator=f"{generator.name} {generator.version}"),
        verdict="",
        partial=bool(sides.cautions),
        processes_differ=matching.nothing_common,
        by_function=by_function,
        totals=keep_rows(
            [
                BeforeAfter(
                    figure=figure,
                    before=None if by_function and figure in OF_CALLERS else count,
                    after=None if by_function and figure in OF_CALLERS else after.totals[figure],
                    stable=figure in STABLE_TOTALS,
                )
                for figure, count in before.totals.items()
            ]
        ),
        functions=keep_rows(functions, LONG_ROW_LIMIT),
        edges=Rows() if by_function else keep_rows(compare_edges(before, after), LONG_ROW_LIMIT),
        findings=keep_rows(_compare_findings(sides), LONG_ROW_LIMIT),
        callers=Rows() if by_function else keep_rows(compare_callers(before, after), LONG_ROW_LIMIT),
        processes=keep_rows(compare_processes(matching, sides.findings_before, sides.findings_after), LONG_ROW_LIMIT),
        functions_added=keep_rows(sorted(row.function for row in functions if row.calls_before == 0)),
        functions_removed=keep_rows(sorted(row.function for row in functions if row.calls_after == 0)),
        processes_only_before=list_set_apart(matching.only_before, sides.findings_before, processes=True),
        processes_only_after=list_set_apart(matching.only_after, sides.findings_after, processes=True),
        units_only_before=list_set_apart(matching.only_before, sides.findings_before, processes=False),
        units_only_after=list_set_apart(matching.only_after, sides.findings_after, processes=False),
        cautions=sides.cautions,
        processes_without_tree=sides.processes_without_tree,
    )
    return msgspec.structs.replace(comparison, verdict=describe_change(comparison))


def _compare_findings(sides: Sides) -> list[FindingChange]:
    findings = sides.findings_before | sides.findings_after
    if sides.unknown_callers:
        return compare_repeats_by_function(sides.before, sides.after, sides.findings_after)
    return compare_findings(sides.before, sides.after, findings)


def _require_same_measures(before: Report, after: Report) -> None:
    if before.selection is not None:
        raise BaselineError(
            f"The baseline is narrowed by {_name_options(before.selection)}: calls that count are missing.",
            "Make the baseline again without that; the run that is compared may still be narrowed.",
        )
    if before.input is not None and before.input.partial:
        raise BaselineError(
            "The baseline is a table of calls that was written under a selection: calls that count are missing.",
            "Write the table again without a selection; the run that is compared may still be narrowed.",
        )
    ours = msgspec.structs.asdict(after.settings)
    differing = [
        f"{option_of_field(name)} is {format_setting(value)} in the baseline and {format_setting(ours[name])} here"
        for name, value in msgspec.structs.asdict(before.settings).items()
        if value != ours[name] and name not in SHOWN_SETTINGS
    ]
    if differing:
        raise BaselineError(
            f"The baseline was made with other settings: {'; '.join(differing)}.",
            "Make the baseline again with the settings of this run, or run with those of the baseline.",
        )


def _name_options(selection: Selection) -> str:
    """By which options a report is narrowed; their values may be what somebody redacts."""
    given = msgspec.structs.asdict(selection)
    return ", ".join(f"--{option_of_field(field)}" for field, values in given.items() if values)
