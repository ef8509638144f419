"""The report as Markdown for a pull request: the verdict in a line, what to change, and everything else folded.

Right under GitHub's own parser (cmark-gfm) as well as markdown-it. Whatever the input, the document stays below a limit
in bytes: first the tables lose their last rows, then the findings their details, then the last findings go, and the
document says so. The verdict and the gates outlast all that.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import msgspec

from tracereport.documents.interface import MARKDOWN_LIMIT_BYTES
from tracereport.documents.markdown_text import cell, code, prose
from tracereport.documents.places import Excerpt, PlaceLinks
from tracereport.documents.templating import render_template
from tracereport.errors import UsageError
from tracereport.model import Comparison, Evidence, Finding, Gate, QualityWarning, Report, Rows
from tracereport.sections import SECTIONS
from tracereport.sections.cells import LEVEL_MARK, NOTHING, OF_THE_LOG, Cell, Clause, Count, Figure, Step, Words
from tracereport.sections.interface import COMPARISON, GATES, Column, SectionView
from tracereport.wording import changes, scope, sentences
from tracereport.wording.changes import order_findings
from tracereport.wording.differences import Difference, describe_places, find_difference
from tracereport.wording.phrases import format_counted
from tracereport.wording.units import defuse_commands, elide_fields, elide_middle, escape_controls, format_left_out

Row = TypeVar("Row")

_MARKER = re.compile(r"[A-Za-z0-9_.]+(?:-[A-Za-z0-9_.]+)*")
_FIRST_LEVEL = 64
"""Where the search for what fits begins: twice the rows that are shown by default, and more."""
_KINDS_OF_ROWS = 3
"""Findings, their details, and rows of the tables, in this order of importance."""
_OPEN_FINDINGS = 3
_VALUE_WIDTH = 100
_MARKS = {"": "", "worse": "🔺", "better": "✅"}
_SAYS_NOTHING = frozenset({"", NOTHING})


def render_markdown(
    report: Report,
    *,
    limit_bytes: int = MARKDOWN_LIMIT_BYTES,
    marker: str | None = None,
    links: PlaceLinks | None = None,
    excerpts: Mapping[str, Excerpt] | None = None,
) -> str:
    """The summary in at most ``limit_bytes`` of UTF-8, with a final newline.

    Args:
        report: what is shown; of each list the first ``settings.top`` rows, or as many as fit.
        limit_bytes: GitHub cuts comments at 65,536 characters and step summaries at 1 MiB.
        marker: a word that the first line carries (``<!-- tracereport:WORD -->``), by which a comment is found again.
        links: where places in the source lead; nowhere if none are given.
        excerpts: lines of source by place.

    Raises:
        UsageError: the marker isn't a plain word, or the limit is too small even for the verdict.
    """
    if marker is not None and not _MARKER.fullmatch(marker):
        raise UsageError(
            f"The marker {marker!r} can't stand in a comment.", "Use letters, digits, dots and single hyphens."
        )
    summary = partial(_render_summary, report, marker, limit_bytes, _Places(links or PlaceLinks(), excerpts or {}))
    highest = _KINDS_OF_ROWS * report.settings.top
    level = _largest_fitting(lambda level: len(summary(level).encode()) <= limit_bytes, highest)
    if level >= 0:
        return summary(level)
    for last_resort in _last_resorts(report, _first_line(marker)):
        needed = len(last_resort.encode())
        if needed <= limit_bytes:
            return last_resort
    raise UsageError(f"{limit_bytes:,} bytes are too few for a summary.", f"Allow at least {needed:,}.")


def _last_resorts(report: Report, first_line: str) -> Iterator[str]:
    """What is left where not even the summary without any row fits: the verdict, with the gates as long as they fit."""
    verdict = _verdict(report)
    failed = [gate for gate in _gates(report) if not gate.passed]
    for gates in (_gates(report), failed):
        yield render_template("partials/shortest.md", first_line=first_line, verdict=verdict, gates=gates)
    # Cut in the middle of a name in backticks, the rest would be code: without them it is all plain text.
    for shown in (verdict, elide_middle(verdict.replace("`", ""), _VALUE_WIDTH)):
        yield render_template("partials/shortest.md", first_line=first_line, verdict=shown, gates=())


def _largest_fitting(fits: Callable[[int], bool], highest: int) -> int:
    """The highest level that fits, -1 if none does; found from below, so that what is far too large is never made."""
    fitting, tried = -1, min(_FIRST_LEVEL, highest)
    while fits(tried):
        if tried == highest:
            return highest
        fitting, tried = tried, min(2 * tried, highest)
    while tried - fitting > 1:
        middle = (fitting + tried) // 2
        fitting, tried = (middle, tried) if fits(middle) else (fitting, middle)
    return fitting


def _render_summary(report: Report, marker: str | None, limit_bytes: int, places: "_Places", level: int) -> str:
    """The summary at one level: up to ``top`` findings, from there on up their details, then rows of the tables."""
    comparison = report.comparison
    if comparison is not None and _is_silent(report, comparison):
        passed = f" {format_counted(len(_gates(report)), 'gate')} passed." if _gates(report) else ""
        return f"{_first_line(marker)}{prose(comparison.verdict)}{passed}\n"
    top = report.settings.top
    findings, details, rows = (min(max(level - kind * top, 0), top) for kind in range(_KINDS_OF_ROWS))
    summary = _Summary(report, places, findings=findings, details=details, rows=rows)
    text = render_template(
        "summary.md",
        report=report,
        first_line=_first_line(marker),
        verdict=_verdict(report),
        summary=summary,
        changes=[summary.section(view, findings) for view in SECTIONS if view.chapter is COMPARISON],
        sections=[summary.section(view, rows) for view in SECTIONS if view.chapter not in (GATES, COMPARISON)],
        left_out=f"{limit_bytes:,}" if level < _KINDS_OF_ROWS * top else "",
    )
    return defuse_commands(re.sub(r"\n{3,}", "\n\n", text).rstrip("\n") + "\n")


def _is_silent(report: Report, comparison: Comparison) -> bool:
    """Whether one line says it all: nothing changed, no gate failed, and the log can be trusted."""
    return (
        changes.is_unchanged(comparison)
        and all(gate.passed for gate in _gates(report))
        and not _misleading(report)
        and not scope.count_interleaved(report)
        and (report.input is None or not report.input.errors)
    )


def _misleading(report: Report) -> list[QualityWarning]:
    """What a reader must know before any figure."""
    return [row for row in report.quality.rows if row.misleading]


def _first_line(marker: str | None) -> str:
    return "" if marker is None else f"<!-- tracereport:{marker} -->\n"


def _verdict(report: Report) -> str:
    return report.verdict.message if report.comparison is None else report.comparison.verdict


def _gates(report: Report) -> tuple[Gate, ...]:
    return report.gates.rows if report.gates is not None else ()


class _Places(msgspec.Struct, frozen=True):
    """What is known of places in the source: where they lead, and the lines around them."""

    links: PlaceLinks
    excerpts: Mapping[str, Excerpt]


class _Summary:
    """What the template puts together, each list cut to the room there is.

    Attributes:
        findings: how many findings there is room for.
        details: how many of them with their evidence and advice.
        rows: how many rows of each table.
        open_findings: those that stand open, with their rank: the first ones, or with a baseline what grew.
        folded_findings: the others there is room for.
    """

    def __init__(self, report: Report, places: "_Places", *, findings: int, details: int, rows: int) -> None:
        self.report = report
        self._links = places.links
        self._excerpts = places.excerpts
        self.findings = findings
        self.details = details
        self.rows = rows
        self.open_findings, self.folded_findings = self._part_findings()
        self.misleading = _misleading(report)

    def _part_findings(self) -> tuple[list[tuple[int, Finding, str]], list[tuple[int, Finding, str]]]:
        ranked = order_findings(self.report)
        opened = [entry for entry in ranked if entry[2]] if self.report.comparison else ranked[:_OPEN_FINDINGS]
        opened = opened[: self.findings]
        return opened, ranked[len(opened) : self.findings]

    def difference(self, finding: Finding) -> Difference:
        """What the calls that show a finding share, and what varies."""
        return find_difference(finding)

    def evidence(self, evidence: Evidence) -> str:
        """Which call shows a finding."""
        return sentences.describe_evidence(evidence, code, scope.name_record(self.report))

    def places(self, finding: Finding) -> str:
        """Where its calls come from, as links where it is known how."""
        return describe_places(finding, self._link)

    def excerpt(self, finding: Finding) -> str:
        """The lines of source around its first place as a block of code; nothing where there are none."""
        excerpt = self._excerpts.get(finding.at.rows[0].at) if finding.at.rows else None
        if excerpt is None:
            return ""
        lines = [
            f"{'>' if is_meant else ' '} {number:>5}  {escape_controls(line)}"
            for number, line, is_meant in excerpt.numbered()
        ]
        fence = "`" * (max(map(len, re.findall("`+", "\n".join(lines))), default=2) + 1)
        return "\n".join([fence, *lines, fence])

    def _link(self, at: str) -> str:
        address = self._links.address_of(at)
        return f"[{code(at)}]({address})" if address else code(at)

    def section(self, view: SectionView[Any], most: int) -> "_Section | None":
        """A section's first rows as a table; null where it has nothing to show."""
        rows: Rows[Any] = view.rows(self.report)
        shown = rows.rows[:most]
        lines = [line for row in shown for line in view.expand(row)]
        note = prose(view.note(self.report)) if most else ""
        if not lines and not (note and view.is_present(self.report)):
            return None
        return _Section(
            title=view.heading(self.report),
            left_out=format_left_out(len(shown), rows.total),
            note=note,
            table=_table(view.columns(self.report), lines),
            fix=prose(view.fix) if lines else "",
        )


class _Section(msgspec.Struct, frozen=True):
    """A section ready for the template."""

    title: str
    left_out: str
    note: str
    table: str
    fix: str


def _table(columns: Sequence[Column[Any]], rows: Sequence[Any]) -> str:
    """A table of GitHub's Markdown; without rows nothing."""
    if not rows:
        return ""
    titles = _row([column.title for column in columns])
    rule = _row(["---:" if column.figures else ":---" for column in columns])
    return "\n".join([titles, rule, *(_row([_cell(column.cell(row)) for column in columns]) for row in rows)])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(content: Cell) -> str:
    """A cell in the syntax of a table: names of the log as code, better and worse with a mark."""
    match content:
        case Words(text, tone):
            return cell(f"{_MARKS[tone]} {prose(text)}".strip())
        case Clause(write):
            return cell(write(code))
        case Step(depth, write):
            return cell(LEVEL_MARK * depth + write(code))
        case Figure() | Count():
            return cell(content.plain())
        case _ if isinstance(content, OF_THE_LOG) and (plain := content.plain()) not in _SAYS_NOTHING:
            return cell(code(elide_fields(plain, _VALUE_WIDTH), _VALUE_WIDTH))
        case _:
            return NOTHING
