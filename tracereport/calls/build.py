"""Records that come one by one -> calls in columns: for inputs whose records are objects or lines of their own.

``CallTables`` (``calls.tables``) holds each distinct text once and gives its code. ``CallsBuilder`` adds a column for
all that differs from call to call. Who learns callers and parents only after the last record fills columns of their
own, and gives both to ``make_calls``.
"""

from collections.abc import Iterable, Sequence
from struct import Struct

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import (
    NO_NAME,
    NO_PARENT,
    NO_START,
    QUESTION,
    TREE_KINDS,
    WRITE,
    AnswerKind,
    CallKind,
    Calls,
    Facts,
    Phase,
    ProcessTable,
    Signatures,
)
from tracereport.calls.tables import NO_TEST, CallTables, Metrics, Params, rank_names
from tracereport.model import TreeKind
from tracereport.native.keys import factorize


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """What differs from call to call: one entry each, in the order of the log; codes are of ``CallTables``."""

    file: NDArray[np.int32]
    line: NDArray[np.int64]
    process: NDArray[np.int32]
    number: NDArray[np.int64]
    parent: NDArray[np.int64]
    caller: NDArray[np.int32]
    lookup: NDArray[np.int32]
    metric_set: NDArray[np.int32]
    origin: NDArray[np.int32]
    test: NDArray[np.int32]
    elapsed_ns: NDArray[np.int64]
    resolution_ns: NDArray[np.int64]
    start_ns: NDArray[np.int64] | None = None


def make_calls(
    tables: CallTables, columns: Columns, files: Sequence[str], processes: ProcessTable, facts: Facts | None
) -> Calls:
    """The calls, with what none of them uses left out of the tables."""
    lookup, kept_lookups = _keep_used(columns.lookup)
    metric_set, kept_sets = _keep_used(_leave_out_sizes(tables, columns))
    origin, kept_origins = _keep_used(columns.origin)
    texts = list(tables.names)
    used = np.zeros(len(texts) + 1, bool)
    used[columns.caller] = True
    used[tables.functions_of(kept_lookups)] = True
    names = tuple(sorted(name for name, is_used in zip(texts, used.tolist(), strict=False) if is_used))
    lookups, resources = tables.make_lookups(kept_lookups, names)
    origins = tables.make_origins(kept_origins, resources)
    caller = rank_names(tables.names, names)[columns.caller]
    key = lookup.astype(np.int64) * (len(names) + 1) + caller + 1
    signature, signature_row = factorize(key)
    tests = sorted(tables.tests)
    return Calls(
        file=columns.file,
        line=columns.line,
        process=columns.process,
        number=columns.number,
        signature=signature,
        elapsed_ns=columns.elapsed_ns,
        resolution_ns=columns.resolution_ns,
        metric_set=metric_set,
        parent=columns.parent,
        implausible=np.zeros(len(lookup), bool),
        test=rank_names(tables.tests, tests)[columns.test],
        origin=origin,
        names=names,
        files=tuple(files),
        tests=tuple(tests),
        resources=tuple(resources),
        lookups=lookups,
        signatures=Signatures(caller=caller[signature_row], lookup=lookup[signature_row]),
        metric_sets=tables.make_metric_sets(kept_sets),
        origins=origins,
        processes=processes,
        facts=facts,
        start_ns=columns.start_ns,
    )


def _leave_out_sizes(tables: CallTables, columns: Columns) -> NDArray[np.int32]:
    """The sets of metrics; of questions behind a write in the same process without those that only hold sizes.

    As many rows as before it are no sign that they are the same ones.
    """
    is_size, kind = tables.find_sizes(), tables.list_kinds()
    if not is_size.any() or not (kind == WRITE).any():
        return columns.metric_set
    written, is_asked = (kind == WRITE)[columns.origin], (kind == QUESTION)[columns.origin]
    first = np.full(int(columns.process.max(initial=0)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, columns.process[written], columns.number[written])
    is_behind = is_asked & (columns.number > first[columns.process])
    return np.where(is_behind & is_size[columns.metric_set], tables.code_metrics(()), columns.metric_set)


def _keep_used(codes: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Codes renumbered in the order of their first use, and the old code of each new one."""
    renumbered, first_use = factorize(codes)
    return renumbered, codes[first_use].astype(np.int64)


_ROW = Struct("=iqqqqiiiiiqqq")
_DTYPE = np.dtype(
    [
        ("file", "i4"), ("line", "i8"), ("process", "i8"), ("number", "i8"), ("parent", "i8"), ("caller", "i4"),
        ("lookup", "i4"), ("metric_set", "i4"), ("origin", "i4"), ("test", "i4"), ("elapsed_ns", "i8"),
        ("resolution_ns", "i8"), ("start_ns", "i8"),
    ]
)  # fmt: skip
"""A row as ``_ROW`` packs it."""
_ELAPSED = Struct("=q")
_ELAPSED_OFFSET = _DTYPE.fields["elapsed_ns"][1] if _DTYPE.fields is not None else 0


class CallsBuilder:
    """Takes records in the order of the log, or nearly so, and gives the calls.

    Args:
        files: names of the inputs.
        unnamed: how processes are called that nothing names; empty: ``process`` and their index.
    """

    def __init__(self, files: Sequence[str], unnamed: str = "") -> None:
        self.tables = CallTables()
        """For those who know a text's code already."""
        self._files = files
        self._unnamed = unnamed
        self._rows = bytearray()
        self._process_names: list[str | None] = []
        self._process_file: list[int] = []
        self._judged: list[bool] = []
        self._tree: list[int] = []
        self._next_number: list[int] = []
        self._no_metrics = self.tables.code_metrics(())

    def add_process(
        self, name: str | None = None, *, file: int = 0, judged: bool = True, tree: TreeKind = "given"
    ) -> int:
        """Begins a process (a unit of work that can be judged alone), and gives its index.

        Args:
            name: None: ``process`` and its index.
            file: index of the input that it begins in.
            judged: whether its calls are known to be of one process.
            tree: whether its calls' parents are given.
        """
        self._process_names.append(name)
        self._process_file.append(file)
        self._judged.append(judged)
        self._tree.append(TREE_KINDS.index(tree))
        self._next_number.append(0)
        return len(self._process_names) - 1

    def name_process(self, process: int, name: str) -> None:
        """Names a process that had no name when it began; one that has keeps it."""
        self._process_names[process] = self._process_names[process] or name

    def withhold(self, process: int) -> None:
        """Says of a process that its calls may be of several: nothing of it is judged."""
        self._judged[process] = False

    def add(
        self,
        function: str,
        *,
        process: int,
        line: int,
        elapsed_ns: int,
        resolution_ns: int,
        caller: str | None = None,
        params: Params = (),
        metrics: Metrics = (),
        number: int | None = None,
        parent: int = NO_PARENT,
        kind: CallKind = "question",
        values_known: bool = True,
        resource: str | None = None,
        answer: AnswerKind = "",
        at: str | None = None,
        via: str | None = None,
        writes: str | None = None,
        phase: Phase = "",
        start_ns: int = NO_START,
        test: str | None = None,
        attempt: int = 0,
        file: int = 0,
    ) -> int:
        """Adds a call, and gives its number.

        Args:
            function: what is called.
            process: as ``add_process`` gave it.
            line: the record's first line in its file, or its ordinal there; from 1 on.
            elapsed_ns: its time as recorded.
            resolution_ns: how finely that was measured.
            caller: who asked.
            params: names and values of what was asked.
            metrics: names and values of the answer.
            number: its place in the order of starts; None: the next one of its process.
            parent: number of the calling call.
            kind: a question, a write, or a frame: a place in the tree.
            values_known: whether the parameters' values were recorded.
            resource: what is asked or changed; None: what the statement names, else the function.
            answer: what is known of the answer beside the metrics.
            at: the place in the source, ``path:line``.
            via: who wrote the record.
            writes: the resource that a write changes, ``""``: everything; None: as ``resource``.
            phase: the part of its test that made the call.
            start_ns: when it began, by whatever clock; of one clock in one process.
            test: the test that it belongs to.
            attempt: the try of the test.
            file: index of its input.
        """
        return self.add_coded(
            self.tables.code_lookup(function, params, values_known=values_known, resource=resource),
            self.tables.code_origin(
                kind=kind, answer=answer, phase=phase, attempt=attempt, at=at, via=via, writes=writes
            ),
            process=process,
            line=line,
            elapsed_ns=elapsed_ns,
            resolution_ns=resolution_ns,
            caller=self.tables.code_name(caller),
            metric_set=self.tables.code_metrics(metrics),
            number=number,
            parent=parent,
            start_ns=start_ns,
            test=self.tables.code_test(test),
            file=file,
        )

    def add_coded(
        self,
        lookup: int,
        origin: int,
        *,
        process: int,
        line: int,
        elapsed_ns: int,
        resolution_ns: int,
        caller: int = NO_NAME,
        metric_set: int | None = None,
        number: int | None = None,
        parent: int = NO_PARENT,
        start_ns: int = NO_START,
        test: int = NO_TEST,
        file: int = 0,
    ) -> int:
        """As ``add``, by the codes that ``tables`` gave."""
        if number is None:
            number = self._next_number[process]
        if number >= self._next_number[process]:
            self._next_number[process] = number + 1
        if metric_set is None:
            metric_set = self._no_metrics
        self._rows += _ROW.pack(
            file, line, process, number, parent, caller, lookup, metric_set, origin, test, elapsed_ns, resolution_ns,
            start_ns,
        )  # fmt: skip
        return number

    def amend_elapsed(self, row: int, elapsed_ns: int) -> None:
        """Says how long a call took that was added when it began: the ``row``-th of all, from 0 on."""
        _ELAPSED.pack_into(self._rows, row * _ROW.size + _ELAPSED_OFFSET, elapsed_ns)

    def __len__(self) -> int:
        """The number of calls so far."""
        return len(self._rows) // _ROW.size

    def build(self, facts: Facts | None) -> Calls:
        """All calls that were added; processes without one are left out."""
        rows = np.frombuffer(bytes(self._rows), _DTYPE)
        if (np.diff(rows["line"]) < 0).any():
            rows = rows[np.lexsort((rows["line"], rows["file"]))]
        process, kept = _keep_used(rows["process"].astype(np.int32))
        columns = Columns(
            process=process,
            start_ns=np.ascontiguousarray(rows["start_ns"]) if (rows["start_ns"] != NO_START).all() else None,
            **{
                name: np.ascontiguousarray(rows[name])
                for name in _DTYPE.names or ()
                if name not in ("process", "start_ns")
            },
        )
        return make_calls(self.tables, columns, self._files, self._make_processes(kept.tolist()), facts)

    def _make_processes(self, kept: Iterable[int]) -> ProcessTable:
        kept = list(kept)
        return ProcessTable(
            name=tuple(
                self._process_names[code] or self._unnamed or f"process {index}" for index, code in enumerate(kept)
            ),
            file=np.array([self._process_file[code] for code in kept], np.int32),
            judged=np.array([self._judged[code] for code in kept], bool),
            tree=np.array([self._tree[code] for code in kept], np.uint8),
        )
