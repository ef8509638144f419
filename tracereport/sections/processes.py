"""Which processes the log holds, and how far each can be judged."""

from collections.abc import Sequence

from tracereport.model import Process, Report, Rows, Unit
from tracereport.sections.cells import Figure, Name, Words
from tracereport.sections.interface import PROCESSES, Column, SectionView, by_key, changes, counts, figures, words


class Processes(SectionView[Process]):
    """Processes in the order of the log."""

    key = "process-list"
    title = "Processes"
    chapter = PROCESSES
    definition = "calls"
    charts = ("activity",)
    partial = "activity.html"

    def rows(self, report: Report) -> Rows[Process]:
        """All of them."""
        return report.processes

    def columns(self, report: Report) -> Sequence[Column[Process]]:
        """What it did, and how far that can be judged."""
        changed = by_key(report.comparison.processes.rows if report.comparison is not None else (), "index")

        def change_of(row: Process) -> object:
            return changed.get((row.index,))

        return (
            figures("index", lambda row: Figure(str(row.index))),
            words("process", lambda row: Name(row.name)),
            counts("calls", lambda row: row.calls, "calls"),
            *changes(report, change_of, "calls"),
            words("tree", lambda row: Words(row.tree), "tree"),
            words("judged", lambda row: Words(_describe_judged(row)), "judged"),
            counts("unfinished", lambda row: row.unfinished_calls, "unfinished"),
            words("lines", lambda row: Words(f"{row.first_line}-{row.last_line}")),
            *([words("file", lambda row: Name(row.file))] if _has_files(report) else []),
        )


class UnitsOfWork(SectionView[Unit]):
    """What repeats are judged within, where that isn't the process."""

    key = "unit-list"
    title = "Units of Work"
    chapter = PROCESSES
    definition = "unit"

    def rows(self, report: Report) -> Rows[Unit]:
        """Those that are judged; nothing where each is a process."""
        return Rows() if all(row.kind == "process" for row in report.units.rows) else report.units

    def columns(self, report: Report) -> Sequence[Column[Unit]]:
        """What it asked, and how many findings it adds to."""
        several = report.processes.total > 1
        return (
            words("unit", lambda row: Name(row.name)),
            counts("calls", lambda row: row.calls, "calls"),
            counts("questions", lambda row: row.judged_questions, "judged"),
            counts("writes", lambda row: row.writes or 0),
            counts("findings", lambda row: row.by_finding.total),
            words("tree", lambda row: Words(row.tree), "tree"),
            *([figures("process", lambda row: Figure(str(row.process)))] if several else []),
        )


def _describe_judged(row: Process) -> str:
    if not row.interleaved:
        return "yes"
    return f"no: interleaved; at least {row.least_repeats:,} repeats" if row.least_repeats else "no: interleaved"


def _has_files(report: Report) -> bool:
    return len({row.file for row in report.processes.rows}) > 1
