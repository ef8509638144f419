"""Repeats of each function before and after."""

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


def draw_comparison(values: Values) -> Any:  # noqa: ANN401 - Altair's
    """A ring before, a dot after, and the span between them."""
    names = name_axis(values)
    base = alt.Chart(records("rows")).encode(
        y=names,
        opacity=fade_others(),
        color=alt.Color("direction:N", scale=scale_of(values), legend=None),
        tooltip=[word("function"), figure("before"), figure("after"), word("change")],
    )
    spans = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("before:Q", title="repeated calls, before ○ and after ●", axis=alt.Axis(tickMinStep=1, format=",d")),
        x2=alt.X2("after"),
    )
    before = base.mark_point(filled=False, size=70, strokeWidth=2, cursor=CHOOSING).encode(x=alt.X("before:Q"))
    after = base.mark_point(filled=True, size=90, cursor=CHOOSING).encode(x=alt.X("after:Q"))
    return finish(row_areas(names), spans, before, after, values=values, given=["longest"])
