"""Candidates of all kinds -> ranked findings, with their evidence; and what each unit of work adds to them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from tracereport.calls.grouping import LONG_ROW_LIMIT, keep_rows
from tracereport.findings import slow_calls
from tracereport.findings.fan_outs import findings as fan_outs
from tracereport.findings.interface import (
    Candidate,
    EvidenceOf,
    FindingKind,
    UnitAmount,
    choose_evidence,
    fingerprint_of,
)
from tracereport.findings.repeats import findings as repeats
from tracereport.findings.verdict import make_verdict
from tracereport.measures.interface import Whole
from tracereport.model import Finding, ProcessFinding, Rows, Verdict

KINDS: Final[tuple[FindingKind[Any], ...]] = (repeats.KIND, fan_outs.KIND, slow_calls.KIND)


_OF_TESTS: Final = "; the tests' own code asks, so it stands behind what the program asks"


class Findings(msgspec.Struct, frozen=True, eq=False):
    """All findings, ranked, and what each process and unit adds to them."""

    rows: Rows[Finding]
    by_process: dict[int, list[ProcessFinding]]
    by_unit: dict[tuple[int, int], list[ProcessFinding]]
    verdict: Verdict


def find_findings(whole: Whole) -> Findings:
    """All findings, ranked as ``Candidate.rank`` says; and the verdict that rests on the first."""
    candidates = [candidate for kind in KINDS for candidate in kind.find(whole)]
    candidates.sort(key=Candidate.rank)
    listed = [candidate for candidate in candidates if candidate.is_shown]
    kept = listed[:LONG_ROW_LIMIT]
    verdict = make_verdict(whole, candidates)
    amounts = [amount for kind in KINDS for amount in kind.amounts(whole)]
    fingerprints = {key: fingerprint_of(key) for key in {amount.key for amount in amounts}}
    return Findings(
        rows=keep_rows(_describe(whole, kept), LONG_ROW_LIMIT, len(listed)),
        by_process=_spread_over_processes(amounts, fingerprints),
        by_unit=_spread_over_units(amounts, fingerprints),
        verdict=verdict,
    )


def _describe(whole: Whole, candidates: Sequence[Candidate]) -> list[Finding]:
    wanted = [candidate.key.text() for candidate in candidates]
    found: list[EvidenceOf] = [
        own for kind in KINDS if kind.detail for part in whole.details(kind.key, wanted) for own in part
    ]
    best = choose_evidence(found)
    findings = []
    for candidate, key in zip(candidates, wanted, strict=True):
        finding = candidate.describe()
        if candidate.is_of_tests:
            finding = replace(finding, reason=f"{finding.reason}{_OF_TESTS}")
        if key in best:
            total = finding.repeats or finding.calls
            finding = replace(finding, evidence=Rows(total, best[key]))
        findings.append(finding)
    return findings


def _spread_over_units(
    amounts: Sequence[UnitAmount], fingerprints: Mapping[str, str]
) -> dict[tuple[int, int], list[ProcessFinding]]:
    found: dict[tuple[int, int], list[ProcessFinding]] = {}
    for own in amounts:
        row = ProcessFinding(
            fingerprint=fingerprints[own.key], repeats=own.repeats, avoidable_calls=own.avoidable_calls
        )
        found.setdefault((own.process, own.unit), []).append(row)
    for rows in found.values():
        rows.sort(key=_largest_first)
    return found


def _spread_over_processes(
    amounts: Sequence[UnitAmount], fingerprints: Mapping[str, str]
) -> dict[int, list[ProcessFinding]]:
    sums: dict[tuple[int, str], list[int]] = {}
    for own in amounts:
        total = sums.setdefault((own.process, own.key), [0, 0])
        total[0] += own.repeats
        total[1] += own.avoidable_calls
    found: dict[int, list[ProcessFinding]] = {}
    for (process, key), (repeated, avoidable) in sums.items():
        row = ProcessFinding(fingerprint=fingerprints[key], repeats=repeated, avoidable_calls=avoidable)
        found.setdefault(process, []).append(row)
    for rows in found.values():
        rows.sort(key=_largest_first)
    return found


def _largest_first(row: ProcessFinding) -> tuple[int, int, str]:
    return (-row.repeats, -row.avoidable_calls, row.fingerprint)
