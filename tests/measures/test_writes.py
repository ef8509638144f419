"""Writes: what they are, what they touch, and writing row by row. Each figure is worked out by hand."""

from pathlib import Path

import pytest

from tests.coded_calls import report_on
from tracereport.engine.report import make_report
from tracereport.model import FanOut, Finding, Report, Settings
from tracereport.sources.perf_trace.reader import read_log

INSERT = "sql=INSERT INTO books (title, pages) VALUES (?, ?)"


def rows_written(
    *values: tuple[str, str], said: str = "parent=0", shape: str = "insert books|caller=load_shelf"
) -> Report:
    """A shelf of books, written row by row."""
    lines = (
        f"{number}|{shape}|{INSERT}|p1={title}|p2={pages}|elapsed_us=40|{said}"
        for number, (title, pages) in enumerate(values, start=1)
    )
    return report_on(*lines, "0|load_shelf|caller=unknown|elapsed_us=900|parent=none")


ALL_DIFFER = [(f"title {number}", str(number)) for number in range(6)]
PAGES_REPEAT = [(f"title {number}", str(number % 2)) for number in range(6)]
ALL_EQUAL = [("title", "1")] * 6


def one_finding(report: Report) -> Finding:
    (finding,) = report.findings.rows
    return finding


@pytest.mark.parametrize("values", [ALL_DIFFER, PAGES_REPEAT, ALL_EQUAL])
def test_writing_row_by_row_is_the_same_finding_whatever_the_rows_hold(values: list[tuple[str, str]]) -> None:
    report = rows_written(*values)
    finding = one_finding(report)
    assert (finding.kind, finding.function, finding.callers) == ("fan-out", "insert books", ("load_shelf",))
    assert (finding.writes, finding.varying_params) == (True, ())
    assert (finding.calls, finding.calls_saved, finding.avoidable_calls, finding.confidence) == (6, 5, 5, "sure")
    assert finding.fingerprint == one_finding(rows_written(*ALL_DIFFER)).fingerprint
    (row,) = report.fanouts.rows
    assert (row.writes, row.calls, row.avoidable_calls, row.varying_params) == (True, 6, 5, ())
    assert row.parent is not None
    assert (row.parent.number, row.parent_function) == (0, "load_shelf")


def test_a_write_is_no_question() -> None:
    totals = rows_written(*ALL_EQUAL).totals
    assert (totals.calls, totals.writes, totals.questions, totals.judged_questions) == (7, 6, 1, 1)
    assert (totals.judged_calls, totals.redundant_calls, totals.redundant_rate) == (7, 0, 0.0)


def test_the_ordinal_of_an_older_hook_makes_no_write_another() -> None:
    lines = [f"{n}|insert books|caller=load_shelf|{INSERT}|p1=t|write={n}|elapsed_us=40|parent=0" for n in range(1, 7)]
    report = report_on(*lines, "0|load_shelf|caller=unknown|elapsed_us=900|parent=none")
    assert (one_finding(report).calls_saved, one_finding(report).param_names) == (5, ("sql", "p1"))


def test_few_writes_are_no_loop() -> None:
    assert rows_written(*ALL_DIFFER[:4]).findings.total == 0
    assert one_finding(rows_written(*ALL_DIFFER[:5])).calls_saved == 4


def test_two_statements_are_two_groups_of_one_finding() -> None:
    other = "sql=INSERT INTO books (title, pages) VALUES (?, 0)"
    lines = [
        f"{number}|insert books|caller=load_shelf|{INSERT if number <= 5 else other}|p1=t|elapsed_us=40|parent=0"
        for number in range(1, 12)
    ]
    report = report_on(*lines, "0|load_shelf|caller=unknown|elapsed_us=900|parent=none")
    told = {row.calls: [f"{param.name}={param.value}" for param in row.fixed_params] for row in report.fanouts.rows}
    assert told == {5: [INSERT], 6: [other]}
    assert one_finding(report).calls_saved == 4 + 5


def test_writes_under_two_parents_are_two_groups() -> None:
    lines = []
    for parent in (0, 10):
        lines += [
            f"{parent + n}|insert books|caller=load_shelf|p1=t|elapsed_us=40|parent={parent}" for n in range(1, 6)
        ]
        lines.append(f"{parent}|load_shelf|caller=unknown|room={parent}|elapsed_us=900|parent=none")
    assert one_finding(report_on(*lines)).calls_saved == 4 + 4


def test_of_writes_whose_parent_is_not_known_no_more_is_said_than_that_they_are_many() -> None:
    lines = [f"{number}|insert books|caller=load_shelf|p1=t|elapsed_us=40" for number in range(6)]
    finding = one_finding(report_on(*lines))
    assert (finding.confidence, finding.calls_saved) == ("low", 5)


def updates(*lines: str) -> FanOut:
    (row,) = report_on(*lines, "0|touch|caller=unknown|elapsed_us=900|parent=none").fanouts.rows
    return row


@pytest.mark.parametrize(
    "shape",
    [
        "update books|caller=touch",
        "Delete books|caller=touch",
        "run|caller=touch|sql=UPDATE books SET title = title",
        "run|caller=touch|sql=  replace into books values (1)",
        "run|caller=touch|sql=MERGE INTO books USING news ON 1 = 1",
    ],
)
def test_a_write_is_told_by_its_statement_or_its_name(shape: str) -> None:
    row = updates(*(f"{number}|{shape}|elapsed_us=40|parent=0" for number in range(1, 7)))
    assert (row.writes, row.avoidable_calls) == (True, 5)


@pytest.mark.parametrize("said", ["write=1", "write=books"])
def test_a_write_is_told_by_its_line(said: str) -> None:
    row = updates(*(f"{number}|save|caller=touch|elapsed_us=40|{said}|parent=0" for number in range(1, 7)))
    assert (row.writes, row.avoidable_calls) == (True, 5)


@pytest.mark.parametrize(
    "shape",
    [
        "select books|caller=touch",
        "run|caller=touch|sql=SELECT title FROM books",
        "run|caller=touch|sql=WITH last AS (SELECT 1) SELECT * FROM last",
        "update|caller=touch",
        "update all books|caller=touch",
        "update_books|caller=touch",
    ],
)
def test_other_statements_and_names_are_questions(shape: str) -> None:
    report = report_on(*(f"{number}|{shape}|elapsed_us=40" for number in range(2)))
    assert (report.totals.writes, report.totals.judged_questions, report.totals.redundant_calls) == (0, 2, 1)


@pytest.mark.parametrize(
    ("write", "may_have_changed"),
    [
        ("update books|p1=t|elapsed_us=40", 1),
        ('run|sql=UPDATE "Books" SET title = ?|elapsed_us=40', 1),
        ("run|sql=DELETE FROM ONLY books WHERE id = ?|elapsed_us=40", 1),
        ("save|elapsed_us=40|write=books", 1),
        ("save|elapsed_us=40|write=Books", 1),
        ("save|elapsed_us=40|write=1", 1),
        ("update authors|elapsed_us=40", 0),
        ("save|elapsed_us=40|write=authors", 0),
        ("select books|p1=t|elapsed_us=40", 0),
    ],
)
@pytest.mark.parametrize("question", ["select books|id=1", "run|sql=SELECT b.title FROM books b WHERE b.id = ?|p1=1"])
def test_a_write_touches_what_it_names(write: str, may_have_changed: int, question: str) -> None:
    report = report_on(f"0|{question}|elapsed_us=40", f"1|{write}", f"2|{question}|elapsed_us=40")
    assert report.totals.may_have_changed_repeats == may_have_changed


def test_a_table_is_one_however_line_and_statement_write_it(tmp_path: Path) -> None:
    log = tmp_path / "shop.log"
    log.write_text(
        "PERF_TRACE|0|run|sql=SELECT title FROM books|elapsed_us=40\n"
        "PERF_TRACE|1|save|elapsed_us=40|write=Books\n"
        "PERF_TRACE|2|run|sql=SELECT title FROM books|elapsed_us=40\n"
    )
    assert make_report(read_log([str(log)]), Settings(), "shop").totals.may_have_changed_repeats == 1


def test_a_question_that_names_no_table_asks_its_function() -> None:
    question = "load_page|id=1|elapsed_us=40"
    for resource, expected in (("load_page", 1), ("pages", 0)):
        report = report_on(f"0|{question}", f"1|save_page|elapsed_us=40|write={resource}", f"2|{question}")
        assert report.totals.may_have_changed_repeats == expected


def test_only_a_write_between_the_two_counts() -> None:
    question, write = "select books|id=1|elapsed_us=40", "update books|id=1|elapsed_us=40"
    report = report_on(
        f"0|{write}", f"1|{question}", f"2|{question}", f"3|{write}", "4|select books|id=2|elapsed_us=40"
    )
    assert (report.totals.unproven_repeats, report.totals.may_have_changed_repeats) == (1, 0)


JOINED = (
    "SELECT b.title FROM books b JOIN authors a ON a.id = b.author",
    "SELECT b.title FROM books AS b, shops, authors WHERE b.author = authors.id",
    "SELECT title FROM books WHERE author IN (SELECT id FROM ONLY authors)",
    'SELECT b.title FROM books b left join "Authors" a on a.id = b.author',
)


@pytest.mark.parametrize("statement", JOINED)
@pytest.mark.parametrize(("written", "stands_between"), [("authors", True), ("books", True), ("readers", False)])
def test_a_write_to_any_table_that_a_question_joins_stands_in_between(
    statement: str, written: str, stands_between: bool
) -> None:
    report = report_on(
        f"0|ask|caller=page|sql={statement}|elapsed_us=5|rows=1",
        f"1|update {written}|caller=page|name=x|elapsed_us=5|rows=1",
        f"2|ask|caller=page|sql={statement}|elapsed_us=5|rows=1",
    )
    (finding,) = report.findings.rows
    assert (finding.repeats, finding.unchanged) == (1, 1)
    assert (finding.own_calls, finding.handed_on_calls) == ((0, 1) if stands_between else (1, 0))


def test_a_table_in_a_value_is_not_read() -> None:
    report = report_on(
        "0|ask|caller=page|sql=SELECT 1 FROM books|p1=from authors|elapsed_us=5|rows=1",
        "1|change|caller=page|sql=UPDATE authors SET name = ?|elapsed_us=5|rows=1",
        "2|ask|caller=page|sql=SELECT 1 FROM books|p1=from authors|elapsed_us=5|rows=1",
    )
    assert report.findings.rows[0].own_calls == 1


def test_a_write_that_failed_may_have_changed_what_it_names_and_is_in_no_fan_out() -> None:
    failed = [f"{number}|insert books|caller=load|{INSERT}|p1={number}|elapsed_us=5|failed=1" for number in range(1, 8)]
    asked = "|select books|caller=page|sql=SELECT title FROM books|elapsed_us=5|title=1"
    report = report_on(f"0{asked}", *failed, f"8{asked}")
    assert report.fanouts.total == 0
    (finding,) = report.findings.rows
    assert (finding.repeats, finding.own_calls, finding.handed_on_calls) == (1, 0, 1)
