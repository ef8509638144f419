"""``tracereport history``: any number of reports, in their order, with what can't be read said."""

import gzip
import json
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.object_server import serving_objects
from tests.paths import ROOT
from tests.running import environment
from tests.runs import LABELS, keep, suite
from tracereport.command.cli import COMMANDS, main
from tracereport.documents.history import HISTORY_FORMATS
from tracereport.judging.history.run_report import RunReport
from tracereport.judging.reading import NoReportError, read_report
from tracereport.model import Report, decode_json, encode_json
from tracereport.model.history import History

SHOP = ROOT / "examples" / "logs" / "shop.log"
LOADS = ("page", "load")


pytestmark = pytest.mark.usefixtures("folder")


def repeating(*repeats: int) -> list[Report]:
    return [suite({LOADS: "a" * (count + 1)}) for count in repeats]


def made(*arguments: str, code: int = 0) -> History:
    assert main(["history", *arguments, "-q", "-o", "history.json"]) == code
    return decode_json(Path("history.json").read_bytes(), History)


def labels(history: History) -> list[str]:
    return [run.label for run in history.runs.rows]


# What is read


def test_a_glob_is_sorted_naturally(folder: Path) -> None:
    keep(folder, repeating(*range(11)), with_labels=False)
    assert labels(made("run-*.json.gz")) == [f"run-{number}" for number in range(1, 12)]


def test_the_order_given_is_kept(folder: Path) -> None:
    keep(folder, repeating(1, 2, 3))
    assert labels(made("run-3.json.gz", "run-[12].json.gz")) == [LABELS[2], LABELS[0], LABELS[1]]


def test_runs_are_ordered_by_their_times_if_asked(folder: Path) -> None:
    keep(folder, repeating(1, 2, 3))
    history = made("run-3.json.gz", "run-1.json.gz", "run-2.json.gz", "--order-by", "time")
    assert labels(history) == [*LABELS[:3]]
    assert history.order == "time"


def test_a_run_without_a_time_has_no_place_among_times(folder: Path) -> None:
    keep(folder, repeating(1, 2))
    (folder / "other.json").write_bytes(encode_json(repeating(3)[0]))
    history = made("*.json*", "--order-by", "time", code=3)
    assert labels(history) == [*LABELS[:2]]
    assert [(row.file, row.reason) for row in history.unread.rows] == [
        ("other.json", "doesn't know its time: it was made without --at")
    ]


def test_a_file_that_is_named_twice_counts_once(folder: Path) -> None:
    keep(folder, repeating(1, 2))
    (folder / "latest.json.gz").symlink_to("run-2.json.gz")
    assert labels(made("run-*.json.gz", "run-1.json.gz", "latest.json.gz")) == [*LABELS[:2]]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("run-{}.json.gz", ["run-1", "run-2"]),
        ("builds/{}/report.json", ["1", "2"]),
        ("{}/out/report.json.gz", ["1/out", "2/out"]),
        ("main-{}.report.json", ["main-1.report", "main-2.report"]),
    ],
)
def test_a_run_without_a_label_is_called_by_what_tells_its_file_from_others(
    folder: Path, names: str, told: list[str]
) -> None:
    keep(folder, repeating(1, 2), names, with_labels=False)
    assert labels(made(*[names.format(number) for number in (1, 2)])) == told


def test_the_runs_of_a_log_have_the_labels_and_times_that_they_were_given() -> None:
    for number, label in enumerate(("one", "two"), start=1):
        given = ["--label", label, "--at", f"2026-05-0{number}", "-q", "-o", f"{number}.json.gz"]
        assert main([str(SHOP), *given]) == 0
    history = made("?.json.gz")
    assert [(run.label, run.at_time) for run in history.runs.rows] == [("one", "2026-05-01"), ("two", "2026-05-02")]
    assert history.verdict == "The same in 2 runs: 74 calls, 13 asked again."


def test_reports_of_an_object_store_are_read_where_they_lie() -> None:
    with serving_objects() as server:
        bucket = server.make_bucket("runs")
        for number, report in enumerate(repeating(1, 5, 7), start=9):
            server.put("runs", f"main/{number}.json.gz", gzip.compress(encode_json(report)))
        server.put("runs", "main/12.json.gz", b"no report")
        history = made(f"{bucket}/main/*.json.gz", code=3)
        assert labels(history) == ["9", "10", "11"]
        assert [row.reason.partition(":")[0] for row in history.unread.rows] == ["is not JSON"]
        history = made(f"{bucket}/main/9.json.gz", f"{bucket}/other/*.json", f"{bucket}/main/13.json", code=3)
        assert labels(history) == ["9"]
        assert [row.file.removeprefix(bucket) for row in history.unread.rows] == ["/main/13.json", "/other/*.json"]


# What isn't


BROKEN: dict[str, tuple[bytes, str]] = {
    "empty.json": (b"", "is not JSON"),
    "half.json.gz": (gzip.compress(encode_json(suite({LOADS: "ab"})))[:200], "is damaged"),
    "log.json": (b"PERF_TRACE|0|load|elapsed_ms=1\n", "is not JSON"),
    "later.json": (b'{"schema_version": 2, "runs": []}', "has schema version 2, and this tracereport reads up to 1"),
    "other.json": (b'{"name": "package"}', "is not a report of tracereport: Object missing required field"),
    "wrong.json": (b'{"schema_version": 1, "totals": 3}', "is not a report of tracereport"),
    "deep.json": (b"[" * 100_000, "is"),
    "huge.json": (
        encode_json(suite({LOADS: "ab"})).replace(b'"calls":2', b'"calls":' + b"9" * 30),
        "is not a report",
    ),
    "less.json": (encode_json(suite({LOADS: "ab"})).replace(b'"calls":2', b'"calls":-2'), "is not a report"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_said_and_the_others_are_shown(
    folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    content, reason = BROKEN[name]
    (folder / name).write_bytes(content)
    keep(folder, repeating(1, 2))
    assert main(["history", "run-1.json.gz", name, "run-2.json.gz", "-q", "-o", "h.json", "-o", "h.html"]) == 3
    history = decode_json(Path("h.json").read_bytes(), History)
    assert history.runs.total == 2
    assert [row.file for row in history.unread.rows] == [name]
    assert reason in history.unread.rows[0].reason
    problem, remedy = capsys.readouterr().err.splitlines()
    assert problem.startswith(f"tracereport: {name}: {reason}")
    assert remedy == "  The history is of the others, and says so."
    assert f"<code>{name}</code> takes no part: it {reason.partition(' ')[0]}" in Path("h.html").read_text()


@pytest.mark.parametrize(
    ("name", "reason"), [("nosuch.json", "can't be read: No such file"), ("nosuch-*.json", "matches no file")]
)
def test_a_missing_file_is_said(folder: Path, name: str, reason: str) -> None:
    keep(folder, repeating(1, 2))
    history = made("run-*.json.gz", name, code=3)
    assert [(row.file, row.reason[: len(reason)]) for row in history.unread.rows] == [(name, reason)]


def test_nothing_is_written_where_no_report_can_be_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.json").write_bytes(b"{}")
    assert main(["history", "a.json", "-o", "history.html"]) == 3
    problem, remedy = capsys.readouterr().err.splitlines()
    assert problem.startswith("tracereport: a.json: no report of a run could be read: it is not a report")
    assert remedy == "  Name report.json files."
    assert not Path("history.html").exists()


def test_texts_of_a_report_that_anybody_may_have_written_are_bounded(folder: Path) -> None:
    report = repeating(1)[0]
    for number in (1, 2):
        odd = replace(
            report,
            label="x" * 100_000,
            title="y" * 100_000,
            at_time="soon" if number == 1 else "0001-01-01",
            generator=replace(report.generator, version=str(number) * 100_000),
        )
        (folder / f"{number}.json").write_bytes(encode_json(odd))
    outputs = [part for kind in HISTORY_FORMATS for part in ("-o", f"h{kind.suffixes[0]}")]
    assert main(["history", "?.json", "-q", "--page", "https://ci.example/{label}", *outputs]) == 0
    assert decode_json(Path("h.json").read_bytes(), History).runs.rows[0].at_time is None
    assert all(Path(f"h{kind.suffixes[0]}").stat().st_size < 900_000 for kind in HISTORY_FORMATS)
    assert Path("h.md").stat().st_size < 60_000
    assert made("?.json", "--order-by", "time", code=3).unread.rows[0].file == "1.json"


@given(content=st.binary(max_size=300), at=st.integers(0, 5000), length=st.integers(0, 400))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_file_holds_is_a_run_or_a_reason(folder: Path, content: bytes, at: int, length: int) -> None:
    whole = encode_json(suite({LOADS: "aab"}))
    path = folder / "broken.json"
    path.write_bytes(whole[:at] + content + whole[at + length :])
    with suppress(NoReportError):
        assert read_report(str(path), RunReport).totals.calls >= 0


def test_many_broken_files_are_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(folder, repeating(1, 2))
    for number in range(30):
        (folder / f"bad-{number}.json").write_bytes(b"{}")
    history = made("*.json", "*.gz", code=3)
    assert history.unread.total == 30
    printed = capsys.readouterr().err.splitlines()
    assert len(printed) == 21
    assert printed[-1] == "tracereport: 20 further files aren't read"


# Where pages are


def test_a_run_s_page_is_the_one_beside_its_report_seen_from_the_history(folder: Path) -> None:
    keep(folder, repeating(1, 2), "runs/a b-{}.json.gz")
    (folder / "runs" / "a b-2.html").write_text("page")
    (folder / "out").mkdir()
    assert main(["history", "runs/*.json.gz", "-q", "-o", "out/h.json", "-o", "out/h.html"]) == 0
    pages = [run.page for run in decode_json(Path("out/h.json").read_bytes(), History).runs.rows]
    assert pages == [None, "../runs/a%20b-2.html"]
    assert 'href="../runs/a%20b-2.html"' in Path("out/h.html").read_text()


def test_pages_are_where_the_address_says(folder: Path) -> None:
    keep(folder, repeating(1, 2), "builds/{}/report.json")
    address = "https://ci.example/{folder}/{name}.html?of={label}"
    history = made("builds/*/report.json", "--page", address)
    assert history.runs.rows[0].page == f"https://ci.example/1/report.html?of={LABELS[0]}"


def test_a_label_in_an_address_stays_one_part_of_it(folder: Path) -> None:
    hostile = replace(repeating(1)[0], label='../"><script>#?')
    (folder / "a.json").write_bytes(encode_json(hostile))
    page = made("a.json", "--page", "https://ci.example/{label}").runs.rows[0].page
    assert page == "https://ci.example/..%2F%22%3E%3Cscript%3E%23%3F"


def test_an_address_that_is_the_same_for_all_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(folder, repeating(1))
    assert main(["history", "run-1.json.gz", "--page", "https://ci.example/"]) == 2
    assert "the same address for every run" in capsys.readouterr().err


# What is printed


def test_the_text_ends_with_the_verdict(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(folder, repeating(2, 2, 9))
    assert main(["history", "run-*.json.gz"]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[0].endswith(": 3 runs, a1b2c3d on 1 May to c3d4e5f on 3 May")
    verdict = "In 3 runs: calls 3 → 10 (+7), asked again 2 → 9 (+7). Of 1 finding, 1 grew. Most by one finding: "
    assert " ".join(printed.split()).endswith(f"{verdict}`page` asks `load` again, 2 → 9 with `c3d4e5f` on 3 May.")


def test_a_written_history_says_its_verdict_on_standard_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(folder, repeating(2, 2))
    assert main(["history", "run-*.json.gz", "-o", "h.md"]) == 0
    assert capsys.readouterr() == ("", "The same in 2 runs: 3 calls, 2 asked again.\n")
    assert main(["history", "run-*.json.gz", "-o", "h.md", "-q"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("kind", [kind.name for kind in HISTORY_FORMATS])
def test_every_format_can_be_printed(folder: Path, kind: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    keep(folder, repeating(2, 5))
    assert main(["history", "run-*.json.gz", "--format", kind]) == 0
    printed = capfdbinary.readouterr().out
    suffix = next(each for each in HISTORY_FORMATS if each.name == kind).suffixes[0]
    assert main(["history", "run-*.json.gz", "-q", "-o", f"h{suffix}"]) == 0
    assert Path(f"h{suffix}").read_bytes() == printed


def test_the_same_reports_give_the_same_bytes(folder: Path) -> None:
    keep(folder, repeating(2, 5, 0, 3, 9, 1))
    names = [f"h{kind.suffixes[0]}" for kind in HISTORY_FORMATS]
    written = []
    for _ in range(2):
        assert main(["history", "run-*.json.gz", "-q", *[part for name in names for part in ("-o", name)]]) == 0
        written.append([Path(name).read_bytes() for name in names])
    assert written[0] == written[1]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([""], "The name of a report is empty"),
        (["a.json", "--order-by", "size"], "'size' is not one of"),
        (["a.json", "-o", "history.docx"], "its suffix chooses no format"),
        (["a.json", "-o", "nosuch/history.html"], "nosuch/history.html can't be written"),
        (["-q"], "No report is given"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_read(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", *arguments]) in (2, 4)
    assert problem in capsys.readouterr().err


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out)["$ref"] == "#/$defs/History"


def test_the_help_shows_examples_and_its_own_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "tracereport history 'runs/*.json.gz' -o history.html" in shown
    assert "--fail-on" not in shown
    assert main(["--help"]) == 0
    assert re.search(r"tracereport history REPORT\.\.\. +\w", capsys.readouterr().out)
    assert "history" in COMMANDS


# Values kept out


def test_redacted_reports_have_a_history_that_shows_no_value(folder: Path) -> None:
    log = folder / "a.log"
    lines = (f"PERF_TRACE|{at}|load|caller=page|secret=hunter{at % 3}|elapsed_ms=1\n" for at in range(9))
    log.write_text("".join(lines))
    for number in (1, 2):
        assert main([str(log), "--redact", "all", "-q", "-o", f"{number}.json"]) == 0
    outputs = [part for kind in HISTORY_FORMATS for part in ("-o", f"h{kind.suffixes[0]}")]
    assert main(["history", "?.json", "-q", *outputs]) == 0
    for kind in HISTORY_FORMATS:
        assert b"hunter" not in Path(f"h{kind.suffixes[0]}").read_bytes()
    assert decode_json(Path("h.json").read_bytes(), History).findings.total == 1


# Limits


def thousand_runs(folder: Path) -> None:
    """The shop's report a thousand times, with counts that change now and then."""
    assert main([str(SHOP), "-q", "-o", "one.json"]) == 0
    report: dict[str, Any] = msgspec.json.decode(Path("one.json").read_bytes())
    for number in range(1, 1001):
        report["label"] = f"{number * 2654435761 % 2**28:07x}"
        report["at_time"] = f"20{number // 100 + 10}-05-{number % 28 + 1:02}"
        report["totals"]["calls"] += number % 5 == 0
        report["findings"]["rows"][number % len(report["findings"]["rows"])]["repeats"] += number % 3 == 0
        (folder / f"run-{number}.json.gz").write_bytes(gzip.compress(msgspec.json.encode(report), 1))


MEASURE_MEMORY = """
import os, sys
process = os.posix_spawn(sys.executable, [sys.executable, "-m", "tracereport", *sys.argv[1:]], os.environ)
_, status, usage = os.wait4(process, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""
"""A process starts with the peak of the one that starts it: this one is small, the tests' isn't."""


def test_a_thousand_runs_are_read_in_little_memory_into_a_page_that_is_bounded(folder: Path) -> None:
    thousand_runs(folder)
    arguments = ["history", "run-*.json.gz", "-q", "-o", "history.html", "-o", "history.json"]
    said = subprocess.check_output([sys.executable, "-c", MEASURE_MEMORY, *arguments], env=environment(), text=True)
    exit_code, kilobytes = map(int, said.split())
    assert exit_code == 0
    assert kilobytes < 500_000
    assert Path("history.html").stat().st_size <= 1_500_000
    history = decode_json(Path("history.json").read_bytes(), History)
    assert history.runs.total == history.compared_runs == 1000
    assert history.figures[0].steps == 200
