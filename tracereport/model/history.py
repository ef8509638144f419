"""The history of many runs as data: what their reports say, set beside one another in the order of the runs.

Built from the ``report.json`` of each run. Only counts that neither threads nor time can change become steps, so that
each step happened in the run that it names. A run is referred to by its index in ``History.runs``.
"""

from typing import Literal

from tracereport.model import FindingSubject, Generator, Record, Rows

HISTORY_SCHEMA_VERSION = 1

FindingState = Literal["new", "grown", "steady", "shrunk", "gone"]
Order = Literal["given", "time"]


class HistoryRun(Record, frozen=True, kw_only=True):
    """One run. Figures of a run that isn't compared are shown and take no part in steps."""

    label: str
    """From ``--label`` of the run, else by the names of the files."""
    at_time: str | None
    file: str
    page: str | None
    """Address of the run's own page, seen from where the history is written."""
    title: str
    generator: str
    caution: str | None
    """Why the run isn't compared; null where it is."""
    changed_settings: tuple[str, ...] = ()
    """What the run before was measured with otherwise, each as ``fan-out-values 5 → 3``; the version as well."""
    calls: int
    judged_calls: int
    processes: int
    units: int
    functions: int
    redundant_calls: int
    avoidable_calls: int
    """What the fixes that the findings name would save: rests on evidence, so threads can move it."""
    findings: int
    """Those whose counts are compared."""


class HistoryStep(Record, frozen=True, kw_only=True):
    """A count that changed: it was ``before`` in the run before that could tell, and is ``after`` in this one."""

    run: int
    before: int
    after: int


class FigureHistory(Record, frozen=True, kw_only=True):
    """A total over the runs that are compared."""

    figure: Literal["calls", "redundant_calls", "avoidable_calls"]
    stable: bool
    """Neither threads nor time can change it."""
    first: int
    last: int
    largest: HistoryStep | None
    """Of steps in the direction that it took from the first run to the last, the latest of equals; null: of none."""
    steps: int
    """How many there are; the figures themselves stand with the runs."""


class FindingHistory(FindingSubject, frozen=True, kw_only=True):
    """One finding over the runs, by its fingerprint; counted by its repeats, or avoidable calls of a fan-out."""

    writes: bool
    at: str | None
    """Where most of its calls came from in the last run that has it."""
    accepted: str | None
    """Why, in the last run that has it."""
    state: FindingState
    """From the first run to the last one: absent and there is new, there and absent is gone."""
    runs: int
    """Those that have it."""
    of_runs: int
    """Those that can tell."""
    first_run: int
    last_run: int
    since: int | None
    """The run from which on it was there without a break up to the last one; null where it is gone."""
    gone_with: int | None
    """The first run that lacks it for good; null where it is there."""
    first: int
    """Its count in the first run that can tell; 0 where it isn't there."""
    last: int
    most: int
    """Its count in the run that has most."""
    largest: HistoryStep | None
    """Of steps since it is there in the direction that it took from the first run to the last, the latest of equals."""
    steps: Rows[HistoryStep]
    """The latest first."""


class FunctionHistory(Record, frozen=True, kw_only=True):
    """The calls of one function over the runs."""

    function: str
    runs: int
    first_run: int
    last_run: int
    came: bool
    """It wasn't there in the first run."""
    went: bool
    """It isn't there in the last run."""
    gone_with: int | None
    """The first run that lacks it for good."""
    first: int
    last: int
    largest: HistoryStep | None
    steps: int


class FindingStep(Record, frozen=True, kw_only=True):
    """What one run did to a finding."""

    fingerprint: str
    before: int
    after: int


class RunChange(Record, frozen=True, kw_only=True):
    """What changed with one run, against the run before it that is compared."""

    run: int
    calls_before: int
    calls_after: int
    redundant_before: int
    redundant_after: int
    avoidable_before: int
    avoidable_after: int
    findings: Rows[FindingStep]
    """The largest change first."""
    functions_added: Rows[str]
    functions_removed: Rows[str]


class UnreadReport(Record, frozen=True, kw_only=True):
    """A file that takes no part."""

    file: str
    reason: str


class History(Record, frozen=True, kw_only=True):
    """Many runs, whole; what every document of a history is made from."""

    history_version: int
    generator: Generator
    title: str
    order: Order
    verdict: str
    compared_runs: int
    runs: Rows[HistoryRun]
    """In their order, the oldest first."""
    unread: Rows[UnreadReport]
    figures: tuple[FigureHistory, ...]
    changes: Rows[RunChange]
    """Runs with which a count changed; the largest change of repeats first, then of calls."""
    findings: Rows[FindingHistory]
    """What came or grew first, what is gone last; inside of that by what it grew or counts."""
    functions: Rows[FunctionHistory]
    """The largest change of calls first."""
