"""The page's charts: Altair objects, their static pictures, and in words and rows what they show.

Importing this package imports Altair; so the page imports it when it is written.
"""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from altair.utils.schemapi import debug_mode

from tracereport.model import Report
from tracereport.sections.charts.activity import chart_activity
from tracereport.sections.charts.cache import chart_cache_curves
from tracereport.sections.charts.chart import Chart
from tracereport.sections.charts.comparison import chart_comparison
from tracereport.sections.charts.matrices import chart_asked_again, chart_edges
from tracereport.sections.charts.repeats import chart_caller_calls, chart_function_calls
from tracereport.sections.charts.times import chart_breakdown, chart_function_times, chart_latencies
from tracereport.sections.charts.tree import chart_tree
from tracereport.wording.labels import Labels

__all__ = ["CHARTS", "Chart", "make_charts"]

ChartMaker: TypeAlias = Callable[[Report, Labels], Chart | None]

CHARTS: Final[tuple[ChartMaker, ...]] = (
    chart_comparison,
    chart_function_calls,
    chart_function_times,
    chart_latencies,
    chart_caller_calls,
    chart_edges,
    chart_asked_again,
    chart_cache_curves,
    chart_breakdown,
    chart_tree,
    chart_activity,
)
"""In the order of the page."""


def make_charts(report: Report, label: Labels) -> Iterator[Chart]:
    """The charts that the report has figures for, one by one.

    Altair checks every object against its schema as it is built, which takes ten times as long as building it. The
    tests do that for every chart; here it is switched off.
    """
    for make in CHARTS:
        with debug_mode(False):  # noqa: FBT003 - Altair's own signature
            chart = make(report, label)
        if chart is not None:
            yield chart
