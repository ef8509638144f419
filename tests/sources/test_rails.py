"""Rails' logs -> calls: what a request asked, who asked, with which values, and what came out of the query cache."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.needs import examples
from tests.paths import INPUTS
from tests.running import run
from tests.spans import rows
from tracereport.calls.calls import Calls
from tracereport.sources.inputs import choose_source, read_inputs, read_raw
from tracereport.sources.joining import join_calls
from tracereport.sources.rails import reader, units
from tracereport.sources.rails.grammar import join_plain_binds, read_binds
from tracereport.sources.rails.reader import RailsReader
from tracereport.sources.rails.units import OUTSIDE
from tracereport.sources.streams.stream import Stream

REQUEST = """\
Started GET "/books/1" for 127.0.0.1 at 2026-01-02 03:04:05 +0000
Processing by BooksController#show as HTML
{}
Completed 200 OK in 12ms (Views: 3.0ms | ActiveRecord: 1.0ms)
"""
LOAD = '  Book Load (0.4ms)  SELECT "books".* FROM "books" WHERE "books"."id" = $1 LIMIT $2  [["id", 1], ["LIMIT", 1]]'


def read(tmp_path: Path, text: str) -> tuple[Calls, list[dict[str, Any]]]:
    path = tmp_path / "development.log"
    path.write_text(text)
    calls = read_inputs([str(path)], source="rails")
    return calls, rows(calls)


def asked(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [call for call in found if call["kind"] == "question"]


def test_a_statement_under_a_request_is_a_call_with_its_values(tmp_path: Path) -> None:
    calls, found = read(
        tmp_path, REQUEST.format(LOAD + "\n  ↳ app/models/shelf.rb:12:in `block (2 levels) in find_book'")
    )
    frame, call = found
    assert (frame["function"], frame["kind"], frame["elapsed_us"], frame["unit"]) == (
        "BooksController#show",
        "frame",
        12_000,
        "BooksController#show",
    )
    assert call["params"] == {
        "sql": 'SELECT "books".* FROM "books" WHERE "books"."id" = $1 LIMIT $2', "id": "1", "LIMIT": "1",
    }  # fmt: skip
    assert (call["function"], call["resource"], call["elapsed_us"], call["known"]) == ("Book Load", "books", 400, True)
    assert (call["caller"], call["at"], call["parent"]) == (
        "find_book (app/models/shelf.rb)", "app/models/shelf.rb:12", "BooksController#show",
    )  # fmt: skip
    assert calls.resolution_ns.tolist() == [1_000_000, 100_000]


@pytest.mark.parametrize(
    ("place", "caller"),
    [
        ("app/views/x.html.erb:22", "app/views/x.html.erb"),
        ("app/views/x.html.erb:22:in `_app_views_x_html_erb___4129_77'", "app/views/x.html.erb"),
        ("app/views/x.html.erb:22:in `block in _app_views_x_html_erb___4129_77'", "app/views/x.html.erb"),
        ("app/models/user.rb:3:in 'User.find_all'", "User.find_all (app/models/user.rb)"),
    ],
)
def test_a_caller_stays_the_same_from_one_run_to_the_next(tmp_path: Path, place: str, caller: str) -> None:
    _, found = read(tmp_path, REQUEST.format(f"{LOAD}\n  ↳ {place}"))
    assert asked(found)[0]["caller"] == caller


def test_without_a_place_the_action_is_the_caller(tmp_path: Path) -> None:
    _, found = read(tmp_path, REQUEST.format(LOAD))
    assert asked(found)[0]["caller"] == "BooksController#show"


def test_what_the_query_cache_answered_is_said(tmp_path: Path) -> None:
    new, old = LOAD.replace("Book Load", "CACHE Book Load"), LOAD.replace("Book Load ", "CACHE ")
    _, found = read(tmp_path, REQUEST.format(f"{LOAD}\n{new}\n{old}"))
    assert [call["answer"] for call in asked(found)] == ["", "cached", "cached"]
    assert [call["function"] for call in asked(found)] == ["Book Load", "Book Load", "select books"]


@pytest.mark.parametrize(
    "prefix",
    [
        "\x1b[1m\x1b[36m",
        "D, [2026-01-02T03:04:05.000006 #77] DEBUG -- : ",
        "[a-1] ",
        "D, [2026-01-02T03:04:05.000006 #77] DEBUG -- : [a-1] [::1] ",
    ],
)
def test_colours_loggers_and_tags_may_stand_in_front(tmp_path: Path, prefix: str) -> None:
    text = "".join(f"{prefix}{line}\n" for line in REQUEST.format(f"{LOAD}\n  ↳ app/models/shelf.rb:12").splitlines())
    _, found = read(tmp_path, text)
    assert [(call["function"], call["parent"]) for call in found] == [
        ("BooksController#show", None),
        ("Book Load", "BooksController#show"),
    ]


def test_tags_tell_the_requests_of_two_threads_apart_and_without_them_nothing_is_judged(tmp_path: Path) -> None:
    one = REQUEST.format(LOAD).splitlines()
    for tags, judged in ((("[a] ", "[b] "), True), (("", ""), False)):
        lines = [tag + line for line in one for tag in tags]
        calls, found = read(tmp_path, "\n".join(lines) + "\n")
        assert len(found) == 3 + judged
        assert calls.judged.all() == judged
        assert calls.line.tolist() == sorted(calls.line.tolist())
    alone = REQUEST.format(LOAD).replace("03:04:05", "03:09:05")
    calls, _ = read(tmp_path, "\n".join([*one[:-1], *alone.splitlines()]) + "\n")
    assert calls.judged.all(), "a request that never ended is given up"


STARTED, PROCESSING, _, COMPLETED = REQUEST.format("").splitlines()
OTHER = PROCESSING.replace("#show", "#list")


@pytest.mark.parametrize(
    ("lines", "units"),
    [
        # The second begins before the action of the first: what stands between an action and its end is of that one.
        (
            [STARTED, STARTED, PROCESSING, LOAD, COMPLETED, OTHER, LOAD, COMPLETED],
            [("BooksController#show", True), ("BooksController#list", True)],
        ),
        (
            [STARTED, STARTED, PROCESSING, LOAD, OTHER, LOAD, COMPLETED, COMPLETED],
            [("BooksController#show", False)] * 2,
        ),
        # A third one begins before the action of the second.
        (
            [STARTED, PROCESSING, STARTED, STARTED, LOAD, OTHER, LOAD, COMPLETED, COMPLETED],
            [("BooksController#list", False)] * 2,
        ),
        # A file that was asked for has no action, and no end.
        ([STARTED, STARTED, PROCESSING, LOAD, COMPLETED, LOAD], [("BooksController#show", True), (OUTSIDE, True)]),
    ],
)
def test_without_tags_what_overlaps_is_withheld_and_nothing_else(
    tmp_path: Path, lines: list[str], units: list[tuple[str, bool]]
) -> None:
    _, found = read(tmp_path, "\n".join(lines) + "\n")
    assert [(call["unit"], call["judged"]) for call in asked(found)] == units


def test_values_that_were_filtered_or_are_missing_arent_known(tmp_path: Path) -> None:
    lines = [
        '  User Load (0.1ms)  SELECT * FROM "users" WHERE "email" = $1  [["email", "[FILTERED]"]]',
        '  User Load (0.1ms)  SELECT * FROM "users" WHERE "email" = $1',
        '  User Load (0.1ms)  SELECT * FROM "users" WHERE "email" = $1  [["email", [FILTERED]]]',
    ]
    calls, found = read(tmp_path, REQUEST.format("\n".join(lines)))
    assert [call["known"] for call in asked(found)] == [False] * 3
    assert calls.facts is not None
    assert calls.facts.notices["rails-without-values"] == 3


def test_literals_are_values_as_well(tmp_path: Path) -> None:
    _, found = read(
        tmp_path, REQUEST.format("  User Pluck (0.1ms)  SELECT `users`.`id` FROM `users` WHERE `users`.`age` > 3")
    )
    assert asked(found)[0]["params"] == {"sql": "SELECT `users`.`id` FROM `users` WHERE `users`.`age` > ?", "p1": "3"}


@pytest.mark.parametrize(
    "line",
    [
        "  TRANSACTION (0.1ms)  BEGIN",
        "   (0.1ms)  COMMIT",
        "   (0.1ms)  SAVEPOINT active_record_1",
        '   (1.1ms)  CREATE TABLE "books" ("id" integer)',
        "   (0.1ms)  SELECT sqlite_version(*)",
        "  SCHEMA (0.1ms)  SELECT a.attname FROM pg_attribute a",
        '   (0.1ms)  SELECT "schema_migrations"."version" FROM "schema_migrations"',
        '  SCHEMA (0.1ms)  PRAGMA table_info("books")',
    ],
)
def test_what_keeps_the_database_in_order_asks_nothing(tmp_path: Path, line: str) -> None:
    _, found = read(tmp_path, REQUEST.format(line))
    assert [call["kind"] for call in found] == ["frame", "frame"]


def test_writes_say_what_they_write(tmp_path: Path) -> None:
    _, found = read(
        tmp_path, REQUEST.format('  Book Create (0.5ms)  INSERT INTO "books" ("title") VALUES ($1)  [["title", "A"]]')
    )
    assert (found[1]["kind"], found[1]["function"], found[1]["resource"]) == ("write", "Book Create", "books")


def test_a_statement_over_several_lines_is_one(tmp_path: Path) -> None:
    sql = "  Book Load (0.4ms)  SELECT *\nFROM books\n  WHERE id IN (\n 1,\n 2)\n  ↳ app/a.rb:1\nsome other output\n"
    calls, found = read(tmp_path, REQUEST.format(sql))
    assert asked(found)[0]["params"] == {"sql": "SELECT * FROM books WHERE id IN ( ?, ?)", "p1": "1", "p2": "2"}
    assert calls.facts is not None
    assert calls.facts.input.continuation_lines == 4
    _, found = read(tmp_path, REQUEST.format(LOAD + "\nFrom: shop@example.com\nTo: reader@example.com"))
    assert "example" not in str(asked(found)[0]["params"]), "a mail is no statement"


def test_minitests_banner_names_its_transaction_and_no_other(tmp_path: Path) -> None:
    dashes = "-" * 30
    text = (
        f"  TRANSACTION (0.1ms)  BEGIN\n{dashes}\nBookTest: test_it reads\n{dashes}\n{LOAD}\n{REQUEST.format(LOAD)}"
        f"  TRANSACTION (0.1ms)  ROLLBACK\n  TRANSACTION (0.1ms)  BEGIN\n{LOAD}\n{REQUEST.format(LOAD)}{LOAD}\n"
        f"  TRANSACTION (0.1ms)  ROLLBACK\n{LOAD}\n"
    )
    calls, found = read(tmp_path, text)
    assert [(call["unit"], call["parent"]) for call in asked(found)] == [
        ("BookTest: test_it reads", None),
        ("BookTest: test_it reads", "BooksController#show"),
        ("BooksController#show", None),
        ("BooksController#show", "BooksController#show"),
        ("BooksController#show", None),
        ("outside of requests", None),
    ]
    assert calls.tests == ("BookTest: test_it reads",)
    assert len(calls.processes.name) == 3


def test_a_job_is_a_unit_as_a_request_is(tmp_path: Path) -> None:
    text = (
        "[ActiveJob] [BillJob] [7f] Performing BillJob (Job ID: 7f) from Async(default)\n"
        f"[ActiveJob] [BillJob] [7f] {LOAD}\n"
        "[ActiveJob] [BillJob] [7f] Performed BillJob (Job ID: 7f) from Async(default) in 3.6ms\n"
    )
    _, found = read(tmp_path, text)
    assert [(call["unit"], call["function"], call["elapsed_us"]) for call in found] == [
        ("BillJob", "BillJob", 4_000), ("BillJob", "Book Load", 400),
    ]  # fmt: skip


def test_seeds_are_no_part_of_what_is_judged_first(tmp_path: Path) -> None:
    calls, _ = read(tmp_path, f"{LOAD}\n  ↳ db/seeds.rb:24\n")
    assert calls.origins.phase[calls.origin].tolist() == [1]


@pytest.mark.parametrize(
    ("text", "params", "known"),
    [
        ('[["id", 1], ["LIMIT", 1]]', (("id", "1"), ("LIMIT", "1")), True),
        ('[["a", "x, \\"y\\" ]] z"], ["b", nil]]', (("a", 'x, \\"y\\" ]] z'), ("b", "nil")), True),
        ('[["id", 1], ["id", 2]]', (("id", "1"), ("id_2", "2")), True),
        ("[[nil, 1]]", (("value", "1"),), True),
        ('[["photo", <12 bytes of binary data>]]', (("photo", "<12 bytes of binary data>"),), False),
        ('[["tags", ["a", "b"]]]', (("tags", '["a", "b"]'),), True),
    ],
)
def test_values_are_read_as_ruby_writes_them(text: str, params: tuple[tuple[str, str], ...], known: bool) -> None:
    assert read_binds(text) == (params, known)


def test_the_gossip_log_asks_for_each_user_and_its_cache_answers_the_second_time() -> None:
    calls = read_inputs([str(INPUTS / "rails-development.log")])
    found = asked(rows(calls))
    users = [
        call
        for call in found
        if call["function"] == "User Load" and call["caller"] == "app/views/gossip/index.html.erb"
    ]
    assert len(users) == 40
    for unit in set(calls.process.tolist()):
        own = [call for call in users if call["line"] in set(calls.line[calls.process == unit].tolist())]
        assert sorted(call["answer"] for call in own) == [""] * (len(own) // 2) + ["cached"] * (len(own) // 2)
        assert len({call["params"]["id"] for call in own}) == len(own) // 2


def test_a_real_programs_log_holds_what_was_planted_in_it() -> None:
    calls = read_inputs([str(INPUTS / "rails-books.log")])
    found = rows(calls)
    asked: dict[tuple[str, str], list[int]] = {}
    for row, call in enumerate(found):
        if call["kind"] == "question" and call["unit"].startswith("BooksController"):
            asked.setdefault((call["unit"], call["function"]), []).append(int(calls.lookup[row]))
    assert {key: (len(lookups), len(set(lookups))) for key, lookups in asked.items()} == {
        ("BooksController#index", "Book Load"): (1, 1),
        ("BooksController#index", "Author Load"): (8, 8),
        ("BooksController#show", "Book Load"): (2, 1),
        ("BooksController#rename", "Book Load"): (2, 1),
    }
    (author,) = {call["at"] for call in found if call["function"] == "Author Load"}
    assert author == "app.rb:25"
    renaming = [
        call["kind"] for call in found if call["unit"] == "BooksController#rename" and call["resource"] == "books"
    ]
    assert renaming == ["question", "write", "question"]


def test_the_journals_test_log_is_cut_at_its_tests() -> None:
    calls = read_inputs([str(INPUTS / "rails-test.log")])
    units = [(name, int((calls.process == process).sum())) for process, name in enumerate(calls.processes.name)]
    assert units == [
        ("CategoryTest: test_should_not_save_User_without_a_title", 2),
        ("CategoryTest: test_should_not_save_User_without_a_title", 2),
        ("outside of requests", 3),
        ("TasksController#update", 22),
        ("TasksController#show", 16),
    ]
    assert calls.facts is not None
    assert calls.facts.input.lines == (INPUTS / "rails-test.log").read_bytes().count(b"\n")


def test_a_log_is_told_by_its_content_and_its_lines_are_given_as_they_stood(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text(f"booting\n{REQUEST.format(LOAD)}")
    assert choose_source(Stream(str(path))).name == "rails"
    calls = read_inputs([str(path)])
    assert list(read_raw(calls, np.arange(2) == 1, [str(path)])) == [f"{LOAD}\n".encode()]
    path.write_text('Started GET "/" for ::1 at 2026-01-02 03:04:05 +0000\n')
    done = run(path)
    assert done.returncode == 3
    assert b"no statement in it" in done.stderr


PIECES = st.sampled_from(
    [
        LOAD,
        *REQUEST.format("").splitlines(),
        "  ↳ app/a.rb:1",
        "-" * 20,
        "ATest: test_b",
        "   (0.1ms)  BEGIN",
        "   (0.1ms)  ROLLBACK",
        "  Book Load (0.1ms)  ",
        "FROM books",
        "[x] " + LOAD,
        "\x1b[1m",
        "  A (1.0ms)  SELECT 'a",
        "\r",
        "  ↳ ",
        "Performing A (Job ID: 1)",
        "Performed A (Job ID: 1) from x in 3ms",
        "  B (99999999999999999999.0ms)  SELECT 1",
    ]
) | st.text(max_size=30)


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES, max_size=30))
def test_any_lines_are_accounted_for(tmp_path: Path, lines: list[str]) -> None:
    text = "\n".join(lines).encode("utf-8", "surrogatepass")
    path = tmp_path / "any.log"
    path.write_bytes(text)
    calls = read_inputs([str(path)], source="rails")
    assert calls.facts is not None
    read = calls.facts.input
    assert read.lines == text.count(b"\n") + bool(text and not text.endswith(b"\n"))
    assert read.lines == len(calls) + read.continuation_lines + read.other_lines
    assert read.other_lines >= 0


def test_a_statement_over_several_lines_is_printed_whole(tmp_path: Path) -> None:
    path = tmp_path / "development.log"
    path.write_text("  Book Load (0.3ms)  SELECT *\n  FROM books\n  WHERE id = 1\n" + LOAD + "\n")  # noqa: S608  # a line of a log
    calls = read_inputs([str(path)])
    lines = [*read_raw(calls, calls.line == 1, [str(path)])]
    assert lines == [b"  Book Load (0.3ms)  SELECT *\n", b"  FROM books\n", b"  WHERE id = 1\n"]


def read_in_sets(path: Path, calls_at_once: int) -> list[Calls]:
    return list(RailsReader(path.name, calls_at_once).read(Stream(str(path)), None))


@pytest.mark.parametrize("name", ["rails-books.log", "rails-development.log", "rails-test.log"])
def test_a_log_in_sets_of_whole_units_is_the_same_log(name: str) -> None:
    (whole,) = read_in_sets(INPUTS / name, 250_000)
    sets = read_in_sets(INPUTS / name, 1)
    assert len(sets) > 2
    assert rows(join_calls(sets)) == rows(whole)
    read, facts = [one.facts for one in sets if one.facts is not None], whole.facts
    assert facts is not None
    for field in ("lines", "records", "continuation_lines", "other_lines"):
        assert sum(getattr(one.input, field) for one in read) == getattr(facts.input, field), field
        assert min(getattr(one.input, field) for one in read) >= 0, field
    notices = {code: sum(one.notices.get(code, 0) for one in read) for code in facts.notices}
    assert notices == facts.notices


def test_a_thread_that_says_nothing_for_long_keeps_no_set_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "development.log"
    stuck = "".join(f"[stuck] {line}\n" for line in REQUEST.format(LOAD).splitlines()[:-1])
    path.write_text(stuck + REQUEST.format(LOAD) * 30)
    assert len(read_in_sets(path, 10)) == 1
    monkeypatch.setattr(units, "FORGOTTEN_LINES", 50)
    monkeypatch.setattr(reader, "_LINES_BETWEEN_LOOKS", 1)
    sets = read_in_sets(path, 10)
    assert len(sets) > 2
    assert [call["unit"] for one in sets for call in rows(one)] == ["BooksController#show"] * 62


TEXTS = st.text(st.sampled_from('ab1|=",[] \\'), max_size=8)
VALUES = st.integers().map(str) | TEXTS.map(json.dumps) | st.sampled_from(["nil", "[FILTERED]", "1.5"])


@given(st.lists(st.tuples(st.sampled_from(["id", "state", "LIMIT"]), VALUES), min_size=1, max_size=4))
def test_plain_values_are_joined_as_they_would_be_read_one_by_one(binds: list[tuple[str, str]]) -> None:
    text = "[" + ", ".join(f'["{name}", {value}]' for name, value in binds) + "]"
    plain = join_plain_binds(text)
    if plain is not None:
        params, is_whole = read_binds(text)
        assert plain == ("".join(f"|{name}={value}" for name, value in params), len(params))
        assert is_whole
    elif all(value.strip('"').isalnum() for _, value in binds):
        assert len({name for name, _ in binds}) < len(binds)
