"""Whose answer would have served a repeat: the caller's own, or only that of who asked last. Worked out by hand."""

from tests.coded_calls import report_on
from tracereport.model import Finding, Report

DIGEST = 7 * 2**33


def told(*calls: tuple[str, int] | tuple[str, None] | str) -> Report:
    """Calls in order: a caller and the answer it got on the one stock, or a line's text from the function on."""
    lines = []
    for number, call in enumerate(calls):
        if isinstance(call, str):
            lines.append(f"{number}|{call}")
        else:
            caller, answer = call
            metric = "" if answer is None else f"|digest={DIGEST + answer}"
            lines.append(f"{number}|stock|caller={caller}|item=pen|elapsed_ms=1{metric}")
    return report_on(*lines)


def own_and_handed_on(report: Report) -> tuple[int, int]:
    return report.totals.own_calls, report.totals.handed_on_calls


def find(report: Report, kind: str, *callers: str) -> Finding:
    (finding,) = [row for row in report.findings.rows if row.kind == kind and row.callers == callers]
    return finding


def counts(finding: Finding) -> tuple[int, ...]:
    return (finding.repeats, finding.unchanged, finding.changed, finding.own_calls, finding.handed_on_calls)


def test_a_caller_that_gets_the_same_answer_again_keeps_its_own() -> None:
    report = told(("cart", 1), ("cart", 1), ("cart", 1))
    assert own_and_handed_on(report) == (2, 0)
    assert find(report, "again", "cart").calls_saved == 2


def test_askers_by_turns_of_a_stock_that_sinks_are_served_by_each_other() -> None:
    # The till sells before each look: the shelf sees what the till saw last, and never what it saw itself.
    turns: list[tuple[str, int]] = [
        ("shelf", 0),
        *((who, turn) for turn in range(1, 7) for who in ("till", "shelf")),
    ]
    report = told(*turns)
    assert own_and_handed_on(report) == (0, 6)
    # 13 calls ask 12 times again: the till is shared once, then again five times; each of its answers is another.
    shelf, till, shared = (
        find(report, *key) for key in (("again", "shelf"), ("again", "till"), ("shared", "shelf", "till"))
    )
    assert counts(shelf) == (6, 6, 0, 0, 6)
    assert counts(till) == (5, 0, 5, 0, 0)
    assert counts(shared) == (1, 0, 1, 0, 6)
    assert [row.calls_saved for row in (shelf, till, shared)] == [0, 0, 6]
    assert [row.confidence for row in (shelf, till, shared)] == ["sure", "low", "sure"]
    assert (report.verdict.own_calls, report.verdict.one_cache_calls, report.verdict.calls_removed) == (0, 6, 6)
    assert report.verdict.fingerprints == (shared.fingerprint,)


def test_equal_answers_to_others_in_between_leave_the_own_one_good() -> None:
    report = told(("cart", 1), ("till", 1), ("cart", 1), ("till", 1))
    assert own_and_handed_on(report) == (2, 0)
    assert find(report, "shared", "cart", "till").calls_saved == 1
    assert (report.verdict.own_calls, report.verdict.one_cache_calls) == (2, 3)


def test_an_answer_that_went_and_came_back_is_handed_on() -> None:
    # The cart saw 1, the till 2 and then 1: the cart's own 1 would have been wrong in between.
    report = told(("cart", 1), ("till", 2), ("till", 1), ("cart", 1))
    assert own_and_handed_on(report) == (0, 1)
    assert find(report, "shared", "cart", "till").handed_on_calls == 1


def test_an_answer_in_between_that_was_not_recorded_proves_nothing_of_the_own_one() -> None:
    report = told(("cart", 1), ("till", None), ("till", 1), ("cart", 1))
    assert own_and_handed_on(report) == (0, 1)


def test_what_a_cache_answered_without_saying_what_proves_nothing_of_the_own_one() -> None:
    silent = "stock|caller=till|item=pen|elapsed_ms=1|cached=1"
    assert own_and_handed_on(told(("cart", 1), silent, ("till", 1), ("cart", 1))) == (0, 1)
    telling = f"{silent}|digest={DIGEST + 1}"
    assert own_and_handed_on(told(("cart", 1), telling, ("till", 1), ("cart", 1))) == (2, 0)


def test_what_a_cache_answered_otherwise_shows_that_the_own_answer_was_stale() -> None:
    other = f"stock|caller=till|item=pen|elapsed_ms=1|cached=1|digest={DIGEST + 2}"
    assert own_and_handed_on(told(("cart", 1), other, ("cart", 2))) == (0, 1)


def test_a_write_makes_the_own_answer_stale_even_if_what_it_gave_is_equal() -> None:
    write = "sell|caller=till|item=ink|elapsed_ms=1|write=stock"
    report = told(("cart", 1), write, ("till", 1), ("cart", 1), ("cart", 1))
    assert own_and_handed_on(report) == (1, 1)
    assert find(report, "again", "cart").calls_saved == 1
    shared = find(report, "shared", "cart", "till")
    assert (shared.unchanged, shared.handed_on_calls, shared.calls_saved) == (1, 1, 2)


def test_a_write_to_something_else_leaves_the_own_answer_good() -> None:
    write = "sell|caller=till|item=ink|elapsed_ms=1|write=prices"
    assert own_and_handed_on(told(("cart", 1), write, ("cart", 1))) == (1, 0)


def test_a_write_that_names_nothing_may_have_changed_anything() -> None:
    write = "sell|caller=till|item=ink|elapsed_ms=1|write=1"
    report = told(("cart", 1), write, ("cart", 1))
    assert own_and_handed_on(report) == (0, 1)
    # Nobody else asks: no answer could have been handed on, and nothing is promised.
    assert [(row.kind, row.calls_saved) for row in report.findings.rows] == [("again", 0)]


def test_a_write_of_another_test_is_none_in_this_one() -> None:
    lines = [
        f"0|stock|caller=cart|item=pen|elapsed_ms=1|digest={DIGEST}|test=test_a",
        "1|sell|caller=till|item=pen|elapsed_ms=1|write=stock|test=test_b",
        f"2|stock|caller=cart|item=pen|elapsed_ms=1|digest={DIGEST}|test=test_a",
    ]
    assert own_and_handed_on(report_on(*lines)) == (1, 0)


def test_own_is_counted_from_the_last_call_and_not_from_the_first() -> None:
    assert own_and_handed_on(told(("cart", 1), ("cart", 2), ("cart", 2))) == (1, 0)


def test_each_set_of_callers_saves_what_is_handed_on_in_it() -> None:
    # Of the pen the cart and the till ask, of the ink the cart, the till and the shelf.
    asked = [("cart", "pen", 1), ("till", "pen", 2), ("cart", "pen", 2)]
    asked += [("cart", "ink", 1), ("till", "ink", 2), ("shelf", "ink", 2), ("cart", "ink", 2)]
    report = report_on(
        *(
            f"{number}|stock|caller={caller}|item={item}|elapsed_ms=1|digest={DIGEST + answer}"
            for number, (caller, item, answer) in enumerate(asked)
        )
    )
    assert counts(find(report, "shared", "cart", "till")) == (1, 0, 1, 0, 1)
    assert counts(find(report, "shared", "cart", "shelf", "till")) == (2, 1, 1, 0, 1)
    assert find(report, "shared", "cart", "shelf", "till").calls_saved == 2
    assert counts(find(report, "again", "cart")) == (2, 2, 0, 0, 2)


def test_own_handed_on_and_shared_add_up_to_what_one_cache_would_save() -> None:
    report = told(
        ("cart", 1), ("till", 1), ("cart", 1), ("till", 2), ("cart", 2), ("cart", 2), ("shelf", 2), ("till", 2)
    )
    # In order: shared, own, changed, handed on, own, shared, own.
    assert own_and_handed_on(report) == (3, 1)
    assert (report.verdict.own_calls, report.verdict.one_cache_calls) == (3, 6)
    assert sum(row.calls_saved for row in report.findings.rows) == 6
