"""The figures of one report that a comparison rests on: those of what both sides have."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from tracereport.judging.shares import Share
from tracereport.model import Confidence, Finding, FindingKind, ProcessFinding, Report, Rows

EdgeKey = tuple[str | None, str]

STABLE_TOTALS = frozenset(
    {
        "calls",
        "judged_calls",
        "questions",
        "judged_questions",
        "writes",
        "frames",
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
"""The totals that neither threads, nor time, nor the number of workers can change."""


class Comparable(msgspec.Struct, frozen=True):
    """One side of a comparison. A count that isn't there is 0, unless its list was cut."""

    totals: dict[str, float | None]
    """Every total by name, in the model's order; null where it isn't known of what is compared alone."""
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

    def without_callers(self) -> "Comparable":
        """The same, where nobody knows which repeats are by the same caller."""
        functions = {
            name: Counter(calls=counts["calls"], again=counts["again"] + counts["shared"], shared=0)
            for name, counts in self.functions.items()
        }
        return msgspec.structs.replace(self, functions=functions)


def comparable_findings(report: Report) -> dict[str, Finding]:
    """The findings that neither threads nor time can change, by fingerprint: no slow ones, no fan-outs marked low."""
    return {
        finding.fingerprint: finding for finding in report.findings.rows if is_stable(finding.kind, finding.confidence)
    }


def is_stable(kind: FindingKind, confidence: Confidence) -> bool:
    """Whether neither threads nor time can change a finding: it isn't slow, and no fan-out marked low."""
    return kind in ("again", "shared") or (kind == "fan-out" and confidence != "low")


class Counted(Protocol):
    """What has the counts of a finding."""

    @property
    def repeats(self) -> int:
        """Of lookups."""

    @property
    def avoidable_calls(self) -> int:
        """Of fan-outs."""


def count_of_finding(kind: FindingKind, row: Counted) -> int:
    """What a finding is measured by: its repeats, or the avoidable calls of a fan-out."""
    return row.avoidable_calls if kind == "fan-out" else row.repeats


def comparable_figures(
    report: Report,
    findings: Mapping[str, Finding],
    shares: Sequence[Share],
    without_tree: Sequence[Share] = (),
    *,
    whole: bool,
) -> Comparable:
    """The figures of what is compared of a report.

    Args:
        report: one side.
        findings: those of its findings that take part, by fingerprint.
        shares: what of it is compared.
        without_tree: those of them whose fan-outs are left out: threads hide them on one side.
        whole: nothing is set apart on either side, so that every total can be given.
    """
    is_everything = whole and sum(share.calls for share in shares) == report.totals.calls
    functions, edges = _list_calls(report) if is_everything else _count_calls(shares, findings)
    counts = dict.fromkeys(findings, 0)
    hidden = {share.index for share in without_tree}
    for share in shares:
        for finding, row in _findings_of(share, findings):
            if finding.kind != "fan-out" or share.index not in hidden:
                counts[row.fingerprint] += count_of_finding(finding.kind, row)
    edges_cut = _is_cut(report.edges) if is_everything else any(_is_cut(share.by_edge) for share in shares)
    functions_cut = _is_cut(report.functions) if is_everything else edges_cut
    findings_cut = _is_cut(report.findings) or any(_is_cut(share.by_finding) for share in shares)
    return Comparable(
        totals=_sum_totals(report, shares, functions, whole=whole),
        functions=functions,
        edges=edges,
        findings=counts,
        functions_cut=functions_cut,
        edges_cut=edges_cut,
        findings_cut=findings_cut,
        cut=functions_cut or edges_cut or findings_cut or _is_cut(report.units) or _is_cut(report.processes),
    )


def _list_calls(report: Report) -> tuple[dict[str, Counter[str]], dict[EdgeKey, Counter[str]]]:
    """As ``_count_calls``, where everything is compared: the report's own lists keep more rows than those of a unit."""
    functions = {
        row.function: Counter(calls=row.calls, again=row.again_calls, shared=row.shared_calls)
        for row in report.functions.rows
    }
    edges = {(row.caller, row.function): Counter(calls=row.calls, again=row.again_calls) for row in report.edges.rows}
    return functions, edges


def _count_calls(
    shares: Sequence[Share], findings: Mapping[str, Finding]
) -> tuple[dict[str, Counter[str]], dict[EdgeKey, Counter[str]]]:
    """By function and by edge what is called and asked again."""
    functions: dict[str, Counter[str]] = {}
    edges: dict[EdgeKey, Counter[str]] = {}
    for share in shares:
        for edge in share.by_edge.rows:
            for counts in (
                functions.setdefault(edge.function, Counter(calls=0, again=0, shared=0)),
                edges.setdefault((edge.caller, edge.function), Counter(calls=0, again=0)),
            ):
                counts["calls"] += edge.calls
                counts["again"] += edge.again_calls
        for finding, row in _findings_of(share, findings):
            if finding.kind == "shared" and finding.function in functions:
                functions[finding.function]["shared"] += row.repeats
    return functions, edges


def _findings_of(share: Share, findings: Mapping[str, Finding]) -> Iterator[tuple[Finding, ProcessFinding]]:
    """What a unit adds to the findings that take part."""
    for row in share.by_finding.rows:
        if row.fingerprint in findings:
            yield findings[row.fingerprint], row


def _sum_totals(
    report: Report, shares: Sequence[Share], functions: Mapping[str, Counter[str]], *, whole: bool
) -> dict[str, float | None]:
    """The totals of what is compared: stable ones are added up, the others are known of the whole report only."""
    totals: dict[str, float | None] = (
        msgspec.structs.asdict(report.totals) if whole else dict.fromkeys(report.totals.__struct_fields__)
    )
    units = [share for share in shares if not share.interleaved]
    judged_questions = sum(share.judged_questions for share in units)
    again_calls = sum(counts["again"] for counts in functions.values())
    shared_calls = sum(counts["shared"] for counts in functions.values())
    redundant_calls = again_calls + shared_calls
    writes, frames = _add_known(units, lambda unit: unit.writes), _add_known(units, lambda unit: unit.frames)
    calls = sum(share.calls for share in shares)
    if len(units) == len(shares):
        totals["writes"], totals["frames"] = writes, frames
        totals["questions"] = None if writes is None or frames is None else calls - writes - frames
    return totals | {
        "calls": calls,
        "judged_calls": sum(share.judged_calls for share in shares),
        "judged_questions": judged_questions,
        "processes": len({share.process for share in shares}),
        "units": len(units),
        "functions": len(functions),
        "lookups": judged_questions - redundant_calls,
        "redundant_calls": redundant_calls,
        "redundant_rate": redundant_calls / judged_questions if judged_questions else None,
        "again_calls": again_calls,
        "shared_calls": shared_calls,
    }


def _add_known(units: Sequence[Share], count: Callable[[Share], int | None]) -> int | None:
    counts = [count(unit) for unit in units]
    return None if None in counts else sum(own for own in counts if own is not None)


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
