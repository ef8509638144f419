"""The findings as GitLab's code quality."""

import msgspec

from tracereport.documents.export.findings import describe, parse_location, require_source, suggest_fix
from tracereport.model import Report

_GITLAB_SEVERITIES = {"sure": "major", "likely": "minor", "low": "info"}


def render_gitlab(report: Report, location: str | None = None, root: str | None = None) -> bytes:
    """The findings as GitLab's code quality, which needs a place in the source for each.

    Args:
        report: what is exported; accepted findings aren't.
        location: ``FILE`` or ``FILE:LINE``, for findings whose trace carries no ``file=`` and ``line=``.
        root: the repository's folder.

    Raises:
        UsageError: a finding has no place, and none is given.
    """
    default = None if location is None else parse_location(location)
    issues = []
    for finding in report.findings.rows:
        if finding.accepted is not None:
            continue
        place = require_source(finding, default, root, "GitLab's code quality")
        issues.append(
            {
                "description": f"{describe(finding)} {suggest_fix(finding)}",
                "check_name": finding.kind,
                "fingerprint": finding.fingerprint,
                "severity": _GITLAB_SEVERITIES[finding.confidence],
                "location": {"path": place[0], "lines": {"begin": place[1]}},
            }
        )
    return msgspec.json.format(msgspec.json.encode(issues), indent=2) + b"\n"
