"""The report for a terminal, section by section, and one finding in full.

The template puts together what stands before the sections (``front``), the findings, and the sections in their order.
"""

from collections.abc import Sequence

from tracereport.documents.templating import render_template
from tracereport.documents.terminal import findings, front
from tracereport.documents.terminal.page import TerminalPage
from tracereport.documents.terminal.sections import write_section
from tracereport.model import Finding, Report
from tracereport.sections import SECTIONS
from tracereport.wording import sentences
from tracereport.wording.units import defuse_commands, escape_controls, quote_name


def render_text(report: Report, *, width: int = 100, colour: bool = False) -> str:
    """The report in lines of at most ``width`` columns (at least 60), with a final newline.

    Args:
        report: what is shown; of each list the first ``settings.top`` rows.
        width: columns of the terminal.
        colour: bold headings, and the loud colour on what was asked again for an unchanged answer (ANSI).
    """
    page = TerminalPage.of(report, width=width, colour=colour)
    written = {view: write_section(page, view) for view in SECTIONS}
    text = render_template(
        "report.txt",
        report=report,
        page=page,
        front=front,
        findings=findings,
        first=[text for view, text in written.items() if view.chapter.before_findings],
        sections=[text for view, text in written.items() if not view.chapter.before_findings],
    )
    return defuse_commands(text.rstrip("\n") + "\n")


def render_explanation(report: Report, finding: Finding, trace_lines: Sequence[str] = (), *, width: int = 100) -> str:
    """One finding in full: what it is, what shows it, its advice as Markdown and its trace lines: ``--explain``."""
    page = TerminalPage.of(report, width=width, colour=False)
    text = render_template(
        "explanation.txt",
        finding=finding,
        headline=sentences.describe_finding(finding, quote_name),
        extent=sentences.describe_extent(finding, quote_name),
        page=page,
        findings=findings,
        trace_lines=[escape_controls(line) for line in trace_lines],
    )
    return defuse_commands(text.rstrip("\n") + "\n")
