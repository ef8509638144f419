"""The calls, dictionary-encoded: one row of numbers per call, and tables of the distinct texts that they point to.

A log repeats itself: a million calls hold a few thousand signatures and a few hundred sets of metrics. So each call
is a handful of integers, and what depends on the text alone is worked out once per distinct text. The public table
with one plain row per call (``calls.parquet``, ``tracereport.read_calls``) is made from this in ``table.py`` and read
back there.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal, get_args

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tracereport.calls.constant import Whole, map_column, narrow
from tracereport.calls.lookup_text import decode_lookup
from tracereport.calls.naming import MarkedNames, settle_names
from tracereport.calls.texts import Texts
from tracereport.model import Input, Metric, Param, Rows, TreeKind
from tracereport.native.codes import take
from tracereport.native.keys import factorize

CallKind = Literal["question", "write", "frame"]
AnswerKind = Literal["", "failed", "cached"]
Phase = Literal["", "setup", "call", "teardown"]

TREE_KINDS: Final[tuple[TreeKind, ...]] = get_args(TreeKind)
CALL_KINDS: Final[tuple[CallKind, ...]] = get_args(CallKind)
QUESTION, WRITE, FRAME = range(len(CALL_KINDS))
ANSWER_KINDS: Final[tuple[AnswerKind, ...]] = get_args(AnswerKind)
RECORDED, FAILED, CACHED = range(len(ANSWER_KINDS))
PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
NO_PHASE, SETUP, CALL, TEARDOWN = range(len(PHASES))
NO_NAME = -1
NO_PARENT = -1
NO_TEXT = -1
NO_ACTIVATION = -1
NO_START = -1 << 63
EVERYTHING = -2
"""The resource of a write that names none: it may have changed anything."""


TIME_SUFFIXES: Final = ("_ms", "_us", "_ns")


def is_time(name: str) -> bool:
    """Whether a metric is a time, and no result."""
    return name.endswith(TIME_SUFFIXES)


SIZES: Final = frozenset({"rows", "bytes"})
"""Metrics that count what an answer holds: other sizes show that it has changed, equal ones prove nothing."""


class Lookups(msgspec.Struct, frozen=True, eq=False):
    """The distinct lookups: function and parameters without the caller, in order of their first call in the log."""

    function: NDArray[np.int32]
    """Code of the function's name."""
    text: Texts
    """Canonical text, ``function|name=value|...``; equal texts are equal lookups (``lookup_text.encode_lookup``)."""
    plain: NDArray[np.bool_]
    """The text splits at ``|`` and each field at its first ``=``; else only ``decode_lookup`` reads it."""
    kind: NDArray[np.uint8]
    """Index into ``CALL_KINDS``, by the statement or the function's name (``calls.statements``)."""
    resource: NDArray[np.int32]
    """Index into ``resources``: the table that the statement names, else the function."""
    values_known: NDArray[np.bool_]
    """Whether the parameters' values were recorded."""
    _params: dict[int, tuple[Param, ...]] = msgspec.field(default_factory=dict)

    def params_of(self, lookup: int) -> tuple[Param, ...]:
        """The parameters of one lookup, in logged order; read once, since many sections name the same lookups."""
        params = self._params.get(lookup)
        if params is None:
            _, fields = decode_lookup(self.text[lookup])
            params = self._params[lookup] = tuple([Param(name=name, value=value) for name, value in fields])
        return params


class Signatures(msgspec.Struct, frozen=True, eq=False):
    """The distinct signatures: a caller and a lookup, in order of their first call in the log."""

    caller: NDArray[np.int32]
    """Code of the caller's name; ``NO_NAME`` where the record has none."""
    lookup: NDArray[np.int32]


class MetricSets(msgspec.Struct, frozen=True, eq=False):
    """The distinct sets of metrics, flat: the fields of set ``i`` are ``offset[i]:offset[i + 1]``, in logged order."""

    offset: NDArray[np.int64]
    name: NDArray[np.int32]
    """Code into ``names``, per field."""
    value: NDArray[np.uint64]
    names: tuple[str, ...]

    def metrics_of(self, metric_set: int) -> tuple[Metric, ...]:
        """The metrics of one set, in logged order."""
        fields = slice(int(self.offset[metric_set]), int(self.offset[metric_set + 1]))
        pairs = zip(self.name[fields].tolist(), self.value[fields].tolist(), strict=True)
        return tuple(Metric(name=self.names[name], value=value) for name, value in pairs)


class Origins(msgspec.Struct, frozen=True, eq=False):
    """What records say beside question and answer: the distinct combinations of the reserved fields."""

    kind: NDArray[np.uint8]
    """Index into ``CALL_KINDS``; ``QUESTION`` where the record doesn't say, and the lookup decides."""
    answer: NDArray[np.uint8]
    """Index into ``ANSWER_KINDS``."""
    phase: NDArray[np.uint8]
    """Index into ``PHASES``: the part of its test that made the call."""
    attempt: NDArray[np.int32]
    """The try of the test, from 1 on; 0 where the record doesn't say."""
    at: NDArray[np.int32]
    """The place in the source, ``path:line``: index into ``texts``, ``NO_TEXT`` without one."""
    via: NDArray[np.int32]
    """The hook that wrote the record: index into ``texts``, ``NO_TEXT`` without one."""
    writes: NDArray[np.int32]
    """What a write changes: index into ``resources``, ``EVERYTHING``, or ``NO_TEXT`` where the lookup decides."""
    texts: tuple[str, ...]

    @classmethod
    def unsaid(cls) -> "Origins":
        """The table of one row that says nothing."""
        byte, none = np.zeros(1, np.uint8), np.full(1, NO_TEXT, np.int32)
        return cls(
            kind=byte, answer=byte, phase=byte, attempt=np.zeros(1, np.int32), at=none, via=none, writes=none, texts=()
        )


class ProcessTable(msgspec.Struct, frozen=True, eq=False):
    """One entry per process, in order of first line."""

    name: tuple[str, ...]
    file: NDArray[np.int32]
    judged: NDArray[np.bool_]
    tree: NDArray[np.uint8]
    """Index into ``TREE_KINDS``."""
    marked: MarkedNames | None = None
    """What markers say of the names; null: for no process."""

    def settle(self, files: Sequence[str]) -> "ProcessTable":
        """The processes with names that tell them apart, given what the files are called."""
        if self.marked is None:
            return self
        settled = settle_names(self.marked, [files[file] for file in self.file.tolist()])
        names = [former if name is None else name for name, former in zip(settled, self.name, strict=True)]
        return replace(self, name=tuple(names))

    def has_tree(self, *kinds: TreeKind) -> NDArray[np.bool_]:
        """Which processes have a tree of one of these kinds."""
        return np.isin(self.tree, [TREE_KINDS.index(kind) for kind in kinds])


class FileFacts(msgspec.Struct, frozen=True):
    """What is worth a warning of a file, and only its whole tells: it may be read in several sets of calls."""

    file: str
    holds_invalid: bool = False
    """Bytes that are no UTF-8."""
    silent: int = 0
    """Test binaries without a call."""
    traced: int = 0
    """Test binaries with calls."""
    alone: int = 0
    """Those of them whose calls are of one process."""


class Facts(msgspec.Struct, frozen=True):
    """What only the lines can tell; it travels in the metadata of ``calls.parquet``."""

    input: Input
    notices: dict[str, int] = msgspec.field(default_factory=dict)
    """How often something worth a warning was seen, by the warning's code."""
    head: bytes = b""
    """What stands at the beginning of inputs without any record, and may tell why there is none."""
    by_file: tuple[FileFacts, ...] = ()
    """Of the files of which there is something to be said; a file may have several entries."""


class Calls(msgspec.Struct, frozen=True, eq=False):
    """All calls of the input. Arrays have one entry per call, in the order of the log."""

    file: NDArray[np.int32]
    line: Whole
    process: NDArray[np.int32]
    number: Whole
    signature: NDArray[np.int32]
    elapsed_ns: NDArray[np.int64]
    resolution_ns: NDArray[np.int64]
    metric_set: NDArray[np.int32]
    parent: Whole
    """Number of the calling call, ``NO_PARENT`` for a root or where it is unknown."""
    implausible: NDArray[np.bool_]
    """The number can't belong to the process's counter."""
    test: NDArray[np.int32]
    """Index into ``tests``, -1 where the log doesn't tell."""
    origin: NDArray[np.int32]
    """Index into ``origins``."""
    names: tuple[str, ...]
    """Names of functions and callers, sorted: codes compare as the names do."""
    files: tuple[str, ...]
    tests: tuple[str, ...]
    resources: tuple[str, ...]
    """What questions ask and writes change: tables, else functions."""
    lookups: Lookups
    signatures: Signatures
    metric_sets: MetricSets
    origins: Origins
    processes: ProcessTable
    facts: Facts | None
    """Null where the calls come from a bare frame."""
    activation: Whole | None = None
    """The run of the calling function that asked, unique in its process; -1 where it isn't known. Null: for no call."""
    start_ns: NDArray[np.int64] | None = None
    """When each call began, ``NO_START`` where that isn't known. Null: for no call."""
    impossible_parents: int = 0
    """Calls that named as their parent one that can't be: the trees of their processes count as unknown."""

    def __len__(self) -> int:
        """The number of calls."""
        return len(self.number)

    @property
    def lookup(self) -> NDArray[np.int32]:
        """The lookup of each call."""
        return take(self.signatures.lookup, self.signature)

    @property
    def caller(self) -> NDArray[np.int32]:
        """The name code of each call's caller, ``NO_NAME`` where it has none."""
        return take(self.signatures.caller, self.signature)

    @property
    def function(self) -> NDArray[np.int32]:
        """The name code of each call's function."""
        return take(self.lookups.function[self.signatures.lookup], self.signature)

    @property
    def kind(self) -> NDArray[np.uint8]:
        """The kind of each call: what its record says, else what its lookup is."""
        return self.kind_of(slice(None))

    def kind_of(self, rows: NDArray[np.integer[Any]] | slice) -> NDArray[np.uint8]:
        """The kind of some calls."""
        said = self.origins.kind[self.origin[rows]]
        return np.where(said == QUESTION, self.lookups.kind[self.signatures.lookup[self.signature[rows]]], said)

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Whether each call stands outside interleaved stretches."""
        return map_column(partial(take, self.processes.judged), self.process)

    def first_numbers(self) -> NDArray[np.int64]:
        """Per process the number of the call that ended first; an implausible number is none of the process's."""
        first = np.zeros(len(self.processes.name), np.int64)
        process, number = self.process, self.number
        if self.implausible.any():
            process, number = process[~self.implausible], number[~self.implausible]
        ended_first = factorize(process)[1]
        first[process[ended_first]] = number[ended_first]
        return first

    @property
    def is_first(self) -> NDArray[np.bool_]:
        """Which calls started before any call of their process had ended: they may have loaded symbols meanwhile."""
        return self.number <= map_column(partial(take, narrow(self.first_numbers())), self.process)

    def name(self, code: int) -> str | None:
        """The name behind a code; null for ``NO_NAME``."""
        return None if code == NO_NAME else self.names[code]

    def params_of(self, lookup: int) -> tuple[Param, ...]:
        """The parameters of one lookup, in logged order, without the caller."""
        return self.lookups.params_of(lookup)

    def rename_files(self, names: Mapping[str, str]) -> "Calls":
        """The same calls with inputs called otherwise."""
        if not names:
            return self

        def renamed(files: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(names.get(file, file) for file in files)

        facts = self.facts
        if facts is not None:
            rows = tuple(replace(row, file=names.get(row.file, row.file)) for row in facts.input.malformed.rows)
            malformed = Rows(facts.input.malformed.total, rows)
            errors = tuple(_rename_start(error, names) for error in facts.input.errors)
            own = replace(facts.input, files=renamed(facts.input.files), malformed=malformed, errors=errors)
            by_file = tuple(replace(one, file=names.get(one.file, one.file)) for one in facts.by_file)
            facts = replace(facts, input=own, by_file=by_file)
        files = renamed(self.files)
        return replace(self, files=files, processes=self.processes.settle(files), facts=facts)


def _rename_start(error: str, names: Mapping[str, str]) -> str:
    """What is wrong with an input, which it begins with."""
    old = next((name for name in names if error.startswith(f"{name}: ")), None)
    return error if old is None else names[old] + error.removeprefix(old)
