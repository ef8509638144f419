"""Tiers: each test is in its own, `pytest` alone runs the quick ones, and files that are listed are there."""

import os
import subprocess
import sys
from pathlib import Path, PurePath

import pytest

from tests.paths import ROOT, TESTS
from tests.tiers import FILES, TIERS, tiers_of


def test_every_file_of_a_tier_is_there() -> None:
    assert FILES.keys() <= TIERS.keys()
    for files in FILES.values():
        for name in files:
            assert (TESTS / name).exists(), name


def test_whatever_node_runs_is_of_its_tier() -> None:
    for path in (TESTS / "emit").glob("test_node*.py"):
        assert "node" in tiers_of(path.relative_to(TESTS)), path.name


@pytest.mark.parametrize(
    ("name", "tiers"),
    [
        ("browser/test_safety.py", ["browser"]),
        ("emit/test_rust.py", ["rust"]),
        ("oracle/test_truth.py", ["slow"]),
        ("measures/test_tree.py", []),
    ],
)
def test_a_file_tells_its_tiers(name: str, tiers: list[str]) -> None:
    assert list(tiers_of(PurePath(name))) == tiers


def collect(folder: Path, *arguments: str) -> set[str]:
    """The names of the tests that such a command would run, in a small suite under our rules."""
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return {line.rpartition("::")[2] for line in done.stdout.splitlines() if "::" in line}


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = suite\naddopts = --strict-markers\n")
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "conftest.py").write_text(
        "from pathlib import Path\n"
        "import tests.conftest as rules\n"
        "rules.TESTS = Path(__file__).parent\n"
        "rules.subprocess = __import__('types').SimpleNamespace(run=lambda *a, **k: None)\n"
        "from tests.conftest import pytest_cmdline_main, pytest_configure, pytest_configure_node\n"
        "from tests.conftest import pytest_collection_modifyitems\n"
    )
    (tmp_path / "suite" / "browser").mkdir()
    (tmp_path / "suite" / "browser" / "test_page.py").write_text("def test_page(): pass\n")
    (tmp_path / "suite" / "test_it.py").write_text(
        "import pytest\ndef test_quick(): pass\n@pytest.mark.slow\ndef test_slow(): pass\n"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], {"test_quick"}),
        (["suite"], {"test_quick", "test_slow", "test_page"}),
        (["suite/test_it.py"], {"test_quick", "test_slow"}),
        (["-m", "slow or browser"], {"test_slow", "test_page"}),
        (["-k", "page or quick"], {"test_quick"}),
    ],
)
def test_who_names_nothing_gets_the_quick_ones(suite: Path, arguments: list[str], expected: set[str]) -> None:
    assert collect(suite, *arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "uses_workers"), [([], True), (["-n", "0"], False), (["suite/test_it.py"], False), (["--pdb"], False)]
)
def test_only_the_quick_tests_as_a_whole_take_all_cores(suite: Path, arguments: list[str], uses_workers: bool) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_XDIST_AUTO_NUM_WORKERS": "2"}
    done = subprocess.run(command, cwd=suite, env=environment, capture_output=True, text=True, check=True)
    assert ("2 workers" in done.stdout) == uses_workers, done.stdout


def test_workers_leave_out_the_same(suite: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-n", "1", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=suite, env=environment, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout
    everything = subprocess.run(
        [*command, "suite"], cwd=suite, env=environment, capture_output=True, text=True, check=False
    )
    assert "3 passed" in everything.stdout, everything.stdout


def test_nothing_is_skipped_where_everything_can_be_had(suite: Path) -> None:
    (suite / "suite" / "conftest.py").write_text(
        "import tests.conftest as rules\nrules.EVERYTHING_RUNS_HERE = True\n"
        "from tests.conftest import pytest_runtest_makereport\n"
    )
    (suite / "suite" / "test_it.py").write_text("import pytest\ndef test_tool(): pytest.skip('needs a tool')\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "suite/test_it.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=suite, env=environment, capture_output=True, text=True, check=False)
    assert "1 failed" in done.stdout, done.stdout
    assert "needs a tool" in done.stdout
