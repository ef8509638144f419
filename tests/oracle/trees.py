"""Self time and merged paths of the processes whose tree is nested or given."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from tests.oracle.processes import Process
from tests.oracle.repeats import Repeat
from tests.oracle.units import Call, Unit

UNFINISHED = "(unfinished)"
FIGURES = (
    *("calls", "total_ns", "self_ns", "redundant_calls", "first_calls", "fan_out_calls"),
    *("unchanged", "changed", "unproven"),
)
"""Of a path."""

Row = dict[str, Any]


def self_times_ns(calls: Iterable[Call]) -> dict[Call, int | None]:
    """Elapsed time of each call in a tree minus that of its children; none where they surely ran side by side.

    That is where they take more time than the call has, or where one with a larger number has a smaller line.
    """
    found = {(call.process, call.number): call for call in calls if call.in_tree}
    children: dict[Call, list[Call]] = {call: [] for call in found.values()}
    for call in sorted(found.values(), key=lambda call: call.number):
        parent = found.get((call.process, call.parent)) if call.parent is not None else None
        if parent is not None:
            children[parent].append(call)
    return {call: _self_time_ns(call, inside) for call, inside in children.items()}


def _self_time_ns(call: Call, children: Sequence[Call]) -> int | None:
    inside_ns = sum(child.elapsed_ns for child in children)
    lines = [child.record.line for child in children]
    return None if inside_ns >= call.elapsed_upper_ns or lines != sorted(lines) else call.elapsed_ns - inside_ns


def add_known(times_ns: Iterable[int | None]) -> int | None:
    """The sum, if all are known."""
    total_ns = 0
    for time_ns in times_ns:
        if time_ns is None:
            return None
        total_ns += time_ns
    return total_ns


def ancestors(calls: Iterable[Call]) -> dict[Call, list[Call]]:
    """Of each call in a tree the calls above it that were printed, the parent first."""
    found = {(call.process, call.number): call for call in calls if call.in_tree}
    above: dict[Call, list[Call]] = {}
    for call in sorted(found.values(), key=lambda call: call.number):
        parent = found.get((call.process, call.parent)) if call.parent is not None else None
        above[call] = [] if parent is None else [parent, *above[parent]]
    return above


def call_tree(
    trees: Sequence[Sequence[Call]], judged: Iterable[Unit], repeats: Iterable[Repeat], one_by_one: AbstractSet[Call]
) -> Row | None:
    """All calls of trees by the functions above them; a parent that never printed is ``(unfinished)``."""
    if not trees:
        return None
    repeated = {repeat.call: repeat.evidence for repeat in repeats}
    first = {call for unit in judged for call in unit.questions} - repeated.keys() - one_by_one
    paths: dict[tuple[str, ...], Row] = {}
    for calls in trees:
        self_ns = self_times_ns(calls)
        for call, above in ancestors(calls).items():
            top = above[-1] if above else call
            start = (UNFINISHED,) if top.parent is not None else ()
            path = (*start, *(caller.function for caller in reversed(above)), call.function)
            row = paths.setdefault(path, {"path": path, **dict.fromkeys(FIGURES, 0)})
            row["calls"] += 1
            row["total_ns"] += call.elapsed_ns
            row["self_ns"] = add_known([row["self_ns"], self_ns[call]])
            row["redundant_calls"] += call in repeated
            row["first_calls"] += call in first
            row["fan_out_calls"] += call in one_by_one
            if call in repeated:
                row[repeated[call]] += 1
    return {
        "processes": len(trees),
        "calls": sum(row["calls"] for row in paths.values()),
        "paths": list(paths.values()),
        "deepest": max(len(path) for path in paths),
    }


def root_elapsed_ns(process: Process) -> tuple[int, int]:
    """Elapsed time of the plausible calls whose parent is none or never printed, and its upper end."""
    printed = {record.number for record in process.plausible}
    roots = [record for record in process.plausible if process.parents.get(record.number) not in printed]
    elapsed_ns = sum(record.elapsed_ns for record in roots)
    return elapsed_ns, elapsed_ns + sum(record.resolution_ns for record in roots)
