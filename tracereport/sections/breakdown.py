"""What the metrics of each function say about its elapsed time."""

from collections.abc import Sequence

import msgspec

from tracereport.model import Breakdown, MetricSummary, Report, Rows
from tracereport.sections.cells import Cell, Figure, FunctionName, Name, Words
from tracereport.sections.interface import BREAKDOWN, Bars, Column, SectionView, counts, figures, words
from tracereport.wording.phrases import format_count, format_rate
from tracereport.wording.sentences import describe_unaccounted
from tracereport.wording.units import format_exact_time, format_magnitude, format_time

_SAYS_NOTHING = Figure("-")
_NONE = Figure("")


class _Line(msgspec.Struct, frozen=True):
    """A metric of a function, or what its time metrics leave."""

    of: Breakdown
    metric: MetricSummary | None


class PerformanceBreakdown(SectionView[Breakdown]):
    """Each function with its metrics, a line for each."""

    key = "metrics"
    title = "Performance Breakdown"
    chapter = BREAKDOWN
    definition = "breakdown"
    fix = "The largest share says which step to make faster; what is unaccounted needs a metric of its own."

    def rows(self, report: Report) -> Rows[Breakdown]:
        """By time."""
        return report.breakdown

    def expand(self, row: Breakdown) -> Sequence[_Line]:
        """Its metrics, and the time that none of them accounts for."""
        lines = [_Line(row, metric) for metric in row.metrics.rows]
        return [*lines, _Line(row, None)] if row.unaccounted_ns is not None else lines

    def columns(self, report: Report) -> Sequence[Column[_Line]]:
        """The total and its share first."""
        del report
        return (
            words("function", lambda line: FunctionName(line.of.function)),
            words("metric", _name),
            figures("total", _total),
            figures("of elapsed", _share),
            figures("mean or rate", _mean),
            figures("least", lambda line: _NONE if line.metric is None else _figure(line.metric, line.metric.min)),
            figures("most", lambda line: _NONE if line.metric is None else _figure(line.metric, line.metric.max)),
            counts("calls", lambda line: line.of.calls if line.metric is None else line.metric.calls),
        )

    def bars(self, report: Report) -> Bars[_Line] | None:
        """The share of each time metric, and of what none of them accounts for; none without time metrics."""
        if all(row.unaccounted_share is None for row in report.breakdown.rows):
            return None
        return Bars("share of elapsed", (("time metrics", "time"), ("unaccounted", "unproven")), _share_parts, whole=1)

    def functions(self, row: _Line, report: Report) -> Sequence[str]:
        """The function that is measured."""
        del report
        return (row.of.function,)


def _name(line: _Line) -> Cell:
    return Words(describe_unaccounted(line.of)[0]) if line.metric is None else Name(line.metric.name)


def _total(line: _Line) -> Figure:
    if line.metric is None:
        rest_ns = line.of.unaccounted_ns or 0
        return Figure(describe_unaccounted(line.of)[1], format_exact_time(abs(rest_ns)))
    if line.metric.kind == "time":
        return Figure(format_time(line.metric.total), format_exact_time(line.metric.total))
    return _SAYS_NOTHING if line.metric.kind == "identity" else Figure(format_count(line.metric.total))


def _share(line: _Line) -> Figure:
    if line.metric is None:
        return Figure(describe_unaccounted(line.of)[2])
    return Figure(format_rate(line.metric.share_of_elapsed)) if line.metric.kind == "time" else _NONE


def _share_parts(line: _Line) -> Sequence[float]:
    if line.metric is None:
        return (0, max(line.of.unaccounted_share or 0, 0))
    return (line.metric.share_of_elapsed or 0, 0)


def _mean(line: _Line) -> Figure:
    metric = line.metric
    if metric is None:
        return _NONE
    if metric.kind == "identity":
        return _count_distinct(metric)
    if metric.kind == "flag":
        return Figure(format_rate(metric.mean))
    return _figure(metric, metric.min if metric.min == metric.max else metric.mean)


def _count_distinct(metric: MetricSummary) -> Figure:
    if metric.distinct_values is None:
        return _SAYS_NOTHING
    return Figure(f"{'over ' if metric.has_more_values else ''}{format_count(metric.distinct_values)} distinct")


def _figure(metric: MetricSummary, figure: float) -> Figure:
    if metric.kind == "time":
        return Figure(format_time(figure))
    if metric.kind == "identity":
        return _SAYS_NOTHING
    return Figure(format_magnitude(figure))
