"""Where processes begin and end: held against the slow way, simulated schedules, and what happened in real logs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import calls_table, read_lines
from tests.oracle.processes import Process
from tests.oracle.reading import Record
from tests.oracle.splitting import split_numbers
from tests.truth import TRUE_NAMES, read_log, read_truth, sources_of
from tracereport.processes.splitting import Processes, find_processes

FAKE = {424242, 434343}
# What a hostile value or another writer made of a line, so that no true call is like it.
UNLIKE_TRUTH = {
    "hostile": {2, 3, 16, 17, 18, 19},
    "hostile-bare": {2, 3} | FAKE,
    "env_logger-backtrace": {48},
    "torn-lines": {1488},
}
JUDGED = {
    "ansi": (359, 359),
    "bare-captured": (0, 0),
    "bare-nocapture": (359, 256),
    "bare-single-thread-combined": (359, 359),
    "combined-nocapture": (359, 359),
    "duckpond-debug": (691, 691),
    "duckpond-deep-nextest": (7050, 7050),
    "duckpond-deep-single-thread": (7050, 7050),
    "duckpond-nextest": (691, 691),
    "duckpond-no-backtrace": (691, 691),
    "duckpond-parallel": (691, 691),
    "duckpond-single-thread": (691, 691),
    "env_logger": (359, 308),
    "env_logger-backtrace": (359, 308),
    "hostile": (59, 59),
    "hostile-bare": (59, 59),
    "killed-mid-value": (15, 15),
    "millis": (359, 359),
    "single-thread": (359, 359),
    "stress-4-threads": (20_000, 20_000),
    "torn-lines": (0, 0),
}
"""Judged calls of each real log, as it is and without its markers (as ``cargo test -q`` would have written it)."""


def find(*segments: Sequence[int]) -> Processes:
    numbers = np.array(list(chain(*segments)), np.int64)
    return find_processes(numbers, np.repeat(np.arange(len(segments)), [len(segment) for segment in segments]))


def sizes(found: Processes) -> list[int]:
    counted: list[int] = np.bincount(found.process).tolist()
    return counted


@pytest.mark.parametrize(
    ("numbers", "expected", "judged"),
    [
        ((2, 1, 0, 5, 4, 3), [6], [True]),
        ((0, 1, 2, 0, 1), [3, 2], [True, True]),
        ((2, 1, 0, 2, 1, 0), [3, 3], [True, True]),
        # The second one starts with its deepest calls, which the first hasn't used.
        ((0, 1, 3, 2, 1, 0, 5, 4), [2, 6], [True, True]),
        # A call that never finished: one process, or the second of two. It is no other process's last call.
        ((0, 2, 3), [3], [True]),
        ((0, 1, 2, 3, 0, 2, 3), [4, 3], [True, True]),
        # The same program twice, with the same leak.
        ((0, 1, 3, 4, 0, 1, 3, 4), [4, 4], [True, True]),
        # The first waits for the second, and goes on behind it; or both go on at once.
        ((0, 1, 2, 0, 1, 2, 3, 4, 3, 4), [10], [False]),
        ((0, 1, 2, 3, 0, 1, 4, 5), [8], [False]),
        ((0, 0, 1, 1, 2, 2), [6], [False]),
        # Three processes one in the other, between two that are whole.
        ((*range(9), 0, 1, 2, 0, 1, 3, 2, 3, 4, 4, 5, *range(7)), [9, 11, 7], [True, False, True]),
        # Whose is the 2? A short chain of calls before a long one or behind it leaves the same numbers.
        ((1, 0, 2, 1, 0), [5], [False]),
        # A log that begins in the middle of a process.
        ((*range(500, 600), *range(50)), [100, 50], [True, True]),
        ((*range(500, 600),), [100], [True]),
    ],
)
def test_where_a_process_ends(numbers: tuple[int, ...], expected: list[int], judged: list[bool]) -> None:
    found = find(numbers)
    assert sizes(found) == expected
    assert found.judged.tolist() == judged


def test_other_processes_tell_whether_calls_lie_inside_a_chain() -> None:
    whole = [number for size in range(3, 12) for number in range(size)]
    assert find((*whole, *range(20), 0)).judged.all()
    assert not find((*range(20), 0)).judged.any()


def test_no_process_spans_two_segments() -> None:
    found = find((0, 1), (2, 3), (0,))
    assert found.process.tolist() == [0, 0, 1, 1, 2]
    assert found.segment.tolist() == [0, 1, 2]
    assert found.judged.all()


def test_no_records_make_no_processes() -> None:
    found = find_processes(np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert [len(found.process), len(found.judged), len(found.implausible), len(found.segment)] == [0, 0, 0, 0]


@pytest.mark.parametrize("far", [424_242, 2**63 - 1])
def test_numbers_out_of_place_neither_split_nor_join(far: int) -> None:
    found = find((*range(20), far, *range(20, 40), far, *range(12)))
    assert np.flatnonzero(found.implausible).tolist() == [20, 41]
    assert sizes(found) == [42, 12]
    assert found.judged.all()


def test_a_number_out_of_place_at_the_start_belongs_to_the_process_behind() -> None:
    found = find(range(30), (424_242, *range(30)))
    assert sizes(found) == [30, 31]
    assert np.flatnonzero(found.implausible).tolist() == [30]


def test_the_end_of_a_longer_log_is_plausible_and_apart() -> None:
    found = find((*range(500_000, 500_020), *range(300), *range(40)))
    assert not found.implausible.any()
    assert sizes(found) == [20, 300, 40]
    assert found.judged.all()


@pytest.mark.parametrize("step", [1, 10**13])
def test_numbers_that_stand_once_are_one_process(step: int) -> None:
    numbers = [(number * 7_919 % 1_000) * step for number in range(1_000)]
    assert sizes(find(numbers)) == [1_000]


# Simulated processes: a log's numbers, and of each the process that truly wrote it.


@dataclass(frozen=True)
class Line:
    number: int
    writer: int


def run(random: Random, calls: int) -> list[int]:
    """The numbers of a process in the order of its lines: flat, nested or of threads; with leaks, or killed."""
    threads = random.choice((1, 1, 1, 2, 4))
    depth = random.choice((1, 2, 3, 6))
    leak = random.choice((0, 0, 0, 0.03, 0.2))
    stacks: list[list[int]] = [[] for _ in range(threads)]
    lines: list[int] = []
    started = 0
    while started < calls or any(stacks):
        stack = random.choice(stacks)
        if started < calls and len(stack) < depth and (not stack or random.random() < 0.5):
            stack.append(started)
            started += 1
        elif stack:
            ended = stack.pop()
            lines += [ended] * (random.random() >= leak)
    return lines[: random.randrange(len(lines) + 1)] if random.random() < 0.1 else lines


def schedule(random: Random, runs: Sequence[Sequence[int]]) -> list[Line]:
    """The lines of processes that run one after the other, or a few at once."""
    waiting = [[Line(number, writer) for number in run] for writer, run in enumerate(runs)]
    most_at_once = random.choice((1, 1, 2, 3))
    burst = random.choice((1, 4, 12))
    running: list[list[Line]] = []
    lines: list[Line] = []
    while running or waiting:
        while waiting and len(running) < most_at_once:
            running.append(waiting.pop(0))
        writing = random.choice(running)
        lines += writing[:burst]
        del writing[:burst]
        running = [left for left in running if left]
    return lines


def simulate(seed: int, largest: int) -> list[Line]:
    random = Random(seed)  # noqa: S311 -- a simulation
    return schedule(random, [run(random, random.randint(1, largest)) for _ in range(random.randint(2, 12))])


@given(st.lists(st.tuples(st.integers(0, 2**32), st.sampled_from((4, 12, 60, 150))), min_size=1, max_size=3), st.data())
def test_fast_and_slow_way_agree(seeds: list[tuple[int, int]], data: st.DataObject) -> None:
    segments = []
    for seed, largest in seeds:
        numbers = [line.number for line in simulate(seed, largest)]
        numbers = numbers[data.draw(st.integers(0, len(numbers))) :]
        cut_off = data.draw(st.sampled_from(((), (), range(130, 170), range(400, 420), (900,))))
        numbers = [*cut_off, *numbers, data.draw(st.integers(0, 20))]
        for _ in range(data.draw(st.sampled_from((0, 0, 1, 3)))):
            numbers.insert(data.draw(st.integers(0, len(numbers))), data.draw(st.sampled_from((424_242, 2**63 - 1))))
        segments.append(numbers)
    found = find(*segments)
    first = 0
    process = 0
    for index, numbers in enumerate(segments):
        stretches, implausible = split_numbers(numbers)
        own = slice(first, first + len(numbers))
        assert found.implausible[own].nonzero()[0].tolist() == sorted(implausible)
        for stretch in stretches:
            assert set(found.process[own][stretch.start : stretch.end].tolist()) == {process}
            assert (found.judged[process], found.segment[process]) == (stretch.judged, index)
            process += 1
        first += len(numbers)
    assert len(found.judged) == process


@pytest.mark.parametrize(
    ("largest", "most_wrong", "least_judged"),
    [(200, 0.001, 0.28), (60, 0.002, 0.27), (12, 0.03, 0.38)],
)
def test_what_is_judged_is_hardly_ever_mixed(largest: int, most_wrong: float, least_judged: float) -> None:
    """The numbers of tiny processes can be those of others by chance; those of larger ones hardly."""
    calls: Counter[str] = Counter()
    for seed in range(150):
        lines = simulate(seed, largest)
        if not lines:
            continue
        found = find([line.number for line in lines])
        written = Counter(line.writer for line in lines)
        for process in np.flatnonzero(found.judged):
            writers = {lines[at].writer for at in np.flatnonzero(found.process == process)}
            size = int(np.count_nonzero(found.process == process))
            is_right = len(writers) == 1 and written[writers.pop()] == size
            calls["right" if is_right else "wrong"] += size
        calls["all"] += len(lines)
    assert calls["wrong"] <= most_wrong * calls["all"]
    assert calls["right"] >= least_judged * calls["all"]


# Real logs.


def read_records(name: str) -> list[Record]:
    return list(read_lines(read_log(name), name).records)


def find_in(records: Sequence[Record], *, with_markers: bool) -> Processes:
    number = np.array([record.number for record in records], np.int64)
    return find_processes(number, np.array([record.segment * with_markers for record in records], np.int64))


@pytest.mark.parametrize("with_markers", [True, False])
@pytest.mark.parametrize("name", sorted(JUDGED))
def test_as_many_calls_of_a_real_log_are_judged_as_can_be(name: str, with_markers: bool) -> None:
    found = find_in(read_records(name), with_markers=with_markers)
    assert int(found.judged[found.process].sum()) == JUDGED[name][not with_markers]


@pytest.mark.parametrize("with_markers", [True, False])
@pytest.mark.parametrize("name", sorted({*TRUE_NAMES} & {*JUDGED}))
def test_no_judged_process_of_a_real_log_mixes_two_or_lacks_a_part(name: str, with_markers: bool) -> None:
    records = read_records(name)
    found = find_in(records, with_markers=with_markers)
    happened = read_truth(name)
    odd = UNLIKE_TRUTH.get(name, set())
    lines: Counter[int] = Counter()
    for process in np.flatnonzero(found.judged):
        own = [records[at] for at in np.flatnonzero(found.process == process)]
        rows: list[Any] = calls_table([Process([record for record in own if record.number not in odd], file=name)])
        sources = sources_of(rows, happened)
        assert sources
        ended = {len([call for call in source.calls if call.ended]) for source in sources}
        assert len(own) in ended or name == "killed-mid-value"
        lines[len(own)] += 1


@pytest.mark.parametrize("name", ["duckpond-nextest", "duckpond-deep-nextest"])
def test_the_tests_of_nextest_are_found_without_its_markers(name: str) -> None:
    records = read_records(name)
    found = find_in(records, with_markers=False)
    segment = np.array([record.segment for record in records])
    assert (np.diff(segment, prepend=-1) > 0).tolist() == (np.diff(found.process.astype(int), prepend=-1) > 0).tolist()
