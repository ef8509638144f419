"""What stands against the figures, what was accepted, and what was read."""

from collections.abc import Sequence

from tracereport.model import Acceptance, MalformedLine, QualityWarning, Report, Rows
from tracereport.sections.cells import Figure, Name, Words
from tracereport.sections.interface import QUALITY, Column, SectionView, figures, words
from tracereport.wording.phrases import format_counted
from tracereport.wording.units import format_cut_list, quote_name


class Acceptances(SectionView[Acceptance]):
    """What the configuration accepts, why, and what became of it."""

    key = "accepted-findings"
    title = "Accepted Findings"
    chapter = QUALITY
    as_entries = True

    def rows(self, report: Report) -> Rows[Acceptance]:
        """In the order of the configuration."""
        return report.acceptances

    def columns(self, report: Report) -> Sequence[Column[Acceptance]]:
        """The state first."""
        del report
        return (
            words("state", lambda row: Words(row.state, "" if row.state == "applied" else "worse")),
            words("accepts", lambda row: Name(row.match)),
            words("until", lambda row: Words(row.until or "-")),
            words("reason", lambda row: Words(row.reason)),
        )


class DataQuality(SectionView[QualityWarning]):
    """Warnings that only shade a figure; what would mislead stands before all figures."""

    key = "warnings"
    title = "Data Quality"
    chapter = QUALITY
    as_entries = True

    def rows(self, report: Report) -> Rows[QualityWarning]:
        """Those that don't mislead."""
        shading = tuple(row for row in report.quality.rows if not row.misleading)
        return Rows(len(shading), shading)

    def columns(self, report: Report) -> Sequence[Column[QualityWarning]]:
        """What it is, and what mends it."""
        del report
        return (
            words("warning", lambda row: Words(row.message)),
            words("remedy", lambda row: Words(row.remedy)),
        )


class ReadInput(SectionView[MalformedLine]):
    """The files, the four kinds of lines, and the first of those that could not be read."""

    key = "input"
    title = "Input"
    chapter = QUALITY
    as_entries = True

    def rows(self, report: Report) -> Rows[MalformedLine]:
        """The lines that hold the mark and are no record."""
        return report.input.malformed if report.input is not None else Rows()

    def columns(self, report: Report) -> Sequence[Column[MalformedLine]]:
        """Where it stands, and why it is no record."""
        del report
        return (
            figures("line", lambda row: Figure(str(row.line))),
            words("file", lambda row: Name(row.file)),
            words("reason", lambda row: Words(row.reason)),
            words("text", lambda row: Name(row.text)),
        )

    def note(self, report: Report) -> str:
        """What was read, and what could not be."""
        source = report.input
        if source is None:
            return "This report was made from a frame of calls: what stood between them in a log isn't known."
        kinds = [
            format_counted(source.records, "record"),
            *([format_counted(source.continuation_lines, "continuation line")] if source.record_kind == "line" else []),
            format_counted(source.malformed_lines, "malformed", "malformed"),
            format_counted(source.other_lines, f"other {source.record_kind}"),
        ]
        files = [quote_name(file) for file in source.files[: report.settings.top]]
        said = [
            f"{format_counted(source.lines, source.record_kind)} = {' + '.join(kinds)}",
            f"read from {format_cut_list(files, len(source.files))}.",
        ]
        errors = source.errors[: report.settings.top]
        if errors:
            said.append(f"Not read in full: {format_cut_list(errors, len(source.errors))}.")
        return " ".join([", ".join(said[:2]), *said[2:]])

    def is_present(self, report: Report) -> bool:
        """What was read is always worth a line."""
        del report
        return True
