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
    scale_of,
    word,
)
from tracereport.sections.charts.tree import ALL_KINDS, COUNT_FIELDS, LEVEL_PX, STRIP

SOUGHT: Final = "sought && indexof(lower(datum.function), sought) >= 0"
_LETTER_PX: Final = 7.6
_NAME_INSET_PX: Final = 7


def draw_tree(values: Values) -> Any:  # noqa: ANN401 - Altair's
    """Boxes below their callers, as wide as the calls in them; a box can take the whole width."""
    across = alt.Scale(domainMin=alt.ExprRef("zoomLeft"), domainMax=alt.ExprRef("zoomRight"), nice=False, zero=False)
    down = alt.Scale(domain=[0, values["depth"]], reverse=True, nice=False)
    base = _placed("rows").encode(
        x=alt.X("start:Q", axis=None, scale=across),
        y=alt.Y("level:Q", axis=None, scale=down),
        opacity=fade_others(),
        tooltip=[
            word("path"),
            figure("calls"),
            *(figure(field, kind) for (kind, _), field in zip(ALL_KINDS, COUNT_FIELDS, strict=True)),
            word("total", "total time"),
            word("own", "self time"),
        ],
    )
    boxes = base.mark_rect(clip=True, strokeWidth=2, fill=theme.colour("first"), fillOpacity=0.25).encode(
        x2=alt.X2("end"), y2=alt.Y2("below"), stroke=alt.StrokeValue(GROUND)
    )
    areas = base.mark_rect(clip=True, strokeWidth=2, fill="transparent", cursor="zoom-in").encode(
        x2=alt.X2("end"),
        y2=alt.Y2("below"),
        stroke=alt.StrokeValue("transparent", condition={"test": SOUGHT, "value": theme.colour("ink")}),
    )
    strips = (
        _placed("strips")
        .mark_rect(clip=True, stroke=GROUND, strokeWidth=1)
        .encode(
            x=alt.X("start:Q", axis=None, scale=across),
            x2=alt.X2("end"),
            y=alt.Y("top:Q", axis=None, scale=down),
            y2=alt.Y2("below"),
            fill=alt.Fill("kind:N", scale=scale_of(values), legend=None),
            opacity=fade_others(),
            tooltip=alt.TooltipValue(None),
        )
    )
    room = f"floor((datum.seen / (zoomRight - zoomLeft) * width - {2 * _NAME_INSET_PX}) / {_LETTER_PX})"
    names = base.mark_text(
        clip=True,
        align="left",
        baseline="middle",
        dx=_NAME_INSET_PX,
        dy=LEVEL_PX * (1 - STRIP) / 2,
        text=alt.ExprRef(f"{room} < 4 ? '' : {cut_label(room, 'datum.function')}"),
    ).encode(opacity=fade_others(), x=alt.X("shown:Q", axis=None, scale=across), tooltip=alt.TooltipValue(None))
    zoom = (alt.param(name="zoomLeft", value=0), alt.param(name="zoomRight", value=1))
    by_time = alt.param(name="byTime", value=False)
    sought = alt.param(name="sought", value="")
    return finish(boxes, strips, names, areas, values=values, params=(*zoom, by_time, sought))


def _placed(rows: str) -> Any:  # noqa: ANN401 - Altair's
    """Boxes, or parts of them, where they stand by calls or by time, without those out of sight."""
    return (
        alt.Chart(records(rows))
        .transform_calculate(
            start="byTime ? datum.leftInTime : datum.left",
            end="byTime ? datum.rightInTime : datum.right",
        )
        .transform_calculate(
            below="datum.level + 1",
            top=f"datum.level + {1 - STRIP}",
            shown="max(datum.start, zoomLeft)",
            seen="min(datum.end, zoomRight) - max(datum.start, zoomLeft)",
        )
        .transform_filter("datum.end > zoomLeft && datum.start < zoomRight && datum.end > datum.start")
    )
