"""What a test does one after the other is judged apart: a request, or a run of a function."""

import pytest

from tests.coded_calls import report_on
from tracereport.model import Settings

FRAME = "elapsed_us=9|frame=1|test=t|via"
TEST = f"0|test|caller=pytest|{FRAME}=pytest|parent=none"
DIGEST = "rows=1|digest=5351136201287146151"


def request(number: int, parent: int | str = 0, name: str = "GET /") -> str:
    return f"{number}|{name}|caller=test|{FRAME}=starlette|parent={parent}"


def asked(number: int, parent: int | str, *said: str, key: int = 1, caller: str = "find") -> str:
    fields = (f"{number}|select user|caller={caller}|id={key}|elapsed_us=9|{DIGEST}|test=t", *said, f"parent={parent}")
    return "|".join(fields)


def repeats(*lines: str) -> int:
    return report_on(*lines).totals.redundant_calls


def test_requests_that_each_ask_once_ask_nothing_again() -> None:
    report = report_on(TEST, request(1), asked(2, 1), request(3), asked(4, 3))
    assert (report.totals.redundant_calls, report.totals.lookups, report.findings.total) == (0, 2, 0)
    assert (report.totals.units, report.totals.across_units_repeats) == (1, 0)


def test_what_two_requests_ask_for_is_said_to_be_asked_twice_by_neither() -> None:
    one, two = (TEST, request(1), asked(2, 1)), (request(3), asked(4, 3))
    assert report_on(*one, *two).verdict.message == (
        "None of the 2 questions was asked twice in one request or call from a test."
    )
    assert report_on(*one).verdict.message == "No question was asked twice: there is one."


def test_a_request_that_asks_twice_asks_again() -> None:
    assert repeats(TEST, request(1), asked(2, 1), asked(3, 1), request(4), asked(5, 4)) == 1


def test_a_request_within_a_request_is_part_of_it() -> None:
    assert repeats(TEST, request(1), asked(2, 1), request(3, 1), asked(4, 3), request(5, 1), asked(6, 5)) == 2


def test_a_request_that_no_call_stands_around_is_one_too() -> None:
    assert repeats(TEST, request(1, "none"), asked(2, 1), request(3, "none"), asked(4, 3)) == 0


def test_a_task_is_judged_apart_wherever_it_runs() -> None:
    task = f"TASK app.mail|caller=unknown|{FRAME}=celery"
    two_tasks = [f"2|{task}|parent=1", asked(3, 2), f"4|{task}|parent=1", asked(5, 4)]
    assert repeats(TEST, request(1), *two_tasks, asked(6, 1)) == 0
    assert repeats(TEST, request(1), *two_tasks, asked(6, 4), asked(7, 1), asked(8, 1)) == 2


def test_what_other_frames_hold_belongs_to_what_stands_around_them() -> None:
    render = f"|render list|caller=show|{FRAME}=django|parent=1"
    assert repeats(TEST, request(1), f"2{render}", asked(3, 2), f"4{render}", asked(5, 4)) == 1


@pytest.mark.parametrize(("runs", "expected"), [((1, 1), 1), ((1, 2), 0), ((1, None), 0), ((None, None), 1)])
def test_what_a_test_calls_is_a_run_of_its_own(runs: tuple[int | None, int | None], expected: int) -> None:
    lines = [
        asked(number, 0, *([] if run is None else [f"activation={run}"])) for number, run in enumerate(runs, start=1)
    ]
    assert repeats(TEST, *lines) == expected


def test_what_stands_in_a_call_of_a_run_is_of_that_run() -> None:
    load = "|load|caller=page|key=a|elapsed_us=9|test=t|activation=7|parent=0"
    assert repeats(TEST, f"1{load}", asked(2, 1), asked(3, 0, "activation=7")) == 1
    assert repeats(TEST, f"1{load}", asked(2, 1), asked(3, 0, "activation=8")) == 0


def test_several_callers_share_what_they_ask_in_one_request_alone() -> None:
    def shared(*parents: int) -> int:
        lines = [asked(3, parents[0], caller="show"), asked(4, parents[1], caller="guard")]
        return report_on(TEST, request(1), request(2), *lines).shared_lookups.total

    assert (shared(1, 1), shared(1, 2)) == (1, 0)


def test_a_server_s_requests_are_judged_apart_unless_the_process_is_asked_for() -> None:
    lines = [line.replace("|test=t", "") for line in (request(1, "none"), asked(2, 1), request(3, "none"), asked(4, 3))]
    assert repeats(*lines) == 0
    assert report_on(*lines, settings=Settings(unit="process")).totals.redundant_calls == 1
    assert repeats(*lines, asked(5, 3).replace("|test=t", "")) == 1
    runs = [asked(number, "none", f"activation={number}").replace("|test=t", "") for number in (1, 2)]
    assert repeats(*runs) == 1


def test_what_several_tests_ask_is_counted_once_for_each() -> None:
    other = [line.replace("|test=t", "|test=u") for line in (request(5, "none"), asked(6, 5))]
    report = report_on(TEST, request(1), asked(2, 1), request(3), asked(4, 3), *other)
    assert (report.totals.across_units_repeats, report.totals.across_units_lookups) == (1, 1)
