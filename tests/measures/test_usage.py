"""How much of an input of another tool could be used is said first, with what to do about the rest."""

import json
from pathlib import Path

import pytest

from tests.paths import INPUTS
from tests.running import run
from tests.spans import CLIENT, SERVER, request, span
from tracereport.measures.usage import describe_usage


def test_every_document_says_first_how_much_could_be_used(tmp_path: Path) -> None:
    spans = [span("r", name="GET /", kind=SERVER, took=99)]
    spans += [span(f"a{n}", "r", "SELECT", CLIENT, n, db__system="mysql") for n in range(3)]
    spans += [span(f"b{n}", "r", "SELECT", CLIENT, n, db__statement="select a from t where b = 1") for n in range(2)]
    (tmp_path / "traces.jsonl").write_text(json.dumps(request(spans)))
    done = run("traces.jsonl", "-o", "-", "-o", "a.md", "-o", "a.json", "--fail-on", "quality", cwd=tmp_path)
    assert done.returncode == 1, "the gate on quality fails"
    text = done.stdout.decode()
    first, _, _ = text.partition("=== What to Change First")
    for sentence in ("5 of 6 spans are questions.", "3 spans hold no statement: what they asked isn't known."):
        assert sentence in " ".join(first.split())
        assert sentence in (tmp_path / "a.md").read_text()
    codes = [row["code"] for row in json.loads((tmp_path / "a.json").read_bytes())["quality"]["rows"]]
    assert codes[:2] == ["spans-used", "spans-without-statement"]


def test_where_nothing_is_missing_nothing_misleads() -> None:
    (only,) = describe_usage({"rails": 4, "rails-questions": 3, "rails-writes": 1})
    assert only.message == "3 of 4 statements are questions, 1 is a write."
    assert not only.misleading


def test_an_input_without_a_question_says_so() -> None:
    (only,) = describe_usage({"spans": 900, "spans-frames": 900})
    assert only.message == "0 of 900 spans are questions: nothing can be asked twice."
    assert only.misleading


def test_one_is_spoken_of_as_one() -> None:
    spans = describe_usage({"spans": 1, "spans-questions": 1, "spans-cut": 1})
    assert [row.message for row in spans] == [
        "1 of 1 span is a question.",
        "1 span lacks its parent: sampled, or cut off; it isn't judged.",
    ]
    rails = describe_usage({"rails": 2, "rails-questions": 2, "rails-interleaved": 1})
    assert [row.message for row in rails][
        1
    ] == "1 request overlaps another one that no tag tells from it: neither is judged."


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("tempo-base64.json", "missing-callers", "code.function.name"),
        ("rails-test.log", "missing-callers", "verbose_query_logs"),
        ("postgres-stderr-sampled.log", "interleaved", "log_line_prefix"),
        ("rust-tracing-close.txt", "interleaved", "a log of its own"),
    ],
)
def test_a_remedy_speaks_of_what_wrote_the_log(name: str, code: str, said: str) -> None:
    report = json.loads(run(INPUTS / name, "--format", "json").stdout)
    warnings = {row["code"]: row["remedy"] for row in report["quality"]["rows"]}
    assert said in warnings[code]
