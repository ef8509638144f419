"""The report as data: frozen, typed records that go to JSON and back without loss.

This room knows nothing else. Times are integers in nanoseconds: ``*_ns`` as recorded, ``*_upper_ns`` with the
resolution of every summand added, so that the true time lies in ``[x_ns, x_upper_ns)``. Rates run from 0 to 1; what
is missing is null.

Every list is a ``Rows``: how many there are, and the first of them in a total order, so that a document can say what it
left out. Readers ignore keys that they don't know; renaming or removing one raises ``SCHEMA_VERSION``.
"""

from types import MappingProxyType
from typing import Annotated, Generic, Literal, TypeVar

import msgspec

SCHEMA_VERSION = 1

Row = TypeVar("Row")

FindingKind = Literal["again", "shared", "fan-out", "slow"]
EvidenceGrade = Literal["content", "version-like", "weak", "constant", "none"]
Confidence = Literal["sure", "likely", "low"]
TreeKind = Literal["flat", "nested", "given", "unknown"]

UNKNOWN_CALLER = "unknown"
"""What an emitter writes for a caller that it can't tell; no function's name."""

REDACTED = "redacted:"
"""What a value, or a name, begins with that was put in another's place."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What every record of the report has in common: it is immutable, and its fields are given by name.

    Both are said again by each record: ``kw_only`` holds for a class's own fields alone, and mypy wants ``frozen``.
    """


class Rows(msgspec.Struct, Generic[Row], frozen=True):
    """The first rows of a list, and how many there are of them in all."""

    total: int = 0
    rows: tuple[Row, ...] = ()


class Settings(Record, frozen=True, kw_only=True):
    """The thresholds and options in force; their defaults are the definitions of the measures."""

    cache_candidate_calls: Annotated[int, msgspec.Meta(ge=2)] = 3
    """Calls of one signature in one process from which on it is a cache candidate."""
    fan_out_values: Annotated[int, msgspec.Meta(ge=2)] = 5
    """Distinct values of the varying parameter from which on a group is a fan-out."""
    slow_minimum_calls: Annotated[int, msgspec.Meta(ge=1)] = 20
    """Calls of a function below which none of them is called slow."""
    slow_minimum_ns: Annotated[int, msgspec.Meta(ge=0)] = 10_000_000
    """Elapsed time up to which no call is called slow."""
    ignore_metrics: tuple[str, ...] = ()
    """Metrics that are no result: they take no part in the evidence of a repeat."""
    top: Annotated[int, msgspec.Meta(ge=1)] = 10
    """Rows of each list that the text, Markdown and HTML documents show."""


class Configuration(Record, frozen=True, kw_only=True):
    """The options in force beside settings and selection; those of the command line and of the file alike.

    What only says where documents go isn't among them: the same input and options give the same bytes anywhere.
    """

    fail_on: tuple[str, ...] = ()
    today: str | None = None
    redact: tuple[str, ...] = ()
    redact_key: bool = False
    """Whether a key of one's own was given for the hashes."""
    marker: str | None = None
    markdown_limit: int | None = None
    """Bytes; null where no command said it."""
    location: str | None = None


class Selection(Record, frozen=True, kw_only=True):
    """What the documents are narrowed to; it never changes what is measured."""

    functions: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()
    processes: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    calls: tuple[int, ...] = ()


OPTION_OF_FIELD = MappingProxyType(
    {
        "functions": "function",
        "callers": "caller",
        "processes": "process",
        "tests": "test",
        "params": "param",
        "calls": "call",
        "ignore_metrics": "ignore-metric",
        "source": "from",
    }
)
"""What the user calls a field that holds many values, or whose name is a word of Python's: the option for it."""


def option_of_field(field: str) -> str:
    """What the user calls a field of ``Selection`` or ``Settings``: the option, or the key of the configuration."""
    return OPTION_OF_FIELD.get(field, field.replace("_", "-"))


class Param(Record, frozen=True, kw_only=True):
    """A parameter as logged."""

    name: str
    value: str


class Metric(Record, frozen=True, kw_only=True):
    """A metric as logged."""

    name: str
    value: int


class CallReference(Record, frozen=True, kw_only=True):
    """Where a call stands: its process, its number there, and the line of its file."""

    process: int
    number: int
    line: int


class MalformedLine(Record, frozen=True, kw_only=True):
    """A line that holds the mark and is no record."""

    file: str
    line: int
    reason: str
    text: str
    """The first 200 bytes."""


class Input(Record, frozen=True, kw_only=True):
    """What was read. ``lines = records + continuation_lines + malformed_lines + other_lines``, always."""

    files: tuple[str, ...]
    lines: int
    records: int
    continuation_lines: int
    malformed_lines: int
    other_lines: int
    malformed: Rows[MalformedLine]
    errors: tuple[str, ...] = ()
    """Why an input could not be read to its end."""
    partial: bool = False
    """A table of calls that was written under a selection."""


class Totals(Record, frozen=True, kw_only=True):
    """The headline figures, over all calls; repeats are of the judged ones."""

    calls: int
    judged_calls: int
    """In units of work that are judged."""
    questions: int
    judged_questions: int
    """Judged calls that ask something with known values and didn't fail: they alone can ask again."""
    writes: int
    frames: int
    """Places in the program: requests, tests, templates."""
    processes: int
    units: int
    """Units of work that are judged: tests, else processes."""
    functions: int
    lookups: int
    redundant_calls: int
    redundant_rate: float | None
    """Of the judged questions."""
    again_calls: int
    shared_calls: int
    unchanged_repeats: int
    changed_repeats: int
    unproven_repeats: int
    may_have_changed_repeats: int
    """Those of the unproven ones with a write to the same resource before them."""
    own_calls: int
    """Unchanged repeats that their caller's own kept answer would have served."""
    handed_on_calls: int
    """Unchanged repeats whose caller's own answer was stale: another asker's would have served."""
    across_units_repeats: int
    """Questions that another unit of the process has asked, but not their own: a matter for a cache."""
    across_units_lookups: int
    unfinished_calls: int
    elapsed_ns: int | None
    """Of the roots; null if the tree of any process is unknown."""
    elapsed_upper_ns: int | None
    saving_ns: int
    saving_upper_ns: int
    possible_saving_ns: int
    possible_saving_upper_ns: int


class ProcessEdge(Record, frozen=True, kw_only=True):
    """Calls of one edge in one process."""

    caller: str | None
    function: str
    calls: int
    again_calls: int


class ProcessFinding(Record, frozen=True, kw_only=True):
    """What one process adds to a finding."""

    fingerprint: str
    repeats: int
    avoidable_calls: int


class Unit(Record, frozen=True, kw_only=True):
    """A unit of work: what a repeat is wasteful within. A test's try, else a process."""

    name: str
    process: int
    tree: TreeKind
    calls: int
    judged_questions: int
    by_edge: Rows[ProcessEdge]
    by_finding: Rows[ProcessFinding]


class Process(Record, frozen=True, kw_only=True):
    """One run of the call counter."""

    index: int
    name: str
    file: str
    first_line: int
    last_line: int
    calls: int
    by_edge: Rows[ProcessEdge]
    by_finding: Rows[ProcessFinding]
    unfinished_calls: int
    tree: TreeKind
    interleaved: bool


class QualityWarning(Record, frozen=True, kw_only=True):
    """What would mislead a reader, and what fixes it."""

    code: str
    message: str
    remedy: str
    count: int
    misleading: bool = True
    """A reader must see it before any figure; the others only shade one."""


class HistogramBin(Record, frozen=True, kw_only=True):
    """Calls whose elapsed time is at least ``lower_ns`` and below the next bin's."""

    lower_ns: int
    calls: int


class Function(Record, frozen=True, kw_only=True):
    """All calls of one function. Percentiles are nearest rank on the recorded times."""

    function: str
    calls: int
    lookups: int
    redundant_calls: int
    again_calls: int
    shared_calls: int
    unchanged: int
    changed: int
    unproven: int
    total_elapsed_ns: int
    total_elapsed_upper_ns: int
    self_ns: int | None
    """Of the processes with a nested or given tree, else null."""
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
    """One metric of one function. ``total`` is in ns for a time; ``mean`` of a flag is its rate."""

    name: str
    kind: Literal["time", "flag", "count"]
    calls: int
    total: int
    mean: float
    min: int
    max: int
    share_of_elapsed: float | None


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
    self_ns: int
    redundant_calls: int
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


class Verdict(Record, frozen=True, kw_only=True):
    """The report in a sentence, and the changes that it rests on: the first findings that save calls, three at most."""

    message: str
    changes: int
    calls_removed: int
    of_unchanged: int
    own_calls: int
    """Repeats that go if each caller keeps its own answer."""
    one_cache_calls: int
    """Repeats that go with one cache for all, cleared by writes."""
    saving_ns: int
    saving_upper_ns: int
    fingerprints: tuple[str, ...]


class Acceptance(Record, frozen=True, kw_only=True):
    """An entry of the configuration that accepts findings, and what became of it."""

    match: str
    reason: str
    until: str | None
    state: Literal["applied", "stale", "expired", "not checked"]
    fingerprints: tuple[str, ...]


class RepeatPair(Record, frozen=True, kw_only=True):
    """Repeats of a finding by who asked before and who asked again."""

    previous_caller: str | None
    caller: str | None
    unchanged: int
    changed: int
    unproven: int
    own: int
    handed_on: int


class PlaceCount(Record, frozen=True, kw_only=True):
    """A place in the source, and how many calls come from there."""

    at: str
    """``path:line``, as written."""
    calls: int


class TestShare(Record, frozen=True, kw_only=True):
    """What one test adds to a finding."""

    test: str
    repeats: int
    avoidable_calls: int


class Evidence(Record, frozen=True, kw_only=True):
    """A call that shows a finding: its reference, and the call before it that makes it a repeat."""

    process: int
    number: int
    line: int
    file: str
    caller: str | None
    params: tuple[Param, ...]
    elapsed_ns: int
    metrics: tuple[Metric, ...]
    at: str | None = None
    previous: CallReference | None


class Finding(Record, frozen=True, kw_only=True):
    """One thing worth changing, in the words of the log. What a kind has no use for stays at its default."""

    fingerprint: str
    kind: FindingKind
    function: str
    callers: tuple[str | None, ...]
    """By name, a missing one last: the first thousand of them."""
    caller_count: int = 0
    """Of all callers."""
    param_names: tuple[str, ...]
    varying_params: tuple[str, ...] = ()
    parent_functions: tuple[str, ...] = ()
    """Functions whose calls make the fan-out, that of the largest group first; empty where no tree is known."""
    worst_parent: str | None = None
    """The one under which the first of ``worst`` stands; null where its call never printed, or no tree is known."""
    calls: int
    repeats: int = 0
    unchanged: int = 0
    changed: int = 0
    unproven: int = 0
    may_have_changed: int = 0
    """Of the unproven ones: something was written to the same resource before them."""
    cached: int = 0
    """Of the unchanged ones: a cache answered them, so that nothing is saved by leaving them out."""
    own_calls: int = 0
    """Repeats that the caller's own kept answer would have served."""
    handed_on_calls: int = 0
    """Repeats that another asker's answer would have served: of *again*, its own; of *shared*, those that it saves."""
    writes: bool = False
    """A fan-out of writes: row by row."""
    calls_saved: int = 0
    """By the named fix."""
    possible_calls_saved: int = 0
    evidence_grade: EvidenceGrade | None = None
    at: Rows[PlaceCount] = Rows()
    """Where in the source its calls come from."""
    via: tuple[str, ...] = ()
    """The hooks that wrote them."""
    elapsed_ns: int
    """Of its repeats, without the first call of each lookup (fan-out: of all its calls; slow: of the slow ones)."""
    elapsed_upper_ns: int = 0
    saving_ns: int = 0
    saving_upper_ns: int = 0
    lookups: int = 0
    worst: tuple[int, ...] = ()
    """The largest repeat counts of one lookup (fan-out: of distinct values under one parent)."""
    avoidable_calls: int = 0
    pairs: Rows[RepeatPair] = Rows()
    sequential: int = 0
    """Repeats that directly follow the call before."""
    sequential_own: int = 0
    """Those of them whose caller, by name, had made that call too: nothing but the caller stands between the two."""
    negative: int = 0
    """Repeats whose answer is the same absence."""
    confidence: Confidence
    reason: str
    evidence: Rows[Evidence] = Rows()
    tests: Rows[TestShare] = Rows()
    accepted: str | None = None


class BeforeAfter(Record, frozen=True, kw_only=True):
    """A figure on both sides; null where it isn't known."""

    figure: str
    before: int | float | None
    after: int | float | None
    stable: bool = True
    """Neither threads nor time can change it: it is judged. The others, evidence and times, stand beside."""


class FunctionChange(Record, frozen=True, kw_only=True):
    """Stable figures of one function on both sides."""

    function: str
    calls_before: int
    calls_after: int
    redundant_before: int
    redundant_after: int
    again_before: int
    again_after: int
    shared_before: int
    shared_after: int


class EdgeChange(Record, frozen=True, kw_only=True):
    """Stable figures of one edge on both sides."""

    caller: str | None
    function: str
    calls_before: int
    calls_after: int
    again_before: int
    again_after: int


class CallerChange(Record, frozen=True, kw_only=True):
    """Stable figures of one caller on both sides."""

    caller: str | None
    calls_before: int
    calls_after: int
    again_before: int
    again_after: int


class ProcessChange(Record, frozen=True, kw_only=True):
    """One process of this run, and what the baseline has for the same one."""

    index: int
    """Its index in this run."""
    name: str
    calls_before: int | None
    """Null where the baseline lacks it."""
    calls_after: int
    repeats_before: int | None
    repeats_after: int


class FindingChange(Record, frozen=True, kw_only=True):
    """One finding on both sides."""

    fingerprint: str
    kind: FindingKind
    function: str
    callers: tuple[str | None, ...]
    caller_count: int = 0
    param_names: tuple[str, ...]
    varying_params: tuple[str, ...]
    writes: bool = False
    before: int
    """Repeats (fan-out: avoidable calls)."""
    after: int
    state: Literal["new", "worse", "better", "resolved", "unchanged"]
    accepted: str | None = None


class ProcessOnOneSide(Record, frozen=True, kw_only=True):
    """A process that only one side has."""

    name: str
    calls: int
    repeats: int


class BaselineReference(Record, frozen=True, kw_only=True):
    """What was compared with."""

    title: str
    generator: str


class Comparison(Record, frozen=True, kw_only=True):
    """Stable figures against those of a baseline; evidence and times stand beside among the totals."""

    baseline: BaselineReference
    verdict: str
    partial: bool
    """Calls or rows that the comparison needs are missing from one of the reports; ``cautions`` says which."""
    processes_differ: bool
    """Too little is on both sides to set the rest apart: all is compared whole."""
    totals: Rows[BeforeAfter]
    """All, in the order of ``Totals``; null where processes were set apart and a figure isn't known without them."""
    functions: Rows[FunctionChange]
    """Those that changed, the largest change first."""
    edges: Rows[EdgeChange]
    """Those that changed, the largest change first."""
    findings: Rows[FindingChange]
    """All: new, worse, better, resolved, unchanged."""
    callers: Rows[CallerChange] = Rows()
    """Those that changed, the largest change first."""
    processes: Rows[ProcessChange] = Rows()
    """Those of this run that changed or that the baseline lacks, in the order of the log."""
    functions_added: Rows[str]
    functions_removed: Rows[str]
    processes_only_before: Rows[ProcessOnOneSide]
    processes_only_after: Rows[ProcessOnOneSide]
    cautions: tuple[str, ...] = ()
    """Why it is partial, in words; empty if it isn't."""
    processes_without_tree: int = 0
    """Of both sides. Fan-outs are compared only if there are none: threads hide them."""


class Gate(Record, frozen=True, kw_only=True):
    """What was demanded, and whether it held."""

    expression: str
    figure: float | None
    limit: float | None
    passed: bool
    note: str


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
    comparison: Comparison | None = None
    gates: Rows[Gate] | None = None


def encode_report(report: Report) -> bytes:
    """The report as one JSON object, indented by nothing, keys in the order of the records, with a final newline."""
    return msgspec.json.encode(report) + b"\n"


def decode_report(text: bytes) -> Report:
    """The report that ``encode_report`` wrote; unknown keys are ignored.

    Raises:
        msgspec.ValidationError: a key is missing or holds something else.
        msgspec.DecodeError: it is no JSON.
    """
    return msgspec.json.decode(text, type=Report)


def report_schema() -> dict[str, object]:
    """The JSON Schema (2020-12) of ``report.json``."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Report)}
