"""Runs a part of our own tests under our own plugin, twice, and holds one run against the other.

``python -m tests.own_suite [PAGE]`` runs them in one process, keeps the report as a baseline, runs them on two workers,
and fails for whatever ``--fail-on new-findings --fail-on worse`` finds: what a suite asks mustn't depend on how it is
run. The modules that are traced stand in ``pyproject.toml``. ``--show`` writes what was found into
``docs/own-suite.md``.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.paths import ROOT

SUITE = ("tests/command/test_config.py", "tests/command/test_run.py", "tests/judging/test_compare.py")
PAGE = ROOT / "docs" / "own-suite.md"
SHOWN = re.compile(r"(?<=```text\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)


def trace(log: Path, *options: str) -> None:
    """Runs the suite with its traces going to a log.

    Raises:
        subprocess.CalledProcessError: a test failed.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--perf-trace={log}", *options, *SUITE]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "CI": "true"}, check=True)


def report(*arguments: str | Path, check: bool = True) -> str:
    """What our command prints."""
    command = [sys.executable, "-m", "tracereport", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "COLUMNS": "100"}, stdout=subprocess.PIPE, encoding="utf-8", check=check
    )
    return done.stdout


def main(arguments: list[str]) -> None:
    """Runs the suite twice, and compares."""
    with tempfile.TemporaryDirectory() as scratch:
        once, twice, baseline = (Path(scratch) / name for name in ("own-suite.log", "workers.log", "baseline.json"))
        trace(once)
        report(once, "-q", "-o", baseline)
        trace(twice, "-n", "2")
        pages = [item for path in arguments if path != "--show" for item in ("-o", path)]
        gates = ("--baseline", baseline, "--fail-on", "new-findings", "--fail-on", "worse")
        print(report(twice, *gates, *pages, "--format", "brief"), end="")
        if "--show" in arguments:
            shown = report(once, "--format", "brief").replace(f"{scratch}/", "")
            PAGE.write_text(SHOWN.sub(lambda _: shown, PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
