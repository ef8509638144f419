"""What may not change a figure doesn't, and what must change it does by exactly so much."""

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.strategies import WrittenCall, WrittenProcess, logs, processes
from tests.truth import log_path, read_log
from tracereport.calls.calls import Calls
from tracereport.engine.report import make_report
from tracereport.model import UNKNOWN_CALLER, Finding, Report, Settings
from tracereport.sources.perf_trace.reader import read_log as read_calls

Key = tuple[object, ...]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


def read(folder: Path, *written: bytes) -> Calls:
    """The calls of several logs given together."""
    paths = [folder / f"{index}.log" for index in range(len(written))]
    for path, log in zip(paths, written, strict=True):
        path.write_bytes(log)
    return read_calls([str(path) for path in paths])


def report_on(folder: Path, *written: bytes) -> Report:
    return make_report(read(folder, *written), Settings(), "a title")


def as_log(calls: Sequence[WrittenCall]) -> bytes:
    return "".join(f"{call.trace()}\n" for call in calls).encode()


TIMES = ("total_elapsed_ns", "total_elapsed_upper_ns")
EVIDENCE = ("unchanged", "changed", "unproven")
ADDED = {
    "totals": (
        *("calls", "judged_calls", "processes", "lookups", "redundant_calls", "again_calls", "shared_calls"),
        *("unchanged_repeats", "changed_repeats", "unproven_repeats", "unfinished_calls"),
        *("saving_ns", "saving_upper_ns", "possible_saving_ns", "possible_saving_upper_ns"),
    ),
    "input": ("lines", "records", "continuation_lines", "malformed_lines", "other_lines"),
    "functions": ("calls", "lookups", "redundant_calls", "again_calls", "shared_calls", "self_ns", *EVIDENCE, *TIMES),
    "callers": ("calls", "again_calls", "repeats", *EVIDENCE, *TIMES),
    "edges": ("calls", "again_calls", *TIMES),
    "asked_again": ("repeats", "elapsed_ns", "elapsed_upper_ns", *EVIDENCE),
    "metrics": ("calls", "total"),
    "cache_curves": ("calls", "possible_hits"),
    "paths": ("calls", "total_ns", "self_ns", "redundant_calls"),
    "findings": ("calls", "repeats", "lookups", "calls_saved", "elapsed_ns", "saving_ns", "sequential", "negative"),
    "sequential_duplicates": ("total",),
    "shared_lookups": ("total",),
}
"""Counts, and sums over processes: what is added up where logs are put together."""


def hold_sums(whole: Report, *parts: Report) -> None:
    """Each figure of the whole is the sum of its parts'; a self time that isn't known of one of them is left out."""
    sums: list[Counter[Key]] = []
    unknown: set[Key] = set()
    for reports in ((whole,), parts):
        found: Counter[Key] = Counter()
        for section, key, row in (each for report in reports for each in rows_of(report)):
            for figure in ADDED[section]:
                value = getattr(row, figure)
                found[section, *key, figure] += value or 0
                if value is None and figure == "self_ns":
                    unknown.add((section, *key, figure))
        sums.append(found)
    of_whole, of_parts = (Counter({key: found[key] for key in found.keys() - unknown}) for found in sums)
    assert of_whole == of_parts


def rows_of(report: Report) -> Iterator[tuple[str, Key, object]]:
    """Every row that has figures to be added up: its section, what makes it this row, and itself."""
    for section in ("totals", "input", "sequential_duplicates", "shared_lookups"):
        yield section, (), getattr(report, section)
    yield from (("functions", (row.function,), row) for row in report.functions.rows)
    yield from (("callers", (row.caller,), row) for row in report.callers.rows)
    yield from (("edges", (row.caller, row.function), row) for row in report.edges.rows)
    yield from (
        ("asked_again", (row.previous_caller, row.caller, row.function), row) for row in report.asked_again.rows
    )
    yield from (
        ("metrics", (row.function, metric.name), metric) for row in report.breakdown.rows for metric in row.metrics.rows
    )
    yield from (("cache_curves", (row.function,), row) for row in report.cache_curves.rows)
    yield from (("paths", row.path, row) for row in (report.call_tree.paths.rows if report.call_tree else ()))
    yield from (("findings", (row.fingerprint,), row) for row in repeated_findings(report))


def repeated_findings(report: Report) -> list[Finding]:
    """Those that repeats make: the others depend on what is under one parent, or on times."""
    return [finding for finding in report.findings.rows if finding.kind in ("again", "shared")]


def histograms(report: Report) -> Counter[Key]:
    """Calls by function and bin, of those functions whose bins start at one millisecond."""
    return Counter(
        {
            (row.function, histogram_bin.lower_ns): histogram_bin.calls
            for row in report.functions.rows
            if row.resolution_ns == 1_000_000
            for histogram_bin in row.histogram.rows
        }
    )


def stable(report: Report) -> Counter[Key]:
    """What neither the order of lines nor that of threads or numbers can change, and so is compared and judged."""
    found: Counter[Key] = Counter()
    for row in report.functions.rows:
        for figure in ("calls", "redundant_calls", "again_calls", "shared_calls"):
            found["function", row.function, figure] = getattr(row, figure)
    for edge in report.edges.rows:
        found["edge", edge.caller, edge.function, "calls"] = edge.calls
        found["edge", edge.caller, edge.function, "again"] = edge.again_calls
    for finding in repeated_findings(report):
        found["finding", finding.fingerprint, finding.lookups] = finding.repeats
    return +found


@given(logs(), logs())
@settings(max_examples=20)
def test_two_logs_together_are_the_two_apart_added_up(folder: Path, first: bytes, second: bytes) -> None:
    together, *apart = report_on(folder, first, second), report_on(folder, first), report_on(folder, second)
    # How much a function's answers prove is judged over all of them: two logs may show what one can't.
    assume(all(grades(report).items() <= grades(together).items() for report in apart))
    hold_sums(together, *apart)


def grades(report: Report) -> dict[str, str | None]:
    return {function.function: function.evidence_grade for function in report.functions.rows}


def test_two_real_logs_together_are_the_two_apart_added_up(folder: Path) -> None:
    first, second = read_log("duckpond-deep-nextest"), read_log("single-thread")
    together, one, other = (report_on(folder, *given) for given in ((first, second), (first,), (second,)))
    hold_sums(together, one, other)
    assert histograms(together) == histograms(one) + histograms(other)


@given(logs())
@settings(max_examples=15)
def test_a_log_run_through_twice_doubles_counts_and_changes_no_rate(folder: Path, log: bytes) -> None:
    once, twice = report_on(folder, log), report_on(folder, log, log)
    # Twice as many answers that are all the same may be enough to show that they prove nothing.
    assume(grades(once) == grades(twice))
    hold_sums(twice, once, once)
    assert histograms(twice) == histograms(once) + histograms(once)
    assert twice.totals.redundant_rate == once.totals.redundant_rate
    assert [row.fingerprint for row in repeated_findings(twice)] == [row.fingerprint for row in repeated_findings(once)]
    assert sorted_functions(twice) == sorted_functions(once)
    for found, known in zip(twice.breakdown.rows, once.breakdown.rows, strict=True):
        assert [metric.share_of_elapsed for metric in found.metrics.rows] == [
            metric.share_of_elapsed for metric in known.metrics.rows
        ]


def sorted_functions(report: Report) -> list[tuple[object, ...]]:
    """Per function what is no count: percentiles, the mean and the marks of its cache."""
    times = ("p50_elapsed_ns", "p90_elapsed_ns", "p99_elapsed_ns", "max_elapsed_ns", "mean_elapsed_ns")
    marks = ("capacity_for_50", "capacity_for_80", "capacity_for_95")
    found = [(row.function, *(getattr(row, name) for name in times)) for row in report.functions.rows]
    found += [(row.function, *(getattr(row, name) for name in marks)) for row in report.cache_curves.rows]
    return sorted(found, key=str)


@given(processes(), st.randoms(use_true_random=False))
def test_removing_a_redundant_call_lowers_the_count_by_one(
    folder: Path, process: WrittenProcess, chance: random.Random
) -> None:
    calls = process.calls
    asked = Counter((call.function, call.params) for call in calls)
    parents = {call.parent for call in calls}
    repeats = [call for call in calls if asked[call.function, call.params] > 1 and call.number not in parents]
    assume(repeats)
    removed = chance.choice(repeats)

    def renumbered(number: int | None) -> int | None:
        return number - 1 if number is not None and number > removed.number else number

    rest = [
        replace(call, number=call.number - (call.number > removed.number), parent=renumbered(call.parent))
        for call in calls
        if call is not removed
    ]
    before, after = report_on(folder, as_log(calls)).totals, report_on(folder, as_log(rest)).totals
    assert after.calls == before.calls - 1
    assert after.lookups == before.lookups
    assert after.redundant_calls == before.redundant_calls - 1


@given(processes(), st.randoms(use_true_random=False))
def test_neither_lines_nor_threads_nor_numbers_change_a_stable_figure(
    folder: Path, process: WrittenProcess, chance: random.Random
) -> None:
    numbers = [call.number for call in process.calls]
    chance.shuffle(numbers)
    renumbered = [
        replace(call, number=number, tells_parent=False) for call, number in zip(process.calls, numbers, strict=True)
    ]
    expected = stable(report_on(folder, as_log(process.calls)))
    for calls in (chance.sample(process.calls, len(numbers)), renumbered):
        found = read(folder, as_log(calls))
        assert stable(make_report(found, Settings(), "shuffled")) == expected
        hold_trees_to_callers(found)


def hold_trees_to_callers(calls: Calls) -> None:
    """No call has another parent than the caller that it logged, unless its line told its parent."""
    function = dict(zip(calls.number.tolist(), calls.function.tolist(), strict=True))
    nested = calls.processes.has_tree("nested")[calls.process]
    for parent, caller in zip(calls.parent[nested].tolist(), calls.caller[nested].tolist(), strict=True):
        if parent >= 0 and calls.name(caller) not in (None, UNKNOWN_CALLER):
            assert function[parent] == caller


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_lines_changes_no_stable_figure_of_a_real_log(folder: Path, seed: int) -> None:
    log = read_log("duckpond-parallel")
    lines = log.splitlines(keepends=True)
    traces = [index for index, line in enumerate(lines) if b"PERF_TRACE|" in line]
    shuffled = random.Random(seed).sample(traces, len(traces))  # noqa: S311
    moved = dict(zip(traces, (lines[index] for index in shuffled), strict=True))
    report = report_on(folder, b"".join(moved.get(index, line) for index, line in enumerate(lines)))
    assert stable(report) == stable(report_on(folder, log))
    assert [row.tree for row in report.processes.rows] == ["unknown"]


@given(processes())
def test_renaming_values_changes_no_fingerprint_and_no_figure(folder: Path, process: WrittenProcess) -> None:
    renamed = [
        replace(call, params=tuple((name, f"<{value[::-1]}>") for name, value in call.params)) for call in process.calls
    ]
    first, second = report_on(folder, as_log(process.calls)), report_on(folder, as_log(renamed))
    assert [row.fingerprint for row in second.findings.rows] == [row.fingerprint for row in first.findings.rows]
    assert second.totals == first.totals
    hold_sums(second, first)


def test_renaming_the_ids_of_a_real_log_changes_no_fingerprint(folder: Path) -> None:
    log = read_log("duckpond-deep-nextest")
    renamed = log.replace(b"id=", b"id=renamed-")
    first, second = report_on(folder, log), report_on(folder, renamed)
    names = {name for finding in first.findings.rows for name in finding.param_names}
    assert any(name.endswith("id") for name in names)
    assert {row.kind for row in first.findings.rows} >= {"again", "shared", "fan-out"}
    assert findings_by_shape(second) == findings_by_shape(first)


def findings_by_shape(report: Report) -> dict[str, tuple[int, int]]:
    return {row.fingerprint: (row.repeats, row.avoidable_calls) for row in report.findings.rows}


RUNS = (("0", "1"), ("1", "2"), ("4711", "4"))
"""Seeds of Python's hashing, and numbers of Polars' threads."""


def test_the_same_input_gives_the_same_bytes_whatever_the_hashing_and_the_threads(tmp_path: Path) -> None:
    logs = [str(log_path(name)) for name in ("duckpond-deep-nextest", "hostile-bare")]
    suffixes = ("txt", "md", "html", "json", "sarif", "parquet", "speedscope.json")
    written = []
    for seed, threads in RUNS:
        folder = tmp_path / seed
        folder.mkdir()
        outputs = ["--location=a.rs"] + [
            argument for suffix in suffixes for argument in ("-o", str(folder / f"report.{suffix}"))
        ]
        subprocess.run(
            [sys.executable, "-m", "tracereport", "-q", *logs, *outputs],
            env={**os.environ, "PYTHONHASHSEED": seed, "POLARS_MAX_THREADS": threads},
            check=True,
        )
        written.append({suffix: (folder / f"report.{suffix}").read_bytes() for suffix in suffixes})
    first, *others = written
    for other in others:
        assert {suffix for suffix in suffixes if other[suffix] != first[suffix]} == set()
