"""The hook for SQLAlchemy: one call per statement, named, with its values, its caller and its answer."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

sqlalchemy = pytest.importorskip("sqlalchemy")

from sqlalchemy import ForeignKey, create_engine, event, insert, select, text  # noqa: E402  # only where it is installed
from sqlalchemy.exc import OperationalError  # noqa: E402
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship  # noqa: E402

from tests.shop import trace_shop  # noqa: E402
from tests.written_lines import WrittenCall, read_line, read_written  # noqa: E402
from tracereport import emit  # noqa: E402
from tracereport.emit.sqlalchemy import trace_statements  # noqa: E402
from tracereport.emit.statements import begin_statement, is_read, name_many, name_values, record_answer  # noqa: E402


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    books: Mapped[list["Book"]] = relationship()


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Author(id=1, name="a|b", books=[Book(id=1), Book(id=2)]), Author(id=2, name="c")])
        session.commit()
        session.expire_all()
        trace_statements(engine)
        trace_statements(engine)
        yield session
    engine.dispose()


@contextmanager
def tracing(folder: Path) -> Iterator[list[WrittenCall]]:
    calls: list[WrittenCall] = []
    emit.start(str(folder / "trace.log"))
    try:
        yield calls
    finally:
        emit.stop()
        calls += read_written(folder / "trace.log")


def book_counts(session: Session) -> list[int]:
    with emit.trace("book_counts"):
        return [len(author.books) for author in session.scalars(select(Author).order_by(Author.id))]


def test_each_statement_is_one_call_of_the_function_that_asked(session: Session, tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        assert book_counts(session) == [2, 0]
    authors, *books, page = calls
    assert (authors.function, authors.caller, authors.parent) == ("select authors", "book_counts", page.number)
    assert authors.params == (("sql", "SELECT authors.id, authors.name FROM authors ORDER BY authors.id"),)
    assert authors.metrics["rows"] == 2
    assert [(call.function, call.caller, call.params[1], call.metrics["rows"]) for call in books] == [
        ("select books", "book_counts", ("param_1", "1"), 2),
        ("select books", "book_counts", ("param_1", "2"), 0),
    ]


def test_the_digest_tells_whether_the_answer_is_the_same(session: Session, tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        for _ in range(2):
            session.execute(text("SELECT name FROM authors WHERE id = :id"), {"id": 2}).all()
            session.execute(text("SELECT name FROM authors WHERE id = :id"), {"id": 2}).all()
            session.execute(text("UPDATE authors SET name = 'd' WHERE id = 2"))
    digests = [call.metrics["digest"] for call in calls if call.function == "select authors"]
    assert digests[0] == digests[1] != digests[2] == digests[3]
    assert len({call.params for call in calls if call.function == "select authors"}) == 1


def test_writes_are_never_one_question(session: Session, tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        for _ in range(2):
            session.execute(text("UPDATE authors SET name = :name WHERE id = 1"), {"name": "x"})
    assert [(call.function, call.params[1], call.metrics) for call in calls] == [
        ("update authors", ("name", "x"), {"rows": 1}),
        ("update authors", ("name", "x"), {"rows": 1}),
    ]
    assert len({call.params for call in calls}) == 2


def test_many_sets_of_values_are_one_call_with_their_number(session: Session, tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        session.execute(text("INSERT INTO authors (name) VALUES (:name)"), [{"name": "x"}, {"name": "y"}])
        returned = session.scalars(insert(Author).returning(Author.id), [{"name": "x"}, {"name": "y"}]).all()
    assert len(returned) == 2
    assert [(call.function, dict(call.params)["parameter_sets"]) for call in calls] == [("insert authors", "2")] * 2


def test_a_failing_statement_is_written_and_the_next_one_is_its_own(session: Session, tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        with pytest.raises(OperationalError):
            session.execute(text("SELECT nothing FROM nowhere"))
        session.rollback()
        session.execute(text("SELECT 1")).all()
    assert [(call.function, "rows" in call.metrics) for call in calls] == [("select nowhere", False), ("select", True)]


def test_streamed_rows_stay_streamed(session: Session, tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        rows = session.execute(text("SELECT id FROM authors"), execution_options={"stream_results": True})
        assert rows.fetchone() == (1,)
        assert rows.fetchone() == (2,)
    assert [call.metrics for call in calls] == [{}]


def test_values_can_be_hidden(tmp_path: Path) -> None:
    engine = create_engine("sqlite://", hide_parameters=True)
    trace_statements(engine)
    with tracing(tmp_path) as calls, engine.connect() as connection:
        for secret in ("secret", "secret", "other"):
            connection.execute(text("SELECT :password"), {"password": secret})
    engine.dispose()
    values = [dict(call.params)["password"] for call in calls]
    assert values[0] == values[1] != values[2]
    assert not {"secret", "other"} & set(values)


@contextmanager
def all_engines_traced() -> Iterator[None]:
    trace_statements()
    try:
        yield
    finally:
        from tracereport.emit import sqlalchemy as hook  # noqa: PLC0415  # its listeners have no public names

        for name, listener in (
            ("before_cursor_execute", hook._begin),
            ("after_cursor_execute", hook._finish),
            ("handle_error", hook._finish_failed),
        ):
            event.remove(sqlalchemy.Engine, name, listener)


def test_all_engines_can_be_traced_at_once(tmp_path: Path) -> None:
    with all_engines_traced():
        engine = create_engine("sqlite://")
        with tracing(tmp_path) as calls, engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT ?", (4,)).scalar() == 4
        engine.dispose()
    assert [call.params for call in calls] == [(("sql", "SELECT ?"), ("p1", "4"))]


def test_an_engine_that_is_traced_in_two_ways_is_traced_once(session: Session, tmp_path: Path) -> None:
    with all_engines_traced(), tracing(tmp_path) as calls:
        assert book_counts(session) == [2, 0]
        engine = session.connection().engine
        with engine.execution_options(any_option=1).connect() as connection:
            with pytest.raises(OperationalError):
                connection.execute(text("SELECT nothing FROM nowhere"))
            connection.execute(text("SELECT 1")).all()
    assert [(call.function, call.number, call.parent) for call in calls] == [
        ("select authors", 1, 0),
        ("select books", 2, 0),
        ("select books", 3, 0),
        ("book_counts", 0, None),
        ("select nowhere", 4, None),
        ("select", 5, None),
    ]


def test_asynchronous_engines_name_the_coroutine_that_asks(tmp_path: Path) -> None:
    pytest.importorskip("aiosqlite")
    pytest.importorskip("greenlet")
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415  # only with a driver for it

    async def load_page() -> None:
        engine = create_async_engine("sqlite+aiosqlite://")
        trace_statements(engine.sync_engine)
        async with engine.connect() as connection:
            with emit.trace("page"):
                await connection.execute(text("SELECT 1"))
        await engine.dispose()

    with tracing(tmp_path) as calls:
        asyncio.run(load_page())
    here = "test_asynchronous_engines_name_the_coroutine_that_asks.load_page"
    assert [(call.function, call.caller, call.parent) for call in calls] == [("select", here, 0), ("page", here, None)]


@pytest.mark.parametrize(
    ("sql", "name", "read"),
    [
        ("  SELECT a\n FROM  b", "select b", True),
        ('(SELECT 1 FROM "main"."B" JOIN c)', "select main.B", True),
        ("WITH x AS (SELECT 1 FROM d) SELECT * FROM x", "with d", True),
        ("WITH x AS (DELETE FROM d RETURNING *) SELECT * FROM x", "with d", False),
        ("INSERT INTO `e` VALUES (1)", "insert e", False),
        ("UPDATE ONLY f SET a = 1", "update f", False),
        ("CREATE TABLE g (a)", "create g", False),
        ("SAVEPOINT s1", "savepoint", False),
        ("SELECT 1", "select", True),
        ("", "statement", False),
        ("-- from b it's\n /* delete; from c\n */ (SELECT 1 FROM d)", "select d", True),
        ("/* only this", "statement", False),
    ],
)
def test_statements_are_named_by_verb_and_table(tmp_path: Path, sql: str, name: str, read: bool) -> None:
    assert is_read(sql) is read
    with tracing(tmp_path) as calls:
        begin_statement(sql, [], ("sqlalchemy",)).finish()
    assert calls[0].function == name
    assert calls[0].params[0][1] in " ".join(sql.split())
    assert ("write" in dict(calls[0].params)) is not read


def test_a_statement_stands_on_one_line_and_its_literals_as_they_are(tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        for sql in (
            "/* 1 */ SELECT\n  'a  b''c\nd' ",
            "-- 2\nSELECT 'a  b''c\nd'",
            "SELECT 'a b''c\nd'",
            "SELECT `a  b`",
        ):
            begin_statement(sql, [], ("sqlalchemy",)).finish()
    assert [call.params[0][1] for call in calls] == [
        "SELECT 'a  b''c\nd'",
        "SELECT 'a  b''c\nd'",
        "SELECT 'a b''c\nd'",
        "SELECT `a  b`",
    ]


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


@pytest.mark.parametrize(
    ("module", "caller"), [("sqlalchemy_demo", "ask"), ("sqlalchemy", None), ("sqlalchemy.orm", None), (None, "ask")]
)
def test_only_the_library_s_own_packages_are_no_callers(tmp_path: Path, module: str | None, caller: str | None) -> None:
    names = {"begin_statement": begin_statement, "__name__": module}
    exec("def ask(): begin_statement('SELECT 1', [], ('sqlalchemy',)).finish()", names)  # noqa: S102  # in a module of that name
    with tracing(tmp_path) as calls:
        names["ask"]()  # type: ignore[operator]
    here = "test_only_the_library_s_own_packages_are_no_callers"
    assert [call.caller for call in calls] == [caller or here]


def test_the_shop_s_faults_stand_in_its_traces_and_are_gone_once_mended(tmp_path: Path) -> None:
    repeats = []
    for pages in ("pages", "pages_fixed"):
        log = tmp_path / f"{pages}.log"
        trace_shop(log, pages)
        calls = [read_line(line) for line in log.read_text().split("\n")[1:-1]]
        lookups = [(call.function, call.params) for call in calls]
        of_products = [call for call in calls if call.caller == "order_page" and call.function == "select products"]
        repeats.append((len(lookups) - len(set(lookups)), len(of_products)))
    # Three products asked for twice and one that isn't there once; six lines' rate in two currencies; two pages of six.
    assert repeats == [(3 + 2 * 5, 12), (0, 0)]
