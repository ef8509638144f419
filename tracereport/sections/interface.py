"""What a section of the report is to every document: title, definition, fix, columns, charts; written once.

A section is one file of this folder: a class that says the following, and a member of ``SECTIONS``.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, Generic, TypeVar

import msgspec

from tracereport.model import Report, Rows
from tracereport.sections.cells import NOTHING, Cell, Count, Figure
from tracereport.wording.units import format_change

Row = TypeVar("Row")


class Chapter(msgspec.Struct, frozen=True):
    """Sections that stand under one heading of the page."""

    key: str
    """Its id in the page."""
    title: str
    before_findings: bool = False
    """Whether it stands before the findings."""


GATES: Final = Chapter("gates", "Gates", before_findings=True)
COMPARISON: Final = Chapter("comparison", "Comparison")
CALL_ORDER: Final = Chapter("call-order", "In call order")
FUNCTIONS: Final = Chapter("functions", "Functions")
SLOWEST: Final = Chapter("slowest", "Slowest calls")
CALLERS: Final = Chapter("callers", "Callers")
REDUNDANCY: Final = Chapter("redundancy", "Redundancy")
CACHE: Final = Chapter("cache", "Cache")
BREAKDOWN: Final = Chapter("breakdown", "Breakdown")
TREE: Final = Chapter("tree", "Call tree")
PROCESSES: Final = Chapter("processes", "Processes")
QUALITY: Final = Chapter("quality", "Data quality")


class Column(msgspec.Struct, Generic[Row], frozen=True):
    """One column of a section.

    Attributes:
        title: its heading.
        cell: what stands in it for a row.
        figures: whether it holds figures, which stand right.
        definition: the key of what the heading means (``templates/definitions.md``); empty where the title says all.
        loud: in the one loud colour, which means *asked again for an unchanged answer*.
        spare: the first to go where a table is too wide.
    """

    title: str
    cell: Callable[[Row], Cell]
    figures: bool = True
    definition: str = ""
    loud: bool = False
    spare: bool = False


class Bars(msgspec.Struct, Generic[Row], frozen=True):
    """A bar in each line of a table, which the page draws: the figures beside it, to be compared at a glance.

    Attributes:
        title: what a bar is long for.
        legend: of each part of a bar what it is, and its colour's name in the theme.
        parts: of a line, as many amounts as the legend has entries.
        whole: what the longest bar is, at least; null: the largest line.
    """

    title: str
    legend: tuple[tuple[str, str], ...]
    parts: Callable[[Row], Sequence[float]]
    whole: float | None = None


class SectionView(Generic[Row]):
    """How a section is shown. What a class doesn't say stays at the default here.

    Attributes:
        key: its name among the sections, the id of its table in the page.
        title: the heading, with ``{top}`` or another setting in braces where it depends on one.
        chapter: the heading of the page under which it stands.
        definition: the key of what it shows (``templates/definitions.md``).
        fix: what to do about it, in a sentence; empty where nothing is to be done.
        as_entries: whether plain text gives each row several lines, since what was asked needs one of its own.
        charts: the names of its charts (``sections/charts``), above its table.
        partial: a template of the page that stands above its table, where charts and a table aren't enough.
        folded: what the page calls its table where that is one click away, since a drawing says the same.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    chapter: ClassVar[Chapter]
    definition: ClassVar[str] = ""
    fix: ClassVar[str] = ""
    as_entries: ClassVar[bool] = False
    charts: ClassVar[tuple[str, ...]] = ()
    partial: ClassVar[str] = ""
    folded: ClassVar[str] = ""

    def rows(self, report: Report) -> Rows[Row]:
        """Its rows, the important ones first."""
        raise NotImplementedError

    def columns(self, report: Report) -> Sequence[Column[Any]]:
        """Its columns, the important ones first: where there is no room, the last ones are left out."""
        raise NotImplementedError

    def bars(self, report: Report) -> Bars[Any] | None:
        """Bars in its lines; none by default."""
        del report
        return None

    def expand(self, row: Row) -> Sequence[Any]:
        """The lines of the table that a row stands for."""
        return (row,)

    def is_present(self, report: Report) -> bool:
        """Whether it is shown although it has no rows."""
        return bool(self.rows(report).rows or self.empty(report))

    def note(self, report: Report) -> str:
        """A sentence above the table; empty without rows."""
        del report
        return ""

    def empty(self, report: Report) -> str:
        """What is said where it has no rows; empty where nothing is to be said then."""
        del report
        return ""

    def functions(self, row: Any, report: Report) -> Sequence[str]:  # noqa: ANN401 - what the class expands a row to
        """The functions that a line of the table is about: choosing one of them shows it."""
        del row, report
        return ()

    def heading(self, report: Report) -> str:
        """The title under the report's settings."""
        return self.title.format_map(_SettingsOf(report))


class _SettingsOf(dict[str, Any]):
    """The settings by name, each looked up when a title names it."""

    def __init__(self, report: Report) -> None:
        self._settings = report.settings

    def __missing__(self, name: str) -> object:
        return getattr(self._settings, name)


# Columns that many sections have


def counts(title: str, count: Callable[[Row], int], definition: str = "", *, loud: bool = False) -> Column[Row]:
    """A column of counts."""
    return Column(title, lambda row: Count(count(row)), definition=definition, loud=loud)


def figures(title: str, figure: Callable[[Row], Figure], definition: str = "") -> Column[Row]:
    """A column of figures with units."""
    return Column(title, figure, definition=definition)


def words(title: str, cell: Callable[[Row], Cell], definition: str = "") -> Column[Row]:
    """A column of names or words."""
    return Column(title, cell, figures=False, definition=definition)


def answers() -> tuple[Column[Any], ...]:
    """What the repeats of a row were told."""
    return (
        counts("unchanged", lambda row: row.unchanged, "evidence", loud=True),
        counts("changed", lambda row: row.changed, "evidence"),
        counts("no evidence", lambda row: row.unproven, "evidence"),
    )


def batched(report: Report) -> tuple[Column[Any], ...]:
    """How many calls a batch would have answered; no column where none would."""
    column: Column[Any] = counts("one by one", lambda row: row.fan_out_calls, "fan-out")
    return (column,) if report.totals.fan_out_calls else ()


def changes(report: Report, change_of: Callable[[Any], Any], figure: str) -> tuple[Column[Any], ...]:
    """What changed in a figure from the baseline, beside it; no column without one.

    Args:
        report: what is shown.
        change_of: finds the change of a row, null where there is none.
        figure: the name of the figure, whose change has ``FIGURE_before`` and ``FIGURE_after``.
    """
    if report.comparison is None:
        return ()

    def describe(row: object) -> Figure:
        change = change_of(row)
        if change is None:
            return Figure(NOTHING)
        before, after = getattr(change, f"{figure}_before"), getattr(change, f"{figure}_after")
        return Figure("new" if before is None else format_change(before, after))

    return (Column("change", describe),)


def by_key(rows: Sequence[Any], *fields: str) -> Mapping[Any, Any]:
    """Rows by what they are found by."""
    return {tuple(getattr(row, field) for field in fields): row for row in rows}


def nothing_judged(report: Report) -> str:
    """What is said in the place of a section that rests on judged calls, where there are none."""
    totals = report.totals
    return "Not judged: no call could be." if totals.calls and not totals.judged_calls else ""
