"""How properties are tried: few examples of each on every run, and on CI always the same ones."""

import os
import signal
import subprocess
import sys

from hypothesis import HealthCheck, settings

from tests.paths import ROOT

# Drawing a whole log takes a while, and a busy machine more: neither is a fault.
settings.register_profile("here", max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")


# Started by `nohup`, the tests would hand down that hanging up is ignored, and some try what it does.
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_configure() -> None:
    """A checkout whose native sources have changed compiles them before anything is tried."""
    subprocess.run([sys.executable, ROOT / "build_native.py"], check=True)
