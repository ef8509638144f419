"""Units of work: what a repeat is wasteful within. Each log is a few lines, and each figure is worked out by hand."""

from collections.abc import Sequence

import pytest

from tests.coded_calls import report_on
from tracereport.api import render
from tracereport.model import Report, Settings

GW0, GW1, GW2 = (f"     Running pytest (gw{worker})" for worker in range(3))


def asked(number: int, key: str, *said: str, caller: str = "page", metrics: str = "size=3") -> str:
    return "|".join((f"{number}|find|caller={caller}|key={key}|elapsed_ms=4|{metrics}", *said))


def in_test(test: str, *said: str) -> tuple[str, ...]:
    return (f"test=tests/test_money.py::{test}", *said)


def names(report: Report) -> list[str]:
    return [row.name.removeprefix("tests/test_money.py::") for row in report.units.rows]


def test_tests_that_each_ask_once_ask_nothing_again() -> None:
    report = report_on(*(asked(number, "rate", *in_test(f"test_{number}")) for number in range(4)))
    totals = report.totals
    assert (totals.processes, totals.units, totals.calls, totals.judged_questions) == (1, 4, 4, 4)
    assert (totals.redundant_calls, totals.lookups, totals.redundant_rate) == (0, 4, 0.0)
    assert (totals.across_units_repeats, totals.across_units_lookups) == (3, 1)
    assert report.findings.total == report.redundant_lookups.total == report.sequential_duplicates.total == 0


def test_what_tests_ask_of_one_process_together_is_a_matter_for_its_cache() -> None:
    lines = [asked(number, key, *in_test(f"test_{number}")) for number, key in enumerate(("a", "a", "b", "a"))]
    (curve,) = report_on(*lines).cache_curves.rows
    assert (curve.calls, curve.possible_hits, curve.capacity_for_50) == (4, 2, 1)
    assert [(point.capacity, point.hits) for point in curve.points.rows] == [(1, 1), (2, 2)]


def test_an_answer_that_another_test_saw_otherwise_is_a_stale_hit_and_no_changed_repeat() -> None:
    lines = [asked(number, "a", *in_test(f"test_{number}"), metrics=f"size={number}") for number in range(3)]
    report = report_on(*lines)
    assert (report.totals.redundant_calls, report.totals.changed_repeats) == (0, 0)
    assert [(point.hits, point.stale_hits) for point in report.cache_curves.rows[0].points.rows] == [(2, 2)]


SUITE = {f"test_{index}": ("a", f"k{index % 2}", "a") for index in range(6)}
"""What each test asks: all ask for ``a`` twice."""


def run_by(*shares: Sequence[str]) -> Report:
    """The suite's tests, shared out to workers."""
    lines = []
    for worker, tests in enumerate(shares):
        lines.append((GW0, GW1, GW2)[worker])
        keys = [(test, key) for test in tests for key in SUITE[test]]
        lines += [asked(number, key, *in_test(test)) for number, (test, key) in enumerate(keys)]
    return report_on(*lines)


def stable(report: Report) -> tuple[object, object, object]:
    totals = report.totals
    units = {
        row.name: (row.calls, row.judged_questions, [(edge.function, edge.again_calls) for edge in row.by_edge.rows])
        for row in report.units.rows
    }
    findings = {(row.fingerprint, row.repeats, row.calls_saved) for row in report.findings.rows}
    counts = (totals.calls, totals.lookups, totals.redundant_calls, totals.again_calls, totals.unchanged_repeats)
    return units, findings, counts


def test_whichever_worker_ran_which_test_the_figures_are_the_same() -> None:
    alone = run_by(list(SUITE))
    assert (alone.totals.redundant_calls, alone.totals.lookups, alone.totals.units) == (6, 12, 6)
    (finding,) = alone.findings.rows
    assert (finding.repeats, finding.lookups, tuple(finding.worst[:2])) == (6, 6, (1, 1))
    for shares in (
        (["test_0", "test_1", "test_2"], ["test_3", "test_4", "test_5"]),
        (["test_5", "test_0"], ["test_3"], ["test_2", "test_4", "test_1"]),
    ):
        assert stable(run_by(*shares)) == stable(alone)


@pytest.mark.parametrize("first_try", [(), ("try=1",)])
def test_a_retry_is_another_unit(first_try: tuple[str, ...]) -> None:
    report = report_on(
        asked(0, "a", *in_test("test_flaky", *first_try)),
        asked(1, "a", *in_test("test_flaky", "try=2")),
        asked(2, "b", *in_test("test_other", *first_try)),
    )
    assert names(report) == ["test_flaky", "test_flaky (try 2)", "test_other"]
    assert (report.totals.redundant_calls, report.totals.across_units_repeats) == (0, 1)


def test_a_line_that_says_no_try_is_of_the_first() -> None:
    report = report_on(asked(0, "a", *in_test("test_a", "try=1")), asked(1, "a", *in_test("test_a")))
    assert names(report) == ["test_a"]
    assert report.totals.redundant_calls == 1


def test_what_sets_tests_up_and_tears_them_down_is_counted_and_not_judged() -> None:
    report = report_on(
        asked(0, "a"),
        asked(1, "a", *in_test("test_a", "phase=setup")),
        asked(2, "a", *in_test("test_a", "phase=setup")),
        asked(3, "a", *in_test("test_a", "phase=call")),
        asked(4, "a", *in_test("test_a")),
        asked(5, "a", *in_test("test_a", "phase=teardown")),
        asked(6, "a"),
    )
    totals = report.totals
    assert (totals.calls, totals.questions, totals.judged_calls, totals.judged_questions) == (7, 7, 2, 2)
    assert (totals.redundant_calls, totals.redundant_rate, totals.across_units_repeats) == (1, 0.5, 0)
    assert (report.functions.rows[0].calls, report.functions.rows[0].lookups) == (7, 1)
    assert names(report) == ["test_a"]


def test_a_phase_says_nothing_where_no_test_is_known() -> None:
    report = report_on(asked(0, "a", "phase=setup"), asked(1, "a", "phase=call"))
    assert (report.totals.judged_calls, report.totals.redundant_calls) == (2, 1)


def test_a_process_that_knows_no_test_is_a_unit_beside_one_that_does() -> None:
    report = report_on(GW0, asked(0, "a", *in_test("test_a")), asked(1, "a"), GW1, asked(0, "a"), asked(1, "a"))
    assert [(row.process, row.calls, row.judged_questions) for row in report.units.rows] == [(0, 1, 1), (1, 2, 2)]
    assert report.totals.redundant_calls == 1


def test_a_test_in_two_processes_is_two_units() -> None:
    report = report_on(GW0, asked(0, "a", *in_test("test_a")), GW1, asked(0, "a", *in_test("test_a")))
    assert names(report) == ["test_a", "test_a"]
    assert (report.totals.redundant_calls, report.totals.across_units_repeats) == (0, 0)


def test_tests_at_the_same_time_are_told_apart() -> None:
    report = report_on(
        asked(0, "a", *in_test("test_a")),
        asked(1, "a", *in_test("test_b")),
        asked(2, "a", *in_test("test_b"), caller="cart"),
        asked(3, "a", *in_test("test_a")),
    )
    assert (report.totals.again_calls, report.totals.shared_calls) == (1, 1)
    (run,) = report.sequential_duplicates.rows
    assert (run.unit, run.calls) == ("tests/test_money.py::test_b", 2)
    (shared,) = report.shared_lookups.rows
    assert (shared.unit, shared.calls) == ("tests/test_money.py::test_b", 2)


def test_rows_of_what_is_asked_twice_count_units() -> None:
    lines = [asked(number, "a", *in_test(f"test_{number // 2}")) for number in range(4)]
    report = report_on(GW0, *lines, asked(4, "a", *in_test("test_9")), GW1, *lines[:2])
    for row in (report.redundant_signatures.rows[0], report.redundant_lookups.rows[0]):
        assert (row.calls, row.units, row.processes) == (6, 3, 2)
        assert (row.unchanged, row.changed, row.unproven) == (0, 0, 3)  # 7 calls, and all gave one answer
    assert report.cache_candidates.total == 0


def test_units_say_what_each_adds_to_a_finding() -> None:
    lines = [asked(number, "a", *in_test("test_a" if number < 3 else "test_b")) for number in range(5)]
    report = report_on(*lines, asked(5, "b", *in_test("test_c")))
    (finding,) = report.findings.rows
    assert finding.repeats == 3
    added = [[(row.fingerprint, row.repeats) for row in unit.by_finding.rows] for unit in report.units.rows]
    assert added == [[(finding.fingerprint, 2)], [(finding.fingerprint, 1)], []]
    edges = [[(edge.caller, edge.calls, edge.again_calls) for edge in unit.by_edge.rows] for unit in report.units.rows]
    assert edges == [[("page", 3, 2)], [("page", 2, 1)], [("page", 1, 0)]]


PAGES = (
    "1|load|caller=page|id=1|elapsed_us=5|rows=1|parent=0",
    "2|load|caller=page|id=1|elapsed_us=5|rows=1|parent=0",
    "0|page|caller=unknown|elapsed_us=50|parent=none",
    "4|load|caller=page|id=1|elapsed_us=5|rows=1|parent=3",
    "3|page|caller=unknown|elapsed_us=50|parent=none",
    "6|load|caller=page|id=1|elapsed_us=5|rows=1|parent=5",
    "7|load|caller=page|id=1|elapsed_us=5|rows=1|parent=5",
)
"""Three requests to a server; the last one was killed."""


def test_each_root_call_of_a_tree_is_a_unit_where_that_is_wanted() -> None:
    report = report_on(*PAGES, settings=Settings(unit="root"))
    assert [(row.name, row.kind, row.calls) for row in report.units.rows] == [
        ("page", "root", 3),
        ("page", "root", 2),
        ("page", "root", 2),
    ]
    assert (report.totals.redundant_calls, report.totals.across_units_lookups) == (2, 2)
    assert [row.unit for row in report.sequential_duplicates.rows] == ["page", "page"]
    assert report_on(*PAGES).totals.redundant_calls == 5


def test_a_process_without_a_tree_has_no_roots() -> None:
    lines = [asked(number, "a") for number in range(3)]
    (unit,) = report_on(*lines, settings=Settings(unit="root")).units.rows
    assert (unit.name, unit.kind, unit.calls) == ("process 0", "process", 3)


def test_a_whole_process_is_judged_where_that_is_wanted_whatever_it_knows() -> None:
    lines = [asked(0, "a", *in_test("test_a", "phase=setup")), asked(1, "a", *in_test("test_a")), asked(2, "a")]
    assert report_on(*lines).totals.redundant_calls == 0
    report = report_on(*lines, settings=Settings(unit="process"))
    assert (report.totals.judged_calls, report.totals.redundant_calls) == (3, 2)


def test_where_tests_are_wanted_nothing_else_is_judged_and_the_report_says_so() -> None:
    report = report_on(GW0, asked(0, "a", *in_test("test_a")), GW1, *(asked(n, "a") for n in range(3)))
    assert report.totals.redundant_calls == 2
    report = report_on(
        GW0, asked(0, "a", *in_test("test_a")), GW1, *(asked(n, "a") for n in range(3)), settings=Settings(unit="test")
    )
    assert (report.totals.judged_calls, report.totals.redundant_calls) == (1, 0)
    assert codes(report) == ["outside-tests"]
    nothing = report_on(asked(0, "a"), settings=Settings(unit="test"))
    assert codes(nothing) == ["no-tests"]
    assert nothing.quality.rows[0].message.endswith("not judged, and no test itself called anything.")
    assert nothing.verdict.message == "No call could be judged: none was made by a test."


def test_what_several_tests_ask_for_and_what_no_test_asks_for_is_one_line_each() -> None:
    lines = [asked(number, "rate", *in_test(f"test_{number}")) for number in range(3)]
    report = report_on(*lines, asked(3, "rate"))
    assert codes(report) == ["outside-tests", "across-units"]
    assert [row.message for row in report.quality.rows if not row.misleading] == [
        "1 call outside of tests, or to set them up and tear them down: counted and not judged.",
        "Across tests: 1 lookup is asked in more than one of 3 tests. None of that counts as a repeat.",
    ]
    for kind in ("text", "markdown", "html"):
        assert "ot judged: 1 call outside of tests" in render(report, kind)


def codes(report: Report) -> list[str]:
    of_units = ("outside-tests", "no-tests", "whole-processes", "across-units")
    return [row.code for row in report.quality.rows if row.code in of_units]


def test_a_worker_that_got_no_test_only_loaded_modules() -> None:
    loaded = [asked(number, "a", "via=python") for number in range(2)]
    tested = [asked(number, "b", "via=python", *in_test("test_a")) for number in (2, 3)]
    alone = report_on(GW0, *loaded, *tested)
    assert (alone.totals.judged_calls, alone.totals.redundant_calls) == (2, 1)
    shared_out = report_on(GW0, *loaded, *tested, GW1, *loaded, GW2, *loaded)
    assert stable(shared_out)[0] == stable(alone)[0]
    assert (shared_out.totals.judged_calls, shared_out.totals.redundant_calls, shared_out.totals.units) == (2, 1, 1)
    assert report_on(GW0, *loaded).verdict.message == "No call could be judged: none was made by a test."
