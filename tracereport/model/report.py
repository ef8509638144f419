"""The report, whole."""

from tracereport.model.base import Record, Rows
from tracereport.model.comparison import Comparison, Gate
from tracereport.model.findings import Acceptance, Finding, Timeline, Verdict
from tracereport.model.input import Input, Process, QualityWarning, Totals, Unit
from tracereport.model.sections import (
    ActivityBin,
    AskedAgain,
    Breakdown,
    CacheCurve,
    Caller,
    CallTree,
    Edge,
    FanOut,
    Function,
    RedundantLookup,
    RedundantSignature,
    SequentialDuplicate,
    SharedLookup,
    SlowCalls,
    SlowestCall,
)
from tracereport.model.settings import Configuration, Selection, Settings


class Generator(Record, frozen=True, kw_only=True):
    """The program that made the report."""

    name: str
    version: str


class Report(Record, frozen=True, kw_only=True):
    """One analysis, whole; what every document is made from."""

    schema_version: int
    generator: Generator
    title: str
    label: str | None = None
    """What the run is called beside others, as the commit that it is of; from ``--label``."""
    at_time: str | None = None
    """When the run was made, in ISO 8601; from ``--at``. No clock is asked."""
    settings: Settings
    configuration: Configuration = Configuration()
    """Of the command; its defaults where a report was made from Python or by a version that didn't say."""
    selection: Selection | None
    input: Input | None
    totals: Totals
    processes: Rows[Process]
    units: Rows[Unit]
    quality: Rows[QualityWarning]
    functions: Rows[Function]
    callers: Rows[Caller]
    edges: Rows[Edge]
    slowest_calls: Rows[SlowestCall]
    redundant_signatures: Rows[RedundantSignature]
    redundant_lookups: Rows[RedundantLookup]
    asked_again: Rows[AskedAgain]
    cache_candidates: Rows[RedundantSignature]
    """Here those that are called ``cache_candidate_calls`` times or more: three, unless the settings say otherwise."""
    sequential_duplicates: Rows[SequentialDuplicate]
    shared_lookups: Rows[SharedLookup]
    fanouts: Rows[FanOut]
    breakdown: Rows[Breakdown]
    cache_curves: Rows[CacheCurve]
    call_tree: CallTree | None
    slow_calls: Rows[SlowCalls]
    activity: Rows[ActivityBin]
    verdict: Verdict
    acceptances: Rows[Acceptance]
    findings: Rows[Finding]
    timelines: Rows[Timeline] = Rows()
    """Of the first findings."""
    comparison: Comparison | None = None
    gates: Rows[Gate] | None = None
