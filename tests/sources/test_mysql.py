"""MySQL's slow log -> calls: sessions and their transactions, and how many rows came back."""

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.spans import rows
from tracereport.calls.calls import Calls
from tracereport.sources.inputs import choose_source, read_inputs, read_raw
from tracereport.sources.streams.stream import Stream

ENTRY = """\
# Time: 2026-01-02T03:04:05.000006Z
# User@Host: shop[shop] @ localhost []  Id:    {session}
# Query_time: 0.000182  Lock_time: 0.000001 Rows_sent: {rows}  Rows_examined: 9
SET timestamp=1541225576;
{sql};
"""


def log(*statements: str, session: int = 28, rows: int = 1) -> str:
    return "".join(ENTRY.format(session=session, rows=rows, sql=sql) for sql in statements)


def read(tmp_path: Path, text: str) -> tuple[Calls, list[dict[str, Any]]]:
    path = tmp_path / "slow.log"
    path.write_text(text)
    assert choose_source(Stream(str(path))).name == "mysql"
    calls = read_inputs([str(path)])
    return calls, rows(calls)


def test_a_statement_is_a_call_and_its_rows_an_answer(tmp_path: Path) -> None:
    calls, found = read(
        tmp_path, "mysqld, Version: 8.0. started with:\n" + log("SELECT a\nFROM t\nWHERE id = 7", rows=3)
    )
    (call,) = found
    assert (call["function"], call["params"], call["metrics"], call["elapsed_us"], call["line"]) == (
        "select t", {"sql": "SELECT a FROM t WHERE id = ?", "p1": "7"}, {"rows": 3}, 182, 4,
    )  # fmt: skip
    assert calls.facts is not None
    assert calls.facts.input.continuation_lines == 2


def test_transactions_of_sessions_are_units(tmp_path: Path) -> None:
    text = log("BEGIN", "SELECT 1") + log("SELECT 9", session=29) + log("COMMIT", "BEGIN", "SELECT 1", "COMMIT")
    calls, found = read(tmp_path, text)
    assert calls.process.tolist() == [0, 0, 1, 0, 2, 2, 2]
    assert [call["parent"] for call in found] == [
        None, "transaction", None, "transaction", None, "transaction", "transaction",
    ]  # fmt: skip
    assert calls.judged.all()


def test_mariadb_names_the_session_in_a_line_of_its_own(tmp_path: Path) -> None:
    text = (
        "# User@Host: web[web] @ localhost []\n# Thread_id: 41  Schema: shop  QC_hit: No\n"
        "# Query_time: 0.001500  Lock_time: 0.000100  Rows_sent: 2  Rows_examined: 2\n"
        "SET timestamp=1;\nSELECT a FROM t;\n"
    )
    calls, found = read(tmp_path, text)
    assert (found[0]["unit"], found[0]["elapsed_us"]) == ("web on shop", 1_500)
    assert calls.judged.all()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from([*log("BEGIN", "SELECT 1").splitlines(), "use shop;", "# x", ""]) | st.text(max_size=20),
        max_size=20,
    )
)
def test_any_lines_are_accounted_for(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "any.log"
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    calls = read_inputs([str(path)], source="mysql")
    assert calls.facts is not None
    read_ = calls.facts.input
    assert read_.lines == len(calls) + read_.continuation_lines + read_.other_lines


def test_a_statement_over_several_lines_is_printed_whole(tmp_path: Path) -> None:
    text = log("SELECT 1", "SELECT a\nFROM t\nWHERE id = 7")
    path = tmp_path / "slow.log"
    path.write_text(text)
    calls = read_inputs([str(path)])
    [*lines] = read_raw(calls, calls.line == calls.line.max(), [str(path)])
    assert [line.decode().rstrip() for line in lines[-3:]] == ["SELECT a", "FROM t", "WHERE id = 7;"]
    assert lines[0].startswith(b"# Query_time: ")
