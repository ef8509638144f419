"""Advice in the words of the hook that traced a finding: every hook's, of every kind, with names that mean to hurt."""

from pathlib import Path

import msgspec
import pytest
from markdown_it import MarkdownIt

from tests.sample_report.findings import FINDINGS
from tests.sample_report.names import HOSTILE_VALUES
from tracereport.documents import advice
from tracereport.documents.advice import first_advice, render_advice
from tracereport.documents.advice.known import read_known
from tracereport.documents.markdown_text import code
from tracereport.model import Evidence, Finding, Param, PlaceCount, Rows

HOOKS = sorted(path.stem.replace("_", "-") for path in Path(advice.__path__[0], "via").glob("[a-z]*.py"))
FAN_OUT = next(found for found in FINDINGS if found.kind == "fan-out" and found.varying_params)


def evidence(sql: str) -> Rows[Evidence]:
    call = Evidence(
        process=1, number=1, line=1, file="a.log", caller="list_authors", params=(Param(name="sql", value=sql),),
        elapsed_ns=1, metrics=(), previous=None,
    )  # fmt: skip
    return Rows(1, (call,))


def change(found: Finding = FAN_OUT, *, via: str, at: str | None = "app/main.py:31", **others: object) -> Finding:
    places = Rows(1, (PlaceCount(at=at, calls=3),)) if at is not None else Rows[PlaceCount]()
    return msgspec.structs.replace(found, via=(via,), at=places, **others)


VIAS = [
    *HOOKS,
    "django:Author.books[]",
    "django:Book.author",
    "sqlalchemy:Author.books",
    "sqlalchemy:Author",
    "peewee:Book.author",
    "peewee:Author.books[]",
]
PARTS = ("What it is", "When it is no problem", "How to fix it", "How to verify it")


@pytest.mark.parametrize("via", VIAS)
def test_the_advice_of_each_hook_has_the_same_parts(via: str) -> None:
    for found in FINDINGS:
        for at in (None, HOSTILE_VALUES[0]):
            for writes, varying in ((False, ("id",)), (False, ()), (True, ("id",))):
                changed = change(found, via=via, at=at, writes=writes, varying_params=varying, unproven=2)
                advice = render_advice(changed)
                assert len(first_advice(changed)) > 1
                assert first_advice(changed).endswith(".")
                assert [advice.count(f"**{part}.**") for part in PARTS] == [1, 1, 1, 1]
                tokens = MarkdownIt("commonmark", {"html": True}).parse(advice)
                assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close", "fence"}
                inline = {child.type for token in tokens for child in token.children or []}
                assert inline <= {"text", "code_inline", "strong_open", "strong_close", "em_open", "em_close"}


@pytest.mark.parametrize(
    ("via", "function", "sql", "said"),
    [
        (
            "sqlalchemy:Author",
            "select authors",
            "SELECT authors.id, authors.name FROM authors WHERE authors.id = ?",
            "Load each row of `Author` whole, and once: it is loaded again at `app/main.py:31`, row by row",
        ),
        ("sqlalchemy:Boss", "select bosses", "", "of a subclass of the one that was selected (`selectin_polymorphic`)"),
        (
            "sqlalchemy:Author.books",
            "select books",
            "SELECT books.id FROM books WHERE ? = books.author_id",
            "`Author.books` is loaded lazily at `app/main.py:31`, once for each row.",
        ),
        (
            "sqlalchemy:Author.books/Book.pages",
            "select pages",
            "SELECT pages.id FROM pages WHERE ? = pages.book_id",
            "Add `selectinload(Author.books).selectinload(Book.pages)` to the options of the query that",
        ),
        (
            "sqlalchemy",
            "select books",
            "SELECT books.id FROM books WHERE books.author_id = :author",
            "`.where(….author_id.in_(…))`, instead of one by one at `app/main.py:31`.",
        ),
        ("django:Book.author", "select authors", "", 'Add `select_related("author")` to the queryset of `Book`'),
        ("django:Author.books[]", "select books", "", 'Add `prefetch_related("books")` to the queryset of `Author`'),
        ("sqlite3", "select b", "SELECT count(*) FROM b WHERE x = ? AND y = 0", "`WHERE x IN (…) GROUP BY x`"),
        ("sqlite3", "select b", "SELECT x, count(*) FROM b WHERE x = ?", "`WHERE x IN (…)`"),
        ("sqlite3", "select b", "SELECT max(y) FROM b WHERE x = ? GROUP BY z", "`WHERE x IN (…)`"),
        ("psycopg", "select b", "select sum(n) from b where x = %s", "`WHERE x = ANY(%s) GROUP BY x`"),
        ("sqlalchemy", "select b", "SELECT count(*) AS n FROM b WHERE b.x = ?", "`.where(….x.in_(…)).group_by(….x)`"),
        ("django", "select b", 'SELECT COUNT(*) AS "n" FROM "b" WHERE "b"."x" = %s', "`annotate(…=Count(…))` on the"),
        ("django", "select books", 'SELECT 1 FROM books WHERE "books"."shelf" = %s', "`filter(shelf__in=…)`"),
        ("rails", "User Load", "", "Add `includes` of the association to `User` to the query that loads the records"),
        ("pg", "select authors", "SELECT name FROM authors WHERE id = $1", "`WHERE id = ANY($1)`"),
        ("asyncpg", "select authors", "SELECT name FROM authors WHERE id = $1", "`WHERE id = ANY($1)`"),
        ("psycopg", "select authors", "SELECT name FROM authors WHERE id = %s", "`WHERE id = ANY(%s)`"),
        ("psycopg2", "select authors", "SELECT name FROM authors WHERE id = %(id)s", "`WHERE id = ANY(%s)`"),
        ("sqlite3", "select authors", "SELECT name FROM authors WHERE id = ?", "`WHERE id IN (…)`"),
        ("mysqlclient", "select authors", "SELECT name FROM authors WHERE id = %s", "`WHERE id IN %s`"),
        (
            "postgres",
            "select authors",
            "SELECT name FROM a JOIN b ON a.x = b.x WHERE a.id = $1",
            "`WHERE id = ANY($1)`",
        ),
        ("mysql2", "select authors", "SELECT name FROM authors WHERE id = ? AND shelf = ?", "`WHERE … IN (?)`"),
        (
            "better-sqlite3",
            "select authors",
            "SELECT 1 FROM a WHERE id = ?",
            "`WHERE id IN (SELECT value FROM json_each(?))`",
        ),
        ("prisma", "findUnique author", "", "`include: { … }`"),
        ("mongodb", "findOne authors", "", "`find({ …: { $in: values } })`"),
        ("mongoose", "findOne authors", "", "add `.populate(…)` to the query that loads the rows"),
        ("redis", "get redis", "", "`mget(keys)`"),
        ("redis", "hget redis", "", "`pipeline()`"),
        ("peewee:Book.author", "select author", "", "Join the model of `Book.author` in the query that loads the rows"),
        ("peewee:Author.books[]", "select book", "", "Add `.prefetch(…)` of the model of `Author.books`"),
        ("peewee", "select book", "SELECT 1 FROM book WHERE shelf = ?", "`.where(….shelf.in_(…))`"),
        ("peewee", "select book", "SELECT 1 FROM book WHERE lower(shelf) = ?", "`.where(….in_(…))`"),
        ("tortoise", "select book", "SELECT 1 FROM book WHERE id = ?", "`filter(id__in=…)`"),
        ("pony", "select Book", 'SELECT 1 FROM "Book" "b" WHERE "b"."author" = ?', "add its `.prefetch(…)`"),
        ("piccolo", "select book", "SELECT 1 FROM book WHERE id = $1", "`.where(….id.is_in(…))`"),
        ("dataset", "select books", "SELECT 1 FROM books WHERE books.id = ?", "`find(id=[…])`"),
        ("ormar", "select books", "SELECT 1 FROM books WHERE books.id = ?", "`filter(id__in=…)`"),
        ("pugsql", "select books", "SELECT 1 FROM books WHERE id = ?", "`WHERE id IN (…)`"),
        ("sqlite-utils", "select books", "SELECT 1 FROM books WHERE id = ?", "`WHERE id IN (…)`"),
        ("httpx", "GET api/books/{}", "", "in a single request"),
        ("go", "load", "", "in a single call."),
    ],
)
def test_the_fix_is_told_as_who_traced_it_would(via: str, function: str, sql: str, said: str) -> None:
    assert said in first_advice(change(via=via, function=function, evidence=evidence(sql)))


@pytest.mark.parametrize(
    ("via", "function", "said"),
    [
        ("django", "insert books", "`bulk_create(rows)`"),
        ("django", "update books", "`bulk_update(rows, fields)`"),
        ("django", "delete books", "`filter(…).delete()`"),
        ("sqlalchemy", "insert books", "`session.execute(insert(…), rows)`"),
        ("rails", "Book Create", "`insert_all(rows)`"),
        ("rails", "Book Update", "`update_all(…)`"),
        ("prisma", "create book", "`createMany({ data: rows })`"),
        ("mongodb", "insertOne books", "`insertMany(rows)`"),
        ("mongoose", "updateOne books", "`bulkWrite(operations)`"),
        ("peewee", "insert book", "`insert_many(rows).execute()`"),
        ("peewee", "update book", "`bulk_update(rows, fields)`"),
        ("tortoise", "insert book", "`bulk_create(rows)`"),
        ("pony", "insert Book", "`db.execute(…)`"),
        ("piccolo", "insert book", "`insert(*rows)`"),
        ("ormar", "insert books", "`bulk_create(rows)`"),
        ("sqlite-utils", "insert books", "`insert_all(rows)`"),
        ("dataset", "insert books", "`insert_many(rows)`"),
        ("rust", "insert books", "in a single statement."),
        ("requests", "POST api/books", "in a single request, if the server has one that takes many"),
        ("sqlalchemy", "update books", "`session.execute(update(…), rows)`"),
    ],
)
def test_rows_are_written_at_once_as_the_library_does_it(via: str, function: str, said: str) -> None:
    assert said in first_advice(change(via=via, function=function, writes=True))


@pytest.mark.parametrize(
    ("via", "said"),
    [
        ("python", "`@traced(result=size)`"),
        ("rust", "`call.answer(value)`"),
        ("node", "`answer(value)`"),
        ("rails", "Rails logs no answers"),
        ("otlp", "spans have no answers"),
        ("postgres", "a server's log has no answers"),
        ("go", "after the elapsed time"),
    ],
)
def test_what_would_prove_a_repeat_is_said_in_the_words_of_who_traced_it(via: str, said: str) -> None:
    again = next(found for found in FINDINGS if found.kind == "again")
    advice = render_advice(change(again, via=via, unproven=3)).replace("\n", " ")
    assert said in advice
    assert "To prove this" not in render_advice(change(again, via=via, unproven=0))


@pytest.mark.parametrize(
    ("sql", "varying", "said"),
    [
        ("SELECT a FROM b WHERE owner = ? AND doc = ?", "p2", "WHERE doc IN (…)"),
        ("SELECT ?, a FROM b WHERE doc = ?", "p2", "WHERE doc IN (…)"),
        ("SELECT EXISTS (SELECT 1 FROM b WHERE owner = ? AND doc = ?)", "p1", "WHERE owner IN (…)"),
        ("SELECT a FROM b WHERE owner = $2 AND doc = $1", "p1", "WHERE doc IN (…)"),
        ("SELECT a FROM b WHERE owner = :p1 AND doc = :p2", "p2", "WHERE doc IN (…)"),
        ("SELECT a FROM b WHERE owner = ? AND doc = 'what?' AND page = ?", "p2", "WHERE … IN (…)"),
        ("SELECT a FROM b WHERE owner = ? AND doc = ? AND page = ?", "p2", "WHERE … IN (…)"),
        ("SELECT a FROM b WHERE owner = $22222222222222 AND doc = $2", "p2", "WHERE doc IN (…)"),
    ],
)
def test_of_several_columns_the_one_is_named_that_takes_what_varies(sql: str, varying: str, said: str) -> None:
    found = msgspec.structs.replace(FAN_OUT, param_names=("sql", "p1", "p2"), varying_params=(varying,))
    assert code(said) in first_advice(change(found, via="sqlite3", evidence=evidence(sql)))


def test_relations_that_lead_to_one_stand_on_lines_of_their_own_in_the_sketch() -> None:
    advice = render_advice(change(via="sqlalchemy:Shelf.rows/Row.books/Book.pages"))
    assert (
        "+        .options(selectinload(Shelf.rows)\n"
        "+            .selectinload(Row.books)\n"
        "+            .selectinload(Book.pages))\n"
    ) in advice


@pytest.mark.parametrize(
    "via",
    [
        "../../page",
        "sqlalchemy:<b>.x",
        "a/b",
        "",
        "sqlalchemy:Author.books.x",
        "sqlalchemy:Author/Book.pages",
        "sqlalchemy:Author.books//Book.pages",
        "sqlalchemy:Author[]",
        "_spans",
        "-spans",
    ],
)
def test_what_is_no_hook_s_name_changes_nothing(via: str) -> None:
    assert read_known(change(via=via)).hook in (None, "sqlalchemy")
    assert render_advice(change(via=via)) == render_advice(change(via="nobody"))


def test_two_hooks_or_relations_are_in_nobody_s_words() -> None:
    both = msgspec.structs.replace(FAN_OUT, via=("django", "sqlalchemy"))
    assert read_known(both).hook is None
    ways = msgspec.structs.replace(FAN_OUT, via=("sqlalchemy:Author.books", "sqlalchemy:Shelf.owner/Author.books"))
    assert (read_known(ways).relation, read_known(ways).found_by) == ("Author.books", ())
    tree = msgspec.structs.replace(FAN_OUT, via=("sqlalchemy:Node.below", "sqlalchemy:Node.below/Node.below"))
    assert "`selectinload(Node.below, recursion_depth=-1)`" in first_advice(tree)
    relations = msgspec.structs.replace(FAN_OUT, via=("sqlalchemy:Author.books", "sqlalchemy:Shelf.books"))
    assert (read_known(relations).hook, read_known(relations).relation) == ("sqlalchemy", None)
