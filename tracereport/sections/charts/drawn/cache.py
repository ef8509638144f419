"""What a cache of each size would answer, a curve for each function."""

from typing import Any, Final

import altair as alt

from tracereport.sections.charts.drawn.kit import (
    GROUND,
    PERCENT_LABEL,
    Values,
    fade_others,
    figure,
    finish,
    records,
    word,
)

MOST_CURVES: Final = 6
"""So many a tooltip reads."""


def draw_cache(values: Values) -> Any:  # noqa: ANN401 - Altair's
    """Curves over the capacity, and a tooltip that reads all of them."""
    across = alt.Scale(type="log", base=2, nice=False, domain=[1, values["mostEntries"]])
    base = alt.Chart(records("points")).encode(
        x=alt.X(
            "entries:Q",
            title="capacity of the cache, entries per process",
            scale=across,
            axis=alt.Axis(format=",d", values=values["powers"], labelOverlap=True),
        ),
        y=alt.Y(
            "share:Q",
            title="share of all possible hits",
            axis=alt.Axis(labelExpr=PERCENT_LABEL, values=[0, 0.25, 0.5, 0.8, 0.95], minExtent=44),
            scale=alt.Scale(domain=[0, 1.03], nice=False),
        ),
    )
    coloured = base.encode(
        color=alt.Color("function:N", scale=alt.Scale(domain=values["functions"], range=values["tones"]), legend=None),
        opacity=fade_others(),
    )
    lines = coloured.mark_line(strokeWidth=2).encode(
        strokeDash=alt.StrokeDash(
            "function:N", scale=alt.Scale(domain=values["functions"], range=values["dashes"]), legend=None
        )
    )
    dots = coloured.mark_point(filled=True, size=24)
    marks = coloured.transform_filter("datum.reached !== ''").mark_point(filled=True, size=70)
    # One tooltip reads all curves at a capacity; its areas lie over everything.
    pointer = alt.selection_point(
        on="pointerover", clear="pointerout", fields=["entries"], empty=False, name="pointer", nearest=False
    )
    read = alt.Chart(records("readings")).encode(x=alt.X("from:Q", scale=across))
    rule = read.mark_rule(strokeDash=[3, 3], opacity=0.6).transform_filter(pointer).encode(x=alt.X("entries:Q"))
    answers = [f"answer{number}" for number in range(MOST_CURVES)]
    areas = (
        read.properties(name="reader")
        .mark_rect(fill=GROUND, fillOpacity=0)
        .encode(
            x2=alt.X2("to"),
            y=alt.YValue(0),
            y2=alt.Y2Value("height"),
            tooltip=[figure("entries"), *(word(answer, values[answer]) for answer in answers if answer in values)],
        )
        .add_params(pointer)
    )
    return finish(rule, lines, dots, marks, areas, values=values)
