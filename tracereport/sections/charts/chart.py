"""What every chart is made of: in words and rows what it shows, and the values that its drawing is filled with.

The drawing is written in Altair (``drawn``). What Altair makes of it is kept as JSON (``templates/charts``), so that
a page doesn't load Altair, which takes longer than all else of a small log's page.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any, Final, TypeAlias

import msgspec

from tracereport.sections import theme
from tracereport.sections.charts.templates import templates_dir
from tracereport.wording.units import display_width

ROW_PX: Final = 26
MOST_ROWS: Final = 16
"""Functions or callers that a chart shows; its table says how many there are."""
PLACEHOLDER: Final = "$"
"""What the name of a value begins with in a template."""
_SAID_VALUES: Final = 3

Row: TypeAlias = dict[str, Any]


class ChartColumn(msgspec.Struct, frozen=True):
    """A column of a chart's table."""

    title: str
    is_figure: bool = True


class Key(msgspec.Struct, frozen=True):
    """An entry of a chart's legend, which the page writes itself so that it wraps where there is little room."""

    label: str
    fill: str
    dash: str = ""
    """Of a line; empty for an area."""


class Bar(msgspec.Struct, frozen=True):
    """One of the bars that stand for a chart where it has no room."""

    label: str
    figure: str
    share: float
    """Of the longest one."""


class Chart(msgspec.Struct, frozen=True):
    """A chart with all that a reader needs who can't see it.

    Attributes:
        name: its id in the page, and the name of its drawing where ``drawing`` is empty.
        title: what it says, as a sentence.
        alternative: what is seen, for readers who don't see it.
        values: what its drawing is filled with, by the names that it has there.
        datasets: its rows, by name.
        columns, rows: its data as a table of text.
        functions: of each row, the functions that it is about; empty where none of them is of certain functions.
        legend: what its colours mean; empty where one says all.
        left_out: how many of all are shown; empty where all are.
        bars: what stands for it where the page is too narrow for its columns; empty where it fits.
        bar_fill: the bars' colour.
        drawing: the name of a drawing that several charts share.
    """

    name: str
    title: str
    alternative: str
    values: Mapping[str, Any]
    datasets: Mapping[str, Sequence[Row]]
    columns: tuple[ChartColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    functions: tuple[tuple[str, ...], ...] = ()
    legend: tuple[Key, ...] = ()
    left_out: str = ""
    bars: tuple[Bar, ...] = ()
    bar_fill: str = ""
    drawing: str = ""

    def specification(self) -> dict[str, Any]:
        """The Vega-Lite specification, without the theme's configuration, which all charts share."""
        filled = fill(read_template(self.drawing or self.name), self.values)
        return {**filled, "datasets": {name: list(rows) for name, rows in self.datasets.items()}}


@cache
def read_template(name: str) -> dict[str, Any]:
    """What Altair makes of a drawing, with placeholders for its values.

    Raises:
        FileNotFoundError: no drawing has that name, or ``python -m tracereport.sections.charts.drawn`` hasn't run.
    """
    template: dict[str, Any] = msgspec.json.decode((templates_dir() / "charts" / f"{name}.json").read_bytes())
    return template


def fill(template: Any, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    """The template with its values; an entry of a list that names a value that isn't there is left out."""
    match template:
        case str() if template.startswith(PLACEHOLDER):
            return values[template.removeprefix(PLACEHOLDER)]
        case dict():
            return {key: fill(entry, values) for key, entry in template.items()}
        case list():
            return [fill(entry, values) for entry in template if not _lacks(entry, values)]
        case _:
            return template


def _lacks(entry: object, values: Mapping[str, Any]) -> bool:
    """Whether it is an object that names a value that isn't there."""
    return isinstance(entry, dict) and any(
        isinstance(value, str) and value.startswith(PLACEHOLDER) and value.removeprefix(PLACEHOLDER) not in values
        for value in entry.values()
    )


def name_column(title: str) -> ChartColumn:
    """A column of words."""
    return ChartColumn(title, is_figure=False)


def names_of(labels: Sequence[str]) -> dict[str, Any]:
    """The values of a chart that has names beside its rows."""
    return {"names": list(labels), "longest": longest_label(labels)}


def areas_of(labels: Sequence[str], field: str = "function") -> list[Row]:
    """The rows of the areas that say each row's name in full."""
    return [{field: label} for label in labels]


def longest_label(labels: Sequence[str]) -> int:
    """The columns of the longest name."""
    return max(map(display_width, labels), default=0)


def fill_of(name: str) -> str:
    """The fill of a colour of the theme; ``unproven`` is hatched."""
    return theme.HATCH if name == "unproven" else theme.colour(name)


def kinds_of(*kinds: tuple[str, str]) -> dict[str, Any]:
    """The values of a chart whose marks have kinds, each with its colour's name in the theme."""
    return {"kinds": [kind for kind, _ in kinds], "fills": [fill_of(name) for _, name in kinds]}


def legend_of(*kinds: tuple[str, str]) -> tuple[Key, ...]:
    """The legend of the same kinds."""
    return tuple(Key(kind, fill_of(name)) for kind, name in kinds)


def bars_of(entries: Iterable[tuple[str, str, float]]) -> tuple[Bar, ...]:
    """Bars from the longest down: each with its label, its figure in words and its length."""
    sorted_down = sorted(entries, key=lambda entry: -entry[2])[:MOST_ROWS]
    longest = max((length for _, _, length in sorted_down), default=0) or 1
    return tuple(Bar(label, figure, length / longest) for label, figure, length in sorted_down)


def say_largest(named: Iterable[tuple[str, str]]) -> str:
    """The first three of what is shown, as a sentence behind others."""
    return f" From the top: {', '.join(f'{name} {value}' for name, value in islice(named, _SAID_VALUES))}."
