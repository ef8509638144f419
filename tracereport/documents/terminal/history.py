"""The history as text: figures, findings, runs that changed most, and the verdict last."""

from collections.abc import Iterator, Sequence
from typing import Final

from tracereport.documents.history.interface import HistoryOptions
from tracereport.documents.terminal.brief import MOST_LINES
from tracereport.documents.terminal.canvas import Canvas, TextColumn
from tracereport.model.history import FindingHistory, History
from tracereport.wording.history import (
    FIGURE_WORDS,
    STATE_WORDS,
    Days,
    describe_course,
    describe_function_course,
    describe_growth,
    describe_run_change,
    describe_step,
    list_cautions,
    shorten_label,
)
from tracereport.wording.phrases import format_counted
from tracereport.wording.sentences import describe_place
from tracereport.wording.units import (
    defuse_commands,
    display_width,
    elide_middle,
    escape_controls,
    format_change,
    format_left_out,
    quote_name,
)

_NARROWEST: Final = 60
_MARGIN: Final = "   "
_BRIEF_ROWS: Final = 3
_BRIEF_LINES: Final = 2
_DOTS: Final = " ..."


def render_history_text(history: History, options: HistoryOptions) -> str:
    """The text, in lines of at most ``options.width`` columns (at least 60), with a final newline."""
    page = _Page(history, Canvas(max(options.width, _NARROWEST), options.colour), options)
    lines = list(page.lines())
    verdict = [page.canvas.bold(line) for line in page.canvas.wrap(escape_controls(history.verdict))]
    if options.is_brief:
        lines = lines[: MOST_LINES - len(verdict)]
    return defuse_commands("\n".join([*lines, *verdict]) + "\n")


class _Page:
    """One history on one canvas."""

    def __init__(self, history: History, canvas: Canvas, options: HistoryOptions) -> None:
        self.history = history
        self.canvas = canvas
        self._options = options
        self._top = min(options.top, _BRIEF_ROWS) if options.is_brief else options.top
        self._days = Days(history.runs.rows)

    def lines(self) -> Iterator[str]:
        """All but the verdict."""
        yield self.canvas.bold(self._line(f"{self.history.title}: {self._describe_runs()}"))
        yield from self._cautions()
        yield from self._figures()
        yield from self._section("Findings over the runs", self._findings(), self.history.findings.total)
        yield from self._section("Runs that changed most", self._changes(), self.history.changes.total)
        if not self._options.is_brief:
            came = [row for row in self.history.functions.rows if row.came or row.went]
            functions = [
                self.canvas.wrap(
                    f"{quote_name(row.function)} {describe_function_course(row, self._days, quote_name)}: "
                    f"calls {describe_growth(row.first, row.last)}",
                    _MARGIN,
                )
                for row in came[: self._top]
            ]
            yield from self._section("Functions that came and went", functions, len(came))
            yield from self._section("Runs", self._runs(), self.history.runs.total)
        elif self._options.written:
            yield self._line(f"Written: {', '.join(map(escape_controls, self._options.written))}")

    def _line(self, text: str) -> str:
        return elide_middle(escape_controls(text), self.canvas.width)

    def _describe_runs(self) -> str:
        rows = self.history.runs.rows
        runs = format_counted(self.history.runs.total, "run")
        if len(rows) < 2:  # noqa: PLR2004 - one run spans nothing
            return runs
        return f"{runs}, {self._days.name(0, str)} to {self._days.name(len(rows) - 1, str)}"

    def _cautions(self) -> Iterator[str]:
        most = _BRIEF_ROWS if self._options.is_brief else self._top
        for caution in list_cautions(self.history, most, quote_name):
            yield from self.canvas.wrap(escape_controls(caution), "! ", "  ")

    def _figures(self) -> Iterator[str]:
        rows = self.history.figures
        yield from self.canvas.table(
            [
                TextColumn("", [FIGURE_WORDS[row.figure] for row in rows], align="left"),
                TextColumn("first → last run", [describe_growth(row.first, row.last) for row in rows]),
                TextColumn(
                    "largest step",
                    ["" if row.largest is None else describe_step(row.largest, self._days, quote_name) for row in rows],
                    align="left",
                    code=True,
                ),
            ]
        )

    def _section(self, title: str, entries: Sequence[Sequence[str]], total: int) -> Iterator[str]:
        if not entries:
            return
        yield ""
        yield self.canvas.bold(f"=== {title} ===")
        for entry in entries:
            yield from entry
        if left := format_left_out(len(entries), total):
            yield f"{_MARGIN}... {left}"

    def _findings(self) -> list[list[str]]:
        rows = self.history.findings.rows[: self._top]
        return [self._tell(rank, row) for rank, row in enumerate(rows, start=1)]

    def _tell(self, rank: int, row: FindingHistory) -> list[str]:
        worth = f"{describe_growth(row.first, row.last)}, {STATE_WORDS[row.state]}"
        headline = f"{rank}. {describe_place(row, quote_name)}"
        course = describe_course(row, self._days, quote_name)
        if row.at:
            course = f"{elide_middle(escape_controls(row.at), self.canvas.width // 2)}: {course}"
        if display_width(headline) + len(worth) + 2 <= self.canvas.width:
            first = self.canvas.set_right([headline], worth)
        else:  # who asks whom is worth more than a figure at the line's end
            first = [elide_middle(headline, self.canvas.width)]
            course = f"{worth}; {course}"
        return [*map(self.canvas.bold, first), *self.canvas.wrap(escape_controls(course), _MARGIN)]

    def _changes(self) -> list[list[str]]:
        entries = []
        for change in self.history.changes.rows[: self._top]:
            calls = format_change(change.calls_before, change.calls_after)
            again = format_change(change.redundant_before, change.redundant_after)
            said = describe_run_change(change, self.history, quote_name)
            head = f"{self._days.name(change.run, quote_name)}: calls {calls}, asked again {again}"
            lines = self.canvas.wrap(f"{head}{'; ' if said else ''}{said}", _MARGIN, _MARGIN + "  ")
            entries.append(self._cut(lines) if self._options.is_brief else lines)
        return entries

    def _cut(self, lines: list[str]) -> list[str]:
        """The first two lines; what was cut shows as dots."""
        if len(lines) <= _BRIEF_LINES:
            return lines
        last = lines[_BRIEF_LINES - 1]
        while display_width(last) > self.canvas.width - len(_DOTS):
            last = last.rpartition(" ")[0]
        return [*lines[: _BRIEF_LINES - 1], last + _DOTS]

    def _runs(self) -> list[list[str]]:
        last = list(enumerate(self.history.runs.rows))[: -self._top - 1 : -1]
        table = self.canvas.table(
            [
                TextColumn("run", [shorten_label(run.label) for _, run in last], align="left", code=True),
                TextColumn("day", [self._days.day_of(run) for _, run in last], align="left", spare=True),
                TextColumn("calls", [f"{run.calls:,}" for _, run in last]),
                TextColumn("asked again", [f"{run.redundant_calls:,}" for _, run in last]),
                TextColumn("avoidable", [f"{run.avoidable_calls:,}" for _, run in last]),
                TextColumn("findings", [f"{run.findings:,}" for _, run in last]),
                TextColumn("page", [escape_controls(run.page or "") for _, run in last], align="left", code=True),
            ],
            _MARGIN,
        )
        heading, *rows = table or [""]
        return [[heading, row] if index == 0 else [row] for index, row in enumerate(rows)]
