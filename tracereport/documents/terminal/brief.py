"""The report in thirty lines at most: what to change first, and how; the gates, and the verdict at the end."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Final

from tracereport.documents.advice import first_advice
from tracereport.documents.terminal.canvas import Canvas
from tracereport.documents.terminal.page import TerminalPage
from tracereport.model import FEW_VALUES, Finding, QualityWarning, Report
from tracereport.wording.changes import order_findings
from tracereport.wording.phrases import format_counted
from tracereport.wording.scope import describe_scope, describe_used
from tracereport.wording.sentences import (
    describe_doubt,
    describe_extent,
    describe_finding,
    describe_worth,
    shorten_fingerprint,
)
from tracereport.wording.units import defuse_commands, display_width, elide_middle, escape_controls, quote_name

MOST_LINES: Final = 30
_FINDINGS: Final = 3
_WARNINGS: Final = 2
_WARNING_LINES: Final = 3
_FIX_LINES: Final = 2
_GATES: Final = 4
_HEADLINE_LINES: Final = 2
_VERDICT_LINES: Final = 4
_MARGIN: Final = "   "
_DOTS: Final = " ..."
_CLAUSES: Final = re.compile(r"(; |: )")
"""What stands between the clauses of how far a finding goes."""
_SHORTEST_NAME: Final = 8
"""Columns below which a name isn't elided further."""


def render_brief(
    report: Report, *, width: int, colour: bool, command: tuple[str, str], written: Sequence[str] = ()
) -> str:
    """What a reader must know, in lines of at most ``width`` columns (at least 60), with a final newline.

    Args:
        report: what is told of.
        width: columns of the terminal.
        colour: as in the text report.
        command: what makes the report once more: its words before a further option, and those behind it.
        written: where the other documents of the run are.
    """
    page = TerminalPage.of(report, width=width, colour=colour)
    canvas = page.canvas
    scope = describe_scope(report.totals)
    title = elide_middle(escape_controls(report.title), canvas.width - display_width(scope) - 2)
    findings = [entry for entry in order_findings(report) if entry[1].accepted is None]
    lines = [canvas.bold(f"{title}: {scope}")]
    warnings = [f"{row.message} {row.remedy}" for row in report.quality.rows if _is_told(report, row)]
    for said in [*warnings, *describe_used(report)][:_WARNINGS]:
        lines += _cut(page, said, _WARNING_LINES)
    for place, entry in enumerate(findings[:_FINDINGS]):
        lines += _tell(canvas, *entry)
        if place == 0:
            lines += _cut(page, f"Fix: {first_advice(entry[1])}", _FIX_LINES, _MARGIN)
    if more := report.findings.total - len(findings[:_FINDINGS]):
        lines.append(f"{_MARGIN}... and {format_counted(more, 'further finding')}")
    lines += _tell_gates(page)
    if findings:
        before, after = command
        shortest = shorten_fingerprint(report, findings[0][1].fingerprint)
        again = f"Details of the first: {before} --explain {shortest}{after}"
        fits = display_width(again) <= canvas.width
        lines.append(again if fits else f"Details of the first: the same with --explain {shortest}")
    if written:
        lines.append(elide_middle(f"Written: {', '.join(map(escape_controls, written))}", canvas.width))
    verdict = report.comparison.verdict if report.comparison is not None else report.verdict.message
    lines += map(canvas.bold, _cut(page, verdict, _VERDICT_LINES))
    return defuse_commands("\n".join(lines) + "\n")


def _is_told(report: Report, warning: QualityWarning) -> bool:
    """Whether a warning is of weight here; that a loop may hide is where none has been found."""
    is_first = not any(finding.kind == "fan-out" for finding in report.findings.rows)
    return warning.misleading or (warning.code == FEW_VALUES and is_first)


def _tell(canvas: Canvas, rank: int, finding: Finding, state: str) -> list[str]:
    """A finding in two lines, or three: who asks whom with what that would save, and how far it goes."""
    worth = f"{describe_worth(finding)}, {finding.confidence}"
    start = f"{rank}. {state.upper()}{': ' if state else ''}"
    headline = start + describe_finding(finding, quote_name)
    place = [elide_middle(escape_controls(row.at), canvas.width // 2) for row in finding.at.rows[:1]]
    if display_width(headline) + display_width(worth) + 2 <= canvas.width:
        first = canvas.set_right([headline], worth)
        before = [*place, *([": "] if place else [])]
    else:  # who asks whom is worth more than a figure at the line's end
        first = _wrap_headline(start, finding, canvas)
        before = [worth, *(part for text in place for part in ("; at ", text)), "; "]
    extent = _describe_extent(finding, canvas.width - display_width(_MARGIN + "".join(before)))
    clauses = [*before, *extent]
    return [*map(canvas.bold, first), _keep_clauses([_MARGIN + clauses[0], *clauses[1:]], canvas.width)]


def _describe_extent(finding: Finding, width: int) -> list[str]:
    """How far a finding goes, in clauses; before it, if its first clause fits, why it is likely only."""
    extent = _CLAUSES.split(describe_extent(finding, quote_name))
    doubt = _CLAUSES.split(describe_doubt(finding) or "")
    return [*doubt, "; ", *extent] if doubt[0] and display_width(doubt[0]) <= width else extent


def _wrap_headline(start: str, finding: Finding, canvas: Canvas) -> list[str]:
    """Who asks whom in one or two lines: where names are too long, each of them elided as little as will do."""
    for longest in range(canvas.width, _SHORTEST_NAME, -1):
        headline = start + describe_finding(finding, partial(_quote_short, longest))
        lines = canvas.wrap(headline, hanging=_MARGIN)
        if len(lines) <= _HEADLINE_LINES:
            return lines
    return [elide_middle(headline, canvas.width)]


def _quote_short(longest: int, name: str) -> str:
    return quote_name(elide_middle(name, longest))


def _keep_clauses(parts: list[str], width: int) -> str:
    """As many clauses as fit, from the first on, with what stands between them; the first is elided if need be."""
    while len(parts) > 1 and display_width("".join(parts)) > width:
        parts = parts[:-2]
    return elide_middle("".join(parts), width)


def _tell_gates(page: TerminalPage) -> list[str]:
    """The gates that failed, each in a line, or that all passed."""
    gates = page.report.gates.rows if page.report.gates is not None else ()
    failed = [gate for gate in gates if not gate.passed]
    if gates and not failed:
        return [f"{format_counted(len(gates), 'gate')} passed"]
    lines = [
        elide_middle(escape_controls(f"FAILED: --fail-on {gate.expression}"), page.canvas.width) for gate in failed
    ]
    more = [f"... and {format_counted(len(lines) - _GATES, 'failed gate')} more"] if len(lines) > _GATES else []
    return lines[:_GATES] + more


def _cut(page: TerminalPage, sentence: str, most: int, indent: str = "") -> list[str]:
    """A sentence in its first lines; what was cut, from the last clause on that begins there, shows as dots."""
    lines = page.sentence(sentence, indent)
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while display_width(last) > page.canvas.width - len(_DOTS):
        last = last.rpartition(" ")[0]
    clauses = _CLAUSES.split(last)
    return [*lines[: most - 1], (clauses[0] if clauses[0].strip() else last) + _DOTS]
