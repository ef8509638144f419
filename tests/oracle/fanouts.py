"""N+1: calls of one shape under one parent that differ in one parameter."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

from tests.oracle.repeats import Call

Row = dict[str, Any]


def find_fanouts(calls: Sequence[Call], least_values: int) -> list[Row]:
    """The fan-outs of one judged process."""
    printed = {call.number: call for call in calls if call.in_tree}
    scopes: dict[tuple[Any, ...], list[Call]] = {}
    for call in calls:
        parent = printed.get(call.parent) if call.parent is not None else None
        if call.function not in (call.caller, parent.function if parent else None):
            scopes.setdefault((call.parent, call.function, call.caller, call.param_names), []).append(call)
    return [
        fanout_row(group, varying, printed.get(group[0].parent) if group[0].parent is not None else None)
        for members in scopes.values()
        for varying, group in find_groups(members, least_values)
    ]


def find_groups(members: list[Call], least_values: int) -> list[tuple[tuple[int, ...], list[Call]]]:
    """Groups of calls of one shape, and the positions of the parameters that vary in each, the key first.

    Each call goes to the candidate with the most values, ties by the key's name, then its position, then the fewest
    parameters that vary, then their names. A group that is left with too few is none.
    """
    best: dict[Call, tuple[Any, tuple[int, ...], tuple[Any, ...]]] = {}
    names = members[0].param_names
    for varying in list_choices(members):
        groups: dict[tuple[Any, ...], list[Call]] = {}
        for call in members:
            fixed = tuple(value for place, (_, value) in enumerate(call.record.params) if place not in varying)
            groups.setdefault(fixed, []).append(call)
        for fixed, group in groups.items():
            values = distinct_values(group, varying)
            if values < least_values or not vary_one_to_one(group, varying):
                continue
            order = tuple((names[place], place) for place in varying)
            rank = (-values, order[0], len(varying), order)
            for call in group:
                if call not in best or rank < best[call][0]:
                    best[call] = (rank, varying, fixed)
    found: dict[tuple[Any, ...], list[Call]] = {}
    for call in members:
        if call in best:
            found.setdefault(best[call][1:], []).append(call)
    return [(key[0], group) for key, group in found.items() if distinct_values(group, key[0]) >= least_values]


def list_choices(members: Sequence[Call]) -> list[tuple[int, ...]]:
    """Positions of parameters that may vary together: every choice of those that vary at all, in the order of names."""
    names = members[0].param_names
    places = [place for place in range(len(names)) if len({call.record.params[place] for call in members}) > 1]
    places.sort(key=lambda place: (names[place], place))
    return [varying for size in range(1, len(places) + 1) for varying in combinations(places, size)]


def vary_one_to_one(group: Sequence[Call], varying: tuple[int, ...]) -> bool:
    """Whether each value of one parameter stands beside one value of each of the others."""
    together = {tuple(call.record.params[place] for place in varying) for call in group}
    return all(len({values[index] for values in together}) == len(together) for index in range(len(varying)))


def distinct_values(group: Iterable[Call], varying: tuple[int, ...]) -> int:
    """How many values the key parameter takes."""
    return len({call.record.params[varying[0]][1] for call in group})


def avoidable_calls(group: Iterable[Call]) -> list[Call]:
    """The calls that a batch call would spare: the first one for each value but the first of all."""
    first: dict[Any, Call] = {}
    for call in group:
        first.setdefault(call.record.params, call)
    return list(first.values())[1:]


def fanout_row(group: list[Call], varying: tuple[int, ...], parent: Call | None) -> Row:
    """One fan-out."""
    first = group[0]
    values = distinct_values(group, varying)
    return {
        "function": first.function,
        "caller": first.caller,
        "param_names": first.param_names,
        "fixed_params": [param for place, param in enumerate(first.record.params) if place not in varying],
        "varying_params": [first.param_names[place] for place in varying],
        "distinct_values": values,
        "calls": len(group),
        "avoidable_calls": values - 1,
        "parent": parent.reference if parent else None,
        "parent_function": parent.function if parent else None,
        "process": first.process,
        "elapsed_ns": sum(call.elapsed_ns for call in group),
        "elapsed_upper_ns": sum(call.elapsed_upper_ns for call in group),
        "confidence": "low" if first.parent is None else "sure",
        "call_references": [call.reference for call in group],
        "avoidable": avoidable_calls(group),
    }
