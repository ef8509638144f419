"""Names that hold values are hidden with the values; names that are code stay."""

import gzip
from pathlib import Path

import polars as pl
import pytest

from tests.running import run
from tracereport.command.cli import main
from tracereport.judging.hidden_names import rename_holders
from tracereport.sources.perf_trace.reader import read_log

PLAIN = (
    "load_node", "main", "<Foo as Bar<'a>>::baz::{{closure}}", "a::b::{closure#0}", "Object.<anonymous>", "new Cart",
    "GET /users/{}", "Foo.bar.<locals>.baz", "test_page", "insert order_lines", "HTTP2_READ", "utf8", "x86_64::load",
)  # fmt: skip
"""Names of code, which stay whatever is hidden."""
HOLDERS = (
    "GET /users/4711", "user=bob", 'find("bob")', "sk_live_9f8e7d6c5b4a", "AKIA12345678", "cart@2f9a", "page?id=1",
    "550e8400-e29b-41d4-a716-446655440000",
)  # fmt: skip
"""Callers that hold what no code has in its names."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rename(*lines: str, names: frozenset[str] | None = None) -> dict[str, str]:
    """What is shown of the names that hold values: the values in angle quotes."""
    Path("some.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return rename_holders(read_log(["some.log"]), names, lambda value: f"«{value}»")


def call(number: int, caller: str = "main", behind: str = "", params: str = "id=1", function: str = "load") -> str:
    return f"PERF_TRACE|{number}|{function}|caller={caller}|{params}|elapsed_ms=1{behind}"


@pytest.mark.parametrize("name", PLAIN)
def test_names_of_code_stay(name: str) -> None:
    assert rename(call(0, caller=name), call(1, function=name)) == {}


@pytest.mark.parametrize("name", HOLDERS)
def test_a_caller_that_is_no_code_is_hidden_with_all_values(name: str) -> None:
    assert rename(call(0, caller=name)) == {name: f"«{name}»"}
    assert rename(call(0, caller=name), names=frozenset({"id"})) == {}


def test_what_a_test_was_given_is_hidden() -> None:
    test = "t.py::test_page[bob-3]"
    assert rename(call(0, behind=f"|test={test}")) == {test: "t.py::test_page[«bob-3»]"}
    assert rename(call(0, behind=f"|test={test}", params="id=3"), names=frozenset({"id"})) == {
        test: "t.py::test_page[bob-«3»]"
    }
    assert rename(call(0, behind=f"|test={test}", params="id=4"), names=frozenset({"id"})) == {}


def test_a_value_is_hidden_wherever_it_stands_between_words() -> None:
    names = frozenset({"user"})
    lines = [call(0, params="user=bob smith"), call(1, caller="page of bob smith!", behind="|test=for-bob smith")]
    assert rename(*lines, names=names) == {
        "page of bob smith!": "page of «bob smith»!",
        "for-bob smith": "for-«bob smith»",
    }
    assert rename(call(0, params="user=bob"), call(1, caller="bobsled"), names=names) == {}
    assert rename(call(0, params="user=ab"), call(1, caller="ab"), names=names) == {"ab": "«ab»"}
    assert rename(call(0, params="user=ab"), call(1, caller="x ab"), names=names) == {}


def test_a_traced_function_is_code_even_where_a_value_is_the_same() -> None:
    assert rename(call(0, params="kind=load"), call(1, caller="load")) == {}


def test_what_stands_behind_a_bar_in_a_function_came_out_of_a_value() -> None:
    assert rename(call(0, function="lo|bob")) == {"lo|bob": "lo|«bob»"}


@pytest.mark.parametrize("redact", ["all", "user"])
def test_no_document_holds_a_hidden_name(redact: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        call(2 * n + m, caller="greet(bobsecret)", params="user=bobsecret|k=1", behind="|test=t[bobsecret]|rows=1")
        for n in range(30) for m in range(2)
    ]  # fmt: skip
    lines += [call(90, caller="greet(bobsecret)" * 20, params="k=1"), call(91, params="user=bobsecret|sql=SELECT 1")]
    Path("some.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    names = ("a.txt", "a.md", "a.html", "a.json", "a.json.gz", "a.parquet", "a.sarif")
    arguments = ["some.log", "--redact", redact, "--location=a.rs", "--fail-on", "new-findings", "--baseline", "b.json"]
    assert main(["some.log", "-q", "-o", "b.json"]) == 0
    assert main([*arguments, *(f"-o{name}" for name in names)]) == 0
    assert main([*arguments, "-q", "--format", "brief"]) == 0
    for name in names:
        content = Path(name).read_bytes()
        content = gzip.decompress(content) if name.endswith(".gz") else content
        if name == "a.parquet":
            content = (pl.read_parquet(name).write_json() + str(pl.read_parquet_metadata(name))).encode()
        assert b"bobsecret" not in content, name
    printed = capsys.readouterr()
    assert "bobsecret" not in printed.out + printed.err


def test_the_command_line_of_a_run_holds_values_too() -> None:
    done = run(
        "run", "--redact", "all", "-q", "-o", "a.json", "-o", "a.txt", "--",
        "sh", "-c", "echo 'PERF_TRACE|1|f|id=1|elapsed_ms=1' >&2", "--token=bobsecret",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for name in ("a.json", "a.txt"):
        assert "bobsecret" not in Path(name).read_text(encoding="utf-8")
    assert "\nsh\n" in Path("a.txt").read_text(encoding="utf-8")


def test_a_test_that_was_tried_again_is_hidden_in_every_try() -> None:
    said = "load|caller=page|id=1|elapsed_ms=1|rows=1|test=t.py::test[bobsecret]"
    lines = (f"PERF_TRACE|{number}|{said}|try={attempt}\n" for number, attempt in enumerate((1, 2, 2, 3)))
    Path("tried.log").write_text("".join(lines), encoding="utf-8")
    assert run("tried.log", "-q", "--redact", "all", "-o", "a.json", "-o", "a.html").returncode == 0
    for name in ("a.json", "a.html"):
        content = Path(name).read_text(encoding="utf-8")
        assert "bobsecret" not in content
        assert "(try 2)" in content
