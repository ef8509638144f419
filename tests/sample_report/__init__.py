"""Reports made by hand, for the tests of documents: a real suite's figures, every section filled, some of it hostile.

The figures are those of 7,050 calls of twelve traced functions in one process. Three callers, a function and a few
values are planted to hurt: they hold HTML, Markdown, mentions, control and bidirectional characters.
"""

from tests.sample_report.findings import FINDINGS, VERDICT
from tests.sample_report.functions import CALLERS, EDGES, FUNCTIONS
from tests.sample_report.lookups import (
    ASKED_AGAIN,
    FANOUTS,
    REDUNDANT_LOOKUPS,
    SEQUENTIAL_DUPLICATES,
    SHARED_LOOKUPS,
    SIGNATURES,
)
from tests.sample_report.names import rows
from tests.sample_report.run import ACCEPTANCES, INPUT, PROCESSES, QUALITY, TIMELINES, TOTALS, UNITS
from tests.sample_report.times import ACTIVITY, BREAKDOWN, CACHE_CURVES, CALL_TREE, SLOW_CALLS, SLOWEST_CALLS
from tracereport.model import Generator, Report, Settings


def sample_report() -> Report:
    """A report with every section filled and no comparison, in which many rows are left out."""
    return Report(
        schema_version=1,
        generator=Generator(name="tracereport", version="0.1.0"),
        title="duckpond-deep-single-thread",
        settings=Settings(),
        selection=None,
        units=UNITS,
        input=INPUT,
        totals=TOTALS,
        processes=PROCESSES,
        quality=QUALITY,
        functions=rows(*FUNCTIONS),
        callers=rows(*CALLERS, total=14),
        edges=rows(*EDGES, total=22),
        slowest_calls=SLOWEST_CALLS,
        redundant_signatures=rows(*SIGNATURES, total=856),
        redundant_lookups=REDUNDANT_LOOKUPS,
        asked_again=ASKED_AGAIN,
        cache_candidates=rows(*SIGNATURES[:5], total=402),
        sequential_duplicates=SEQUENTIAL_DUPLICATES,
        shared_lookups=SHARED_LOOKUPS,
        fanouts=FANOUTS,
        breakdown=BREAKDOWN,
        cache_curves=CACHE_CURVES,
        call_tree=CALL_TREE,
        slow_calls=SLOW_CALLS,
        activity=ACTIVITY,
        verdict=VERDICT,
        acceptances=ACCEPTANCES,
        findings=rows(*FINDINGS, total=23),
        timelines=TIMELINES,
    )
