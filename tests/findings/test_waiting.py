"""Who asks the same in a row may wait for another answer: then what was asked in vain isn't sure to be a waste."""

from collections.abc import Sequence

import pytest

from tests.coded_calls import report_on
from tracereport.calls.waiting import may_wait
from tracereport.model import Finding

AT = "|at=app/jobs.py:7"
JOB = "select job|caller=show|sql=SELECT size FROM job WHERE id = ?|p1=1"
STATUS = JOB.replace("size", "status")
ANSWER = "elapsed_us=9|rows=1|digest=5351136201287146151"
OTHER = "select user|caller=show|sql=SELECT name FROM user|elapsed_us=9|rows={}|digest=5351136201287146152"


def again(*lines: str) -> Finding:
    """The finding of what is asked first."""
    told = [f"{number}|{line}|parent=none" for number, line in enumerate(lines)]
    (found,) = (row for row in report_on(*told).findings.rows if row.kind == "again" and row.function != "select user")
    return found


def check(found: Finding, *, waits: bool) -> None:
    assert found.confidence == ("likely" if waits else "sure")
    assert ("it may wait for another answer" in found.reason) == waits


@pytest.mark.parametrize(
    ("asked", "times", "waits"),
    [(STATUS, 20, True), (STATUS, 3, True), (STATUS, 2, False), (JOB, 20, False)],
)
def test_a_line_that_asks_the_same_in_a_row_may_poll(asked: str, times: int, *, waits: bool) -> None:
    check(again(*times * [f"{asked}|{ANSWER}{AT}"]), waits=waits)


@pytest.mark.parametrize(
    ("places", "waits"),
    [
        ([AT, AT, AT, AT, AT, AT], True),
        ([AT.replace("7", "5"), AT, AT, AT, AT, AT], True),  # job = get(1), and refresh(job) in a loop
        ([AT, AT, AT, AT, AT, AT.replace("7", "9")], False),
        ([AT, AT, "", AT, AT, AT], False),
        (6 * [""], False),
        ([f"{AT}|activation=4"] * 6, True),
        ([f"{AT}|activation={run}" for run in (4, 4, 4, 5, 5, 5)], False),
    ],
)
def test_several_lines_or_runs_are_no_loop_that_waits(places: Sequence[str], *, waits: bool) -> None:
    check(again(*(f"{STATUS}|{ANSWER}{place}" for place in places)), waits=waits)


@pytest.mark.parametrize(
    ("before", "between", "waits"),
    [
        ([], [], True),
        ([OTHER.format(6)], [], False),  # a loop over these
        ([OTHER.format(7)], [], True),
        ([], [OTHER.format(6)], False),
        ([f"{STATUS.replace('p1=1', 'p1=2')}|{ANSWER}{AT}"], [], False),  # the line asks for others as well
        ([f"{STATUS.replace('p1=1', 'p1=2')}|{ANSWER}{AT.replace('7', '9')}"], [], True),
    ],
)
def test_who_asks_for_something_else_between_or_before_loops_over_it(
    before: Sequence[str], between: Sequence[str], *, waits: bool
) -> None:
    asked = f"{STATUS}|{ANSWER}{AT}"
    check(again(*before, *3 * [asked], *between, *3 * [asked]), waits=waits)


@pytest.mark.parametrize(
    ("via", "waits"), [("sqlalchemy:Job", True), ("sqlalchemy:Job.owner", False), ("sqlalchemy", False)]
)
def test_who_loads_an_object_anew_in_a_row_waits_for_it_to_change(via: str, *, waits: bool) -> None:
    check(again(*4 * [f"{JOB}|{ANSWER}{AT}|via={via}"]), waits=waits)


def test_most_repeats_of_a_finding_decide() -> None:
    polled = 6 * [f"{STATUS}|{ANSWER}{AT}"]
    loop = [f"{STATUS.replace('p1=1', f'p1={number}')}|{ANSWER}|at=b.py:1" for number in (2, 3, 2, 3, 2, 3, 2, 3)]
    check(again(*polled, *loop[:4]), waits=True)
    check(again(*polled, *loop), waits=False)


@pytest.mark.parametrize(
    ("sql", "is_said"),
    [("SELECT pg_try_advisory_lock(1)", True), ("SELECT CURRENT_TIMESTAMP", True), ("SELECT max(id) FROM t", False)],
)
def test_what_is_asked_for_no_table_may_do_something_each_time(sql: str, *, is_said: bool) -> None:
    found = again(*2 * [f"select|caller=work|sql={sql}|{ANSWER}"], f"select|caller=work|sql={sql}|{ANSWER}")
    assert found.confidence == ("likely" if is_said else "sure")
    assert ("no table is asked" in found.reason) == is_said


@pytest.mark.parametrize(
    ("caller", "lookup", "waits"),
    [
        ("wait_for_job", "select job|id=1", True),
        ("Worker.pollQueue", "select job|id=1", True),
        (None, "GET api|path=/jobs/1/status", True),
        ("show", "select job|sql=SELECT is_done FROM job", True),
        ("show", "select job|sql=SELECT name, is_done FROM job", False),
        ("show", "select job|sql=SELECT abandoned FROM job", False),
        ("stateful", "block|id=1", False),
    ],
)
def test_words_tell_who_may_wait(caller: str | None, lookup: str, *, waits: bool) -> None:
    assert may_wait(caller, lookup) == waits
