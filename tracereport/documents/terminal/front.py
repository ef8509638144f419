"""What stands before the sections: what the report is of, and what a reader must know before any figure."""

from typing import Final

from tracereport.documents.terminal.page import STEP, TerminalPage
from tracereport.wording.phrases import format_counted
from tracereport.wording.scope import (
    describe_asked,
    describe_selection,
    describe_traced_time,
    describe_unjudged,
    describe_used,
)

_RULE: Final = "=" * 35


def opening(page: TerminalPage) -> str:
    """What the report is of."""
    return "\n".join(
        [
            _RULE,
            "Performance Analysis Report",
            _RULE,
            *page.sentence(page.report.title),
            f"Total traces: {page.report.totals.calls}",
            *overview(page),
            "",
            "",
        ]
    )


def verdict(page: TerminalPage) -> str:
    """The verdict in bold, and that of the comparison."""
    report = page.report
    said = page.sentence(report.verdict.message)
    if report.comparison is not None:
        said += page.sentence(f"Compared with {report.comparison.baseline.title}: {report.comparison.verdict}")
    return "\n".join([*map(page.canvas.bold, said), "", ""])


def misleading(page: TerminalPage) -> list[str]:
    """The warnings that a reader must see before any figure."""
    return [
        line
        for warning in page.report.quality.rows
        if warning.misleading
        for line in (
            *page.sentence(warning.message, "  "),
            *page.sentence(f"Remedy: {warning.remedy}", STEP, f"{STEP}        "),
        )
    ]


def overview(page: TerminalPage) -> list[str]:
    """How much was judged, from where, and what the report is narrowed to."""
    totals = page.report.totals
    counted = [
        describe_asked(totals),
        format_counted(totals.functions, "function"),
        format_counted(totals.lookups, "lookup"),
        format_counted(totals.processes, "process", "processes"),
    ]
    sentences = [f"{', '.join(filter(None, counted))}; {describe_traced_time(page.report)}"]
    sentences += describe_used(page.report)
    if unjudged := describe_unjudged(page.report):
        sentences.append(f"Not judged: {unjudged}")
    if page.report.selection is not None:
        sentences.append(f"Narrowed to {describe_selection(page.report.selection, str)}; the totals are of all calls")
    return [line for text in sentences for line in page.sentence(text)]
