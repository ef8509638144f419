"""Where the time goes: bars of total and self time, the distribution of single calls, shares of metrics."""

from typing import Any

import altair as alt

from tracereport.sections import theme
from tracereport.sections.charts.drawn.kit import (
    CHOOSING,
    GROUND,
    HATCHED,
    PERCENT_LABEL,
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


def draw_function_times(values: Values) -> Any:  # noqa: ANN401 - Altair's
    """Bars of the time inside of each function, its self time inside of them, and what truncation may hide."""
    names = name_axis(values)
    base = alt.Chart(records("rows")).encode(
        y=names,
        opacity=fade_others(),
        tooltip=[word("function"), word("total_text", "total time"), word("self_text", "self time")],
    )
    total = base.mark_bar(height=alt.RelativeBandSize(0.62), color=theme.colour("time"), cursor=CHOOSING).encode(
        x=alt.X("total:Q", title=values["title"])
    )
    own = base.mark_bar(height=alt.RelativeBandSize(0.24), color=theme.colour("self"), cursor=CHOOSING).encode(
        x=alt.X("self:Q")
    )
    bound = base.mark_rule(opacity=0.7).encode(x=alt.X("total:Q"), x2=alt.X2("upper"))
    return finish(row_areas(names), bound, total, own, values=values, given=["longest"])


def draw_latencies(values: Values) -> Any:  # noqa: ANN401 - Altair's
    """A row per function, a column per range of elapsed time, the darker the larger the share of its calls."""
    names = name_axis(values)
    base = alt.Chart(records("cells")).encode(
        y=names,
        x=alt.X(
            "elapsed:N",
            title="elapsed time of a call, from",
            sort=None,
            scale=alt.Scale(domain=values["ranges"]),
            axis=alt.Axis(labelAngle=0, labelOverlap=True),
        ),
    )
    shade = base.mark_rect(stroke=GROUND, strokeWidth=2, cursor=CHOOSING).encode(
        fill=alt.FillValue(theme.colour("time"), condition={"test": "datum.cut_off", "value": HATCHED}),
        fillOpacity=alt.FillOpacity(
            "share:Q", legend=None, scale=alt.Scale(type="sqrt", domain=[0, 1], range=[0.06, 0.75])
        ),
        opacity=fade_others(),
        tooltip=[word("function"), word("elapsed", "from"), figure("calls"), word("share_text", "of its calls")],
    )
    figures = (
        base.transform_filter("showsFigures")
        .mark_text()
        .encode(text=alt.Text("calls:Q", format=","), opacity=fade_others())
    )
    return finish(row_areas(names), shade, figures, values=values, given=["longest", "showsFigures"])


def draw_breakdown(values: Values) -> Any:  # noqa: ANN401 - Altair's
    """Bars of the elapsed time, split into metrics and what none of them accounts for."""
    names = name_axis(values)
    bars = (
        alt.Chart(records("parts"))
        .mark_bar(height=alt.RelativeBandSize(0.62), cursor=CHOOSING)
        .encode(
            y=names,
            x=alt.X("share:Q", title="share of elapsed time", axis=alt.Axis(labelExpr=PERCENT_LABEL)),
            color=alt.Color("part:N", scale=scale_of(values), legend=None),
            order=alt.Order("position:Q"),
            opacity=fade_others(),
            tooltip=[word("function"), word("part"), word("time"), word("share_text", "of elapsed")],
        )
    )
    return finish(row_areas(names), bars, values=values, given=["longest"])
