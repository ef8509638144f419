"""The call tree as an icicle."""

from typing import Any, Final

import altair as alt

from tracereport.sections import theme
from tracereport.sections.charts.drawn.kit import (
    GROUND,
    Values,
    cut_label,
    fade_others,
    figure,
    finish,
    records,
    word,
)
from tracereport.sections.charts.tree import LEVEL_PX

_LETTER_PX: Final = 7.6
_NAME_INSET_PX: Final = 7


def draw_tree(values: Values) -> Any:  # noqa: ANN401 - Altair's
    """Boxes below their callers, as wide as the calls in them; a box can take the whole width."""
    across = alt.Scale(domainMin=alt.ExprRef("zoomLeft"), domainMax=alt.ExprRef("zoomRight"), nice=False, zero=False)
    down = alt.Scale(domain=[0, values["depth"]], reverse=True, nice=False)
    base = (
        alt.Chart(records("rows"))
        .transform_calculate(
            start="byTime ? datum.leftInTime : datum.left",
            end="byTime ? datum.rightInTime : datum.right",
        )
        .transform_calculate(
            below="datum.level + 1",
            shown="max(datum.start, zoomLeft)",
            seen="min(datum.end, zoomRight) - max(datum.start, zoomLeft)",
        )
        .transform_filter("datum.end > zoomLeft && datum.start < zoomRight && datum.end > datum.start")
        .encode(
            x=alt.X("start:Q", axis=None, scale=across),
            y=alt.Y("level:Q", axis=None, scale=down),
            opacity=fade_others(),
            tooltip=[
                word("path"),
                figure("calls"),
                figure("repeats"),
                word("total", "total time"),
                word("own", "self time"),
            ],
        )
    )
    rects = base.mark_rect(clip=True, stroke=GROUND, strokeWidth=2, cursor="zoom-in").encode(
        x2=alt.X2("end"),
        y2=alt.Y2("below"),
        fill=alt.FillValue(
            theme.colour("first"), condition={"test": "datum.share > 0", "value": theme.colour("repeat")}
        ),
        fillOpacity=alt.FillOpacity("share:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[0.3, 0.6])),
    )
    room = f"floor((datum.seen / (zoomRight - zoomLeft) * width - {2 * _NAME_INSET_PX}) / {_LETTER_PX})"
    names = base.mark_text(
        clip=True,
        align="left",
        baseline="middle",
        dx=_NAME_INSET_PX,
        dy=LEVEL_PX / 2,
        text=alt.ExprRef(f"{room} < 4 ? '' : {cut_label(room, 'datum.function')}"),
    ).encode(opacity=fade_others(), x=alt.X("shown:Q", axis=None, scale=across), tooltip=alt.TooltipValue(None))
    zoom = (alt.param(name="zoomLeft", value=0), alt.param(name="zoomRight", value=1))
    by_time = alt.param(name="byTime", value=False)
    return finish(rects, names, values=values, params=(*zoom, by_time))
