"""Calls of processes in order -> units of work: what a repeat is wasteful within."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tests.oracle.kinds import is_question, kind_of
from tests.oracle.processes import Process, process_name
from tests.oracle.reading import Record

Lookup = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, eq=False)
class Call:
    """A record in its process."""

    process: int
    record: Record
    implausible: bool
    in_tree: bool
    """Plausible, in a nested or given tree."""
    parent: int | None

    @property
    def number(self) -> int:
        """The call number."""
        return self.record.number

    @property
    def function(self) -> str:
        """What was called."""
        return self.record.function

    @property
    def caller(self) -> str | None:
        """Who called."""
        return self.record.caller

    @cached_property
    def kind(self) -> str:
        """``question``, ``write`` or ``frame``."""
        return kind_of(self.record)

    @property
    def elapsed_ns(self) -> int:
        """As recorded."""
        return self.record.elapsed_ns

    @property
    def elapsed_upper_ns(self) -> int:
        """The bound that the true time stays below."""
        return self.record.elapsed_ns + self.record.resolution_ns

    @cached_property
    def lookup(self) -> Lookup:
        """What was asked."""
        return (self.record.function, self.record.params)

    @cached_property
    def param_names(self) -> tuple[str, ...]:
        """Of its shape, in logged order."""
        return tuple(name for name, _ in self.record.params)

    @property
    def reference(self) -> dict[str, int]:
        """Where it stands."""
        return {"process": self.process, "number": self.record.number, "line": self.record.line}


@dataclass(frozen=True, eq=False)
class Unit:
    """One try of one test in one process, or a process; or what a process that knows tests calls outside of them."""

    process: int
    test: str | None
    name: str
    tree: str
    judged: bool
    kind: str = "process"
    """``test``, ``process`` or ``root``."""
    attempt: int = 0
    calls: list[Call] = field(default_factory=list)
    """In order."""

    @property
    def test_name(self) -> str | None:
        """Its name where it is a test's or a root's; a row of a whole process names the process alone."""
        return None if self.kind == "process" else self.name

    @cached_property
    def questions(self) -> list[Call]:
        """Its judged questions, in order."""
        return [call for call in self.calls if self.judged and is_question(call.record)]

    @cached_property
    def writes(self) -> list[Call]:
        """What it changed, in order."""
        return [call for call in self.calls if call.kind == "write"]


def calls_of(process: Process, index: int) -> list[Call]:
    """The calls of one process in order, which is that of their numbers."""
    has_tree = process.tree in ("nested", "given")
    calls = [
        Call(
            index,
            record,
            position in process.implausible,
            has_tree and position not in process.implausible,
            process.parents.get(record.number) if position not in process.implausible else None,
        )
        for position, record in enumerate(process.records)
    ]
    return sorted(calls, key=lambda call: call.number)


def find_units(
    processes: Sequence[Process], ordered: Sequence[Sequence[Call]], wanted: str | None = None
) -> list[Unit]:
    """The units of all processes, in the order of their first lines; ``wanted`` says of which kind they shall be."""
    return [
        unit
        for index, (process, calls) in enumerate(zip(processes, ordered, strict=True))
        for unit in (roots_of if wanted == "root" else units_of)(process, index, calls, wanted)
    ]


def units_of(process: Process, index: int, calls: Iterable[Call], wanted: str | None = None) -> list[Unit]:
    """The units of one process, in the order of their first lines.

    A process knows tests if any of its calls has one. What such a process calls outside of tests, or to set them up and
    tear them down, isn't judged.
    """
    name = process_name(process, index)
    calls = list(calls)
    knows_tests = not process.interleaved and any(call.record.test is not None for call in calls)
    if not process.interleaved and re.fullmatch(r"pytest|gw[0-9]+", name):
        # A worker of pytest's that our plugin traced; perhaps it got no test.
        knows_tests |= any(call.record.via is not None for call in calls)
    knows_tests = {"process": False, "test": True}.get(wanted or "", knows_tests)
    units: dict[tuple[str, int] | None, Unit] = {}
    for call in calls:
        record = call.record
        attempt = max(record.attempt, 1)
        if knows_tests and record.test is not None and record.phase not in ("setup", "teardown"):
            tried = f"{record.test} (try {attempt})" if attempt > 1 else record.test
            unit = Unit(index, record.test, tried, process.tree, judged=process.judged, kind="test", attempt=attempt)
            key = (record.test, attempt)
        else:
            key, unit = None, Unit(index, None, name, process.tree, judged=process.judged and not knows_tests)
        units.setdefault(key, unit).calls.append(call)
    return sorted(units.values(), key=lambda unit: min(call.record.line for call in unit.calls))


def roots_of(process: Process, index: int, calls: Iterable[Call], _wanted: str | None) -> list[Unit]:
    """One unit for each root call of a process and all that lies in it; what stands in no tree is one of the process.

    What lies in a call that never printed is a unit called as its first calls call it.
    """
    name = process_name(process, index)
    calls = list(calls)
    printed = {call.number: call for call in calls if call.in_tree}
    units: dict[int | None, Unit] = {}
    for call in calls:
        top = call
        while call.in_tree and top.parent in printed:
            top = printed[top.parent]
        if not call.in_tree:
            key, called = None, None
        elif top.parent is None:
            key, called = top.number, top.function
        else:
            key, called = top.parent, top.caller
        kind = "process" if called is None else "root"
        unit = Unit(index, None, called or name, process.tree, judged=process.judged, kind=kind)
        units.setdefault(key, unit).calls.append(call)
    return sorted(units.values(), key=lambda unit: min(call.record.line for call in unit.calls))


def in_order(calls: Iterable[Call]) -> list[Call]:
    """Calls of several units: process by process, by number."""
    return sorted(calls, key=lambda call: (call.process, call.number))


def by_lookup(calls: Iterable[Call]) -> dict[Lookup, list[Call]]:
    """The calls of each lookup, in order."""
    found: dict[Lookup, list[Call]] = {}
    for call in calls:
        found.setdefault(call.lookup, []).append(call)
    return found
