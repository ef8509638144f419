"""The calls table of real logs, held against what truly happened: their programs noted every call for themselves."""

from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest

from tests.oracle import find_processes, read_lines
from tests.truth import (
    HOLDS_FIELDS,
    HOLDS_RECORD,
    SUITE,
    TRUE_NAMES,
    UNLIKE_TRUTH,
    Matching,
    Row,
    TrueProcess,
    could_be,
    log_path,
    match,
    read_log,
    read_truth,
    sources_of,
)
from tracereport.sources.perf_trace.reader import read_log as read_calls
from tracereport.sources.table import make_table

DOCTEST = "rust_out"
"""The program that rustdoc makes of an example: its output is never shown."""

ONE_THREAD = ("bare-single-thread-combined", "single-thread")


@cache
def table_of(name: str) -> tuple[Row, ...]:
    return tuple(make_table(read_calls([str(log_path(name))])).rows(named=True))


@cache
def matching_of(name: str) -> Matching:
    return match(table_of(name), read_truth(name))


def rows_of_processes(name: str) -> dict[int, list[Row]]:
    """The rows that tell what happened, by process."""
    rows: dict[int, list[Row]] = {}
    for row in table_of(name):
        if row["number"] not in UNLIKE_TRUTH.get(name, set()):
            rows.setdefault(row["process"], []).append(row)
    return rows


@cache
def shuffled(name: str) -> frozenset[int]:
    """Processes that did the same at the same time: judged, and yet their lines stand among each other's."""
    spans = {process: (rows[0]["line"], rows[-1]["line"]) for process, rows in rows_of_processes(name).items()}
    return frozenset(
        process
        for process, (first, last) in spans.items()
        if any(other != process and first < end and start < last for other, (start, end) in spans.items())
    )


def table_names(name: str) -> dict[int, str]:
    return {process: rows[0]["process_name"] for process, rows in rows_of_processes(name).items()}


@pytest.mark.parametrize("name", TRUE_NAMES)
def test_every_row_is_a_call_that_happened(name: str) -> None:
    assert {row["number"] for row in matching_of(name).invented} == UNLIKE_TRUTH.get(name, set())


def is_shown(process: TrueProcess) -> bool:
    return process.program != DOCTEST


def is_child(process: TrueProcess) -> bool:
    return process.program == "fscli"


@pytest.mark.parametrize(
    ("name", "reaches_the_log", "broken"),
    [
        *((name, is_shown, UNLIKE_TRUTH.get(name, set())) for name in SUITE),
        ("bare-captured", is_child, set()),
        ("hostile", is_shown, HOLDS_FIELDS | HOLDS_RECORD),
        ("hostile-bare", is_shown, HOLDS_FIELDS | HOLDS_RECORD),
        ("killed-mid-value", is_shown, set()),
        ("stress-4-threads", is_shown, set()),
        ("no-traces-info-level", lambda _: False, set()),
        ("no-traces-rust-log-unset", lambda _: False, set()),
    ],
)
def test_no_call_that_reached_the_log_is_missing(
    name: str, reaches_the_log: Callable[[TrueProcess], bool], broken: set[int]
) -> None:
    """Missing may be what never ended, what libtest kept to itself, and what can't be told from a fake record."""
    written = [process for process in read_truth(name) if reaches_the_log(process)]
    missing = match(table_of(name), written).lost
    assert {call.number for call in missing if call.ended} == broken
    assert all(call.function == "leaky" or name == "killed-mid-value" for call in missing if not call.ended)


def test_torn_lines_lose_no_other_call() -> None:
    matching = matching_of("torn-lines")
    malformed = len(read_lines(read_log("torn-lines")).malformed)
    # What one writer lost, another one's line holds in two pieces: a torn line stands for two or three calls.
    assert malformed <= len(matching.lost) <= 3 * malformed


@pytest.mark.parametrize("name", TRUE_NAMES)
def test_no_judged_process_mixes_two(name: str) -> None:
    happened = read_truth(name)
    sure_sources = []
    for process, rows in rows_of_processes(name).items():
        if process in shuffled(name):
            copies = [own for own in shuffled(name) if table_names(name)[own] == table_names(name)[process]]
            assert len([source for source in happened if could_be(rows, source)]) >= len(copies)
        elif rows[0]["judged"]:
            sources = sources_of(rows, happened)
            assert sources, rows[0]["process_name"]
            if len(sources) == 1:
                sure_sources.append(happened.index(sources[0]))
    assert len(set(sure_sources)) == len(sure_sources), "one process was cut in two"


@pytest.mark.parametrize("name", sorted({*TRUE_NAMES} - {"stress-4-threads"}))  # which is one process
def test_at_least_as_much_is_judged_as_by_the_simple_rule(name: str) -> None:
    judged = sum(row["judged"] for row in table_of(name))
    assert judged >= sum(
        len(process.records) for process in find_processes(read_lines(read_log(name))) if process.judged
    )


@pytest.mark.parametrize("name", SUITE)
def test_processes_are_named_after_the_program_that_ran(name: str) -> None:
    for process, rows in rows_of_processes(name).items():
        if process in shuffled(name):
            assert rows[0]["process_name"] in ("concurrent", "run_cli")  # tests that start others
        elif rows[0]["judged"]:
            programs = {source.program.rpartition("-")[0] for source in sources_of(rows, read_truth(name))}
            assert rows[0]["process_name"].removesuffix(" (unit)") in programs


@pytest.mark.parametrize("name", TRUE_NAMES)
def test_a_tree_has_exactly_the_true_parents(name: str) -> None:
    for rows in rows_of_processes(name).values():
        if rows[0]["tree"] != "unknown":
            for source in sources_of(rows, read_truth(name)):
                assert {row["number"]: row["parent"] for row in rows} == parents_of(source, rows)


def parents_of(source: TrueProcess, rows: list[Row]) -> dict[int, int | None]:
    printed = {row["number"] for row in rows}
    return {call.number: call.parent for call in source.calls if call.number in printed}


@pytest.mark.parametrize("name", ONE_THREAD)
def test_one_thread_that_lacks_no_number_has_a_tree(name: str) -> None:
    checked = 0
    for process, rows in rows_of_processes(name).items():
        if rows[0]["judged"] and not missing_numbers(rows) and process not in shuffled(name):
            assert rows[0]["tree"] in ("flat", "nested")
            checked += 1
    assert checked == 4


def test_threads_have_no_tree_that_only_their_numbers_speak_for() -> None:
    threads = {source.program: source.threads for source in read_truth("env_logger")}
    assert max(threads.values()) > 1
    assert Counter(row["tree"] for row in table_of("stress-4-threads")) == {"unknown": 20_000}


@pytest.mark.parametrize("name", TRUE_NAMES)
def test_numbers_that_a_judged_process_lacks_are_calls_that_never_printed(name: str) -> None:
    lost = {call.number for call in matching_of(name).lost}
    for rows in rows_of_processes(name).values():
        if rows[0]["judged"]:
            assert missing_numbers(rows) <= lost


def missing_numbers(rows: list[Row]) -> set[int]:
    numbers = {row["number"] for row in rows}
    return set(range(max(numbers))) - numbers


@pytest.mark.parametrize("name", SUITE)
def test_all_calls_of_the_suite_are_judged_though_its_tests_start_programs_at_once(name: str) -> None:
    assert [row["judged"] for row in table_of(name)] == [True] * 515


def test_what_several_programs_tore_is_not_judged() -> None:
    assert not any(row["judged"] for row in table_of("torn-lines"))
