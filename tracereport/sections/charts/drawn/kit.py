"""What every drawing is made with: layers of a chart over named rows, names beside its rows, colours, tooltips.

A drawing is written in terms of its values. ``Placeholders`` stand for them where the template of a chart is made;
a notebook's chart is drawn with the values themselves.

Charts are as wide as ``WIDTH_PX`` in their static picture and as wide as the page allows when they are alive. A mark
that stands for a function has it as ``datum.function``; the page sets the parameter ``chosen`` to a function's label,
and the marks of all others fade.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import altair as alt

from tracereport.sections import theme
from tracereport.sections.charts.chart import PLACEHOLDER, fill_of

WIDTH_PX: Final = 912
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

Values: TypeAlias = Mapping[str, Any]


class Placeholders(Mapping[str, Any]):
    """Stands for the values of any report: each is the text by which it is found again in the template."""

    def __getitem__(self, name: str) -> str:
        return PLACEHOLDER + name

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def records(name: str) -> alt.NamedData:
    """The rows of this name.

    Named, since Altair copies a chart with each thing that is said about it, inline data included.
    """
    return alt.NamedData(name=name)


def finish(*layers: Any, values: Values, params: Sequence[Any] = (), given: Sequence[str] = ()) -> Any:  # noqa: ANN401
    """The layers as a chart of the page's width, as high as ``values["height"]``.

    Args:
        layers: from the bottom up.
        values: what the chart is drawn with.
        params: of this chart, beside those of all charts.
        given: names of values that its expressions use.
    """
    of_all = (alt.param(name="chosen", value=""), alt.param(name="letters", value=MOST_LETTERS))
    own = (alt.param(name=name, value=values[name]) for name in given)
    return alt.layer(
        *layers,
        width=WIDTH_PX,
        height=values["height"],
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        params=[parameter.param for parameter in (*of_all, *own, *params)],
    )


def fade_others(test: str = CHOSEN) -> alt.OpacityValue:
    """Opacity that fades the marks of other functions than the chosen one."""
    return alt.OpacityValue(FADED, condition={"test": test, "value": 1})


def name_axis(values: Values, field: str = "function", title: str | None = None) -> alt.Y:
    """Names from top to bottom in the order of ``values["names"]``, each cut in its middle to its room.

    The room is reckoned from the longest name (the parameter ``longest``) rather than measured, so that a name is never
    cut twice, whatever font the picture is shown in. A title stands above the names, where it is never cut.
    """
    room = "min(letters, longest)"
    least_px = LETTER_PX * len(title or "")
    above = {"titleAngle": 0, "titleAlign": "right", "titleBaseline": "bottom", "titleX": -6, "titleY": -6}
    return alt.Y(
        f"{field}:N",
        title=title,
        scale=alt.Scale(domain=values["names"]),
        sort=None,
        axis=alt.Axis(
            labelExpr=cut_label("letters"),
            labelLimit=alt.ExprRef(f"{MOST_LETTER_PX} * {room}"),
            minExtent=alt.ExprRef(f"max({least_px:g}, {LETTER_PX} * {room}) + 6"),
            maxExtent=alt.ExprRef(f"max({least_px:g}, {MOST_LETTER_PX} * {room}) + 6"),
            **({**above, "titleLimit": 0} if title else {}),
        ),
    )


def cut_label(letters: str, name: str = "datum.label") -> str:
    """The expression for a name in so many letters, with an ellipsis in its middle where it is longer."""
    half = f"({letters} - 1) / 2"
    cut = f"slice({name}, 0, ceil({half})) + '…' + slice({name}, -floor({half}))"
    return f"length({name}) > {letters} ? {cut} : {name}"


def row_areas(names: alt.Y, field: str = "function") -> Any:  # noqa: ANN401
    """Invisible areas as wide as the chart, names included, that say each row's name in full: the rows ``areas``.

    What is too small to point at is chosen by its row.
    """
    width = f"{MOST_LETTER_PX} * min(letters, longest)"
    return (
        alt.Chart(records("areas"))
        .mark_rect(fill="transparent", cursor=CHOOSING if field == "function" else "default")
        .encode(y=names, x=alt.XValue(alt.ExprRef(f"-{width}")), x2=alt.X2Value("width"), tooltip=[word(field)])
    )


def scale_of(values: Values) -> alt.Scale:
    """The colours of ``values["kinds"]``."""
    return alt.Scale(domain=values["kinds"], range=values["fills"])


def figure(field: str, title: str | None = None) -> alt.Tooltip:
    """A count in a tooltip."""
    return alt.Tooltip(f"{field}:Q", title=title or field, format=",")


def word(field: str, title: str | None = None) -> alt.Tooltip:
    """A name, or a figure that is text already, in a tooltip."""
    return alt.Tooltip(f"{field}:N", title=title or field)


GROUND: Final = theme.colour("ground")
HATCHED: Final = fill_of("unproven")
