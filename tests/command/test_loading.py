"""What the command loads, and how."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.running import SINGLE, environment
from tests.waiting import PATIENCE_SECONDS
from tracereport.engine.own_process import keep_memory

COUNT_THREADS = """
import os
from tracereport.engine.own_process import load_numpy
load_numpy()
import sys
print("numpy" in sys.modules, len(os.listdir("/proc/self/task")), os.environ.get("OPENBLAS_NUM_THREADS"))
"""
TELL_HUGE_PAGES = """
import os
from tracereport.engine.own_process import load_numpy
load_numpy()
import numpy
print(numpy._core.multiarray._get_madvise_hugepage(), os.environ.get("NUMPY_MADVISE_HUGEPAGE"))
"""
NAME_LOADED = """
import sys
from tracereport.command.cli import main
main(sys.argv[1:])
print(*sys.modules)
"""

WITHOUT_LARGE_LIBRARIES = """
import sys
sys.modules.update(dict.fromkeys(["polars", "altair", "vl_convert"]))
from tracereport.command.cli import main
sys.exit(main(sys.argv[1:]))
"""
"""As where somebody has installed all but these, each larger than all others together."""


def run_script(script: str, *arguments: str, **changes: str) -> str:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.check_output(command, env=environment(**changes), encoding="utf-8", timeout=PATIENCE_SECONDS)


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads where Linux lists them")
def test_numpy_is_loaded_without_threads_and_nobody_else_is_told() -> None:
    assert run_script(COUNT_THREADS).split() == ["True", "1", "None"]


@pytest.mark.skipif(sys.platform != "linux", reason="NumPy asks Linux alone")
def test_numpy_asks_for_huge_pages_only_where_somebody_wants_it() -> None:
    assert run_script(TELL_HUGE_PAGES).split() == ["False", "None"]
    assert run_script(TELL_HUGE_PAGES, NUMPY_MADVISE_HUGEPAGE="1").split() == ["True", "1"]


@pytest.mark.parametrize("error", [TypeError("bad argument type"), OSError(), AttributeError("mallopt")])
def test_a_system_whose_c_library_is_another_keeps_its_own_ways(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(_: object) -> None:
        raise error

    monkeypatch.setattr(ctypes, "CDLL", load)
    keep_memory()


def test_a_number_of_threads_that_is_set_stays() -> None:
    assert run_script(COUNT_THREADS, OPENBLAS_NUM_THREADS="2").split()[-1] == "2"


def test_where_the_command_starts_nothing_is_loaded_that_an_interrupt_could_meet() -> None:
    script = "import sys; before = set(sys.modules); import tracereport.__main__; print(*set(sys.modules) - before)"
    assert set(run_script(script).split()) == {"tracereport", "tracereport.__main__"}


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_help_loads_nothing_heavy(option: str) -> None:
    loaded = set(run_script(NAME_LOADED, option).splitlines()[-1].split())
    assert not loaded & {"polars", "altair", "numpy", "rich", "jinja2", "msgspec"}


@pytest.mark.parametrize("options", [["-q", "-o", "report.txt"], []])
def test_a_text_report_loads_nothing_that_only_others_need(options: list[str], folder: Path) -> None:
    loaded = set(run_script(NAME_LOADED, str(SINGLE), *options).splitlines()[-1].split())
    assert Path(folder, "report.txt").exists() == bool(options)
    assert {"numpy", "tracereport.engine.report"} <= loaded
    heavy = {"polars", "altair", "vl_convert", "markdown_it", "jinja2", "rich", "zstandard", "tomlkit", "numpy.ma"}
    asked_for = {
        f"tracereport.{room}"
        for room in ("judging.compare", "judging.gates", "judging.redaction", "command.capture", "sections.theme")
    }
    assert not loaded & (heavy | asked_for)


def test_a_command_that_is_run_finds_the_environment_as_it_was() -> None:
    look = "import os; print(os.environ.get('OPENBLAS_NUM_THREADS') or os.environ.get('NUMPY_MADVISE_HUGEPAGE'))"
    command = [sys.executable, "-m", "tracereport", "run", "--", sys.executable, "-c", look]
    done = subprocess.run(
        command, env=environment(), capture_output=True, check=False, timeout=PATIENCE_SECONDS, encoding="utf-8"
    )
    assert done.stdout == "None\n"


def test_records_are_structs() -> None:
    """A dataclass takes half a millisecond to define: seventy were a tenth of a small report."""
    rooms = [path for path in (ROOT / "tracereport").rglob("*.py") if "emit" not in path.parts]
    assert not [path.name for path in rooms if "import dataclass" in path.read_text(encoding="utf-8")]


def test_what_needs_no_large_library_is_made_without_them(tmp_path: Path) -> None:
    made = [str(tmp_path / name) for name in ("main.json", "report.txt", "report.md", "report.html")]
    outputs = [part for name in made for part in ("-o", name)]
    run_script(WITHOUT_LARGE_LIBRARIES, str(SINGLE), "-q", *outputs)
    compared = ("--baseline", made[0], "--fail-on", "worse", "--format", "brief")
    assert "1 gate passed" in run_script(WITHOUT_LARGE_LIBRARIES, str(SINGLE), *compared)
    assert 'id="vega"' in Path(made[-1]).read_text(encoding="utf-8"), "charts are drawn by the reader's browser"


def test_what_needs_one_says_which_and_claims_no_fault(tmp_path: Path) -> None:
    target = tmp_path / "calls.parquet"
    command = [sys.executable, "-c", WITHOUT_LARGE_LIBRARIES, str(SINGLE), "-q", "-o", str(target)]
    done = subprocess.run(
        command, env=environment(), capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )
    assert done.returncode == 4
    assert "calls.parquet can't be made: needs polars, which isn't installed" in done.stderr
    assert "pip install polars" in done.stderr
    assert "fault of tracereport" not in done.stderr
