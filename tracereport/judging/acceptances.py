"""Findings that were accepted, and why: they stay in the report, and fail no gate.

An acceptance that no finding needs any more is reported as stale, one past its day as expired and no longer honoured.
Where not every finding is listed, or no day is given, that isn't checked.
"""

from collections.abc import Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import Annotated, Literal

import msgspec

from tracereport.model import Acceptance, Finding, Rows

MISSING_CALLER = ""
"""What stands for a missing caller where a pattern is matched."""


class AcceptanceRule(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the configuration: which findings it accepts, why, and until when.

    Either a fingerprint, or globs that must all match; ``caller`` must match every caller of a finding, so that a new
    one among them isn't accepted unseen.

    Raises:
        ValueError: it names no finding, or names one in both ways, or its reason is blank.
    """

    reason: Annotated[str, msgspec.Meta(min_length=1)]
    fingerprint: str | None = None
    function: str | None = None
    caller: str | None = None
    kind: str | None = None
    until: date | None = None
    """The last day on which it holds."""

    def __post_init__(self) -> None:
        globs = [glob for glob in (self.function, self.caller, self.kind) if glob is not None]
        if (self.fingerprint is None) == (not globs):
            raise ValueError("needs either a fingerprint, or globs for function, caller or kind")
        if not self.reason.strip():
            raise ValueError("its reason is blank")

    @property
    def match(self) -> str:
        """What it matches, in one line."""
        fields = ("fingerprint", "function", "caller", "kind")
        return ", ".join(f"{name} {value}" for name in fields if (value := getattr(self, name)) is not None)

    def accepts(self, finding: Finding) -> bool:
        """Whether it matches a finding; its day isn't looked at."""
        if self.fingerprint is not None:
            return finding.fingerprint == self.fingerprint
        return (
            (self.function is None or fnmatchcase(finding.function, self.function))
            and (self.kind is None or fnmatchcase(finding.kind, self.kind))
            and (
                self.caller is None
                or all(fnmatchcase(caller or MISSING_CALLER, self.caller) for caller in finding.callers)
            )
        )


def apply_acceptances(
    findings: Rows[Finding], rules: Sequence[AcceptanceRule], today: date | None
) -> tuple[Rows[Finding], Rows[Acceptance]]:
    """The findings with the reason of the first rule that accepts each, and what became of every rule.

    Args:
        findings: of a report, whatever they were accepted for before.
        rules: in the order of the configuration.
        today: the day by which ``until`` is judged; without it every rule is honoured, and listed as not checked.
    """
    honoured = [rule for rule in rules if not _is_expired(rule, today)]
    accepted = tuple(
        msgspec.structs.replace(
            finding, accepted=next((rule.reason for rule in honoured if rule.accepts(finding)), None)
        )
        for finding in findings.rows
    )
    acceptances = tuple(_describe(rule, findings, today) for rule in rules)
    return Rows(findings.total, accepted), Rows(len(acceptances), acceptances)


def _is_expired(rule: AcceptanceRule, today: date | None) -> bool:
    return rule.until is not None and today is not None and today > rule.until


def _describe(rule: AcceptanceRule, findings: Rows[Finding], today: date | None) -> Acceptance:
    fingerprints = tuple(finding.fingerprint for finding in findings.rows if rule.accepts(finding))
    state: Literal["applied", "stale", "expired", "not checked"] = "applied"
    if _is_expired(rule, today):
        state = "expired"
    elif not fingerprints:
        state = "stale" if len(findings.rows) == findings.total else "not checked"
    elif rule.until is not None and today is None:
        state = "not checked"
    return Acceptance(
        match=rule.match,
        reason=rule.reason,
        until=None if rule.until is None else rule.until.isoformat(),
        state=state,
        fingerprints=fingerprints,
    )
