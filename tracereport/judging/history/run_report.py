"""What a history needs of one run's report: a few keys of a ``report.json``; the others aren't decoded."""

from typing import Annotated

import msgspec

from tracereport.model import Confidence, FindingKind, Generator, PlaceCount, Rows, Selection, Settings, TreeKind

Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
Fingerprint = Annotated[str, msgspec.Meta(max_length=1000)]


class RunInput(msgspec.Struct, frozen=True, gc=False):
    """What was read."""

    errors: tuple[str, ...] = ()
    partial: bool = False


class RunTotals(msgspec.Struct, frozen=True, gc=False):
    """The headline figures that are compared."""

    calls: Count
    judged_calls: Count
    processes: Count
    units: Count
    functions: Count
    redundant_calls: Count


class RunProcess(msgspec.Struct, frozen=True, gc=False):
    """A process."""

    name: str
    tree: TreeKind


class RunFunction(msgspec.Struct, frozen=True, gc=False):
    """A function."""

    function: str
    calls: Count


class RunCaller(msgspec.Struct, frozen=True, gc=False):
    """A caller."""

    caller: str | None


class RunFinding(msgspec.Struct, frozen=True, gc=False):
    """A finding: what tells it from others, and its counts."""

    fingerprint: Fingerprint
    kind: FindingKind
    function: str
    callers: tuple[str | None, ...]
    param_names: tuple[str, ...]
    confidence: Confidence
    caller_count: int = 0
    varying_params: tuple[str, ...] = ()
    writes: bool = False
    repeats: Count = 0
    avoidable_calls: Count = 0
    calls_saved: Count = 0
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
