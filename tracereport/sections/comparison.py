"""The comparison with a baseline: findings, totals, functions, calls and processes, before and after."""

from collections.abc import Sequence
from typing import Any

from tracereport.model import (
    BeforeAfter,
    Comparison,
    EdgeChange,
    FindingChange,
    FunctionChange,
    Report,
    Rows,
    SetApart,
)
from tracereport.sections.cells import CallerName, Clause, Figure, FunctionName, Name, Words
from tracereport.sections.interface import COMPARISON, Bars, Column, SectionView, counts, figures, words
from tracereport.wording.changes import changed_findings
from tracereport.wording.phrases import format_count
from tracereport.wording.sentences import describe_place
from tracereport.wording.units import (
    format_bounds,
    format_change,
    format_cut_list,
    format_figure,
    format_figure_change,
    format_figure_name,
    quote_name,
)

_UPPER = "_upper_ns"
_TONES = {"new": "worse", "worse": "worse", "better": "better", "resolved": "better", "unchanged": ""}


class FindingChanges(SectionView[FindingChange]):
    """Findings that are new, worse, better or resolved."""

    key = "changed-findings"
    title = "Changed Findings"
    chapter = COMPARISON
    definition = "comparison"
    as_entries = True

    def rows(self, report: Report) -> Rows[FindingChange]:
        """Those that changed."""
        return changed_findings(report.comparison) if report.comparison is not None else Rows()

    def columns(self, report: Report) -> Sequence[Column[FindingChange]]:
        """The state first."""
        return (
            words("state", _state),
            words("finding", lambda row: Clause(lambda code: _place(row, code))),
            counts("before", lambda row: row.before),
            counts("after", lambda row: row.after),
            figures("change", lambda row: Figure(format_change(row.before, row.after))),
            *_best_of(report),
        )

    def empty(self, report: Report) -> str:
        """That nothing changed is worth a line."""
        return "None: every finding is as before." if report.comparison is not None else ""

    def note(self, report: Report) -> str:
        """What came and went, and why the comparison is partial."""
        compared = report.comparison
        if compared is None:
            return ""
        return " ".join([f"Compared with {quote_name(compared.baseline.title)}.", *_say_what_else(compared)])

    def functions(self, row: FindingChange, report: Report) -> Sequence[str]:
        """The function that is asked."""
        del report
        return (row.function,)


def _best_of(report: Report) -> tuple[Column[Any], ...]:
    """Which of several baselines a row is compared with; no column where there is one."""
    baselines = report.comparison.baselines if report.comparison is not None else ()

    def name(row: BeforeAfter | FindingChange) -> Name | Words:
        return Words("-") if row.baseline is None else Name(baselines[row.baseline].label or "")

    return (words("best baseline", name),) if baselines else ()


def _state(row: FindingChange) -> Words:
    return Words(row.state, "" if row.accepted is not None else _TONES[row.state])  # type: ignore[arg-type]


def _place(row: FindingChange, code: Any) -> str:  # noqa: ANN401 - the document's way to write a name
    return f"{describe_place(row, code)}{' (accepted)' * (row.accepted is not None)}"


def _say_what_else(compared: Comparison) -> list[str]:
    sentences = []
    for word, functions in (("New", compared.functions_added), ("Gone", compared.functions_removed)):
        if functions.total:
            named = [quote_name(function) for function in functions.rows[:_NAMED]]
            sentences.append(f"{word} functions: {format_cut_list(named, functions.total)}.")
    if not compared.processes_differ and _count_set_apart(compared):
        sentences.append(
            "What stands on one side only, or on one side more often, is set apart below; no other figure of the "
            "comparison counts it."
        )
    if compared.cautions:
        sentences.append(f"The comparison is partial: {'; '.join(compared.cautions)}.")
    return sentences


def _count_set_apart(compared: Comparison) -> int:
    lists = (compared.processes_only_before, compared.processes_only_after)
    return sum(rows.total for rows in (*lists, compared.units_only_before, compared.units_only_after))


_NAMED = 10


class TotalsChanges(SectionView[BeforeAfter]):
    """Headline figures that differ; times stand beside them and are never judged."""

    key = "changed-totals"
    title = "Changed Totals"
    chapter = COMPARISON
    folded = "What changed in the totals"
    definition = "comparison"

    def rows(self, report: Report) -> Rows[BeforeAfter]:
        """Those that differ on the two sides; a time's upper bound stands in the row of its lower one."""
        if report.comparison is None:
            return Rows()
        rows = report.comparison.totals.rows
        differ = {row.figure.replace(_UPPER, "_ns") for row in rows if row.before != row.after}
        shown = tuple(row for row in rows if row.figure in differ and not row.figure.endswith(_UPPER))
        return Rows(len(shown), shown)

    def columns(self, report: Report) -> Sequence[Column[BeforeAfter]]:
        """Before, after and what that makes."""
        rows = report.comparison.totals.rows if report.comparison is not None else ()
        upper = {row.figure.replace(_UPPER, "_ns"): row for row in rows if row.figure.endswith(_UPPER)}

        def write(row: BeforeAfter, side: str) -> Figure:
            figure, bound = getattr(row, side), getattr(upper.get(row.figure), side, None)
            if figure is None or bound is None:
                return Figure(format_figure(row.figure, figure))
            return Figure(format_bounds(figure, bound))

        return (
            words("figure", lambda row: Words(format_figure_name(row.figure))),
            figures("before", lambda row: write(row, "before")),
            figures("after", lambda row: write(row, "after")),
            figures("change", lambda row: Figure(format_figure_change(row.figure, row.before, row.after))),
            *_best_of(report),
        )


class FunctionChanges(SectionView[FunctionChange]):
    """Functions whose calls or repeats differ."""

    key = "changed-functions"
    title = "Changed Functions"
    chapter = COMPARISON
    definition = "comparison"

    def rows(self, report: Report) -> Rows[FunctionChange]:
        """The largest change first."""
        return report.comparison.functions if report.comparison is not None else Rows()

    def columns(self, report: Report) -> Sequence[Column[FunctionChange]]:
        """Calls, then repeats."""
        del report
        return (
            words("function", lambda row: FunctionName(row.function)),
            *_before_after("calls", "calls"),
            *_before_after("repeats", "redundant"),
        )

    def bars(self, report: Report) -> Bars[FunctionChange]:
        """The calls that came, or that went."""
        del report
        return Bars("change of calls", (("fewer calls", "better"), ("more calls", "worse")), _count_came_and_went)

    def functions(self, row: FunctionChange, report: Report) -> Sequence[str]:
        """Itself."""
        del report
        return (row.function,)


class EdgeChanges(SectionView[EdgeChange]):
    """Callers that call a function more or less often."""

    key = "changed-calls"
    title = "Changed Calls"
    chapter = COMPARISON
    definition = "comparison"

    def rows(self, report: Report) -> Rows[EdgeChange]:
        """The largest change first."""
        return report.comparison.edges if report.comparison is not None else Rows()

    def columns(self, report: Report) -> Sequence[Column[EdgeChange]]:
        """Calls, then repeats by the caller itself."""
        del report
        return (
            words("caller", lambda row: CallerName(row.caller)),
            words("function", lambda row: FunctionName(row.function)),
            *_before_after("calls", "calls"),
            *_before_after("again", "again"),
        )

    def functions(self, row: EdgeChange, report: Report) -> Sequence[str]:
        """The function that is called."""
        del report
        return (row.function,)


def _count_came_and_went(row: FunctionChange) -> tuple[int, int]:
    more = row.calls_after - row.calls_before
    return (max(-more, 0), max(more, 0))


def _before_after(title: str, figure: str) -> tuple[Column[Any], ...]:
    """A figure on both sides, and its change."""

    def of_row(row: object) -> tuple[int, int]:
        return getattr(row, f"{figure}_before"), getattr(row, f"{figure}_after")

    def write(row: object) -> Figure:
        before, after = of_row(row)
        return Figure(f"{format_count(before)} -> {format_count(after)}")

    return (figures(title, write), figures("change", lambda row: Figure(format_change(*of_row(row)))))


class _OneSide(SectionView[SetApart]):
    """Tests and processes that the other side lacks, or has in another number."""

    chapter = COMPARISON
    definition = "comparison"

    def columns(self, report: Report) -> Sequence[Column[SetApart]]:
        """What they did."""
        del report
        return (
            words("test or process", lambda row: Name(row.name)),
            counts("times", lambda row: row.units),
            counts("calls", lambda row: row.calls),
            counts("repeats", lambda row: row.repeats),
        )


class ProcessesBefore(_OneSide):
    """Tests and processes that only the baseline has, or has more or less often."""

    key = "processes-before"
    title = "Only Before"

    def rows(self, report: Report) -> Rows[SetApart]:
        """In the order of the baseline, tests first."""
        compared = report.comparison
        return Rows() if compared is None else _join(compared.units_only_before, compared.processes_only_before)


class ProcessesAfter(_OneSide):
    """Tests and processes that the baseline lacks, or has more or less often."""

    key = "processes-after"
    title = "Only After"

    def rows(self, report: Report) -> Rows[SetApart]:
        """In the order of this run, tests first."""
        compared = report.comparison
        return Rows() if compared is None else _join(compared.units_only_after, compared.processes_only_after)


def _join(tests: Rows[SetApart], processes: Rows[SetApart]) -> Rows[SetApart]:
    return Rows(tests.total + processes.total, (*tests.rows, *processes.rows))
