"""What a cache of each size would answer, per function."""

from collections.abc import Sequence
from typing import Any, Final

import altair as alt

from tracereport.documents import theme
from tracereport.documents.charts.chart import (
    PERCENT_LABEL,
    Chart,
    ChartColumn,
    Key,
    Row,
    fade_others,
    figure,
    finish,
    name_column,
    records,
    word,
)
from tracereport.documents.labels import Labels
from tracereport.documents.units import format_left_out, format_share
from tracereport.documents.wording import useful_caches
from tracereport.model import CacheCurve, CachePoint, Report
from tracereport.phrases import format_count, format_counted

_HEIGHT_PX: Final = 300
_STYLES: Final = (
    ("time", (1, 0)),
    ("repeat", (6, 3)),
    ("better", (2, 2)),
    ("self", (10, 3, 2, 3)),
    ("first", (12, 4)),
    ("quiet", (4, 4)),
)
"""Tone and dashes of each curve, the best first; so many curves are shown."""


def chart_cache_curves(report: Report, label: Labels) -> Chart | None:
    """Share of a function's calls that a cache answers correctly, by its capacity; None where nothing could hit."""
    useful = useful_caches(report.cache_curves)
    hitting = [curve for curve in useful.rows if curve.points.rows]
    shown = sorted(hitting, key=lambda curve: (-curve.possible_hits, curve.function))[: len(_STYLES)]
    if not shown:
        return None
    points = [_point(curve, point, label, is_best=curve is shown[0]) for curve in shown for point in curve.points.rows]
    best = shown[0]
    return Chart(
        name="cache-curves",
        title=_title(best, label),
        alternative="Lines that rise with the capacity of a cache: how many of each function's calls it would answer. "
        "Larger points stand where 50, 80 and 95 % of all possible hits are reached.",
        altair=_draw(points, [label(curve.function) for curve in shown]),
        columns=(
            name_column("function"),
            ChartColumn("entries"),
            ChartColumn("calls answered"),
            ChartColumn("of its calls"),
        ),
        rows=tuple(
            (point["function"], format_count(point["entries"]), format_count(point["hits"]), point["share_text"])
            for point in points
        ),
        legend=tuple(
            Key(label(curve.function), theme.colour(tone), dash=" ".join(map(str, dash)))
            for curve, (tone, dash) in zip(shown, _STYLES[: len(shown)], strict=True)
        ),
        left_out=format_left_out(len(shown), useful.total),
    )


def _title(best: CacheCurve, label: Labels) -> str:
    if best.capacity_for_80 is None:
        return f"{label(best.function)}: a cache would answer at most {format_counted(best.possible_hits, 'call')}"
    entries = format_counted(best.capacity_for_80, "entry", "entries")
    return f"{label(best.function)}: a cache of {entries} reaches 80 % of all possible hits"


def _point(curve: CacheCurve, point: CachePoint, label: Labels, *, is_best: bool) -> Row:
    hits = point.hits - point.stale_hits
    marks = {curve.capacity_for_50: "50 %", curve.capacity_for_80: "80 %", curve.capacity_for_95: "95 %"}
    return {
        "function": label(curve.function),
        "entries": point.capacity,
        "hits": hits,
        "share": hits / curve.calls,
        "share_text": format_share(hits, curve.calls),
        "is_best": is_best,
        "reached": marks.get(point.capacity, ""),
        "read": f"{format_counted(point.capacity, 'entry', 'entries')}: {format_share(hits, curve.calls)}",
    }


def _draw(points: Sequence[Row], functions: Sequence[str]) -> Any:  # noqa: ANN401
    styles = _STYLES[: len(functions)]
    domain = list(functions)
    most_entries = max(2, *(point["entries"] for point in points))
    base = alt.Chart(records("points")).encode(
        x=alt.X(
            "entries:Q",
            title="capacity of the cache, entries per process",
            scale=alt.Scale(type="log", base=2, nice=False, domain=[1, most_entries]),
            axis=alt.Axis(format="~s"),
        ),
        y=alt.Y(
            "share:Q",
            title="share of its calls answered",
            axis=alt.Axis(labelExpr=PERCENT_LABEL),
            scale=alt.Scale(domain=[0, 1.12 * max(point["share"] for point in points)], nice=False),
        ),
    )
    coloured = base.encode(
        color=alt.Color(
            "function:N",
            scale=alt.Scale(domain=domain, range=[theme.colour(tone) for tone, _ in styles]),
            legend=None,
        ),
        opacity=fade_others(),
    )
    lines = coloured.mark_line(strokeWidth=2).encode(
        strokeDash=alt.StrokeDash(
            "function:N", scale=alt.Scale(domain=domain, range=[list(dashes) for _, dashes in styles]), legend=None
        )
    )
    points_seen = coloured.mark_point(filled=True, size=24).encode(
        tooltip=[
            word("function"),
            figure("entries"),
            figure("hits", "calls answered"),
            word("share_text", "of its calls"),
            word("reached", "of all possible hits"),
        ]
    )
    marked = coloured.transform_filter("datum.reached !== ''")
    marks = marked.mark_point(filled=True, size=70)
    is_named = "chosen ? datum.function === chosen : datum.is_best"
    names = (
        marked.transform_filter(is_named)
        .mark_text(dy=-11)
        .encode(text=alt.Text("reached:N"), color=alt.ColorValue("currentColor"))
    )
    # The nearest points are found by areas that lie over everything, so they carry no tooltip: the text says it.
    pointer = alt.selection_point(
        nearest=True, on="pointerover", clear="pointerout", fields=["entries"], empty=False, name="pointer"
    )
    nearest = base.mark_point(opacity=0, tooltip=None).add_params(pointer)
    rule = base.mark_rule(strokeDash=[3, 3], opacity=0.6).transform_filter(pointer)
    is_right = f"datum.entries > {most_entries**0.7}"
    read = (
        base.mark_text(
            align=alt.ExprRef(f"{is_right} ? 'right' : 'left'"), dx=alt.ExprRef(f"{is_right} ? -8 : 8"), dy=12
        )
        .encode(text=alt.Text("read:N"), opacity=fade_others())
        .transform_filter(pointer)
    )
    return finish(rule, lines, points_seen, marks, names, nearest, read, height=_HEIGHT_PX, points=points)
