"""Gates: what ``--fail-on`` reads, what it judges by, and what it refuses."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.counted_report import Run, calls, counted_report
from tests.sample_report import sample_report
from tests.sample_report.names import rows
from tracereport.errors import UsageError
from tracereport.judging.compare import comparable_sides, compare_reports
from tracereport.judging.gates import check_gates, judge_gates
from tracereport.model import Gate, QualityWarning, Report, Rows

LOOKUP = Run("lookup", (*calls("load_node", "query_records", "aab"), *calls("exists_node", "query_records", "a")))
METADATA = Run("metadata", (*calls("metadata", "query_records", "aaaab"), *calls(None, "load_node", "ab")))
BEFORE = counted_report(LOOKUP, METADATA)
AFTER = counted_report(LOOKUP, Run("metadata", (*METADATA.calls, *calls("metadata", "query_records", "bbcc"))))


def judge(expression: str, report: Report = AFTER, baseline: Report | None = None) -> Gate:
    sides = None if baseline is None else comparable_sides(baseline, report)
    comparison = None if sides is None else compare_reports(sides)
    gates = judge_gates([expression], msgspec.structs.replace(report, comparison=comparison), sides)
    assert gates.total == 1
    return gates.rows[0]


def refusal(expression: str, baseline: Report | None = None) -> UsageError:
    with pytest.raises(UsageError) as error:
        judge(expression, baseline=baseline)
    assert error.value.exit_code == 2
    assert expression in error.value.message
    return error.value


@pytest.mark.parametrize(
    ("expression", "figure", "limit", "passed"),
    [
        ("redundant_rate > 0.2", 8 / 15, 0.2, False),
        ("redundant_rate > 0.9", 8 / 15, 0.9, True),
        ("calls > 15", 15.0, 15.0, True),
        ("calls >= 15", 15.0, 15.0, False),
        ("calls < 15", 15.0, 15.0, True),
        ("calls <= 15", 15.0, 15.0, False),
        ("calls == 15", 15.0, 15.0, False),
        ("calls != 15", 15.0, 15.0, True),
        ("  calls>15.5  ", 15.0, 15.5, True),
        ("calls(query_records) > 10", 13.0, 10.0, False),
        ("calls ( query_records ) > 20", 13.0, 20.0, True),
        ('calls("query_records") > 20', 13.0, 20.0, True),
        ("redundant_calls(query_records) > 7", 8.0, 7.0, False),
        ("again_calls(query_records) > 7", 7.0, 7.0, True),
        ("shared_calls(query_records) > 0", 1.0, 0.0, False),
        ("p50_ms(query_records) > 0.5", 1.0, 0.5, False),
        ("p90_ms(query_records) > 2", 2.0, 2.0, True),
        ("p99_ms(query_records) > 50", 40.0, 50.0, True),
        ("max_ms(query_records) > 50", 60.0, 50.0, False),
        ("mean_ms(query_records) > 1", 1.0, 1.0, True),
        ("total_ms(query_records) > 12.5", 13.0, 12.5, False),
        ('findings("again") > 1', 2.0, 1.0, False),
        ("findings(shared) > 1", 1.0, 1.0, True),
        ("findings(fan-out) > 0", 0.0, 0.0, True),
        ("unfinished_calls > 0", 0.0, 0.0, True),
    ],
)
def test_a_condition_that_holds_fails_the_run(expression: str, figure: float, limit: float, passed: bool) -> None:
    gate = judge(expression)
    assert (gate.expression, gate.figure, gate.limit, gate.passed) == (expression, figure, limit, passed)


@pytest.mark.parametrize(
    ("expression", "figure", "limit", "passed"),
    [
        ("calls > baseline", 15.0, 11.0, False),
        ("calls > baseline + 10", 15.0, 21.0, True),
        ("calls > baseline + 3.5", 15.0, 14.5, False),
        ("calls > baseline + 50%", 15.0, 16.5, True),
        ("calls > baseline+10 %", 15.0, 12.1, False),
        ("calls < baseline - 1", 15.0, 10.0, True),
        ("calls(query_records) > baseline + 10", 13.0, 19.0, True),
        ("redundant_calls(query_records) > baseline", 8.0, 5.0, False),
        ("calls(load_node) != baseline", 2.0, 2.0, True),
        ("findings(again) > baseline", 2.0, 2.0, True),
        ("redundant_rate > baseline", 8 / 15, 5 / 11, False),
        ("total_ms(query_records) > baseline + 1", 13.0, 10.0, False),
    ],
)
def test_a_limit_may_be_the_same_figure_of_the_baseline(
    expression: str, figure: float, limit: float, passed: bool
) -> None:
    gate = judge(expression, baseline=BEFORE)
    assert (gate.figure, gate.passed) == (figure, passed)
    assert gate.limit == pytest.approx(limit)


def test_new_findings_fail_and_are_named() -> None:
    report = counted_report(LOOKUP, METADATA, confidence="sure")
    looped = Run("metadata", (*METADATA.calls, *calls("load_node", "stat", "xx")), (("metadata", "load_node", 9),))
    gate = judge("new-findings", counted_report(LOOKUP, looped), report)
    assert (gate.figure, gate.limit, gate.passed) == (2.0, 0.0, False)
    assert gate.note == "N+1 in `metadata`; repeats of `stat` by `load_node`; called in this run only: `stat`"
    assert judge("worse", counted_report(LOOKUP, looped), report).passed


def test_a_failed_gate_says_in_what_else_the_runs_differ() -> None:
    changed = Run("metadata", (*METADATA.calls, *calls("metadata", "query_records", "bb"), *calls("a", "stat", "x")))
    gone, came = Run("gone", calls("a", "f", "x")), Run("came", calls("a", "f", "xyz"))
    before = counted_report(gone, METADATA, Run("twice", calls("a", "g", "x")), Run("twice", calls("a", "g", "x")))
    after = counted_report(came, changed, Run("twice", calls("a", "g", "x")))
    said = (
        "set apart: 1 process with 1 call only before; set apart: 1 process with 3 calls only after; "
        "set apart: 1 test or process that ran another number of times; called in this run only: `stat`"
    )
    assert judge("worse", after, before).note == f"repeats of `query_records` by `metadata`; {said}"
    assert judge("calls > baseline", after, before).note.endswith(said)
    assert judge("new-findings", after, before).note == ""
    assert said not in judge("calls < baseline", after, before).note


def test_where_nothing_is_comparable_gates_against_the_baseline_pass_and_say_so() -> None:
    other = counted_report(Run("other", calls("a", "f", "xxx")))
    for expression in (
        "new-findings",
        "worse",
        "redundant_rate > baseline",
        "calls == baseline",
        "elapsed_ns > baseline",
    ):
        gate = judge(expression, AFTER, other)
        assert gate.passed
        assert gate.note.startswith("nothing comparable: ")
    assert not judge("calls > 3", AFTER, other).passed


def test_where_one_side_knows_no_caller_gates_go_by_function() -> None:
    nameless = [
        Run(run.name, tuple(("unknown", name, value) for _, name, value in run.calls)) for run in (LOOKUP, METADATA)
    ]
    before = counted_report(*nameless)
    for expression in ("new-findings", "worse", "redundant_calls > baseline", "again_calls != baseline"):
        gate = judge(expression, BEFORE, before)
        assert gate.passed
        assert gate.note == "all callers are unknown in the baseline: compared by function"
    gate = judge("worse", AFTER, before)
    assert (gate.passed, gate.note.partition(";")[0]) == (False, "repeats of `query_records`")


def test_findings_that_got_worse_fail() -> None:
    gate = judge("worse", AFTER, BEFORE)
    assert (gate.figure, gate.passed, gate.note) == (1.0, False, "repeats of `query_records` by `metadata`")
    assert judge("worse", BEFORE, AFTER).passed
    assert judge("new-findings", AFTER, BEFORE).passed


def test_many_reasons_are_counted() -> None:
    many = Run("new", tuple(call for name in "abcde" for call in calls(f"caller_{name}", "stat", "xx")))
    before = counted_report(Run("new", calls("caller_a", "stat", "vwxyz")), LOOKUP)
    gate = judge("new-findings", counted_report(many, LOOKUP), before)
    assert gate.figure == 6.0
    assert gate.note.endswith("; 3 more")


def test_accepted_findings_fail_no_gate() -> None:
    looped = counted_report(LOOKUP, Run("metadata", (*METADATA.calls, *calls("load_node", "stat", "xx"))))
    accepted = msgspec.structs.replace(
        looped,
        findings=rows(*(msgspec.structs.replace(row, accepted="known") for row in looped.findings.rows)),
    )
    assert not judge("new-findings", looped, BEFORE).passed
    for expression in ("new-findings", "worse", "findings(again) > 0", "findings(again) > baseline"):
        assert judge(expression, accepted, BEFORE).passed
    assert judge("findings(again) > 0", accepted).figure == 0.0


def test_a_test_that_one_side_lacks_fails_no_gate_against_the_baseline() -> None:
    added = counted_report(LOOKUP, METADATA, Run("added", calls("stat", "query_records", "zzz")))
    for expression in (
        "new-findings",
        "worse",
        "calls > baseline",
        "calls(query_records) > baseline",
        "findings(again) > baseline",
    ):
        assert judge(expression, added, BEFORE).passed
        assert judge(expression, BEFORE, added).passed
    gate = judge("calls(query_records) > baseline", added, BEFORE)
    assert (gate.figure, gate.limit) == (9.0, 9.0)
    assert gate.note == "without the tests and processes that only one side has"
    assert judge("calls(query_records) > 9", added).figure == 12.0


def test_a_function_on_one_side_counts_nothing_on_the_other() -> None:
    with_stat = counted_report(LOOKUP, Run("metadata", (*METADATA.calls, *calls("metadata", "stat", "xy"))))
    gate = judge("calls(stat) > baseline + 1", with_stat, BEFORE)
    assert (gate.figure, gate.limit, gate.passed) == (2.0, 1.0, False)
    gate = judge("calls(stat) > 0", BEFORE, with_stat)
    assert (gate.figure, gate.passed) == (0.0, True)
    assert judge("max_ms(stat) > baseline", BEFORE, with_stat).figure == 0.0


def test_a_function_on_neither_side_is_an_error_with_its_column() -> None:
    assert (
        "column 7: no function is called query_record (did you mean query_records?)"
        in refusal("calls(query_record) > 1").message
    )
    assert 'column 9: no function is called "' not in refusal("p99_ms( nothing ) > 1", baseline=BEFORE).message


def test_a_name_may_hold_anything_in_quotes() -> None:
    odd = 'f"(x)\\'
    report = counted_report(Run("odd", calls("a", odd, "xyz")))
    assert judge('calls("f\\"(x)\\\\") > 5', report).figure == 3.0
    generic = "<Foo as Bar<'a>>::baz::{{closure}}"
    assert judge(f"calls({generic}) > 5", counted_report(Run("odd", calls("a", generic, "x")))).figure == 1.0


@pytest.mark.parametrize(
    ("expression", "column", "problem"),
    [
        ("", 1, "expected a figure"),
        ("   ", 4, "expected a figure"),
        ("> 3", 1, "expected a figure"),
        ("calls", 6, "expected one of >= <= == != > <"),
        ("calls = 3", 7, "expected one of"),
        ("calls >", 8, "expected a number or baseline"),
        ("calls > lots", 9, "expected a number or baseline"),
        ("calls > -3", 9, "expected a number or baseline"),
        ("calls > baselines", 9, "expected a number or baseline"),
        ("calls > baseline +", 19, "expected a number or a percentage"),
        ("calls > baseline * 2", 18, "expected nothing more"),
        ("calls > 3 4", 11, "expected nothing more"),
        ("calls > 3%", 10, "expected nothing more"),
        ("calls > 3 or __import__('os')", 11, "expected nothing more"),
        ("calls(query_records > 3", 24, "expected )"),
        ("calls() > 3", 7, "expected a name"),
        ('calls("query_records) > 3', 7, "expected a name"),
        ("calls(a(b)) > 3", 8, "expected )"),
        ("call > 3", 1, "call is not a figure (did you mean calls?)"),
        ("p99(query_records) > 3", 1, "p99 is not a figure"),
        ("p99_ms > 3", 1, "p99_ms needs a function: p99_ms(NAME)"),
        ("lookups(query_records) > 3", 1, "lookups is of the whole report only"),
        ("findings > 3", 1, "findings needs a kind"),
        ("findings(agian) > 3", 10, "agian is not a kind of finding (did you mean again?)"),
        ("new-finding", 1, "new is not a figure (did you mean new-findings?)"),
        ("WORSE", 1, "WORSE is not a figure (did you mean worse?)"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_column(expression: str, column: int, problem: str) -> None:
    assert f"column {column}: {problem}" in refusal(expression).message
    with pytest.raises(UsageError):
        check_gates([expression], with_baseline=True)


@pytest.mark.parametrize(
    "expression", ["new-findings", "worse", "calls > baseline", "calls(query_records) > baseline + 3"]
)
def test_what_needs_a_baseline_is_refused_without_one(expression: str) -> None:
    assert "needs a baseline" in refusal(expression).message
    with pytest.raises(UsageError, match="needs a baseline"):
        check_gates([expression], with_baseline=False)
    check_gates([expression], with_baseline=True)


def test_the_log_is_not_needed_to_check_the_rest() -> None:
    check_gates(["calls(anything) > 3", "quality"], with_baseline=False)


@pytest.mark.parametrize(
    ("expression", "note"),
    [
        ("p99_ms(query_records) > 50", "a time: differs from run to run"),
        ("saving_ns > 0", "a time: differs from run to run"),
        ("changed_repeats > 0", "evidence: threads can change it"),
        ("findings(slow) > 0", "rests on times, which differ from run to run"),
        ("findings(fan-out) > 0", "threads can hide a fan-out"),
        ("calls > 0", ""),
    ],
)
def test_a_gate_on_what_differs_from_run_to_run_says_so(expression: str, note: str) -> None:
    assert judge(expression).note == note


def test_threads_hide_no_fan_out_where_each_call_names_its_parent() -> None:
    given = counted_report(Run("given", LOOKUP.calls, tree="given"))
    assert judge("findings(fan-out) > 0", given).note == ""
    mixed = counted_report(Run("given", LOOKUP.calls, tree="given"), LOOKUP)
    assert judge("findings(fan-out) > 0", mixed).note == "threads can hide a fan-out"


def test_a_figure_that_is_not_known_passes_no_gate() -> None:
    mixed = counted_report(Run("mixed", LOOKUP.calls, interleaved=True))
    for expression in ("redundant_rate > 0.5", "redundant_rate < 0.5", "elapsed_ns > 1"):
        gate = judge(expression, mixed)
        assert (gate.figure, gate.passed) == (None, False)
        assert gate.note.endswith("not known, so not passed")


@pytest.mark.parametrize(
    "expression", ["findings(again) > 20000", "findings(again) > baseline", "calls(stat) > 3", "calls(stat) > baseline"]
)
def test_a_count_that_may_stand_in_a_cut_row_is_not_known(expression: str) -> None:
    cut = msgspec.structs.replace(
        AFTER,
        findings=Rows(20_001, AFTER.findings.rows),
        functions=Rows(20_001, AFTER.functions.rows),
    )
    gate = judge(expression, cut, BEFORE)
    assert (gate.figure, gate.passed) == (None, False)
    assert gate.note.endswith("not known, so not passed")
    assert judge("calls(query_records) > 20", cut, BEFORE).passed, "a row that is there is known"


def test_quality_fails_on_what_makes_a_log_untrustworthy() -> None:
    assert judge("quality").passed
    mixed = counted_report(LOOKUP, Run("mixed", METADATA.calls, interleaved=True))
    assert judge("quality", mixed).note == "7 calls of interleaved processes"
    assert mixed.input is not None
    broken = msgspec.structs.replace(
        mixed,
        totals=msgspec.structs.replace(mixed.totals, unfinished_calls=3),
        input=msgspec.structs.replace(mixed.input, malformed_lines=2, errors=("a.gz: damaged",)),
        quality=rows(
            *mixed.quality.rows,
            QualityWarning(code="captured", message="libtest captured output", remedy="", count=1),
            QualityWarning(code="symbol-loading", message="first calls are slow", remedy="", count=1),
        ),
    )
    gate = judge("quality", broken)
    assert (gate.figure, gate.limit, gate.passed) == (5.0, 0.0, False)
    assert gate.note == "2 malformed lines; 7 calls of interleaved processes; 3 unfinished calls; 2 more"


def test_one_cause_of_mistrust_is_said_in_the_singular() -> None:
    assert AFTER.input is not None
    broken = msgspec.structs.replace(
        AFTER,
        totals=msgspec.structs.replace(AFTER.totals, unfinished_calls=1),
        quality=rows(QualityWarning(code="interleaved", message="", remedy="", count=1)),
        input=msgspec.structs.replace(AFTER.input, malformed_lines=1),
    )
    said = "1 malformed line; 1 call of interleaved processes; 1 unfinished call"
    assert judge("quality", broken).note == said


def test_every_figure_of_the_totals_can_be_demanded() -> None:
    report = sample_report()
    for figure in report.totals.__struct_fields__:
        gate = judge(f"{figure} >= 0", report)
        assert gate.figure == getattr(report.totals, figure)


def test_a_cut_comparison_is_said() -> None:
    cut = msgspec.structs.replace(BEFORE, findings=Rows(BEFORE.findings.total, ()))
    assert judge("new-findings", AFTER, cut).note == "rows that were cut from one of the reports take no part"


def test_a_run_that_was_read_in_part_is_said_by_every_gate_on_counts() -> None:
    assert AFTER.input is not None
    half = msgspec.structs.replace(AFTER, input=msgspec.structs.replace(AFTER.input, errors=("a.gz: cut off",)))
    for expression in ("new-findings", "worse", "calls > 99", "calls < baseline", 'findings("again") > baseline'):
        assert judge(expression, half, BEFORE).note.endswith("this run was not read to its end")
    assert judge("calls > 99", half).note == "this run was not read to its end"
    before = msgspec.structs.replace(BEFORE, input=half.input)
    assert judge("calls < baseline", AFTER, before).note == "the baseline was not read to its end"
    assert judge("calls > 99", AFTER, before).note == ""


def test_gates_on_findings_say_that_fanouts_are_not_compared() -> None:
    threads = counted_report(LOOKUP, METADATA, Run("threads", calls("a", "f", "x"), tree="unknown"))
    said = "fan-outs not compared: 2 processes without a known tree"
    for expression in ("new-findings", "worse", "findings(fan-out) > baseline"):
        gate = judge(expression, threads, threads)
        assert gate.passed
        assert gate.note.endswith(said)
    assert said not in judge("findings(again) > baseline", threads, threads).note
    assert said not in judge("new-findings", BEFORE, BEFORE).note


def test_gates_are_listed_in_the_order_given() -> None:
    expressions = ["calls > 1", "quality", "calls > 100"]
    gates = judge_gates(expressions, AFTER)
    assert [gate.expression for gate in gates.rows] == expressions
    assert [gate.passed for gate in gates.rows] == [False, True, True]


@settings(max_examples=60, deadline=None)
@given(expression=st.text(max_size=30) | st.text('calsbeine()"+->=%0 19.', max_size=25))
def test_any_text_is_read_or_refused_with_a_column_inside_it(expression: str) -> None:
    try:
        check_gates([expression], with_baseline=True)
    except UsageError as error:
        column = int(error.message.removeprefix(f"--fail-on '{expression}', column ").split(":")[0])
        assert 1 <= column <= len(expression) + 1
