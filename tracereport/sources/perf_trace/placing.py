"""Where the records of some files stand among the lines that aren't records: between which markers, in which test."""

from collections.abc import Sequence
from functools import partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import FileFacts, ProcessTable
from tracereport.calls.constant import concatenate, is_constant, map_column, repeat_runs, repeat_value
from tracereport.calls.naming import MarkedNames
from tracereport.native.keys import find_distinct
from tracereport.processes.splitting import Processes
from tracereport.sources.perf_trace.markers import MarkerKind, SegmentName, name_segments
from tracereport.sources.perf_trace.reading import FileReading


class Segments(msgspec.Struct, frozen=True, eq=False):
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


class Placed(msgspec.Struct, frozen=True, eq=False):
    """Where the records of all files stand among the lines that aren't records."""

    segments: Segments
    marked_tests: list[tuple[tuple[str, ...], NDArray[np.int64]]]
    """Per file as ``_find_running_tests`` gives it."""
    facts: list[FileFacts]
    """Per file."""


def place_records(
    readings: list[FileReading], lines: list[NDArray[np.int64]], numbers: list[NDArray[np.int64]]
) -> Placed:
    """Holds the records of each file against its markers.

    Args:
        readings: of the files.
        lines: per file those of its records.
        numbers: per file the call numbers of its records.
    """
    segments = [
        _find_stretches([line for line, _ in reading.markers], own)
        for reading, own in zip(readings, lines, strict=True)
    ]
    return Placed(
        segments=_cut_segments(readings, segments),
        marked_tests=[_find_running_tests(*own) for own in zip(readings, lines, segments, strict=True)],
        facts=[_take_file_facts(*own) for own in zip(readings, segments, numbers, strict=True)],
    )


def _find_stretches(starts: Sequence[int], lines: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which of the stretches between some lines each of the others stands in; 0 is the one before the first.

    Both are in order, so that only the ends of the stretches are looked for.
    """
    end = np.append(np.searchsorted(lines, np.array(starts, np.int64)), len(lines))
    size = np.diff(end, prepend=0)
    (filled,) = np.nonzero(size)
    return repeat_runs(filled, size[filled])


def _cut_segments(readings: list[FileReading], segment_by_file: list[NDArray[np.int64]]) -> Segments:
    """Which stretch each record stands in, and the name and file of each stretch."""
    of_record: list[NDArray[np.int64]] = []
    names: list[SegmentName] = []
    files: list[int] = []
    for index, (reading, own) in enumerate(zip(readings, segment_by_file, strict=True)):
        of_record.append(map_column(partial(np.add, len(names)), own))
        names += name_segments([marker for _, marker in reading.markers], reading.crate)
        files += [index] * (len(reading.markers) + 1)
    return Segments(concatenate(of_record), names, np.array(files, np.int32))


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


def code_tests(
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
