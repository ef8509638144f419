"""The findings as workflow commands of GitHub."""

from tracereport.documents.export.findings import describe, find_source, suggest_fix
from tracereport.model import Finding, Gate, Report
from tracereport.wording.changes import grown_fingerprints
from tracereport.wording.sentences import name_kind
from tracereport.wording.units import defuse_anywhere, escape_controls, format_decimal


def render_github(report: Report, root: str | None = None) -> str:
    """Workflow commands that annotate a run: failed gates, what would mislead, and the first findings.

    With a baseline only the new and worse findings are annotated, and accepted ones never.
    """
    lines = [
        _annotation("error", "Gate failed", _describe_gate(gate))
        for gate in (report.gates.rows if report.gates else ())
        if not gate.passed
    ]
    lines += [
        _annotation("warning", "Data quality", f"{warning.message} {warning.remedy}")
        for warning in report.quality.rows
        if warning.misleading
    ]
    for finding in _annotated(report)[: report.settings.top]:
        level = "notice" if finding.confidence == "low" else "warning"
        title = f"{name_kind(finding.kind)}: {finding.function}"
        lines.append(
            _annotation(level, title, f"{describe(finding)} {suggest_fix(finding)}", find_source(finding, root))
        )
    return "".join(f"{defuse_anywhere(line)}\n" for line in lines)


def _describe_gate(gate: Gate) -> str:
    """What was demanded, what is, and what may be: ``--fail-on calls > baseline: 12, limit 10 (2 processes ...)``."""
    figures = [format_decimal(gate.figure, 4)] if gate.figure is not None else []
    if gate.limit is not None:
        figures.append(f"limit {format_decimal(gate.limit, 4)}")
    return f"--fail-on {gate.expression}{': ' * bool(figures)}{', '.join(figures)}{f' ({gate.note})' * bool(gate.note)}"


def _annotated(report: Report) -> list[Finding]:
    """The findings that a reviewer must hear of."""
    findings = [finding for finding in report.findings.rows if finding.accepted is None]
    if report.comparison is None:
        return findings
    grown = grown_fingerprints(report.comparison)
    return [finding for finding in findings if finding.fingerprint in grown]


def _annotation(level: str, title: str, message: str, source: tuple[str, int] | None = None) -> str:
    """One workflow command; whatever could end a property or the line is escaped as GitHub reads it back."""
    properties = {"title": title} if source is None else {"file": source[0], "line": str(source[1]), "title": title}
    written = ",".join(f"{name}={_escape_property(value)}" for name, value in properties.items())
    return f"::{level} {written}::{_escape_message(message)}"


def _escape_message(text: str) -> str:
    return escape_controls(text).replace("%", "%25")


def _escape_property(text: str) -> str:
    return _escape_message(text).replace(":", "%3A").replace(",", "%2C")
