"""A run of a history: its figures, whether it can be compared, and what it was measured with otherwise."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from tracereport.judging.comparable import is_stable
from tracereport.judging.history.run_report import RunReport
from tracereport.model import Settings, option_of_field
from tracereport.model.history import HistoryRun
from tracereport.wording.phrases import format_setting
from tracereport.wording.units import elide_middle

SHOWN_SETTINGS = frozenset({"top"})
"""Settings that decide what documents show, and no figure."""
_LONGEST_LABEL = 200
_LONGEST_SETTING = 80


class Named(msgspec.Struct, frozen=True):
    """How a run is called in the history."""

    file: str
    label: str
    """Where its report has none."""
    page: str | None


class Known(msgspec.Struct, frozen=True):
    """A run that was read, and what its report can tell."""

    number: int
    run: HistoryRun
    settings: Settings
    knows_callers: bool
    lists_functions: bool
    lists_findings: bool
    unknown_trees: frozenset[str]
    """Names of the processes whose call tree isn't known: threads may hide fan-outs there."""


def describe_run(named: Named, report: RunReport) -> HistoryRun:
    """The figures of a run."""
    findings = report.findings.rows
    return HistoryRun(
        label=elide_middle(report.label or named.label, _LONGEST_LABEL),
        at_time=report.at_time if is_time(report.at_time) else None,
        file=named.file,
        page=named.page,
        title=report.title,
        generator=f"{report.generator.name} {report.generator.version}",
        caution=_find_caution(report),
        calls=report.totals.calls,
        judged_calls=report.totals.judged_calls,
        processes=report.totals.processes,
        units=report.totals.units,
        functions=report.totals.functions,
        redundant_calls=report.totals.redundant_calls,
        avoidable_calls=sum(finding.calls_saved for finding in findings),
        findings=sum(is_stable(finding.kind, finding.confidence) for finding in findings),
    )


def _find_caution(report: RunReport) -> str | None:
    """Why a run isn't compared: calls are missing, and would look like a step."""
    if report.selection is not None:
        given = msgspec.structs.asdict(report.selection)
        return f"narrowed by {', '.join(f'--{option_of_field(field)}' for field, values in given.items() if values)}"
    if report.input is not None and report.input.errors:
        return "not read to its end"
    if report.input is not None and report.input.partial:
        return "made of a table of calls that was written under a selection"
    return None


def is_time(text: str | None) -> bool:
    """Whether it says when; a report may have been written by anyone."""
    return _parse_time(text) is not None


def moment_of(at_time: str | None) -> datetime:
    """A time that can be held against others: one without a zone is taken for UTC; none comes first."""
    return _parse_time(at_time) or datetime.min.replace(tzinfo=UTC)


def _parse_time(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def name_changed_settings(known: Sequence[Known]) -> list[HistoryRun]:
    """The runs, each with what the one before was measured with otherwise."""
    runs: list[HistoryRun] = []
    before: Known | None = None
    for each in known:
        changed = [] if before is None else _list_changed_settings(before, each)
        runs.append(msgspec.structs.replace(each.run, changed_settings=tuple(changed)))
        before = each
    return runs


def _list_changed_settings(before: Known, after: Known) -> list[str]:
    ours = msgspec.structs.asdict(after.settings)
    changed = [
        f"{option_of_field(name)} {format_setting(value)} → {format_setting(ours[name])}"
        for name, value in msgspec.structs.asdict(before.settings).items()
        if value != ours[name] and name not in SHOWN_SETTINGS
    ]
    if before.run.generator != after.run.generator:
        changed.append(f"{before.run.generator} → {after.run.generator}")
    return [elide_middle(change, _LONGEST_SETTING) for change in changed]
