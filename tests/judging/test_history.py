"""Many runs, one history: what came, grew and went, with which run; held against a slow reading of the definitions."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.counted_report import Key, Run, calls, counted_report
from tests.runs import suite
from tracereport.judging.history.gathering import Gathering
from tracereport.judging.history.run_report import RunReport
from tracereport.judging.history.runs import Named
from tracereport.model import Generator, Input, Report, Rows, Selection, decode_json, encode_json, json_schema
from tracereport.model.history import (
    FindingHistory,
    History,
    HistoryStep,
    Order,
)

LOADS = ("page", "load")


def history_of(*reports: Report, order: Order = "given") -> History:
    gathering = Gathering()
    for number in reversed(range(len(reports))):
        read = msgspec.json.decode(encode_json(reports[number]), type=RunReport)
        gathering.add(number, Named(file=f"run-{number}.json", label=f"run-{number}", page=None), read)
    return gathering.finish(order, None, [], Generator(name="tracereport", version="0"))


def again(history: History, function: str = "load") -> FindingHistory:
    fingerprint = Key("again", function, ("page",)).fingerprint
    return next(row for row in history.findings.rows if row.fingerprint == fingerprint)


def runs_that_repeat(*repeats: int) -> list[Report]:
    """A run for each count of repeats of one finding, beside a call that is always there."""
    return [suite({LOADS: "a" * (count + 1), ("page", "other"): "x"}) for count in repeats]


def test_a_step_is_named_by_its_run() -> None:
    row = again(history_of(*runs_that_repeat(2, 2, 9, 9)))
    assert (row.state, row.first, row.last, row.runs, row.of_runs) == ("grown", 2, 9, 4, 4)
    assert row.largest == HistoryStep(run=2, before=2, after=9)
    assert row.steps == Rows(1, (HistoryStep(run=2, before=2, after=9),))


def test_what_comes_is_new_since_its_run() -> None:
    row = again(history_of(*runs_that_repeat(0, 0, 3, 4)))
    assert (row.state, row.since, row.runs, row.of_runs, row.gone_with) == ("new", 2, 2, 4, None)


def test_what_goes_is_gone_with_the_first_run_that_lacks_it() -> None:
    row = again(history_of(*runs_that_repeat(3, 3, 0, 0)))
    assert (row.state, row.since, row.last_run, row.gone_with, row.last) == ("gone", None, 1, 2, 0)


def test_since_is_after_the_last_break() -> None:
    row = again(history_of(*runs_that_repeat(3, 0, 0, 2, 2)))
    assert (row.state, row.since, row.first_run, row.runs) == ("shrunk", 3, 0, 3)


def test_the_step_that_is_told_goes_where_the_count_went() -> None:
    """A larger fall on the way says nothing of why there is more in the end."""
    row = again(history_of(*runs_that_repeat(2, 30, 1, 9)))
    assert (row.largest, row.most) == (HistoryStep(run=1, before=2, after=30), 30)
    row = again(history_of(*runs_that_repeat(9, 1, 30, 2)))
    assert row.largest == HistoryStep(run=3, before=30, after=2)
    row = again(history_of(*runs_that_repeat(9, 1, 30, 9)))
    assert row.largest == HistoryStep(run=2, before=1, after=30)


def test_a_step_before_it_was_gone_for_a_while_explains_nothing() -> None:
    row = again(history_of(*runs_that_repeat(2, 30, 0, 9)))
    assert (row.since, row.largest) == (3, HistoryStep(run=3, before=0, after=9))


def test_functions_come_and_go() -> None:
    with_other = suite({LOADS: "ab", ("page", "other"): "x"})
    history = history_of(with_other, suite({LOADS: "ab"}), suite({LOADS: "ab", ("page", "third"): "xy"}))
    rows = {row.function: row for row in history.functions.rows}
    assert (rows["other"].went, rows["other"].gone_with, rows["other"].last) == (True, 1, 0)
    assert (rows["third"].came, rows["third"].first_run, rows["third"].last) == (True, 2, 2)
    assert (rows["load"].came, rows["load"].went) == (False, False)


def test_each_run_says_what_it_changed() -> None:
    before, after = suite({LOADS: "a"}), suite({LOADS: "aaa", ("page", "other"): "xyz"})
    history = history_of(before, before, after, after)
    (change,) = history.changes.rows
    assert (change.run, change.calls_before, change.calls_after) == (2, 1, 6)
    assert (change.redundant_before, change.redundant_after) == (0, 2)
    assert [step.after for step in change.findings.rows] == [2]
    assert change.functions_added.rows == ("other",)
    assert history.figures[0].largest == HistoryStep(run=2, before=1, after=6)


def test_runs_without_a_change_say_so() -> None:
    history = history_of(*runs_that_repeat(2, 2, 2))
    assert history.changes.total == 0
    assert again(history).state == "steady"
    assert history.verdict == "The same in 3 runs: 4 calls, 2 asked again."


def test_one_run_has_no_history_yet() -> None:
    history = history_of(*runs_that_repeat(2))
    assert history.verdict == "One run: 4 calls, 2 of them asked again."


def test_the_verdict_tells_the_largest_step_of_what_grew_most() -> None:
    history = history_of(*runs_that_repeat(2, 3, 40))
    assert history.verdict == (
        "In 3 runs: calls 4 → 42 (+38), asked again 2 → 40 (+38). Of 1 finding, 1 grew. "
        "Most by one finding: `page` asks `load` again, 3 → 40 with `run-2`."
    )


CAUTIOUS = [
    (lambda report: replace(report, selection=Selection(callers=("page",))), "narrowed by --caller"),
    (lambda report: replace(report, input=read(errors=("it breaks off",))), "not read to its end"),
    (
        lambda report: replace(report, input=read(partial=True)),
        "made of a table of calls that was written under a selection",
    ),
]


def read(*, errors: tuple[str, ...] = (), partial: bool = False) -> Input:
    return Input(
        files=("a.log",), malformed=Rows(), errors=errors, partial=partial,
        lines=1, records=1, continuation_lines=0, malformed_lines=0, other_lines=0,
    )  # fmt: skip


@pytest.mark.parametrize(("spoil", "caution"), CAUTIOUS, ids=["narrowed", "broken", "partial"])
def test_a_run_that_lacks_calls_is_shown_and_makes_no_step(spoil: object, caution: str) -> None:
    assert callable(spoil)
    one, lacking, other = runs_that_repeat(5, 1, 5)
    history = history_of(one, spoil(lacking), other)
    assert [run.caution for run in history.runs.rows] == [None, caution, None]
    assert history.compared_runs == 2
    assert again(history).steps.total == 0
    assert history.changes.total == 0


def test_threads_that_hide_a_fan_out_make_no_step() -> None:
    nested = suite({LOADS: "abc"}, {LOADS: 7})
    threaded = suite({LOADS: "abc"})
    unknown = replace(threaded.processes.rows[0], tree="unknown")
    threaded = replace(threaded, processes=Rows(1, (unknown,)))
    (row,) = history_of(nested, threaded, nested).findings.rows
    assert (row.kind, row.steps.total, row.runs, row.of_runs, row.state) == ("fan-out", 0, 2, 2, "steady")


def test_threads_that_are_there_in_every_run_hide_nothing_from_the_history() -> None:
    """A test that always has threads never shows its fan-outs: those of the others can come and go."""
    with_threads = Run("threads", calls("main", "load", "xy"), tree="unknown")
    plain = Run("suite", calls("page", "load", "abc"))
    looping = Run("suite", calls("page", "load", "abc"), (("page", "load", 7),))
    (row,) = history_of(counted_report(plain, with_threads), counted_report(looping, with_threads)).findings.rows
    assert (row.kind, row.state, row.since, row.of_runs) == ("fan-out", "new", 1, 2)


def test_a_fan_out_that_is_gone_where_trees_are_known_is_gone() -> None:
    (row,) = history_of(suite({LOADS: "abc"}, {LOADS: 7}), suite({LOADS: "abc"})).findings.rows
    assert (row.state, row.gone_with) == ("gone", 1)


def test_runs_whose_callers_were_not_recorded_tell_of_no_finding() -> None:
    nameless = suite({("unknown", "load"): "aaaa"})
    nameless = replace(nameless, callers=Rows(1, (caller_of(nameless, "unknown"),)))
    named = [replace(report, callers=Rows(1, (caller_of(report, "page"),))) for report in runs_that_repeat(3, 3)]
    history = history_of(named[0], nameless, named[1])
    assert [row.callers for row in history.findings.rows] == [("page",)]
    assert again(history).steps.total == 0


def caller_of(report: Report, name: str) -> object:
    from tests.sample_report import sample_report  # noqa: PLC0415 - a row to begin with

    return replace(sample_report().callers.rows[0], caller=name, calls=report.totals.calls)


def test_settings_and_versions_that_changed_are_said() -> None:
    first, second, third = runs_that_repeat(1, 1, 1)
    second = replace(second, settings=replace(second.settings, fan_out_values=3, unit="test", top=4))
    third = replace(third, settings=second.settings, generator=Generator(name="tracereport", version="9"))
    history = history_of(first, second, third)
    said = [run.changed_settings for run in history.runs.rows]
    told = ("fan-out-values not given → 3", "unit not given → test")
    assert said == [(), told, (f"{history.runs.rows[0].generator} → tracereport 9",)]


def test_runs_are_put_in_the_order_of_their_times() -> None:
    times = ("2026-05-03T12:00:00+02:00", "2026-05-03", "2026-05-03T11:00:00+00:00")
    reports = [replace(report, at_time=at) for report, at in zip(runs_that_repeat(1, 2, 3), times, strict=True)]
    assert [run.label for run in history_of(*reports, order="time").runs.rows] == ["run-1", "run-0", "run-2"]
    assert [run.label for run in history_of(*reports).runs.rows] == ["run-0", "run-1", "run-2"]


COUNTS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 2), st.booleans()), min_size=1, max_size=8
)


@given(COUNTS)
def test_every_course_is_what_a_slow_reading_finds(counts: list[tuple[int, int, int, bool]]) -> None:
    reports = []
    for again, others, fan_out, is_whole in counts:
        report = suite({LOADS: "a" * (again + 1), ("page", "other"): "b" * others}, {LOADS: fan_out})
        reports.append(report if is_whole else replace(report, input=read(errors=("it breaks off",))))
    history = history_of(*reports)
    whole = [index for index, (*_, is_whole) in enumerate(counts) if is_whole]
    assert decode_json(encode_json(history), History) == history
    seen = set()
    for position, (kind, function) in enumerate((("again", "load"), ("again", "other"), ("fan-out", "load"))):
        of_run = {index: counts[index][position] for index in whole}
        if function == "other":
            of_run = {index: max(0, count - 1) for index, count in of_run.items()}
        fingerprint = Key(kind, function, ("page",)).fingerprint  # type: ignore[arg-type]
        row = next((row for row in history.findings.rows if row.fingerprint == fingerprint), None)
        if not any(of_run.values()):
            assert row is None
            continue
        assert row is not None
        seen.add(fingerprint)
        check_course(row, whole, of_run)
    assert {row.fingerprint for row in history.findings.rows} == seen


def check_course(row: FindingHistory, whole: list[int], repeats: dict[int, int]) -> None:
    present = [index for index in whole if repeats[index]]
    steps = [
        HistoryStep(run=index, before=repeats[before], after=repeats[index])
        for before, index in pairwise(whole)
        if repeats[before] != repeats[index]
    ]
    assert (row.runs, row.of_runs) == (len(present), len(whole))
    assert (row.first_run, row.last_run) == (present[0], present[-1])
    assert (row.first, row.last) == (repeats[whole[0]], repeats[whole[-1]])
    assert row.steps == Rows(len(steps), tuple(reversed(steps)))
    tail = []
    for index in reversed(whole):
        if not repeats[index]:
            break
        tail.append(index)
    assert row.since == (tail[-1] if tail else None)
    after = [index for index in whole if index > present[-1]]
    assert row.gone_with == (after[0] if after else None)


def test_the_schema_is_one_and_holds() -> None:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - for this test alone

    schema = json_schema(History)
    Draft202012Validator.check_schema(schema)
    history = history_of(*runs_that_repeat(1, 4, 0))
    Draft202012Validator(schema).validate(msgspec.json.decode(encode_json(history)))


PUBLISHED = {
    "history": "history_version generator title order verdict compared_runs runs unread figures changes findings "
    "functions",
    "runs": "label at_time file page title generator caution changed_settings calls judged_calls processes units "
    "functions redundant_calls avoidable_calls findings",
    "findings": "fingerprint kind function callers caller_count param_names varying_params writes at accepted state "
    "runs of_runs first_run last_run since gone_with first last most largest steps",
    "functions": "function runs first_run last_run came went gone_with first last largest steps",
    "changes": "run calls_before calls_after redundant_before redundant_after avoidable_before avoidable_after "
    "findings functions_added functions_removed",
}
"""Names that others rely on: none is ever renamed or removed."""


def test_every_published_name_is_there() -> None:
    with_other = suite({LOADS: "ab", ("page", "other"): "xx"})
    written = msgspec.json.decode(encode_json(history_of(with_other, *runs_that_repeat(3, 1))))
    assert {*PUBLISHED["history"].split()} <= set(written)
    for name in ("runs", "findings", "functions", "changes"):
        assert {*PUBLISHED[name].split()} <= set(written[name]["rows"][0])
