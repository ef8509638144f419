"""Builds and finds the programs that the tests and benchmarks of the Rust and Node emitters run."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_SECONDS

HERE = Path(__file__).parent


def find_tool(name: str) -> str:
    """Where a tool is. Without it the test is skipped; under continuous integration, which installs it, it fails."""
    path = shutil.which(name)
    if path is not None:
        return path
    message = f"needs {name}: apt-get install {'nodejs' if name == 'node' else name}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def require_package(name: str) -> None:
    """Skips the test where a package of Node's isn't installed; under continuous integration it fails."""
    if (HERE.parent.parent / "node_modules" / name).exists():
        return
    message = f"needs {name}: npm install"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def compile_rust(source: Path, target: Path, *options: str) -> Path:
    """Compiles one file of Rust, its places told from its folder on, as cargo does; a warning is an error."""
    places = ["--remap-path-prefix", f"{source.parent}/="]
    done = subprocess.run(
        [find_tool("rustc"), "--edition", "2021", "-D", "warnings", *places, *options, str(source), "-o", str(target)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return target


def run_scene(command: list[str], log: Path | str, text: str = "", **environment: str) -> str:
    """Runs a program with its traces going to ``log``, and gives its standard output; it must end well."""
    done = subprocess.run(
        command,
        input=text,
        env={**os.environ, "PERF_TRACE": str(log), **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
