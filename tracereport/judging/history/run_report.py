"""What a history needs of one run's report: a few keys of a ``report.json``; the others aren't decoded."""

import msgspec

from tracereport.model import Confidence, FindingKind, Generator, PlaceCount, Rows, Selection, Settings, TreeKind


class RunInput(msgspec.Struct, frozen=True, gc=False):
    """What was read."""

    errors: tuple[str, ...] = ()
    partial: bool = False


class RunTotals(msgspec.Struct, frozen=True, gc=False):
    """The headline figures that are compared."""

    calls: int
    judged_calls: int
    processes: int
    units: int
    functions: int
    redundant_calls: int


class RunProcess(msgspec.Struct, frozen=True, gc=False):
    """A process."""

    name: str
    tree: TreeKind


class RunFunction(msgspec.Struct, frozen=True, gc=False):
    """A function."""

    function: str
    calls: int


class RunCaller(msgspec.Struct, frozen=True, gc=False):
    """A caller."""

    caller: str | None


class RunFinding(msgspec.Struct, frozen=True, gc=False):
    """A finding: what tells it from others, and its counts."""

    fingerprint: str
    kind: FindingKind
    function: str
    callers: tuple[str | None, ...]
    param_names: tuple[str, ...]
    confidence: Confidence
    caller_count: int = 0
    varying_params: tuple[str, ...] = ()
    writes: bool = False
    repeats: int = 0
    avoidable_calls: int = 0
    calls_saved: int = 0
    at: Rows[PlaceCount] = Rows()
    accepted: str | None = None


class RunReport(msgspec.Struct, frozen=True):
    """One run's report, as far as a history needs it."""

    schema_version: int
    generator: Generator
    title: str
    settings: Settings
    selection: Selection | None
    input: RunInput | None
    totals: RunTotals
    processes: Rows[RunProcess]
    functions: Rows[RunFunction]
    callers: Rows[RunCaller]
    findings: Rows[RunFinding]
    label: str | None = None
    at_time: str | None = None
