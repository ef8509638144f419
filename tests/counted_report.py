"""Reports counted by hand from a few calls: what a comparison, a gate or an acceptance rests on, and no more.

Counted by the plain definitions, so that a planted change in the calls is a change in every figure that it touches.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from tests.sample_report.blank import blank
from tests.sample_report.empty import empty_report
from tests.sample_report.functions import function
from tests.sample_report.names import rows
from tracereport.model import (
    Confidence,
    Edge,
    Finding,
    FindingKind,
    Function,
    Process,
    ProcessEdge,
    ProcessFinding,
    QualityWarning,
    Report,
    Totals,
    TreeKind,
    Unit,
)

Call = tuple[str | None, str, str]
"""Caller, function and the value of the one parameter, ``id``."""


@dataclass(frozen=True)
class Run:
    """One process: its calls, and the fan-outs (caller, function, avoidable calls) that it is said to have."""

    name: str
    calls: tuple[Call, ...]
    fanouts: tuple[tuple[str, str, int], ...] = ()
    tree: TreeKind = "nested"
    interleaved: bool = False


@dataclass(frozen=True)
class Key:
    """What makes a finding one."""

    kind: FindingKind
    function: str
    callers: tuple[str | None, ...]

    @property
    def fingerprint(self) -> str:
        return f"{self.kind}:{'+'.join(map(str, self.callers))}>{self.function}"


def counted_report(*runs: Run, confidence: Confidence = "sure", as_tests: bool = False) -> Report:
    """The report of some processes, or of tests that have one each; ``confidence`` is that of every finding."""
    processes = [_process(index, run) for index, run in enumerate(runs)]
    repeats, avoidable = Counter[Key](), Counter[Key]()
    for run in runs:
        repeats.update(_repeats(run))
        avoidable.update(_avoidable(run))
    shared = Counter[str]()
    for key, count in repeats.items():
        if key.kind == "shared":
            shared[key.function] += count
    edges = _add_up_edges(processes)
    functions = _list_functions(edges, shared)
    found = (
        finding(key, repeats[key], avoidable[key], confidence)
        for key in sorted(repeats | avoidable, key=lambda key: key.fingerprint)
    )
    base = empty_report()
    return msgspec.structs.replace(
        base,
        totals=_add_up_totals(base.totals, processes, len(functions), repeats.total(), shared.total()),
        processes=rows(*processes),
        quality=rows(*_warn_of_interleaved(processes)),
        units=rows(*(_unit_of(process, as_tests=as_tests) for process in processes if not process.interleaved)),
        functions=rows(*functions),
        edges=rows(*edges),
        findings=rows(*found),
    )


def _add_up_edges(processes: Sequence[Process]) -> list[Edge]:
    """Those of all processes, each once."""
    calls, again = Counter[tuple[str | None, str]](), Counter[tuple[str | None, str]]()
    for process in processes:
        for edge in process.by_edge.rows:
            calls[edge.caller, edge.function] += edge.calls
            again[edge.caller, edge.function] += edge.again_calls
    return [
        Edge(
            caller=caller,
            function=name,
            calls=count,
            again_calls=again[caller, name],
            total_elapsed_ns=0,
            total_elapsed_upper_ns=0,
        )
        for (caller, name), count in calls.items()
    ]


def _list_functions(edges: Sequence[Edge], shared: Counter[str]) -> list[Function]:
    """The functions by name; ``shared`` are the repeats of each that several callers made."""
    calls, again = Counter[str](), Counter[str]()
    for edge in edges:
        calls[edge.function] += edge.calls
        again[edge.function] += edge.again_calls
    return [
        function(
            name,
            (count, count - again[name] - shared[name], again[name], shared[name], 0, 0, 0),
            (count, 1, 2, 40, 60),
            self_ms=None,
        )
        for name, count in sorted(calls.items())
    ]


def _add_up_totals(base: Totals, processes: Sequence[Process], functions: int, redundant: int, shared: int) -> Totals:
    calls = sum(process.calls for process in processes)
    judged = sum(process.calls for process in processes if not process.interleaved)
    return msgspec.structs.replace(
        base,
        calls=calls,
        judged_calls=judged,
        questions=calls,
        judged_questions=judged,
        units=sum(not process.interleaved for process in processes),
        processes=len(processes),
        functions=functions,
        lookups=judged - redundant,
        redundant_calls=redundant,
        redundant_rate=redundant / judged if judged else None,
        again_calls=redundant - shared,
        shared_calls=shared,
    )


def _unit_of(process: Process, *, as_tests: bool) -> Unit:
    """The one unit of a process."""
    return Unit(
        name=process.name,
        process=process.index,
        kind="test" if as_tests else "process",
        tree=process.tree,
        calls=process.calls,
        judged_questions=process.calls,
        writes=0,
        frames=0,
        by_edge=process.by_edge,
        by_finding=process.by_finding,
    )


def _warn_of_interleaved(processes: Sequence[Process]) -> Iterator[QualityWarning]:
    if count := sum(process.calls for process in processes if process.interleaved):
        yield QualityWarning(code="interleaved", message="", remedy="", count=count)


def finding(key: Key, repeats: int, avoidable: int, confidence: Confidence = "sure") -> Finding:
    """A finding with its counts; what a comparison doesn't look at is empty."""
    return blank(
        Finding,
        fingerprint=key.fingerprint,
        kind=key.kind,
        function=key.function,
        callers=key.callers,
        param_names=("id",),
        varying_params=("id",) if key.kind == "fan-out" else (),
        repeats=repeats,
        unproven=repeats,
        calls_saved=avoidable,
        possible_calls_saved=repeats,
        avoidable_calls=avoidable,
        confidence=confidence,
    )


def _process(index: int, run: Run) -> Process:
    calls = Counter((caller, name) for caller, name, _ in run.calls)
    again = Counter[tuple[str | None, str]]()
    if not run.interleaved:
        for (caller, name, _), count in Counter(run.calls).items():
            again[caller, name] += count - 1
    repeats, avoidable = _repeats(run), _avoidable(run)
    return Process(
        index=index,
        name=run.name,
        file="perf_trace.log",
        first_line=1,
        last_line=1,
        calls=len(run.calls),
        by_edge=rows(
            *(
                ProcessEdge(caller=caller, function=name, calls=count, again_calls=again[caller, name])
                for (caller, name), count in calls.items()
            )
        ),
        by_finding=rows(
            *(
                ProcessFinding(fingerprint=key.fingerprint, repeats=repeats[key], avoidable_calls=avoidable[key])
                for key in repeats | avoidable
            )
        ),
        unfinished_calls=0,
        tree=run.tree,
        interleaved=run.interleaved,
    )


def _repeats(run: Run) -> Counter[Key]:
    """Repeats of one process by finding: again by caller and function, shared by function and set of callers."""
    found = Counter[Key]()
    if run.interleaved:
        return found
    asked: dict[tuple[str, str], list[str | None]] = defaultdict(list)
    for caller, name, value in run.calls:
        asked[name, value].append(caller)
    for (name, _), callers in asked.items():
        for caller, count in Counter(callers).items():
            if count > 1:
                found[Key("again", name, (caller,))] += count - 1
        if len(set(callers)) > 1:
            found[Key("shared", name, tuple(sorted(set(callers), key=str)))] += len(set(callers)) - 1
    return found


def _avoidable(run: Run) -> Counter[Key]:
    return Counter({Key("fan-out", name, (caller,)): avoidable for caller, name, avoidable in run.fanouts})


def calls(caller: str | None, name: str, values: Iterable[str]) -> tuple[Call, ...]:
    """One call for each value."""
    return tuple((caller, name, value) for value in values)


def without(runs: Sequence[Run], name: str) -> list[Run]:
    """The processes but the one of that name."""
    return [run for run in runs if run.name != name]
