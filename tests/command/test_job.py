"""One run after another: explained, compared, judged, accepted, redacted, all through the command."""

import gzip
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.paths import LOGS
from tests.planted_changes import duplicate_call, read_suite, write_suite
from tests.running import BARE, SINGLE, read_once
from tracereport.command.cli import main
from tracereport.judging.redaction import redact_value

AGAIN = "6f167c7b6a99"
"""``metadata`` asks ``query_records`` again, in the logs of the founding system."""
PARALLEL, NEXTEST = LOGS / "duckpond-parallel.log", LOGS / "duckpond-nextest.log"
DEEP, DEEP_NEXTEST = LOGS / "duckpond-deep-single-thread.log.zst", LOGS / "duckpond-deep-nextest.log.zst"


pytestmark = pytest.mark.usefixtures("folder")


def write(log: Path | str, *names: str, options: Sequence[str] = ()) -> int:
    return main([str(log), "-q", *options, *(f"-o{name}" for name in names)])


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(name).read_bytes())
    return content


# One finding


@pytest.mark.parametrize("options", [(), ("--top", "3"), ("--redact", "all"), ("--function", "query_*")])
def test_a_document_is_the_same_whatever_is_written_beside_it(options: Sequence[str]) -> None:
    """Rows that only the JSON and the page hold are made for these alone."""
    write(DEEP, "alone.txt", "alone.md", options=options)
    write(DEEP, "beside.txt", "beside.md", "report.json", options=options)
    for suffix in ("txt", "md"):
        assert Path(f"alone.{suffix}").read_bytes() == Path(f"beside.{suffix}").read_bytes()
    assert len(read("report.json")["redundant_signatures"]["rows"]) > 100


def test_a_finding_is_explained_with_its_trace_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(SINGLE), "--explain", AGAIN]) == 0
    explained = capsys.readouterr().out
    assert explained.startswith("`metadata` asks `query_records` again for what is known\n195 repeats over 26 `id`s")
    for heading in ("=== Evidence ===", "=== What to Do ===", "=== Trace Lines ==="):
        assert f"\n{heading}\n" in explained
    lines = explained.partition("=== Trace Lines ===\n")[2].splitlines()
    logged = SINGLE.read_text(encoding="utf-8")
    assert len(lines) == 10, "five repeats, and the call before each"
    for line in lines:
        assert line.startswith("PERF_TRACE|")
        assert line in logged
    assert f"(line {1 + logged[: logged.index(lines[-1])].count(chr(10))})" in explained


def test_the_first_digits_of_a_fingerprint_are_enough(capsys: pytest.CaptureFixture[str]) -> None:
    main([str(SINGLE), "--explain", AGAIN])
    whole = capsys.readouterr().out
    assert main([str(SINGLE), "--explain", AGAIN[:4]]) == 0
    assert capsys.readouterr().out == whole


def test_a_finding_of_a_table_says_where_its_lines_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert write(SINGLE, "calls.parquet") == 0
    assert main(["calls.parquet", "--explain", AGAIN]) == 0
    assert "give the log itself" in capsys.readouterr().out


def test_an_explanation_is_judged_by_no_gate_and_writes_no_document(capsys: pytest.CaptureFixture[str]) -> None:
    Path("tracereport.toml").write_text('output = ["report.html"]\nfail-on = ["calls > 0"]\n', encoding="utf-8")
    assert main([str(SINGLE), "--explain", AGAIN]) == 0
    assert capsys.readouterr().err == ""
    assert not Path("report.html").exists()


# Two runs


@pytest.mark.parametrize("baseline", ["main.json", "main.json.gz", "main.parquet"])
def test_runs_of_the_same_suite_pass_every_gate(baseline: str) -> None:
    assert write(SINGLE, baseline) == 0
    gates = ("new-findings", "worse", "calls != baseline", "redundant_calls(query_records) > baseline + 0%")
    options = ["--baseline", baseline, *(word for gate in gates for word in ("--fail-on", gate))]
    assert write(PARALLEL, "report.json", "report.md", options=options) == 0
    comparison = read("report.json")["comparison"]
    assert comparison["functions"]["total"] == comparison["edges"]["total"] == 0
    assert {row["state"] for row in comparison["findings"]["rows"]} == {"unchanged"}
    assert [gate["passed"] for gate in read("report.json")["gates"]["rows"]] == [True] * 4
    assert Path("report.md").read_text(encoding="utf-8").startswith("Nothing changed: 691 calls")


def test_a_run_that_shares_no_test_with_the_baseline_passes_and_says_so() -> None:
    assert write(SINGLE, "main.json") == 0
    options = ["--baseline", "main.json", "--fail-on", "worse", "--fail-on", "calls != baseline"]
    assert write(NEXTEST, "report.json", "report.md", options=options) == 0
    assert [gate["note"][:18] for gate in read("report.json")["gates"]["rows"]] == ["nothing comparable"] * 2
    assert "Nothing comparable: no test or process is on both sides" in Path("report.md").read_text(encoding="utf-8")


def test_a_worse_run_fails_and_every_document_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert write(DEEP_NEXTEST, "main.json.gz") == 0
    looped = duplicate_call(read_suite(), "ensure_directory_loaded")
    Path("looped.log").write_text(write_suite(looped), encoding="utf-8", newline="")
    names = ("report.txt", "report.md", "report.html", "report.json")
    options = ("--baseline", "main.json.gz", "--fail-on", "worse", "--fail-on", "again_calls > baseline")
    assert write("looped.log", *names, options=options) == 1
    assert capsys.readouterr().err.splitlines()[0].startswith("gate failed: worse")
    for name in names:
        assert "again_calls" in Path(name).read_text(encoding="utf-8")
    states = [row["state"] for row in read("report.json")["comparison"]["findings"]["rows"]]
    assert "worse" in states


def test_a_narrowed_baseline_is_not_compared_with(capsys: pytest.CaptureFixture[str]) -> None:
    narrow = ["--param", "id=secret", "--caller", "metadata", "--redact", "all"]
    Path("some.log").write_text("PERF_TRACE|0|load|caller=metadata|id=secret|elapsed_ms=1\n", encoding="utf-8")
    assert write("some.log", "main.json", options=narrow) == 0
    assert write("some.log", "report.json", options=["--baseline", "main.json", *narrow]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "narrowed by --caller, --param" in said[0]
    assert "secret" not in said[0]


@pytest.mark.parametrize("narrow", [["--function", "load"], ["--process", "b"], ["--call", "0"], ["--param", "id=2"]])
@pytest.mark.parametrize("baseline", ["main.json", "main.parquet"])
def test_a_selection_changes_no_comparison_no_gate_and_no_acceptance(narrow: list[str], baseline: str) -> None:
    def suite(*tests: tuple[str, str]) -> str:
        lines = []
        for name, ids in tests:
            lines.append(f"     Running tests/{name}.rs (target/debug/deps/{name}-0123456789abcdef)")
            lines += [f"PERF_TRACE|{at}|load|caller=main|id={one}|elapsed_ms=1" for at, one in enumerate(ids)]
            lines += [
                f"PERF_TRACE|{len(ids) + at}|stat|caller=check|id={one}|elapsed_ms=1" for at, one in enumerate(ids)
            ]
        return "\n".join(lines) + "\n"

    Path("main.log").write_text(suite(("a", "1123"), ("b", "1234"), ("c", "1122")), encoding="utf-8")
    Path("some.log").write_text(suite(("a", "1123"), ("b", "12344")), encoding="utf-8")
    Path("tracereport.toml").write_text('[[accept]]\nfunction = "stat"\nreason = "cheap"\n', encoding="utf-8")
    assert write("main.log", baseline) == 0
    gates = ("worse", "calls > baseline", "calls(stat) > 0", 'findings("again") > 0')
    options = ["--baseline", baseline, *(word for gate in gates for word in ("--fail-on", gate))]
    assert write("some.log", "whole.json", options=options) == 1
    assert write("some.log", "narrowed.json", options=[*options, *narrow]) == 1
    whole, narrowed = read("whole.json"), read("narrowed.json")
    for key in ("comparison", "gates", "acceptances"):
        assert narrowed[key] == whole[key]
    assert narrowed["selection"] != whole["selection"]
    by_finding = {row["fingerprint"]: row for row in whole["findings"]["rows"]}
    assert all(row["accepted"] == by_finding[row["fingerprint"]]["accepted"] for row in narrowed["findings"]["rows"])


@pytest.mark.parametrize(
    ("content", "problem"),
    [("{}", "main.json"), ("nothing", "main.json"), ('{"schema_version": 99}', "99")],
)
def test_a_baseline_that_cannot_be_read_is_2(content: str, problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("main.json").write_text(content, encoding="utf-8")
    assert write(SINGLE, "report.json", options=["--baseline", "main.json"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert problem in said[0]
    assert not Path("report.json").exists()


def test_a_damaged_table_as_baseline_is_2_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert write(SINGLE, "main.parquet") == 0
    Path("main.parquet").write_bytes(Path("main.parquet").read_bytes()[:-100])
    assert write(SINGLE, "report.json", options=["--baseline", "main.parquet"]) == 2
    assert "The baseline main.parquet" in capsys.readouterr().err
    assert not Path("report.json").exists()


@pytest.mark.parametrize("configured", [False, True])
def test_a_baseline_without_a_name_is_refused(configured: bool, capsys: pytest.CaptureFixture[str]) -> None:
    Path("tracereport.toml").write_text('baseline = ""\n' if configured else "", encoding="utf-8")
    assert write(SINGLE, "report.json", options=[] if configured else ["--baseline", ""]) == 2
    assert "The name of the baseline is empty" in capsys.readouterr().err


def test_a_baseline_and_a_key_are_read_once() -> None:
    assert write(SINGLE, "main.json") == 0
    with read_once("baseline", Path("main.json").read_bytes()) as baseline, read_once("key", b"secret") as key:
        options = ["--baseline", baseline, "--redact", "all", "--redact-key-file", key]
        assert write(SINGLE, "report.json", options=options) == 0
    assert read("report.json")["comparison"]["baseline"]["title"] == read("main.json")["title"]
    values = [row["params"][0]["value"] for row in read("report.json")["slowest_calls"]["rows"]]
    logged = [row["params"][0]["value"] for row in read("main.json")["slowest_calls"]["rows"]]
    assert values == [redact_value(value, b"secret") for value in logged]


def test_the_baseline_is_looked_at_before_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nosuch.log", "--baseline", "nosuch.json"]) == 2
    assert "nosuch.json" in capsys.readouterr().err


# Accepted findings


def test_an_accepted_finding_fails_no_gate(capsys: pytest.CaptureFixture[str]) -> None:
    gate = ("--fail-on", 'findings("again") > 4')
    assert write(SINGLE, options=gate) == 1
    for fingerprint in (AGAIN, "c1e91be7f3b7"):
        assert main(["accept", str(SINGLE), fingerprint[:5], "--reason", "The cache comes next month."]) == 0
    said = capsys.readouterr().err.splitlines()[-1]
    assert "tracereport.toml: accepted c1e91be7f3b7: " in said
    assert f"# {said.partition(': accepted c1e91be7f3b7: ')[2]}\n" in Path("tracereport.toml").read_text("utf-8")
    before = Path("tracereport.toml").read_bytes()
    assert write(SINGLE, "report.json", "report.txt", options=gate) == 0
    report = read("report.json")
    assert [row["state"] for row in report["acceptances"]["rows"]] == ["applied", "applied"]
    assert {row["accepted"] for row in report["findings"]["rows"] if row["fingerprint"] == AGAIN} == {
        "The cache comes next month."
    }
    assert "The cache comes next month." in Path("report.txt").read_text(encoding="utf-8")
    assert main(["accept", str(SINGLE), AGAIN, "--reason", "again"]) == 2
    assert Path("tracereport.toml").read_bytes() == before


def test_what_is_accepted_must_be_there(capsys: pytest.CaptureFixture[str]) -> None:
    for digits, problem in (("0000", "no finding of "), ("", "no finding of "), ("xyz", "no finding of ")):
        assert main(["accept", str(SINGLE), digits, "--reason", "x"]) == 2
        said = capsys.readouterr().err.splitlines()
        assert problem in said[0]
        assert "--full" in said[1]
    assert not Path("tracereport.toml").exists()
    assert main(["accept", "nosuch.log", AGAIN, "--reason", "x"]) == 3


def test_a_finding_of_an_earlier_report_is_accepted_without_its_log() -> None:
    assert main([str(SINGLE), "-q", "-o", "a.json.gz", "-o", "b.json"]) == 0
    for name in ("a.json.gz", "b.json"):
        Path("tracereport.toml").unlink(missing_ok=True)
        assert main(["accept", name, AGAIN, "--reason", "x"]) == 0
        assert f'fingerprint = "{AGAIN}"' in Path("tracereport.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("today", "state", "code"), [([], "not checked", 0), (["--today", "2026-11-30"], "expired", 1)]
)
def test_an_acceptance_ends_on_its_day_if_the_day_is_told(today: list[str], state: str, code: int) -> None:
    assert main(["accept", str(SINGLE), AGAIN, "--reason", "soon", "--until", "2026-11-29"]) == 0
    assert write(SINGLE, "report.json", options=[*today, "--fail-on", 'findings("again") > 5']) == code
    assert [row["state"] for row in read("report.json")["acceptances"]["rows"]] == [state]


# The configuration


def test_the_configuration_holds_what_the_command_line_would(capsys: pytest.CaptureFixture[str]) -> None:
    Path("pyproject.toml").write_text(
        '[tool.tracereport]\ntop = 3\ncaller = ["metadata"]\noutput = ["report.json", "report.txt"]\nquiet = true\n',
        encoding="utf-8",
    )
    assert main([str(SINGLE)]) == 0
    assert capsys.readouterr() == ("", "")
    report = read("report.json")
    assert report["settings"]["top"] == 3
    assert report["selection"]["callers"] == ["metadata"]
    assert main([str(SINGLE), "--top", "5", "-o", "other.json"]) == 0
    assert read("other.json")["settings"]["top"] == 5, "the command line goes before it"


def test_the_configuration_in_force_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    Path("tracereport.toml").write_text("top = 3\n", encoding="utf-8")
    assert main(["config"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert any(line.startswith("top = 3  # ") and line.endswith("tracereport.toml") for line in shown)
    assert "fail-on = []  # default" in shown
    assert "# fan-out-values is not set" in shown


def test_a_wrong_key_is_named_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    Path("tracereport.toml").write_text("fail_on = []\n", encoding="utf-8")
    assert main([str(SINGLE)]) == 2
    assert "fail-on" in capsys.readouterr().err.splitlines()[0]


def test_a_place_that_is_none_is_refused_whatever_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(SINGLE), "--location", "x:0", "-o", "report.json"]) == 2
    assert "--location 'x:0'" in capsys.readouterr().err


def test_the_options_in_force_stand_in_the_report_wherever_they_came_from() -> None:
    Path("tracereport.toml").write_text('fail-on = ["calls > 9999"]\nmarker = "tests"\ntop = 3\n', encoding="utf-8")
    Path("one.key").write_text("one", encoding="utf-8")
    options = ["--redact", "id", "--redact-key-file", "one.key", "--today", "2026-12-31", "--location", "a.rs:3"]
    assert write(SINGLE, "report.json", options=options) == 0
    assert read("report.json")["configuration"] == {
        "fail_on": ["calls > 9999"],
        "today": "2026-12-31",
        "redact": ["id"],
        "redact_key": True,
        "marker": "tests",
        "markdown_limit": 60_000,
        "location": "a.rs:3",
    }
    assert read("report.json")["settings"]["top"] == 3
    assert write(SINGLE, "elsewhere.json", "report.html", options=options) == 0
    assert Path("elsewhere.json").read_bytes() == Path("report.json").read_bytes()


# Several baselines


def test_a_run_is_held_against_the_best_of_several_baselines(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"PERF_TRACE|{at}|load|caller=page|id={at % 3}|elapsed_ms=1\n" for at in range(12)]
    for name, count in (("good", 5), ("bad", 12), ("now", 7)):
        Path(f"{name}.log").write_text("".join(lines[:count]), encoding="utf-8")
        assert main([f"{name}.log", "-q", "--label", name, "-o", f"{name}.json"]) == 0
    given = ["--baseline", "bad.json", "--baseline", "good.json", "--fail-on", "worse"]
    assert main(["now.log", *given, "-q", "-o", "out.json", "-o", "out.md", "-o", "out.html", "-o", "out.txt"]) == 1
    capsys.readouterr()
    compared = read("out.json")["comparison"]
    assert [each["label"] for each in compared["baselines"]] == ["bad", "good"]
    (row,) = compared["findings"]["rows"]
    assert (row["before"], row["after"], row["baseline"]) == (2, 4, 1)
    assert compared["verdict"].endswith("Best for calls and repeats: `good`.")
    for document in ("out.md", "out.html", "out.txt"):
        said = " ".join(Path(document).read_text(encoding="utf-8").split())
        assert "the best of bad and good" in said
        assert "best baseline" in said
    assert main(["now.log", "--baseline", "bad.json", "--fail-on", "worse", "-q", "-o", "out.json"]) == 0
    assert read("out.json")["comparison"]["baselines"] == []


@pytest.mark.parametrize("written", ['"one.json"', '["one.json"]', '["one.json", "two.json"]'])
def test_the_configuration_names_one_baseline_or_several(written: str) -> None:
    for name in ("one", "two"):
        assert write(SINGLE, f"{name}.json") == 0
    Path("tracereport.toml").write_text(f"baseline = {written}\n", encoding="utf-8")
    assert write(SINGLE, "report.json") == 0
    several = [f"{name}.json" for name in ("one", "two")] if "two" in written else []
    assert [each["label"] for each in read("report.json")["comparison"]["baselines"]] == [
        str(Path.cwd() / name) for name in several
    ]


def test_of_several_baselines_the_one_that_does_not_fit_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert write(SINGLE, "whole.json") == 0
    assert write(SINGLE, "narrow.json", options=["--caller", "metadata"]) == 0
    assert main([str(SINGLE), "--baseline", "whole.json", "--baseline", "narrow.json"]) == 2
    assert "narrow.json: The baseline is narrowed by --caller" in capsys.readouterr().err
    assert main([str(SINGLE), "--baseline", "whole.json", "--baseline", ""]) == 2
    assert "The name of the baseline is empty" in capsys.readouterr().err
    assert main([str(SINGLE), "--baseline", "narrow.json", "--baseline", "whole.json", "-o", "whole.json"]) == 2
    assert "would take the place of an input" in capsys.readouterr().err


# What a run is called beside others


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-05-03", "2026-05-03"),
        ("2026-05-03T14:02:11+02:00", "2026-05-03T14:02:11+02:00"),
        ("2026-05-03 14:02", "2026-05-03T14:02:00"),
    ],
)
def test_a_run_keeps_its_label_and_its_time(given: str, kept: str) -> None:
    assert write(SINGLE, "report.json", options=["--label", "a1b2c3d", "--at", given]) == 0
    assert (read("report.json")["label"], read("report.json")["at_time"]) == ("a1b2c3d", kept)


def test_a_run_without_label_and_time_says_none() -> None:
    assert write(SINGLE, "report.json") == 0
    assert (read("report.json")["label"], read("report.json")["at_time"]) == (None, None)


def test_a_time_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(SINGLE), "--at", "yesterday"]) == 2
    assert "'yesterday' is no time: write 2026-05-03" in capsys.readouterr().err


# Values kept out

SECRET, HARMLESS = "secret", "colour-of-the-sky"


def log_with_secrets() -> str:
    lines = [
        f"PERF_TRACE|{n}|load|caller=main|token={SECRET}{n % 3}|kind={HARMLESS}|elapsed_ms=1|parent=none|rows=1"
        for n in range(30)
    ]
    lines += [f"PERF_TRACE|{30 + n}|find|caller=main|token={SECRET}a{n}|elapsed_ms=1|parent=none" for n in range(9)]
    lines += [f"PERF_TRACE|99|load|token={SECRET}torn", "another line"]
    Path("some.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return "some.log"


@pytest.mark.parametrize("redact", ["token", "all"])
def test_no_document_holds_a_redacted_value(redact: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("a.txt", "a.md", "a.html", "a.json", "a.json.gz", "a.parquet", "a.speedscope.json", "a.sarif")
    assert write(log_with_secrets(), *names, options=["--redact", redact, "--location", "a.rs"]) == 0
    for name in names:
        content = Path(name).read_bytes()
        content = gzip.decompress(content) if name.endswith(".gz") else content
        content = content if name != "a.parquet" else (repr(pl.read_parquet_metadata(name)) + _cells(name)).encode()
        assert SECRET.encode() not in content, name
        assert redact == "token" or HARMLESS.encode() not in content, name
    for kind in ("github", "gitlab"):
        assert main(["some.log", "-q", "--redact", redact, "--format", kind, "--location", "a.py"]) == 0
    assert (HARMLESS in Path("a.json").read_text(encoding="utf-8")) == (redact == "token")
    report = read("a.json")
    for finding in report["findings"]["rows"]:
        assert main(["some.log", "--redact", redact, "--explain", finding["fingerprint"]]) == 0
    assert SECRET not in capsys.readouterr().out


@pytest.mark.parametrize("redact", ["sql", "all"])
def test_a_redacted_value_with_the_format_s_own_marks_is_hidden_whole(
    redact: str, capsys: pytest.CaptureFixture[str]
) -> None:
    statements = ("x || ' inner_a=' || b", "x||inner_b=1 || 'inner_c=2'", "a || 'z inner_d = ' || c")
    lines = [
        f"PERF_TRACE|{n}|query|caller=main|sql=SELECT inner_e{n % 7}{statements[n % 3]}|kind=k|elapsed_ms=1|parent=none"
        for n in range(40)
    ]
    Path("sql.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    names = ("a.txt", "a.md", "a.html", "a.json", "a.parquet", "a.speedscope.json", "a.sarif")
    assert write("sql.log", *names, options=["--redact", redact, "--location", "a.rs"]) == 0
    for name in names:
        content = Path(name).read_text(encoding="utf-8") if name != "a.parquet" else _cells(name)
        # A plain word right behind a || is a name like any other; its value is hidden.
        assert not re.search("inner_[ac-e]", content), name
        assert "inner_b=1" not in content
    assert capsys.readouterr().err == ""


def test_a_parameter_to_be_redacted_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert write(log_with_secrets(), "a.json", options=["--redact", "tokn", "--redact", "kind"]) == 0
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "tracereport: --redact tokn: no parameter is called so (did you mean token?)"
    assert len(said) == 2


def test_a_key_for_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("one.key").write_text("one", encoding="utf-8")
    assert write(log_with_secrets(), "a.json", options=["--redact-key-file", "one.key"]) == 2
    assert "--redact-key-file without --redact" in capsys.readouterr().err


def _cells(table: str) -> str:
    return json.dumps(pl.read_parquet(table).to_dicts())


def test_redaction_changes_no_figure_and_a_redacted_table_gives_the_same_report() -> None:
    log = log_with_secrets()
    assert write(log, "plain.json") == 0
    assert write(log, "redacted.json", "redacted.parquet", options=["--redact", "all"]) == 0
    plain, redacted = read("plain.json"), read("redacted.json")
    assert plain["totals"] == redacted["totals"]
    assert [row["fingerprint"] for row in plain["findings"]["rows"]] == [
        row["fingerprint"] for row in redacted["findings"]["rows"]
    ]
    assert write("redacted.parquet", "again.json", options=["--title", "some.log"]) == 0
    again = read("again.json")
    assert again["input"]["malformed"] == redacted["input"]["malformed"]
    assert again["totals"] == redacted["totals"]
    lookups = [
        {json.dumps(row["params"]) for row in report["redundant_lookups"]["rows"]} for report in (again, redacted)
    ]
    assert lookups[0] == lookups[1]


def test_a_key_of_ones_own_gives_hashes_of_ones_own() -> None:
    log = log_with_secrets()
    Path("one.key").write_text("one", encoding="utf-8")
    Path("two.key").write_text("two", encoding="utf-8")
    for name, options in (
        ("a", []),
        ("b", []),
        ("one", ["--redact-key-file", "one.key"]),
        ("two", ["--redact-key-file", "two.key"]),
    ):
        assert write(log, f"{name}.json", options=["--redact", "all", *options]) == 0
    contents = {name: Path(f"{name}.json").read_bytes() for name in ("a", "b", "one", "two")}
    assert contents["a"] == contents["b"]
    assert len(set(contents.values())) == 3


# Many logs


def test_shards_joined_from_tables_and_logs_give_the_figures_of_all() -> None:
    assert write(SINGLE, "one.parquet") == 0
    assert main(["one.parquet", str(BARE), "-q", "-o", "joined.json", "--title", "all"]) == 0
    assert main([str(SINGLE), str(BARE), "-q", "-o", "all.json", "--title", "all"]) == 0
    assert Path("joined.json").read_bytes() == Path("all.json").read_bytes()
