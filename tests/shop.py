"""Runs tests under the pytest plugin, whether it is installed or only there: those of the example shop, or others."""

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

from tests.paths import ROOT
from tests.waiting import PATIENCE_SECONDS

SHOP = ROOT / "examples" / "shop"


def load_plugin() -> list[str]:
    """The options with which pytest loads the plugin: none where this package is installed."""
    is_installed = any(point.value == "tracereport.emit.pytest_plugin" for point in entry_points(group="pytest11"))
    return [] if is_installed else ["-p", "tracereport.emit.pytest_plugin"]


def run_pytest(folder: Path, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs pytest in a folder, with the plugin loaded."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", *load_plugin(), "-p", "no:cacheprovider", *args],
        cwd=folder,
        env={**os.environ, "PERF_TRACE": "", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def trace_shop(log: Path, pages: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Writes the traces of the shop's tests, which pass with either module of pages."""
    done = run_pytest(SHOP, f"--perf-trace={log}", *options, SHOP=pages)
    assert done.returncode == 0, done.stdout + done.stderr
    return done
