"""Fan-outs over few values: what proves that a loop over rows asks."""

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.coded_calls import report_of
from tests.measures.test_fanout import as_expected, as_figures
from tests.needs import examples
from tests.oracle import Process, find_processes, measure, read_lines
from tracereport.documents.terminal.brief import render_brief
from tracereport.model import FEW_VALUES, FanOut, Settings

RELATION = "via=sqlalchemy:Author.books|at=app/main.py:27"
PLAIN = "via=sqlalchemy|at=app/main.py:27"


def read(*lines: str) -> list[Process]:
    return find_processes(read_lines("\n".join(f"PERF_TRACE|{line}" for line in lines).encode()))


def request(*lines: str) -> list[Process]:
    """A test that makes one request, inside of which so many calls are made."""
    frames = "elapsed_us=9|frame=1|via"
    return read(
        f"0|test|caller=pytest|{frames}=pytest|parent=none",
        f"1|GET /authors|caller=test|{frames}=fastapi|parent=0",
        *(f"{number}|{line}" for number, line in enumerate(lines, start=2)),
    )


def authors(rows: int, parent: int = 1) -> str:
    return f"select authors|caller=list|elapsed_us=9|rows={rows}|via=sqlalchemy|at=app/main.py:26|parent={parent}"


def books(*values: int, said: str = RELATION, parent: int = 1, caller: str = "list") -> list[str]:
    return [f"select books|caller={caller}|id={id_}|elapsed_us=9|rows=2|{said}|parent={parent}" for id_ in values]


def fan_outs(processes: list[Process], least: int | None = None) -> list[FanOut]:
    return list(report_of(processes, Settings(fan_out_values=least)).fanouts.rows)


@pytest.mark.parametrize("rows", [2, 3, 4])
def test_a_relation_loaded_once_for_each_of_the_rows_before_is_sure(rows: int) -> None:
    (found,) = fan_outs(request(authors(rows), *books(*range(rows))))
    assert (found.distinct_values, found.avoidable_calls, found.confidence) == (rows, rows - 1, "sure")


@pytest.mark.parametrize(
    ("said", "rows", "values", "is_told"),
    [
        (PLAIN, 3, 3, True),
        (PLAIN, 4, 3, False),  # no sign: three ids of a form, say
        (PLAIN, 2, 2, False),  # one sign for two values
        (RELATION, 7, 3, True),
        (RELATION, 7, 2, False),
        (PLAIN.replace(":27", ":28"), 3, 3, True),
    ],
)
def test_three_values_need_one_sign_and_two_both(said: str, rows: int, values: int, is_told: bool) -> None:
    assert len(fan_outs(request(authors(rows), *books(*range(values), said=said)))) == is_told


def test_as_many_calls_as_rows_are_a_sign_where_several_rows_have_one_value() -> None:
    (found,) = fan_outs(request(authors(5), *books(1, 2, 3, 1, 2, said=PLAIN)))
    assert (found.distinct_values, found.calls, found.avoidable_calls) == (3, 5, 2)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([*books(1, 2, 3, said=PLAIN), authors(3)], id="rows behind them"),
        pytest.param(
            [authors(3), *(line.replace(":27", f":{n}") for n, line in enumerate(books(1, 2, 3)))], id="three lines"
        ),
        pytest.param([authors(3), *(line.replace("|at=app/main.py:27", "") for line in books(1, 2, 3))], id="no line"),
        pytest.param([authors(3, parent=0), *books(1, 2, 3, said=PLAIN)], id="rows that the test asks for"),
    ],
)
def test_without_a_sign_few_values_are_none(lines: list[str]) -> None:
    assert fan_outs(request(*lines)) == []


def test_rows_count_that_the_request_asked_for_before_its_template_was_rendered() -> None:
    render = "render list.html|caller=list|elapsed_us=9|frame=1|via=django|parent=1"
    (found,) = fan_outs(request(authors(3), render, *books(1, 2, 3, said=PLAIN, parent=3)))
    assert found.parent_function == "render list.html"


@pytest.mark.parametrize(
    ("run", "said", "is_told"), [("", PLAIN, False), ("|activation=4", PLAIN, True), ("", RELATION, True)]
)
def test_of_a_whole_test_both_signs_are_needed(run: str, said: str, *, is_told: bool) -> None:
    """A test may call one function three times; where the run of the caller is known, it can't."""
    lines = [f"{line}{run}" for line in (authors(3, parent=0), *books(1, 2, 3, said=said, parent=0))]
    assert len(fan_outs(request(*lines))) == is_told


def test_writes_row_by_row_are_told_by_the_rows_before() -> None:
    statement = "sql=UPDATE authors SET n = ?"
    writes = [f"update authors|caller=list|{statement}|p1={n}|elapsed_us=9|{PLAIN}|parent=1" for n in range(3)]
    (found,) = fan_outs(request(authors(3), *writes))
    assert (found.writes, found.avoidable_calls) == (True, 2)
    assert fan_outs(request(authors(4), *writes)) == []


def test_a_number_that_is_given_holds_everywhere() -> None:
    few = request(authors(3), *books(1, 2, 3))
    assert fan_outs(few, least=5) == []
    assert len(fan_outs(few)) == len(fan_outs(few, least=3)) == 1


def test_the_finding_says_why_few_values_are_enough() -> None:
    (finding,) = report_of(request(authors(3), *books(1, 2, 3)), Settings()).findings.rows
    assert finding.reason == ("all stand under one parent call; few values, but the records tell of a loop over rows")


def warnings(processes: list[Process], least: int | None = None) -> list[str]:
    report = report_of(processes, Settings(fan_out_values=least))
    return [f"{row.message} {row.remedy}" for row in report.quality.rows if row.code == FEW_VALUES]


def test_what_lacks_one_sign_is_told_with_what_would_prove_it() -> None:
    beside = books(1, 2, 3, said=PLAIN.replace(":27", ":30"), caller="show")
    (told,) = warnings(request(authors(4), *books(1, 2), *beside))
    assert told == (
        "`list` asks `select books` at `app/main.py:27` once for each of a few values, and so does 1 other place: "
        "too few to tell a loop over rows from chance. "
        "To prove one, record a test that has five rows or more there; fan-out-values = 2 takes all for one."
    )


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([authors(3), *books(1, 2, 3)], id="proven"),
        pytest.param([authors(3), *books(1, 2, said=PLAIN)], id="two values and no sign"),
        pytest.param(books(1, 2, 3, said="via=sqlalchemy|at=tests/test_it.py:3"), id="asked by a test"),
        pytest.param(books(1, 2, 3, said="via=sqlalchemy"), id="without a place"),
    ],
)
def test_nothing_is_told_where_it_is_proven_or_there_is_no_sign(lines: list[str]) -> None:
    assert warnings(request(*lines)) == []


def test_nothing_is_told_where_a_number_is_given() -> None:
    few = request(*books(1, 2, 3, said=PLAIN))
    assert (len(warnings(few)), warnings(few, least=5)) == (1, [])


def test_the_brief_report_tells_it_where_no_fan_out_is_found() -> None:
    few, proven = books(1, 2, 3, said=PLAIN), books(1, 2, 3, said=RELATION.replace(":27", ":40"))
    for lines, is_told in ((few, True), ([*few, *proven], False)):
        report = report_of(request(*lines), Settings())
        text = render_brief(report, width=200, colour=False, command=("tracereport a.log", ""))
        assert ("too few to tell a loop" in text) == is_told


class Asked(NamedTuple):
    """A call under one of three frames, the last of which lies inside the second, or under none."""

    function: str
    value: int
    parent: str
    rows: int
    via: str
    place: str
    run: str

    def line(self, number: int) -> str:
        said = f"rows={self.rows}|via={self.via}{self.place}{self.run}{self.parent}"
        return f"{number}|{self.function}|caller=list|id={self.value}|elapsed_us=9|{said}"


def draw_log(function: str) -> st.SearchStrategy[list[str]]:
    calls = st.builds(
        Asked,
        st.sampled_from(["select a", function, function]),
        st.integers(0, 3),
        st.sampled_from(["|parent=0", "|parent=1", "|parent=2", "|parent=2", "|parent=2", "|parent=none"]),
        st.integers(0, 4),
        st.sampled_from(["django", "django:A.b"]),
        st.sampled_from(["|at=x.py:1", "|at=x.py:1", "|at=x.py:1", "|at=x.py:2", ""]),
        st.sampled_from(["", "", "", "", "|activation=1"]),
    )
    frames = [f"{n}|GET|caller=x|elapsed_us=9|frame=1" for n in range(3)]
    return st.builds(
        lambda calls, vias, is_tree: [
            line if is_tree else line.split("|parent=")[0]
            for line in (
                f"{frames[0]}|via={vias[0]}|parent=none",
                f"{frames[1]}|via={vias[1]}|parent=0",
                f"{frames[2]}|via={vias[2]}|parent=1",
                *(call.line(number) for number, call in enumerate(calls, start=3)),
            )
        ],
        st.lists(calls, min_size=3, max_size=14),
        st.tuples(*[st.sampled_from(["django", "django", "pytest"])] * 3),
        st.sampled_from([True, True, True, False]),
    )


@given(st.sampled_from(["select b", "update c"]).flatmap(draw_log))
@settings(max_examples=examples(300), deadline=None)
def test_fan_outs_over_few_values_are_the_definitions(lines: list[str]) -> None:
    processes = read(*lines)
    found = report_of(processes, Settings()).fanouts
    expected = measure(processes)["fanouts"]
    assert sorted(map(repr, map(as_figures, found.rows))) == sorted(map(repr, map(as_expected, expected)))
