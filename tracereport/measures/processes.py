"""Processes: what each run of the call counter holds, and how its repeats are spread over it."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import TREE_KINDS, Calls
from tracereport.calls.coding import code_values
from tracereport.calls.grouping import LONG_ROW_LIMIT, ROW_LIMIT, caller_rank, keep_rows, sum_by
from tracereport.calls.ordered import OrderedCalls
from tracereport.calls.selection import Shown
from tracereport.measures.callers import code_edges
from tracereport.measures.repeats import Repeats
from tracereport.model import ActivityBin, Process, ProcessEdge, ProcessFinding, Rows

ACTIVITY_BINS = 200


def count_unfinished(calls: Calls) -> NDArray[np.int64]:
    """Per process the plausible numbers missing below its largest; 0 for interleaved ones."""
    count = len(calls.processes.name)
    plausible = ~calls.implausible
    largest = np.full(count, -1, np.int64)
    np.maximum.at(largest, calls.process[plausible], calls.number[plausible])
    present = np.bincount(calls.process[plausible], minlength=count)
    return np.where(calls.processes.judged & (present > 0), largest + 1 - present, 0)


def list_processes(
    ordered: OrderedCalls,
    repeats: Repeats,
    by_finding: Mapping[int, Sequence[ProcessFinding]],
    unfinished: NDArray[np.int64],
    shown: Shown | None = None,
) -> Rows[Process]:
    """One row per process, in the order of the log; ``by_finding`` holds what each adds to the findings."""
    calls = ordered.calls
    total = len(calls.processes.name)
    count = min(total, LONG_ROW_LIMIT)
    # A process's calls are in the order of their lines: of what is assigned one after the other the last remains.
    first_line, last_line = np.zeros((2, total), np.int64)
    first_line[calls.process[::-1]] = calls.line[::-1]
    last_line[calls.process] = calls.line
    own_calls = np.bincount(calls.process, minlength=total)
    edges = _count_edges_by_process(ordered, repeats, count)
    rows = [
        Process(
            index=index,
            name=calls.processes.name[index],
            file=calls.files[calls.processes.file[index]],
            first_line=int(first_line[index]),
            last_line=int(last_line[index]),
            calls=int(own_calls[index]),
            by_edge=keep_rows(edges[index]),
            by_finding=keep_rows(by_finding.get(index, ())),
            unfinished_calls=int(unfinished[index]),
            tree=TREE_KINDS[calls.processes.tree[index]],
            interleaved=not calls.processes.judged[index],
        )
        for index in range(count)
        if shown is None or index in shown.processes
    ]
    return keep_rows(rows, LONG_ROW_LIMIT, total=total if shown is None else len(shown.processes))


def _count_edges_by_process(ordered: OrderedCalls, repeats: Repeats, count: int) -> list[list[ProcessEdge]]:
    calls = ordered.calls
    names = len(calls.names) + 1
    edge_keys, edge_of_signature = code_edges(calls)
    width = max(len(edge_keys), 1)
    # Of each signature in a process all calls but the first are *again*; what isn't judged is only counted.
    groups = repeats.signatures
    unjudged = np.flatnonzero(~calls.judged)
    process = np.concatenate((groups.process, calls.process[unjudged]))
    signature = np.concatenate((groups.code, calls.signature[unjudged]))
    key, index = code_values(process * width + edge_of_signature[signature], len(calls.processes.name) * width)
    total = sum_by(index, np.concatenate((groups.length, np.ones_like(unjudged))), len(key))
    again = sum_by(index, np.concatenate((groups.length - 1, np.zeros_like(unjudged))), len(key))
    edges: list[list[ProcessEdge]] = [[] for _ in range(count)]
    for code, calls_of_edge, again_of_edge in zip(key.tolist(), total.tolist(), again.tolist(), strict=True):
        process, edge = divmod(code, width)
        if process >= count:
            break
        function, caller = divmod(int(edge_keys[edge]), names)
        edges[process].append(
            ProcessEdge(
                caller=calls.name(caller - 1),
                function=calls.names[function],
                calls=calls_of_edge,
                again_calls=again_of_edge,
            )
        )
    for rows in edges:
        rows.sort(key=lambda row: (-row.calls, row.function, caller_rank(row.caller)))
    return edges


def count_activity(ordered: OrderedCalls, repeats: Repeats, shown: Shown | None = None) -> Rows[ActivityBin]:
    """First calls and repeats over the call numbers, at most 200 bins per process; the largest processes first."""
    process = ordered.process
    starts = np.searchsorted(process, np.arange(len(ordered.calls.processes.name) + 1))
    sizes = np.diff(starts)
    if shown is not None:
        sizes[[index not in shown.processes for index in range(len(sizes))]] = 0
    total = int(np.minimum(sizes, ACTIVITY_BINS).sum())
    rows: list[ActivityBin] = []
    for index in np.lexsort((np.arange(len(sizes)), -sizes)).tolist():
        if not sizes[index] or len(rows) >= ROW_LIMIT:
            break
        span = slice(starts[index], starts[index + 1])
        number, is_repeat = ordered.number[span], repeats.is_repeat[span]
        bounds = np.linspace(0, len(number), min(len(number), ACTIVITY_BINS) + 1).astype(np.intp)
        repeated = np.add.reduceat(is_repeat, bounds[:-1], dtype=np.int64)
        rows += [
            ActivityBin(
                process=index,
                first_number=int(number[start]),
                last_number=int(number[end - 1]),
                first_calls=int(end - start - again),
                repeats=int(again),
            )
            for start, end, again in zip(bounds[:-1].tolist(), bounds[1:].tolist(), repeated.tolist(), strict=True)
        ]
    return keep_rows(rows, total=total)
