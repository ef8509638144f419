"""The verdict: what it says of the repeats, and of the changes that remove them."""

import pytest

from tests.coded_calls import report_on
from tests.truth import log_path
from tracereport.engine.report import make_report
from tracereport.findings.repeated import judge_repeats
from tracereport.model import Settings, Verdict
from tracereport.sources.perf_trace.reader import read_log


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
        ((1, 1), "1 of 2 calls asks again, for an unchanged answer (50 % of all). One change would remove it."),
        (
            (1, 1, 1),
            "2 of 3 calls ask again, all for an unchanged answer (67 % of all). One change would remove all of them.",
        ),
        (
            (1, 1, 0),
            (
                "2 of 3 calls ask again: 1 for an unchanged answer (33 % of all), 1 for a changed one. "
                "One change would remove the unchanged one."
            ),
        ),
        (
            (1, 1, 1, None),
            (
                "3 of 4 calls ask again: 2 for an unchanged answer (50 % of all), 1 without evidence. "
                "One change would remove all 2 unchanged ones."
            ),
        ),
        ((1, 0), "1 of 2 calls asks again, for a changed answer."),
    ],
)
def test_what_changes_would_remove_is_said_of_the_unchanged_repeats(
    answers: tuple[int | None, ...], message: str
) -> None:
    assert verdict_on(*answers).message == message


def test_a_change_that_saves_no_call_is_none() -> None:
    verdict = verdict_on(1, 0, 1)
    assert (verdict.changes, verdict.calls_removed, verdict.fingerprints) == (0, 0, ())


@pytest.mark.parametrize(
    ("name", "said"),
    [("killed-mid-value", "all 9 unchanged ones"), ("duckpond-no-backtrace", "all 282 unchanged ones")],
)
def test_of_a_real_log_with_several_kinds_of_answers_not_all_repeats_are_promised(name: str, said: str) -> None:
    message = make_report(read_log([str(log_path(name))]), Settings(), name).verdict.message
    assert said in message
    assert "all of them" not in message


def test_the_reason_of_one_repeat_speaks_of_one() -> None:
    assert judge_repeats(1, 4, 0)[1] == "1 repeat got the answer of the call before; 4 changed"
    assert judge_repeats(2, 0, 0)[1] == "2 repeats got the answer of the call before"
