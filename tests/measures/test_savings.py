"""Savings: the time of calls that needn't have been made, never more than they took."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.coded_calls import report_on
from tests.strategies import WrittenProcess, processes
from tracereport.model import Report

MS = 1_000_000


def test_a_record_with_an_implausible_number_promises_nothing_and_takes_nothing_away() -> None:
    lines = [f"{number}|get|caller=main|id=0|elapsed_ms=2|digest=99999999999" for number in range(40)]
    quoted = "900000|get|caller=main|id=1|elapsed_ms=50|digest=99999999999"
    assert report_on(*lines).totals.saving_ns == 39 * 2 * MS
    assert report_on(quoted, *lines).totals.saving_ns == 39 * 2 * MS


def gathered(work_us: int, page_us: int) -> Report:
    """A page that has three workers at once, each of which asks for the same thing twice: 45 ms each time."""
    lines = []
    for worker in (1, 4, 7):
        lines += [
            f"{number}|fetch|caller=work|id=1|elapsed_us=45000|digest=8589934597|parent={worker}"
            for number in (worker + 1, worker + 2)
        ]
        lines.append(f"{worker}|work|caller=page|n={worker}|elapsed_us={work_us}|digest=8589934597|parent=0")
    return report_on(*lines, f"0|page|caller=unknown|elapsed_us={page_us}|parent=none")


def test_what_lies_inside_a_call_never_saves_more_than_that_call_took() -> None:
    assert gathered(100_000, 400_000).totals.saving_ns == 5 * 45 * MS
    assert gathered(100_000, 101_000).totals.saving_ns == 101 * MS
    assert gathered(50_000, 400_000).totals.saving_ns == (45 + 50 + 50) * MS
    (finding,) = gathered(50_000, 120_000).findings.rows
    assert (finding.calls_saved, finding.saving_ns, finding.saving_upper_ns) == (5, 120 * MS, 120 * MS + 1000)


def test_recursion_is_not_counted_twice_where_the_tree_is_unknown() -> None:
    lines = [
        f"{number + first}|resolve|caller={caller}|path={path}|elapsed_ms={elapsed_ms}|digest=99999999999"
        for first in (0, 3)
        for number, caller, path, elapsed_ms in (
            (2, "resolve", "c", 80),
            (1, "resolve", "b", 90),
            (0, "main", "a", 100),
        )
    ]
    gap = "7|other|caller=main|path=x|elapsed_ms=0|digest=99999999999"
    for report in (report_on(*lines), report_on(*lines, gap)):
        assert report.totals.unchanged_repeats == 3
        assert report.totals.saving_ns == 100 * MS
    by_caller = {finding.callers: finding.saving_ns for finding in report.findings.rows}
    assert by_caller == {("resolve",): 90 * MS, ("main",): 100 * MS}


@given(process=processes(), tells_parent=st.booleans())
def test_savings_never_exceed_what_the_calls_took(process: WrittenProcess, *, tells_parent: bool) -> None:
    own_ms = {call.number: 1 + call.number % 3 for call in process.calls}
    elapsed_ms = dict(own_ms)
    for call in sorted(process.calls, key=lambda call: -call.number):  # what is inside began later
        if call.parent is not None:
            elapsed_ms[call.parent] += elapsed_ms[call.number]
    written = [
        replace(
            call,
            elapsed=str(elapsed_ms[call.number]),
            unit="ms",
            metrics=(("digest", 99_999_999_999),),
            tells_parent=tells_parent,
        )
        for call in process.calls
    ]
    report = report_on(*(call.trace().removeprefix("PERF_TRACE|") for call in written))
    saved = {call.number: call for call in written} if report.totals.judged_calls else {}
    asked: set[object] = set()
    for number, call in sorted(saved.items()):
        if (call.function, call.params) not in asked:
            asked.add((call.function, call.params))
            del saved[number]
    parents = {call.number: call.parent for call in written}
    outermost = [number for number in saved if not saved.keys() & set(above(number, parents))]
    assert report.totals.unchanged_repeats == len(saved)
    assert report.totals.saving_ns <= sum(elapsed_ms[number] for number in outermost) * MS


def above(number: int, parents: dict[int, int | None]) -> list[int]:
    """The calls that a call lies in."""
    parent = parents[number]
    return [] if parent is None else [parent, *above(parent, parents)]
