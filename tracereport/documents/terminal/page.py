"""The page of the text report: headings, sections, wrapped sentences and call numbers, within a width."""

from collections.abc import Sequence
from itertools import groupby
from typing import Self, TypeVar

from tracereport.documents.terminal.canvas import Canvas
from tracereport.model import CallReference, Report, Rows
from tracereport.wording.units import (
    display_width,
    elide_middle,
    escape_controls,
    format_call,
    format_call_runs,
    format_left_out,
)

STEP = "      "
"""What belongs to a row stands under it, behind this."""

_NARROWEST = 60
_SHORTEST_WORD = 12

Row = TypeVar("Row")


class TerminalPage:
    """One report on one canvas; the template puts its blocks together.

    Attributes:
        report: what is shown.
        canvas: the width, and whether there is colour.
        one_process: whether a call number alone says which call is meant.
    """

    def __init__(self, report: Report, canvas: Canvas) -> None:
        self.report = report
        self.canvas = canvas
        self.one_process = report.processes.total == 1

    @classmethod
    def of(cls, report: Report, *, width: int, colour: bool) -> Self:
        """The page of a report, as wide as is asked for and no narrower than can be read."""
        return cls(report, Canvas(max(width, _NARROWEST), colour))

    def heading(self, title: str) -> str:
        """``=== Title ===``."""
        return self.canvas.bold(f"=== {title} ===")

    def sentence(self, text: str, indent: str = "", hanging: str | None = None) -> list[str]:
        """A sentence of the report in lines that fit."""
        return self.canvas.wrap(escape_controls(text), indent, hanging)

    def section(
        self,
        title: str,
        lines: Sequence[str],
        rows: Rows[Row] | None = None,
        fix: str | None = None,
        empty: str | None = None,
        shown: int | None = None,
    ) -> str:
        """A heading, its lines, what was left out of ``rows``, and the fix.

        ``shown`` says how many rows the lines tell of, where it isn't the first ``settings.top``.
        Without lines only what ``empty`` says, and without that nothing at all.
        """
        if not lines and empty is None:
            return ""
        body = list(lines) or self.sentence(empty or "", "  ")
        if rows is not None:
            body += self.left_out(len(self.shown(rows)) if shown is None else shown, rows.total)
        if lines and fix is not None:
            body += self.sentence(f"Fix: {fix}", "  ", "       ")
        return "\n".join([self.heading(title), *body, "", ""])

    def left_out(self, shown: int, total: int) -> list[str]:
        """A line that says how many of all are shown; none where all are."""
        left = format_left_out(shown, total)
        return [f"  ... {left}"] if left else []

    def shown(self, rows: Rows[Row]) -> tuple[Row, ...]:
        """The rows of a list that the text shows."""
        return rows.rows[: self.report.settings.top]

    def references(self, title: str, references: Rows[CallReference], *, runs: bool = False) -> str:
        """Call numbers behind their title, as many as fit on the line; with their process where there are several."""
        words: list[tuple[str, int]] = []
        for process, of_process in groupby(references.rows, key=lambda reference: reference.process):
            numbers = [reference.number for reference in of_process]
            shown = [(format_call_runs(numbers), len(numbers))] if runs else [(format_call(n), 1) for n in numbers]
            if not self.one_process:
                shown[0] = (f"process {process}: {shown[0][0]}", shown[0][1])
            words += shown
        return self.fit(f"{STEP}{title}: ", words, references.total)

    def fit(self, start: str, words: Sequence[tuple[str, int]], total: int, separator: str = " ") -> str:
        """As many words as fit behind the start, and how many of all they stand for where that isn't all."""
        line, stands_for = start, 0
        for index, (whole_word, count) in enumerate(words):
            after = stands_for + count
            word = whole_word
            if index == 0:
                room = self.canvas.width - display_width(start) - len(_rest(after, total))
                word = elide_middle(whole_word, max(room, _SHORTEST_WORD))
            longer = f"{line}{separator if index else ''}{word}"
            if index and display_width(longer) + len(_rest(after, total)) > self.canvas.width:
                break
            line, stands_for = longer, after
        return line + _rest(stands_for, total)


def _rest(stands_for: int, total: int) -> str:
    left = format_left_out(stands_for, total)
    return f" ... {left}" if left else ""
