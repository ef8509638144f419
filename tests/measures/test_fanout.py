"""Fan-outs: calls of one shape that differ in one parameter, held against the oracle."""

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.coded_calls import code_calls, report_of, report_on
from tests.needs import examples
from tests.oracle import Process, find_processes, measure, read_lines
from tests.strategies import logs
from tests.truth import read_log
from tracereport.calls.grouping import NESTED_ROW_LIMIT, ROW_LIMIT
from tracereport.calls.ordered import order_calls
from tracereport.measures import variation
from tracereport.measures.answers import code_answers
from tracereport.measures.fanout import find_fanouts
from tracereport.measures.fanout_groups import NO_GROUP
from tracereport.model import FanOut, Rows, Selection, Settings


def fanouts_of(processes: Sequence[Process], least_values: int = 5) -> Rows[FanOut]:
    return report_of(processes, Settings(fan_out_values=least_values)).fanouts


def fanouts_of_lines(*lines: str, least_values: int = 5) -> list[FanOut]:
    log = "\n".join(f"PERF_TRACE|{line}" for line in lines).encode()
    return list(fanouts_of(find_processes(read_lines(log)), least_values).rows)


def as_figures(row: FanOut) -> Hashable:
    references = [(call.process, call.number, call.line) for call in row.call_references.rows]
    parent = None if row.parent is None else (row.parent.process, row.parent.number, row.parent.line)
    fixed = tuple((param.name, param.value) for param in row.fixed_params)
    counts = (row.distinct_values, row.calls, row.avoidable_calls, row.elapsed_ns, row.elapsed_upper_ns)
    names = (row.function, row.caller, fixed, row.varying_params, row.parent_function, row.confidence)
    return (row.process, *names, parent, *counts, tuple(references))


def as_expected(row: dict[str, Any]) -> Hashable:
    references = [tuple(call.values()) for call in row["call_references"][:NESTED_ROW_LIMIT]]
    parent = None if row["parent"] is None else tuple(row["parent"].values())
    counts = [row[name] for name in ("distinct_values", "calls", "avoidable_calls", "elapsed_ns", "elapsed_upper_ns")]
    varying, fixed = tuple(row["varying_params"]), tuple(row["fixed_params"])
    names = (row["function"], row["caller"], fixed, varying, row["parent_function"], row["confidence"])
    return (row["process"], *names, parent, *counts, tuple(references))


def hold_against_oracle(processes: Sequence[Process], least_values: int) -> None:
    found = fanouts_of(processes, least_values)
    expected = measure(processes, fan_out_values=least_values)["fanouts"]
    assert found.total == len(expected)
    if found.total <= ROW_LIMIT:
        assert Counter(map(as_figures, found.rows)) == Counter(map(as_expected, expected))
    else:
        assert not Counter(map(as_figures, found.rows)) - Counter(map(as_expected, expected))
    avoidable = [row.avoidable_calls for row in found.rows]
    assert avoidable == sorted((row["avoidable_calls"] for row in expected), reverse=True)[:ROW_LIMIT]


@given(logs(), st.integers(2, 5))
@settings(max_examples=examples(150), deadline=None)
def test_fanouts_of_any_log_are_the_definitions(log: bytes, least_values: int) -> None:
    hold_against_oracle(find_processes(read_lines(log)), least_values)


@pytest.mark.parametrize("least_values", [2, 5])
@pytest.mark.parametrize(
    "name",
    ["duckpond-parallel", "duckpond-deep-nextest", "duckpond-deep-single-thread", "single-thread", "hostile", "millis"],
)
def test_fanouts_of_real_logs_are_the_definitions(name: str, least_values: int) -> None:
    hold_against_oracle(find_processes(read_lines(read_log(name), name)), least_values)


def test_groups_apart_or_together_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variation, "_CELLS_AT_A_TIME", 1)
    name = "duckpond-deep-nextest"
    hold_against_oracle(find_processes(read_lines(read_log(name), name)), 2)


rows = st.lists(st.tuples(st.sampled_from("abc"), *[st.integers(0, 4)] * 3), max_size=60)


@given(rows, st.integers(2, 4))
@settings(max_examples=examples(200), deadline=None)
def test_fanouts_of_several_parameters_are_the_definitions(calls: list[tuple[str, int, int, int]], least: int) -> None:
    lines = [
        f"PERF_TRACE|{number}|f|caller={caller}|z={z}|a={a}|z={last}|same={a + 1}|elapsed_ms=1"
        for number, (caller, z, a, last) in enumerate(calls)
    ]
    hold_against_oracle(find_processes(read_lines("\n".join(lines).encode())), least)


def test_a_batch_call_would_replace_calls_that_differ_in_one_parameter() -> None:
    (row,) = fanouts_of_lines(*(f"{n}|load|caller=walk|part=p|id={n % 6}|elapsed_ms=2" for n in range(8)))
    assert (row.distinct_values, row.calls, row.avoidable_calls) == (6, 8, 5)
    assert row.varying_params == ("id",)
    assert [(param.name, param.value) for param in row.fixed_params] == [("part", "p")]
    assert (row.elapsed_ns, row.elapsed_upper_ns) == (16_000_000, 24_000_000)
    assert row.confidence == "low"


def test_parameters_that_vary_one_to_one_vary_together() -> None:
    (row,) = fanouts_of_lines(*(f"{n}|load|caller=walk|node={n}|id=i{n}|elapsed_ms=2" for n in range(5)))
    assert row.varying_params == ("id", "node")
    assert row.fixed_params == ()


def asked_in(part: str, *pairs: tuple[int, int]) -> list[str]:
    return [f"get|caller=dir|part={part}|id={own}|name=n{name}|elapsed_ms=1" for own, name in pairs]


def fanouts_in_parts(*parts: list[str]) -> list[FanOut]:
    return fanouts_of_lines(*(f"{number}|{line}" for number, line in enumerate(line for own in parts for line in own)))


@pytest.mark.parametrize(
    "others",
    [[], asked_in("y", (0, 5)), asked_in("y", *((own, own + 1) for own in range(6)))],
    ids=["alone", "an unrelated call", "another loop"],
)
def test_whether_parameters_vary_one_to_one_is_a_matter_of_the_group(others: list[str]) -> None:
    rows = fanouts_in_parts(asked_in("x", *((own, own) for own in range(6))), others)
    assert [row.distinct_values for row in rows] == [6] * (2 if len(others) > 1 else 1)
    assert {row.varying_params for row in rows} == {("id", "name")}
    assert [(param.name, param.value) for param in rows[0].fixed_params] == [("part", "x")]


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3, *[st.integers(0, 1)] * 4), max_size=40), st.integers(2, 4))
@settings(max_examples=60, deadline=None)
def test_fanouts_of_many_parameters_are_the_definitions(calls: list[tuple[int, ...]], least: int) -> None:
    lines = [
        f"PERF_TRACE|{number}|f|caller=c|b={a}|a={a ^ 3}|c={b}|d={c}|e={e}|f={f * a}|g={g}|h={h}|elapsed_ms=1"
        for number, (a, b, c, e, f, g, h) in enumerate(calls)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variation, "_MOST_CHOICES", 1 << 8)
        hold_against_oracle(find_processes(read_lines("\n".join(lines).encode())), least)


def test_a_call_is_in_the_group_of_most_values() -> None:
    pairs = [(0, n) for n in range(6)] + [(n, 0) for n in range(1, 5)]
    (row,) = fanouts_of_lines(*(f"{n}|f|caller=c|a={a}|b={b}|elapsed_ms=0" for n, (a, b) in enumerate(pairs)))
    # (0, 0) could also be in a group over a, which is left with four values.
    assert (row.varying_params, row.distinct_values) == (("b",), 6)


def test_recursion_is_no_fanout() -> None:
    assert fanouts_of_lines(*(f"{n}|walk|caller=walk|id={n}|elapsed_ms=0" for n in range(9))) == []


def test_recursion_that_only_the_tree_tells_of_is_no_fanout() -> None:
    lines = [f"{n}|resolve|caller=unknown|path={n}|elapsed_ms=0|parent=0" for n in range(1, 7)]
    assert fanouts_of_lines("0|resolve|caller=unknown|path=a|elapsed_ms=9|parent=none", *lines) == []
    assert len(fanouts_of_lines("0|open|caller=unknown|path=a|elapsed_ms=9|parent=none", *lines)) == 1


def test_under_a_parent_it_is_sure() -> None:
    lines = [f"{n}|load|caller=walk|id={n}|elapsed_ms=0|parent=0" for n in range(1, 6)]
    (row,) = fanouts_of_lines(*lines, "0|walk|elapsed_ms=9|parent=none")
    assert row.confidence == "sure"
    assert row.parent is not None
    assert (row.parent.number, row.parent_function) == (0, "walk")


def test_escaped_values_are_compared_by_what_they_say() -> None:
    lines = [f"{n}|f|caller=c|path=a\\b|id={n}|elapsed_ms=0" for n in range(3)]
    odd = [f"{n}|f|caller=c|path=a\\b|id=x|{n}|elapsed_ms=0" for n in range(3, 5)]
    (row,) = fanouts_of_lines(*lines, *odd)
    assert row.distinct_values == 5
    assert row.varying_params == ("id",)


def test_a_call_is_in_one_group_at_most() -> None:
    processes = find_processes(read_lines(read_log("duckpond-parallel"), "duckpond-parallel"))
    ordered = order_calls(code_calls(processes))
    answers = code_answers(ordered.calls.metric_sets, frozenset())
    fanouts = find_fanouts(ordered, answers, np.full(len(ordered.calls.processes.name), 5))
    assert (fanouts.group_of_place != NO_GROUP).sum() == fanouts.calls.sum()


def test_a_selection_leaves_groups_out_and_changes_no_figure() -> None:
    lines = [f"PERF_TRACE|{n}|{'load' if n < 5 else 'open'}|caller=walk|id={n}|elapsed_ms=1" for n in range(10)]
    processes = find_processes(read_lines("\n".join(lines).encode()))
    everything = report_of(processes).fanouts
    selected = report_of(processes, selection=Selection(params=("id=7",))).fanouts
    assert (everything.total, selected.total) == (2, 1)
    assert selected.rows == everything.rows[1:]


@pytest.mark.parametrize(("hooks", "found"), [(("laravel", "django"), [3]), (("django",), []), (("laravel",), [3])])
def test_three_values_are_enough_in_a_process_that_is_traced_with_few_rows(
    hooks: tuple[str, ...], found: list[int]
) -> None:
    lines = [
        line
        for process, hook in enumerate(hooks)
        for line in (
            *(
                f"{number}|select users|caller=page|id={number}|elapsed_us=1|via={hook}|process={process}|parent=0"
                for number in range(1, 4)
            ),
            f"0|page|elapsed_us=9|via={hook}|process={process}|parent=none|frame=1",
        )
    ]
    assert [row.distinct_values for row in report_on(*lines).fanouts.rows] == found
