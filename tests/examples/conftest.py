"""The bench that CI examples run on, with a report that nothing is wrong with."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ci_runner import Bench
from tests.examples.ci_reports import WORSE, give
from tests.needs import required
from tracereport.command.cli import COMMANDS
from tracereport.command.reporting import report


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Where the examples run; whatever they ask of tracereport, the command has to understand."""
    required(shutil.which("jq") and shutil.which("bash"), "bash and jq")
    bench = Bench.at(tmp_path)
    give(bench, WORSE)
    yield bench
    for call in bench.calls("tracereport"):
        if call.arguments[0] == "run":
            assert COMMANDS["run"].make_context("run", call.arguments[1:]).params["output"]
            continue
        asked = report.make_context("tracereport", call.arguments).params
        assert asked["logs"]
        assert (asked["format"] is None) == ("-" not in asked["output"]), "--format is of standard output"
