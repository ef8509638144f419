"""A figure over the runs: steps, their points, and the names of the largest."""

from collections.abc import Iterator
from typing import Any, Final

import altair as alt

from tracereport.sections.charts.drawn.kit import GROUND, Values, figure, finish, records, scale_of, word

SMALL_WIDTH_PX: Final = 346
"""Three of them stand beside one another."""


def draw_history(values: Values) -> Any:  # noqa: ANN401 - Altair's
    """A line of steps over runs at equal distances; a run's area says its figure, wherever the pointer is above it."""
    runs = alt.Scale(domain=[values["firstRun"], values["lastRun"]], nice=False, zero=False)
    counts = alt.Scale(domain=[values["lowest"], values["highest"]], nice=False, zero=False)
    across = alt.X(
        "run:Q",
        title=None,
        scale=runs,
        axis=alt.Axis(values=values["ticks"], labelExpr="labels[datum.value] || ''", grid=False, labelFlush=True),
    )
    up = alt.Y(
        "count:Q",
        title=None,
        scale=counts,
        axis=alt.Axis(values=values["countTicks"], format=",d", minExtent=values["extent"]),
    )
    says = [word("label", "run"), word("day"), figure("count", values["figure"]), word("change")]
    direction = alt.Color("direction:N", scale=scale_of(values), legend=None)
    areas = (
        alt.Chart(records("runs"))
        .transform_calculate(start="datum.run - 0.5", end="datum.run + 0.5")
        .mark_rect(fill="transparent")
        .encode(
            x=alt.X("start:Q", scale=runs),
            x2=alt.X2("end"),
            y=alt.YValue(0),
            y2=alt.Y2Value("height"),
            tooltip=says,
        )
    )
    line = (
        alt.Chart(records("line"))
        .mark_line(interpolate="step-after", stroke=values["tone"], strokeWidth=2)
        .encode(x=across, y=up)
    )
    points = (
        alt.Chart(records("steps"))
        .mark_point(filled=True, size=40, opacity=1)
        .encode(x=across, y=up, color=direction, tooltip=says)
    )
    drawn = finish(areas, line, points, *_draw_names(across, up), values=values, given=["labels"])
    return drawn.properties(width=SMALL_WIDTH_PX)


def _draw_names(across: alt.X, up: alt.Y) -> Iterator[alt.Chart]:
    """The names of the largest steps, each before its own ground: a line behind it leaves it legible."""
    for side, distance_px in (("left", 6), ("right", -6)):
        for ground in ({"stroke": GROUND, "strokeWidth": 5}, {}):
            yield (
                alt.Chart(records("named"))
                .transform_filter(f"datum.side === '{side}'")
                .mark_text(align=side, baseline="bottom", dx=distance_px, dy=-4, **ground)
                .encode(x=across, y=up, text="text:N")
            )
