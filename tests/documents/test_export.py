"""The report for other programs: whole as JSON, its findings as SARIF, annotations and code quality."""

import gzip
import json
import re
from typing import Any
from urllib.parse import quote

import jsonschema
import msgspec
import pytest

from tests.needs import required
from tests.paths import ROOT
from tests.sample_report import sample_report
from tests.sample_report.compared import compared_report
from tests.sample_report.empty import empty_report
from tests.sample_report.findings import FINDINGS, evidence
from tests.sample_report.names import HOSTILE_CALLER, HOSTILE_VALUES, params, rows
from tracereport.api import render
from tracereport.documents.export.findings import find_source
from tracereport.documents.export.github import render_github
from tracereport.documents.export.gitlab import render_gitlab
from tracereport.documents.export.sarif import render_sarif
from tracereport.errors import UsageError
from tracereport.model import Finding, Report, decode_json


def located(found: Finding, file: str, line: str) -> Finding:
    asked = params(file=file, line=line)
    return msgspec.structs.replace(found, fingerprint="feedbeef0000", evidence=rows(evidence(1, None, "c", asked)))


def with_findings(*findings: Finding) -> Report:
    return msgspec.structs.replace(sample_report(), findings=rows(*findings))


def test_an_empty_name_says_so() -> None:
    finding = msgspec.structs.replace(FINDINGS[0], callers=("",))
    github = render_github(with_findings(finding))
    assert "`(empty)` asks `query_records` again" in github


@pytest.mark.parametrize(
    "report", [sample_report(), compared_report(), empty_report()], ids=["sample", "compared", "empty"]
)
def test_json_comes_back_whole_and_compresses_to_the_same_bytes(report: Report) -> None:
    written = render(report, "json")
    assert isinstance(written, bytes)
    assert decode_json(written, Report) == report
    assert written.endswith(b"}\n")
    compressed = render(report, "json.gz")
    assert isinstance(compressed, bytes)
    assert gzip.decompress(compressed) == written
    assert compressed == render(report, "json.gz")


def sarif_run(report: Report) -> dict[str, Any]:
    log = json.loads(render_sarif(report, "src/main.rs:7"))
    assert log["version"] == "2.1.0"
    assert set(log) == {"$schema", "version", "runs"}
    run: dict[str, Any]
    (run,) = log["runs"]
    return run


SARIF_SCHEMA = ROOT / "node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"


@pytest.mark.node
@pytest.mark.parametrize("kind", ["sample", "compared", "empty", "located", "hostile"])
def test_sarif_is_as_its_schema_says(kind: str) -> None:
    required(SARIF_SCHEMA.exists(), "@microsoft/jest-sarif (npm, at the repository's root)")
    reports = {
        "sample": sample_report(),
        "compared": compared_report(),
        "empty": empty_report(),
        "located": with_findings(located(FINDINGS[0], "src/größe, a:b%.rs", "12")),
        "hostile": with_findings(located(FINDINGS[0], "../\\x\n//[a]#?&", "12")),
    }
    schema = json.loads(SARIF_SCHEMA.read_text(encoding="utf-8"))
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)
    assert [
        error.message for error in validator.iter_errors(json.loads(render_sarif(reports[kind], "src/main.rs")))
    ] == []
    assert list(validator.iter_errors({"version": "2.1.0", "runs": [{}]}))


def test_sarif_names_rule_place_and_fingerprint_of_each_finding() -> None:
    run = sarif_run(sample_report())
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("tracereport", "0.1.0")
    assert [rule["id"] for rule in driver["rules"]] == ["again", "shared", "fan-out", "slow"]
    results = run["results"]
    assert len(results) == len(FINDINGS)
    for result, found in zip(results, FINDINGS, strict=True):
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == found.kind
        assert result["partialFingerprints"] == {"tracereport/v1": found.fingerprint}
        assert result["level"] == ("note" if found.confidence == "low" else "warning")
        (location,) = result["locations"]
        assert location["physicalLocation"] == {
            "artifactLocation": {"uri": "src/main.rs"},
            "region": {"startLine": 7},
        }
        assert location["logicalLocations"][0]["kind"] == "function"
        assert result["message"]["text"]
    first = results[0]
    assert first["locations"][0]["logicalLocations"][0] == {
        "name": "query_records",
        "fullyQualifiedName": "metadata -> query_records",
        "kind": "function",
    }


def test_sarif_places_a_finding_where_the_trace_does_else_where_it_is_told() -> None:
    (result,) = sarif_run(with_findings(located(FINDINGS[0], "src/größe, a:b%.rs", "12")))["results"]
    physical = result["locations"][0]["physicalLocation"]
    assert physical == {
        "artifactLocation": {"uri": "src/gr%C3%B6%C3%9Fe%2C%20a%3Ab%25.rs"},
        "region": {"startLine": 12},
    }
    for line in ("0", "x", "", "-1", "9" * 5000, "\u0661"):
        (result,) = sarif_run(with_findings(located(FINDINGS[0], "src/lib.rs", line)))["results"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "src/main.rs"}


def test_sarif_without_a_place_is_refused_since_its_reader_would_refuse_it_whole() -> None:
    with pytest.raises(UsageError, match="SARIF needs a file and line") as caught:
        render_sarif(with_findings(located(FINDINGS[0], "src/lib.rs", "3"), FINDINGS[1]))
    assert "--location FILE" in caught.value.remedy
    assert json.loads(render_sarif(empty_report()))["runs"][0]["results"] == []


@pytest.mark.parametrize(
    ("written", "root", "shown"),
    [
        ("/home/me/shop/src/lib.rs", "/home/me/shop", "src/lib.rs"),
        ("/home/me/shop/src/lib.rs", "/home/me/shop/", "src/lib.rs"),
        ("/home/me/shopping/lib.rs", "/home/me/shop", "/home/me/shopping/lib.rs"),
        ("C:\\work\\shop\\src\\a.py", "C:\\work\\shop", "src/a.py"),
        ("src\\a.py", "/home/me", "src/a.py"),
        ("./src/a.py", None, "src/a.py"),
        ("src/a.py", "/home/me", "src/a.py"),
    ],
)
def test_files_are_named_from_the_repository_on(written: str, root: str | None, shown: str) -> None:
    finding = located(FINDINGS[0], written, "3")
    assert find_source(finding, root) is not None
    report = with_findings(finding)
    (result,) = json.loads(render_sarif(report, None, root))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == quote(shown)
    (issue,) = json.loads(render_gitlab(report, None, root))
    assert issue["location"]["path"] == shown
    assert f"file={shown.replace(':', '%3A')},line=3" in render_github(report, root)


def test_sarif_says_what_is_new_and_what_is_accepted() -> None:
    results = {
        result["partialFingerprints"]["tracereport/v1"]: result for result in sarif_run(compared_report())["results"]
    }
    states = [results[found.fingerprint].get("baselineState") for found in FINDINGS[:5]]
    assert states == ["updated", "unchanged", None, "new", None]
    assert results[FINDINGS[7].fingerprint]["suppressions"] == [
        {"kind": "external", "justification": "the cache is filled lazily by design"}
    ]


def test_annotations_are_one_line_each_that_nothing_can_leave() -> None:
    hostile = msgspec.structs.replace(
        FINDINGS[0],
        function="a\n::error::b,c:d%0A",
        callers=(HOSTILE_CALLER,),
        param_names=HOSTILE_VALUES,
    )
    text = render_github(with_findings(hostile, located(FINDINGS[1], "src/a,b:c.rs", "7")))
    assert text.endswith("\n")
    pattern = re.compile(r"::(?:error|warning|notice) (?:file=[^,:]*,line=\d+,)?title=[^,:]*::[^\r\n]*")
    assert all(pattern.fullmatch(line) for line in text.splitlines())
    assert "title=asked again%3A a\\n%3A%3Aerror%3A%3Ab%2Cc%3Ad%250A::" in text
    assert "::warning file=src/a%2Cb%3Ac.rs,line=7,title=asked again%3A query_records::" in text


def test_without_a_baseline_the_first_findings_are_annotated_but_for_accepted_ones() -> None:
    lines = render_github(sample_report()).splitlines()
    assert lines[0].startswith("::warning title=Data quality::2 lines hold the mark")
    assert len(lines) == 1 + 9
    assert not any("filled lazily" in line or "four callers" in line for line in lines)


def test_with_a_baseline_only_what_grew_and_failed_is_annotated() -> None:
    lines = render_github(compared_report()).splitlines()
    assert lines[0] == (
        "::error title=Gate failed::--fail-on new-findings: 1, limit 0 (fan-out of query_latest_record)"
    )
    assert [line.partition("::`")[2].partition("`")[0] for line in lines[2:]] == ["metadata", "load_node"]


def test_nothing_to_say_is_nothing() -> None:
    assert render_github(empty_report()) == ""
    assert render_gitlab(empty_report()) == b"[]\n"


def test_code_quality_takes_its_place_from_the_trace_or_from_the_user() -> None:
    report = with_findings(located(FINDINGS[0], "src/lib.rs", "12"), FINDINGS[1], FINDINGS[7], FINDINGS[8])
    issues = json.loads(render_gitlab(report, "tests/all.rs:3"))
    assert [issue["location"] for issue in issues] == [
        {"path": "src/lib.rs", "lines": {"begin": 12}},
        {"path": "tests/all.rs", "lines": {"begin": 3}},
        {"path": "tests/all.rs", "lines": {"begin": 3}},
    ]
    assert [issue["severity"] for issue in issues] == ["major", "major", "info"]
    assert [issue["check_name"] for issue in issues] == ["again", "again", "fan-out"]
    assert len({issue["fingerprint"] for issue in issues}) == 3
    assert json.loads(render_gitlab(report, "Cargo.toml"))[1]["location"] == {
        "path": "Cargo.toml",
        "lines": {"begin": 1},
    }


@pytest.mark.parametrize("location", ["", ":", ":3", "x:0", "x:", "x:-1", "x:99999999999"])
def test_a_place_that_is_none_is_refused(location: str) -> None:
    with pytest.raises(UsageError, match="not a file and line"):
        render_gitlab(sample_report(), location)


def test_a_redacted_file_is_no_place() -> None:
    hidden = located(FINDINGS[0], "redacted:0123456789ab", "12")
    (issue,) = json.loads(render_gitlab(with_findings(hidden), "C:\\lib.rs"))
    assert issue["location"] == {"path": "C:\\lib.rs", "lines": {"begin": 1}}
    assert "file=" not in render_github(with_findings(hidden))
    (result,) = sarif_run(with_findings(hidden))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "src/main.rs"}


def test_code_quality_without_a_place_is_refused_with_the_way_out() -> None:
    with pytest.raises(UsageError, match="needs a file and line") as caught:
        render_gitlab(sample_report())
    assert "--location FILE" in caught.value.remedy
