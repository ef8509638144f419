"""The figures of one report that a comparison rests on, with some processes taken out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from tracereport.model import Finding, FindingKind, Process, ProcessFinding, Report, Rows

EdgeKey = tuple[str | None, str]

STABLE_TOTALS = frozenset(
    {
        "calls",
        "judged_calls",
        "questions",
        "judged_questions",
        "writes",
        "frames",
        "processes",
        "units",
        "functions",
        "lookups",
        "redundant_calls",
        "redundant_rate",
        "again_calls",
        "shared_calls",
        "unfinished_calls",
    }
)
"""The totals that neither threads nor time can change."""


class Comparable(msgspec.Struct, frozen=True):
    """One side of a comparison. A count that isn't there is 0, unless its list was cut."""

    totals: dict[str, float | None]
    """Every total by name, in the model's order; null where it isn't known without the processes taken out."""
    functions: dict[str, Counter[str]]
    """By name: ``calls``, ``again``, ``shared``."""
    edges: dict[EdgeKey, Counter[str]]
    """By caller and function: ``calls``, ``again``."""
    findings: dict[str, int]
    """By fingerprint: repeats, or avoidable calls of a fan-out."""
    functions_cut: bool
    edges_cut: bool
    findings_cut: bool
    cut: bool
    """A row that these figures need was cut from the report."""


def comparable_findings(report: Report) -> dict[str, Finding]:
    """The findings that neither threads nor time can change, by fingerprint: no slow ones, no fan-outs marked low."""
    return {
        finding.fingerprint: finding
        for finding in report.findings.rows
        if finding.kind in ("again", "shared") or (finding.kind == "fan-out" and finding.confidence != "low")
    }


def count_of_finding(kind: FindingKind, row: Finding | ProcessFinding) -> int:
    """What a finding is measured by: its repeats, or the avoidable calls of a fan-out."""
    return row.avoidable_calls if kind == "fan-out" else row.repeats


def comparable_figures(
    report: Report,
    findings: dict[str, Finding],
    apart: Sequence[Process],
    without_tree: Sequence[Process] = (),
    *,
    whole: bool,
) -> Comparable:
    """The figures of a report without those of the processes in ``apart``.

    Args:
        report: one side.
        findings: those of its findings that take part, by fingerprint.
        apart: processes of the report that are left out.
        without_tree: other processes whose fan-outs are left out: threads hide them on one side.
        whole: nothing is left out on the other side either, so that every total can be given.
    """
    functions = {
        row.function: Counter(calls=row.calls, again=row.again_calls, shared=row.shared_calls)
        for row in report.functions.rows
    }
    edges = {(row.caller, row.function): Counter(calls=row.calls, again=row.again_calls) for row in report.edges.rows}
    counts = {fingerprint: count_of_finding(finding.kind, finding) for fingerprint, finding in findings.items()}
    for process in apart:
        for edge in process.by_edge.rows:
            for figures in (functions.get(edge.function), edges.get((edge.caller, edge.function))):
                if figures is not None:
                    figures.subtract({"calls": edge.calls, "again": edge.again_calls})
        for finding, share in _shares(process, findings):
            counts[share.fingerprint] -= count_of_finding(finding.kind, share)
            if finding.kind == "shared" and finding.function in functions:
                functions[finding.function]["shared"] -= share.repeats
    for process in without_tree:
        for finding, share in _shares(process, findings):
            if finding.kind == "fan-out":
                counts[share.fingerprint] -= share.avoidable_calls
    needed: list[Rows[Any]] = [report.functions, report.edges, report.findings, report.processes]
    needed += [rows for process in apart for rows in (process.by_edge, process.by_finding)]
    return Comparable(
        totals=msgspec.structs.asdict(report.totals)
        if whole
        else _totals_without(report, findings, apart, sum(row["calls"] == 0 for row in functions.values())),
        functions=functions,
        edges=edges,
        findings=counts,
        functions_cut=_is_cut(report.functions),
        edges_cut=_is_cut(report.edges),
        findings_cut=_is_cut(report.findings),
        cut=any(map(_is_cut, needed)),
    )


def _shares(process: Process, findings: dict[str, Finding]) -> Iterator[tuple[Finding, ProcessFinding]]:
    """What a process adds to the findings that take part."""
    for share in process.by_finding.rows:
        if share.fingerprint in findings:
            yield findings[share.fingerprint], share


def _totals_without(
    report: Report, findings: dict[str, Finding], apart: Sequence[Process], functions_gone: int
) -> dict[str, float | None]:
    """The totals of a report that can be told without some of its processes, the others null."""
    whole = report.totals
    gone = {process.index for process in apart}
    units = [unit for unit in report.units.rows if unit.process in gone]
    judged_questions = whole.judged_questions - sum(unit.judged_questions for unit in units)
    again_calls = whole.again_calls - sum(edge.again_calls for process in apart for edge in process.by_edge.rows)
    shared_calls = whole.shared_calls - sum(
        share.repeats for process in apart for finding, share in _shares(process, findings) if finding.kind == "shared"
    )
    redundant_calls = again_calls + shared_calls
    return dict.fromkeys(whole.__struct_fields__) | {
        "calls": whole.calls - sum(process.calls for process in apart),
        "judged_calls": whole.judged_calls - sum(unit.calls for unit in units),
        "judged_questions": judged_questions,
        "units": whole.units - len(units),
        "processes": whole.processes - len(apart),
        "functions": whole.functions - functions_gone,
        "lookups": judged_questions - redundant_calls,
        "redundant_calls": redundant_calls,
        "redundant_rate": redundant_calls / judged_questions if judged_questions else None,
        "again_calls": again_calls,
        "shared_calls": shared_calls,
        "unfinished_calls": whole.unfinished_calls - sum(process.unfinished_calls for process in apart),
    }


def list_missing_calls(report: Report, side: str) -> list[str]:
    """Why a report isn't of all calls of its run, if it isn't; ``side`` says whose it is."""
    if report.input is None:
        return []
    reasons = {
        f"{side} was not read to its end": bool(report.input.errors),
        f"{side} is a table of calls that was written under a selection": report.input.partial,
    }
    return [reason for reason, holds in reasons.items() if holds]


def _is_cut(rows: Rows[Any]) -> bool:
    return len(rows.rows) < rows.total
