"""Calls of each function or caller, split by what is known of their answers."""

from typing import Any

import altair as alt

from tracereport.sections.charts.drawn.kit import (
    CHOOSING,
    Values,
    fade_others,
    figure,
    finish,
    name_axis,
    records,
    row_areas,
    scale_of,
    word,
)


def draw_function_calls(values: Values) -> Any:  # noqa: ANN401 - Altair's
    """Bars of functions."""
    return _draw_calls(values, "function")


def draw_caller_calls(values: Values) -> Any:  # noqa: ANN401 - Altair's
    """Bars of callers."""
    return _draw_calls(values, "caller")


def _draw_calls(values: Values, noun: str) -> Any:  # noqa: ANN401 - Altair's
    names = name_axis(values, noun)
    fade = fade_others("!chosen || !length(datum.functions) || indexof(datum.functions, chosen) >= 0")
    stacked = (
        alt.Chart(records("bars"))
        .mark_bar(height=alt.RelativeBandSize(0.62), cursor=CHOOSING if noun == "function" else "default")
        .encode(
            y=names,
            x=alt.X(
                "calls:Q",
                title="calls",
                scale=alt.Scale(domainMax=values["most"], nice=False),
                axis=alt.Axis(tickMinStep=1, format=",d"),
            ),
            color=alt.Color("kind:N", scale=scale_of(values), legend=None),
            order=alt.Order("position:Q"),
            opacity=fade,
            tooltip=[word(noun), word("kind"), figure("calls"), word("share", f"of the {noun}")],
        )
    )
    totals = (
        alt.Chart(records("sums"))
        .mark_text(align="left", dx=6)
        .encode(y=names, x=alt.X("calls:Q"), text=alt.Text("calls:Q", format=","), opacity=fade)
    )
    return finish(row_areas(names, noun), stacked, totals, values=values, given=["longest"])
