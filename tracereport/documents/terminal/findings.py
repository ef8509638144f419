"""The findings in the text report: in a few lines each, in full, and as they changed."""

from tracereport.documents.advice import first_advice, render_advice
from tracereport.documents.terminal.page import STEP, TerminalPage
from tracereport.model import (
    Finding,
    Report,
)
from tracereport.wording.changes import order_findings
from tracereport.wording.differences import describe_places, find_difference
from tracereport.wording.phrases import format_count, format_list
from tracereport.wording.scope import name_record
from tracereport.wording.sentences import (
    describe_doubt,
    describe_evidence,
    describe_extent,
    describe_finding,
    describe_pairs,
    describe_saved_time,
    describe_spent,
    describe_worth,
)
from tracereport.wording.units import (
    escape_controls,
    format_caller,
    format_metric,
    format_param,
    quote_name,
)

_INDENT = 5
"""Of what belongs to a finding, below its rank."""


def findings(page: TerminalPage) -> list[str]:
    """Each finding with its extent, its fix and where to see it; what is new or worse first."""
    shown = order_findings(page.report)[: page.report.settings.top]
    return [
        line
        for rank, row, state in shown
        for line in _finding(page, f"{rank:>3}. {state.upper()}{': ' if state else ''}", row)
    ]


def _finding(page: TerminalPage, rank: str, finding: Finding) -> list[str]:
    indent = " " * _INDENT
    headline = page.sentence(describe_finding(finding, quote_name), rank, indent)
    worth = f"{describe_worth(finding)}, {finding.confidence}"
    extent = describe_extent(finding, quote_name)
    told = f"{format_count(finding.unchanged)} unchanged"
    fix = f"Accepted: {finding.accepted}" if finding.accepted else f"Fix: {first_advice(finding)}"
    return [
        *map(page.canvas.bold, page.canvas.set_right(headline, worth)),
        *(line.replace(told, page.canvas.loud(told)) for line in page.sentence(extent, indent)),
        *(page.sentence(f"At: {describe_places(finding, str)}", indent, f"{indent}    ") if finding.at.rows else []),
        *(page.sentence(f"Likely: {doubt}", indent, f"{indent}     ") if (doubt := describe_doubt(finding)) else []),
        *page.sentence(fix, indent, f"{indent}     "),
        *page.sentence(f"See: {_where(page, finding)}", indent, f"{indent}     "),
    ]


def _where(page: TerminalPage, finding: Finding) -> str:
    """The first piece of evidence, and how to see all of it."""
    shown = [describe_evidence(evidence, str, name_record(page.report)) for evidence in finding.evidence.rows[:1]]
    return "; ".join([*shown, f"--explain {finding.fingerprint}"])


def explained(page: TerminalPage, finding: Finding) -> list[str]:
    """All that the report knows of one finding, but for its advice."""
    lines = [
        f"fingerprint   {escape_controls(finding.fingerprint)}",
        f"confidence    {finding.confidence}: {escape_controls(finding.reason)}",
        f"calls         {format_count(finding.calls)} ({describe_worth(finding)})",
        f"time          {_saving(page.report, finding)}",
    ]
    if finding.at.rows:
        lines.append(f"at            {describe_places(finding, str)}")
    if finding.worst:
        lines.append(f"worst         {format_list([format_count(count) for count in finding.worst])} times")
    if finding.accepted:
        lines.append(f"accepted      {escape_controls(finding.accepted)}")
    return [line for text in lines for line in page.sentence(text, "  ", " " * 16)]


def _saving(report: Report, finding: Finding) -> str:
    if not finding.saving_upper_ns:
        return describe_spent(finding)
    return f"{describe_spent(finding)}, {describe_saved_time(finding, report)} of it saved"


def pairs(page: TerminalPage, finding: Finding) -> list[str]:
    """Who asked after whom."""
    return [line for text in describe_pairs(finding.pairs.rows, quote_name) for line in page.sentence(text, "  ", STEP)]


def tests(page: TerminalPage, finding: Finding) -> list[str]:
    """Which tests show it, and how much of it."""
    return [
        line
        for row in finding.tests.rows
        for line in page.sentence(f"{format_count(row.repeats or row.avoidable_calls):>6} {row.test}", "  ")
    ]


def evidence(page: TerminalPage, finding: Finding) -> list[str]:
    """What all calls share, once; then each call: where it stands, what it alone asked and what it was told."""
    difference = find_difference(finding)
    shared = [*map(format_param, difference.shared), *map(format_metric, difference.shared_metrics)]
    lines = ["  All of them:", *(STEP + field for field in shared)] if shared else []
    for row in finding.evidence.rows:
        place = f", at {row.at}" if row.at else ""
        lines += page.sentence(
            f"{describe_evidence(row, str, name_record(page.report))}, in {row.file}{place}", "  ", STEP
        )
        fields = [
            f"caller={format_caller(row.caller)}",
            *map(format_param, difference.own(row)),
            *map(format_metric, difference.own_metrics(row)),
        ]
        lines += [STEP + field for field in fields]
    return lines


def advice(page: TerminalPage, finding: Finding) -> list[str]:
    """What to do, as Markdown whose paragraphs are wrapped."""
    lines: list[str] = []
    in_code = False
    for line in render_advice(finding).splitlines():
        fence = line.startswith("```")
        lines += [line] if in_code or fence else page.canvas.wrap(line)
        in_code ^= fence
    return lines
