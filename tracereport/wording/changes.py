"""What differs from a baseline: what there is to tell of it, and in which order findings stand."""

from tracereport.model import (
    Comparison,
    Finding,
    FindingChange,
    Report,
    Rows,
)
from tracereport.wording.phrases import format_count, format_counted, format_list


def is_unchanged(comparison: Comparison) -> bool:
    """Whether there is nothing to tell: no function, edge or finding differs, and nothing was set apart."""
    counts = [comparison.functions.total, comparison.edges.total]
    counts += [comparison.functions_added.total, comparison.functions_removed.total]
    counts += [comparison.processes_only_before.total, comparison.processes_only_after.total]
    counts += [comparison.units_only_before.total, comparison.units_only_after.total]
    return not any(counts) and not changed_findings(comparison).total and not comparison.partial


def describe_headline(report: Report) -> str:
    """The report in a title: what the first changes remove; with a baseline, what is new or worse since."""
    comparison = report.comparison
    if comparison is None:
        return report.verdict.headline.removesuffix(".")
    states = [row.state for row in comparison.findings.rows if row.accepted is None]
    counted = [(states.count("new"), "new"), (states.count("worse"), "worse")]
    grown = [f"{format_count(count)} {state}" for count, state in counted if count]
    if grown:
        return f"{format_list(grown)} {'finding' if states.count('new') + states.count('worse') == 1 else 'findings'}"
    better = states.count("better") + states.count("resolved")
    found = "Nothing is new or worse in what could be compared" if comparison.partial else "Nothing is new or worse"
    return f"{found}, {format_counted(better, 'finding')} better or resolved" if better else found


def changed_findings(comparison: Comparison) -> Rows[FindingChange]:
    """The findings that are new, worse, better or resolved."""
    changed = tuple(row for row in comparison.findings.rows if row.state != "unchanged")
    return Rows(len(changed), changed)


def grown_fingerprints(comparison: Comparison) -> set[str]:
    """The findings that a reviewer must hear of: new or worse."""
    return {row.fingerprint for row in comparison.findings.rows if row.state in ("new", "worse")}


def order_findings(report: Report) -> list[tuple[int, Finding, str]]:
    """The findings with their rank: with a baseline first what is ``new`` or ``worse``, which is said of each."""
    states = {}
    if report.comparison is not None:
        grown = grown_fingerprints(report.comparison)
        changes = [row for row in report.comparison.findings.rows if row.accepted is None]
        states = {row.fingerprint: row.state for row in changes if row.fingerprint in grown}
    ranked = [(rank, row, states.get(row.fingerprint, "")) for rank, row in enumerate(report.findings.rows, 1)]
    return sorted(ranked, key=lambda entry: not entry[2])
