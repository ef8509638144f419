"""First calls and repeats along the call numbers, a lane for each process."""

from typing import Any

import altair as alt

from tracereport.sections import theme
from tracereport.sections.charts.drawn.kit import Values, figure, finish, records, word


def draw_activity(values: Values) -> Any:  # noqa: ANN401 - Altair's
    """Bars that fill their lane as far as calls are repeats."""
    lanes = alt.Scale(domain=[0, values["lanes"]], nice=False)
    numbers = alt.X("from:Q", title="call number", scale=alt.Scale(nice=False), axis=alt.Axis(format=",d", grid=False))
    base = (
        alt.Chart(records("bars"))
        .transform_calculate(full="datum.bottom + barShare", end="datum.to + 1")
        .encode(
            x=numbers,
            x2=alt.X2("end"),
            y=alt.Y("bottom:Q", title=None, axis=None, scale=lanes),
            tooltip=[
                word("process"),
                figure("from", "calls from"),
                figure("to", "to"),
                figure("first", "first calls"),
                figure("repeats"),
            ],
        )
    )
    ground = base.mark_rect(color=theme.colour("first")).encode(y2=alt.Y2("full"))
    repeats = base.mark_rect(color=theme.colour("repeat")).encode(y2=alt.Y2("top"))
    titles = (
        alt.Chart(records("names"))
        .mark_text(align="left", baseline="bottom", dy=-5)
        .encode(x=alt.X("from:Q"), y=alt.Y("at:Q", scale=lanes), text=alt.Text("text:N"))
    )
    return finish(ground, repeats, titles, values=values, given=["barShare"])
