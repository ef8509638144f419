"""Sections of the report as chapters of the page: each section a note, its charts and a table of marked-up cells."""

from collections.abc import Sequence
from typing import Any

import msgspec
from markupsafe import Markup, escape

from tracereport.documents.page.written import HtmlText
from tracereport.model import Report, Rows
from tracereport.sections import SECTIONS
from tracereport.sections.cells import (
    Asked,
    CallerName,
    Callers,
    Calls,
    Cell,
    Clause,
    Count,
    Figure,
    FunctionName,
    Metrics,
    Name,
    Names,
    Numbers,
    Pairs,
    Path,
    Place,
    Runs,
    Shares,
    Step,
    Words,
)
from tracereport.sections.charts.chart import Key, fill_of, legend_of
from tracereport.sections.interface import Bars, Chapter, Column, SectionView
from tracereport.sections.redundancy import RedundantLookups, RedundantSignatures
from tracereport.wording.units import format_call, format_left_out

_EXPLORED = frozenset({RedundantSignatures.key, RedundantLookups.key})
"""The sections that the explorer holds more rows of."""


class Line(msgspec.Struct, frozen=True):
    """A row of a table: its cells, the heading one first, and the labels of the functions that choose it.

    Its bar is empty where the table has none.
    """

    cells: tuple[Markup, ...]
    functions: tuple[str, ...]
    bar: tuple[tuple[float, str], ...] = ()
    """Of its bar each part's share of the longest one, with its fill."""


class Table(msgspec.Struct, frozen=True):
    """A section ready for the page's template.

    Attributes:
        key: its id.
        title: its caption.
        definition: the key of what it shows; empty for none.
        note, empty, fix: sentences around it; empty where there is nothing to say.
        charts: the names of its charts.
        partial: a template above the table; empty for none.
        folded: what its table is called where it is one click away; empty where it stands open.
        columns: of the table, the heading one first.
        lines: its rows.
        left_out: how many of all are shown; empty where all are.
        is_explored: whether the explorer shows its rows, where it may run.
        bars: what the bars in its lines are long for; empty without any.
        legend: of the bars: what each part is, and its fill.
    """

    key: str
    title: str
    definition: str
    note: Markup
    empty: Markup
    fix: Markup
    charts: tuple[str, ...]
    partial: str
    folded: str
    columns: tuple[Column[Any], ...]
    lines: tuple[Line, ...]
    left_out: str
    is_explored: bool
    bars: str = ""
    legend: tuple[Key, ...] = ()


class ChapterTables(msgspec.Struct, frozen=True):
    """A chapter of the page."""

    key: str
    title: str
    before_findings: bool
    tables: tuple[Table, ...]


def list_chapters(report: Report, text: HtmlText) -> list[ChapterTables]:
    """The chapters that have something to show, in the order of their first section."""
    written: dict[Chapter, list[Table]] = {}
    for view in SECTIONS:
        if view.is_present(report):
            written.setdefault(view.chapter, []).append(_write_table(view, report, text))
    return [
        ChapterTables(chapter.key, chapter.title, chapter.before_findings, tuple(tables))
        for chapter, tables in written.items()
    ]


def _write_table(view: SectionView[Any], report: Report, text: HtmlText) -> Table:
    rows: Rows[Any] = view.rows(report)
    shown = rows.rows[: text.limits.rows]
    columns = _name_first(view.columns(report))
    expanded = [line for row in shown for line in view.expand(row)]
    bars = view.bars(report) if expanded else None
    lines = [
        Line(
            tuple(write_cell(column.cell(line), text) for column in columns),
            tuple(map(text.labels, view.functions(line, report))),
            bar,
        )
        for line, bar in zip(expanded, _draw_bars(bars, expanded), strict=True)
    ]
    return Table(
        key=view.key,
        title=view.heading(report),
        definition=view.definition,
        note=text.prose(view.note(report)),
        empty=text.prose("" if shown else view.empty(report)),
        fix=text.prose(view.fix if shown else ""),
        charts=view.charts,
        partial=view.partial if shown else "",
        folded=view.folded,
        columns=columns,
        lines=tuple(lines),
        left_out=format_left_out(len(shown), rows.total),
        is_explored=view.key in _EXPLORED,
        bars="" if bars is None else bars.title,
        legend=() if bars is None or len(bars.legend) == 1 else legend_of(*bars.legend),
    )


def _draw_bars(bars: Bars[Any] | None, lines: Sequence[Any]) -> list[tuple[tuple[float, str], ...]]:
    """Of each line the parts of its bar."""
    if bars is None:
        return [()] * len(lines)
    parts = [bars.parts(line) for line in lines]
    longest = max([bars.whole or 0, *map(sum, parts)]) or 1
    fills = [fill_of(colour) for _, colour in bars.legend]
    return [tuple((part / longest, fill) for part, fill in zip(own, fills, strict=True)) for own in parts]


def _name_first(columns: Sequence[Column[Any]]) -> tuple[Column[Any], ...]:
    """The columns with the first one of names before all: it heads the rows, and stays in sight when they scroll."""
    heading = next((column for column in columns if not column.figures), columns[0])
    return (heading, *(column for column in columns if column is not heading))


def write_cell(cell: Cell, text: HtmlText) -> Markup:  # noqa: C901, PLR0911, PLR0912 - one case for each kind of cell
    """A cell in the page's syntax."""
    match cell:
        case Words(words, tone):
            said = text.prose(words)
            return Markup('<strong class="{}">{}</strong>').format(tone, said) if tone else said
        case Figure(figure, exact):
            return (
                Markup('<span title="{}">{}</span>').format(exact, figure)
                if exact not in {"", figure}
                else escape(figure)
            )
        case Count():
            return escape(cell.plain())
        case Name(name):
            return text.name(name)
        case FunctionName(name):
            return text.function(name)
        case CallerName(name):
            return text.caller(name)
        case Asked(function, params, caller):
            return text.lookup(function, params) if caller is None else text.signature(function, caller, params)
        case Clause(write):
            return Markup(write(text.name))  # noqa: S704 - plain text around escaped names
        case Step(depth, write):
            return text.step(depth, Markup(write(text.name)))  # noqa: S704 - as above
        case Numbers():
            return Markup("<code>{}</code>").format(cell.plain())
        case Calls(references):
            return text.references(references)
        case Runs(runs):
            return text.runs(runs)
        case Place(number, line, function, record):
            name = text.name(function) + " " if function else Markup()
            return name + Markup("<code>{}</code> <small>{} {}</small>").format(format_call(number), record, line)
        case Path(path):
            return text.path(path)
        case Callers(callers, total):
            return text.callers(callers, total)
        case Shares(shares):
            return text.shares(shares)
        case Pairs(pairs):
            return text.pairs(pairs)
        case Metrics(metrics):
            return text.metrics(metrics)
        case Names(names):
            return text.names(names, len(names))
