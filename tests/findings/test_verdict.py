"""The verdict: what it says of the repeats, and of the changes that remove them."""

import pytest

from tests.coded_calls import report_on
from tests.truth import log_path
from tracereport.engine.report import make_report
from tracereport.findings.repeats.findings import RepeatSums, state_confidence
from tracereport.model import Settings, Verdict
from tracereport.sources.perf_trace.reader import read_log
from tracereport.wording.scope import describe_scope


def verdict_on(*answers: int | None) -> Verdict:
    """Of one lookup that was given these answers."""
    return report_on(
        *(
            f"{number}|get|caller=main|id=0|elapsed_ms=0{'' if answer is None else f'|found={answer}'}"
            for number, answer in enumerate(answers)
        )
    ).verdict


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ((1, 1), "1 of 2 calls asks again, for an unchanged answer (50 % of all). One change would remove 1 call."),
        (
            (1, 1, 1),
            "2 of 3 calls ask again, all for an unchanged answer (67 % of all). One change would remove 2 calls.",
        ),
        (
            (1, 1, 0),
            (
                "2 of 3 calls ask again: 1 for an unchanged answer (33 % of all), 1 for a changed one. "
                "One change would remove 1 call."
            ),
        ),
        (
            (1, 1, 1, None),
            (
                "3 of 4 calls ask again: 2 for an unchanged answer (50 % of all), 1 without evidence. "
                "One change would remove 2 calls."
            ),
        ),
        ((1, 0), "1 of 2 calls asks again, for a changed answer."),
    ],
)
def test_what_changes_would_remove_is_said_of_the_unchanged_repeats(
    answers: tuple[int | None, ...], message: str
) -> None:
    assert verdict_on(*answers).message == message


READ, WRITE, REQUEST = (
    "get|caller=main|id=0|elapsed_ms=0|found=1",
    "put|caller=main|elapsed_ms=0|write=a",
    "page|caller=main|elapsed_ms=0|frame=1",
)
TESTED = f"{READ}|test=a"
"""Other calls of its process aren't judged: they are of no test."""


@pytest.mark.parametrize(
    ("calls", "scope", "message"),
    [
        ((READ, READ), "2 calls in 1 process", "1 of 2 calls asks again,"),
        ((READ, READ, WRITE), "3 calls (2 questions) in 1 process", "1 of 2 questions asks again,"),
        ((READ, WRITE, REQUEST), "3 calls (1 question) in 1 process", "No question was asked twice: there"),
        (
            (TESTED, TESTED, READ, READ),
            "4 calls (2 judged questions) in 1 process",
            "1 of 2 judged questions asks again,",
        ),
        ((WRITE, REQUEST), "2 calls in 1 process", "No call asks for anything:"),
    ],
)
def test_a_verdict_and_the_line_above_it_say_what_they_count(calls: tuple[str, ...], scope: str, message: str) -> None:
    report = report_on(*(f"{number}|{call}" for number, call in enumerate(calls)))
    assert describe_scope(report.totals) == scope
    assert report.verdict.message.startswith(message)


def test_a_change_that_saves_no_call_is_none() -> None:
    verdict = verdict_on(1, 0, 1)
    assert (verdict.changes, verdict.calls_removed, verdict.fingerprints) == (0, 0, ())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("killed-mid-value", "Three changes would remove 9 calls."),
        ("duckpond-no-backtrace", "One change would remove 282 calls."),
        (
            "duckpond-single-thread",
            (
                "Three changes would remove 221 calls. 147 repeats could go if each caller kept its own answer, "
                "282 with one cache for all, cleared by writes."
            ),
        ),
    ],
)
def test_of_a_real_log_both_sums_are_said_where_they_differ(name: str, said: str) -> None:
    assert make_report(read_log([str(log_path(name))]), Settings(), name).verdict.message.endswith(said)


def test_the_reason_of_one_repeat_speaks_of_one() -> None:
    _, first = state_confidence(RepeatSums(unchanged=1, changed=4), "content")
    assert first == "1 repeat got the answer of the call before; 4 changed"
    _, second = state_confidence(RepeatSums(unchanged=2), "content")
    assert second == "2 repeats got the answer of the call before"


def ask_status(number: int, digest: int, *, asked: str = "select jobs|caller=wait|id=1", **said: int) -> str:
    fields = "".join(f"|{name}={value}" for name, value in said.items())
    return f"{number}|{asked}|elapsed_us=9|rows=1|digest={digest}{fields}|parent=none"


@pytest.mark.parametrize(
    ("digests", "confidence"),
    [((1, 1, 1, 1, 2), "likely"), ((1, 1, 1, 1), "sure"), ((1, 1, 2, 2, 2), "sure"), ((1, 2, 1, 1, 2), "sure")],
)
def test_who_asks_nothing_else_until_the_answer_changes_may_wait_for_it(
    digests: tuple[int, ...], confidence: str
) -> None:
    other = "|select users|caller=show|id=1|elapsed_us=9|rows=1|digest=5351136201287146151|parent=none"
    lines = [ask_status(number, digest * 2**40 + 12345) for number, digest in enumerate(digests)]
    (found, *_) = report_on(*lines, f"{len(lines)}{other}").findings.rows
    assert found.confidence == confidence
    assert ("it may wait for that" in found.reason) == (confidence == "likely")


@pytest.mark.parametrize("asked", ["select jobs|caller=wait|sql=SELECT n FROM jobs", "GET api|caller=wait|path=/jobs"])
@pytest.mark.parametrize(
    ("digests", "confidence"),
    [((1, 1, 2, 2, 3), "likely"), ((1, 1, 2, 2, 2), "likely"), ((1, 1, 1, 1), "sure"), ((1, 2, 1, 1, 2), "likely")],
)
def test_what_changes_while_nothing_is_written_changes_by_itself(
    digests: tuple[int, ...], confidence: str, asked: str
) -> None:
    lines = [ask_status(number, digest * 2**40 + 12345, asked=asked) for number, digest in enumerate(digests)]
    (found,) = report_on(*lines).findings.rows
    assert found.confidence == confidence


def test_a_question_that_only_tests_the_connection_asks_nothing() -> None:
    lines = [
        f"{n}|select|caller=check|sql={sql}|elapsed_us=9|rows=1|parent=none" for n, sql in enumerate(["SELECT 1"] * 4)
    ]
    report = report_on(*lines)
    assert (report.totals.frames, report.totals.redundant_calls) == (4, 0)
    assert report.verdict.message == "No call asks for anything: all are writes, or places in the program."


def test_what_fixtures_ask_is_not_said_to_lack_values() -> None:
    fixture = "0|select users|caller=fill|id=1|elapsed_us=9|rows=1|test=t|phase=setup|parent=none"
    write = "1|insert users|caller=save|id=1|elapsed_us=9|test=t|write=users|parent=none"
    assert report_on(fixture, write).verdict.message == (
        "No call asks for anything: all are writes, or places in the program."
    )
