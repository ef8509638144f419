"""The one table of colours, type and space, and what is made from it: CSS properties and the charts' Altair theme.

A colour means one thing in every document. The marks start from Okabe and Ito's palette for all kinds of colour vision
(Color Universal Design, 2008); light and dark tone differ so that text reaches a contrast of 4.5 and marks one of 3 on
both grounds (WCAG 2.2, 1.4.3 and 1.4.11).

A chart names its colours as ``var(--name, #light)``: the page's style sheet decides, and where none is allowed (as in
Jenkins' viewer) the light tone stays. So one picture serves both grounds.
"""

from typing import Any, Final

COLOURS: Final = {
    # each by what it means: its tone on a light ground and on a dark one
    "ground": ("#ffffff", "#15181c"),
    "raised": ("#f5f6f8", "#1e2228"),
    "ink": ("#1b1f24", "#e6e9ed"),
    "quiet": ("#59626d", "#a2abb6"),
    "line": ("#dce0e5", "#333a43"),
    "edge": ("#7f8994", "#6f7985"),
    "link": ("#005f99", "#74b9ee"),
    "first": ("#7a92a5", "#6f8799"),
    "unchanged": ("#c74f00", "#e0601a"),
    "unchanged-text": ("#b04a00", "#ff9a5c"),
    "fan-out": ("#8a4fa3", "#b07cc6"),
    "changed": ("#c08500", "#f0a81c"),
    "unproven": ("#868c93", "#868d95"),
    "repeat": ("#4b5661", "#b4bfca"),
    "time": ("#0072b2", "#4ea5dc"),
    "self": ("#003f66", "#a8d6f7"),
    "better": ("#00805c", "#2fbf93"),
    "worse": ("#c74f00", "#e0601a"),
}

HATCH: Final = "url(#hatch)"
"""The fill of an area without evidence; the page defines the pattern once."""

SANS: Final = '-apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif'
MONO: Final = 'ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "Liberation Mono", monospace'
SIZES_PX: Final = (13, 16, 20, 28)
SPACES_PX: Final = (4, 8, 12, 16, 24, 40)

CHART_FONT_PX: Final = SIZES_PX[0]


def colour(name: str) -> str:
    """The colour for a mark of a chart: the page's own, or its light tone where there is no style sheet.

    Raises:
        KeyError: no colour has that name.
    """
    return f"var(--{name}, {COLOURS[name][0]})"


def css_properties() -> str:
    """The table as custom properties of the document, each colour for both grounds."""
    lines = [f"  --{name}: light-dark({light}, {dark});" for name, (light, dark) in COLOURS.items()]
    lines += [f"  --size-{index}: {size / 16:g}rem;" for index, size in enumerate(SIZES_PX, start=1)]
    lines += [f"  --space-{index}: {space}px;" for index, space in enumerate(SPACES_PX, start=1)]
    lines += [f"  --sans: {SANS};", f"  --mono: {MONO};"]
    return ":root {\n" + "\n".join(lines) + "\n}\n"


def altair_theme() -> dict[str, Any]:
    """The charts' theme: no ground of its own, text in the page's ink, hairlines for axes, one size of type."""
    text = {"labelColor": "currentColor", "titleColor": "currentColor"}
    font = {"labelFontSize": CHART_FONT_PX, "titleFontSize": CHART_FONT_PX, "titleFontWeight": "normal"}
    return {
        "config": {
            "aria": False,  # the page gives each chart its alternative; thousands of marks read aloud would bury it
            "background": None,
            "font": SANS,
            "padding": {"left": 0, "top": 2, "right": 12, "bottom": 6},
            "view": {"stroke": None},
            "axis": {
                **text,
                **font,
                "domain": False,
                "ticks": False,
                "gridColor": "currentColor",
                "gridOpacity": 0.14,
                "labelPadding": 6,
                "titlePadding": 10,
                "labelOpacity": 0.8,
                "titleOpacity": 0.8,
            },
            "axisQuantitative": {"tickCount": {"expr": "ceil(width / 90)"}},
            "axisBand": {"grid": False, "labelOpacity": 1},
            "axisX": {"titleLimit": {"expr": "width"}},
            "axisY": {"titleLimit": {"expr": "height"}},
            "text": {"color": "currentColor", "font": SANS, "fontSize": CHART_FONT_PX},
            "rule": {"color": "currentColor"},
        }
    }
