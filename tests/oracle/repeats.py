"""Calls of judged processes in order -> repeats: what was asked again, by whom, after whom, and for which answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from tests.oracle.processes import Process
from tests.oracle.reading import Record

TIME_SUFFIXES = ("_ms", "_us", "_ns")

Lookup = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, eq=False)
class Call:
    """A record in its process."""

    process: int
    record: Record
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
class Repeat:
    """A call of a lookup that its process has asked for before."""

    call: Call
    previous: Call
    """The call of the same lookup just before it."""
    again: bool
    """Its caller has asked before; else it is *shared*."""
    evidence: str
    """``unchanged``, ``changed`` or ``unproven``."""
    sequential: bool
    """It directly follows the call before."""
    negative: bool
    """Both found nothing."""


def calls_of(process: Process, index: int) -> list[Call]:
    """The calls of one process in order, which is that of their numbers."""
    has_tree = process.tree in ("nested", "given")
    calls = [
        Call(
            index,
            record,
            has_tree and position not in process.implausible,
            process.parents.get(record.number) if position not in process.implausible else None,
        )
        for position, record in enumerate(process.records)
    ]
    return sorted(calls, key=lambda call: call.number)


def by_lookup(calls: Iterable[Call]) -> dict[Lookup, list[Call]]:
    """The calls of each lookup, in order."""
    found: dict[Lookup, list[Call]] = {}
    for call in calls:
        found.setdefault(call.lookup, []).append(call)
    return found


def find_repeats(calls: Sequence[Call], ignored: Sequence[str] = ()) -> list[Repeat]:
    """The repeats among the ordered calls of one judged process."""
    next_number = numbers_behind(calls)
    repeats = []
    for asked in by_lookup(calls).values():
        callers = {asked[0].caller}
        for previous, call in pairwise(asked):
            repeats.append(
                Repeat(
                    call,
                    previous,
                    again=call.caller in callers,
                    evidence=compare_results(previous.record, call.record, ignored),
                    sequential=call.number == next_number[previous],
                    negative=dict(previous.record.metrics).get("found") == 0 == dict(call.record.metrics).get("found"),
                )
            )
            callers.add(call.caller)
    return repeats


def compare_results(previous: Record, record: Record, ignored: Sequence[str]) -> str:
    """What the result metrics of two calls say about their answers."""
    before, after = result_metrics(previous, ignored), result_metrics(record, ignored)
    if not before or not after or [name for name, _ in before] != [name for name, _ in after]:
        return "unproven"
    return "unchanged" if before == after else "changed"


def result_metrics(record: Record, ignored: Sequence[str]) -> list[tuple[str, int]]:
    """Metrics that tell what a call found, by name; several of one name stay in logged order."""
    results = [metric for metric in record.metrics if not is_time(metric[0]) and metric[0] not in ignored]
    return sorted(results, key=lambda metric: metric[0])


def is_time(name: str) -> bool:
    """Whether the metric's name ends in a unit of time."""
    return name.endswith(TIME_SUFFIXES)


def numbers_behind(calls: Iterable[Call]) -> dict[Call, int]:
    """Per call the number that directly follows it: behind its whole subtree where there is a tree, else the next."""
    largest = {call.number: call.number for call in calls if call.in_tree}
    for call in sorted(calls, key=lambda call: -call.number):
        if call.in_tree and call.parent in largest:
            largest[call.parent] = max(largest[call.parent], largest[call.number])
    return {call: (largest[call.number] if call.in_tree else call.number) + 1 for call in calls}


def sequential_runs(calls: Sequence[Call]) -> list[list[Call]]:
    """Runs of two or more calls of one lookup, each directly following the one before."""
    next_number = numbers_behind(calls)
    runs = []
    for asked in by_lookup(calls).values():
        run = [asked[0]]
        for call in asked[1:]:
            if call.number == next_number[run[-1]]:
                run.append(call)
            else:
                runs.append(run)
                run = [call]
        runs.append(run)
    return [run for run in runs if len(run) > 1]
