"""Lookups that follow one another directly, and those that several callers share."""

from collections.abc import Sequence

from tracereport.model import Report, Rows, SequentialDuplicate, SharedLookup
from tracereport.sections.cells import Asked, Callers, Pairs, Runs, Shares
from tracereport.sections.interface import REDUNDANCY, Column, SectionView, counts, words


class SequentialDuplicates(SectionView[SequentialDuplicate]):
    """Runs of the same lookup with no other call in between."""

    key = "sequential-duplicates"
    title = "Sequential Duplicates"
    chapter = REDUNDANCY
    definition = "sequential"
    fix = "The caller should cache the result instead of re-querying."
    as_entries = True

    def rows(self, report: Report) -> Rows[SequentialDuplicate]:
        """By calls."""
        return report.sequential_duplicates

    def columns(self, report: Report) -> Sequence[Column[SequentialDuplicate]]:
        """Where the runs stand, then who asked."""
        del report
        return (
            counts("calls", lambda row: row.calls, "calls"),
            words("lookup", lambda row: Asked(row.function, row.params), "lookup"),
            counts("runs", lambda row: row.runs.total),
            words("call numbers", lambda row: Runs(row.runs)),
            words("asked by", lambda row: Callers(row.callers.rows, row.callers.total)),
        )

    def functions(self, row: SequentialDuplicate, report: Report) -> Sequence[str]:
        """The function that is asked."""
        del report
        return (row.function,)


class SharedLookups(SectionView[SharedLookup]):
    """Lookups of two or more callers in one process."""

    key = "shared-lookups"
    title = "Shared Lookups"
    chapter = REDUNDANCY
    definition = "shared"
    fix = "Ask once and hand the answer on, or make the check part of the load."
    as_entries = True

    def rows(self, report: Report) -> Rows[SharedLookup]:
        """By calls."""
        return report.shared_lookups

    def columns(self, report: Report) -> Sequence[Column[SharedLookup]]:
        """Who asks, then who directly follows on whom."""
        del report
        return (
            counts("calls", lambda row: row.calls, "calls"),
            words("lookup", lambda row: Asked(row.function, row.params), "lookup"),
            words("asked by", lambda row: Shares(row.callers)),
            words("neighbours", lambda row: Pairs(row.adjacent_pairs)),
        )

    def functions(self, row: SharedLookup, report: Report) -> Sequence[str]:
        """The function that is asked."""
        del report
        return (row.function,)
