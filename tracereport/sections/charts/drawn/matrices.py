"""Matrices whose cells carry their figure: who calls whom, and who asks again after whom."""

from typing import Any, Final

import altair as alt

from tracereport.sections import theme
from tracereport.sections.charts.drawn.kit import (
    CHOOSING,
    GROUND,
    LETTER_PX,
    Values,
    cut_label,
    fade_others,
    figure,
    finish,
    name_axis,
    records,
    row_areas,
    word,
)

_MOST_COLUMN_LETTERS: Final = 24
_FITTING_FONT: Final = f"bandwidth('x') < 28 ? 0 : {theme.CHART_FONT_PX}"
"""No figures where cells are narrower than those; the tooltip and the table still have them."""
_STEEP_PX: Final = 24
"""Width of a column below which names at 45 degrees would touch each other."""


def draw_edges(values: Values) -> Any:  # noqa: ANN401 - Altair's
    """Calls by caller and function."""
    tooltip = [
        word("caller"),
        word("function"),
        figure("calls"),
        figure("again", "asked again by it"),
        word("time", "total time"),
    ]
    return _draw_matrix(
        values,
        rows=("caller", "caller"),
        columns=("function", "function called"),
        count="calls",
        fill="repeat",
        tooltip=tooltip,
    )


def draw_asked_again(values: Values) -> Any:  # noqa: ANN401 - Altair's
    """Unchanged repeats by who asked before and who asks again."""
    tooltip = [word("previous", "asked before"), word("caller", "asks again"), figure("unchanged", "unchanged repeats")]
    return _draw_matrix(
        values,
        rows=("previous", "asked before"),
        columns=("caller", "asks again"),
        count="unchanged",
        fill="unchanged",
        tooltip=tooltip,
    )


def _draw_matrix(
    values: Values, *, rows: tuple[str, str], columns: tuple[str, str], count: str, fill: str, tooltip: list[Any]
) -> Any:  # noqa: ANN401 - Altair's
    """Cells with their figure; ``rows`` and ``columns`` are field and title.

    Cells of several functions are added up by the chart itself, over the chosen function where there is one.
    """
    (row_field, row_title), (column_field, column_title) = rows, columns
    fits = f"bandwidth('x') >= {LETTER_PX} * longestColumn"
    is_steep = f"bandwidth('x') < {_STEEP_PX}"
    letters = f"min(letters, {_MOST_COLUMN_LETTERS})"
    slant_px = f"{LETTER_PX} * min({letters}, longestColumn) * ({is_steep} ? 1 : 0.72) + 10"
    names = name_axis(values, row_field, row_title)
    keys = list(dict.fromkeys((row_field, column_field, "function")))
    base = alt.Chart(records("cells")).encode(
        y=names,
        x=alt.X(
            f"{column_field}:N",
            title=column_title,
            sort=None,
            scale=alt.Scale(domain=values["columns"]),
            axis=alt.Axis(
                orient="top",
                labelAngle=alt.ExprRef(f"({fits} ? 0 : {is_steep} ? -90 : 45)"),  # to the left, where there is room
                labelAlign=alt.ExprRef(f"({fits} ? 'center' : {is_steep} ? 'left' : 'right')"),
                labelBaseline=alt.ExprRef(f"({fits} ? 'bottom' : 'middle')"),
                labelExpr=cut_label(letters),
                labelLimit=0,
                minExtent=alt.ExprRef(f"{fits} ? 0 : {slant_px}"),
            ),
        ),
    )
    if "function" not in (row_field, column_field):
        keys.remove("function")
        base = base.transform_filter("!chosen || datum.function === chosen").transform_aggregate(
            **{count: f"sum({count})"}, groupby=keys
        )
    cursor = CHOOSING if "function" in keys else "default"
    opacity = fade_others() if "function" in keys else alt.OpacityValue(1)
    shade = base.mark_rect(fill=theme.colour(fill), stroke=GROUND, strokeWidth=2, cursor=cursor).encode(
        fillOpacity=alt.FillOpacity(
            f"{count}:Q", legend=None, scale=alt.Scale(type="sqrt", domain=[0, values["most"]], range=[0.08, 0.6])
        ),
        opacity=opacity,
        tooltip=tooltip,
    )
    figures = base.mark_text(fontSize=alt.ExprRef(_FITTING_FONT)).encode(
        text=alt.Text(f"{count}:Q", format=","), opacity=opacity
    )
    return finish(row_areas(names, row_field), shade, figures, values=values, given=["longest", "longestColumn"])
