"""The wrappers of the Node emitter, each with the library that it is for: all that they do is to write lines."""

import json
import re
from pathlib import Path

import pytest

from tests.emitters import HERE, find_tool, require_package, run_scene
from tests.written_lines import WrittenCall, read_written

HOOKS = HERE / "hooks.mjs"
Described = tuple[str, str, tuple[str, ...], str | None]


def run(scene: str, folder: Path, *packages: str, options: tuple[str, ...] = ()) -> tuple[str, list[WrittenCall]]:
    """What the scene prints, which is the same without tracing, and what it has traced."""
    for package in packages:
        require_package(package)
    command = [find_tool("node"), str(HOOKS), scene, *options]
    log = folder / "trace.log"
    untraced, output = run_scene(command, "0"), run_scene(command, log)
    assert output == untraced
    return output, read_written(log)


def describe(call: WrittenCall) -> Described:
    """Function, caller, values and what is written."""
    values = tuple(value for name, value in call.params if name != "sql")
    return call.function, call.caller, values, call.reserved.get("write")


def statements(calls: list[WrittenCall]) -> set[str]:
    return {value for call in calls for name, value in call.params if name == "sql"}


def hold_places(calls: list[WrittenCall]) -> None:
    """Each call's place is the line of the scene that asks."""
    source = HOOKS.read_text(encoding="utf-8").splitlines()
    for call in calls:
        path, _, line = call.reserved["at"].rpartition(":")
        assert path == "tests/emitters/hooks.mjs"
        assert re.search(r"query|get\(|all|run\(|find|fetch|asked|exec|trace", source[int(line) - 1]), call


def test_pg(tmp_path: Path) -> None:
    output, calls = run("pg", tmp_path, "pg", "@electric-sql/pglite-socket")
    assert output.splitlines() == ["Austen Austen undefined", "null 2", 'column "nothing" does not exist']
    queries = [call for call in calls if call.reserved["via"] == "pg"]
    select = "select authors"
    assert [describe(call) for call in queries] == [
        ("insert authors", "fill", ("1", "Austen", "2", "Eliot"), "authors"),
        (select, "findAuthor", ("1",), None),
        (select, "findAuthor", ("1",), None),
        (select, "findAuthor", ("3",), None),
        (select, "pg", ("0",), None),
        (select, "pg", ("1",), None),
        (select, "pg", (), None),
        (select, "pg", (), None),
    ]
    assert "SELECT name FROM authors WHERE id = $1 AND name <> '--'" in statements(queries)
    insert, first, again, none, *_, failed = queries
    assert [call.metrics["rows"] for call in (insert, first, none)] == [2, 1, 0]
    assert first.metrics == again.metrics != none.metrics
    assert (failed.metrics, failed.reserved["failed"]) == ({}, "1")
    parents = {call.number: call.function for call in calls}
    assert [parents.get(call.parent) if call.parent is not None else None for call in queries] == [
        *(4 * ["page"]), "callbacks", None, None, None
    ]  # fmt: skip
    [inside] = [call for call in calls if call.function == "inside"]
    assert inside.parent is None
    hold_places(calls)


def test_mysql2(tmp_path: Path) -> None:
    output, calls = run("mysql2", tmp_path, "mysql2")
    assert output.splitlines() == ["1 1", "1"]
    assert [describe(call) for call in calls] == [
        ("select authors", "findAuthor", ("1",), None),
        ("select authors", "findAuthor", ("1",), None),
        ("insert authors", "mysql2", ("1", "2"), "authors"),
        ("select one", "tests/emitters/hooks.mjs", (), None),
        ("select two", "tests/emitters/hooks.mjs", (), None),
    ]
    assert [call.metrics["rows"] for call in calls] == [1, 1, 2, 1, 1]
    assert calls[0].metrics == calls[1].metrics
    assert r"SELECT name FROM authors WHERE id = ? AND x = 'it\'s # one'" in statements(calls)
    hold_places(calls)


def test_better_sqlite3(tmp_path: Path) -> None:
    if not (HERE.parent.parent / "node_modules" / "better-sqlite3").exists():
        pytest.skip("needs better-sqlite3, which is compiled where it is installed")
    _, calls = run("sqlite", tmp_path)
    select = "select authors"
    assert [describe(call) for call in calls] == [
        ("insert authors", "sqlite", ("1", "Austen"), "authors"),
        ("insert authors", "sqlite", ("2", "Eliot"), "authors"),
        (select, "findAuthor", ("1",), None),
        (select, "findAuthor", ("1",), None),
        (select, "findAuthor", ("3",), None),
        (select, "sqlite", (), None),
        (select, "sqlite", (), None),
        (select, "sqlite", ("2",), None),
        ("insert authors", "sqlite", ("1",), "authors"),
    ]
    _, _, first, again, none, *_, failed = calls
    assert first.metrics == again.metrics
    assert none.metrics["found"] == 0
    assert failed.reserved["failed"] == "1"
    hold_places(calls)


def test_sqlite3_by_its_driver(tmp_path: Path) -> None:
    output, calls = run("sqlite3", tmp_path)
    assert output.splitlines() == ["1", "2 Austen undefined no such table", *["Austen"] * 3, "TypeError"]
    select, insert = "select authors", "insert authors"
    assert [describe(call) for call in sorted(calls, key=lambda call: call.number)] == [
        (select, "asked", ("0",), None),
        (select, "asked", ("1",), None),
        (select, "asked", ("3",), None),
        ("select nothing", "asked", (), None),
        (insert, "sqlite3", ("3", "Sand"), "authors"),
        (insert, "asked", ("3", "Sand"), "authors"),
        (select, "sqlite3", (), None),
        (select, "sqlite3", ("2",), None),
        (select, "sqlite3", ("4",), None),
        (select, "sqlite3", (), None),
    ]
    metrics = [{name: value for name, value in call.metrics.items() if name != "digest"} for call in calls]
    found, rows = {"found": 1}, {"rows": 2}
    assert metrics == [rows, found, {"found": 0}, {}, {}, rows, {"rows": 1}, found, found, {}]
    assert [call.number for call in calls if call.reserved.get("failed")] == [3, 9]
    assert {call.reserved["via"] for call in calls} == {"sqlite3"}


def test_who_schedules_a_statement_asks_it(tmp_path: Path) -> None:
    _, calls = run("scheduled", tmp_path)
    *statements_, page = calls
    assert [describe(call) for call in statements_] == [
        ("select authors", "listBooks", ("1",), None),
        ("select authors", "listBooks", ("2",), None),
    ]
    assert {call.parent for call in statements_} == {page.number}
    hold_asking_lines(statements_, "await ask(")


def hold_asking_lines(calls: list[WrittenCall], text: str) -> None:
    source = HOOKS.read_text(encoding="utf-8").splitlines()
    assert all(text in source[int(call.reserved["at"].rpartition(":")[2]) - 1] for call in calls)


@pytest.mark.parametrize(
    ("text", "shape", "values"),
    [
        ("SELECT * FROM authors WHERE id = 7 LIMIT 1", "SELECT * FROM authors WHERE id = ? LIMIT 1", ["7"]),
        ("SELECT 1 FROM authors", "SELECT 1 FROM authors", []),
        (
            "SELECT * FROM a1 WHERE name='it''s -- one' AND x IN (-1, 2.5,E'y')",
            "SELECT * FROM a1 WHERE name=? AND x IN (?, ?,?)",
            ["it's -- one", "-1", "2.5", "y"],
        ),
        (
            'SELECT "= 5", `= 6`, \'= 7\', $$= 8$$ FROM t WHERE a.b9 < 0x1F AND c BETWEEN 2 AND 3e4',
            'SELECT "= 5", `= 6`, ?, $$= 8$$ FROM t WHERE a.b9 < ? AND c BETWEEN ? AND ?',
            ["= 7", "0x1F", "2", "3e4"],
        ),
        ("INSERT INTO t VALUES (1, NULL), (2, '')", "INSERT INTO t VALUES (?, NULL), (?, ?)", ["1", "2", ""]),
        ("SELECT /*+ I(a 5) */ x FROM a WHERE y = /* 6 */ 7", "SELECT /*+ I(a 5) */ x FROM a WHERE y = ?", ["7"]),
        ("SELECT x FROM a WHERE y = 5 AND z = $1", "SELECT x FROM a WHERE y = 5 AND z = $1", []),
        ("SELECT x FROM a WHERE y = 5 AND z = :name", "SELECT x FROM a WHERE y = 5 AND z = :name", []),
        ("SELECT x FROM a WHERE y = '5'::int", "SELECT x FROM a WHERE y = ?::int", ["5"]),
    ],
)  # fmt: skip
def test_values_in_a_statement_are_parameters(tmp_path: Path, text: str, shape: str, values: list[str]) -> None:
    log = tmp_path / "trace.log"
    run_scene([find_tool("node"), str(HOOKS), "literals", json.dumps([text])], log)
    first, last = read_written(log)
    assert dict(first.params) == {"sql": shape, **{f"p{place}": value for place, value in enumerate(values, start=1)}}
    assert dict(last.params) == {"sql": "SELECT name FROM authors WHERE id = 1 AND name = $1", "p1": "Austen"}


def test_what_lists_the_tables_is_no_question(tmp_path: Path) -> None:
    _, [call] = run("schema", tmp_path)
    assert call.function == "select pages"


def test_libsql(tmp_path: Path) -> None:
    output, calls = run("libsql", tmp_path)
    assert output.split() == ["all", "1", "2", "3"]
    assert [describe(call)[2] for call in calls] == [(), ("1",), ("2",), ("3",)]
    assert [call.caller for call in calls[:3]] == ["libsql"] * 3
    hold_places(calls)
    assert {call.reserved["via"] for call in calls} == {"libsql"}
    assert [call.metrics["rows"] for call in calls] == [1] * 4


@pytest.mark.parametrize("options", [(), ("--enable-source-maps",)])
def test_a_function_without_a_name_is_named_by_the_one_around_it(tmp_path: Path, options: tuple[str, ...]) -> None:
    log = tmp_path / "trace.log"
    done = run_scene([find_tool("node"), *options, str(HOOKS), "nameless"], log)
    assert done == ""
    calls = read_written(log)
    assert {call.caller for call in calls} == {"listBooks"}
    assert len(calls) == 3
    hold_places(calls)


def test_a_library_is_known_by_its_own_path_whatever_maps_of_sources_say(tmp_path: Path) -> None:
    _, [call] = run("mapped", tmp_path)
    assert call.caller == "mapped"
    hold_places([call])


def test_prisma(tmp_path: Path) -> None:
    _, calls = run("prisma", tmp_path)
    assert [describe(call)[::2] for call in calls] == [
        ("findMany Book", ("a", "2")),
        ("findUnique Author", ("1",)),
        ("updateMany Author", ("B",)),
        ("select Book", ("7",)),
        ("delete Book", ("7",)),
        ("findUnique Author", ("[1,2]",)),
        ("findUnique Author", ("3", "true")),
        ("findUnique Author", ("4",)),
        ("findUnique Author", ("5",)),
    ]
    assert [call.reserved.get("write") for call in calls[:5]] == [None, None, "Author", None, "Book"]
    assert calls[0].params == (("where.title.contains", "a"), ("take", "2"))
    assert [call.metrics.get("rows", call.metrics.get("found")) for call in calls] == [2, 0, 3, 1, 4, 3, 1, 1, 1]


def test_fetch(tmp_path: Path) -> None:
    _, calls = run("fetch", tmp_path)
    calls = [call for call in calls if call.reserved["via"] == "fetch"]  # not what the server says of the same
    host = calls[0].function.removeprefix("GET ")
    assert [describe(call) for call in calls] == [
        (f"GET {host}", "loadUser", ("/users?id=7",), None),
        (f"POST {host}", "fetch", ("/orders",), host),
        (f"PUT {host}", "fetch", ("/broken", "x"), host),
        *((f"GET {host}", "fetch", (path,), None) for path in ("/busy", "/same", "/")),
    ]
    assert [call.reserved.get("failed") for call in calls] == [None, None, "1", "1", None, "1"]
    assert [call.reserved.get("cached") for call in calls] == [None, None, None, None, "1", None]
    assert calls[0].metrics.keys() == {"bytes", "digest"}
    hold_places(calls)


@pytest.mark.parametrize(
    ("framework", "options", "via"),
    [
        ("express", (), "express"),
        ("fastify", (), "fastify"),
        ("express", ("alone",), "http"),
        ("fastify", ("alone",), "fastify"),
    ],
)
def test_a_request_is_a_frame_around_what_it_asks_for(
    tmp_path: Path, framework: str, options: tuple[str, ...], via: str
) -> None:
    output, calls = run(framework, tmp_path, framework, options=options)
    assert output == "200,500\n"
    frames = {call.number: call for call in calls if call.reserved.get("frame") == "1"}
    assert sorted((call.function, call.params[0][1], call.reserved.get("failed")) for call in frames.values()) == [
        ("GET /orders/:id", "/orders/7?page=1", None),
        ("POST /orders", "/orders", "1"),
    ]
    assert {call.reserved["via"] for call in frames.values()} == {via}
    loads = [call for call in calls if call.function == "load"]
    assert sorted((call.params[0][1], frames[call.parent or 0].function) for call in loads) == [
        ("7", "GET /orders/:id"),
        ("7", "GET /orders/:id"),
        ("8", "POST /orders"),
    ]


def test_a_request_to_any_server_is_a_frame(tmp_path: Path) -> None:
    _, calls = run("http", tmp_path)
    *asked, after = calls
    frames = [call for call in asked if call.reserved.get("frame") == "1"]
    assert [call.function for call in frames] == ["POST /orders/:id", "POST /orders/:id/lines", "POST /v1"]
    assert [call.parent for call in asked if call.function == "load"] == [call.number for call in frames]
    assert [call.parent for call in (*frames, after)] == [None] * 4


def test_a_request_that_no_server_takes_is_a_frame_where_its_handler_says_so(tmp_path: Path) -> None:
    output, calls = run("handlers", tmp_path, "hono")
    assert output.splitlines() == ["200 500", "http://host/books/8?x=1 none"]
    frames = {call.number: call for call in calls if call.reserved.get("frame") == "1"}
    assert [(call.function, call.reserved.get("failed"), call.reserved["via"]) for call in frames.values()] == [
        ("GET /orders/:id", None, "hono"),
        ("POST /orders", "1", "hono"),
        ("GET /books/:id", None, "handler"),
        ("GET /books/:id", "1", "handler"),
    ]
    assert [call.parent for call in calls if call.function == "load"] == list(frames)


def test_marks_and_answers(tmp_path: Path) -> None:
    _, (look, remember, step, job, *found) = run("marks", tmp_path)
    assert look.reserved["cached"] == "1"
    assert remember.reserved["write"] == "cache|orders"
    assert (job.reserved["frame"], step.caller, step.parent) == ("1", "job", job.number)
    rows, swapped, again, null, undefined, thing, number = (call.metrics for call in found)
    assert rows == again != swapped
    assert rows["rows"] == 2
    assert [answer["found"] for answer in (null, undefined, thing, number)] == [0, 0, 1, 1]
