"""Processes and units of work: what each run of the call counter and each test holds."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import CALL_KINDS, FRAME, TREE_KINDS, WRITE, Calls
from tracereport.calls.grouping import LONG_ROW_LIMIT, ROW_LIMIT, caller_rank, count_by, keep_rows
from tracereport.calls.naming import MarkedNames, settle_names
from tracereport.calls.units import UNIT_KINDS
from tracereport.measures.context import Context
from tracereport.measures.group_rows import unit_name_of
from tracereport.measures.interface import Measure, Whole
from tracereport.measures.partials import NO_TEXT, Column, Table, merge_tables
from tracereport.measures.traits import AGAIN, QUESTION, REPEAT
from tracereport.model import ActivityBin, Process, ProcessEdge, ProcessFinding, Rows, Unit
from tracereport.native.pairs import number_pairs
from tracereport.native.tally import Mask, count_traits, find_extremes
from tracereport.processes.bounds import bound_repeats

ACTIVITY_BINS = 200
UNIT_LIMIT = 100_000
"""Units that the report keeps: one for each request of a long log."""


class ProcessesPart(msgspec.Struct, frozen=True, eq=False):
    """What some processes and their units hold."""

    processes: Table
    """By process, file, tree and what is known of its name (none where it is called by its number): calls, lines and
    so on."""
    units: Table
    """By process, unit (a number in its part), name (none for a whole process), kind and try: calls and questions."""
    edges: Table
    """By process, unit, caller and function: calls, and those that ask again."""


def measure_processes(context: Context) -> ProcessesPart:
    """Counts of each process and unit."""
    calls = context.calls
    table = calls.processes
    count = len(table.name)
    first_line, last_line = _find_line_range(calls)
    unfinished = count_unfinished(calls)
    numbers = np.arange(count)
    names = [None if name == f"process {index}" else name for index, name in enumerate(table.name)]
    marked = table.marked or MarkedNames(*((None,) * count for _ in MarkedNames.__struct_fields__))
    names = [own if of_marker is None else of_marker for own, of_marker in zip(names, marked.name, strict=True)]
    certain = bound_repeats(calls, context.answers.values)
    shown = np.ones(count, np.int64)
    if context.shown is not None:
        shown = count_by(calls.process, count, context.shown.rows)
    return ProcessesPart(
        processes=Table(
            key={
                "process": Column(context.process_key(numbers)),
                "name": _code_texts(names),
                "binary": _code_texts(marked.binary),
                "qualified": _code_texts(marked.qualified),
                "file": Column(table.file.astype(np.int64), calls.files),
                "tree": Column(table.tree.astype(np.int64), TREE_KINDS),
            },
            sums={
                "calls": count_by(calls.process, count),
                "unfinished_calls": unfinished,
                "least_repeats": certain.repeats,
                "least_unchanged": certain.unchanged,
                "first_line": first_line,
                "last_line": last_line,
                "judged": table.judged.astype(np.int64),
                "shown": shown,
            },
        ),
        units=_count_units(context),
        edges=_count_unit_edges(context),
    )


def _code_texts(texts: Sequence[str | None]) -> Column:
    codes: dict[str, int] = {}
    coded = [NO_TEXT if text is None else codes.setdefault(text, len(codes)) for text in texts]
    return Column(np.array(coded, np.int64), tuple(codes))


def _find_line_range(calls: Calls) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first and the last line of each process."""
    count = len(calls.processes.name)
    first, last = find_extremes(calls.process, calls.line, count)
    last = np.maximum(last, 0)
    return np.minimum(first, last), last


def count_unfinished(calls: Calls) -> NDArray[np.int64]:
    """Per process the plausible numbers missing below its largest; 0 for interleaved ones."""
    count = len(calls.processes.name)
    process = np.where(calls.implausible, -1, calls.process) if calls.implausible.any() else calls.process
    _, largest = find_extremes(process, calls.number, count)
    present = count_by(process, count)
    return np.where(calls.processes.judged & (present > 0), largest + 1 - present, 0)


def _count_units(context: Context) -> Table:
    units, cells = context.ordered.units, context.cells
    count = len(units)
    # Calls without an order count as calls alone.
    kind = np.where(cells.place < 0, len(CALL_KINDS), context.calls.kind_of(cells.row))
    return Table(
        key={
            "process": Column(context.process_key(units.process)),
            "unit": Column(np.arange(count)),
            "name": _code_texts([unit_name_of(context, unit) for unit in range(count)]),
            "kind": Column(units.kind.astype(np.int64), UNIT_KINDS),
            "attempt": Column(units.attempt.astype(np.int64)),
        },
        sums={
            "calls": cells.count_by(cells.unit, count),
            **count_traits(cells.unit, cells.traits, {"judged_questions": Mask(QUESTION)}, count, cells.calls),
            "writes": cells.count_by(cells.unit, count, kind == WRITE),
            "frames": cells.count_by(cells.unit, count, kind == FRAME),
            "judged": units.judged.astype(np.int64),
        },
    )


def _count_unit_edges(context: Context) -> Table:
    calls, cells, units = context.calls, context.cells, context.ordered.units
    keys, edge_of_signature = context.edges
    edge = edge_of_signature[cells.signature]
    group, first = number_pairs(cells.unit, len(units), edge, len(keys))
    unit, edge_code = cells.unit[first].astype(np.int64), edge[first]
    names = len(calls.names) + 1
    own = keys[edge_code] if len(keys) else edge_code
    return Table(
        key={
            "process": Column(context.process_key(units.process[unit])),
            "unit": Column(unit),
            "caller": Column(own % names - 1, calls.names),
            "function": Column(own // names, calls.names),
        },
        sums={
            "calls": cells.count_by(group, len(first)),
            **count_traits(group, cells.traits, {"again": Mask(AGAIN)}, len(first), cells.calls),
        },
    )


def merge_processes(parts: Sequence[ProcessesPart]) -> ProcessesPart:
    """The processes of all parts."""
    return ProcessesPart(
        processes=merge_tables([part.processes for part in parts]),
        units=merge_tables([part.units for part in parts]),
        edges=merge_tables([part.edges for part in parts]),
    )


def name_processes(part: ProcessesPart) -> dict[int, str]:
    """What each process of the whole input is called, by the number that parts know it by."""
    rows = list(part.processes.rows("process", "name", "binary", "qualified", "file"))
    # A name that no marker gave is what its source calls it; several processes may share that.
    marked = MarkedNames(
        name=tuple(None if binary is None else name for _, name, binary, _, _ in rows),
        binary=tuple(binary for _, _, binary, _, _ in rows),
        qualified=tuple(qualified for _, _, _, qualified, _ in rows),
    )
    index_of = number_processes(part)
    settled = settle_names(marked, [file for *_, file in rows])
    return {
        process: own or name or f"process {index_of[process]}"
        for (process, name, *_), own in zip(rows, settled, strict=True)
    }


def list_processes(whole: Whole, by_finding: dict[int, list[ProcessFinding]]) -> Rows[Process]:
    """One row per process, in the order of the log; ``by_finding`` holds what each adds to the findings."""
    part: ProcessesPart = whole["processes"]
    table = part.processes
    if whole.is_narrowed:
        table = table.take(table.sums["shown"] > 0)
    total = len(table)
    index_of = number_processes(part)
    name_of = name_processes(part)
    order = np.argsort(table.key["process"].codes)[:LONG_ROW_LIMIT]
    edges = _list_edges(part.edges.by("process", "caller", "function"), ("process",))
    rows = []
    columns = ("calls", "unfinished_calls", "least_repeats", "first_line", "last_line", "judged")
    for process, file, tree, calls, unfinished, least, first, last, judged in table.take(order).rows(
        "process", "file", "tree", *columns
    ):
        index = index_of[process]
        rows.append(
            Process(
                index=index,
                name=name_of[process],
                file=file,
                first_line=first,
                last_line=last,
                calls=calls,
                by_edge=keep_rows(edges[process,]),
                by_finding=keep_rows(by_finding.get(process, ())),
                unfinished_calls=unfinished,
                tree=tree,
                interleaved=not judged,
                least_repeats=least,
            )
        )
    return keep_rows(rows, LONG_ROW_LIMIT, total=total)


def number_processes(part: ProcessesPart) -> dict[int, int]:
    """The index of each process in the whole input: they are in the order of their first lines."""
    return {process: index for index, process in enumerate(sorted(part.processes.key["process"].codes.tolist()))}


def _list_edges(table: Table, owner: tuple[str, ...]) -> dict[tuple[int, ...], list[ProcessEdge]]:
    edges: dict[tuple[int, ...], list[ProcessEdge]] = {}
    for *own, caller, function, calls, again in table.rows(*owner, "caller", "function", "calls", "again"):
        edges.setdefault(tuple(own), []).append(
            ProcessEdge(caller=caller, function=function, calls=calls, again_calls=again)
        )
    for rows in edges.values():
        rows.sort(key=lambda row: (-row.calls, row.function, caller_rank(row.caller)))
    return edges


def list_units(whole: Whole, by_finding: dict[tuple[int, int], list[ProcessFinding]]) -> Rows[Unit]:
    """One row per judged unit of work, in the order of the log."""
    part: ProcessesPart = whole["processes"]
    table = part.units.take(part.units.sums["judged"] > 0)
    order = np.lexsort((table.key["unit"].codes, table.key["process"].codes))[:UNIT_LIMIT]
    index_of = number_processes(part)
    name_of = name_processes(part)
    trees = dict(part.processes.rows("process", "tree"))
    edges = _list_edges(part.edges, ("process", "unit"))
    rows = []
    for process, unit, name, kind, attempt, calls, questions, writes, frames in table.take(order).rows(
        "process", "unit", "name", "kind", "attempt", "calls", "judged_questions", "writes", "frames"
    ):
        index = index_of[process]
        rows.append(
            Unit(
                name=name or name_of[process],
                process=index,
                kind=kind,
                attempt=attempt,
                tree=trees[process],
                calls=calls,
                judged_questions=questions,
                writes=writes,
                frames=frames,
                by_edge=keep_rows(edges[process, unit]),
                by_finding=keep_rows(by_finding.get((process, unit), ())),
            )
        )
    return keep_rows(rows, UNIT_LIMIT, total=len(table))


class ProcessActivity(msgspec.Struct, frozen=True):
    """One process over its call numbers."""

    process: int
    calls: int
    bins: tuple[ActivityBin, ...]


class ActivityPart(msgspec.Struct, frozen=True):
    """The largest processes, as many as the report keeps bins, and the bins of all."""

    total: int
    largest: tuple[ProcessActivity, ...]


def measure_activity(context: Context) -> ActivityPart:
    """First calls and repeats over the call numbers, at most 200 bins per process; the largest processes first."""
    ordered, is_repeat = context.ordered, context.repeats.are(REPEAT)
    starts = np.searchsorted(ordered.process, np.arange(len(context.calls.processes.name) + 1))
    sizes = np.diff(starts)
    if context.shown is not None:
        sizes[[index not in context.shown.processes for index in range(len(sizes))]] = 0
    found: list[ProcessActivity] = []
    held = 0
    for index in np.lexsort((np.arange(len(sizes)), -sizes)).tolist():
        if not sizes[index] or held >= ROW_LIMIT:
            break
        process = index + context.first_process
        bounds = np.linspace(0, sizes[index], min(sizes[index], ACTIVITY_BINS) + 1).astype(np.intp)
        spans = list(pairwise((bounds + starts[index]).tolist()))
        repeated = [int(np.count_nonzero(is_repeat[start:end])) for start, end in spans]
        bins = tuple(
            ActivityBin(
                process=process,
                first_number=int(ordered.number[start]),
                last_number=int(ordered.number[end - 1]),
                first_calls=end - start - again,
                repeats=again,
            )
            for (start, end), again in zip(spans, repeated, strict=True)
        )
        found.append(ProcessActivity(process, int(sizes[index]), bins))
        held += len(bins)
    return ActivityPart(int(np.minimum(sizes, ACTIVITY_BINS).sum()), tuple(found))


def merge_activity(parts: Sequence[ActivityPart]) -> ActivityPart:
    """The largest processes of all parts."""
    rows = sorted((row for part in parts for row in part.largest), key=lambda row: (-row.calls, row.process))
    bins = np.cumsum([0, *(len(row.bins) for row in rows)])
    kept = rows[: int(np.count_nonzero(bins[:-1] < ROW_LIMIT))]
    return ActivityPart(sum(part.total for part in parts), tuple(kept))


def list_activity(whole: Whole) -> Rows[ActivityBin]:
    """The bins of the largest processes."""
    part: ActivityPart = whole["activity"]
    bins: list[Any] = [row for process in part.largest for row in process.bins]
    return keep_rows(bins, total=part.total)


MEASURE = Measure("processes", measure_processes, merge_processes)
ACTIVITY = Measure("activity", measure_activity, merge_activity, list_activity)
