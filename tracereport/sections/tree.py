"""The call tree as chains of calls, with the time in and below them."""

from collections.abc import Sequence

from tracereport.model import Report, Rows, TreePath
from tracereport.sections.cells import Path, self_time, time_range
from tracereport.sections.interface import TREE, Column, SectionView, counts, figures, words
from tracereport.wording.phrases import format_count, format_counted


class _Paths(SectionView[TreePath]):
    """Merged paths."""

    chapter = TREE
    definition = "tree"

    def columns(self, report: Report) -> Sequence[Column[TreePath]]:
        """Times first."""
        del report
        return (
            figures("total", lambda row: time_range(row.total_ns, row.total_upper_ns or row.total_ns), "self"),
            words("path", lambda row: Path(row.path)),
            figures("self", lambda row: self_time(row.self_ns, row.self_upper_ns), "self"),
            counts("calls", lambda row: row.calls, "calls"),
            counts("repeats", lambda row: row.redundant_calls, "redundant"),
        )

    def functions(self, row: TreePath, report: Report) -> Sequence[str]:
        """The last of its functions."""
        del report
        return row.path[-1:]


class CallTreePaths(_Paths):
    """The paths that take most time."""

    key = "paths"
    title = "Call Tree"
    fix = "Follow the total down to where self time is large: there the time is spent."
    charts = ("tree",)
    partial = "tree.html"

    def rows(self, report: Report) -> Rows[TreePath]:
        """By total time."""
        return report.call_tree.paths if report.call_tree is not None else Rows()

    def note(self, report: Report) -> str:
        """How much of the log has a tree."""
        tree = report.call_tree
        if tree is None or (tree.processes, tree.calls) == (report.totals.processes, report.totals.calls):
            return ""
        return (
            f"The call tree is known in {format_count(tree.processes)} of "
            f"{format_counted(report.totals.processes, 'process', 'processes')}, for {format_count(tree.calls)} of "
            f"{format_counted(report.totals.calls, 'call')}."
        )

    def empty(self, report: Report) -> str:
        """Why there is none, and what would make one."""
        if not report.totals.judged_calls:
            return ""
        return (
            "No process has a call tree: with threads, or without every call number, the lines don't show which call "
            "ran inside of which. Run the tests with `--test-threads=1`, or write `parent=` after the elapsed time."
        )


class DeepestPaths(_Paths):
    """The paths with most levels."""

    key = "deepest-paths"
    title = "Deepest Paths"
    fix = "Each level asks its own questions: see whether the top can ask once and hand the answer down."

    def rows(self, report: Report) -> Rows[TreePath]:
        """By calls."""
        return report.call_tree.deepest if report.call_tree is not None else Rows()
