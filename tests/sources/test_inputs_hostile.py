"""Lines that are made to be slow to read are read as fast as any."""

import time
from pathlib import Path

import pytest

from tracereport.sources.inputs import choose_source, read_inputs
from tracereport.sources.rails.grammar import split_binds
from tracereport.sources.statements import split_last_comment
from tracereport.sources.streams.stream import Stream

SIZE = 200_000
HOSTILE = {
    "blanks": " " * SIZE,
    "blanks and a bracket": "  (" * (SIZE // 3),
    "requests": 'Started GET "/" for x at ' * (SIZE // 24),
    "completed": "Completed 200 " * (SIZE // 14),
    "values": "  A (0.1ms)  SELECT 1" + "  [[1" * (SIZE // 5),
    "comments": "x LOG:  duration: 1.000 ms  statement: SELECT 1 " + "/* " * (SIZE // 3),
    "quotes": "  A (0.1ms)  SELECT " + "'a\"" * (SIZE // 3),
    "capitals": "A" * SIZE + ": close time.busy=1ns time.idle=1ns",
    "words": "A " * (SIZE // 2) + ": close time.busy=1ns time.idle=1ns",
    "braces": "A a" + "{" * SIZE + ": close time.busy=1ns time.idle=1ns",
}
SECONDS = 20
"""Quadratic work on such a line takes many minutes."""


@pytest.mark.parametrize("source", ["rails", "postgres", "rust-tracing", "mysql"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_line_takes_no_more_time_than_its_length(tmp_path: Path, name: str, source: str) -> None:
    path = tmp_path / "hostile.log"
    path.write_text(HOSTILE[name] + "\n")
    begun = time.process_time()
    choose_source(Stream(str(path)))
    read_inputs([str(path)], source=source)
    assert time.process_time() - begun < SECONDS


@pytest.mark.parametrize(
    ("sql", "rest", "said"),
    [
        ("SELECT /* hint */ a FROM t /*app*/", "SELECT /* hint */ a FROM t", "app"),
        ("SELECT a /*app*/;", "SELECT a", "app"),
        ("SELECT /* hint */ a", "SELECT /* hint */ a", ""),
    ],
)
def test_only_the_comment_at_the_end_is_taken_off(sql: str, rest: str, said: str) -> None:
    assert split_last_comment(sql) == (rest, said)


def test_values_begin_where_they_first_may() -> None:
    assert split_binds('SELECT 1  [["a", "x  [[y"]]') == ("SELECT 1", '[["a", "x  [[y"]]')
    assert split_binds("SELECT ARRAY[[1]]  ") == ("SELECT ARRAY[[1]]  ", "")
