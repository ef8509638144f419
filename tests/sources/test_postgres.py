"""PostgreSQL's three logs -> calls: the same ones, and what a transaction asked."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.needs import examples
from tests.paths import INPUTS
from tests.ports import LOOPBACK
from tests.postgres import find_tool, running
from tests.spans import rows
from tests.waiting import PATIENCE_SECONDS, wait_until
from tracereport.calls.calls import Calls
from tracereport.engine.report import make_report
from tracereport.model import Settings
from tracereport.sources.inputs import choose_source, read_inputs, read_raw
from tracereport.sources.statement_log import split_comment
from tracereport.sources.streams.stream import Stream

PREFIX = "2026-01-02 03:04:05.678 UTC [{pid}] user=shop,db=shop,app=web "


def read(tmp_path: Path, text: str) -> tuple[Calls, list[dict[str, Any]]]:
    path = tmp_path / "server.log"
    path.write_text(text)
    calls = read_inputs([str(path)], source="postgres")
    return calls, rows(calls)


def log(*statements: str, pid: int = 7, milliseconds: float = 0.5) -> str:
    prefix = PREFIX.format(pid=pid)
    return "".join(f"{prefix}LOG:  duration: {milliseconds:.3f} ms  statement: {sql}\n" for sql in statements)


def test_a_transaction_is_a_process_of_its_own_and_the_parent_of_what_it_asks(tmp_path: Path) -> None:
    calls, found = read(
        tmp_path,
        log("BEGIN", "SELECT a FROM t WHERE id = 1", "COMMIT", "BEGIN", "SELECT a FROM t WHERE id = 1", "COMMIT"),
    )
    assert len(calls.processes.name) == 2
    assert [(call["function"], call["parent"], call["kind"]) for call in found[:3]] == [
        ("transaction", None, "frame"),
        ("select t", "transaction", "question"),
        ("commit", "transaction", "frame"),
    ]
    assert found[0]["elapsed_us"] == 1_500
    assert found[1]["params"] == {"sql": "SELECT a FROM t WHERE id = ?", "p1": "1"}
    assert (found[1]["unit"], found[1]["caller"]) == ("web on shop", "web")
    assert set(calls.resolution_ns.tolist()) == {1_000}


def test_statements_that_commit_by_themselves_are_a_run_without_a_parent(tmp_path: Path) -> None:
    calls, found = read(tmp_path, log("SELECT 1", "SELECT 2", "BEGIN", "SELECT 3", "COMMIT", "SELECT 4"))
    assert Counter(calls.process.tolist()) == {0: 2, 1: 3, 2: 1}
    assert [call["parent"] for call in found[:2]] == [None, None]


def test_sessions_are_kept_apart(tmp_path: Path) -> None:
    one, other = (
        log("BEGIN", "SELECT 1", "COMMIT", pid=1).splitlines(),
        log("BEGIN", "SELECT 2", "COMMIT", pid=2).splitlines(),
    )
    calls, _ = read(tmp_path, "\n".join(line for pair in zip(one, other, strict=True) for line in pair) + "\n")
    assert calls.process.tolist() == [0, 1] * 3
    assert calls.judged.all()


def test_values_that_were_bound_stand_in_the_detail(tmp_path: Path) -> None:
    prefix = PREFIX.format(pid=7)
    entries = [
        "LOG:  duration: 0.020 ms  parse s1: select 1",
        "LOG:  duration: 0.020 ms  bind s1: select 1",
        "LOG:  duration: 0.100 ms  execute s1: select a\n\tfrom t\n\twhere id = $1 and b = $2",
        "DETAIL:  parameters: $1 = '7', $2 = 'it''s, $3 = x'",
        "LOG:  duration: 0.100 ms  execute <unnamed>: select a from t where id = $1",
        "LOG:  duration: 0.100 ms  execute <unnamed>: select a from t where id = $1",
        "DETAIL:  Parameters: $1 = 'abc...'",
    ]
    text = "".join(f"{prefix}{entry}\n" for entry in entries)
    calls, found = read(tmp_path, text)
    assert next(call["params"] for call in found) == {
        "sql": "select a from t where id = $1 and b = $2",
        "$1": "7",
        "$2": "it's, $3 = x",
    }
    assert [call["known"] for call in found] == [True, False, False]
    assert calls.facts is not None
    assert calls.facts.notices["postgres-without-values"] == 2


def test_a_statement_may_wait_for_its_duration(tmp_path: Path) -> None:
    prefix = PREFIX.format(pid=7)
    _, found = read(tmp_path, f"{prefix}LOG:  statement: SELECT 1\n{prefix}LOG:  duration: 0.250 ms\n")
    assert [(call["function"], call["elapsed_us"], call["line"]) for call in found] == [("select", 250, 1)]


def test_gaps_in_a_sessions_lines_show_a_sample(tmp_path: Path) -> None:
    line = "2026-01-02 UTC [7]: [{}-1] user=a,db=b,app=c,client=d LOG:  duration: 1.000 ms  statement: SELECT 1\n"
    whole, _ = read(tmp_path, "".join(line.format(number) for number in (8, 9, 10)))
    assert whole.judged.all(), "a log may begin amid a session"
    calls, _ = read(tmp_path, "".join(line.format(number) for number in (8, 9, 12)))
    assert not calls.judged.any()
    assert calls.facts is not None
    assert calls.facts.notices["postgres-sampled"] == 1


@pytest.mark.parametrize(
    ("sql", "rest", "caller"),
    [
        ("SELECT 1 /*controller='books',action='show',traceparent='00-a-b-01'*/", "SELECT 1", "books#show"),
        ("SELECT 1 /*application:Shop,controller:books,action:show*/;", "SELECT 1", "books#show"),
        ("/* route='%2Fbooks%2F%3Cid%3E' */ SELECT 1", "SELECT 1", "/books/<id>"),
        ("SELECT 1 /* no tag */", "SELECT 1 /* no tag */", None),
    ],
)
def test_comments_that_say_who_asked_are_no_part_of_the_question(
    tmp_path: Path, sql: str, rest: str, caller: str | None
) -> None:
    assert split_comment(sql)[0] == rest
    _, found = read(tmp_path, log(sql))
    assert found[0]["caller"] == (caller or "web")


def test_another_request_on_the_same_connection_is_another_unit(tmp_path: Path) -> None:
    calls, _ = read(tmp_path, log(*(f"SELECT 1 /*route='/a',traceparent='00-{trace}-b-01'*/" for trace in "1122")))
    assert calls.process.tolist() == [0, 0, 1, 1]


def test_clouds_put_json_or_a_second_time_around_a_line(tmp_path: Path) -> None:
    _, google = read(
        tmp_path,
        '{"textPayload":"[153735]: [10-1] db=shop,user=web LOG:  duration: 11.446 ms  statement: SELECT a FROM t"}\n',
    )
    _, amazon = read(
        tmp_path,
        "2019-08-09T18:00:00.000Z 2019-08-09 18:00:00 UTC:192.0.2.1(33436):web@shop:[26802]:LOG:  duration: 13.817 ms  "
        "statement: SELECT a FROM t\n",
    )
    _, kubernetes = read(
        tmp_path,
        '{"level":"info","logger":"postgres","record":{"log_time":"x","user_name":"web","database_name":"shop","process_id":"7",'
        '"session_id":"6.7","session_line_num":"3","message":"duration: 1.5 ms  statement: SELECT a FROM t"}}\n',
    )
    for found in (google, amazon, kubernetes):
        assert [call["function"] for call in found] == ["select t"]
        assert found[0]["unit"] == "web on shop"


def test_a_sampled_log_says_so() -> None:
    path = str(INPUTS / "postgres-stderr-sampled.log")
    assert choose_source(Stream(path)).name == "postgres"
    calls = read_inputs([path])
    assert calls.facts is not None
    assert calls.facts.notices["postgres-sampled"] == 12
    assert (~calls.judged).sum() > 50


PIECES = st.sampled_from(
    [
        *log("BEGIN", "SELECT a FROM t WHERE id = 1", "COMMIT").splitlines(),
        "\tgoes on",
        "",
        "{",
        '{"message": 7}',
        "a,b,c",
        '"',
        PREFIX.format(pid=7) + "DETAIL:  parameters: $1 = '",
        "[7] LOG:  duration: 99999999999999999999.0 ms  statement: SELECT 1",
        "[7]: [99999999999999999999999-1] LOG:  duration: 1.0 ms  statement: SELECT 1",
        "2026-01-02 03:04:05 UTC," + "," * 22,
    ]
) | st.text(max_size=30)


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES, max_size=20))
def test_any_lines_are_accounted_for(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "any.log"
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    calls = read_inputs([str(path)], source="postgres")
    assert calls.facts is not None
    read = calls.facts.input
    assert read.lines == len(calls) + read.continuation_lines + read.other_lines


# a real server


PROGRAMS = Path(__file__).parents[1] / "inputs" / "programs"


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, Path]]:
    """A server: its port, and the folder that it logs to."""
    tools = [find_tool(name) for name in ("initdb", "postgres", "pgbench", "psql")]
    if None in tools or os.name != "posix":
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    with running() as (port, folder):
        yield port, folder


@pytest.fixture(scope="module")
def logs(server: tuple[int, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its three logs of pgbench, and of a program with planted calls."""
    port, folder = server
    before = measure_logs(folder)
    own = ["-h", LOOPBACK, "-p", str(port), "-U", "shop"]
    for arguments in (["-i", "-q"], ["-t", "25", "-c", "2"], ["-t", "10", "-M", "prepared"]):
        run_tool("pgbench", *own, *arguments, "postgres")
    run_tool("psql", *own, "-q", "-v", "ON_ERROR_STOP=1", "postgres", text=PROGRAM)
    return keep_logs(port, folder, before, tmp_path_factory.mktemp("logs"))


@pytest.fixture(scope="module")
def logs_of_blog(server: tuple[int, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its three logs of the suite of a blog in Django."""
    for name in ("django", "psycopg", "pytest_django"):
        pytest.importorskip(name, reason=f"needs {name}")
    port, folder = server
    before = measure_logs(folder)
    suite = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "no:cacheprovider", "--ds=blog.settings"]
    search = os.pathsep.join([str(PROGRAMS), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [*suite, f"--rootdir={PROGRAMS}", str(PROGRAMS / "blog" / "pages.py")],
        env=os.environ | {"PGPORT": str(port), "PYTHONPATH": search, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stdout
    return keep_logs(port, folder, before, tmp_path_factory.mktemp("logs"))


def run_tool(name: str, *arguments: str, text: bytes = b"") -> None:
    command = [str(find_tool(name)), *arguments]
    subprocess.run(command, input=text, check=True, capture_output=True, timeout=PATIENCE_SECONDS)


def measure_logs(folder: Path) -> dict[str, int]:
    """How long each log is."""
    return {path.name: path.stat().st_size for path in folder.iterdir()}


def read_behind(path: Path, size: int) -> bytes:
    return path.read_bytes()[size:]


def keep_logs(port: int, folder: Path, before: dict[str, int], kept: Path) -> Path:
    """What stands behind that, up to a last statement: the server writes its logs in its own time."""
    run_tool("psql", "-h", LOOPBACK, "-p", str(port), "-U", "shop", "postgres", text=b"select 'the end';")
    for path in folder.iterdir():
        wait_until(lambda: b"the end" in read_behind(path, before[path.name]), path.name)  # noqa: B023
        written = read_behind(path, before[path.name])
        (kept / path.name).write_bytes(written[: written.rindex(b"\n") + 1])
    return kept


PROGRAM = b"\n".join(
    [
        b"CREATE TABLE books (id int, author int); CREATE TABLE authors (id int);",
        b"INSERT INTO books SELECT n, n FROM generate_series(1, 8) n;",
        b"BEGIN;",
        b"SELECT * FROM books;",
        *(b"SELECT * FROM authors WHERE id = %d;" % n for n in range(1, 9)),
        b"COMMIT;",
        b"BEGIN;",
        b"SELECT * FROM books WHERE id = 3;",
        b"SELECT * FROM books WHERE id = 3;",
        b"COMMIT;",
        b"BEGIN;",
        b"SELECT * FROM books WHERE id = 4;",
        b"UPDATE books SET author = 1 WHERE id = 4;",
        b"SELECT * FROM books WHERE id = 4;",
        b"COMMIT;",
    ]
)


def found_in(path: Path) -> list[tuple[object, ...]]:
    return [
        (
            call["unit"],
            call["function"],
            call["caller"],
            str(call["params"]),
            call["kind"],
            call["known"],
            call["parent"],
            call["elapsed_us"],
        )
        for call in rows(read_inputs([str(path)]))
    ]


@pytest.mark.services
def test_the_three_logs_of_a_server_give_the_same_calls(logs: Path) -> None:
    names = sorted(path.name for path in logs.iterdir())
    assert names == ["server", "server.csv", "server.json"]
    plain, commas, json = (found_in(logs / name) for name in names)
    assert len(plain) > 300
    assert sorted(plain, key=str) == sorted(commas, key=str) == sorted(json, key=str), (
        "in whatever order two sessions wrote"
    )
    for name in names:
        assert choose_source(Stream(str(logs / name))).name == "postgres"


@pytest.mark.services
def test_pgbench_repeats_nothing_in_a_transaction_and_the_program_what_was_planted(logs: Path) -> None:
    calls = read_inputs([str(logs / "server.json")])
    assert calls.judged.all()
    found = rows(calls)
    asked = Counter(
        (int(calls.process[row]), int(calls.lookup[row]))
        for row, call in enumerate(found)
        if call["kind"] == "question"
    )
    of_pgbench = {
        int(calls.process[row])
        for row, call in enumerate(found)
        if call["caller"] == "pgbench" and call["parent"] == "transaction"
    }
    assert len(of_pgbench) >= 60
    assert {count for (process, _), count in asked.items() if process in of_pgbench} == {1}
    of_program = [(found, call) for call in found if call["caller"] == "psql" and call["parent"] == "transaction"]
    authors = [call["params"]["p1"] for _, call in of_program if call["function"] == "select authors"]
    assert authors == [str(n) for n in range(1, 9)]
    twice = [key for key, count in asked.items() if count == 2 and key[0] not in of_pgbench]
    assert len(twice) == 2, "the double look-up, and the one behind a write"


@pytest.mark.services
def test_prepared_statements_show_their_values(logs: Path) -> None:
    found = rows(read_inputs([str(logs / "server")]))
    prepared = [call for call in found if "$1" in call["params"] and call["function"] == "select pgbench_accounts"]
    assert len(prepared) >= 10
    assert all(call["known"] for call in prepared)


@pytest.mark.services
def test_a_suite_in_django_is_the_same_in_the_three_logs_and_what_was_planted_comes_first(
    logs_of_blog: Path,
) -> None:
    paths = sorted(logs_of_blog.iterdir())
    plain, commas, json = (found_in(path) for path in paths)
    assert plain == commas == json
    assert len(plain) > 100
    for path in paths:
        findings = make_report(read_inputs([str(path)]), Settings(), path.name).findings.rows
        assert [(one.kind, one.function, one.possible_calls_saved, one.confidence) for one in findings] == [
            ("fan-out", "select blog_author", 7, "sure"),
            ("again", "select blog_post", 1, "likely"),
            ("again", "select blog_author", 0, "low"),
        ]


def test_an_entry_over_several_lines_is_printed_whole(tmp_path: Path) -> None:
    own = [
        "2026-01-02 03:04:05.678 UTC [7] LOG:  duration: 0.100 ms  execute <unnamed>: select a\n",
        "\tfrom t where id = $1\n",
        "2026-01-02 03:04:05.678 UTC [7] DETAIL:  parameters: $1 = '1'\n",
    ]
    other = "2026-01-02 03:04:05.679 UTC [7] LOG:  duration: 0.100 ms  statement: select b from t\n"
    path = tmp_path / "server.log"
    path.write_text("".join([*own, other]))
    calls = read_inputs([str(path)])
    assert [line.decode() for line in read_raw(calls, calls.line == 1, [str(path)])] == own
    assert [line.decode() for line in read_raw(calls, calls.line == 4, [str(path)])] == [other]


def test_an_application_that_gives_no_name_has_none(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    path.write_text(
        "2026-01-02 03:04:05.678 UTC [7] user=shop,db=books,app=[unknown] LOG:  duration: 0.1 ms  statement: select 1\n"
        "2026-01-02 03:04:05.678 UTC [8] [user=shop,db=books,app=web] LOG:  duration: 0.1 ms  statement: select 1\n"
    )
    assert [(call["caller"], call["unit"]) for call in rows(read_inputs([str(path)]))] == [
        (None, "shop on books"),
        ("web", "web on books"),
    ]
