"""The oracle itself, held against known figures of real logs and against what truly happened in them."""

from collections import Counter
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings

from tests.described_logs import dense_logs, described_logs
from tests.oracle import Process, Reading, calls_table, find_processes, measure, read_lines
from tests.oracle.evidence import grades
from tests.oracle.measures import Row
from tests.oracle.repeats import Repeat, find_repeats, numbers_behind
from tests.oracle.trees import add_known
from tests.oracle.units import calls_of, find_units
from tests.strategies import WrittenLog, clean_logs, logs
from tests.truth import (
    HOLDS_FIELDS,
    HOLDS_RECORD,
    NAMES,
    SUITE,
    TRUE_NAMES,
    UNLIKE_TRUTH,
    could_be,
    match,
    read_log,
    read_truth,
    sources_of,
)

DUCKPOND = ("duckpond-parallel", "duckpond-single-thread", "duckpond-debug", "duckpond-nextest")
DEEP = ("duckpond-deep-single-thread", "duckpond-deep-nextest")


@cache
def reading(name: str) -> Reading:
    return read_lines(read_log(name), name)


@cache
def processes(name: str) -> tuple[Process, ...]:
    return tuple(find_processes(reading(name)))


@cache
def report(name: str) -> Row:
    return measure(processes(name))


def repeats_of(name: str) -> list[Repeat]:
    ordered = [calls_of(process, index) for index, process in enumerate(processes(name))]
    units = find_units(processes(name), ordered)
    behind = {call: number for calls in ordered for call, number in numbers_behind(calls).items()}
    graded = grades(units, ())
    return [repeat for unit in units for repeat in find_repeats(unit, behind, graded, ())]


def by_caller(name: str) -> list[int]:
    return sorted((row["calls"] for row in report(name)["callers"]), reverse=True)


@pytest.mark.parametrize("name", NAMES)
def test_every_line_is_accounted_for(name: str) -> None:
    log = reading(name)
    assert log.lines == read_log(name).count(b"\n") + (not read_log(name).endswith(b"\n"))
    assert log.lines == len(log.records) + log.continuation_lines + len(log.malformed) + log.other_lines
    assert sum(len(process.records) for process in processes(name)) == len(log.records)


@pytest.mark.parametrize("name", DUCKPOND)
def test_the_founding_system_gives_the_same_figures_however_it_runs(name: str) -> None:
    totals = report(name)["totals"]
    assert (totals["calls"], totals["lookups"], totals["redundant_calls"]) == (691, 199, 492)
    assert (totals["again_calls"], totals["shared_calls"]) == (389, 103)
    assert (totals["unchanged_repeats"], totals["changed_repeats"], totals["unproven_repeats"]) == (282, 210, 0)
    assert len(report(name)["shared_lookups"]) == 54
    assert by_caller(name) == [346, 233, 88, 12, 10, 2]


@pytest.mark.parametrize("name", DUCKPOND)
def test_the_pairs_name_who_should_hand_on_what(name: str) -> None:
    unchanged = {(row["previous_caller"], row["caller"]): row["unchanged"] for row in report(name)["asked_again"]}
    reader, version = "async_file_reader_bounded", "get_next_version_for_node"
    assert unchanged["metadata", version] == 67
    assert unchanged[version, "metadata"] == 64
    assert unchanged["metadata", "metadata"] == 58
    assert unchanged[reader, "metadata"] == 36
    assert unchanged["metadata", reader] == 15
    assert unchanged[reader, reader] == 8


@pytest.mark.parametrize("name", [*DUCKPOND, *DEEP])
def test_keeping_answers_handing_them_on_and_sharing_them_add_up_to_one_cache(name: str) -> None:
    totals, verdict = report(name)["totals"], report(name)["verdict"]
    shared = [row for row in report(name)["findings"] if row["kind"] == "shared"]
    assert (totals["own_calls"], totals["handed_on_calls"]) == (147, 99)
    assert sum(row["unchanged"] for row in shared) == 36
    assert (verdict["own_calls"], verdict["one_cache_calls"]) == (147, 282)
    assert sum(row["handed_on_calls"] for row in shared) == 99


@pytest.mark.parametrize("name", DUCKPOND)
def test_a_caller_whose_own_answers_were_stale_is_saved_nothing_by_keeping_them(name: str) -> None:
    (row,) = [
        row
        for row in report(name)["findings"]
        if (row["kind"], row["callers"]) == ("again", ("get_next_version_for_node",))
    ]
    assert (row["unchanged"], row["own_calls"], row["handed_on_calls"], row["calls_saved"]) == (72, 0, 72, 0)
    assert (row["repeats"], row["lookups"], row["worst"][0]) == (147, 86, 15)


@pytest.mark.parametrize("name", DUCKPOND)
def test_the_first_change_is_to_keep_what_the_metadata_was(name: str) -> None:
    first = report(name)["findings"][0]
    assert (first["kind"], first["callers"], first["confidence"]) == ("again", ("metadata",), "sure")
    assert (first["repeats"], first["lookups"], first["worst"][0]) == (195, 26, 29)
    assert first["calls_saved"] == first["own_calls"]


def test_the_founding_system_counts_its_versions_and_the_shop_its_contents() -> None:
    (row,) = report("duckpond-single-thread")["functions"]
    assert row["evidence_grade"] == "version-like"


def test_no_lookup_that_was_asked_again_kept_its_answer_throughout() -> None:
    asked = report("duckpond-single-thread")["redundant_lookups"]
    assert len(asked) == 114
    assert all(row["changed"] for row in asked)


def test_without_a_backtrace_there_is_one_unknown_caller() -> None:
    totals = report("duckpond-no-backtrace")["totals"]
    assert (totals["calls"], totals["lookups"], totals["redundant_calls"]) == (691, 199, 492)
    assert (totals["again_calls"], totals["shared_calls"]) == (492, 0)
    assert report("duckpond-no-backtrace")["shared_lookups"] == []
    assert by_caller("duckpond-no-backtrace") == [691]


@pytest.mark.parametrize(
    ("name", "repeats", "again", "shared"), [(DEEP[0], 5878, 5682, 196), (DEEP[1], 5826, 5533, 293)]
)
def test_nested_calls_of_the_founding_system(name: str, repeats: int, again: int, shared: int) -> None:
    totals = report(name)["totals"]
    assert (totals["calls"], totals["redundant_calls"]) == (7050, repeats)
    assert (totals["again_calls"], totals["shared_calls"]) == (again, shared)
    assert (totals["unchanged_repeats"], totals["changed_repeats"]) == (282, 210)


@pytest.mark.parametrize(("name", "count"), [(DEEP[0], 1), (DEEP[1], 53)])
def test_every_nested_call_agrees_with_the_caller_that_a_backtrace_named(name: str, count: int) -> None:
    assert [process.tree for process in processes(name)] == ["nested"] * count
    nested = agreeing = 0
    for process in processes(name):
        functions = {record.number: record.function for record in process.records}
        for record in process.records:
            if record.number in process.parents:
                nested += 1
                agreeing += record.caller == functions[process.parents[record.number]]
    assert (nested, agreeing) == (4001, 4001)


def test_traced_time_of_a_tree_is_that_of_its_roots() -> None:
    totals = report(DEEP[0])["totals"]
    assert (totals["elapsed_ns"], totals["elapsed_upper_ns"]) == (14_836_000_000, 17_885_000_000)


def test_threads_make_no_tree() -> None:
    assert [process.tree for process in processes("duckpond-parallel")] == ["unknown"]
    assert [process.tree for process in processes("duckpond-single-thread")] == ["flat"]


@pytest.mark.parametrize("name", SUITE)
def test_the_suite_reads_back_call_for_call(name: str) -> None:
    happened = [process for process in read_truth(name) if process.program != "rust_out"]  # doctests never show
    matching = match(calls_table(list(processes(name))), happened)
    assert {row["number"] for row in matching.invented} == UNLIKE_TRUTH.get(name, set())
    lost = [call for call in matching.lost if call.ended]
    assert {call.number for call in lost} == UNLIKE_TRUTH.get(name, set())
    assert [call.function for call in matching.lost if not call.ended] == ["leaky"]


@pytest.mark.parametrize("name", TRUE_NAMES)
def test_rows_are_calls_that_happened(name: str) -> None:
    matching = match(calls_table(list(processes(name))), read_truth(name))
    assert {row["number"] for row in matching.invented} == UNLIKE_TRUTH.get(name, set())


def test_hostile_values_lose_no_other_call() -> None:
    for name in ("hostile", "hostile-bare"):
        matching = match(calls_table(list(processes(name))), read_truth(name))
        assert {call.number for call in matching.lost} == HOLDS_FIELDS | HOLDS_RECORD


def test_a_captured_run_shows_only_its_child_processes() -> None:
    children = [process for process in read_truth("bare-captured") if process.program == "fscli"]
    matching = match(calls_table(list(processes("bare-captured"))), children)
    assert (len(matching.pairs), matching.invented, matching.lost) == (104, [], [])


def test_a_killed_run_lacks_what_was_open() -> None:
    matching = match(calls_table(list(processes("killed-mid-value"))), read_truth("killed-mid-value"))
    assert sorted(call.number for call in matching.lost) == [0, 16]
    assert [line.reason for line in reading("killed-mid-value").malformed] == ["no elapsed field"]


@pytest.mark.parametrize("name", TRUE_NAMES)
def test_no_judged_process_mixes_two(name: str) -> None:
    rows = calls_table(list(processes(name)))
    happened = read_truth(name)
    for index, process in enumerate(processes(name)):
        if process.judged:
            own = [row for row in rows if row["process"] == index]
            apart = [row for row in own if row["number"] not in UNLIKE_TRUTH.get(name, set())]
            if process.shuffled:
                assert any(could_be(apart, source) for source in happened), process.name
            else:
                assert sources_of(apart, happened), process.name


@pytest.mark.parametrize("name", TRUE_NAMES)
def test_a_tree_has_the_true_parents(name: str) -> None:
    happened = read_truth(name)
    rows = calls_table(list(processes(name)))
    for index, process in enumerate(processes(name)):
        own = [row for row in rows if row["process"] == index and row["number"] not in UNLIKE_TRUTH.get(name, set())]
        if process.tree != "unknown":
            for source in sources_of(own, happened):
                parents = {call.number: call.parent for call in source.calls}
                assert all(row["parent"] == parents[row["number"]] for row in own)


def test_one_thread_with_callers_has_a_tree() -> None:
    trees = {process.name: process.tree for process in processes("single-thread")}
    assert Counter(trees.values()) == {"nested": 4, "unknown": 2}
    assert (trees["run_cli"], trees["concurrent"]) == ("unknown", "unknown")


@pytest.mark.parametrize("name", sorted({*TRUE_NAMES} - {"killed-mid-value"}))  # whose programs noted their times
def test_savings_never_exceed_what_the_repeats_really_took(name: str) -> None:
    rows = calls_table(list(processes(name)))
    took_us = {row["line"]: call.elapsed_us for row, call in match(rows, read_truth(name)).pairs}
    repeats = repeats_of(name)
    unchanged = [repeat.call.record for repeat in repeats if repeat.evidence == "unchanged"]
    bound_ns = sum((took_us.get(record.line) or 0) * 1_000 for record in unchanged)
    assert report(name)["totals"]["saving_ns"] <= bound_ns


@given(clean_logs())
def test_a_clean_log_reads_back_exactly(written: WrittenLog) -> None:
    read = find_processes(read_lines(written.log))
    assert len(read) == len(written.processes)
    for process, expected in zip(read, written.processes, strict=True):
        assert not process.interleaved
        for record, call in zip(process.records, expected.calls, strict=True):
            assert (record.number, record.function, record.caller) == (call.number, call.function, call.caller)
            assert (record.params, record.metrics) == (call.params, call.metrics)
            assert record.elapsed_ns == call.elapsed_ns
        if process.tree in ("nested", "given") and expected.threads == 1:
            assert process.parents == {call.number: call.parent for call in expected.calls if call.parent is not None}


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(logs() | described_logs() | dense_logs())
def test_figures_of_any_log_add_up(log: bytes) -> None:
    read = read_lines(log)
    assert read.lines == len(read.records) + read.continuation_lines + len(read.malformed) + read.other_lines
    found = find_processes(read)
    result = measure(found)
    totals = result["totals"]
    assert totals["redundant_calls"] == totals["judged_questions"] - totals["lookups"]
    assert totals["redundant_calls"] == totals["again_calls"] + totals["shared_calls"]
    assert totals["redundant_calls"] == sum(row["repeats"] for row in result["findings"])
    assert totals["redundant_calls"] == sum(row["repeats"] for row in result["asked_again"])
    assert totals["unchanged_repeats"] >= result["verdict"]["one_cache_calls"]
    assert result["verdict"]["one_cache_calls"] >= totals["own_calls"] + totals["handed_on_calls"]
    assert totals["may_have_changed_repeats"] <= totals["unproven_repeats"]
    assert (
        sum(row["calls_saved"] for row in result["findings"] if row["kind"] != "fan-out")
        <= (result["verdict"]["one_cache_calls"])
    )
    assert totals["calls"] == totals["questions"] + totals["writes"] + totals["frames"]
    assert totals["judged_questions"] == sum(row["judged_questions"] for row in result["units"])
    assert totals["judged_calls"] == sum(row["calls"] for row in result["units"])
    for section in ("functions", "callers", "edges", "processes"):
        assert totals["calls"] == sum(row["calls"] for row in result[section])
    for row in result["functions"]:
        assert row["calls"] == sum(histogram_bin["calls"] for histogram_bin in row["histogram"])
    for row in result["cache_curves"]:
        hits = [point["hits"] for point in row["curve"]]
        assert hits == sorted(hits)
        assert hits[-1] == row["possible_hits"]
    for row in result["fanouts"]:
        assert row["avoidable_calls"] < row["calls"]
    if result["call_tree"]:
        # What is inside is inside: self times of a tree add up to the time of its roots.
        roots_ns = sum(row["total_ns"] for row in result["call_tree"]["paths"] if len(row["path"]) == 1)
        unfinished_ns = sum(
            row["total_ns"]
            for row in result["call_tree"]["paths"]
            if row["path"][0] == "(unfinished)" and len(row["path"]) == 2
        )
        self_ns = add_known([row["self_ns"] for row in result["call_tree"]["paths"]])
        assert self_ns is None or roots_ns + unfinished_ns == self_ns
