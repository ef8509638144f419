"""A report held against a baseline, and the gates that it passed or failed."""

from typing import Literal

from tracereport.model.base import Record, Rows
from tracereport.model.findings import FindingSubject


class BeforeAfter(Record, frozen=True, kw_only=True):
    """A figure on both sides; null where it isn't known."""

    figure: str
    before: int | float | None
    after: int | float | None
    stable: bool = True
    """Neither threads nor time can change it: it is judged. The others, evidence and times, stand beside."""
    baseline: int | None = None
    """Of several baselines, the index of the one that is compared with; so below."""


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


class FindingChange(FindingSubject, frozen=True, kw_only=True):
    """One finding on both sides."""

    writes: bool = False
    before: int
    """Repeats (fan-out: avoidable calls)."""
    after: int
    state: Literal["new", "worse", "better", "resolved", "unchanged"]
    accepted: str | None = None
    baseline: int | None = None


class SetApart(Record, frozen=True, kw_only=True):
    """A test or process that only one side has, or that the sides have in different numbers."""

    name: str
    units: int = 1
    """How many there are of this name."""
    calls: int
    repeats: int


class BaselineReference(Record, frozen=True, kw_only=True):
    """What was compared with."""

    title: str
    generator: str
    label: str | None = None
    """Of several: what tells it from the others, by its ``--label`` or its file."""


class Comparison(Record, frozen=True, kw_only=True):
    """Stable figures against those of a baseline; evidence and times stand beside among the totals."""

    baseline: BaselineReference
    baselines: tuple[BaselineReference, ...] = ()
    """All of them where there are several: of each figure the run is compared with the one that was best."""
    verdict: str
    partial: bool
    """Calls or rows that the comparison needs are missing from one of the reports; ``cautions`` says which."""
    processes_differ: bool
    """No test or process is on both sides: nothing is comparable."""
    by_function: bool = False
    """All callers are unknown on one side: functions are compared, whoever calls them."""
    totals: Rows[BeforeAfter]
    """All, in the order of ``Totals``: of what both sides have, and null where a figure isn't known of that alone."""
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
    processes_only_before: Rows[SetApart]
    processes_only_after: Rows[SetApart]
    units_only_before: Rows[SetApart] = Rows()
    """Tests (or roots), where these are known; whole processes stand in ``processes_only_before``. So behind."""
    units_only_after: Rows[SetApart] = Rows()
    cautions: tuple[str, ...] = ()
    """Why it is partial, in words; empty if it isn't."""
    processes_without_tree: int = 0
    """Of both sides, among what is compared. Their fan-outs aren't: threads hide them."""


class Gate(Record, frozen=True, kw_only=True):
    """What was demanded, and whether it held."""

    expression: str
    figure: float | None
    limit: float | None
    passed: bool
    note: str
