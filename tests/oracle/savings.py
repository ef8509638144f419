"""What the calls that needn't have been made took, nothing counted twice."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.oracle.processes import Process
from tests.oracle.repeats import Call, Repeat
from tests.oracle.trees import ancestors


@dataclass(frozen=True)
class Scope:
    """What one process says of its repeats' savings."""

    tree: str
    first_ended: int
    """Number of its first line's plausible call: what started till that ended may have been loading symbols."""
    above: Mapping[int, frozenset[int]]
    """Number of each call in a tree -> those of the calls that it lies in."""


def scope_of(process: Process, calls: Sequence[Call]) -> Scope:
    """The scope of a process with these calls."""
    above = {call.number: frozenset(caller.number for caller in callers) for call, callers in ancestors(calls).items()}
    return Scope(process.tree, first_ended(process), above)


def first_ended(process: Process) -> int:
    """Number of the call whose line comes first, of those whose numbers the process's counter can have given."""
    return next(record.number for position, record in enumerate(process.records) if position not in process.implausible)


def saving(repeats: Iterable[Repeat], scopes: Sequence[Scope], evidence: str) -> tuple[int, int]:
    """Time of the repeats with this evidence, in ns as recorded, and its upper end."""
    by_process: dict[int, list[Repeat]] = {}
    for repeat in repeats:
        by_process.setdefault(repeat.call.process, []).append(repeat)
    parts = [process_saving(own, scopes[process], evidence) for process, own in by_process.items()]
    return sum(lower for lower, _ in parts), sum(upper for _, upper in parts)


def process_saving(repeats: Sequence[Repeat], scope: Scope, evidence: str) -> tuple[int, int]:
    """The saving inside one process.

    Where the tree is unknown any call may lie inside another that has a smaller number and a later line: the one
    function that saves most counts, by its calls that lie inside no other of its spared ones.
    """
    saved = [
        repeat.call for repeat in repeats if repeat.evidence == evidence and repeat.call.number > scope.first_ended
    ]
    spared = [repeat.call for repeat in repeats if repeat.evidence in ("unchanged", evidence)]
    if scope.tree != "unknown":
        numbers = {call.number for call in spared}
        return total([call for call in saved if not scope.above.get(call.number, frozenset()) & numbers])
    last_line: dict[str, int] = {}
    enclosed = set()
    for call in sorted(spared, key=lambda call: call.number):
        if call.record.line < last_line.get(call.function, 0):
            enclosed.add(call.number)
        last_line[call.function] = max(call.record.line, last_line.get(call.function, 0))
    by_function: dict[str, list[Call]] = {}
    for call in saved:
        if call.number not in enclosed:
            by_function.setdefault(call.function, []).append(call)
    return max((total(calls) for calls in by_function.values()), default=(0, 0))


def total(calls: Sequence[Call]) -> tuple[int, int]:
    """Their time, and its upper end."""
    return sum(call.elapsed_ns for call in calls), sum(call.elapsed_upper_ns for call in calls)
