"""Processes that wrote at once: told by callers that aren't there, and judged where it doesn't matter who wrote."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import calls_table, find_processes, read_lines
from tests.strategies import WrittenProcess, interleaved, logs, processes
from tracereport.calls.calls import Calls
from tracereport.sources.perf_trace.reader import read_log
from tracereport.sources.table import make_table

MARKER = "     Running tests/run.rs (target/debug/deps/run-43da980639810445)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


def read(folder: Path, *lines: str) -> Calls:
    path = folder / "some.log"
    path.write_text(
        "".join(f"{line if line == MARKER else f'PERF_TRACE|{line}'}\n" for line in lines), encoding="utf-8"
    )
    return read_log([str(path)])


def judged(calls: Calls) -> list[bool]:
    found: list[bool] = calls.judged.tolist()
    return found


def test_a_call_whose_caller_is_not_open_is_another_process_s(folder: Path) -> None:
    lines = ["1|load|caller=convert|elapsed_ms=1", "0|load|caller=unknown|elapsed_ms=1", "0|convert|elapsed_ms=9"]
    assert judged(read(folder, *lines)) == [False] * 3
    whole = [lines[0], lines[2], "0|load|caller=unknown|elapsed_ms=1"]
    assert judged(read(folder, *whole)) == [True] * 3


def test_a_caller_that_is_not_traced_or_not_known_says_nothing(folder: Path) -> None:
    for caller in ("main", "unknown"):
        lines = [f"1|load|caller={caller}|elapsed_ms=1", "0|load|elapsed_ms=1", "0|convert|elapsed_ms=9"]
        assert judged(read(folder, *lines)) == [True] * 3


def test_a_call_that_never_ended_may_be_the_caller(folder: Path) -> None:
    lines = ["2|load|caller=convert|elapsed_ms=1", "1|load|elapsed_ms=1"]
    complete = [f"{number}|convert|id={number}|elapsed_ms=1" for number in range(12)]
    assert judged(read(folder, *complete, MARKER, *lines)) == [True] * 14


def test_where_a_segment_is_mixed_the_others_are_not(folder: Path) -> None:
    orphaned = ["1|load|caller=convert|elapsed_ms=1", "0|load|elapsed_ms=1", "0|convert|elapsed_ms=9"]
    clean = [f"{number}|load|elapsed_ms=1" for number in (0, 1, 2, 0, 1, 2, 3)]
    calls = read(folder, *clean, MARKER, *orphaned, MARKER, *clean)
    assert judged(calls) == [True] * 7 + [False] * 3 + [True] * 7
    assert calls.process.tolist() == [0] * 3 + [1] * 4 + [2] * 3 + [3] * 3 + [4] * 4


def test_who_says_the_parent_or_the_process_is_believed(folder: Path) -> None:
    lines = ["1|load|caller=convert|elapsed_ms=1", "0|load|elapsed_ms=1", "0|convert|elapsed_ms=9"]
    assert judged(read(folder, *(f"{line}|parent=none" for line in lines))) == [True] * 3
    assert judged(read(folder, *(f"{line}|process=5" for line in lines))) == [True] * 3


COPY = [
    "1|load|caller=page|id=1|elapsed_ms=1|rows=1|query_ms={0}",
    "0|page|elapsed_ms={0}",
    "2|load|id=2|elapsed_ms=1|rows=0",
]


def mixed(*orders: int, copy: list[str] | None = None) -> list[str]:
    """The lines of several processes that do the same, as if each wrote its next line in this order."""
    written = [0] * (max(orders) + 1)
    lines = []
    for own in orders:
        lines.append((copy or COPY)[written[own]].format(own))
        written[own] += 1
    return lines


@pytest.mark.parametrize("orders", [(0, 1, 0, 1, 0, 1), (0, 0, 1, 1, 1, 0), (0, 1, 2, 2, 1, 0, 0, 1, 2)])
def test_processes_that_do_the_same_at_once_are_judged(orders: tuple[int, ...], folder: Path) -> None:
    calls = read(folder, *mixed(*orders))
    count = max(orders) + 1
    assert judged(calls) == [True] * len(orders)
    assert len(calls.processes.name) == count
    assert calls.processes.has_tree("unknown").all()
    for process in range(count):
        assert sorted(calls.number[calls.process == process].tolist()) == [0, 1, 2]


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        (1, "1|load|caller=page|id=9|elapsed_ms=1|rows=1|query_ms=0"),
        (1, "1|load|caller=other|id=1|elapsed_ms=1|rows=1|query_ms=0"),
        (1, "1|load|caller=page|id=1|elapsed_ms=1|rows=2|query_ms=0"),
        (1, "1|load|caller=page|id=1|elapsed_ms=1|rows=1|query_ms=0|failed=1"),
        (5, "3|load|id=2|elapsed_ms=1|rows=0"),
    ],
)
def test_processes_that_differ_at_all_are_not(line: int, changed: str, folder: Path) -> None:
    lines = mixed(0, 1, 0, 1, 0, 1)
    lines[line] = changed
    assert not any(judged(read(folder, *lines)))


def test_processes_that_did_the_same_in_another_order_are_not(folder: Path) -> None:
    calls = read(folder, *(f"{number}|f{number}|elapsed_ms=1" for number in (1, 0, 0, 1, 2, 2)))
    assert not any(judged(calls))


@given(logs())
@settings(max_examples=60)
def test_processes_are_those_of_the_slow_way(folder: Path, log: bytes) -> None:
    hold_against_slow_way(folder, log)


@given(processes(largest_size=6), st.data())
@settings(max_examples=60)
def test_copies_at_once_are_those_of_the_slow_way(folder: Path, process: WrittenProcess, data: st.DataObject) -> None:
    lines = [call.trace() for call in process.calls]
    mixed_lines = data.draw(interleaved(lines, lines))
    if data.draw(st.booleans()):
        mixed_lines = data.draw(interleaved(mixed_lines, lines))
    hold_against_slow_way(folder, "".join(f"{line}\n" for line in mixed_lines).encode())


def hold_against_slow_way(folder: Path, log: bytes) -> None:
    path = folder / "any.log"
    path.write_bytes(log)
    columns = ("line", "process", "judged", "number", "tree", "parent")
    fast = make_table(read_log([str(path)])).select(columns).rows()
    slow = [tuple(row[column] for column in columns) for row in calls_table(find_processes(read_lines(log)))]
    assert fast == slow
    hold_what_is_said(path, log)


def hold_what_is_said(path: Path, log: bytes) -> None:
    """What records say beside question and answer is in the table as the slow way reads it."""
    said = [dict(record.said) for record in read_lines(log).records]
    columns = ("at", "via", "phase", "attempt", "activation", "answer")
    expected = [
        (
            own.get("at"),
            own.get("via"),
            own.get("phase"),
            int(own.get("try", 0)) or None,
            int(own["activation"]) if "activation" in own else None,
            "failed" if "failed" in own else "cached" if "cached" in own else "",
        )
        for own in said
    ]
    assert make_table(read_log([str(path)])).select(columns).rows() == expected
