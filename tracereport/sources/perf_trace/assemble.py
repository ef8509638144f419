"""What the logs hold -> one set of calls: processes and trees are found, lines accounted for."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_ACTIVATION, NO_NAME, NO_PARENT, Calls, Facts, FileFacts, is_time
from tracereport.calls.constant import (
    Whole,
    concatenate,
    map_column,
    narrow,
    repeat_value,
    shrink,
)
from tracereport.calls.facts import MALFORMED_ROWS
from tracereport.model import UNKNOWN_CALLER, Input, MalformedLine, Rows
from tracereport.native.keys import factorize
from tracereport.native.metrics import MISSING
from tracereport.processes.parents import TreeRecords, Trees, find_parents
from tracereport.processes.separating import NOT_SAID, Witness, separate_processes
from tracereport.processes.splitting import Processes
from tracereport.sources.perf_trace.encode import Encoder, Tables
from tracereport.sources.perf_trace.grammar import Reason
from tracereport.sources.perf_trace.markers import MarkerKind
from tracereport.sources.perf_trace.origins import encode_origins
from tracereport.sources.perf_trace.placing import code_tests, place_records
from tracereport.sources.perf_trace.reading import REASONS, Columns, FileReading, join_columns
from tracereport.sources.perf_trace.remarks import Remarks

_NOTICE_OF_REASON = {
    Reason.TORN: "torn-lines",
    Reason.BROKEN_OFF: "cut-off",
    Reason.BROKEN_MARK: "cut-off",
    Reason.OUT_OF_RANGE: "malformed",
    Reason.BAD_VALUE: "bad-value",
}


def assemble_calls(readings: list[FileReading], encoder: Encoder) -> Calls:
    """One set of calls from what the files hold, which the encoder has coded."""
    file, ends, records = _join_files(readings)
    tables = encoder.finish(records)
    line, number, activation = records.line, records.number, records.activation
    said = _Said(records.parent, records.elapsed_ns, records.resolution_ns)
    # Its columns of codes, which the tables have anew, are given up.
    del records
    placed = place_records(readings, np.split(line, ends), np.split(number, ends))
    found, trees = _find_processes(tables, number, said, placed.segments.of_record)
    remark, remarks = tables.remark, tables.remarks
    origins = encode_origins(remarks, tables.resources)
    files = tuple(reading.name for reading in readings)
    logged_test, logged_tests = remarks.texts["test"]
    tests, test = code_tests(placed.marked_tests, logged_tests, map_column(logged_test.__getitem__, remark))
    has_activation = activation.max(initial=NO_ACTIVATION) != NO_ACTIVATION
    np.add(line, 1, out=line)
    return Calls(
        file=file,
        line=line,
        process=shrink(map_column(lambda process: process.astype(np.int32), found.process)),
        number=number,
        signature=tables.signature,
        elapsed_ns=said.elapsed_ns,
        resolution_ns=said.resolution_ns,
        metric_set=tables.metric_set,
        parent=narrow(shrink(trees.parent)),
        implausible=shrink(found.implausible),
        test=shrink(test),
        origin=map_column(origins.origin.__getitem__, remark),
        names=tables.names,
        files=files,
        tests=tests,
        resources=origins.resources,
        lookups=tables.lookups,
        signatures=tables.signatures,
        metric_sets=tables.metric_sets,
        origins=origins.origins,
        processes=placed.segments.list_processes(found, trees.kind, files),
        impossible_parents=trees.impossible,
        activation=np.maximum(activation, NO_ACTIVATION) if has_activation else None,
        facts=_make_facts(readings, placed.facts, _count_dropped(remarks, remark), len(line)),
    )


class _Said(NamedTuple):
    """What the records say that tells of their trees, as ``Columns`` has it."""

    parent: Whole
    elapsed_ns: NDArray[np.int64]
    resolution_ns: NDArray[np.int64]


def _find_processes(tables: Tables, number: Whole, said: _Said, segment: NDArray[np.int64]) -> tuple[Processes, Trees]:
    """The processes, and the tree of each."""
    told = tables.remarks.numbers["process"]
    unknown = tables.names.index(UNKNOWN_CALLER) if UNKNOWN_CALLER in tables.names else NO_NAME
    witness = Witness(
        said=told[tables.remark] if told.max(initial=NOT_SAID) != NOT_SAID else told[:0],
        signature=tables.signature,
        function=tables.lookups.function[tables.signatures.lookup],
        caller=np.where(tables.signatures.caller == unknown, NO_NAME, tables.signatures.caller),
        has_parent=map_column(lambda given: given != MISSING, said.parent),
        tell=partial(_code_told, tables),
    )
    found = separate_processes(number, segment, witness)
    records = TreeRecords(
        process=found.process,
        number=number,
        implausible=found.implausible,
        signature=witness.signature,
        elapsed_ns=said.elapsed_ns,
        resolution_ns=said.resolution_ns,
        given_parent=map_column(lambda given: np.maximum(given, NO_PARENT), said.parent),
        has_parent=witness.has_parent,
        caller=witness.caller,
        function=witness.function,
    )
    return found, find_parents(records, found.judged & ~found.shuffled)


def _code_told(tables: Tables, records: NDArray[np.int64]) -> NDArray[np.int64]:
    """Codes of what some records tell but for numbers and times: equal where all of it is."""
    sets, own = np.unique(tables.metric_set[records], return_inverse=True)
    answers: dict[tuple[tuple[str, int], ...], int] = {}
    metrics = [tables.metric_sets.metrics_of(code) for code in sets.tolist()]
    results = [tuple(sorted((one.name, one.value) for one in own if not is_time(one.name))) for own in metrics]
    answer = [answers.setdefault(own, len(answers)) for own in results]
    code = tables.signature[records].astype(np.int64)
    for column in (np.array(answer, np.int64)[own], tables.remark[records].astype(np.int64) + 1):
        code = factorize(code * (int(column.max(initial=0)) + 1) + column)[0].astype(np.int64)
    return code


def _join_files(readings: list[FileReading]) -> tuple[NDArray[np.int32], NDArray[np.int64], Columns]:
    """Of each record the index of its file; where each file but the last ends; all records in the order of the log."""
    parts: list[Columns] = []
    calls = []
    for reading in readings:
        own = reading.take_records()
        calls.append(sum(map(len, own)))
        parts += own
    records = join_columns(parts)
    file = concatenate([repeat_value(np.int32(index), count) for index, count in enumerate(calls)])
    return file, np.cumsum(calls, dtype=np.int64)[:-1], records


def _count_dropped(remarks: Remarks, remark: NDArray[np.int32]) -> int:
    """How many fields of all records can't be what their names say."""
    return int(map_column(remarks.dropped.__getitem__, remark).sum()) if remarks.dropped.any() else 0


def _make_facts(readings: list[FileReading], by_file: Sequence[FileFacts], dropped: int, records: int) -> Facts:
    malformed = sum(len(reading.malformed) for reading in readings)
    continuation_lines = sum(int(reading.continued.values.sum()) + reading.parts for reading in readings)
    lines = sum(reading.end_line - reading.first_line for reading in readings)
    notices: Counter[str] = Counter()
    for reading in readings:
        for place, count in enumerate(np.bincount(reading.malformed.values).tolist()):
            notices[_NOTICE_OF_REASON.get(REASONS[place], "")] += count
    notices["quoted"] = sum(len(reading.quoted) for reading in readings)
    notices["doubled-output"] = sum(len(reading.doubled) for reading in readings)
    notices["dropped-metrics"] = dropped
    # No warnings by themselves: they tell how the tests were run, so that nobody is advised to do what was done.
    for kind in (MarkerKind.CARGO, MarkerKind.NEXTEST):
        markers = (marker for reading in readings for _, marker in reading.markers if marker.kind is kind)
        notices[kind.value] = sum(marker.names_tests for marker in markers)
    notices["split-lines"] = sum(reading.split_lines for reading in readings)
    notices["text-behind"] = sum(reading.unlearnt_tails for reading in readings)
    rows = [
        MalformedLine(file=reading.name, line=own.line + 1, reason=own.reason, text=own.text)
        for reading in readings
        for own in reading.first_malformed
    ]
    return Facts(
        input=Input(
            files=tuple(reading.name for reading in readings),
            lines=lines,
            records=records,
            continuation_lines=continuation_lines,
            malformed_lines=malformed,
            other_lines=lines - records - continuation_lines - malformed,
            malformed=Rows(malformed, tuple(rows[:MALFORMED_ROWS])),
            errors=tuple(f"{reading.name}: {reading.error}" for reading in readings if reading.error),
        ),
        notices={code: count for code, count in notices.items() if count},
        head=b"" if records else b"\n".join(reading.head for reading in readings),
        by_file=tuple(own for own in by_file if own != FileFacts(own.file)),
    )
