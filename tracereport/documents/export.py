"""The report for other programs: JSON, SARIF, GitHub's annotations and GitLab's code quality."""

import gzip
import re
from collections.abc import Mapping
from functools import partial
from urllib.parse import quote

import msgspec

from tracereport.documents.templating import code, first_advice, render_advice
from tracereport.errors import UsageError
from tracereport.model import REDACTED, Finding, FindingKind, Gate, Report, encode_report
from tracereport.wording.sentences import (
    KIND_WORDS,
    Code,
    describe_extent,
    describe_finding,
    describe_worth,
    grown_fingerprints,
)
from tracereport.wording.units import escape_controls, format_caller, format_decimal, quote_name

_SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_RULES: dict[FindingKind, str] = {
    "again": "A caller asks again for what it has asked for before.",
    "shared": "Several callers ask for the same thing.",
    "fan-out": "A call is made once for each value where one call could do (N+1).",
    "slow": "A call takes far longer than its function usually does.",
}
_SARIF_LEVELS = {"sure": "warning", "likely": "warning", "low": "note"}
_GITLAB_SEVERITIES = {"sure": "major", "likely": "minor", "low": "info"}
_BASELINE_STATES = {"new": "new", "worse": "updated", "better": "updated", "unchanged": "unchanged"}
_quote = partial(quote_name, width=80)
_LINE = re.compile(r"[1-9][0-9]{0,8}")


def render_json(report: Report, *, compressed: bool = False) -> bytes:
    """The whole report as one JSON object; ``compressed`` as gzip without a time, so that equal reports stay equal."""
    encoded = encode_report(report)
    return gzip.compress(encoded, mtime=0) if compressed else encoded


def render_sarif(report: Report) -> bytes:
    """The findings as SARIF 2.1.0: at a file where the trace carries ``file=`` and ``line=``, else by function."""
    states = {row.fingerprint: row.state for row in report.comparison.findings.rows} if report.comparison else {}
    log = {
        "$schema": _SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": report.generator.name,
                        "version": report.generator.version,
                        "rules": [_sarif_rule(kind, text) for kind, text in _RULES.items()],
                    }
                },
                "results": [_sarif_result(finding, states) for finding in report.findings.rows],
            }
        ],
    }
    return msgspec.json.format(msgspec.json.encode(log), indent=2) + b"\n"


def _sarif_rule(kind: FindingKind, text: str) -> dict[str, object]:
    return {
        "id": kind,
        "name": KIND_WORDS[kind],
        "shortDescription": {"text": text},
        "defaultConfiguration": {"level": "warning"},
    }


def _sarif_result(finding: Finding, states: Mapping[str, str]) -> dict[str, object]:
    callers = ", ".join(map(format_caller, finding.callers))
    logical: dict[str, object] = {
        "name": escape_controls(finding.function),
        "fullyQualifiedName": f"{callers} -> {escape_controls(finding.function)}",
        "kind": "function",
    }
    location: dict[str, object] = {"logicalLocations": [logical]}
    if (source := _find_source(finding)) is not None:
        path, line = source
        location["physicalLocation"] = {"artifactLocation": {"uri": quote(path)}, "region": {"startLine": line}}
    result: dict[str, object] = {
        "ruleId": finding.kind,
        "ruleIndex": list(_RULES).index(finding.kind),
        "level": _SARIF_LEVELS[finding.confidence],
        "message": {
            "text": f"{_sentence(finding)} {_fix(finding)}",
            "markdown": f"{_sentence(finding, code)}\n\n{render_advice(finding)}",
        },
        "locations": [location],
        "partialFingerprints": {"tracereport/v1": finding.fingerprint},
        "properties": {
            "calls": finding.calls,
            "repeats": finding.repeats,
            "callsSaved": finding.calls_saved,
            "possibleCallsSaved": finding.possible_calls_saved,
            "confidence": finding.confidence,
        },
    }
    if state := _BASELINE_STATES.get(states.get(finding.fingerprint, "")):
        result["baselineState"] = state
    if finding.accepted:
        result["suppressions"] = [{"kind": "external", "justification": escape_controls(finding.accepted)}]
    return result


def render_github(report: Report) -> str:
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
        title = f"{KIND_WORDS[finding.kind]}: {finding.function}"
        lines.append(_annotation(level, title, f"{_sentence(finding)} {_fix(finding)}", _find_source(finding)))
    return "".join(f"{line}\n" for line in lines)


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


def render_gitlab(report: Report, location: str | None = None) -> bytes:
    """The findings as GitLab's code quality, which needs a place in the source for each.

    Args:
        report: what is exported; accepted findings aren't.
        location: ``FILE`` or ``FILE:LINE``, for findings whose trace carries no ``file=`` and ``line=``.

    Raises:
        UsageError: a finding has no place, and none is given.
    """
    default = None if location is None else parse_location(location)
    issues = []
    for finding in report.findings.rows:
        if finding.accepted is not None:
            continue
        place = _find_source(finding) or default
        if place is None:
            raise UsageError(
                "GitLab's code quality needs a file and line, and the trace carries none.",
                "Trace file= and line=, or name a place: --location FILE",
            )
        issues.append(
            {
                "description": f"{_sentence(finding)} {_fix(finding)}",
                "check_name": finding.kind,
                "fingerprint": finding.fingerprint,
                "severity": _GITLAB_SEVERITIES[finding.confidence],
                "location": {"path": place[0], "lines": {"begin": place[1]}},
            }
        )
    return msgspec.json.format(msgspec.json.encode(issues), indent=2) + b"\n"


def parse_location(location: str) -> tuple[str, int]:
    """File and line; a colon that no line follows belongs to the name, but for one with a number that is no line.

    Raises:
        UsageError: there is no file, or its line isn't one.
    """
    path, colon, line = location.rpartition(":")
    if colon and path and _LINE.fullmatch(line):
        return path, int(line)
    if not location or (colon and (not path or not line or line.lstrip("-").isdigit())):
        raise UsageError(
            f"--location '{location}': no file and line.", "Name a place as FILE or FILE:LINE, from line 1 on."
        )
    return location, 1


def _find_source(finding: Finding) -> tuple[str, int] | None:
    """Where the code stands, if the trace says so: the first ``file=`` with a ``line=`` among the evidence."""
    for evidence in finding.evidence.rows:
        params = {param.name: param.value for param in evidence.params}
        line = params.get("line", "")
        file = params.get("file", "")
        if file and not file.startswith(REDACTED) and _LINE.fullmatch(line):
            return escape_controls(file), int(line)
    return None


def _sentence(finding: Finding, code: Code = _quote) -> str:
    """What it is and how far it goes."""
    return f"{describe_finding(finding, code)} ({describe_worth(finding)}): {describe_extent(finding, code)}."


def _fix(finding: Finding) -> str:
    return f"Fix: {first_advice(finding)}"
