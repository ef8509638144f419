"""The rows of the sections: functions, callers, repeats, fan-outs, caches, trees, slow calls."""

from typing import Literal

from tracereport.model.base import Confidence, EvidenceGrade, Record, Rows
from tracereport.model.input import CallReference, Metric, Param


class HistogramBin(Record, frozen=True, kw_only=True):
    """Calls whose elapsed time is at least ``lower_ns`` and below the next bin's."""

    lower_ns: int
    calls: int


class Function(Record, frozen=True, kw_only=True):
    """All calls of one function. Percentiles are nearest rank on the recorded times."""

    function: str
    calls: int
    lookups: int
    first_calls: int
    """See ``Totals``; so for ``fan_out_calls``."""
    fan_out_calls: int
    redundant_calls: int
    again_calls: int
    shared_calls: int
    unchanged: int
    changed: int
    unproven: int
    total_elapsed_ns: int
    total_elapsed_upper_ns: int
    self_ns: int | None
    """Of the processes with a nested or given tree.

    Null without one, and where calls inside of a call ran side by side and nothing tells how long.
    """
    self_upper_ns: int | None
    """Null where ``self_ns`` is."""
    mean_elapsed_ns: float
    p50_elapsed_ns: int
    p90_elapsed_ns: int
    p99_elapsed_ns: int
    max_elapsed_ns: int
    percentiles_exact: bool
    """False where there were too many distinct times: then percentiles are within 0.1 %."""
    resolution_ns: int
    """The coarsest resolution among its calls."""
    evidence_metrics: tuple[str, ...]
    evidence_grade: EvidenceGrade
    """What equal answers prove."""
    histogram: Rows[HistogramBin]
    """Powers of two from the resolution on; the first bin starts at 0."""
    judged_calls: int
    judged_questions: int


class Caller(Record, frozen=True, kw_only=True):
    """All calls that one caller made. Who came first decides on repeats here: shown, not compared."""

    caller: str | None
    calls: int
    first_calls: int
    """See ``Totals``; so for ``fan_out_calls``."""
    fan_out_calls: int
    again_calls: int
    repeats: int
    unchanged: int
    changed: int
    unproven: int
    total_elapsed_ns: int
    total_elapsed_upper_ns: int
    judged_calls: int


class Edge(Record, frozen=True, kw_only=True):
    """All calls of one function by one caller."""

    caller: str | None
    function: str
    calls: int
    again_calls: int
    total_elapsed_ns: int
    total_elapsed_upper_ns: int


class SlowestCall(Record, frozen=True, kw_only=True):
    """One of the calls with the longest elapsed time: a call reference and what it asked."""

    process: int
    number: int
    line: int
    file: str
    process_name: str
    function: str
    caller: str | None
    params: tuple[Param, ...]
    elapsed_ns: int
    elapsed_upper_ns: int
    metrics: tuple[Metric, ...]


class CallerShare(Record, frozen=True, kw_only=True):
    """One caller's part of a lookup."""

    caller: str | None
    calls: int
    call_references: Rows[CallReference]


class RedundantSignature(Record, frozen=True, kw_only=True):
    """A signature called twice or more in one unit of work."""

    signature: str
    function: str
    caller: str | None
    params: tuple[Param, ...]
    calls: int
    units: int
    """Units of work that call it twice or more (or as often as the list asks for)."""
    processes: int
    elapsed_ns: int
    elapsed_upper_ns: int
    unchanged: int
    changed: int
    unproven: int
    call_references: Rows[CallReference]


class RedundantLookup(Record, frozen=True, kw_only=True):
    """A lookup asked twice or more in one unit of work, by whomever."""

    function: str
    params: tuple[Param, ...]
    calls: int
    units: int
    """Units of work that call it twice or more (or as often as the list asks for)."""
    processes: int
    elapsed_ns: int
    elapsed_upper_ns: int
    unchanged: int
    changed: int
    unproven: int
    callers: Rows[CallerShare]
    call_references: Rows[CallReference]


class AskedAgain(Record, frozen=True, kw_only=True):
    """Repeats of ``caller`` whose lookup ``previous_caller`` had asked for just before."""

    previous_caller: str | None
    caller: str | None
    function: str
    repeats: int
    again_calls: int = 0
    """Those whose caller had asked before."""
    shared_calls: int = 0
    """The others."""
    own_calls: int = 0
    """Of the unchanged ones: the caller's own kept answer would have served."""
    handed_on_calls: int = 0
    """Of the unchanged ones: the caller's own answer was stale, the previous asker's would have served."""
    unchanged: int
    changed: int
    unproven: int
    elapsed_ns: int
    elapsed_upper_ns: int


class SequentialDuplicate(Record, frozen=True, kw_only=True):
    """A lookup whose calls directly follow one another in one unit of work."""

    function: str
    params: tuple[Param, ...]
    callers: Rows[str | None]
    process: int
    unit: str | None = None
    """The test (and try); null where the unit is the process. So below."""
    runs: Rows[Rows[CallReference]]
    calls: int


class AdjacentPair(Record, frozen=True, kw_only=True):
    """Different callers that asked for the same lookup one directly after the other."""

    previous_caller: str | None
    caller: str | None
    pairs: int


class SharedLookup(Record, frozen=True, kw_only=True):
    """A lookup that two or more callers asked for in one unit of work."""

    process: int
    unit: str | None = None
    function: str
    params: tuple[Param, ...]
    calls: int
    callers: Rows[CallerShare]
    adjacent_pairs: Rows[AdjacentPair]


class FanOut(Record, frozen=True, kw_only=True):
    """Calls of one shape in one scope that one batch could replace.

    They differ in one parameter (or several that vary one to one), their values weren't recorded, or they write.
    """

    function: str
    caller: str | None
    param_names: tuple[str, ...]
    writes: bool = False
    fixed_params: tuple[Param, ...]
    varying_params: tuple[str, ...]
    distinct_values: int
    calls: int
    avoidable_calls: int
    parent: CallReference | None
    parent_function: str | None
    process: int
    unit: str | None = None
    elapsed_ns: int
    elapsed_upper_ns: int
    confidence: Confidence
    call_references: Rows[CallReference]


class MetricSummary(Record, frozen=True, kw_only=True):
    """One metric of one function. ``total`` is in ns for a time; ``mean`` of a flag is its rate.

    An identity is a digest, an id or a version: its sum and mean say nothing, only how many there are.
    """

    name: str
    kind: Literal["time", "flag", "count", "identity"]
    calls: int
    total: int
    mean: float
    min: int
    max: int
    share_of_elapsed: float | None
    distinct_values: int | None = None
    """Of an identity, in judged questions; null where none of them has it."""
    has_more_values: bool = False
    """There are more than these."""


class Breakdown(Record, frozen=True, kw_only=True):
    """What the time metrics of one function say about its elapsed time."""

    function: str
    calls: int
    total_elapsed_ns: int
    metrics: Rows[MetricSummary]
    unaccounted_ns: int | None
    """Elapsed minus all time metrics; negative where they add up to more; null without time metrics."""
    unaccounted_share: float | None = None
    """Of the elapsed time; null without any."""


class CachePoint(Record, frozen=True, kw_only=True):
    """What an LRU cache of ``capacity`` entries would have answered."""

    capacity: int
    hits: int
    stale_hits: int
    saved_ns: int


class CacheCurve(Record, frozen=True, kw_only=True):
    """Hits of one LRU cache per process for the lookups of one function, by its capacity."""

    function: str
    calls: int
    possible_hits: int
    points: Rows[CachePoint]
    capacity_for_50: int | None
    capacity_for_80: int | None
    capacity_for_95: int | None


class TreePath(Record, frozen=True, kw_only=True):
    """All calls with the same chain of functions above them."""

    path: tuple[str, ...]
    calls: int
    total_ns: int
    self_ns: int | None
    """Null where calls inside of a call ran side by side and nothing tells how long."""
    redundant_calls: int
    first_calls: int = 0
    """See ``Totals``; so for ``fan_out_calls``."""
    fan_out_calls: int = 0
    unchanged: int = 0
    changed: int = 0
    unproven: int = 0
    total_upper_ns: int | None = None
    self_upper_ns: int | None = None


class CallTree(Record, frozen=True, kw_only=True):
    """Merged paths of the processes whose tree is known."""

    processes: int
    calls: int
    paths: Rows[TreePath]
    deepest: Rows[TreePath]


class SlowCalls(Record, frozen=True, kw_only=True):
    """Calls far out of their own function's distribution, by the named rule."""

    function: str
    caller: str | None
    rule: str
    limit_ns: int
    calls: int
    elapsed_ns: int
    worst: Rows[CallReference]
    elapsed_upper_ns: int


class ActivityBin(Record, frozen=True, kw_only=True):
    """First calls and repeats in a range of call numbers of one process."""

    process: int
    first_number: int
    last_number: int
    first_calls: int
    repeats: int
