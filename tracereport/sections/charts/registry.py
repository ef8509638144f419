"""All charts, in the order of the page."""

from collections.abc import Callable, Iterable, Iterator, Mapping
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

ChartMaker: TypeAlias = Callable[[Report, Labels], Chart | None]

CHARTS: Final[Mapping[str, ChartMaker]] = {
    "comparison": chart_comparison,
    "function-calls": chart_function_calls,
    "function-times": chart_function_times,
    "latencies": chart_latencies,
    "edges": chart_edges,
    "caller-calls": chart_caller_calls,
    "asked-again": chart_asked_again,
    "cache": chart_cache_curves,
    "breakdown": chart_breakdown,
    "tree": chart_tree,
    "activity": chart_activity,
}
"""By name, in the order of the page. It shows those that its sections name; in others its tables have bars."""


def make_charts(report: Report, label: Labels, names: Iterable[str] = CHARTS) -> Iterator[Chart]:
    """The charts of these names that the report has figures for, one by one, in the order of the page."""
    wanted = set(names)
    for name, make in CHARTS.items():
        chart = make(report, label) if name in wanted else None
        if chart is not None:
            yield chart
