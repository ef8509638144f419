"""Findings, what proves them, what became of those that are accepted, and the verdict over all."""

from typing import Literal

from tracereport.model.base import Asks, Confidence, EvidenceGrade, FindingKind, Record, Rows, TreeKind
from tracereport.model.input import CallReference, Metric, Param


class Verdict(Record, frozen=True, kw_only=True):
    """The report in a sentence, and the changes that it rests on: the first findings that save calls, three at most."""

    message: str
    headline: str
    """Of the message's sentences the one that comes first where there is room for a title: what the changes remove."""
    sums: tuple[str, ...]
    """The others."""
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


class FindingSubject(Record, frozen=True, kw_only=True):
    """What a finding is about, the same from run to run."""

    fingerprint: str
    kind: FindingKind
    function: str
    callers: tuple[str | None, ...]
    """By name, a missing one last: the first thousand of them."""
    caller_count: int = 0
    """Of all callers."""
    param_names: tuple[str, ...]
    varying_params: tuple[str, ...] = ()


class Finding(FindingSubject, frozen=True, kw_only=True):
    """One thing worth changing, in the words of the log. What a kind has no use for stays at its default."""

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
    over_rows: bool = False
    """A fan-out over several runs of its caller, and over the rows that a question just before gave."""
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


class TimelineCall(Record, frozen=True, kw_only=True):
    """A call among those made before and after it."""

    number: int
    line: int
    parent: int | None = None
    """The number of the call that it was made in; null where that isn't shown, or not known."""
    depth: int
    """Calls above it that are shown, too."""
    function: str
    caller: str | None
    params: tuple[Param, ...]
    asks: Asks
    elapsed_ns: int
    elapsed_upper_ns: int


class Timeline(Record, frozen=True, kw_only=True):
    """Calls of one unit of work in the order of their start, around the first one that shows a finding."""

    fingerprints: tuple[str, ...]
    """Of the findings that they show."""
    process: int
    unit: str | None = None
    """The test (and try); null where the unit is the process."""
    tree: TreeKind
    calls_before: int
    """Of the unit, before the first one here."""
    calls: Rows[TimelineCall]
    """Some in a row, and how many the unit has."""
