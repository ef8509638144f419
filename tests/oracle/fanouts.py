"""N+1: calls of one shape in one run of their caller that differ in one parameter, or write row by row."""

from bisect import bisect, insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from tests.oracle.evidence import answer_of
from tests.oracle.kinds import resource_of, statement_of
from tests.oracle.units import Call, Unit

Row = dict[str, Any]


@dataclass(frozen=True)
class Scope:
    """Where a call belongs: in one run of its caller, as far as that is known."""

    confidence: str
    parent: int | None = None
    activation: int | None = None


LOW = Scope("low")
"""Somewhere in its unit."""


USUAL_VALUES = 5
FEWEST_VALUES = 2
TEST_HOOKS = ("pytest", "unittest")


def find_fanouts(
    unit: Unit, process_calls: Sequence[Call], given_values: int | None, ignored: Sequence[str]
) -> list[Row]:
    """The fan-outs of one judged unit; ``process_calls`` are all of its process, ``ignored`` metrics no answers.

    Without a number of values, five are enough, and fewer where the records tell of a loop over rows.
    """
    least_values = USUAL_VALUES if given_values is None else given_values
    printed = {call.number: call for call in process_calls if not call.implausible}
    open_callers = find_open_callers(process_calls)
    scopes: dict[tuple[Any, ...], list[Call]] = {}
    for call in unit.calls:
        scope = scope_of(call, unit.tree, open_callers)
        if is_candidate(call, printed):
            shape = (call.function, call.caller, call.param_names)
            kind = "write" if call.kind == "write" else "known" if call.record.values_known else "unknown"
            statement = statement_of(call.record) if kind == "write" else None
            scopes.setdefault((scope, shape, kind, statement), []).append(call)
    rows = []
    for (scope, _, kind, statement), members in scopes.items():
        parent = printed.get(scope.parent) if scope.parent is not None else None
        groups = groups_of(members, kind, scope, least_values)
        if given_values is None and scope.confidence == "sure" and kind != "unknown":
            taken = {call for group, _ in groups for call in group}
            few = few_by_place([call for call in members if call not in taken], kind, scope)
            # Few scopes have any, and to list what was asked around one takes a look at all of its unit.
            asked = asked_around(scope, unit, printed, open_callers) if few else []
            is_test = scope.activation is None and parent is not None and parent.record.via in TEST_HOOKS
            groups += [
                (group, varying) for group, varying in few if is_proven(group, varying, asked, is_whole_test=is_test)
            ]
        rows += [fanout_row(unit, group, varying, parent, scope, kind, statement, ignored) for group, varying in groups]
    return rows + find_over_runs(unit, printed, rows, least_values, ignored)


def find_over_runs(
    unit: Unit, printed: dict[int, Call], rows: Sequence[Row], least_values: int, ignored: Sequence[str]
) -> list[Row]:
    """Fan-outs over runs that make one call of a function each, where nothing is known around: no call, and no test."""
    taken = {call for row in rows for call in row["members"]}
    alone = [
        call
        for call in (unit.calls if unit.test_name is None else ())
        if call.record.activation is not None and call.record.parent is None and is_candidate(call, printed)
    ]
    of_run = Counter((call.record.activation, call.function, call.caller) for call in alone)
    shapes: dict[tuple[Any, ...], list[Call]] = {}
    for call in alone:
        is_only = of_run[call.record.activation, call.function, call.caller] == 1
        if is_only and call not in taken and (call.kind == "write" or call.record.values_known):
            statement = statement_of(call.record) if call.kind == "write" else None
            kind = "write" if call.kind == "write" else "known"
            shapes.setdefault((call.function, call.caller, call.param_names, kind, statement), []).append(call)
    return [
        fanout_row(unit, group, varying, None, over_rows(unit, group, varying), kind, statement, ignored)
        for (*_, kind, statement), members in shapes.items()
        for group, varying in groups_of(members, kind, LOW, least_values)
    ]


JUST_BEFORE = 16


def over_rows(unit: Unit, group: Sequence[Call], varying: tuple[int, ...]) -> Scope:
    """Likely, if a question just before gave as many rows."""
    first = group[0].number
    wanted = {len(avoidable_calls(group, varying)) + 1, len(group)}
    follows = any(row_count(call) in wanted for call in unit.questions if first - JUST_BEFORE <= call.number < first)
    return Scope("likely") if follows else LOW


Group = tuple[list[Call], tuple[int, ...]]
"""Calls of one shape and scope, and the positions of the parameters that vary in them."""


def few_by_place(members: Iterable[Call], kind: str, scope: Scope) -> list[Group]:
    """The groups over as few values as may be, of calls that one line of the source asks."""
    by_place: dict[str, list[Call]] = {}
    for call in members:
        if call.record.at is not None:
            by_place.setdefault(call.record.at, []).append(call)
    return [found for own in by_place.values() for found in groups_of(own, kind, scope, FEWEST_VALUES)]


def groups_of(members: list[Call], kind: str, scope: Scope, least_values: int) -> list[Group]:
    """The groups of these calls, each with what varies in it."""
    if kind == "known":
        return [(group, varying) for varying, group in find_groups(members, least_values)]
    is_known_place = kind == "write" or scope != LOW
    has_values = members[0].record.values_known and set(members[0].param_names) - {"sql", "database", "schema", "table"}
    if kind == "write" and changes_rows(members[0]) and has_values:
        # To change one row again, or to delete it, changes no further one.
        is_known_place = len({call.lookup for call in members}) >= least_values
    return [(members, ())] if len(members) >= least_values and is_known_place else []


def changes_rows(call: Call) -> bool:
    """Whether a write changes rows that are there."""
    statement = statement_of(call.record)
    return (call.function if statement is None else statement).lstrip().lower().startswith(("update", "delete"))


def is_asked_between(group: Sequence[Call], unit: Unit) -> bool:
    """Whether somebody asks, between two changes of rows, for what they change: that may decide about the next."""
    if group[0].kind != "write" or not changes_rows(group[0]):
        return False
    return any(
        before.number < asked.number < after.number and resource_of(asked.record) == resource_of(after.record)
        for before, after in pairwise(group)
        for asked in unit.questions
    )


def is_written_out(group: Sequence[Call]) -> bool:
    """Whether each call stands on a line of its own."""
    places = {call.record.at for call in group}
    return None not in places and len(places) == len(group)


def is_tried(group: Sequence[Call], varying: tuple[int, ...], unit: Unit, ignored: Sequence[str]) -> bool:
    """Whether the last call alone found something, or alone found nothing: the others may have been tried for it.

    Not so where the hook names a relation, or where what was asked before gave as many rows: then it is over these.
    """
    answers = [answer_of(call.record, ignored) for call in group]
    nothing = [
        any(
            value == 0 if name in ("found", "rows", "size") else name == "status" and 400 <= value < 600
            for name, value in own
        )
        for own in answers
    ]
    *before, last = answers
    finds_at_last = all(nothing[:-1]) and all(each == before[0] for each in before) and last != before[0]
    loses_at_last = nothing[-1] and not any(nothing[:-1])
    return (finds_at_last or loses_at_last) and not tells_loop(group, varying, unit)


def tells_loop(group: Sequence[Call], varying: tuple[int, ...], unit: Unit) -> bool:
    """Whether the hook names a relation, or a question before gave just as many rows."""
    counts = {len(group), len(avoidable_calls(group, varying)) + 1}
    return ":" in (group[0].record.says("via") or "") or any(
        asked.number < group[0].number and row_count(asked) in counts for asked in unit.questions
    )


def is_straight(group: Sequence[Call], varying: tuple[int, ...], unit: Unit) -> bool:
    """Whether something else is done between any two of the calls, or nearly so: a loop does the same each time."""
    gaps = []
    for before, after in pairwise(group):
        between = [call for call in unit.calls if before.number < call.number < after.number]
        beside = [call for call in between if call.record.at is not None and call.parent == after.parent]
        gaps.append({(call.function, call.record.at) for call in beside} if len(between) <= 16 else set())
    done = Counter(what for gap in gaps for what in gap)
    filled = sum(map(bool, gaps))
    is_varied = filled > 1 and 2 * filled >= len(gaps) and max(done.values()) == 1
    return is_varied and len(group) <= 64 and not tells_loop(group, varying, unit)


def says_nothing(name: str, value: int) -> bool:
    """Whether a metric says that nothing was found, or that a server refused."""
    return value == 0 if name in ("found", "rows", "size") else name == "status" and 400 <= value < 600


def asked_around(scope: Scope, unit: Unit, printed: dict[int, Call], open_callers: Mapping[Call, Call]) -> list[Call]:
    """What a unit asks in a scope, and under the calls around the one that the scope is of, short of the test."""

    def step_out(number: int | None) -> int | None:
        call = None if number is None else printed.get(number)
        return None if call not in unit.calls or call.record.via in TEST_HOOKS else number

    asked = [
        call
        for call in unit.questions
        if is_candidate(call, printed) and scope_of(call, unit.tree, open_callers) == scope
    ]
    around = step_out(scope.parent)
    while around is not None:
        around = step_out(scope_of(printed[around], unit.tree, open_callers).parent)
        for call in unit.questions if around is not None else ():
            own = scope_of(call, unit.tree, open_callers)
            asked += [call] if own.confidence == "sure" and own.parent == around else []
    return asked


def row_count(call: Call) -> int:
    """The rows that an answer has; 0 where the record doesn't say."""
    return max((value for name, value in call.record.metrics if name == "rows"), default=0)


def is_proven(group: Sequence[Call], varying: tuple[int, ...], asked: Iterable[Call], *, is_whole_test: bool) -> bool:
    """Whether few values are enough: the hook names a relation, or what was asked before gave as many rows.

    Two values need both, and so do more where nothing is known but the test that asks.
    """
    values = len(avoidable_calls(group, varying)) + 1
    relation = ":" in (group[0].record.says("via") or "")
    counts = {values, len(group)}
    follows = any(call.number < group[0].number and row_count(call) in counts for call in asked)
    return relation + follows >= (1 if values > FEWEST_VALUES else 2) + is_whole_test


def is_candidate(call: Call, printed: dict[int, Call]) -> bool:
    """A question or a write that didn't fail; and no recursion."""
    parent = printed.get(call.parent) if call.parent is not None else None
    is_recursion = call.function == call.caller or (parent is not None and parent.function == call.function)
    return call.kind != "frame" and not call.record.failed and not is_recursion


def scope_of(call: Call, tree: str, open_callers: Mapping[Call, Call]) -> Scope:
    """The run of its caller that a call belongs to."""
    activation = call.record.activation
    if activation is not None or (tree == "given" and call.in_tree):
        parent = call.parent if tree == "given" else None
        return Scope("sure", parent, activation) if activation is not None or parent is not None else LOW
    if call in open_callers:
        return Scope("sure" if tree == "nested" else "likely", open_callers[call].number)
    return LOW


def find_open_callers(process_calls: Iterable[Call]) -> dict[Call, Call]:
    """Per call the one of the function that it names as its caller that was open: begun before it, and ended behind.

    Calls with none or several of them are left out.
    """
    found: dict[Call, Call] = {}
    ends: dict[str | None, list[int]] = {}
    ended_in: dict[int, Call] = {}
    for call in process_calls:
        if call.implausible:
            continue
        line = call.record.line
        own = ends.get(call.caller, []) if call.caller != "unknown" else []
        if len(own) - bisect(own, line) == 1:
            found[call] = ended_in[own[-1]]
        insort(ends.setdefault(call.function, []), line)
        ended_in[line] = call
    return found


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


def avoidable_calls(group: Sequence[Call], varying: tuple[int, ...]) -> list[Call]:
    """The calls that one call for many would spare: the first one for each value, or each, but the first of all."""
    if not varying:
        return list(group[1:])
    first: dict[Any, Call] = {}
    for call in group:
        first.setdefault(call.record.params, call)
    return list(first.values())[1:]


def fanout_row(
    unit: Unit,
    group: list[Call],
    varying: tuple[int, ...],
    parent: Call | None,
    scope: Scope,
    kind: str,
    statement: str | None,
    ignored: Sequence[str],
) -> Row:
    """One fan-out."""
    first = group[0]
    avoidable = avoidable_calls(group, varying)
    is_unsure = kind == "unknown" or is_asked_between(group, unit) or is_written_out(group)
    is_unsure |= is_tried(group, varying, unit, ignored) or is_straight(group, varying, unit)
    if varying:
        fixed = [param for place, param in enumerate(first.record.params) if place not in varying]
    else:
        fixed = [("sql", statement)] if statement is not None else []
    return {
        "function": first.function,
        "caller": first.caller,
        "param_names": first.param_names,
        "fixed_params": fixed,
        "varying_params": [first.param_names[place] for place in varying],
        "distinct_values": len(avoidable) + 1,
        "calls": len(group),
        "avoidable_calls": len(avoidable),
        "writes": kind == "write",
        "parent": parent.reference if parent else None,
        "parent_function": parent.function if parent else None,
        "process": first.process,
        "unit": unit.test_name,
        "elapsed_ns": sum(call.elapsed_ns for call in group),
        "elapsed_upper_ns": sum(call.elapsed_upper_ns for call in group),
        "confidence": "likely" if is_unsure and scope.confidence == "sure" else scope.confidence,
        "call_references": [call.reference for call in group],
        "avoidable": avoidable,
        "members": group,
        "of_unit": unit,
    }
