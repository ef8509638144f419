"""The oracle's processes as the dictionary-encoded calls that analysis works on: each section is tested alone."""

from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from tests.oracle import Process, find_processes, read_lines
from tracereport.calls.calls import (
    NO_NAME,
    NO_PARENT,
    TREE_KINDS,
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
from tracereport.model import Report, Settings


class Codes(dict[Hashable, int]):
    """Numbers in the order of first use."""

    def __missing__(self, key: Hashable) -> int:
        return self.setdefault(key, len(self))


def code_calls(processes: Sequence[Process]) -> Calls:
    """All records, process after process in the order of the log."""
    records = [record for process in processes for record in process.records]
    names = sorted(
        {record.function for record in records} | {record.caller for record in records if record.caller is not None}
    )
    code_of_name = {name: code for code, name in enumerate(names)} | {None: NO_NAME}
    lookups, signatures, metric_sets = Codes(), Codes(), Codes()
    for record in records:
        signatures[code_of_name[record.caller], lookups[record.function, record.params]]
        metric_sets[record.metrics]
    metric_names = Codes()
    fields = [(metric_names[name], value) for metrics in metric_sets for name, value in metrics]
    texts = [encode_lookup(function, params) for function, params in lookups]
    function = integers(code_of_name[function] for function, _ in lookups).astype(np.int32)
    subjects = find_subjects(function, names, enumerate(texts))
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
        test=zeros(records) - 1,
        origin=zeros(records),
        names=tuple(names),
        files=tuple({process.file: None for process in processes}),
        tests=(),
        resources=subjects.resources,
        lookups=Lookups(
            function=function,
            text=pack_texts(texts),
            plain=np.array([not text.startswith("||") for text in texts], bool),
            kind=subjects.kind,
            resource=subjects.resource,
            values_known=np.ones(len(texts), bool),
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
        origins=Origins.unsaid(),
        processes=ProcessTable(
            name=tuple(process.name or f"process {index}" for index, process in enumerate(processes)),
            file=zeros(processes),
            judged=np.array([process.judged for process in processes], bool),
            tree=integers(TREE_KINDS.index(process.tree) for process in processes).astype(np.uint8),
        ),
        facts=None,
    )


def report_on(*lines: str, row_limit: int = ROW_LIMIT) -> Report:
    """The report of some trace lines, each from its number on."""
    log = "".join(f"PERF_TRACE|{line}\n" for line in lines).encode()
    return make_report(code_calls(find_processes(read_lines(log))), Settings(), "some lines", row_limit=row_limit)


def integers(values: Iterable[int]) -> np.ndarray:
    return np.array(list(values), np.int64)


def zeros(rows: Sequence[object] | Codes) -> np.ndarray:
    return np.zeros(len(rows), np.int32)
