"""A section of the report as plain text: its heading, its note, its rows as a table or as entries, its fix."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

from tracereport.documents.terminal.canvas import TextColumn
from tracereport.documents.terminal.page import STEP, TerminalPage
from tracereport.model import Rows
from tracereport.sections.cells import NOTHING, OF_THE_LOG, Asked, Calls, Cell, Clause, Count, Name, Runs, Shares, Words
from tracereport.sections.interface import Column, SectionView
from tracereport.wording.phrases import format_count, format_counted
from tracereport.wording.units import elide_fields, elide_middle, escape_controls, format_call_runs, format_caller

_SHOWN_CALLERS = 4
_SAYS_NOTHING = frozenset({"", NOTHING})


def write_section(page: TerminalPage, view: SectionView[Any]) -> str:
    """The section with what was left out of its rows; nothing where it has nothing to say."""
    report = page.report
    rows: Rows[Any] = view.rows(report)
    if not rows.rows and not view.is_present(report):
        return ""
    columns = view.columns(report)
    lines = [line for row in page.shown(rows) for line in view.expand(row)]
    write = _entries if view.as_entries else _table
    body = write(page, columns, lines) if lines else page.sentence(view.empty(report), "  ") * bool(view.empty(report))
    note = view.note(report)
    return page.section(
        view.heading(report),
        [*(page.sentence(note) if note else []), *body],
        rows,
        view.fix if lines and view.fix else None,
    )


def _table(page: TerminalPage, columns: Sequence[Column[Any]], rows: Sequence[Any]) -> list[str]:
    return page.canvas.table([_text_column(column, [column.cell(row) for row in rows]) for column in columns])


def _text_column(column: Column[Any], cells: Sequence[Cell]) -> TextColumn:
    return TextColumn(
        column.title,
        [escape_controls(cell.plain()) or NOTHING for cell in cells],
        align="right" if column.figures else "left",
        code=isinstance(cells[0], OF_THE_LOG),
        loud=column.loud,
        spare=column.spare,
    )


def _entries(page: TerminalPage, columns: Sequence[Column[Any]], rows: Sequence[Any]) -> list[str]:
    """Each row as a line that says how often what was asked, and under it the rest."""
    return [line for row in rows for line in _entry(page, [(column, column.cell(row)) for column in columns])]


def _entry(page: TerminalPage, cells: Sequence[tuple[Column[Any], Cell]]) -> list[str]:
    (first, amount), *rest = cells
    if isinstance(rest[0][1], Words):
        lines = page.sentence(amount.plain(), "  ")
    elif isinstance(rest[0][1], Clause):
        lines = page.sentence(f"{_amount(first, amount).strip()}: {rest[0][1].plain()}", "  ", STEP)
        rest = rest[1:]
    else:
        subject = escape_controls(rest[0][1].plain())
        lines = [elide_fields(f"{_amount(first, amount)}: {subject}", page.canvas.width)]
        rest = rest[1:]
    for are_figures, group in groupby(rest, key=lambda cell: cell[0].figures):
        details = list(group)
        lines += _figures(page, details) if are_figures else _names(page, details)
    return lines


def _amount(column: Column[Any], cell: Cell) -> str:
    """What an entry begins with: ``  12 calls``, or a state."""
    if isinstance(cell, Count):
        noun = column.title.removesuffix("s")
        return f"{format_count(cell.count):>4} {format_counted(cell.count, noun).partition(' ')[2]}"
    return f"  {column.title} {cell.plain()}" if column.figures else f"  {cell.plain()}"


def _figures(page: TerminalPage, cells: Sequence[tuple[Column[Any], Cell]]) -> list[str]:
    """Figures in a line: ``30 unchanged, 2 changed, time 1-2 s``."""
    told = [(column, cell) for column, cell in cells if cell.plain() not in _SAYS_NOTHING]
    line = ", ".join(map(_figure, told))
    loud = [_figure(entry) for entry in told if entry[0].loud]
    lines = page.sentence(line, STEP) if line else []
    return [_mark(line, loud, page.canvas.loud) for line in lines]


def _figure(entry: tuple[Column[Any], Cell]) -> str:
    column, cell = entry
    if not isinstance(cell, Count):
        return f"{column.title} {cell.plain()}"
    return f"{cell.plain()} {column.title.removesuffix('s') if cell.count == 1 else column.title}"


def _mark(line: str, words: Sequence[str], mark: Callable[[str], str]) -> str:
    for word in words:
        line = line.replace(word, mark(word), 1)
    return line


def _names(page: TerminalPage, cells: Sequence[tuple[Column[Any], Cell]]) -> Iterator[str]:
    """Names under an entry, each behind its title."""
    for column, cell in cells:
        title = column.title[:1].upper() + column.title[1:]
        if cell.plain() in _SAYS_NOTHING:
            continue
        match cell:
            case Calls(references):
                yield page.references(title, references)
            case Runs(runs):
                process = "" if page.one_process else f"process {runs.rows[0].rows[0].process}: "
                shown = [(format_call_runs([call.number for call in run.rows]), 1) for run in runs.rows]
                yield page.fit(f"{STEP}{title}: {process}", shown, runs.total)
            case Shares(shares):
                yield from _shares(page, shares)
            case Name(name):
                start = f"{STEP}{title}: "
                yield start + elide_middle(escape_controls(name), page.canvas.width - len(start))
            case Asked():
                yield elide_fields(f"{STEP}{title}: {cell.plain()}", page.canvas.width)
            case _:
                yield from page.sentence(f"{title}: {cell.plain()}", STEP, f"{STEP}{' ' * (len(title) + 2)}")


def _shares(page: TerminalPage, shares: Rows[Any]) -> Iterator[str]:
    """Each caller with its call numbers, and how many callers more there are."""
    for share in shares.rows[:_SHOWN_CALLERS]:
        caller = elide_middle(format_caller(share.caller), page.canvas.width // 2)
        yield page.references(f"{format_count(share.calls)} by {caller}", share.call_references)
    if left := shares.total - len(shares.rows[:_SHOWN_CALLERS]):
        yield f"{STEP}... and {format_counted(left, 'further caller')}"
