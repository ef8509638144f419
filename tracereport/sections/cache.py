"""How large a cache of each function must be."""

from collections.abc import Sequence

from tracereport.model import CacheCurve, Report, Rows
from tracereport.sections.cells import Figure, FunctionName
from tracereport.sections.interface import CACHE, Column, SectionView, counts, figures, words
from tracereport.wording.phrases import format_count
from tracereport.wording.sentences import useful_caches


class CacheSizes(SectionView[CacheCurve]):
    """The entries with which a cache reaches a share of its possible hits."""

    key = "cache-sizes"
    title = "Cache Size"
    chapter = CACHE
    definition = "cache"
    fix = "Give a cache as many entries as it needs for 80 or 95 % of the possible hits; more of them save little."
    charts = ("cache",)

    def rows(self, report: Report) -> Rows[CacheCurve]:
        """Those that a cache could answer for at all."""
        return useful_caches(report.cache_curves)

    def columns(self, report: Report) -> Sequence[Column[CacheCurve]]:
        """What it could answer at most, then what part of that takes how much."""
        del report
        return (
            counts("calls", lambda row: row.calls, "calls"),
            words("function", lambda row: FunctionName(row.function)),
            counts("hits possible", lambda row: row.possible_hits, "cache"),
            figures("for 50 %", lambda row: _capacity(row.capacity_for_50)),
            figures("for 80 %", lambda row: _capacity(row.capacity_for_80)),
            figures("for 95 %", lambda row: _capacity(row.capacity_for_95)),
        )

    def functions(self, row: CacheCurve, report: Report) -> Sequence[str]:
        """The function whose answers it keeps."""
        del report
        return (row.function,)


def _capacity(entries: int | None) -> Figure:
    return Figure("-" if entries is None else format_count(entries))
