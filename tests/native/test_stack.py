"""Lines replayed on a stack, against a stack of Python's own."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracereport.native.stack import NO_NUMBER, Replayed, replay

LARGEST = 2**63 - 1


class Line(NamedTuple):
    number: int
    function: int
    caller: int
    elapsed_ns: int
    resolution_ns: int


LINES = st.builds(
    Line,
    st.integers(0, 6),
    st.integers(0, 2),
    st.integers(-1, 2),
    st.one_of(st.integers(0, 3), st.integers(0, LARGEST)),
    st.one_of(st.integers(0, 3), st.integers(0, LARGEST)),
)


@st.composite
def written(draw: st.DrawFn) -> list[Line]:
    """The lines of a process: any, or those of a tree."""
    lines: list[Line] = draw(st.lists(LINES, min_size=1, max_size=9))
    is_any: bool = draw(st.booleans())
    if is_any:
        return lines
    ends: list[int] = []
    opened: list[int] = []
    for number in range(len(lines)):
        kept = draw(st.integers(0, len(opened)))
        ends += opened[kept:][::-1]
        opened[kept:] = [number]
    return [line._replace(number=number) for line, number in zip(lines, ends + opened[::-1], strict=True)]


def replay_lines(processes: list[list[Line]]) -> Replayed:
    lines = [line for own in processes for line in own]
    columns = np.array(lines, np.int64).reshape(-1, len(Line._fields)).T
    first = np.cumsum([0, *(len(own) for own in processes)])[:-1]
    number, function, caller, elapsed_ns, resolution_ns = columns
    signature = np.arange(len(lines), dtype=np.int32)
    return replay(
        number, signature, caller.astype(np.int32), function.astype(np.int32), elapsed_ns, resolution_ns, first
    )


def find_parents(lines: list[Line]) -> list[int] | None:
    """The parents by definition; none if no stack wrote these lines."""
    parents: list[int] = []
    opened: list[int] = []
    started = 0
    for line in lines:
        opened += range(started, line.number + 1)
        started = max(started, line.number + 1)
        if len(lines) < started or not opened or opened.pop() != line.number:
            return None
        parents.append(opened[-1] if opened else NO_NUMBER)
    return parents


@given(st.lists(written(), max_size=4))
def test_lines_are_held_against_a_stack_and_against_what_the_calls_say(processes: list[list[Line]]) -> None:
    found = replay_lines(processes)
    parent = np.split(found.parent, np.cumsum([len(own) for own in processes])[:-1])
    for at, lines in enumerate(processes):
        expected = find_parents(lines)
        assert found.works[at] == (expected is not None)
        if expected is None:
            continue
        assert parent[at].tolist() == expected
        by_number = {line.number: line for line in lines}
        adopted = [(line, by_number[up]) for line, up in zip(lines, expected, strict=True) if up != NO_NUMBER]
        named = {line.function for line in lines if line.caller >= 0}
        denied = [line for line, up in adopted if line.caller not in (-1, up.function)]
        confirmed = [line for line, up in adopted if line.caller == up.function]
        assert found.adopted[at] == len(adopted)
        assert found.is_denied[at] == bool(denied)
        assert denied or found.confirmed[at] == len(confirmed)
        assert found.is_silent[at] == any(line.caller < 0 and line.function in named for line, _ in adopted)
        inside_ns = {line.number: 0 for line in lines}
        for line, up in adopted:
            inside_ns[up.number] += line.elapsed_ns
        assert found.is_overfilled[at] == any(
            inside_ns[line.number] >= line.elapsed_ns + line.resolution_ns for line in lines
        )


def test_a_resolution_of_all_calls_is_that_of_each() -> None:
    columns = np.array([1, 0]), np.zeros(2, np.int32), np.array([0], np.int32), np.array([0], np.int32)
    times_ns = np.array([7, 3]), np.broadcast_to(np.int64(2), 2)
    assert replay(*columns, *times_ns, np.array([0])).is_overfilled.tolist() == [True]
    assert replay(*columns, *times_ns[::-1], np.array([0])).is_overfilled.tolist() == [False]


@pytest.mark.parametrize(
    "wrong",
    [
        {"signature": [2]},
        {"signature": [-1]},
        {"function": [-1, 0]},
        {"elapsed_ns": [-1]},
        {"resolution_ns": [-1]},
        {"first": [1]},
        {"first": [0, 2]},
        {"number": [0, 1]},
    ],
)
def test_records_of_no_log_are_refused(wrong: dict[str, list[int]]) -> None:
    plain = {
        "number": [0],
        "signature": [1],
        "caller": [-1, -1],
        "function": [0, 0],
        "elapsed_ns": [0],
        "resolution_ns": [1],
        "first": [0],
    }
    codes = ("signature", "caller", "function")

    def run(columns: dict[str, list[int]]) -> Replayed:
        return replay(**{name: np.array(own, np.int32 if name in codes else np.int64) for name, own in columns.items()})  # type: ignore[arg-type]  # each is a column of the type that it is asked to be

    assert run(plain).works.all()
    with pytest.raises(ValueError, match=r"range|lengths"):
        run(plain | wrong)
