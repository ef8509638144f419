"""Selections: which calls the documents are narrowed to.

What is measured never changes: rows that none of the selected calls belongs to are left out.
"""

from fnmatch import fnmatchcase

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracereport.calls.calls import NO_NAME, Calls, ProcessTable
from tracereport.calls.ordered import OrderedCalls
from tracereport.errors import UsageError
from tracereport.model import OPTION_OF_FIELD, Selection
from tracereport.native.keys import find_distinct


class Shown(msgspec.Struct, frozen=True, eq=False):
    """The selected calls, as masks and as names."""

    rows: NDArray[np.bool_]
    """Over all calls, in the order of the log."""
    places: NDArray[np.bool_]
    """Over the judged calls, in their order."""
    functions: frozenset[str]
    callers: frozenset[str | None]
    edges: frozenset[tuple[str | None, str]]
    processes: frozenset[int]


def show_selected(ordered: OrderedCalls, selection: Selection | None) -> Shown | None:
    """What a selection shows; none where there is no selection."""
    if selection is None:
        return None
    check_selection(selection)
    calls = ordered.calls
    rows = select_calls(calls, selection)
    signatures = find_distinct(calls.signature[rows])
    lookups, callers = calls.signatures.lookup[signatures], calls.signatures.caller[signatures]
    functions = [calls.names[code] for code in calls.lookups.function[lookups].tolist()]
    names = [calls.name(code) for code in callers.tolist()]
    return Shown(
        rows=rows,
        places=ordered.take(rows),
        functions=frozenset(functions),
        callers=frozenset(names),
        edges=frozenset(zip(names, functions, strict=True)),
        processes=frozenset(find_distinct(calls.process[rows]).tolist()),
    )


def select_calls(calls: Calls, selection: Selection) -> NDArray[np.bool_]:
    """The calls that match every kind of condition given, each by one of its values at least."""
    rows = np.ones(len(calls), bool)
    if selection.functions:
        rows &= _match(calls.names, selection.functions)[calls.function]
    if selection.callers:
        rows &= np.append(_match(calls.names, selection.callers), [False])[
            np.where(calls.caller == NO_NAME, -1, calls.caller)
        ]
    if selection.processes:
        rows &= _match_processes(calls.processes, selection.processes)[calls.process]
    if selection.tests:
        rows &= np.append(_match(calls.tests, selection.tests), [False])[calls.test]
    if selection.params:
        rows &= np.logical_or.reduce([_has_param(calls, param) for param in selection.params])[calls.lookup]
    if selection.calls:
        rows &= np.isin(calls.number, np.array(selection.calls))
    return rows


def check_selection(selection: Selection) -> None:
    """Whether it can be read.

    Raises:
        UsageError: a parameter isn't given as ``NAME=VALUE``.
    """
    for param in selection.params:
        if param.startswith("caller="):
            raise UsageError(f"--param {param}: the caller isn't a parameter here", f"Use --caller {param[7:]}")
        if "=" not in param:
            raise UsageError(f"--param {param}: no value", "Give it as NAME=VALUE, as in --param part_id=root.")


def refuse_empty(calls: Calls, selection: Selection) -> None:
    """A selection of nothing is a slip of the pen: an empty report would look like good news.

    Raises:
        UsageError: no call matches, naming the first condition that is to blame, and what comes near.
    """
    if select_calls(calls, selection).any():
        return
    known = {"functions": calls.names, "callers": calls.names, "processes": calls.processes.name, "tests": calls.tests}
    for field, values in msgspec.structs.asdict(selection).items():
        alone = Selection(**{field: values})
        if values and not select_calls(calls, alone).any():
            option = f"--{OPTION_OF_FIELD[field]}"
            import difflib  # noqa: PLC0415 - only for a name that is wrong

            near = difflib.get_close_matches(str(values[0]), known.get(field, ()), n=1)
            remedy = f"Did you mean {option} '{near[0]}'?" if near else "See what there is in the report without it."
            raise UsageError(f"No call matches {' '.join(f'{option} {value}' for value in values)}", remedy)
    raise UsageError("No call matches all that is selected", "Leave out one of the conditions.")


def _match_processes(processes: ProcessTable, globs: tuple[str, ...]) -> NDArray[np.bool_]:
    """By what a process is called, and by what its marker says, without what tells it from its namesakes."""
    matched = _match(processes.name, globs)
    if processes.marked is not None:
        named = zip(processes.marked.name, processes.name, strict=True)
        matched |= _match(tuple(marked or own for marked, own in named), globs)
    return matched


def _match(names: tuple[str, ...], globs: tuple[str, ...]) -> NDArray[np.bool_]:
    """A name matches itself, too: what stands in brackets in a test's id is no choice of letters."""
    return np.array([name in globs or any(fnmatchcase(name, glob) for glob in globs) for name in names], bool)


def _has_param(calls: Calls, param: str) -> NDArray[np.bool_]:
    """Which lookups have the parameter ``NAME=VALUE``."""
    name, _, value = param.partition("=")
    lookups = calls.lookups
    found = lookups.text.hold_field(f"{name}={value}")
    found &= lookups.plain
    for lookup in np.flatnonzero(~lookups.plain).tolist():
        found[lookup] = any((own.name, own.value) == (name, value) for own in calls.params_of(lookup))
    return found
