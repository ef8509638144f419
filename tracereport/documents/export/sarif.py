"""The findings as one log of SARIF 2.1.0."""

from collections.abc import Mapping
from urllib.parse import quote as quote_path

import msgspec

from tracereport.documents.advice import render_advice
from tracereport.documents.export.findings import describe, parse_location, require_source, suggest_fix
from tracereport.documents.markdown_text import code
from tracereport.model import Finding, Report
from tracereport.wording.sentences import name_kind
from tracereport.wording.units import escape_controls, format_caller

_SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_RULES: dict[str, str] = {
    "again": "A caller asks again for what it has asked for before.",
    "shared": "Several callers ask for the same thing.",
    "fan-out": "A call is made once for each value where one call could do (N+1).",
    "slow": "A call takes far longer than its function usually does.",
}
_SARIF_LEVELS = {"sure": "warning", "likely": "warning", "low": "note"}
_BASELINE_STATES = {"new": "new", "worse": "updated", "better": "updated", "unchanged": "unchanged"}


def render_sarif(report: Report, location: str | None = None, root: str | None = None) -> bytes:
    """The findings as SARIF 2.1.0, each at a file and by its function: GitHub refuses a log with one result without.

    Args:
        report: what is exported.
        location: ``FILE`` or ``FILE:LINE``, for findings whose trace carries no ``file=`` and ``line=``.
        root: the repository's folder.

    Raises:
        UsageError: a finding has no place, and none is given.
    """
    default = None if location is None else parse_location(location)
    states = {row.fingerprint: row.state for row in report.comparison.findings.rows} if report.comparison else {}
    kinds = list(dict.fromkeys([*_RULES, *(finding.kind for finding in report.findings.rows)]))
    log = {
        "$schema": _SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": report.generator.name,
                        "version": report.generator.version,
                        "rules": [_sarif_rule(kind) for kind in kinds],
                    }
                },
                "results": [
                    _sarif_result(
                        finding, kinds.index(finding.kind), states, require_source(finding, default, root, "SARIF")
                    )
                    for finding in report.findings.rows
                ],
            }
        ],
    }
    return msgspec.json.format(msgspec.json.encode(log), indent=2) + b"\n"


def _sarif_rule(kind: str) -> dict[str, object]:
    return {
        "id": kind,
        "name": name_kind(kind),
        "shortDescription": {"text": _RULES.get(kind, f"{name_kind(kind).capitalize()}.")},
        "defaultConfiguration": {"level": "warning"},
    }


def _sarif_result(finding: Finding, rule: int, states: Mapping[str, str], source: tuple[str, int]) -> dict[str, object]:
    callers = ", ".join(map(format_caller, finding.callers))
    logical: dict[str, object] = {
        "name": escape_controls(finding.function),
        "fullyQualifiedName": f"{callers} -> {escape_controls(finding.function)}",
        "kind": "function",
    }
    path, line = source
    location = {
        "physicalLocation": {"artifactLocation": {"uri": quote_path(path)}, "region": {"startLine": line}},
        "logicalLocations": [logical],
    }
    result: dict[str, object] = {
        "ruleId": finding.kind,
        "ruleIndex": rule,
        "level": _SARIF_LEVELS[finding.confidence],
        "message": {
            "text": f"{describe(finding)} {suggest_fix(finding)}",
            "markdown": f"{describe(finding, code)}\n\n{render_advice(finding)}",
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
