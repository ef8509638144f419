"""What every chart of the page is made of: an Altair object, and in words and rows what it shows.

Charts are as wide as ``WIDTH_PX`` in their static picture and as wide as the page allows when they are alive. A mark
that stands for a function has it as ``datum.function``; the page sets the parameter ``chosen`` to a function's label,
and the marks of all others fade.
"""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import altair as alt
import msgspec

from tracereport.documents import theme

WIDTH_PX: Final = 912
ROW_PX: Final = 26
MOST_ROWS: Final = 16
"""Functions or callers that a chart shows; its table says how many there are."""

Row: TypeAlias = dict[str, Any]

PERCENT_LABEL: Final = "format(100 * datum.value, '.0f') + ' %'"
"""What an axis of shares is labelled with."""

CHOSEN: Final = "!chosen || datum.function === chosen"
FADED: Final = 0.18


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


class Chart(msgspec.Struct, frozen=True):
    """A chart with all that a reader needs who can't see it.

    Attributes:
        name: its id in the page.
        title: what it says, as a sentence.
        alternative: what is seen, for readers who don't see it.
        altair: the Altair object that both the live chart and the static picture are made from.
        columns, rows: its data as a table of text.
        legend: what its colours mean; empty where one says all.
        left_out: how many of all are shown; empty where all are.
    """

    name: str
    title: str
    alternative: str
    altair: Any
    columns: tuple[ChartColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    legend: tuple[Key, ...] = ()
    left_out: str = ""

    def specification(self) -> dict[str, Any]:
        """The Vega-Lite specification, without the theme's configuration, which all charts share."""
        specification: dict[str, Any] = self.altair.to_dict(validate=False)
        specification.pop("config", None)
        specification.pop("$schema", None)
        return specification


def name_column(title: str) -> ChartColumn:
    """A column of words."""
    return ChartColumn(title, is_figure=False)


def records(name: str) -> alt.NamedData:
    """The rows that ``finish`` is given under this name.

    Named, since Altair copies a chart with each thing that is said about it, inline data included.
    """
    return alt.NamedData(name=name)


def finish(*layers: Any, height: int, params: Sequence[Any] = (), **rows: Sequence[Row]) -> Any:  # noqa: ANN401
    """The layers as a chart of the page's width, with their rows by name and the parameter that links it to others.

    All in one call, for the same reason.
    """
    chosen = alt.param(name="chosen", value="")
    chart = alt.layer(
        *layers,
        width=WIDTH_PX,
        height=height,
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        params=[parameter.param for parameter in (chosen, *params)],
    )
    chart.datasets = {name: list(shown) for name, shown in rows.items()}
    return chart


def fade_others(test: str = CHOSEN) -> alt.OpacityValue:
    """Opacity that fades the marks of other functions than the chosen one.

    Written as the channel itself: ``alt.condition`` gives a dictionary, and finding out which class it belongs to takes
    Altair longer than all else that a chart needs.
    """
    return alt.OpacityValue(FADED, condition={"test": test, "value": 1})


def name_axis(labels: Sequence[str], field: str = "function") -> alt.Y:
    """Names from top to bottom, in their given order."""
    return alt.Y(f"{field}:N", title=None, scale=alt.Scale(domain=list(labels)), sort=None)


def fill_of(name: str) -> str:
    """The fill of a colour of the theme; ``unproven`` is hatched."""
    return theme.HATCH if name == "unproven" else theme.colour(name)


def colours(*kinds: tuple[str, str]) -> alt.Scale:
    """A scale of the given kinds, each with its colour's name in the theme."""
    return alt.Scale(domain=[kind for kind, _ in kinds], range=[fill_of(name) for _, name in kinds])


def legend_of(*kinds: tuple[str, str]) -> tuple[Key, ...]:
    """The legend of the same kinds."""
    return tuple(Key(kind, fill_of(name)) for kind, name in kinds)


def figure(field: str, title: str | None = None) -> alt.Tooltip:
    """A count in a tooltip."""
    return alt.Tooltip(f"{field}:Q", title=title or field, format=",")


def word(field: str, title: str | None = None) -> alt.Tooltip:
    """A name, or a figure that is text already, in a tooltip."""
    return alt.Tooltip(f"{field}:N", title=title or field)
