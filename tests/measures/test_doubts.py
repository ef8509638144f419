"""Loops whose keys may not be known before are no more than likely one batch."""

from collections.abc import Sequence

import pytest

from tests.coded_calls import report_on
from tracereport.calls.chains import (
    NO_LINK,
    TO_MANY,
    TO_ONE,
    UNKNOWN_COLUMNS,
    find_link,
    leads_elsewhere,
    proves_existence,
)
from tracereport.calls.lookup_text import encode_lookup
from tracereport.model import Finding

STEP = "SELECT next_id, name FROM pages WHERE id = ?"
BOOK = "SELECT name FROM books WHERE id = ?"
FREE = "SELECT 1 FROM pages WHERE slug = ?"
BELOW = "SELECT id FROM pages WHERE parent_id = ?"


def lookup(statement: str) -> str:
    return encode_lookup("select pages", (("sql", statement), ("p1", "1")))


@pytest.mark.parametrize(
    ("statement", "link"),
    [
        (STEP, TO_ONE),
        ("SELECT page.id AS page_id, page.next_id AS page_next_id \nFROM page \nWHERE page.id = ?", TO_ONE),
        ('SELECT "shop_page"."id", "shop_page"."parent_page_id" FROM "shop_page" WHERE "shop_page"."id" = %s', TO_ONE),
        ("select manager from staff s where s.id = $1 limit 1", TO_ONE),
        ("SELECT node.id, node.parent_id FROM node WHERE node.id IN (?)", TO_ONE),
        ("SELECT node.id, node.parent_id FROM node WHERE node.id IN (?, ?)", NO_LINK),
        ("SELECT replyToId FROM notes WHERE id = 7", TO_ONE),
        (BELOW, TO_MANY),
        ("SELECT node.id AS node_id \nFROM node \nWHERE ? = node.parent_id", TO_MANY),
        ("SELECT node.id, node.parent_id FROM node WHERE node.id = :pk_1", TO_ONE),
        ("SELECT id FROM pages WHERE deleted = 0 AND parent = %s ORDER BY id", TO_MANY),
        (BOOK, NO_LINK),
        ("SELECT next_run_at FROM jobs WHERE id = ?", NO_LINK),
        ("SELECT * FROM pages WHERE id = ?", UNKNOWN_COLUMNS),
        ("SELECT p.* FROM pages p WHERE p.id = ?", UNKNOWN_COLUMNS),
        ("SELECT * FROM pages WHERE slug = ?", NO_LINK),
        ("SELECT id, parent_id FROM pages WHERE slug = ?", NO_LINK),
        ("SELECT id, next_slug FROM pages WHERE slug = ?", TO_ONE),
        ("SELECT id, parent FROM pages WHERE name = ?", TO_ONE),
        ("SELECT uuid, parent_id FROM pages WHERE page_uuid = ?", TO_ONE),
        ("SELECT count(*) FROM pages WHERE id = ?", NO_LINK),
        ("SELECT pages.next_id FROM pages JOIN users ON users.id = pages.user_id WHERE pages.id = ?", NO_LINK),
        ("SELECT parent_id FROM pages WHERE id > ?", NO_LINK),
        ("UPDATE pages SET next_id = ? WHERE id = ?", NO_LINK),
    ],
)
def test_a_chain_is_told_by_the_columns_that_refer_to_rows_of_the_same_table(statement: str, link: int) -> None:
    assert find_link(lookup(statement)) == link


def test_a_call_without_a_statement_is_no_chain() -> None:
    assert find_link("load_parent|parent_id=1") == NO_LINK
    assert not proves_existence("exists|id=1")


def loop(statement: str, answers: Sequence[str], *before: str, at: str = "at=a.py:1") -> Finding:
    """The only fan-out of a page that asks the statement once for each answer, behind what was asked before."""
    lines = ["0|page|caller=main|elapsed_us=99|parent=none"]
    lines += [f"{number}|{what}|parent=0" for number, what in enumerate(before, 1)]
    for number, answer in enumerate(answers, len(lines)):
        place = at.replace("N", str(number))
        asked = f"{number}|select pages|caller=page|sql={statement}|p1={number}|elapsed_us=9"
        lines.append(f"{asked}|{answer}|{place}|parent=0")
    (found,) = (row for row in report_on(*lines).findings.rows if row.kind == "fan-out")
    return found


LIST = "select authors|caller=page|sql=SELECT id FROM authors|elapsed_us=9|rows={rows}|digest=9{rows}"
EACH = [f"rows=1|digest={number}123456789" for number in range(1, 7)]


@pytest.mark.parametrize(
    ("statement", "answers", "before", "confidence"),
    [
        (STEP, EACH, None, "likely"),
        (STEP, EACH, 5, "likely"),
        (STEP, EACH, 6, "sure"),
        (STEP, EACH, 70, "sure"),
        (BOOK, EACH, None, "sure"),
        (STEP, [*EACH, "rows=2|digest=7123456789"], None, "sure"),
        (BELOW, [*EACH, "rows=2|digest=7123456789"], None, "likely"),
        (STEP, [*EACH, "digest=7123456789"], None, "sure"),
        (STEP, [*EACH, "rows=0|digest=7123456789"], None, "likely"),
        (STEP, [*EACH[:3], "rows=0|digest=7123456789", *EACH[3:]], None, "sure"),
    ],
)
def test_keys_that_no_question_before_can_have_given_may_come_from_the_answer_before(
    statement: str, answers: Sequence[str], before: int | None, confidence: str
) -> None:
    found = loop(statement, answers, *([] if before is None else [LIST.format(rows=before)]))
    assert found.confidence == confidence
    assert ("recursive query" in found.reason) == (confidence == "likely")


@pytest.mark.parametrize(
    ("inserts", "confidence"),
    [
        ("INSERT INTO pages (id, next_id) VALUES (?, ?)", "likely"),
        ('insert or ignore into "pages"(\n"id", "parent")\nvalues (?, ?)', "likely"),
        ("INSERT INTO pages (id, name) VALUES (?, ?)", "sure"),
        ("INSERT INTO nodes (id, next_id) VALUES (?, ?)", "sure"),
        ("INSERT INTO pages VALUES (?, ?)", "sure"),
    ],
)
def test_of_all_columns_those_count_that_inserts_name(inserts: str, confidence: str) -> None:
    filled = f"insert pages|caller=page|sql={inserts}|p1=1|p2=2|elapsed_us=9|rows=1"
    star = "SELECT * FROM pages WHERE id = ?"
    assert loop(star, EACH, filled).confidence == confidence


def test_another_process_may_have_other_columns() -> None:
    """Two processes of one log may be two programs."""
    star = "SELECT * FROM pages WHERE id = ?"
    filled = (
        "0|insert pages|caller=main|sql=INSERT INTO pages (id, next_id) VALUES (?, ?)|p1=1|elapsed_us=9|parent=none"
    )
    top = "0|page|caller=main|elapsed_us=99|parent=none"
    lines = [f"{n}|select pages|caller=page|sql={star}|p1={n}|elapsed_us=9|rows=1|parent=0" for n in range(1, 7)]
    (found,) = (row for row in report_on(filled, top, *lines).findings.rows if row.kind == "fan-out")
    assert found.confidence == "sure"


@pytest.mark.parametrize(
    ("via", "statement", "is_other"),
    [
        ("sqlalchemy:Book.page", STEP, True),
        ("django:shop.OrderLine.page", STEP, True),
        ("sqlalchemy:Page.next", STEP, False),
        ("sqlalchemy:Node.parent", STEP, False),
        ("sqlalchemy", STEP, False),
        ("sqlalchemy:Book.page", "SELECT 1", False),
    ],
)
def test_a_relation_may_lead_from_another_table(via: str, statement: str, *, is_other: bool) -> None:
    assert leads_elsewhere(via, lookup(statement)) == is_other


@pytest.mark.parametrize(
    ("vias", "confidence"),
    [
        (["sqlalchemy:Book.page"], "sure"),
        (["sqlalchemy:Page.next"], "likely"),
        (["sqlalchemy", "sqlalchemy:Book.page"], "likely"),
        (["sqlalchemy"], "likely"),
    ],
)
def test_rows_that_another_table_refers_to_are_no_chain(vias: Sequence[str], confidence: str) -> None:
    answers = [f"{answer}|via={vias[index % len(vias)]}" for index, answer in enumerate(EACH)]
    assert loop(STEP, answers).confidence == confidence


COUNT = "SELECT COUNT(*) FROM books WHERE slug = ?"
NONE, LAST = "rows=0|digest=5", "rows=1|digest=7"


@pytest.mark.parametrize(
    ("statement", "answers", "confidence"),
    [
        (BOOK, [*6 * [NONE], LAST], "likely"),
        (BOOK, [*6 * ["found=0"], "found=1"], "likely"),
        (BOOK, [*6 * ["rows=0"], "rows=1", "rows=0"], "sure"),
        (BOOK, 6 * [NONE], "sure"),
        (BOOK, [*6 * ["rows=1|digest=5"], "rows=0|digest=7"], "likely"),
        (BOOK, [*6 * ["rows=1|digest=5"], "rows=1|digest=7"], "sure"),
        (FREE, [*6 * ["rows=1|digest=5"], "rows=0|digest=7"], "likely"),
        (COUNT, [*6 * ["rows=1|digest=5"], LAST], "likely"),
        ("SELECT EXISTS (SELECT * FROM t WHERE id = ?)", [*6 * ["rows=1|digest=5"], LAST], "likely"),
        (BOOK, [*EACH, NONE], "likely"),
        (BOOK, [*EACH[:3], NONE, *EACH[3:], NONE], "sure"),
        (BOOK, [*EACH[:3], NONE, *EACH[3:]], "sure"),
    ],
)
def test_a_loop_may_end_where_an_answer_differs_for_the_first_time(
    statement: str, answers: Sequence[str], confidence: str
) -> None:
    found = loop(statement, answers)
    assert found.confidence == confidence
    assert ("until one fits" in found.reason) == (confidence == "likely")


@pytest.mark.parametrize(
    ("asked", "answers", "confidence"),
    [
        ("GET api|path=/files?at=N", [*6 * ["status=404|bytes=0"], "status=200|bytes=0"], "likely"),
        ("GET api|path=/files?at=N", [*6 * ["status=200|bytes=0"], "status=200|bytes=7"], "sure"),
        ("set redis|p1=slot:N|p2=me|p3=NX", [*6 * ["found=0|write=redis"], "found=1|write=redis"], "likely"),
        ("set redis|p1=slot:N|p2=me|p3=NX", 7 * ["found=0|write=redis"], "sure"),
        ("update slot|sql=UPDATE slot SET taken = 1 WHERE id = ?|p1=N", [*6 * ["rows=0"], "rows=1"], "likely"),
        ("update slot|sql=UPDATE slot SET taken = 1 WHERE id = ?|p1=N", [*6 * ["rows=1"], "rows=2"], "sure"),
    ],
)
def test_a_server_or_a_write_may_be_tried_until_one_fits(asked: str, answers: Sequence[str], confidence: str) -> None:
    function, _, params = asked.partition("|")
    lines = ["0|page|caller=main|elapsed_us=99|parent=none"]
    lines += [
        f"{n}|{function}|caller=page|{params.replace('N', str(n))}|elapsed_us=9|{answer}|parent=0"
        for n, answer in enumerate(answers, 1)
    ]
    (found,) = (row for row in report_on(*lines).findings.rows if row.kind == "fan-out")
    assert found.confidence == confidence


@pytest.mark.parametrize(("rows", "confidence"), [(6, "likely"), (7, "sure"), (8, "likely")])
@pytest.mark.parametrize("answers", [[*6 * [NONE], LAST], [*EACH, NONE]])
def test_a_loop_over_all_rows_ends_where_these_do(answers: Sequence[str], rows: int, confidence: str) -> None:
    assert loop(BOOK, answers, LIST.format(rows=rows)).confidence == confidence


def test_what_is_loaded_of_rows_is_loaded_of_all() -> None:
    answers = [f"{answer}|via=sqlalchemy:Author.books" for answer in [*6 * [NONE], LAST]]
    assert loop(BOOK, answers).confidence == "sure"


@pytest.mark.parametrize(
    ("statement", "confidence"),
    [
        ("SELECT pg_try_advisory_lock(?)", "likely"),
        ("SELECT upper(?) || 'from'", "likely"),
        ("SELECT price(id) FROM books WHERE id = ?", "sure"),
    ],
)
def test_what_the_database_itself_is_asked_may_do_something(statement: str, confidence: str) -> None:
    lines = ["0|page|caller=main|elapsed_us=99|parent=none"]
    lines += [
        f"{n}|select|caller=page|sql={statement}|p1={n}|elapsed_us=9|rows=1|digest={n}|parent=0" for n in range(1, 8)
    ]
    (found,) = (row for row in report_on(*lines).findings.rows if row.kind == "fan-out")
    assert found.confidence == confidence
    assert ("for no table" in found.reason) == (confidence == "likely")


@pytest.mark.parametrize(("place", "confidence"), [("at=a.py:N", "likely"), ("at=a.py:1", "sure"), ("rows=1", "sure")])
def test_lines_that_ask_once_each_are_no_loop(place: str, confidence: str) -> None:
    found = loop(BOOK, EACH, at=place)
    assert found.confidence == confidence
    assert ("line of its own" in found.reason) == (confidence == "likely")


@pytest.mark.parametrize(
    ("beside", "before", "confidence"),
    [
        (["user:1", "cart:2", "stock:3", "bill:4"], None, "likely"),
        (["user:1", "", "stock:3", ""], None, "likely"),
        (["user:1", "", "", ""], None, "sure"),
        (["", "", "", ""], None, "sure"),
        (["user:1", "cart:2", "stock:3", "user:1"], None, "sure"),
        (["user:1", "user:2", "user:3", "user:4"], None, "likely"),
        (["user:1", "cart:2", "stock:3", "bill:4"], 5, "sure"),  # a loop over these rows
        (["user:", "cart:", "stock:", "bill:"], None, "sure"),
    ],
)
def test_who_does_something_else_each_time_in_between_may_be_no_loop(
    beside: Sequence[str], before: int | None, confidence: str
) -> None:
    lines = [] if before is None else [LIST.format(rows=before)]
    for number, answer in enumerate(EACH[:5]):
        lines.append(f"insert log|caller=note|p1={number}|elapsed_us=9|{answer}|at=a.py:7")
        if number < len(beside) and beside[number]:
            what, line = beside[number].split(":")
            lines.append(f"select {what}|caller=page|elapsed_us=9|rows=1" + f"|at=b.py:{line}" * bool(line))
    told = [f"{number}|{line}|parent=0" for number, line in enumerate(lines, 1)]
    report = report_on("0|page|caller=main|elapsed_us=99|parent=none", *told)
    (found,) = (row for row in report.findings.rows if row.kind == "fan-out" and row.function == "insert log")
    assert found.confidence == confidence
    assert ("something else is done" in found.reason) == (confidence == "likely")


def test_of_a_finding_those_loops_count_that_are_sure() -> None:
    lines = []
    for page, answers in enumerate([[*5 * ["rows=0"], "rows=1"], EACH]):
        top = 10 * page
        lines.append(f"{top}|page|caller=main|elapsed_us=99|parent=none")
        lines += [
            f"{top + number}|select books|caller=page|sql={BOOK}|p1={top + number}|elapsed_us=9|{answer}|parent={top}"
            for number, answer in enumerate(answers, 1)
        ]
    (found,) = (row for row in report_on(*lines).findings.rows if row.kind == "fan-out")
    assert (found.confidence, found.calls, found.reason) == ("sure", 6, "all stand under one parent call")
