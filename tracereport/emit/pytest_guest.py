"""Brings the pytest plugin into a run whose environment it isn't installed in."""

from __future__ import annotations

import pytest

from . import pytest_plugin


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Registers the plugin, unless pytest has found it by itself."""
    if not config.pluginmanager.is_registered(pytest_plugin):
        config.pluginmanager.register(pytest_plugin, "perf_trace")
