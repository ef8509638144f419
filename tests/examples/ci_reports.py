"""What the services and tracereport answer where CI examples are tried, and what was sent to them."""

import json
from typing import Any, Final

import msgspec

from tests.ci_runner import Bench
from tests.counted_report import Run, calls, counted_report
from tracereport.judging.compare import comparable_sides, compare_reports
from tracereport.model import Report, encode_json

NAME: Final = "rust-tests"
MARKER: Final = f"<!-- tracereport:{NAME} -->"
SUMMARY: Final = f"{MARKER}\n+1 call\n"
COMMENT: Final = f"{SUMMARY}\nThis is about commit c0ffee.\n"
BOT: Final = "github-actions[bot]"
REPOSITORY: Final = "repos/team/project"

BEFORE: Final = counted_report(Run("suite", calls("load_node", "query_records", "ab")))
AFTER: Final = counted_report(Run("suite", calls("load_node", "query_records", "abb")))
NOTHING_NEW: Final = msgspec.structs.replace(BEFORE, comparison=compare_reports(comparable_sides(BEFORE, BEFORE)))
WORSE: Final = msgspec.structs.replace(AFTER, comparison=compare_reports(comparable_sides(BEFORE, AFTER)))


def give(bench: Bench, report: Report, status: int = 0) -> None:
    """What tracereport is to write from now on."""
    files = {"report.json": encode_json(report).decode(), "summary.md": SUMMARY, "report.html": "<!doctype html>"}
    bench.answer(status=str(status), **files, **{"calls.parquet": "calls"})


def give_artifact(bench: Bench, name: str, file: str) -> None:
    """Lays out an artifact of an earlier run."""
    folder = bench.answers / name
    folder.mkdir()
    (folder / file).write_text("{}")


def list_runs(*ours: int, forks: tuple[int, ...] = ()) -> str:
    """GitHub's list of runs of a workflow: a fork's come first."""
    listed = [(run, "push", "team/project") for run in ours]
    foreign = [(run, event, "someone/project") for run in forks for event in ("pull_request", "push")]
    return json.dumps(
        {
            "workflow_runs": [
                {"id": run, "event": event, "head_repository": {"full_name": name}}
                for run, event, name in [*foreign, *listed]
            ]
        }
    )


def comment(number: int, login: str, body: str) -> dict[str, Any]:
    """A comment as GitHub lists it."""
    return {"id": number, "user": {"login": login}, "body": body}


def pull(number: int, sha: str) -> dict[str, Any]:
    """A pull request as GitHub lists it."""
    return {"number": number, "head": {"sha": sha}, "base": {"ref": "main"}}


def sent(bench: Bench) -> list[tuple[str, str, str | None]]:
    """Method, place and body of what was written to GitHub."""
    return [
        (call.arguments[3], call.arguments[4], call.body)
        for call in bench.calls("gh", "api", "--silent")
        if call.arguments[2] == "--method"
    ]


def reported(bench: Bench) -> list[list[str]]:
    """The arguments of each report that was asked for."""
    return [call.arguments for call in bench.calls("tracereport") if call.arguments[0] != "run"]
