"""What was read, and how it falls into processes and units of work; the parts of a call that rows show."""

from typing import Literal

from tracereport.model.base import Record, Rows, TreeKind, UnitKind


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
    record_kind: Literal["line", "span"] = "line"
    """What ``lines`` counts, and the ``line`` of each call: spans where the input is nothing else."""
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
    first_calls: int
    """Judged questions that ask for something new, and that no batch would have answered."""
    fan_out_calls: int
    """Judged calls that a batch would have answered, for certain or likely, though they repeat nothing."""
    other_calls: int
    """Judged, and neither of these nor repeats: writes, places in the program, questions that can't ask again."""
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
    interleaved_repeats: int = 0
    """So many calls of interleaved processes ask again at least, whoever made them; in no other figure."""
    interleaved_unchanged: int = 0
    """Those of lookups whose answers are all recorded and equal."""
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
    kind: UnitKind = "process"
    attempt: int = 0
    """The number of the test's try; 0 where it isn't known. The name says it from the second on."""
    tree: TreeKind
    calls: int
    judged_questions: int
    writes: int | None = None
    """Null in a report of a version that didn't count them; so ``frames``."""
    frames: int | None = None
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
    least_repeats: int = 0
    """Of an interleaved one: so many of its calls ask again at least, whoever made them."""


class QualityWarning(Record, frozen=True, kw_only=True):
    """What would mislead a reader, and what fixes it."""

    code: str
    message: str
    remedy: str
    count: int
    misleading: bool = True
    """A reader must see it before any figure; the others only shade one."""
