"""What the logs hold -> one set of calls: distinct texts are read, processes and trees found, lines accounted for."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_ACTIVATION, NO_NAME, NO_PARENT, Calls, Facts, FileFacts, ProcessTable, is_time
from tracereport.calls.constant import concatenate, is_constant, map_column, narrow, repeat_runs, repeat_value, shrink
from tracereport.calls.facts import MALFORMED_ROWS
from tracereport.calls.naming import MarkedNames
from tracereport.model import UNKNOWN_CALLER, Input, MalformedLine, Rows
from tracereport.native.keys import factorize, find_distinct
from tracereport.native.metrics import MISSING
from tracereport.processes.parents import find_parents
from tracereport.processes.separating import NOT_SAID, Witness, separate_processes
from tracereport.processes.splitting import Processes
from tracereport.sources.perf_trace.encode import Encoder, Tables
from tracereport.sources.perf_trace.grammar import Reason
from tracereport.sources.perf_trace.markers import MarkerKind, SegmentName, name_segments
from tracereport.sources.perf_trace.origins import encode_origins
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
    line, number, parent, activation = records.line, records.number, records.parent, records.activation
    elapsed_ns, resolution_ns = records.elapsed_ns, records.resolution_ns
    tables = encoder.finish(records)
    del records
    lines_by_file, numbers_by_file = np.split(line, ends), np.split(number, ends)
    segment_by_file = [
        _find_stretches([line for line, _ in reading.markers], lines)
        for reading, lines in zip(readings, lines_by_file, strict=True)
    ]
    segments = _cut_segments(readings, segment_by_file)
    marked_tests = [_find_running_tests(*own) for own in zip(readings, lines_by_file, segment_by_file, strict=True)]
    by_file = [_take_file_facts(*own) for own in zip(readings, segment_by_file, numbers_by_file, strict=True)]
    remark, remarks = tables.remark, tables.remarks
    origins = encode_origins(remarks, tables.resources)
    said = remarks.numbers["process"]
    unknown = tables.names.index(UNKNOWN_CALLER) if UNKNOWN_CALLER in tables.names else NO_NAME
    witness = Witness(
        said=said[remark] if said.max(initial=NOT_SAID) != NOT_SAID else said[:0],
        signature=tables.signature,
        function=tables.lookups.function[tables.signatures.lookup],
        caller=np.where(tables.signatures.caller == unknown, NO_NAME, tables.signatures.caller),
        has_parent=map_column(lambda given: given != MISSING, parent),
        tell=partial(_code_told, tables),
    )
    found = separate_processes(number, segments.of_record, witness)
    trees = find_parents(
        process=found.process,
        number=number,
        judged=found.judged & ~found.shuffled,
        implausible=found.implausible,
        signature=witness.signature,
        caller=witness.caller,
        function=witness.function,
        elapsed_ns=elapsed_ns,
        resolution_ns=resolution_ns,
        given_parent=map_column(lambda given: np.maximum(given, NO_PARENT), parent),
        has_parent=witness.has_parent,
    )
    files = tuple(reading.name for reading in readings)
    logged_test, logged_tests = remarks.texts["test"]
    tests, test = _code_tests(marked_tests, logged_tests, map_column(logged_test.__getitem__, remark))
    has_activation = activation.max(initial=NO_ACTIVATION) != NO_ACTIVATION
    np.add(line, 1, out=line)
    return Calls(
        file=file,
        line=line,
        process=shrink(map_column(lambda process: process.astype(np.int32), found.process)),
        number=number,
        signature=tables.signature,
        elapsed_ns=elapsed_ns,
        resolution_ns=resolution_ns,
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
        processes=segments.list_processes(found, trees.kind, files),
        impossible_parents=trees.impossible,
        activation=np.maximum(activation, NO_ACTIVATION) if has_activation else None,
        facts=_make_facts(readings, by_file, _count_dropped(remarks, remark), len(line)),
    )


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


class _Segments(msgspec.Struct, frozen=True, eq=False):
    """The stretches between the markers of all files."""

    of_record: NDArray[np.int64]
    name: list[SegmentName]
    file: NDArray[np.int32]

    def list_processes(self, found: Processes, tree: NDArray[np.uint8], files: Sequence[str]) -> ProcessTable:
        """The processes, each with what the marker before its stretch says."""
        named = [self.name[at] for at in found.segment.tolist()]
        marked = MarkedNames(
            name=tuple(own.name for own in named),
            binary=tuple(own.binary for own in named),
            qualified=tuple(own.qualified for own in named),
        )
        table = ProcessTable(
            name=tuple(f"process {index}" for index in range(len(named))),
            file=self.file[found.segment],
            judged=found.judged,
            tree=tree,
            marked=marked if any(own.name is not None for own in named) else None,
        )
        return table.settle(files)


def _find_stretches(starts: Sequence[int], lines: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which of the stretches between some lines each of the others stands in; 0 is the one before the first.

    Both are in order, so that only the ends of the stretches are looked for.
    """
    end = np.append(np.searchsorted(lines, np.array(starts, np.int64)), len(lines))
    size = np.diff(end, prepend=0)
    (filled,) = np.nonzero(size)
    return repeat_runs(filled, size[filled])


def _cut_segments(readings: list[FileReading], segment_by_file: list[NDArray[np.int64]]) -> _Segments:
    """Which stretch each record stands in, and the name and file of each stretch."""
    of_record: list[NDArray[np.int64]] = []
    names: list[SegmentName] = []
    files: list[int] = []
    for index, (reading, own) in enumerate(zip(readings, segment_by_file, strict=True)):
        of_record.append(map_column(partial(np.add, len(names)), own))
        names += name_segments([marker for _, marker in reading.markers], reading.crate)
        files += [index] * (len(reading.markers) + 1)
    return _Segments(concatenate(of_record), names, np.array(files, np.int32))


def _find_running_tests(
    reading: FileReading, lines: NDArray[np.int64], segment: NDArray[np.int64]
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The names of the tests that a file's markers tell, and for each record the index of its test, -1 without one.

    libtest's lines are believed only where every trace of a binary stands inside of a test, as with one test thread:
    with more of them a line may have been torn by another test's output.
    """
    events = sorted(
        [(line, marker.name if marker.kind is MarkerKind.NEXTEST else "") for line, marker in reading.markers]
        + reading.tests
    )
    if not events:
        return (), repeat_value(np.int64(-1), len(lines))
    names = tuple(name for _, name in events)
    has_name = np.array([*(bool(name) for name in names), False])
    event = map_column(lambda stretch: stretch - 1, _find_stretches([line for line, _ in events], lines))
    if is_constant(event):
        return names, event if has_name[event[0]] else repeat_value(np.int64(-1), len(lines))
    has_test = has_name[event]
    whole = np.ones(len(reading.markers) + 1, bool)
    whole[segment[~has_test]] = False
    return names, np.where(has_test & whole[segment], event, -1)


def _code_tests(
    marked: list[tuple[tuple[str, ...], NDArray[np.int64]]], logged_names: tuple[str, ...], logged: NDArray[np.int32]
) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """The tests' names, sorted, and each call's: what its line says, else what the markers say."""
    found = {names[event] for names, events in marked for event in _list_distinct(events) if event >= 0}
    tests = sorted(found | set(logged_names))
    codes = {name: code for code, name in enumerate(tests)}
    of_marker = concatenate(
        [
            map_column(np.array([*(codes.get(name, -1) for name in names), -1], np.int32).__getitem__, events)
            for names, events in marked
        ]
    )
    of_line = map_column(np.array([*(codes[name] for name in logged_names), -1], np.int32).__getitem__, logged)
    if is_constant(of_line):
        return tuple(tests), of_line if of_line[0] >= 0 else of_marker
    return tuple(tests), np.where(of_line >= 0, of_line, of_marker)


def _count_members(groups: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """How many members each group has."""
    if is_constant(groups):
        return np.where(np.arange(count) == groups[0], len(groups), 0)
    return np.bincount(groups, minlength=count)


def _list_distinct(column: NDArray[np.int64]) -> list[int]:
    distinct: list[int] = find_distinct(column[:1] if is_constant(column) else column).tolist()
    return distinct


def _take_file_facts(reading: FileReading, segment: NDArray[np.int64], number: NDArray[np.int64]) -> FileFacts:
    """What the whole file tells, as far as this reading has it."""
    binaries = [
        index
        for index, (_, marker) in enumerate(reading.markers, start=1)
        if marker.kind is MarkerKind.CARGO and not marker.name.endswith("(doc)")
    ]
    if not binaries:
        return FileFacts(file=reading.name, holds_invalid=reading.holds_invalid)
    traced = _count_members(segment, len(reading.markers) + 1)[binaries]
    counters = _count_members(segment[np.flatnonzero(number == 0)], len(reading.markers) + 1)[binaries]
    return FileFacts(
        file=reading.name,
        holds_invalid=reading.holds_invalid,
        silent=int(np.count_nonzero(traced == 0)),
        traced=int(np.count_nonzero(traced)),
        alone=int(np.count_nonzero((traced > 0) & (counters < 2))),  # noqa: PLR2004
    )


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
        notices[kind.value] = sum(marker.kind is kind for reading in readings for _, marker in reading.markers)
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
