"""What the calls that needn't have been made took, nothing counted twice."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.oracle.processes import Process
from tests.oracle.trees import ancestors
from tests.oracle.units import Call


@dataclass(frozen=True)
class Place:
    """What one process says of the savings in it."""

    tree: str
    first_ended: int
    """Number of its first line's plausible call: what started till that ended may have been loading symbols."""
    above: Mapping[Call, Sequence[Call]]
    """Each call in a tree -> the printed calls that it lies in, its parent first."""


def place_of(process: Process, calls: Sequence[Call]) -> Place:
    """What a process with these calls says."""
    return Place(process.tree, first_ended(process), ancestors(calls))


def first_ended(process: Process) -> int:
    """Number of the call whose line comes first, of those whose numbers the process's counter can have given."""
    return next(record.number for position, record in enumerate(process.records) if position not in process.implausible)


def saving(saved: Iterable[Call], places: Sequence[Place], spared: Iterable[Call] = ()) -> tuple[int, int]:
    """Time of the saved calls, in ns as recorded, and its upper end.

    What lies inside another of them, or inside one of those that are spared anyhow, is none of its own.
    """
    saved = list(saved)
    outer = {*saved, *spared}
    parts = [
        process_saving(
            [call for call in saved if call.process == index],
            [call for call in outer if call.process == index],
            place,
        )
        for index, place in enumerate(places)
    ]
    return sum(lower for lower, _ in parts), sum(upper for _, upper in parts)


def process_saving(saved: Sequence[Call], outer: Sequence[Call], place: Place) -> tuple[int, int]:
    """The saving inside one process."""
    promised = [call for call in saved if call.number > place.first_ended]
    if place.tree == "unknown":
        return saving_without_tree(promised, outer)
    known = set(outer)
    return total_under_parents([call for call in promised if not known & set(place.above.get(call, ()))], place)


def total_under_parents(calls: Iterable[Call], place: Place) -> tuple[int, int]:
    """The calls' time, all of those inside one call together never more than that one's own."""
    roots: list[Call] = []
    inside: dict[Call, list[Call]] = {}
    counted = set(calls)
    seen: set[Call] = set()
    for call in counted:
        below = call
        for above in (*place.above.get(call, ()), None):
            if below in seen:
                break
            seen.add(below)
            (roots if above is None else inside.setdefault(above, [])).append(below)
            if above is not None:
                below = above
    bounds: dict[Call, tuple[int, int]] = {}
    for call in sorted(seen, key=lambda call: -len(place.above.get(call, ()))):
        lower_ns, upper_ns = (call.elapsed_ns, call.elapsed_upper_ns) if call in counted else (0, 0)
        lower_ns += sum(bounds[child][0] for child in inside.get(call, ()))
        upper_ns += sum(bounds[child][1] for child in inside.get(call, ()))
        bounds[call] = min(lower_ns, call.elapsed_ns), min(upper_ns, call.elapsed_upper_ns)
    return sum(bounds[root][0] for root in roots), sum(bounds[root][1] for root in roots)


def saving_without_tree(promised: Sequence[Call], outer: Sequence[Call]) -> tuple[int, int]:
    """The saving where any call may lie inside another that has a smaller number and a later line.

    The one function that saves most counts, by its calls that lie inside no other of its spared ones.
    """
    last_line: dict[str, int] = {}
    enclosed = set()
    for call in sorted(outer, key=lambda call: (call.number, call.record.line)):
        if call.record.line < last_line.get(call.function, 0):
            enclosed.add(call)
        last_line[call.function] = max(call.record.line, last_line.get(call.function, 0))
    by_function: dict[str, list[Call]] = {}
    for call in promised:
        if call not in enclosed:
            by_function.setdefault(call.function, []).append(call)
    return max((total(calls) for calls in by_function.values()), default=(0, 0))


def total(calls: Sequence[Call]) -> tuple[int, int]:
    """Their time, and its upper end."""
    return sum(call.elapsed_ns for call in calls), sum(call.elapsed_upper_ns for call in calls)
