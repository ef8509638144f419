"""Thirty runs of a real suite with what commits planted into them: a history that is known, for its pictures.

Most commits change nothing; five do, and each has its own run.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec.structs import replace

from tests.planted_changes import Suite, add_loop, read_suite, remember_answers, write_suite
from tracereport.engine.report import make_report
from tracereport.judging.history.gathering import Gathering
from tracereport.judging.history.run_report import RunReport
from tracereport.judging.history.runs import Named
from tracereport.model import Generator, Report, Settings, encode_json
from tracereport.model.history import History
from tracereport.sources.inputs import read_inputs

RUNS = 30
FIRST = datetime(2026, 4, 6, 9, 30, tzinfo=UTC)
EVERY = timedelta(hours=41)


def planted_suites() -> dict[int, Suite]:
    """The suite from each run on that changes it."""
    suite = read_suite()
    suites = {0: suite}
    suites[6] = suite = remember_answers(suite, "get_next_version_for_node", "query_records")
    suites[11] = suite = add_loop(suite, "load_directory_entries", "query_records", 24)
    suites[17] = suite = add_loop(suite, "check_quota", "load_node", 6)
    suites[20] = suite = add_loop(suite, "load_directory_entries", "query_records", 140)
    suites[26] = remember_answers(suite, "metadata", "query_records")
    return suites


def planted_history() -> History:
    """The history of all runs."""
    gathering = Gathering()
    reports = {run: _measure(suite) for run, suite in planted_suites().items()}
    current = reports[0]
    for run in range(RUNS):
        current = reports.get(run, current)
        label = hashlib.sha256(str(run).encode()).hexdigest()[:7]
        labelled = replace(current, label=label, at_time=(FIRST + run * EVERY).isoformat())
        read = msgspec.json.decode(encode_json(labelled), type=RunReport)
        gathering.add(run, Named(file=f"runs/{run}.json.gz", label=label, page=f"runs/{run}.html"), read)
    return gathering.finish("given", None, [], Generator(name="tracereport", version=current.generator.version))


def _measure(suite: Suite) -> Report:
    with TemporaryDirectory() as folder:
        log = Path(folder) / "duckpond.log"
        log.write_text(write_suite(suite), encoding="utf-8")
        return make_report(read_inputs([str(log)]), Settings(), "duckpond", None)
