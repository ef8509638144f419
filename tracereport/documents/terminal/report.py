"""The report for a terminal, section by section, and one finding in full.

Neither is made by a template: loading Jinja takes longer than all measuring of a small log.
"""

from collections.abc import Sequence

from tracereport.documents.terminal import findings, front
from tracereport.documents.terminal.page import TerminalPage
from tracereport.documents.terminal.sections import write_section
from tracereport.model import Finding, Report
from tracereport.sections import SECTIONS
from tracereport.sections.interface import nothing_judged
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
    changed = page.section(
        "What to Change First",
        findings.findings(page),
        report.findings,
        empty=nothing_judged(report) or "Nothing: no finding.",
    )
    return _join(
        front.opening(page),
        page.section("What Would Mislead", front.misleading(page)),
        front.verdict(page),
        *(text for view, text in written.items() if view.chapter.before_findings),
        changed,
        *(text for view, text in written.items() if not view.chapter.before_findings),
    )


def render_explanation(report: Report, finding: Finding, trace_lines: Sequence[str] = (), *, width: int = 100) -> str:
    """One finding in full: what it is, what shows it, its advice as Markdown and its trace lines: ``--explain``."""
    page = TerminalPage.of(report, width=width, colour=False)
    headline = page.sentence(sentences.describe_finding(finding, quote_name))
    extent = page.sentence(sentences.describe_extent(finding, quote_name))
    return _join(
        "\n".join([*headline, *extent, "", *findings.explained(page, finding), "", ""]),
        page.section("Asked Again By", findings.pairs(page, finding), finding.pairs, shown=len(finding.pairs.rows)),
        page.section("Tests", findings.tests(page, finding), finding.tests, shown=len(finding.tests.rows)),
        page.section("Evidence", findings.evidence(page, finding), finding.evidence, shown=len(finding.evidence.rows)),
        page.section("What to Do", findings.advice(page, finding)),
        page.section("Trace Lines", [escape_controls(line) for line in trace_lines]),
    )


def _join(*blocks: str) -> str:
    """Blocks, each with an empty line at its end, as one text that ends with its last line."""
    return defuse_commands("".join(blocks).rstrip("\n") + "\n")
