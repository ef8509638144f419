"""The report of real logs and of any others: every figure of every section is what its definition says."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.coded_calls import report_on
from tests.described_logs import dense_logs, described_logs
from tests.divided import divide_records
from tests.figures import hold_figures
from tests.oracle import read_lines
from tests.strategies import logs
from tests.truth import NAMES, log_path, read_log
from tracereport.calls.calls import Calls
from tracereport.engine.report import make_report
from tracereport.measures import breakdown, functions
from tracereport.model import Finding, Report, Rows, Settings, UnitKind
from tracereport.sources.perf_trace.reader import read_log as read_calls
from tracereport.wording.sentences import describe_extent, describe_finding

DUCKPOND = ("duckpond-parallel", "duckpond-single-thread", "duckpond-debug", "duckpond-nextest")
DEEP = ("duckpond-deep-single-thread", "duckpond-deep-nextest")

MS = 1_000_000


@cache
def calls_of(name: str) -> Calls:
    return read_calls([str(log_path(name))])


@cache
def report_of(name: str) -> Report:
    return make_report(calls_of(name), Settings(), name)


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_of_a_real_log_is_what_its_definition_says(name: str) -> None:
    calls = calls_of(name)
    hold_figures(report_of(name), divide_records([read_lines(read_log(name), str(log_path(name)))], calls), calls)


@pytest.mark.parametrize("unit", ["test", "process", "root"])
@pytest.mark.parametrize("name", ["bare-single-thread-combined", "duckpond-deep-single-thread", "torn-lines"])
def test_every_figure_by_units_of_choice_is_what_its_definition_says(name: str, unit: UnitKind) -> None:
    calls = calls_of(name)
    report = make_report(calls, Settings(unit=unit), name)
    hold_figures(report, divide_records([read_lines(read_log(name), str(log_path(name)))], calls), calls)


UNITS_CALLED_ALIKE = "".join(
    f"PERF_TRACE|{number}|get|caller=f|id={asked}|elapsed_ms=0|n={number}|parent={parent}\n"
    for number, (asked, parent) in enumerate(((0, "none"), (1, 0), (1, 0), (3, "none"), (1, 3), (1, 3)))
).encode()
"""Two roots of one name, each with the same question twice in a row."""


@example(log=UNITS_CALLED_ALIKE, other_settings=Settings(unit="root"))
@given(
    log=logs() | described_logs() | dense_logs(),
    other_settings=st.sampled_from(
        (
            Settings(),
            Settings(fan_out_values=3, cache_candidate_calls=2),
            Settings(ignore_metrics=("found",)),
            Settings(slow_minimum_calls=3, slow_minimum_ns=0),
            Settings(unit="root"),
            Settings(unit="process"),
            Settings(unit="test"),
        )
    ),
)
def test_every_figure_of_any_log_is_what_its_definition_says(
    tmp_path_factory: pytest.TempPathFactory, log: bytes, other_settings: Settings
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.log"
    path.write_bytes(log)
    calls = read_calls([str(path)])
    report = make_report(calls, other_settings, "any")
    hold_figures(report, divide_records([read_lines(log, str(path))], calls), calls)


@given(logs(), logs())
@settings(max_examples=10)
def test_every_figure_of_two_logs_is_what_its_definition_says(
    tmp_path_factory: pytest.TempPathFactory, first: bytes, second: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp()
    paths = [folder / "first.log", folder / "second.log"]
    for path, log in zip(paths, (first, second), strict=True):
        path.write_bytes(log)
    calls = read_calls([str(path) for path in paths])
    readings = [read_lines(log, str(path)) for path, log in zip(paths, (first, second), strict=True)]
    hold_figures(make_report(calls, Settings(), "two"), divide_records(readings, calls), calls)


def test_times_add_up_beyond_63_bits(tmp_path: Path) -> None:
    path = tmp_path / "long.log"
    path.write_text("".join(f"PERF_TRACE|{number}|f|a=1|elapsed_s=5000000000\n" for number in range(2)))
    report = make_report(read_calls([str(path)]), Settings(), "long")
    times = [(row.elapsed_ns, row.elapsed_upper_ns) for row in report.redundant_signatures.rows]
    times += [(row.elapsed_ns, row.elapsed_upper_ns) for row in report.redundant_lookups.rows]
    assert set(times) == {(10**19, 10**19 + 2 * 10**9)}


def test_only_rows_that_are_kept_are_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "single-thread"
    whole = report_of(name)
    worked_out: list[object] = []
    for room, worker in ((functions, "count_histogram"), (breakdown, "_describe")):
        monkeypatch.setattr(room, worker, count_uses(worked_out, getattr(room, worker)))
    monkeypatch.setattr(functions, "LONG_ROW_LIMIT", 4)
    monkeypatch.setattr(breakdown, "ROW_LIMIT", 3)
    cut = make_report(calls_of(name), Settings(), name)
    assert cut.functions == Rows(whole.functions.total, whole.functions.rows[:4])
    assert cut.breakdown == Rows(whole.breakdown.total, whole.breakdown.rows[:3])
    assert whole.breakdown.total > 3
    assert len(worked_out) == 4 + 3


def count_uses(uses: list[object], worker: Callable[..., object]) -> Callable[..., object]:
    def used(*arguments: object) -> object:
        uses.append(worker)
        return worker(*arguments)

    return used


def by_caller(name: str) -> list[int]:
    return [row.calls for row in report_of(name).callers.rows]


@pytest.mark.parametrize("name", DUCKPOND)
def test_the_founding_system_gives_the_same_figures_however_it_runs(name: str) -> None:
    totals = report_of(name).totals
    assert (totals.calls, totals.lookups, totals.redundant_calls) == (691, 199, 492)
    assert (totals.again_calls, totals.shared_calls) == (389, 103)
    assert (totals.unchanged_repeats, totals.changed_repeats, totals.unproven_repeats) == (282, 210, 0)
    assert report_of(name).shared_lookups.total == 54
    assert by_caller(name) == [346, 233, 88, 12, 10, 2]


@pytest.mark.parametrize("name", DUCKPOND)
def test_the_matrix_names_who_should_hand_on_what(name: str) -> None:
    unchanged = {(row.previous_caller, row.caller): row.unchanged for row in report_of(name).asked_again.rows}
    reader, version = "async_file_reader_bounded", "get_next_version_for_node"
    expected = {
        ("metadata", version): 67,
        (version, "metadata"): 64,
        ("metadata", "metadata"): 58,
        (reader, "metadata"): 36,
        ("metadata", reader): 15,
        (reader, reader): 8,
    }
    assert expected.items() <= unchanged.items()


@pytest.mark.parametrize("name", DUCKPOND)
def test_three_changes_remove_most_of_the_unchanged_repeats(name: str) -> None:
    report = report_of(name)
    first, second, third = [row for row in report.findings.rows if row.kind != "fan-out"][:3]
    assert (first.callers, first.repeats, first.lookups, first.calls_saved) == (("metadata",), 195, 26, 133)
    assert (first.worst[0], first.own_calls, first.handed_on_calls) == (29, 133, 19)
    assert (second.kind, second.repeats, second.lookups, second.calls_saved) == ("shared", 54, 27, 56)
    assert (len(second.callers), second.handed_on_calls) == (3, 35)
    assert (third.kind, third.repeats, third.calls_saved, third.handed_on_calls) == ("shared", 12, 32, 26)
    assert (report.verdict.calls_removed, report.verdict.of_unchanged) == (221, 282)
    assert "492 of 691 calls ask again" in report.verdict.message


@pytest.mark.parametrize("name", [*DUCKPOND, *DEEP])
def test_keeping_answers_handing_them_on_and_sharing_them_add_up_to_one_cache(name: str) -> None:
    report = report_of(name)
    shared = [row for row in report.findings.rows if row.kind == "shared"]
    assert (report.totals.own_calls, report.totals.handed_on_calls) == (147, 99)
    assert sum(row.unchanged for row in shared) == 36
    assert sum(row.handed_on_calls for row in shared) == 99
    assert (report.verdict.own_calls, report.verdict.one_cache_calls) == (147, 282)


def test_no_lookup_that_was_asked_again_kept_its_answer_throughout() -> None:
    asked = report_of("duckpond-single-thread").redundant_lookups
    assert asked.total == len(asked.rows) == 114
    assert all(row.changed for row in asked.rows)


def test_without_a_backtrace_there_is_one_unknown_caller() -> None:
    report = report_of("duckpond-no-backtrace")
    totals = report.totals
    assert (totals.calls, totals.lookups, totals.redundant_calls) == (691, 199, 492)
    assert (totals.again_calls, totals.shared_calls) == (492, 0)
    assert report.shared_lookups.total == 0
    assert [(row.caller, row.calls) for row in report.callers.rows] == [("unknown", 691)]


@pytest.mark.parametrize(
    ("name", "repeats", "again", "shared", "processes"), [(DEEP[0], 5878, 5682, 196, 1), (DEEP[1], 5826, 5533, 293, 53)]
)
def test_nested_calls_of_the_founding_system(name: str, repeats: int, again: int, shared: int, processes: int) -> None:
    report = report_of(name)
    totals = report.totals
    assert (totals.calls, totals.judged_calls, totals.redundant_calls) == (7050, 7050, repeats)
    assert (totals.again_calls, totals.shared_calls) == (again, shared)
    assert (totals.unchanged_repeats, totals.changed_repeats) == (282, 210)
    assert report.verdict.calls_removed == 221
    assert [row.tree for row in report.processes.rows] == ["nested"] * processes
    calls = calls_of(name)
    nested = calls.parent >= 0
    assert int(nested.sum()) == 4001


@pytest.mark.parametrize("name", DEEP)
def test_every_nested_call_agrees_with_the_caller_that_a_backtrace_named(name: str) -> None:
    calls = calls_of(name)
    function = dict(
        zip(zip(calls.process.tolist(), calls.number.tolist(), strict=True), calls.function.tolist(), strict=True)
    )
    rows = zip(calls.process.tolist(), calls.parent.tolist(), calls.caller.tolist(), strict=True)
    assert sum(function[process, parent] == caller for process, parent, caller in rows if parent >= 0) == 4001


def test_traced_time_of_a_tree_is_that_of_its_roots() -> None:
    totals = report_of(DEEP[0]).totals
    assert (totals.elapsed_ns, totals.elapsed_upper_ns) == (14_836 * MS, 17_885 * MS)


def test_threads_make_no_tree() -> None:
    assert [row.tree for row in report_of("duckpond-parallel").processes.rows] == ["unknown"]
    assert report_of("duckpond-parallel").totals.elapsed_ns is None


@pytest.mark.parametrize("name", NAMES)
def test_every_repeat_is_in_exactly_one_finding_and_in_one_class(name: str) -> None:
    report = report_of(name)
    totals = report.totals
    assert totals.redundant_calls == totals.judged_calls - totals.lookups == totals.again_calls + totals.shared_calls
    assert totals.redundant_calls == sum(row.repeats for row in report.findings.rows)
    assert totals.redundant_calls == totals.unchanged_repeats + totals.changed_repeats + totals.unproven_repeats
    assert totals.redundant_calls == sum(row.repeats for row in report.asked_again.rows)
    for section in (report.functions, report.callers, report.edges, report.processes):
        assert totals.calls == sum(row.calls for row in section.rows)
    assert len({row.fingerprint for row in report.findings.rows}) == report.findings.total


def test_the_tests_of_a_fan_out_add_up_to_its_avoidable_calls(tmp_path: Path) -> None:
    path = tmp_path / "perf_trace.log"
    asked = [0, 1, 2, 2, 3, 4, 0, 4, 5, 6, 7, 8]
    tests = ["one"] * 6 + ["two"] * 6
    path.write_text(
        "".join(
            f"PERF_TRACE|{number}|get|caller=walk|id={value}|elapsed_us=1|test={test}\n"
            for number, (value, test) in enumerate(zip(asked, tests, strict=True))
        )
    )
    (finding,) = [
        row for row in make_report(read_calls([str(path)]), Settings(), "").findings.rows if row.kind == "fan-out"
    ]
    assert finding.avoidable_calls == 4 + 5
    assert [(row.test, row.avoidable_calls) for row in finding.tests.rows] == [("two", 5), ("one", 4)]


def fanout_under(*sizes: tuple[str | None, int]) -> Finding:
    """The fan-out of parents with so many children; one without a name never prints."""
    lines, number = [], 0
    for name, size in sizes:
        parent = number
        lines += [f"{parent}|{name}|caller=unknown|id=0|elapsed_ms=9|parent=none"] if name else []
        lines += [
            f"{child}|get|caller=unknown|id={child}|elapsed_ms=0|parent={parent}"
            for child in range(parent + 1, parent + 1 + size)
        ]
        number += size + 1
    (finding,) = (row for row in report_on(*lines).findings.rows if row.kind == "fan-out")
    return finding


def test_a_fan_out_names_the_parent_of_its_largest_group() -> None:
    finding = fanout_under(("aaa", 5), ("zzz", 20), ("bbb", 5))
    assert (finding.worst, finding.worst_parent) == ((20, 5, 5), "zzz")
    assert finding.parent_functions == ("zzz", "aaa", "bbb")
    assert "up to 20 ids in one zzz" in describe_extent(finding, str)
    assert finding.reason == "each of the 3 groups stands under one parent call"


def test_a_parent_that_never_printed_is_one_without_a_name() -> None:
    finding = fanout_under((None, 7))
    assert (finding.confidence, finding.worst_parent, finding.parent_functions) == ("sure", None, ())
    assert finding.reason == "all stand under one parent call, which never printed"
    assert "up to 7 ids in one run of its caller" in describe_extent(finding, str)
    finding = fanout_under((None, 7), ("aaa", 5))
    assert (finding.worst_parent, finding.parent_functions) == (None, ("aaa",))
    assert finding.reason == "each of the 2 groups stands under one parent call; 1 of these never printed"


def test_calls_of_one_run_of_their_caller_need_no_parent() -> None:
    lines = [f"{n}|load|caller=page|id={n}|elapsed_ms=0|activation={n // 6}|process=1|parent=none" for n in range(12)]
    (finding,) = report_on(*lines[:6]).findings.rows
    assert (finding.confidence, finding.reason) == ("sure", "one run of the caller makes them all")
    assert "up to 6 ids in one run of its caller" in describe_extent(finding, str)
    (finding,) = report_on(*lines).findings.rows
    assert finding.reason == "each of the 2 groups is made by one run of the caller"


def test_of_very_many_callers_a_finding_names_the_first_and_counts_all() -> None:
    report = report_on(*(f"{n}|get|caller=c{n:04}|id=0|elapsed_ms=0" for n in range(1_200)))
    (finding,) = report.findings.rows
    assert (finding.kind, finding.caller_count, len(finding.callers)) == ("shared", 1_200, 1_000)
    assert finding.callers[0] == "c0000"
    assert "1,200 callers ask get" in describe_finding(finding, str)
    assert "and 1,195 more" in describe_extent(finding, str)


def test_sequential_repeats_of_one_caller_are_told_from_those_of_two() -> None:
    askers = ("walk", "walk", "open", "walk", "unknown", "unknown")
    report = report_on(*(f"{number}|get|caller={caller}|id=0|elapsed_ms=0" for number, caller in enumerate(askers)))
    found = {(row.kind, row.callers): (row.sequential, row.sequential_own) for row in report.findings.rows}
    assert found == {
        ("again", ("walk",)): (2, 1),
        ("again", ("unknown",)): (1, 0),
        ("shared", ("open", "unknown", "walk")): (2, 0),
    }


QUICK_START = (
    "PERF_TRACE|42|query_single_directory_entry|caller=exists_node|part_id=root|entry_name=data"
    "|elapsed_ms=15|query_ms=12|found=1\n"
    "PERF_TRACE|43|query_single_directory_entry|caller=load_node|part_id=root|entry_name=data"
    "|elapsed_ms=14|query_ms=12|found=1\n"
)


def test_the_quick_start_s_example_is_a_sequential_duplicate_and_a_shared_lookup(tmp_path: Path) -> None:
    path = tmp_path / "perf_trace.log"
    path.write_text(QUICK_START)
    report = make_report(read_calls([str(path)]), Settings(), "quick start")
    (run,) = report.sequential_duplicates.rows
    assert [call.number for call in run.runs.rows[0].rows] == [42, 43]
    assert run.callers.rows == ("exists_node", "load_node")
    (shared,) = report.shared_lookups.rows
    assert [(row.caller, row.calls) for row in shared.callers.rows] == [("exists_node", 1), ("load_node", 1)]
    (pair,) = shared.adjacent_pairs.rows
    assert (pair.previous_caller, pair.caller, pair.pairs) == ("exists_node", "load_node", 1)
    (breakdown,) = report.breakdown.rows
    assert (breakdown.total_elapsed_ns, breakdown.unaccounted_ns) == (29 * MS, 5 * MS)
    assert {row.name: (row.kind, row.mean) for row in breakdown.metrics.rows} == {
        "query_ms": ("time", 12 * MS),
        "found": ("flag", 1),
    }
    (finding,) = report.findings.rows
    assert (finding.kind, finding.unchanged, finding.sequential, finding.confidence) == ("shared", 1, 1, "likely")
