"""The hook for SQLAlchemy: one call per statement, named, with its values, its caller and its answer."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

sqlalchemy = pytest.importorskip("sqlalchemy")

from sqlalchemy import (  # noqa: E402  # only where it is installed
    Column,
    Connection,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    create_engine,
    event,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects import registry  # noqa: E402
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite  # noqa: E402
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy  # noqa: E402
from sqlalchemy.engine.default import DefaultDialect, DefaultExecutionContext  # noqa: E402
from sqlalchemy.exc import IntegrityError, OperationalError  # noqa: E402
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, defer, mapped_column, relationship, selectinload  # noqa: E402

from tests.shop import trace_shop  # noqa: E402
from tests.tracing import tracing  # noqa: E402
from tests.written_lines import read_line  # noqa: E402
from tracereport import emit  # noqa: E402
from tracereport.emit import sqlalchemy as hook  # noqa: E402
from tracereport.emit.sqlalchemy import trace_statements  # noqa: E402
from tracereport.emit.statements import Databases  # noqa: E402


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


@pytest.fixture(autouse=True)
def no_databases_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook, "_databases", Databases())


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


def test_writes_name_their_table_and_no_parameter_that_the_program_has_not(session: Session, tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        for _ in range(2):
            session.execute(text("UPDATE authors SET name = :name WHERE id = 1"), {"name": "x"})
    assert [(call.function, call.params[1], call.metrics, call.reserved["write"]) for call in calls] == [
        ("update authors", ("name", "x"), {"rows": 1}, "authors"),
        ("update authors", ("name", "x"), {"rows": 1}, "authors"),
    ]
    assert len({call.params for call in calls}) == 1


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
    assert [(call.function, "rows" in call.metrics, call.reserved.get("failed")) for call in calls] == [
        ("select nowhere", False, "1"),
        ("select", True, None),
    ]


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
    kinds: list[type] = [DefaultDialect]
    for kind in kinds:
        kinds += kind.__subclasses__()
    before = [(kind, {**vars(kind)}) for kind in kinds]
    trace_statements()
    try:
        yield
    finally:
        for kind, members in before:
            for name in ("do_execute", "do_executemany", "do_execute_no_params"):
                if name in members:
                    setattr(kind, name, members[name])
        del DefaultDialect.__init_subclass__


def test_all_engines_can_be_traced_at_once(tmp_path: Path) -> None:
    with all_engines_traced():
        # Options of the engine itself, which SQLAlchemy finds in the signature of its class.
        engine = create_engine("sqlite://", echo=False, logging_name="own", hide_parameters=False)
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


def test_a_listener_of_the_program_may_ask_something_on_the_same_connection(tmp_path: Path) -> None:
    engine = create_engine("sqlite://")
    trace_statements(engine)

    @event.listens_for(engine, "before_cursor_execute")
    def set_tenant(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if "tenant" not in statement and "plan" not in statement:
            connection.execute(text("SELECT 'tenant'"))

    @event.listens_for(engine, "after_cursor_execute")
    def explain(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if "tenant" not in statement and "plan" not in statement:
            connection.exec_driver_sql("SELECT 'plan'")

    def page(connection: Connection, number: int) -> None:
        with emit.trace("page", number=number):
            for line in range(2):
                assert connection.execute(text("SELECT :line"), {"line": line}).all() == [(line,)]

    with tracing(tmp_path) as calls, engine.connect() as connection:
        page(connection, 1)
        page(connection, 2)
    engine.dispose()
    asked = [call.params[0][1] for call in calls if call.function == "select"]
    assert [asked.count(sql) for sql in ("SELECT ?", "SELECT 'tenant'", "SELECT 'plan'")] == [4, 4, 4]
    assert [call.parent for call in calls if call.function == "page"] == [None, None]


def test_a_listener_that_raises_leaves_nothing_open(tmp_path: Path) -> None:
    engine = create_engine("sqlite://")
    trace_statements(engine)

    @event.listens_for(engine, "before_cursor_execute")
    def refuse(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "refused" in statement:
            raise LookupError

    with tracing(tmp_path) as calls, engine.connect() as connection:
        for _ in range(2):
            with pytest.raises(LookupError):
                connection.execute(text("SELECT 'refused'"))
            connection.execute(text("SELECT 1")).all()
    engine.dispose()
    assert [call.parent for call in calls if call.params[0][1] == "SELECT 1"] == [None, None]


def test_rows_that_sqlalchemy_puts_into_one_statement_are_as_many_sets(tmp_path: Path) -> None:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    trace_statements(engine)
    rows = [{"id": number, "name": "x"} for number in range(1, 4)]
    with tracing(tmp_path) as calls, engine.begin() as connection:
        connection.execute(insert(Author).returning(Author.id, sort_by_parameter_order=False), rows)
        connection.execute(insert(Author), [{"id": 7, "name": "y"}, {"id": 8, "name": "z"}])
    engine.dispose()
    assert [dict(call.params)["parameter_sets"] for call in calls] == ["3", "2"]


def test_rows_that_the_database_takes_one_by_one_are_one_statement_of_the_program(tmp_path: Path) -> None:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    trace_statements(engine)
    with tracing(tmp_path) as calls, Session(engine) as session:
        for names in ("abc", "de"):
            session.add_all([Author(name=name) for name in names])
            session.flush()
    engine.dispose()
    assert {(call.function, call.reserved["write"]) for call in calls} == {("insert authors", "authors")}
    assert [dict(call.params)["parameter_sets"] for call in calls] == ["3", "2"]
    assert len({dict(call.params)["values"] for call in calls}) == 2


def test_rows_in_several_batches_are_one_statement_and_the_text_of_one_row(tmp_path: Path) -> None:
    engine = create_engine("sqlite://", insertmanyvalues_page_size=2)
    Base.metadata.create_all(engine)
    trace_statements(engine)
    many = insert(Author).returning(Author.id, sort_by_parameter_order=False)
    with tracing(tmp_path) as calls, engine.begin() as connection:
        assert len(connection.scalars(many, [{"name": name} for name in "abcde"]).all()) == 5
        with pytest.raises(IntegrityError):
            connection.execute(many, [{"id": number, "name": "x"} for number in (7, 8, 9, 7)])
        connection.execute(text("SELECT 1"))
    engine.dispose()
    assert [(dict(call.params).get("parameter_sets"), call.reserved.get("failed")) for call in calls] == [
        ("5", None),
        ("4", "1"),
        (None, None),
    ]
    assert calls[0].params[0] == ("sql", "INSERT INTO authors (name) VALUES (?) RETURNING id")
    assert calls[2].parent is None


def test_rows_of_an_engine_that_isn_t_traced_are_none(tmp_path: Path) -> None:
    traced, other = create_engine("sqlite://"), create_engine("sqlite://")
    trace_statements(traced)
    with tracing(tmp_path) as calls:
        for engine in (traced, other):
            Base.metadata.create_all(engine)
            with engine.begin() as connection:
                connection.execute(insert(Author).returning(Author.id), [{"name": "a"}, {"name": "b"}])
            engine.dispose()
    assert [call.function for call in calls].count("insert authors") == 1


def test_a_load_row_by_row_names_the_relation(session: Session, tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        book_counts(session)
        session.expire_all()
        session.scalars(select(Author).options(selectinload(Author.books))).all()
        session.expunge_all()
        session.get(Book, 1)
    loads = [call for call in calls if call.function == "select books"]
    assert [call.reserved["via"] for call in loads] == [*["sqlalchemy:Author.books"] * 2, *["sqlalchemy"] * 2]
    assert {call.reserved["via"] for call in calls if call.function == "select authors"} == {"sqlalchemy"}


class Shop(DeclarativeBase):
    pass


class Shelf(Shop):
    __tablename__ = "shelves"
    id: Mapped[int] = mapped_column(primary_key=True)
    boxes: Mapped[list["Box"]] = relationship()


class Box(Shop):
    __tablename__ = "boxes"
    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("shelves.id"))
    outer_id: Mapped[int | None] = mapped_column(ForeignKey("boxes.id"))
    inner: Mapped[list["Box"]] = relationship()


@pytest.mark.parametrize("options", [[], [selectinload(Shelf.boxes)]])
def test_a_load_row_by_row_names_the_relations_by_which_the_row_was_found(tmp_path: Path, options: list[Any]) -> None:
    engine = create_engine("sqlite://")
    Shop.metadata.create_all(engine)
    with Session(engine) as session:
        boxes = [Box(id=1, inner=[Box(id=2, inner=[Box(id=3)])])]
        session.add_all([Shelf(id=1, boxes=boxes), Shelf(id=2)])
        session.commit()
        session.expunge_all()
        trace_statements(engine)
        with tracing(tmp_path) as calls:
            shelf, _ = session.scalars(select(Shelf).order_by(Shelf.id).options(*options)).all()
            assert [box.id for box in shelf.boxes[0].inner[0].inner] == [3]
    engine.dispose()
    loads = [call.reserved["via"].partition(":")[2] for call in calls if call.reserved["via"] != "sqlalchemy"]
    first = [] if options else ["Shelf.boxes"]
    assert loads == [*first, "Shelf.boxes/Box.inner", "Box.inner/Box.inner"]


def test_a_row_that_is_loaded_once_more_names_its_model(session: Session, tmp_path: Path) -> None:
    with tracing(tmp_path) as calls:
        authors = session.scalars(select(Author).options(defer(Author.name))).all()
        assert [author.name for author in authors] == ["a|b", "c"]
        session.commit()
        assert [author.id for author in authors] == [1, 2]
        session.refresh(authors[0])
        session.get(Author, 3)
    assert [call.reserved["via"] for call in calls] == [
        "sqlalchemy",
        *["sqlalchemy:Author"] * 5,
        "sqlalchemy",
    ]


def test_the_same_question_to_another_database_is_another_question(tmp_path: Path) -> None:
    engines = [create_engine(f"sqlite:///{tmp_path}/{name}.db") for name in ("europe", "america")]
    engines += [create_engine("sqlite://"), create_engine("sqlite://")]
    for engine in engines:
        trace_statements(engine)
    with tracing(tmp_path) as calls:
        for engine in (*engines, *engines):
            with engine.connect() as connection:
                connection.execute(text("SELECT 1")).all()
    for engine in engines:
        engine.dispose()
    params = [call.params for call in calls]
    assert params[:4] == params[4:]
    assert len(set(params[:4])) == 4
    assert {name for each in params for name, _ in each} == {"sql", "database"}


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///{folder}/{test}.db"])
def test_a_test_that_makes_its_own_database_asks_what_every_other_one_asks(tmp_path: Path, url: str) -> None:
    with tracing(tmp_path) as calls:
        for test in ("a", "b"):
            emit.name_test(test)
            engine = create_engine(url.format(folder=tmp_path, test=test))
            trace_statements(engine)
            with engine.connect() as connection:
                connection.execute(text("SELECT 1")).all()
            engine.dispose()
        emit.name_test(None)
    assert calls[0].params == calls[1].params == (("sql", "SELECT 1"),)


def test_what_a_trace_function_in_a_database_does_is_inside_the_statement(session: Session, tmp_path: Path) -> None:
    def double(value: int) -> int:
        with emit.trace("double"):
            return 2 * value

    raw = session.connection().connection.driver_connection
    assert raw is not None
    raw.create_function("double", 1, double)
    with tracing(tmp_path) as calls:
        assert session.execute(text("SELECT double(4)")).scalar() == 8
    assert [(call.function, call.parent) for call in calls] == [("double", 0), ("select", None)]


def test_a_value_that_cannot_be_printed_is_the_database_s_business(tmp_path: Path) -> None:
    class Key(int):
        def __repr__(self) -> str:
            raise RuntimeError

        __str__ = __repr__

    engine = create_engine("sqlite://")
    trace_statements(engine)
    with tracing(tmp_path), engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE keys (key INTEGER)")
        connection.exec_driver_sql("INSERT INTO keys VALUES (?)", [(Key(1),), (Key(2),)])
        assert connection.exec_driver_sql("SELECT key FROM keys WHERE key = ?", (Key(2),)).all() == [(2,)]
    engine.dispose()


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


def test_the_answer_that_a_default_needs_is_the_default_s(tmp_path: Path) -> None:
    metadata = MetaData()
    seen = Table("seen", metadata, Column("number", Integer))
    highest = select(func.coalesce(func.max(seen.c.number), 0) + 1).scalar_subquery()
    orders = Table("orders", metadata, Column("id", Integer, primary_key=True, default=highest), Column("of", Integer))
    engine = create_engine("sqlite://")
    engine.dialect.insert_returning = False  # as MySQL: the default is asked before the row is written
    metadata.create_all(engine)
    trace_statements(engine)
    with tracing(tmp_path) as calls, engine.begin() as connection:
        connection.execute(insert(seen), {"number": 11})
        assert connection.execute(insert(orders), {"of": 3}).inserted_primary_key == (12,)
    engine.dispose()
    assert [(call.function, len(call.params), call.metrics) for call in calls[1:]] == [
        ("select seen", 3, {}),
        ("insert orders", 3, {"rows": 1}),
    ]
    assert dict(calls[1].params).keys() == {"sql", "p1", "p2"}


def test_a_listener_of_none_is_added_to_engines(session: Session) -> None:
    engine = session.connection().engine
    assert not engine._has_events
    assert not engine.dialect._has_events


def test_a_statement_that_a_listener_changes_is_traced_as_it_is_sent(tmp_path: Path) -> None:
    engine = create_engine("sqlite://")
    trace_statements(engine)

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def change(
        _connection: object, _cursor: object, statement: str, parameters: object, *_: object
    ) -> tuple[str, object]:
        return statement.replace("1", "2"), parameters

    with tracing(tmp_path) as calls, engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 2
    engine.dispose()
    assert [(call.params, call.metrics["rows"]) for call in calls] == [((("sql", "SELECT 2"),), 1)]


def test_a_dialect_of_one_s_own_is_traced_however_it_executes(tmp_path: Path) -> None:
    with all_engines_traced():

        class Own(SQLiteDialect_pysqlite):
            supports_statement_cache = True

            def do_executemany(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
                for each in parameters:
                    super().do_execute(cursor, statement, each, context=context)  # type: ignore[no-untyped-call]

        registry.impls["own"] = lambda: Own
        engine = create_engine("own://", connect_args={"check_same_thread": False})
        with tracing(tmp_path) as calls, engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE a (b INTEGER)", execution_options={"no_parameters": True})
            connection.exec_driver_sql("INSERT INTO a VALUES (?)", [(1,), (2,)])
            assert connection.exec_driver_sql("SELECT b FROM a").all() == [(1,), (2,)]
        engine.dispose()
    assert [call.function for call in calls] == ["insert a", "select a"]
    assert dict(calls[0].params)["parameter_sets"] == "2"


def test_engines_take_the_options_that_they_took(tmp_path: Path) -> None:
    with all_engines_traced(), tracing(tmp_path) as calls:
        engine = create_engine("sqlite://", execution_options={"isolation_level": "AUTOCOMMIT"}, echo=False)
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT 1")) == 1
        engine.dispose()
    assert [call.function for call in calls] == ["select"]


def test_as_many_rows_are_fetched_at_a_time_as_the_driver_would_give(session: Session, tmp_path: Path) -> None:
    rows = session.execute(text("SELECT id FROM books ORDER BY id"))
    untraced = [rows.fetchmany(), rows.fetchmany(), rows.fetchmany()]
    with tracing(tmp_path):
        rows = session.execute(text("SELECT id FROM books ORDER BY id"))
        assert [rows.fetchmany(), rows.fetchmany(), rows.fetchmany()] == untraced


def test_a_context_of_one_s_own_that_takes_the_rows_itself_gets_them(tmp_path: Path) -> None:
    class Taking(DefaultExecutionContext):
        def post_exec(self) -> None:
            self.taken = self.cursor.fetchall()
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(None, None, self.taken)

    engine = create_engine("sqlite://")
    engine.dialect.execution_ctx_cls = Taking
    trace_statements(engine)
    with tracing(tmp_path) as calls, engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 7").scalar() == 7
    engine.dispose()
    assert [call.metrics for call in calls] == [{}]
