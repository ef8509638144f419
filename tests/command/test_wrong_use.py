"""Command lines that can't be followed: what is wrong and what to do, in two lines."""

from pathlib import Path

import pytest

from tests.command.calling import assert_error, call, some_traces, written
from tests.paths import LOGS
from tests.running import BARE, SINGLE, run

pytestmark = pytest.mark.usefixtures("folder")


@pytest.mark.parametrize(
    ("arguments", "code", "problem", "remedy"),
    [
        (["-o", "report.pdf"], 2, "-o report.pdf: its suffix chooses no format", ".txt .md .html"),
        (["-o", "missing/a.html"], 4, "missing/a.html can't be written: there is no folder", "mkdir -p missing"),
        (["-o", "/dev/full", "--format", "text"], 4, "/dev/full can't be written: the disk is full", "Free some space"),
    ],
)
def test_documents_that_cannot_be_written(arguments: list[str], code: int, problem: str, remedy: str) -> None:
    assert_error(run(SINGLE, *arguments), code, problem, remedy)
    assert not list(Path().iterdir()), "nothing is left behind"


def test_a_document_takes_the_place_of_no_input() -> None:
    log = written("own.log", some_traces(3))
    done = run(log, "--format", "raw", "-o", log)
    assert_error(done, 2, "-o own.log: the document would take the place of an input", "Name another file")
    assert Path(log).read_bytes() == some_traces(3)


def test_a_link_to_nowhere_names_the_folder_that_is_missing() -> None:
    Path("report.html").symlink_to("/nosuch/report.html")
    assert_error(run(SINGLE, "-o", "report.html"), 4, "there is no folder /nosuch", "mkdir -p /nosuch")


def test_a_file_may_have_the_longest_name() -> None:
    name = f"{'x' * 252}.md"
    assert run(SINGLE, "-q", "-o", name).returncode == 0
    assert Path(name).read_text(encoding="utf-8")


def test_trace_lines_may_go_to_a_text_file() -> None:
    assert run(BARE, "-q", "--format", "raw", "-o", "traces.txt").returncode == 0
    assert Path("traces.txt").read_text(encoding="utf-8").startswith("PERF_TRACE|")


@pytest.mark.parametrize(
    ("arguments", "code", "problem", "remedy"),
    [
        (["--nosuch"], 2, "No such option '--nosuch'", "tracereport --help"),
        (["--top", "0"], 2, "'--top': 0 is not in the range", "tracereport --help"),
        (["--call", "x"], 2, "'--call': 'x' is not a valid whole number", "tracereport --help"),
        (["--today", "soon"], 2, "'--today': 'soon' does not match the format", "tracereport --help"),
        (["--format", "pdf"], 2, "--format pdf: unknown format", "text, brief, markdown, html"),
        (["-o", "a.md", "-o", "a.md"], 2, "Two documents would go to a.md", "name of its own"),
        (
            ["-o", "missing/report.html"],
            4,
            "missing/report.html can't be written: there is no folder",
            "mkdir -p missing",
        ),
        (["-o", "folder.html"], 4, "folder.html can't be written: it is a folder", "Name a file in it"),
        (["--param", "id"], 2, "--param id: no value", "NAME=VALUE"),
        (["--param", "caller=metadata"], 2, "the caller isn't a parameter here", "--caller metadata"),
        (["--function", "query_record"], 2, "No call matches --function query_record", "--function 'query_records'?"),
        (["--call", "99999999"], 2, "No call matches --call 99999999", "without it"),
        (["--function", "query*", "--process", "x"], 2, "No call matches --process x", "without it"),
        (["--explain", "0000"], 2, "--explain 0000: no finding has this fingerprint", "-o report.json"),
        (["--explain", ""], 2, "fingerprints begin so", "-o report.json"),
        (["--explain", "6f16", "-o", "a.md"], 2, "--explain prints one finding", "Leave out one of them"),
        (["--fail-on", "worse"], 2, "--fail-on 'worse' needs a baseline", "--baseline"),
        (["--fail-on", "calls >"], 2, "--fail-on 'calls >', column 8", "redundant_rate > 0.2"),
        (["--fail-on", "calls(nosuch) > 3"], 2, "column 7: no function is called nosuch", "as it stands in the log"),
        (["--baseline", "nosuch.json"], 2, "The baseline nosuch.json can't be read", "report.json"),
        (["--config", "nosuch.toml"], 2, "The configuration nosuch.toml can't be read", "--config"),
        (["--redact", "all", "--redact-key-file", "nosuch"], 2, "nosuch: can't be read", "Name a file"),
        (["--redact", "all", "--redact-key-file", "empty.key"], 2, "empty.key: empty", "openssl rand"),
        (["--redact", "all", "--format", "raw"], 2, "Trace lines can't be redacted", "-o calls.parquet"),
        (["--format", "gitlab"], 4, "needs a file and line", "--location FILE"),
    ],
)
def test_command_lines_that_cannot_be_followed(
    arguments: list[str], code: int, problem: str, remedy: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("folder.html").mkdir()
    Path("empty.key").touch()
    assert_error(call(capfd, SINGLE, *arguments), code, problem, remedy)
    assert {path.name for path in Path().iterdir()} == {"folder.html", "empty.key"}, "nothing is left behind"


def test_a_tree_is_drawn_only_where_there_is_one(capfd: pytest.CaptureFixture[str]) -> None:
    done = call(capfd, LOGS / "stress-4-threads.log.gz", "-o", "calls.speedscope.json")
    assert_error(done, 4, "No process has a known call tree", "--test-threads=1")
    done = call(capfd, SINGLE, "-o", "calls.speedscope.json")
    assert_error(done, 4, "No traced call was made inside another", "Trace more functions")
