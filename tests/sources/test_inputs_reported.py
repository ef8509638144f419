"""The reports on inputs that other tools wrote: what is true of each is what is found, first and no more."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.paths import INPUTS
from tests.running import run
from tests.spans import CLIENT, SERVER, request, span
from tracereport.engine.report import make_report
from tracereport.model import Finding, Report, Settings
from tracereport.sources.inputs import read_inputs


def report_on(path: Path) -> Report:
    return make_report(read_inputs([str(path)]), Settings(), path.name)


def told(finding: Finding) -> tuple[str, str, str, int, str]:
    return finding.kind, finding.callers[0] or "", finding.function, finding.calls_saved, finding.confidence


@pytest.mark.parametrize(
    ("name", "findings"),
    [
        (
            "zipkin-v2-page.json",
            [
                ("fan-out", "GET api/oauth/authorize", "GET /devices/{}", 19, "sure"),
                ("fan-out", "post /oauth/token", "select auth.client", 5, "likely"),
                ("again", "GET api/oauth/authorize", "GET /devices/{}", 0, "likely"),
            ],
        ),
        ("sentry-rails-n-plus-one.json", [("fan-out", "BooksController#index", "select books_author", 9, "sure")]),
        (
            "laravel-debugbar.json",
            [
                ("fan-out", "dashboard", "select images", 2, "sure"),
                ("fan-out", "dashboard", "select orders", 2, "likely"),  # three lines of a template
            ],
        ),
        (
            "rails-development.log",
            [
                ("fan-out", "app/views/gossip/index.html.erb", "User Load", 18, "sure"),
                ("again", "app/views/gossip/index.html.erb", "User Load", 0, "low"),
            ],
        ),
        (
            "rails-books.log",
            [
                ("fan-out", "index (app.rb)", "Author Load", 7, "sure"),
                ("again", "show (app.rb)", "Book Load", 0, "likely"),
                ("again", "rename (app.rb)", "Book Load", 0, "low"),
            ],
        ),
        *(
            (
                f"books-{name}",
                [
                    ("fan-out", prefix + first, "select authors", 7, "sure"),
                    ("again", prefix + second, "select books", saved, "likely"),
                    ("again", prefix + third, "select books", 0, "low"),
                ],
            )
            for name, prefix, first, second, third, saved in (
                ("otlp.jsonl", "GET ", "/books", "/books/{id}", "/books/{id}/rename", 0),
                ("zipkin.json", "GET ", "/books", "/books/{id}", "/books/{id}/rename", 0),
                ("postgres.log", "books#", "list", "show", "rename", 0),
                ("mysql.log", "books#", "list", "show", "rename", 1),
            )
        ),
        ("otlp-java-agent.jsonl", []),
        ("jaeger-ui-download.json", []),
        ("tempo-base64.json", []),
        ("postgres-stderr-sampled.log", []),
        ("rust-tracing-close.txt", []),
    ],
)
def test_what_is_true_of_a_sample_is_found_and_nothing_else(
    name: str, findings: list[tuple[str, str, str, int, str]]
) -> None:
    assert [told(finding) for finding in report_on(INPUTS / name).findings.rows] == findings


def test_values_that_werent_recorded_are_a_batch_or_an_answer_to_keep(tmp_path: Path) -> None:
    spans = [span("r", name="GET /cart", kind=SERVER, took=99)]
    spans += [
        span(f"q{n}", "r", kind=CLIENT, start=n, db__statement="SELECT a FROM items WHERE id = ?") for n in range(12)
    ]
    (tmp_path / "traces.jsonl").write_text(json.dumps(request(spans)))
    done = run("traces.jsonl", "-o", "-", "-o", "a.md", "-o", "a.html", "-o", "a.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    text = " ".join(done.stdout.decode().split())
    assert "`GET /cart` asks `select items` again and again, with values that weren't recorded" in text
    assert "12 calls, up to 12 in one `GET /cart`: one batch or one kept answer, 11 too many either way" in text
    (finding,) = json.loads((tmp_path / "a.json").read_bytes())["findings"]["rows"]
    assert (finding["kind"], finding["confidence"], finding["avoidable_calls"]) == ("fan-out", "likely", 11)


def test_rows_that_are_written_one_by_one_are_said_to_be(tmp_path: Path) -> None:
    spans = [span("r", name="POST /cart", kind=SERVER, took=99)]
    spans += [
        span(f"q{n}", "r", kind=CLIENT, start=n, db__statement=f"INSERT INTO items (id) VALUES ({n})")  # noqa: S608
        for n in range(12)
    ]
    (tmp_path / "traces.jsonl").write_text(json.dumps(request(spans)))
    done = run("traces.jsonl", "-o", "-", "-o", "a.md", cwd=tmp_path)
    text = " ".join(done.stdout.decode().split())
    assert "`POST /cart` writes `items` row by row" in text


@pytest.mark.parametrize(
    ("table", "sizes", "found"),
    [
        ("items", (3, 3), [("again", 0, "low")]),
        ("items", (3, 4), [("again", 0, "low")]),
        ("others", (3, 3), [("again", 0, "likely")]),
    ],
)
def test_as_many_rows_behind_a_write_prove_nothing(
    tmp_path: Path, table: str, sizes: tuple[int, int], found: list[tuple[str, int, str]]
) -> None:
    asked, written = "SELECT a FROM items WHERE id = 1", f"UPDATE {table} SET a = 2"  # noqa: S608  # no database
    spans = [
        span("r", name="GET /cart", kind=SERVER, took=99),
        span("q1", "r", kind=CLIENT, start=1, db__statement=asked, db__response__returned_rows=sizes[0]),
        span("w", "r", kind=CLIENT, start=2, db__statement=written),
        span("q2", "r", kind=CLIENT, start=3, db__statement=asked, db__response__returned_rows=sizes[1]),
    ]
    path = tmp_path / "traces.jsonl"
    path.write_text(json.dumps(request(spans)))
    told = [(one.kind, one.calls_saved, one.confidence) for one in report_on(path).findings.rows]
    assert told == found


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("otlp-java-agent.jsonl", "2 of 10 spans are questions."),
        ("zipkin-v2-page.json", "115 of 286 spans are questions, 6 are writes."),
        ("rails-books.log", "13 of 72 statements are questions, 17 are writes."),
        ("books-postgres.log", "13 of 24 statements are questions, 3 are writes."),
        ("books-mysql.log", "13 of 25 statements are questions, 5 are writes."),
        ("laravel-debugbar.json", "15 of 16 spans are questions."),
        ("rust-tracing-close.txt", "5 of 5 spans are questions."),
    ],
)
def test_the_first_lines_say_how_much_could_be_used(tmp_path: Path, name: str, said: str) -> None:
    outs = [tmp_path / f"report.{suffix}" for suffix in ("txt", "md", "html")]
    done = run(INPUTS / name, "-q", *(part for out in outs for part in ("-o", out)))
    assert done.returncode == 0
    texts = [" ".join(out.read_text().split()) for out in outs]
    brief = run(INPUTS / name, "--format", "brief").stdout.decode()
    for text, behind in zip((*texts, " ".join(brief.split())), (600, 400, None, 400), strict=True):
        start = text.index("<h1") if behind is None else 0
        assert said in text[start : start + (behind or 3_000)], text[start : start + 600]


def test_a_table_of_them_gives_the_same_report(tmp_path: Path) -> None:
    for name in ("zipkin-v2-page.json", "rails-books.log", "otlp-java-agent.jsonl", "rails-test.log"):
        done = run(INPUTS / name, "-q", "-o", tmp_path / "calls.parquet", "-o", tmp_path / "log.json", "--title", "t")
        assert done.returncode == 0
        run(tmp_path / "calls.parquet", "-q", "-o", tmp_path / "table.json", "--title", "t")
        log, table = (json.loads((tmp_path / f"{one}.json").read_bytes()) for one in ("log", "table"))
        assert differences(log, table) == [], name


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two reports differ, but for the names of their inputs."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            found
            for key in {**one, **other}
            if key not in ("file", "files", "configuration")
            for found in differences(one.get(key), other.get(key), f"{path}.{key}")
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            found
            for at, (a, b) in enumerate(zip(one, other, strict=True))
            for found in differences(a, b, f"{path}[{at}]")
        ]
    return [] if one == other else [f"{path}: {str(one)[:60]} != {str(other)[:60]}"]
