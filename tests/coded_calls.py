"""The oracle's processes as the dictionary-encoded calls that analysis works on: each section is tested alone."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from tests.oracle import Process, Record, find_processes, read_lines
from tests.oracle.kinds import bare
from tracereport.calls.calls import (
    CACHED,
    EVERYTHING,
    FAILED,
    FRAME,
    NO_NAME,
    NO_PARENT,
    NO_TEXT,
    PHASES,
    QUESTION,
    RECORDED,
    TREE_KINDS,
    WRITE,
    Calls,
    Lookups,
    MetricSets,
    Origins,
    ProcessTable,
    Signatures,
)
from tracereport.calls.grouping import ROW_LIMIT
from tracereport.calls.lookup_text import encode_lookup
from tracereport.calls.statements import find_subjects
from tracereport.calls.texts import pack_texts
from tracereport.engine.report import make_report
from tracereport.model import Report, Selection, Settings

Coded = TypeVar("Coded", bound=Hashable)


class Codes(dict[Coded, int], Generic[Coded]):
    """Numbers in the order of first use."""

    def __missing__(self, key: Coded) -> int:
        return self.setdefault(key, len(self))


def code_calls(processes: Sequence[Process]) -> Calls:
    """All records, process after process in the order of the log."""
    records = [record for process in processes for record in process.records]
    names = sorted(
        {record.function for record in records} | {record.caller for record in records if record.caller is not None}
    )
    code_of_name = {name: code for code, name in enumerate(names)} | {None: NO_NAME}
    lookups: Codes[tuple[str, tuple[tuple[str, str], ...]]] = Codes()
    signatures: Codes[tuple[int, int]] = Codes()
    metric_sets: Codes[tuple[tuple[str, int], ...]] = Codes()
    for record in records:
        signatures[code_of_name[record.caller], lookups[record.function, record.params]]
        metric_sets[record.metrics]
    metric_names: Codes[str] = Codes()
    fields = [(metric_names[name], value) for metrics in metric_sets for name, value in metrics]
    texts = [encode_lookup(function, params) for function, params in lookups]
    function = integers(code_of_name[function] for function, _ in lookups).astype(np.int32)
    subjects = find_subjects(function, names, enumerate(texts))
    tests: Codes[str] = Codes()
    origins: Codes[tuple[Any, ...]] = Codes()
    resources: Codes[str] = Codes({name: code for code, name in enumerate(subjects.resources)})
    values_known = {(record.function, record.params): record.values_known for record in records}
    origin = integers(origins[origin_of(record)] for record in records).astype(np.int32)
    origin_table = code_origins(list(origins), resources)  # the resources that it adds are listed below
    return Calls(
        file=zeros(records),
        line=integers(record.line for record in records),
        process=integers(index for index, process in enumerate(processes) for _ in process.records).astype(np.int32),
        number=integers(record.number for record in records),
        signature=integers(
            signatures[code_of_name[record.caller], lookups[record.function, record.params]] for record in records
        ).astype(np.int32),
        elapsed_ns=integers(record.elapsed_ns for record in records),
        resolution_ns=integers(record.resolution_ns for record in records),
        metric_set=integers(metric_sets[record.metrics] for record in records).astype(np.int32),
        parent=integers(
            process.parents.get(record.number, NO_PARENT) for process in processes for record in process.records
        ),
        implausible=np.array(
            [place in process.implausible for process in processes for place in range(len(process.records))], bool
        ),
        test=integers(-1 if record.test is None else tests[record.test] for record in records).astype(np.int32),
        origin=origin,
        names=tuple(names),
        files=tuple({process.file: None for process in processes}),
        tests=tuple(tests),
        resources=tuple(resources),
        lookups=Lookups(
            function=function,
            text=pack_texts(texts),
            plain=np.array([not text.startswith("||") for text in texts], bool),
            kind=subjects.kind,
            resource=subjects.resource,
            values_known=np.array([values_known[lookup] for lookup in lookups], bool),
        ),
        signatures=Signatures(
            caller=integers(caller for caller, _ in signatures).astype(np.int32),
            lookup=integers(lookup for _, lookup in signatures).astype(np.int32),
        ),
        metric_sets=MetricSets(
            offset=np.cumsum([0, *(len(metrics) for metrics in metric_sets)]),
            name=integers(name for name, _ in fields).astype(np.int32),
            value=np.array([value for _, value in fields], np.uint64),
            names=tuple(metric_names),
        ),
        origins=origin_table,
        processes=ProcessTable(
            name=tuple(process.name or f"process {index}" for index, process in enumerate(processes)),
            file=zeros(processes),
            judged=np.array([process.judged for process in processes], bool),
            tree=integers(TREE_KINDS.index(process.tree) for process in processes).astype(np.uint8),
        ),
        facts=None,
        activation=integers(-1 if record.activation is None else record.activation for record in records),
    )


def origin_of(record: Record) -> tuple[Any, ...]:
    """What a record says beside question and answer, as a row of the table of origins."""
    return (
        FRAME if record.frame else QUESTION if record.write is None else WRITE,
        FAILED if record.failed else CACHED if record.cached else RECORDED,
        PHASES.index(record.phase or ""),  # one of them
        record.attempt,
        record.at,
        record.via,
        record.write,
    )


def code_origins(rows: Sequence[tuple[Any, ...]], resources: Codes[str]) -> Origins:
    """The table of origins; what writes change is added to the resources."""
    kind, answer, phase, attempt, at, via, writes = zip(*rows, strict=True) if rows else ((),) * 7
    texts: Codes[str] = Codes()

    def code(names: Iterable[str | None]) -> np.ndarray:
        return integers(NO_TEXT if name is None else texts[name] for name in names).astype(np.int32)

    def resource(name: str | None) -> int:
        return NO_TEXT if name is None else EVERYTHING if name == "1" else resources[bare(name)]

    return Origins(
        kind=np.array(kind, np.uint8),
        answer=np.array(answer, np.uint8),
        phase=np.array(phase, np.uint8),
        attempt=np.array(attempt, np.int32),
        at=code(at),
        via=code(via),
        writes=integers(map(resource, writes)).astype(np.int32),
        texts=tuple(texts),
    )


def report_of(
    processes: Sequence[Process], settings: Settings | None = None, selection: Selection | None = None
) -> Report:
    """The report of the oracle's processes."""
    return make_report(code_calls(processes), settings or Settings(), "some processes", selection)


def report_on(*lines: str, row_limit: int = ROW_LIMIT, settings: Settings | None = None) -> Report:
    """The report of some lines, each a trace line from its number on or a marker."""
    log = "".join(f"{line}\n" if line.startswith(" ") else f"PERF_TRACE|{line}\n" for line in lines).encode()
    calls = code_calls(find_processes(read_lines(log)))
    return make_report(calls, settings or Settings(), "some lines", row_limit=row_limit)


def integers(values: Iterable[int]) -> np.ndarray:
    return np.array(list(values), np.int64)


def zeros(rows: Sequence[object]) -> np.ndarray:
    return np.zeros(len(rows), np.int32)
