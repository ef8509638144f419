"""The charts' drawings, written in Altair: a function for each, of the values that it is filled with.

Importing this package imports Altair: the command that keeps the templates does, and ``tracereport.chart``.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from altair.utils.schemapi import debug_mode

from tracereport.sections import theme
from tracereport.sections.charts.chart import Chart
from tracereport.sections.charts.drawn.activity import draw_activity
from tracereport.sections.charts.drawn.cache import draw_cache
from tracereport.sections.charts.drawn.comparison import draw_comparison
from tracereport.sections.charts.drawn.history import draw_history
from tracereport.sections.charts.drawn.kit import Placeholders, Values
from tracereport.sections.charts.drawn.matrices import draw_asked_again, draw_edges
from tracereport.sections.charts.drawn.repeats import draw_caller_calls, draw_function_calls
from tracereport.sections.charts.drawn.times import draw_breakdown, draw_function_times, draw_latencies
from tracereport.sections.charts.drawn.tree import draw_tree

DRAWINGS: Final[Mapping[str, Callable[[Values], Any]]] = {
    "activity": draw_activity,
    "asked-again": draw_asked_again,
    "breakdown": draw_breakdown,
    "cache": draw_cache,
    "caller-calls": draw_caller_calls,
    "comparison": draw_comparison,
    "edges": draw_edges,
    "function-calls": draw_function_calls,
    "function-times": draw_function_times,
    "latencies": draw_latencies,
    "tree": draw_tree,
}
"""By the name of the chart."""

OF_HISTORIES: Final[Mapping[str, Callable[[Values], Any]]] = {"history": draw_history}
"""What the charts of a history share."""


def make_template(name: str) -> dict[str, Any]:
    """What Altair makes of a drawing, with placeholders for its values; data and theme come with the report."""
    with debug_mode(False):  # noqa: FBT003 - Altair's own signature; a placeholder is no value that it would take
        specification: dict[str, Any] = {**DRAWINGS, **OF_HISTORIES}[name](Placeholders()).to_dict(validate=False)
    specification.pop("config", None)
    specification.pop("$schema", None)
    return specification


def draw(chart: Chart) -> Any:  # noqa: ANN401 - Altair's
    """The Altair object of a chart, with its rows and the theme."""
    drawn = DRAWINGS[chart.name](chart.values)
    drawn.datasets = {name: list(rows) for name, rows in chart.datasets.items()}
    drawn.config = {key: value for key, value in theme.altair_theme()["config"].items() if value is not None}
    return drawn
