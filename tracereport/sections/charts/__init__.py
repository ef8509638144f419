"""The page's charts: in words and rows what each shows, and the values that its drawing is filled with."""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

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
    chart_edges,
    chart_caller_calls,
    chart_asked_again,
    chart_cache_curves,
    chart_breakdown,
    chart_tree,
    chart_activity,
)
"""In the order of the page."""


def make_charts(report: Report, label: Labels) -> Iterator[Chart]:
    """The charts that the report has figures for, one by one."""
    for make in CHARTS:
        chart = make(report, label)
        if chart is not None:
            yield chart
