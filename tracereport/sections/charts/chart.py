"""What every chart of the page is made of: an Altair object, and in words and rows what it shows.

Charts are as wide as ``WIDTH_PX`` in their static picture and as wide as the page allows when they are alive. A mark
that stands for a function has it as ``datum.function``; the page sets the parameter ``chosen`` to a function's label,
and the marks of all others fade.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias

import altair as alt
import msgspec

from tracereport.sections import theme
from tracereport.wording.units import display_width

WIDTH_PX: Final = 912
ROW_PX: Final = 26
MOST_ROWS: Final = 16
"""Functions or callers that a chart shows; its table says how many there are."""

Row: TypeAlias = dict[str, Any]

PERCENT_LABEL: Final = "format(100 * datum.value, '.0f') + ' %'"
"""What an axis of shares is labelled with."""

MOST_LETTERS: Final = 44
"""Of a name beside a row, as long as a label; the page has fewer where it is narrow, as the parameter ``letters``."""
LETTER_PX: Final = 7.2
"""What a letter takes: a little more than most do, since the pictures' engine measures with a narrower font."""
MOST_LETTER_PX: Final = 8.5

CHOSEN: Final = "!chosen || datum.function === chosen"
FADED: Final = 0.18
CHOOSING: Final = "pointer"
"""The cursor of marks that choose their function."""
_SAID_VALUES: Final = 3


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
        functions: of each row, the functions that it is about; empty where none of them is of certain functions.
        legend: what its colours mean; empty where one says all.
        left_out: how many of all are shown; empty where all are.
    """

    name: str
    title: str
    alternative: str
    altair: Any
    columns: tuple[ChartColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    functions: tuple[tuple[str, ...], ...] = ()
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
    letters = alt.param(name="letters", value=MOST_LETTERS)
    chart = alt.layer(
        *layers,
        width=WIDTH_PX,
        height=height,
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        params=[parameter.param for parameter in (chosen, letters, *params)],
    )
    chart.datasets = {name: list(shown) for name, shown in rows.items()}
    return chart


def fade_others(test: str = CHOSEN) -> alt.OpacityValue:
    """Opacity that fades the marks of other functions than the chosen one.

    Written as the channel itself: ``alt.condition`` gives a dictionary, and finding out which class it belongs to takes
    Altair longer than all else that a chart needs.
    """
    return alt.OpacityValue(FADED, condition={"test": test, "value": 1})


def name_axis(labels: Sequence[str], field: str = "function", title: str | None = None) -> alt.Y:
    """Names from top to bottom, in their given order, each cut in its middle to the room that the page gives it.

    The room is reckoned from the longest name rather than measured, so that a name is never cut twice and the axis's
    title never drawn over one, whatever font the picture is shown in.
    """
    longest = f"min(letters, {longest_label(labels)})"
    return alt.Y(
        f"{field}:N",
        title=title,
        scale=alt.Scale(domain=list(labels)),
        sort=None,
        axis=alt.Axis(
            labelExpr=cut_label("letters"),
            labelLimit=alt.ExprRef(f"{MOST_LETTER_PX} * {longest}"),
            minExtent=alt.ExprRef(f"{LETTER_PX} * {longest} + 6"),
            maxExtent=alt.ExprRef(f"{MOST_LETTER_PX} * {longest} + 6"),
        ),
    )


def longest_label(labels: Sequence[str]) -> int:
    """The columns of the longest name."""
    return max(map(display_width, labels), default=0)


def cut_label(letters: str, name: str = "datum.label") -> str:
    """The expression for a name in so many letters, with an ellipsis in its middle where it is longer."""
    half = f"({letters} - 1) / 2"
    cut = f"slice({name}, 0, ceil({half})) + '…' + slice({name}, -floor({half}))"
    return f"length({name}) > {letters} ? {cut} : {name}"


def row_areas(names: alt.Y, labels: Sequence[str], field: str = "function") -> tuple[Any, list[Row]]:
    """Invisible areas as wide as the chart, names included, that say each row's name in full; and their rows.

    What is too small to point at is chosen by its row.
    """
    width = f"{MOST_LETTER_PX} * min(letters, {longest_label(labels)})"
    areas = (
        alt.Chart(records("areas"))
        .mark_rect(fill="transparent", cursor=CHOOSING if field == "function" else "default")
        .encode(y=names, x=alt.XValue(alt.ExprRef(f"-{width}")), x2=alt.X2Value("width"), tooltip=[word(field)])
    )
    return areas, [{field: label} for label in labels]


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


def say_largest(named: Iterable[tuple[str, str]]) -> str:
    """The first three of what is shown, as a sentence behind others."""
    return f" From the top: {', '.join(f'{name} {value}' for name, value in islice(named, _SAID_VALUES))}."


def word(field: str, title: str | None = None) -> alt.Tooltip:
    """A name, or a figure that is text already, in a tooltip."""
    return alt.Tooltip(f"{field}:N", title=title or field)
