"""Call trees: held against the slow way, programs whose trees are known, and the parents in real logs' truth."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import read_lines
from tests.oracle.processes import Process, find_tree
from tests.oracle.reading import Record
from tests.strategies import processes
from tests.truth import NAMES, TRUE_NAMES, read_log, read_truth, sources_of
from tracereport.calls.calls import TREE_KINDS
from tracereport.processes.parents import TreeRecords, Trees, find_parents
from tracereport.processes.splitting import find_processes

UNKNOWN = (None, "unknown")
KNOWN_CALLERS = ("f", "g", "h", "unknown", None)
# What a hostile value or another writer made of a line, so that no true call is like it.
UNLIKE_TRUTH = {"hostile": {2, 3, 16, 17, 18, 19}, "env_logger-backtrace": {48}}


def record(
    number: int,
    function: str = "f",
    caller: str | None = None,
    *,
    parent: int | str | None = None,
    elapsed_ns: int = 0,
    resolution_ns: int = 1,
) -> Record:
    """A record as reading gives it; ``parent`` is a number or ``"none"`` if its line names one."""
    return Record(
        line=number,
        segment=0,
        number=number,
        function=function,
        caller=caller,
        params=(),
        elapsed_ns=elapsed_ns,
        resolution_ns=resolution_ns,
        metrics=(),
        parent=parent if isinstance(parent, int) else None,
        has_parent=parent is not None,
    )


def find(
    *logs: Sequence[Record], judged: Sequence[bool] | None = None, implausible: Sequence[bool] | None = None
) -> Trees:
    """The trees of processes given by their records."""
    records = [one for log in logs for one in log]
    names = sorted({one.function for one in records} | {one.caller for one in records if one.caller is not None})
    code = {name: place for place, name in enumerate(names)}
    told = TreeRecords(
        process=np.repeat(np.arange(len(logs), dtype=np.uint32), [len(log) for log in logs]),
        number=np.array([one.number for one in records], np.int64),
        implausible=np.array(implausible if implausible is not None else [False] * len(records), bool),
        signature=np.arange(len(records), dtype=np.int32),
        elapsed_ns=np.array([one.elapsed_ns for one in records], np.int64),
        resolution_ns=np.array([one.resolution_ns for one in records], np.int64),
        given_parent=np.array([-1 if one.parent is None else one.parent for one in records], np.int64),
        has_parent=np.array([one.has_parent for one in records], bool),
        caller=np.array([-1 if one.caller in UNKNOWN else code[one.caller] for one in records], np.int32),
        function=np.array([code[one.function] for one in records], np.int32),
    )
    return find_parents(told, np.array(judged if judged is not None else [True] * len(logs), bool))


def kinds(trees: Trees) -> list[str]:
    return [TREE_KINDS[kind] for kind in trees.kind]


def parents(trees: Trees) -> list[int]:
    found: list[int] = trees.parent.tolist()
    return found


def test_lines_in_the_order_of_numbers_are_roots() -> None:
    trees = find([record(0), record(1), record(2)])
    assert (kinds(trees), parents(trees)) == (["flat"], [-1, -1, -1])


def test_calls_are_adopted_in_the_order_of_their_ends() -> None:
    nested = [record(2, "h", "g"), record(1, "g", "f"), record(3, "g", "f"), record(0, "f"), record(4, "f")]
    trees = find(nested)
    assert (kinds(trees), parents(trees)) == (["nested"], [1, 0, 0, -1, -1])


@pytest.mark.parametrize(
    ("records", "kind"),
    [
        # One caller that is another function than the parent's.
        ([record(1, "g", "f"), record(2, "g", "f"), record(3, "g", "f"), record(4, "g", "x"), record(0)], "unknown"),
        # A quarter, then more than a quarter, of the adopted calls don't name their parent's function.
        ([record(1, "g", "f"), record(2, "g", "f"), record(3, "g", "f"), record(4, "h"), record(0)], "nested"),
        # Others of its function say who called them: one that doesn't was called from elsewhere.
        ([record(1, "g", "f"), record(2, "g", "f"), record(3, "g", "f"), record(4, "g"), record(0)], "unknown"),
        ([record(1, "g", "f"), record(2, "g", "f"), record(3, "g"), record(0)], "unknown"),
        # No callers: two threads could leave the same numbers.
        ([record(1, "g"), record(0)], "unknown"),
        # What a root's caller is called doesn't matter.
        ([record(1, "g", "f"), record(0, "f", "main")], "nested"),
        # Subtrees that don't cover their range of numbers.
        ([record(2, "g", "f"), record(0), record(1)], "unknown"),
        # A call that never finished.
        ([record(2, "g", "f"), record(0)], "unknown"),
        ([record(0), record(2)], "unknown"),
        # One number twice.
        ([record(2, "g", "f"), record(2, "g", "f"), record(0)], "unknown"),
    ],
)
def test_a_tree_needs_numbers_order_and_callers(records: list[Record], kind: str) -> None:
    trees = find(records)
    assert kinds(trees) == [kind]
    assert (kind == "nested") == any(parent >= 0 for parent in parents(trees))


@pytest.mark.parametrize(
    ("inside_ns", "own_ns", "resolution_ns", "kind"),
    [
        ((5, 4), 9, 1, "nested"),
        ((5, 5), 9, 1, "unknown"),
        ((5, 13), 9, 10, "nested"),
        ((5, 14), 9, 10, "unknown"),
        ((0, 0), 0, 1, "nested"),
        ((0, 0), 2**63 - 1, 1, "nested"),
        ((2**63 - 1, 2**63 - 1), 2**63 - 1, 1, "unknown"),
    ],
)
def test_calls_that_took_longer_than_their_parent_ran_side_by_side(
    inside_ns: tuple[int, int], own_ns: int, resolution_ns: int, kind: str
) -> None:
    children = [
        record(number, "g", "f", elapsed_ns=own, resolution_ns=resolution_ns)
        for number, own in enumerate(inside_ns, start=1)
    ]
    records = [*children, record(0, elapsed_ns=own_ns, resolution_ns=resolution_ns)]
    assert kinds(find(records)) == [kind]
    slow = Process(records, file="-")
    find_tree(slow)
    assert slow.tree == kind


def test_given_parents_need_no_numbers_nor_order() -> None:
    trees = find([record(7, parent=3), record(1, parent="none"), record(4, parent=1)])
    assert (kinds(trees), parents(trees)) == (["given"], [3, -1, 1])


@pytest.mark.parametrize(
    ("records", "kind"),
    [
        ([record(0, parent="none"), record(1, parent=1)], "unknown"),
        ([record(0, parent="none"), record(1)], "flat"),
    ],
)
def test_parents_are_given_for_all_calls_and_to_smaller_numbers(records: list[Record], kind: str) -> None:
    trees = find(records)
    assert (kinds(trees), parents(trees)) == ([kind], [-1, -1])


def test_a_mixed_stretch_has_no_tree() -> None:
    given_parents = [record(0, parent="none"), record(1, parent=0)]
    trees = find(given_parents, [record(0)], judged=[False, False])
    assert (kinds(trees), parents(trees)) == (["unknown", "unknown"], [-1, -1, -1])


def test_implausible_numbers_take_no_part() -> None:
    log = [record(424_242, "g", "x"), record(1, "g", "f"), record(0)]
    trees = find(log, [record(0)], implausible=[True, False, False, False])
    assert (kinds(trees), parents(trees)) == (["nested", "flat"], [-1, 0, -1, -1])


def test_a_chain_deeper_than_small_integers_count() -> None:
    size = 70_000
    trees = find([record(number, caller="f") for number in reversed(range(size))])
    assert kinds(trees) == ["nested"]
    assert parents(trees) == list(reversed(range(-1, size - 1)))


def test_no_records_have_no_trees() -> None:
    trees = find()
    assert (kinds(trees), parents(trees)) == ([], [])


@given(st.lists(processes(largest_size=20), min_size=1, max_size=4))
def test_a_tree_of_one_thread_is_the_true_one(written: list) -> None:  # type: ignore[type-arg]
    logs = [
        [record(call.number, call.function, call.caller, parent=None) for call in process.calls] for process in written
    ]
    trees = find(*logs)
    found = iter(parents(trees))
    for process, kind in zip(written, kinds(trees), strict=True):
        own = [next(found) for _ in process.calls]
        if kind != "unknown" and process.threads == 1:
            assert own == [-1 if call.parent is None else call.parent for call in process.calls]
        if process.threads == 1 and all(call.parent is None or call.caller not in UNKNOWN for call in process.calls):
            assert kind in ("flat", "nested")


@st.composite
def any_records(draw: st.DrawFn) -> list[Record]:
    """Few numbers in any order, most often each once, so that stacks come out right now and then."""
    size = draw(st.integers(1, 7))
    numbers = draw(st.permutations(range(size)) | st.lists(st.integers(0, 6), min_size=1, max_size=6))
    is_given = draw(st.integers(0, 3)) == 0
    callers = st.sampled_from(draw(st.sampled_from((("f",), ("f", "f", "f", None), KNOWN_CALLERS))))
    functions = st.sampled_from(draw(st.sampled_from((("f",), ("f", "g")))))
    told: tuple[int | str | None, ...] = ("none", 0, 1, 2) if is_given else (None, None, None, None, None, 0)
    tells = st.sampled_from(told)
    times_ns = st.sampled_from(draw(st.sampled_from(((0,), (0,), (0, 1, 9)))))
    return [
        record(number, draw(functions), draw(callers), parent=draw(tells), elapsed_ns=draw(times_ns))
        for number in numbers
    ]


@given(st.lists(st.tuples(any_records(), st.booleans()), min_size=1, max_size=5))
def test_fast_and_slow_way_agree(drawn: list[tuple[list[Record], bool]]) -> None:
    # The slow way counts on numbers that stand once: no process that can be judged holds one twice.
    drawn = [(records, judged and len({one.number for one in records}) == len(records)) for records, judged in drawn]
    trees = find(*(records for records, _ in drawn), judged=[judged for _, judged in drawn])
    found = iter(parents(trees))
    for (records, judged), kind in zip(drawn, kinds(trees), strict=True):
        expected = Process(records, file="", interleaved=not judged)
        find_tree(expected)
        assert kind == expected.tree
        assert [next(found) for _ in records] == [expected.parents.get(one.number, -1) for one in records]


# Real logs.


def read(name: str) -> tuple[list[list[Record]], list[list[int]], list[str]]:
    """Per process of a real log: its plausible records, their parents, and the kind of its tree."""
    records = list(read_lines(read_log(name), name).records)
    if not records:
        return [], [], []
    found = find_processes(
        np.array([one.number for one in records], np.int64), np.array([one.segment for one in records], np.int64)
    )
    logs = [[records[at] for at in np.flatnonzero(found.process == index)] for index in range(len(found.judged))]
    trees = find(*logs, judged=found.judged.tolist(), implausible=found.implausible.tolist())
    plausible = [np.flatnonzero((found.process == index) & ~found.implausible) for index in range(len(found.judged))]
    return (
        [[records[at] for at in own] for own in plausible],
        [trees.parent[own].tolist() for own in plausible],
        kinds(trees),
    )


@pytest.mark.parametrize("name", ["duckpond-deep-single-thread", "duckpond-deep-nextest"])
def test_the_deep_suite_is_nested_and_agrees_with_every_logged_caller(name: str) -> None:
    logs, found, trees = read(name)
    assert set(trees) <= {"nested", "flat"}
    assert sum(map(len, logs)) == 7_050
    nested = 0
    for records, parent in zip(logs, found, strict=True):
        function = {one.number: one.function for one in records}
        for one, above in zip(records, parent, strict=True):
            nested += above >= 0
            assert above < 0 or one.caller == function[above]
    assert nested == 4_001


@pytest.mark.parametrize("name", ["duckpond-parallel", "duckpond-no-backtrace", "duckpond-debug", "stress-4-threads"])
def test_no_tree_is_invented_for_threads(name: str) -> None:
    assert read(name)[2] == ["unknown"]


def test_trees_of_the_other_real_logs() -> None:
    found = {name: Counter(read(name)[2]) for name in NAMES}
    assert {name: kinds for name, kinds in found.items() if "nested" in kinds} == {
        "ansi": {"unknown": 5, "nested": 1},
        "bare-single-thread-combined": {"unknown": 2, "nested": 4},
        "combined-nocapture": {"unknown": 5, "nested": 1},
        "duckpond-deep-nextest": {"nested": 53},
        "duckpond-deep-single-thread": {"nested": 1},
        "env_logger-backtrace": {"unknown": 5, "nested": 1},
        "hostile": {"nested": 1},
        "millis": {"unknown": 5, "nested": 1},
        "single-thread": {"unknown": 2, "nested": 4},
    }
    assert {name: kinds for name, kinds in found.items() if "flat" in kinds} == {
        "duckpond-nextest": {"flat": 53},
        "duckpond-single-thread": {"flat": 1},
    }


@pytest.mark.parametrize("name", sorted({*TRUE_NAMES} & {*NAMES}))
def test_a_tree_has_the_true_parents(name: str) -> None:
    happened = read_truth(name)
    odd = UNLIKE_TRUTH.get(name, set())
    for records, parent, kind in zip(*read(name), strict=True):
        if kind == "unknown":
            continue
        rows = [
            {
                "number": one.number,
                "function": one.function,
                "caller": one.caller,
                "params": [{"name": param, "value": value} for param, value in one.params],
                "elapsed_ns": one.elapsed_ns,
                "metrics": [{"name": metric, "value": value} for metric, value in one.metrics],
            }
            for one in records
            if one.number not in odd
        ]
        sources = sources_of(rows, happened)
        assert sources
        for source in sources:
            true_parent = {call.number: -1 if call.parent is None else call.parent for call in source.calls}
            assert parent == [true_parent[one.number] for one in records]
