"""What an SQL statement looks like as a call, whichever hook writes it: name, text, kind, table, database, schema."""

from pathlib import Path
from typing import Any

import pytest

from tests.tracing import tracing
from tracereport import emit
from tracereport.emit.statements import (
    Databases,
    Session,
    begin_statement,
    describe,
    name_many,
    name_values,
    record_answer,
)


def begin(sql: str, *values: tuple[str, object]) -> emit.Call:
    return begin_statement(describe(sql), values, ("sqlalchemy",), via="test")


READ, NOTHING = "read", "nothing"


@pytest.mark.parametrize(
    ("sql", "name", "kind"),
    [
        ("  SELECT a\n FROM  b", "select b", READ),
        ('(SELECT 1 FROM "main"."B" JOIN c)', "select main.B", READ),
        ("SELECT EXTRACT(year FROM placed) FROM orders", "select orders", READ),
        ("SELECT * FROM (SELECT 1 FROM inside) AS x", "select inside", READ),
        ("SELECT 'from nowhere' AS a FROM b", "select b", READ),
        ("SELECT a FROM b FOR UPDATE", "select b", READ),
        ("WITH x AS (SELECT 1 FROM d) SELECT * FROM x", "with d", READ),
        ("WITH x AS (DELETE FROM d RETURNING *) SELECT * FROM x", "with d", "d"),
        ("WITH x AS (SELECT 1 FROM a) INSERT INTO b SELECT * FROM x", "with a", "b"),
        ("INSERT INTO `e` VALUES (1)", "insert e", "e"),
        ('INSERT OR IGNORE INTO "e f" VALUES (1)', "insert e f", "e f"),
        ("INSERT INTO a SELECT * FROM b", "insert a", "a"),
        ("UPDATE ONLY f SET a = (SELECT max(a) FROM g)", "update f", "f"),
        ("DELETE FROM shop.f WHERE a = 1", "delete shop.f", "shop.f"),
        ("TRUNCATE f", "truncate f", "f"),
        ("MERGE INTO a USING b ON a.id = b.id", "merge a", "a"),
        ("REPLACE INTO a VALUES (1)", "replace a", "a"),
        ("CALL close_month()", "call close_month", "1"),
        ("COPY books (id) FROM STDIN", "copy books", "books"),
        ("copy binary shop.books from '/x'", "copy shop.books", "shop.books"),
        ("COPY books TO STDOUT (FORMAT csv)", "copy books", READ),
        ("COPY (SELECT a FROM books) TO PROGRAM 'x'", "copy books", READ),
        ("COPY (DELETE FROM books RETURNING id) TO STDOUT", "copy books", "books"),
        ("CREATE TABLE IF NOT EXISTS g (a)", "create g", NOTHING),
        ("SAVEPOINT s1", "savepoint", NOTHING),
        ("ROLLBACK TO SAVEPOINT s1", "rollback", NOTHING),
        ("BEGIN", "begin", NOTHING),
        ("PRAGMA foreign_keys", "pragma", NOTHING),
        ("SET search_path TO tenant", "set", NOTHING),
        ("SELECT name FROM sqlite_master WHERE type = 'table'", "select sqlite_master", NOTHING),
        ("SELECT 1 FROM pg_catalog.pg_class", "select pg_catalog.pg_class", NOTHING),
        ("SELECT * FROM information_schema.tables", "select information_schema.tables", NOTHING),
        ("SELECT version_num FROM alembic_version", "select alembic_version", NOTHING),
        ('INSERT INTO "django_migrations" VALUES (1)', "insert django_migrations", NOTHING),
        ("SELECT 1", "select", READ),
        ("EXPLAIN SELECT 1 FROM a", "explain a", READ),
        ("", "statement", "1"),
        ("-- from b it's\n /* delete; from c\n */ (SELECT 1 FROM d)", "select d", READ),
        ("/* only this", "statement", "1"),
    ],
)
def test_statements_are_named_by_verb_and_table_and_told_apart_by_what_they_do(
    tmp_path: Path, sql: str, name: str, kind: str
) -> None:
    with tracing(tmp_path) as calls:
        begin(sql).finish()
    described = describe(sql)
    assert described.name == name
    assert described.text in " ".join(sql.split())
    assert described.is_read is (kind == READ or (kind == NOTHING and name.startswith("select")))
    assert [(call.function, call.params[0][1]) for call in calls] == [(name, described.text)] * (kind != NOTHING)
    assert [call.reserved.get("write") for call in calls] == [kind if kind != READ else None] * (kind != NOTHING)


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("/* 1 */ SELECT\n  'a  b''c\nd' ", "SELECT 'a  b''c\nd'"),
        ("-- 2\nSELECT 'a  b''c\nd'", "SELECT 'a  b''c\nd'"),
        ('SELECT `a  b`, "c  d"', 'SELECT `a  b`, "c  d"'),
        ("SELECT a /* where */ FROM b -- at the end", "SELECT a FROM b"),
        ("SELECT a FROM b /*traceparent='00-ab-01',route='/x'*/", "SELECT a FROM b"),
        ("SELECT '/* no  comment */', '-- nor  this' FROM b", "SELECT '/* no  comment */', '-- nor  this' FROM b"),
        (
            "SELECT /*+ INDEX(a  b) */ 1 /*!40001 SQL_NO_CACHE */",
            "SELECT /*+ INDEX(a  b) */ 1 /*!40001 SQL_NO_CACHE */",
        ),
        ("SELECT $$ it's  -- text $$, $a$ $$  $a$", "SELECT $$ it's  -- text $$, $a$ $$  $a$"),
        ("SELECT 5--3", "SELECT 5--3"),
        (r"SELECT 'it\'s  -- text'  ", r"SELECT 'it\'s  -- text'"),
    ],
)
def test_comments_are_no_part_of_the_question_and_what_is_quoted_stands_as_it_is(sql: str, text: str) -> None:
    assert describe(sql).text == text


def test_bytes_are_bytes_whatever_a_driver_holds_them_in(tmp_path: Path) -> None:
    kinds = (bytes, bytearray, memoryview)
    held = [kind(bytearray(b"a|b")) for kind in kinds]
    assert {str(name_values([value])) + str(name_values({"p1": value})) for value in held} == {
        2 * "[('p1', b'a|b')]",
    }
    assert len({str(name_many([[value], [value]])) for value in held}) == 1
    with tracing(tmp_path) as calls:
        for value in held:
            call = emit.begin("select", [], None)
            record_answer(call, [(1, value)])
            call.finish()
    assert len({call.metrics["digest"] for call in calls}) == 1


def test_rows_that_cannot_be_printed_are_counted(tmp_path: Path) -> None:
    class Unprintable:
        def __repr__(self) -> str:
            raise RuntimeError

    with tracing(tmp_path) as calls, emit.begin("select", []) as call:
        record_answer(call, [(Unprintable(),)])
    assert calls[0].metrics == {"rows": 1}


@pytest.mark.parametrize(
    ("module", "caller"), [("sqlalchemy_demo", "ask"), ("sqlalchemy", None), ("sqlalchemy.orm", None), (None, "ask")]
)
def test_only_the_library_s_own_packages_are_no_callers(tmp_path: Path, module: str | None, caller: str | None) -> None:
    names: dict[str, Any] = {"begin": begin_statement, "select": describe("SELECT 1"), "__name__": module}
    exec("def ask(): begin(select, [], ('sqlalchemy',), via='test').finish()", names)  # noqa: S102  # in a module of that name
    with tracing(tmp_path) as calls:
        names["ask"]()
    here = "test_only_the_library_s_own_packages_are_no_callers"
    assert [call.caller for call in calls] == [caller or here]


def test_the_first_database_has_no_name_and_the_others_have_one_each() -> None:
    databases = Databases()
    named = [
        databases.name(key, name) for key, name in ((1, "shop"), (2, "shop"), (3, "shop"), (4, "log"), (1, "shop"))
    ]
    assert named == [None, "shop", "shop 2", "log", None]


def test_a_database_that_a_test_makes_for_itself_stands_for_the_first() -> None:
    databases = Databases()

    def ask(test: str, *names: str) -> list[str | None]:
        emit.name_test(test)
        return [databases.name(name, name.rstrip("0123456789")) for name in names]

    try:
        assert ask("a", "shop1", "log1", "shop1") == [None, "log", None]
        assert ask("b", "shop2", "log2") == [None, "log"]
        assert ask("c", "shop3") == [None]
        # The first of all keeps its place, unless another one has it in this test.
        assert ask("d", "shop1", "shop4") == [None, "shop"]
        assert ask("e", "shop5", "shop1", "shop6") == [None, "shop", "shop 2"]
        assert ask("f", "log1", "shop1") == ["log", None]
    finally:
        emit.name_test(None)


@pytest.mark.parametrize(
    ("sql", "schema"),
    [
        ("SET search_path TO tenant_a, public", "tenant_a, public 7"),
        ("set local search_path = tenant_a", "tenant_a 7"),
        ("SET ROLE reader", "reader 7"),
        ("USE shop", "shop 7"),
        ("ALTER SESSION SET CURRENT_SCHEMA = shop", "shop 7"),
        ("SELECT set_config('search_path', %s, false)", "'search_path', %s, false) 7"),
        ("SET search_path TO %s", "%s 7"),
        ("SET statement_timeout = 5", "before"),
        ("SELECT 1", "before"),
        ("RESET search_path", None),
        ("DISCARD ALL", None),
    ],
)
def test_a_schema_that_is_set_is_known_until_it_is_reset(sql: str, schema: str | None) -> None:
    session = Session()
    session.schema = "before"
    session.note(describe(sql), [("p1", 7)])
    assert session.schema == schema


def test_which_schema_holds_after_a_rollback_is_not_known() -> None:
    session = Session()
    session.note(describe("ROLLBACK"), [])
    assert session.schema is None
    seen: list[str | None] = []
    for _ in range(2):
        session.note(describe("SET search_path TO a"), [])
        session.note(describe("ROLLBACK TO SAVEPOINT s"), [])
        seen.append(session.schema)
    assert None not in seen
    assert seen[0] != seen[1]


def test_the_database_and_the_schema_are_part_of_the_question(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        begin_statement(describe("SELECT 1"), [("p1", 2)], (), via="test", database="log", schema="a").finish()
    assert calls[0].params == (("sql", "SELECT 1"), ("p1", "2"), ("database", "log"), ("schema", "a"))
