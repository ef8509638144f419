"""What a run demands, and whether it holds: the gates of ``--fail-on``.

A gate against the baseline rests on what a comparison rests on, so what only one side has takes no part. What threads
or time can change is judged on the whole reports, and the gate's note says that it is noisy. The note of a gate that
failed says in what else the two runs differ.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NoReturn

from tracereport.errors import UsageError
from tracereport.judging.change_verdict import describe_fanouts_left_out, describe_set_apart, name_finding
from tracereport.judging.comparable import Comparable, list_missing_calls
from tracereport.judging.compare import OF_CALLERS, Sides
from tracereport.judging.gate_grammar import (
    FINDINGS,
    STABLE_FUNCTION_FIGURES,
    TIME_FUNCTION_FIGURES,
    Condition,
    Word,
    nearest,
    needs_baseline,
    parse_gate,
    refuse,
)
from tracereport.measures.usage import LACKS
from tracereport.model import Comparison, Finding, Gate, Report, Rows
from tracereport.wording.phrases import format_counted
from tracereport.wording.scope import count_interleaved
from tracereport.wording.units import format_cut_list

NAMED_REASONS = 3
NS_PER_MS = 1_000_000
CAPTURED = "captured"
"""Code of the quality warning for output that libtest swallowed."""

EVIDENCE_TOTALS = frozenset({"unchanged_repeats", "changed_repeats", "unproven_repeats"})


def check_gates(expressions: Sequence[str], *, with_baseline: bool) -> None:
    """Refuses what can be refused before a log is read.

    Raises:
        UsageError: an expression can't be read, or needs a baseline that isn't there.
    """
    for expression in expressions:
        if needs_baseline(parse_gate(expression)) and not with_baseline:
            _refuse_without_baseline(expression)


def judge_gates(expressions: Sequence[str], report: Report, sides: Sides | None = None) -> Rows[Gate]:
    """Every gate with its figure, its limit and whether it passed, in the order given.

    A figure that isn't known (a rate of no judged calls, a time where threads hide the tree) passes no gate.

    Args:
        expressions: as ``--fail-on`` was given.
        report: the report to be judged, not narrowed to a selection, with its comparison if there is one.
        sides: what that comparison was made from.

    Raises:
        UsageError: an expression can't be read, needs a baseline that isn't there, or names a function that is on
            neither side.
    """
    gates = [(expression, parse_gate(expression)) for expression in expressions]
    judged = tuple(_judge(expression, gate, report, sides) for expression, gate in gates)
    return Rows(len(judged), judged)


def _judge(expression: str, gate: Word | Condition, report: Report, sides: Sides | None) -> Gate:
    if isinstance(gate, Condition):
        return _judge_condition(gate, report, sides)
    if gate == "quality":
        return _judge_reasons(expression, _distrust(report))
    if report.comparison is None:
        _refuse_without_baseline(expression)
    changes = report.comparison.findings.rows
    state = "new" if gate == "new-findings" else "worse"
    reasons = [name_finding(row) for row in changes if row.state == state and row.accepted is None]
    cautions = [*report.comparison.cautions, *describe_fanouts_left_out(report.comparison)]
    if reasons:
        cautions += _list_differences(report.comparison)
    return _judge_reasons(expression, reasons, cautions)


def _list_differences(comparison: Comparison) -> list[str]:
    """In what else the runs differ than in what a gate counts."""
    differences = [note[:1].lower() + note[1:] for note in describe_set_apart(comparison)]
    for functions, side in (
        (comparison.functions_added, "this run"),
        (comparison.functions_removed, "the baseline"),
    ):
        if functions.total:
            named = [f"`{name}`" for name in functions.rows[:NAMED_REASONS]]
            differences.append(f"called in {side} only: {format_cut_list(named, functions.total)}")
    return differences


def _judge_reasons(expression: str, reasons: Sequence[str], cautions: Sequence[str] = ()) -> Gate:
    """A gate that any reason fails."""
    notes = list(reasons[:NAMED_REASONS])
    if len(reasons) > NAMED_REASONS:
        notes.append(f"{len(reasons) - NAMED_REASONS:,} more")
    notes += cautions
    return Gate(expression=expression, figure=float(len(reasons)), limit=0.0, passed=not reasons, note="; ".join(notes))


def _distrust(report: Report) -> list[str]:
    """Why a log can't be trusted: a reason for each cause that it shows."""
    totals, lines = report.totals, report.input
    causes = (
        (0 if lines is None else lines.malformed_lines, "malformed line", "malformed lines"),
        (count_interleaved(report), "call of interleaved processes", "calls of interleaved processes"),
        (totals.unfinished_calls, "unfinished call", "unfinished calls"),
        (0 if lines is None else len(lines.errors), "input not read to its end", "inputs not read to their end"),
    )
    return [format_counted(count, one, many) for count, one, many in causes if count] + [
        warning.message for warning in report.quality.rows if warning.code == CAPTURED or warning.code in LACKS
    ]


def _judge_condition(condition: Condition, report: Report, sides: Sides | None) -> Gate:
    if condition.name is not None and condition.figure != FINDINGS:
        _require_function(condition, report, sides)
    notes = [_noise_of(condition, report)]
    figure: float | None
    before: float | None
    if not condition.limit.relative:
        figure, before = _whole_figure(condition, report), 0.0
        notes += list_missing_calls(report, "this run")
    elif sides is None:
        _refuse_without_baseline(condition.expression)
    elif sides.matching.nothing_common or _is_of_callers(condition, sides):
        return Gate(
            expression=condition.expression, figure=None, limit=None, passed=True, note="; ".join(sides.cautions)
        )
    else:
        notes += sides.cautions
        if (condition.figure, condition.name) == (FINDINGS, "fan-out") and report.comparison is not None:
            notes += describe_fanouts_left_out(report.comparison)
        figure = _comparable_figure(condition, sides.after, sides.findings_after, sides)
        before = _comparable_figure(condition, sides.before, sides.findings_before, sides)
        if figure is None or before is None:
            figure, before = _whole_figure(condition, report), _whole_figure(condition, sides.report_before)
        elif not sides.whole:
            notes.append("without the tests and processes that only one side has")
    limit = None if before is None else condition.limit.of(before)
    passed = figure is not None and limit is not None and not condition.holds(figure, limit)
    if figure is None or limit is None:
        notes.append("not known, so not passed")
    elif not passed and condition.limit.relative and report.comparison is not None:
        notes += _list_differences(report.comparison)
    return Gate(
        expression=condition.expression,
        figure=figure,
        limit=limit,
        passed=passed,
        note="; ".join(filter(None, notes)),
    )


def _is_of_callers(condition: Condition, sides: Sides) -> bool:
    """Whether a figure rests on who asks, which one side doesn't know."""
    return bool(sides.unknown_callers) and (
        condition.figure in OF_CALLERS or (condition.figure == FINDINGS and condition.name != "slow")
    )


def _refuse_without_baseline(expression: str) -> NoReturn:
    raise UsageError(
        f"--fail-on '{expression}' needs a baseline.",
        "Give --baseline with the report.json of the branch to compare with.",
    )


def _require_function(condition: Condition, report: Report, sides: Sides | None) -> None:
    """Raises an error that names the column if the function is on neither side, as far as they list their functions."""
    reports = [report] if sides is None else [report, sides.report_before]
    known = sorted({row.function for side in reports for row in side.functions.rows})
    is_listed_whole = all(len(side.functions.rows) == side.functions.total for side in reports)
    if condition.name is not None and condition.name not in known and is_listed_whole:
        refuse(
            condition.expression,
            condition.name_column,
            f"no function is called {condition.name}{nearest(condition.name, known)}",
            "Name a function as it stands in the log; one with ( ) or a quote in its name goes in double quotes.",
        )


def _noise_of(condition: Condition, report: Report) -> str:
    """Why the figure of a condition differs from run to run; empty if it doesn't."""
    if condition.figure in TIME_FUNCTION_FIGURES or condition.figure.endswith("_ns"):
        return "a time: differs from run to run"
    if condition.figure in EVIDENCE_TOTALS:
        return "evidence: threads can change it"
    if condition.figure == FINDINGS and condition.name == "slow":
        return "rests on times, which differ from run to run"
    knows_parents = all(row.tree == "given" for row in report.processes.rows)
    if condition.figure == FINDINGS and condition.name == "fan-out" and not knows_parents:
        return "threads can hide a fan-out"
    return ""


def _whole_figure(condition: Condition, report: Report) -> float | None:
    """The figure of a condition over a whole report; null if it isn't known there."""
    figure, name = condition.figure, condition.name
    if figure == FINDINGS:
        if len(report.findings.rows) < report.findings.total:
            return None
        return float(sum(row.kind == name and row.accepted is None for row in report.findings.rows))
    if name is None:
        total: float | None = getattr(report.totals, figure)
        return None if total is None else float(total)
    for row in report.functions.rows:
        if row.function == name:
            if figure in TIME_FUNCTION_FIGURES:
                return float(getattr(row, TIME_FUNCTION_FIGURES[figure])) / NS_PER_MS
            return float(getattr(row, figure))
    return 0.0 if len(report.functions.rows) == report.functions.total else None


def _comparable_figure(
    condition: Condition, side: Comparable, findings: Mapping[str, Finding], sides: Sides
) -> float | None:
    """The figure of a condition on one side of a comparison; null if a comparison doesn't hold it."""
    figure, name = condition.figure, condition.name
    if figure == FINDINGS:
        if name == "slow" or side.findings_cut:
            return None
        latest = sides.findings_before | sides.findings_after
        return float(
            sum(
                row.kind == name and side.findings[fingerprint] > 0 and latest[fingerprint].accepted is None
                for fingerprint, row in findings.items()
            )
        )
    if name is None:
        total = side.totals[figure]
        return None if total is None else float(total)
    if figure in TIME_FUNCTION_FIGURES or (name not in side.functions and side.functions_cut):
        return None
    counts = side.functions.get(name, Counter())
    return float(sum(counts[part] for part in STABLE_FUNCTION_FIGURES[figure]))
