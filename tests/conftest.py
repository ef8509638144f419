"""How tests are run: which of them, how properties are tried, and that nothing is skipped in CI."""

import os
import signal
import subprocess
import sys
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings

from tests.needs import IN_CI
from tests.paths import ROOT, TESTS
from tests.tiers import TIERS, tiers_of

EVERYTHING_RUNS_HERE: Final = IN_CI and sys.platform == "linux"
"""Where each tool can be had; elsewhere some tests have nothing to run on."""

MAY_BE_SKIPPED: Final = ("only root", "root may", "needs better-sqlite3, which is compiled")
"""How the reasons begin of tests that one user can run and another can't, and of what can't be compiled everywhere."""

# Drawing a whole log takes a while, and a busy machine more: neither is a fault.
settings.register_profile("here", max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if IN_CI else "here")


# Started by `nohup`, the tests would hand down that hanging up is ignored, and some try what it does.
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
# What tests print goes to no terminal, whose size workers of xdist are told, and whose colours some machines demand.
for name in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "PY_COLORS"):
    os.environ.pop(name, None)


def pytest_configure(config: pytest.Config) -> None:
    """Names the tiers; a checkout whose native sources have changed compiles them before anything is tried."""
    for tier, meaning in TIERS.items():
        config.addinivalue_line("markers", f"{tier}: {meaning}")
    if not hasattr(config, "workerinput"):
        subprocess.run([sys.executable, ROOT / "build_native.py"], check=True)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """The quick tests take all cores unless ``-n`` says otherwise; a file that is named starts no workers."""
    starts_none = config.option.collectonly or hasattr(config, "workerinput")
    if _runs_only_quick(config) and not starts_none and getattr(config.option, "numprocesses", 0) is None:
        config.option.numprocesses = "auto"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a worker of xdist, which gets its files by name, whether anybody has named them."""
    node.workerinput["only_quick"] = _runs_only_quick(node.config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts each test into its tiers, and leaves out all but the quick ones where nobody has asked for others."""
    for item in items:
        for tier in tiers_of(item.path.relative_to(TESTS)):
            item.add_marker(tier)
    given = getattr(config, "workerinput", {})
    if not given.get("only_quick", _runs_only_quick(config)):
        return
    slower = [item for item in items if any(item.get_closest_marker(tier) for tier in TIERS)]
    config.hook.pytest_deselected(items=slower)
    items[:] = [item for item in items if item not in set(slower)]


def _runs_only_quick(config: pytest.Config) -> bool:
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.option.markexpr


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Where everything can be had, a test that is skipped has failed: what it needs must be installed."""
    del item, call
    report: pytest.TestReport = yield
    if not (EVERYTHING_RUNS_HERE and report.skipped) or hasattr(report, "wasxfail"):
        return report
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    if not reason.removeprefix("Skipped: ").startswith(MAY_BE_SKIPPED):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {reason}"
    return report
