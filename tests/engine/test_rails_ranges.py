"""A log of Rails in ranges gives the report of one pass, also where requests overlap and where bytes are no UTF-8."""

import random
from pathlib import Path

import pytest

from tests.engine.test_same_report import of_one_process, of_parts
from tests.paths import INPUTS
from tracereport.sources.inputs import cut_input, read_inputs
from tracereport.sources.rails import cutting
from tracereport.sources.rails.reader import RailsReader
from tracereport.sources.streams.stream import Stream

STEP_BYTES = 1_500
LINES = (
    b'Started GET "/books/1" for 127.0.0.1 at 2026-01-02 03:04:05 +0000\n',
    b"Processing by BooksController#show as HTML\n",
    b'  Book Load (0.4ms)  SELECT "books".* FROM "books" WHERE "books"."id" = $1  [["id", 1]]\n',
    b'  Book Load (0.4ms)  SELECT books.* FROM books WHERE id = $1  [["id", 2]]\n  \xe2\x86\xb3 app/a.rb:3\n',
    b"  Book Update (0.4ms)  UPDATE books\nSET a = 'b\xffc'\nWHERE id = 1\n",
    b"Completed 200 OK in 12ms (Views: 3.0ms)\n\n\n",
    b"Completed 200 OK in 12ms (Views: 3.0ms)\r\n\r\n",
    b"something else\n",
)


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "STEP_BYTES", STEP_BYTES)


def write_log(path: Path, seed: int, requests: int) -> None:
    """Whole requests, one behind the other, and at times lines in any order."""
    rng = random.Random(seed)  # noqa: S311 - the same log for the same seed
    begin, action, *asked, end, _, _ = LINES
    parts: list[bytes] = []
    for _ in range(requests):
        parts += [begin, action, *rng.choices(asked, k=rng.randrange(5)), end]
        if rng.random() < 0.2:
            parts += rng.choices(LINES, k=rng.randrange(12))
    path.write_bytes(b"".join(parts))


@pytest.mark.parametrize("seed", range(12))
def test_any_log_gives_the_same_report_in_ranges(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "development.log"
    write_log(path, seed, 40)
    assert len(cut_input(str(path), STEP_BYTES)) > 2
    ranged = of_parts([path], parts=str(tmp_path / "parts"), range_bytes=STEP_BYTES)
    assert ranged == of_one_process([path])


def test_a_real_log_gives_the_same_report_in_ranges(tmp_path: Path) -> None:
    path = INPUTS / "rails-development.log"
    assert len(cut_input(str(path), STEP_BYTES)) > 2
    assert of_parts([path], parts=str(tmp_path / "parts"), range_bytes=STEP_BYTES) == of_one_process([path])


@pytest.mark.parametrize("chunk_bytes", [1, 300, 5_000, 1 << 20])
def test_cuts_are_where_they_are_however_the_log_comes(tmp_path: Path, chunk_bytes: int) -> None:
    path = tmp_path / "development.log"
    write_log(path, 3, 60)
    cuts, place, found = cutting.Cuts(), 0, []
    for chunk in Stream(str(path)).read_chunks(chunk_bytes=chunk_bytes):
        for piece, is_cut in cuts.split(chunk):
            found += [place] * is_cut
            place += len(piece)
    assert place == path.stat().st_size
    ranges = cut_input(str(path), 1)
    assert found == [one.start for one in ranges[1:]]
    text = path.read_bytes()
    assert [one.first_line for one in ranges] == [text[: one.start].count(b"\n") for one in ranges]
    assert ranges[-1].end == len(text)


def test_a_log_with_tags_or_without_a_request_is_read_in_one_go(tmp_path: Path) -> None:
    path = tmp_path / "development.log"
    write_log(path, 1, 40)
    tagged = tmp_path / "tagged.log"
    tagged.write_bytes(b"".join(b"[a] " + line for line in path.read_bytes().splitlines(keepends=True)))
    assert not cut_input(str(tagged), STEP_BYTES)
    empty = tmp_path / "empty.log"
    empty.touch()
    assert not cut_input(str(empty), STEP_BYTES, source="rails")
    assert read_inputs([str(tagged)], source="rails").facts is not None


def test_a_cut_ends_what_is_open(tmp_path: Path) -> None:
    path = tmp_path / "development.log"
    begin, action, asked, *_, end, _, _ = LINES
    overlapping = [begin, action, begin, action, asked, end]
    path.write_bytes(b"".join([*overlapping, *([begin, action, asked, end] * 20)]))
    (calls,) = RailsReader("log").read(Stream(str(path)), None)
    judged = calls.judged.tolist()
    assert not any(judged[:2])
    assert judged[-1], "what overlapped before the cut is no matter behind it"
